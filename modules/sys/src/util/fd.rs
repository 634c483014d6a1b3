//! File descriptors as arguments.

use taipan_plugin_api::prelude::*;

/// An int as a descriptor number.
pub fn fd_number(sp: Space, w: W) -> Res<i32> {
    let too = |big: bool| sp.overflow_error(if big { "fd is greater than maximum" } else { "fd is less than minimum" });
    match sp.int_w(w) {
        Ok(n) => i32::try_from(n).map_err(|_| too(n > 0)),
        Err(e) => {
            if !sp.catch(known::OVERFLOW_ERROR) {
                return Err(e);
            }
            let big = sp.bigint_w(w)?;
            Err(too(big > 0.into()))
        }
    }
}

/// A descriptor, or an object with a fileno() method.
#[derive(Copy, Clone)]
pub struct Fd(pub i32);
impl FromArg for Fd {
    fn from_arg(sp: Space, w: W, _: &str) -> Res<Fd> {
        fileno(sp, w).map(Fd)
    }
}

/// The descriptor of an int or of an object with a fileno() method.
pub fn fileno(sp: Space, w: W) -> Res<i32> {
    use taipan_plugin_api::abi::word::{TID_BOOL, TID_INT, TID_LONG};
    let w_fd = match sp.layout(w) {
        TID_INT | TID_LONG => w,
        TID_BOOL => {
            sp.warn(known::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
            w
        }
        _ => {
            let Some(w_method) = sp.getattr_opt(w, name!(sp, "fileno"))? else {
                return Err(sp.type_error("argument must be an int, or have a fileno() method."));
            };
            let w_fd = sp.call(w_method, &[])?;
            if !matches!(sp.layout(w_fd), TID_INT | TID_LONG | TID_BOOL) {
                return Err(sp.type_error("fileno() returned a non-integer"));
            }
            w_fd
        }
    };
    let n = sp.int_w(w_fd).ok().and_then(|n| i32::try_from(n).ok());
    match n {
        Some(n) if n >= 0 => Ok(n),
        Some(n) => Err(sp.value_error(&format!("file descriptor cannot be a negative integer ({n})"))),
        None => {
            sp.take_exc();
            Err(sp.overflow_error("Python int too large to convert to C int"))
        }
    }
}

/// A `dir_fd` argument; AT_FDCWD for None.
#[derive(Copy, Clone)]
pub struct DirFd(pub i32);
impl DirFd {
    /// Was one given?
    pub fn given(self) -> bool {
        self.0 != libc::AT_FDCWD
    }
}
impl FromArg for DirFd {
    fn from_arg(sp: Space, w: W, _: &str) -> Res<DirFd> {
        if w.is_null() || w.is_none() {
            return Ok(DirFd(libc::AT_FDCWD));
        }
        if sp.lookup_special(w, name!(sp, "__index__"))?.is_none() {
            return Err(sp.type_error(&format!("argument should be integer or None, not {}", sp.type_name(w))));
        }
        fd_number(sp, w).map(DirFd)
    }
}

/// Clears or sets FD_CLOEXEC. False: see errno.
pub fn set_inheritable(fd: i32, inheritable: bool) -> bool {
    // SAFETY: fcntl of any number is defined.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFD);
        if flags < 0 {
            return false;
        }
        let new = if inheritable { flags & !libc::FD_CLOEXEC } else { flags | libc::FD_CLOEXEC };
        new == flags || libc::fcntl(fd, libc::F_SETFD, new) >= 0
    }
}
