//! `FileIO`: a stream over a file descriptor.

use super::base::unsupported;
use super::{descriptor, types};
use crate::util::{bind, errno, has_index, or, size_arg, text_arg};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The object. `fd1` is the descriptor plus one, so that a zeroed object is a closed file.
#[repr(C)]
#[derive(GcObject)]
pub struct WFileIO {
    header: Header,
    fd1: i32,
    /// 0 unknown, 1 no, 2 yes.
    seekable: u8,
    created: bool,
    readable: bool,
    writable: bool,
    appending: bool,
    closefd: bool,
    finalizing: bool,
    /// A buffered stream owns this file and will close it; see `files::owned_elsewhere`.
    pub owned: bool,
    blksize: i64,
}

typespec!(pub FILEIO: WFileIO, "_io.FileIO", {
    doc: Str::new("Opens a file by name or descriptor, unbuffered."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    layout_flags: taipan_plugin_api::abi::gc::tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(new), init: Some(init), repr: Some(repr), ..Slots::EMPTY },
    methods: methods![
        read, readall, readinto, write, seek, tell, truncate, close, seekable, readable, writable, fileno, isatty,
        _isatty_open_only, _dealloc_warn, __getstate__
    ],
    getset: table![
        GetSetSpec { doc: Str::new("True if the file is closed"), ..getset!("closed", closed) }, getset!("closefd", closefd), getset!("mode", mode), getset!("_blksize", blksize),
        getset!("_finalizing", finalizing, set_finalizing)
    ],
});

/// A file that nobody closed and whose finalizer did not (its owner vanished without closing it): the descriptor is given back.
unsafe extern "C" fn free(obj: *mut u8) {
    let f = &*(obj as *const WFileIO);
    if f.fd1 > 0 && f.closefd {
        libc::close(f.fd1 - 1);
    }
}

#[slot]
fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    // SAFETY: an instance of FileIO or a subclass.
    let mut f = unsafe { This::<WFileIO>::new(w) };
    f.closefd = true;
    f.blksize = super::DEFAULT_BUFFER_SIZE as i64;
    Ok(w)
}

struct Mode {
    created: bool,
    readable: bool,
    writable: bool,
    appending: bool,
    flags: i32,
}
fn parse_mode(sp: Space, mode: &Text) -> Res<Mode> {
    let bad = || sp.value_error("Must have exactly one of create/read/write/append mode and at most one plus");
    let mut m = Mode { created: false, readable: false, writable: false, appending: false, flags: 0 };
    let (mut kinds, mut plus) = (0, false);
    for c in mode.chars() {
        match char::from_u32(c) {
            Some(k @ ('x' | 'r' | 'w' | 'a')) => {
                kinds += 1;
                if kinds > 1 {
                    return Err(bad());
                }
                match k {
                    'x' => (m.created, m.writable, m.flags) = (true, true, libc::O_EXCL | libc::O_CREAT),
                    'r' => m.readable = true,
                    'w' => (m.writable, m.flags) = (true, libc::O_CREAT | libc::O_TRUNC),
                    _ => (m.appending, m.writable, m.flags) = (true, true, libc::O_APPEND | libc::O_CREAT),
                }
            }
            Some('b') => {}
            Some('+') => {
                if plus {
                    return Err(bad());
                }
                (plus, m.readable, m.writable) = (true, true, true);
            }
            _ => return Err(raise!(sp, VALUE_ERROR, "invalid mode: {}", mode.to_str())),
        }
    }
    if kinds == 0 {
        return Err(bad());
    }
    m.flags |= libc::O_CLOEXEC
        | match (m.readable, m.writable) {
            (true, true) => libc::O_RDWR,
            (true, false) => libc::O_RDONLY,
            _ => libc::O_WRONLY,
        };
    Ok(m)
}

#[slot]
fn init(sp: Space, w_self: W, args: Args) -> Res<()> {
    let [w_file, w_mode, w_closefd, w_opener] = bind(sp, "FileIO", args, ["file", "mode", "closefd", "opener"], 1)?;
    let mode = text_arg(sp, or(w_mode, name!(sp, "r")), "FileIO", "mode")?;
    let closefd = w_closefd.is_null() || sp.is_true(w_closefd)?;
    open(sp, w_self, w_file, &mode, closefd, or(w_opener, W::NONE))
}

/// Opens `w_self`, an instance of FileIO.
pub fn open(sp: Space, w_self: W, w_file: W, mode: &Text, closefd: bool, w_opener: W) -> Res<()> {
    // SAFETY: as documented.
    let mut f = unsafe { This::<WFileIO>::new(w_self) };
    if f.fd1 > 0 {
        if f.closefd {
            close_fd(sp, f)?;
        } else {
            f.fd1 = 0;
        }
    }
    let mut given = -1;
    if w_file == W::TRUE || w_file == W::FALSE {
        sp.warn(known::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
        given = (w_file == W::TRUE) as i32;
    } else if has_index(sp, w_file)? {
        given = match sp.int_w(w_file)? {
            n if n < 0 => return Err(sp.value_error("negative file descriptor")),
            n => i32::try_from(n).map_err(|_| sp.overflow_error("Python int too large to convert to C int"))?,
        };
    }
    let m = parse_mode(sp, mode)?;
    (f.created, f.readable, f.writable, f.appending) = (m.created, m.readable, m.writable, m.appending);
    f.seekable = 0;
    f.closefd = closefd;
    if given >= 0 {
        f.fd1 = given + 1;
    } else {
        let path = descriptor::path(sp, w_file)?;
        if !closefd {
            return Err(sp.value_error("Cannot use closefd=False with file name"));
        }
        if w_opener.is_none() {
            // SAFETY: a NUL-terminated path.
            match crate::util::retry(sp, || unsafe { libc::open(path.as_ptr(), m.flags, 0o666) } as i64)? {
                Ok(fd) => f.fd1 = fd as i32 + 1,
                Err(e) => return Err(sp.raise_errno(e, w_file)),
            }
        } else {
            let w_fd = sp.call(w_opener, &[w_file, W::int(m.flags as i64)])?;
            if !has_index(sp, w_fd)? {
                return Err(sp.type_error("expected integer from opener"));
            }
            let fd = sp.int_w(w_fd)?;
            if fd < 0 {
                return Err(raise!(sp, VALUE_ERROR, "opener returned {fd}"));
            }
            f.fd1 = fd as i32 + 1;
            // SAFETY: no memory is passed.
            unsafe { libc::ioctl(fd as i32, libc::FIOCLEX) };
        }
    }
    let r = opened(sp, f, w_file);
    if r.is_err() {
        // A descriptor that was passed in stays open: it is still the caller's.
        if given >= 0 { f.fd1 = 0 } else { drop_fd(f) }
    }
    r
}

fn opened(sp: Space, mut f: This<WFileIO>, w_file: W) -> Res<()> {
    f.blksize = super::DEFAULT_BUFFER_SIZE as i64;
    // SAFETY: plain data, filled by the call.
    unsafe {
        let mut st: libc::stat = std::mem::zeroed();
        if libc::fstat(f.fd1 - 1, &mut st) < 0 {
            if errno() == libc::EBADF {
                return Err(sp.raise_errno(libc::EBADF, W::NULL));
            }
        } else {
            if st.st_mode & libc::S_IFMT == libc::S_IFDIR {
                return Err(sp.raise_errno(libc::EISDIR, w_file));
            }
            if st.st_blksize > 1 {
                f.blksize = st.st_blksize as i64;
            }
            // Only regular files and block devices surely have positions; others are asked when it matters.
            if st.st_mode & libc::S_IFMT == libc::S_IFREG {
                f.seekable = 2;
            }
        }
    }
    sp.setattr(f.w, name!(sp, "name"), w_file)?;
    if f.appending
        && let Err(e) = descriptor::seek(sp, f.fd1 - 1, 0, libc::SEEK_END)
        // A pipe has no end to go to.
        && e != libc::ESPIPE
    {
        return Err(sp.raise_errno(e, W::NULL));
    }
    Ok(())
}

fn drop_fd(mut f: This<WFileIO>) {
    if f.fd1 > 0 && f.closefd {
        // SAFETY: no memory is passed.
        unsafe { libc::close(f.fd1 - 1) };
    }
    f.fd1 = 0;
}
/// close(2); EINTR counts as closed.
fn close_fd(sp: Space, mut f: This<WFileIO>) -> Res<()> {
    let fd = std::mem::replace(&mut f.fd1, 0) - 1;
    if fd < 0 {
        return Ok(());
    }
    // SAFETY: no memory is passed.
    let r = crate::util::blocking(sp, || unsafe { libc::close(fd) });
    if r < 0 && errno() != libc::EINTR { Err(sp.raise_errno(errno(), W::NULL)) } else { Ok(()) }
}

impl WFileIO {
    /// The descriptor; ValueError if closed.
    pub fn fd(&self, sp: Space) -> Res<i32> {
        if self.fd1 > 0 { Ok(self.fd1 - 1) } else { Err(sp.value_error("I/O operation on closed file")) }
    }
    /// The descriptor for reading.
    pub fn read_fd(&self, sp: Space) -> Res<i32> {
        let fd = self.fd(sp)?;
        if self.readable { Ok(fd) } else { Err(unsupported(sp, "File not open for reading")) }
    }
    /// The descriptor for writing.
    pub fn write_fd(&self, sp: Space) -> Res<i32> {
        let fd = self.fd(sp)?;
        if self.writable { Ok(fd) } else { Err(unsupported(sp, "File not open for writing")) }
    }
    /// Is it closed?
    pub fn is_closed(&self) -> bool {
        self.fd1 <= 0
    }
    fn mode_text(&self) -> &'static str {
        match (self.created, self.appending, self.readable, self.writable) {
            (true, _, true, _) => "xb+",
            (true, _, false, _) => "xb",
            (_, true, true, _) => "ab+",
            (_, true, false, _) => "ab",
            (_, _, true, true) => "rb+",
            (_, _, true, false) => "rb",
            _ => "wb",
        }
    }
}

/// Reads up to `size` bytes by one system call; None if it would block.
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn read(sp: Space, f: This<WFileIO>, w_size: W) -> Res<W> {
    f.fd(sp)?;
    let fd = f.read_fd(sp)?;
    let size = size_arg(sp, w_size)?;
    if size < 0 {
        return all(sp, fd);
    }
    let mut buf = Vec::new();
    let n = (size as usize).min(isize::MAX as usize);
    if buf.try_reserve_exact(n).is_err() {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    buf.resize(n, 0);
    match descriptor::read(sp, fd, &mut buf)? {
        Some(n) => sp.newbytes(&buf[..n]),
        None => Ok(W::NONE),
    }
}
fn all(sp: Space, fd: i32) -> Res<W> {
    let mut out = Vec::new();
    match descriptor::read_all(sp, fd, &mut out)? {
        Some(()) => sp.newbytes(&out),
        None => Ok(W::NONE),
    }
}
/// Reads until the end.
#[interp_fn(sig = "(self, /)", method)]
fn readall(sp: Space, f: This<WFileIO>) -> Res<W> {
    all(sp, f.read_fd(sp)?)
}
/// Fills a buffer by one system call.
#[interp_fn(sig = "(self, buffer, /)", method)]
fn readinto(sp: Space, f: This<WFileIO>, w_buffer: W) -> Res<W> {
    let fd = f.read_fd(sp)?;
    let mut buf = super::writable_buffer(sp, w_buffer, "readinto")?;
    Ok(match descriptor::read(sp, fd, buf.bytes_mut())? {
        Some(n) => sp.newint(n as i64),
        None => W::NONE,
    })
}
/// Writes by one system call; answers how many bytes were taken.
#[interp_fn(sig = "(self, b, /)", method)]
fn write(sp: Space, f: This<WFileIO>, w_b: W) -> Res<W> {
    let fd = f.write_fd(sp)?;
    let buf = Buffer::get(sp, w_b)?;
    Ok(match descriptor::write(sp, fd, &buf)? {
        Some(n) => sp.newint(n as i64),
        None => W::NONE,
    })
}
/// lseek on an open file.
pub fn seek_to(sp: Space, mut f: This<WFileIO>, offset: i64, whence: i32) -> Res<i64> {
    let fd = f.fd(sp)?;
    match descriptor::seek(sp, fd, offset, whence) {
        Ok(at) => {
            f.seekable = 2;
            Ok(at)
        }
        Err(e) => {
            if f.seekable == 0 && e == libc::ESPIPE {
                f.seekable = 1;
            }
            Err(sp.raise_errno(e, W::NULL))
        }
    }
}
/// Changes the position.
#[interp_fn(sig = "(self, pos, whence=0, /)", method)]
fn seek(sp: Space, f: This<WFileIO>, w_pos: W, whence: i32) -> Res<i64> {
    f.fd(sp)?;
    let pos = super::offset_arg(sp, w_pos)?;
    seek_to(sp, f, pos, whence)
}
/// The position.
#[interp_fn(sig = "(self, /)", method)]
fn tell(sp: Space, f: This<WFileIO>) -> Res<i64> {
    seek_to(sp, f, 0, libc::SEEK_CUR)
}
/// Changes the file's size; the position stays.
#[interp_fn(sig = "(self, size=None, /)", method)]
fn truncate(sp: Space, f: This<WFileIO>, w_size: W) -> Res<W> {
    let fd = f.write_fd(sp)?;
    let w = if w_size.is_none() { sp.newint(seek_to(sp, f, 0, libc::SEEK_CUR)?) } else { w_size };
    let size = super::offset_arg(sp, w)?;
    // SAFETY: no memory is passed.
    match crate::util::retry(sp, || unsafe { libc::ftruncate(fd, size) } as i64)? {
        Ok(_) => Ok(w),
        Err(e) => Err(sp.raise_errno(e, W::NULL)),
    }
}
/// Closes the file; the descriptor only if `closefd` was true.
#[interp_fn(sig = "(self, /)", method)]
fn close(sp: Space, mut f: This<WFileIO>) -> Res<()> {
    let flushed = super::base::base_close(sp, f.w);
    if !f.closefd {
        f.fd1 = 0;
        return flushed;
    }
    if f.finalizing {
        crate::util::both(sp, Ok(()), || Ok(dealloc_warn(sp, f, f.w)))?;
    }
    crate::util::both(sp, flushed, || close_fd(sp, f))
}
/// ResourceWarning for a file that nobody closed.
pub fn dealloc_warn(sp: Space, f: This<WFileIO>, w_source: W) {
    if f.fd1 > 0 && f.closefd {
        let w_pending = sp.take_exc();
        match sp.repr_string(w_source) {
            Ok(r) => crate::util::warn_unraisable(sp, known::RESOURCE_WARNING, &format!("unclosed file {r}"), w_source),
            Err(Raised) => drop(sp.take_exc()),
        }
        sp.thread().exc = w_pending;
    }
}
#[interp_fn(sig = "(self, source, /)", method)]
fn _dealloc_warn(sp: Space, f: This<WFileIO>, w_source: W) -> Res<()> {
    dealloc_warn(sp, f, w_source);
    Ok(())
}
/// Can the position be changed?
#[interp_fn(sig = "(self, /)", method)]
fn seekable(sp: Space, mut f: This<WFileIO>) -> Res<bool> {
    let fd = f.fd(sp)?;
    if f.seekable == 0 {
        f.seekable = 1 + descriptor::seek(sp, fd, 0, libc::SEEK_CUR).is_ok() as u8;
    }
    Ok(f.seekable == 2)
}
/// Is it open for reading?
#[interp_fn(sig = "(self, /)", method)]
fn readable(sp: Space, f: This<WFileIO>) -> Res<bool> {
    f.fd(sp)?;
    Ok(f.readable)
}
/// Is it open for writing?
#[interp_fn(sig = "(self, /)", method)]
fn writable(sp: Space, f: This<WFileIO>) -> Res<bool> {
    f.fd(sp)?;
    Ok(f.writable)
}
/// The file descriptor.
#[interp_fn(sig = "(self, /)", method)]
fn fileno(sp: Space, f: This<WFileIO>) -> Res<i64> {
    Ok(f.fd(sp)? as i64)
}
fn tty(sp: Space, f: This<WFileIO>) -> Res<bool> {
    let fd = f.fd(sp)?;
    // SAFETY: no memory is passed.
    Ok(unsafe { libc::isatty(fd) } == 1)
}
/// Is it a terminal?
#[interp_fn(sig = "(self, /)", method)]
fn isatty(sp: Space, f: This<WFileIO>) -> Res<bool> {
    tty(sp, f)
}
/// As isatty, without a system call for what was a regular file when it was opened.
#[interp_fn(sig = "(self, /)", method)]
fn _isatty_open_only(sp: Space, f: This<WFileIO>) -> Res<bool> {
    Ok(f.seekable != 2 && tty(sp, f)?)
}
#[interp_fn(sig = "(self, /)", method)]
fn __getstate__(sp: Space, f: This<WFileIO>) -> Res<W> {
    Err(super::cannot_pickle(sp, f.w))
}
#[slot]
fn closed(_sp: Space, w_self: W) -> Res<W> {
    // SAFETY: the getter belongs to FileIO.
    Ok(W::bool(unsafe { This::<WFileIO>::new(w_self) }.is_closed()))
}
#[slot]
fn closefd(_sp: Space, w_self: W) -> Res<W> {
    // SAFETY: as above.
    Ok(W::bool(unsafe { This::<WFileIO>::new(w_self) }.closefd))
}
#[slot]
fn mode(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: as above.
    sp.newstr(unsafe { This::<WFileIO>::new(w_self) }.mode_text())
}
#[slot]
fn blksize(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: as above.
    Ok(sp.newint(unsafe { This::<WFileIO>::new(w_self) }.blksize))
}
#[slot]
fn finalizing(_sp: Space, w_self: W) -> Res<W> {
    // SAFETY: as above.
    Ok(W::bool(unsafe { This::<WFileIO>::new(w_self) }.finalizing))
}
#[slot]
fn set_finalizing(sp: Space, w_self: W, w_value: W) -> Res<()> {
    let b = !w_value.is_null() && sp.is_true(w_value)?;
    // SAFETY: as above.
    unsafe { This::<WFileIO>::new(w_self) }.finalizing = b;
    Ok(())
}
#[slot]
fn repr(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: the slot belongs to FileIO.
    let f = unsafe { This::<WFileIO>::new(w_self) };
    let class = super::shown_class(sp, w_self, types::FILEIO.get(), "_io.FileIO");
    if f.fd1 <= 0 {
        return sp.newstr(&format!("<{class} [closed]>"));
    }
    let closefd = if f.closefd { "True" } else { "False" };
    let w_name = sp.getattr_opt(w_self, name!(sp, "name"))?;
    let what = match w_name {
        Some(w) => format!("name={}", sp.repr_string(w)?),
        None => format!("fd={}", f.fd1 - 1),
    };
    sp.newstr(&format!("<{class} {what} mode='{}' closefd={closefd}>", f.mode_text()))
}
