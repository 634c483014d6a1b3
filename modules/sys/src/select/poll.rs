//! select.poll

use super::timeout_arg;
use crate::util::fd::fileno;
use crate::util::time::Deadline;
use crate::util::{blocking, errno};
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::prelude::*;

pub static POLL_TYPE: Global = Global::new();

/// What is registered, in order of registration.
#[derive(Default)]
struct Native {
    fds: Vec<libc::pollfd>,
    /// poll() runs (in another thread, or up the stack).
    busy: bool,
}
/// A polling object.
#[repr(C)]
#[derive(GcObject)]
pub struct WPoll {
    header: Header,
    native: *mut Native,
}
unsafe extern "C" fn free(obj: *mut u8) {
    // SAFETY: called once for a dead object; the box is ours.
    unsafe {
        let p = (*obj.cast::<WPoll>()).native;
        if !p.is_null() {
            drop(Box::from_raw(p));
        }
    }
}
typespec!(pub POLL: WPoll, "select.poll", {
    flags: ty::DISALLOW_INSTANTIATION | ty::IMMUTABLE,
    layout_flags: tf::FREE,
    free: Some(free),
    methods: methods![register, modify, unregister, poll_method],
});
/// Returns a polling object.
///
/// This object supports registering and unregistering file descriptors, and
/// then polling them for I/O events.
#[interp_fn(sig = "()")]
pub fn poll(sp: Space) -> Res<W> {
    let w = sp.allocate(POLL_TYPE.get(), 0)?;
    // SAFETY: just allocated with this layout.
    unsafe { (*w.ptr::<WPoll>()).native = Box::into_raw(Box::default()) };
    Ok(w)
}
impl WPoll {
    fn native(&mut self) -> &mut Native {
        // SAFETY: set by poll() before anyone sees the object.
        unsafe { &mut *self.native }
    }
}
fn mask(sp: Space, n: i64) -> Res<i16> {
    u16::try_from(n).map(|n| n as i16).map_err(|_| {
        if n < 0 {
            sp.value_error("value must be positive")
        } else {
            sp.overflow_error("Python int too large to convert to C unsigned short")
        }
    })
}
/// Register a file descriptor with the polling object.
///
///   fd
///     either an integer, or an object with a fileno() method returning an int
///   eventmask
///     an optional bitmask describing the type of events to check for
#[interp_fn(method, sig = "(self, fd, eventmask=7, /)")]
fn register(sp: Space, mut this: This<WPoll>, w_fd: W, events: i64) -> Res<()> {
    let (fd, events) = (fileno(sp, w_fd)?, mask(sp, events)?);
    let n = this.native();
    match n.fds.iter_mut().find(|p| p.fd == fd) {
        Some(p) => p.events = events,
        None => n.fds.push(libc::pollfd { fd, events, revents: 0 }),
    }
    Ok(())
}
/// Modify an already registered file descriptor.
///
///   fd
///     either an integer, or an object with a fileno() method returning
///     an int
///   eventmask
///     a bitmask describing the type of events to check for
#[interp_fn(method, sig = "(self, fd, eventmask, /)")]
fn modify(sp: Space, mut this: This<WPoll>, w_fd: W, events: i64) -> Res<()> {
    let (fd, events) = (fileno(sp, w_fd)?, mask(sp, events)?);
    match this.native().fds.iter_mut().find(|p| p.fd == fd) {
        Some(p) => {
            p.events = events;
            Ok(())
        }
        None => Err(sp.raise_errno(libc::ENOENT, W::NULL)),
    }
}
/// Remove a file descriptor being tracked by the polling object.
#[interp_fn(method, sig = "(self, fd, /)")]
fn unregister(sp: Space, mut this: This<WPoll>, w_fd: W) -> Res<()> {
    let fd = fileno(sp, w_fd)?;
    let n = this.native();
    match n.fds.iter().position(|p| p.fd == fd) {
        Some(i) => {
            n.fds.remove(i);
            Ok(())
        }
        None => Err(sp.key_error(sp.newint(fd as i64))),
    }
}
/// Polls the set of registered file descriptors.
///
///   timeout
///     The maximum time to wait in milliseconds, or else None (or a negative
///     value) to wait indefinitely.
///
/// Returns a list containing any descriptors that have events or errors to
/// report, as a list of (fd, event) 2-tuples.
#[interp_fn(method, name = "poll", sig = "(self, timeout=None, /)")]
fn poll_method(sp: Space, mut this: This<WPoll>, w_timeout: W) -> Res<W> {
    let deadline = Deadline::after(milliseconds(sp, w_timeout)?);
    if this.native().busy {
        return Err(sp.runtime_error("concurrent poll() invocation"));
    }
    // A handler may change the registrations while the call is interrupted.
    let mut fds = this.native().fds.clone();
    this.native().busy = true;
    let r = loop {
        // SAFETY: the count is the table's.
        let (n, e) =
            blocking(sp, || (unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as _, deadline.poll_ms()) }, errno()));
        if n >= 0 {
            break Ok(());
        }
        if e != libc::EINTR {
            break Err(sp.raise_errno(e, W::NULL));
        }
        if let Err(raised) = sp.poll() {
            break Err(raised);
        }
    };
    this.native().busy = false;
    r?;
    let mut out = RootedVec::new(sp);
    for p in fds.iter().filter(|p| p.revents != 0) {
        out.push(sp.newtuple(&[sp.newint(p.fd as i64), sp.newint(p.revents as u16 as i64)])?);
    }
    out.into_list()
}
/// A time limit in milliseconds as nanoseconds; negative or None = no limit.
fn milliseconds(sp: Space, w: W) -> Res<Option<i64>> {
    if w.is_null() || w.is_none() {
        return Ok(None);
    }
    if !w.is_int()
        && sp.lookup_special(w, name!(sp, "__index__"))?.is_none()
        && sp.lookup_special(w, name!(sp, "__float__"))?.is_none()
    {
        return timeout_arg(sp, w);
    }
    let ms = sp.float_w(w)?;
    if ms > i32::MAX as f64 {
        return Err(sp.overflow_error("timeout is too large"));
    }
    Ok(if ms < 0.0 { None } else { Some((ms * 1e6).ceil() as i64) })
}
