//! select.epoll

use super::timeout_arg;
use crate::util::fd::fileno;
use crate::util::time::Deadline;
use crate::util::{blocking, check, errno};
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::prelude::*;

pub static EPOLL_TYPE: Global = Global::new();

/// select.epoll
#[repr(C)]
#[derive(GcObject)]
pub struct WEpoll {
    header: Header,
    /// The descriptor plus one; 0 = closed (or not yet open).
    fd1: i64,
}
impl WEpoll {
    fn fd(&self) -> Option<i32> {
        (self.fd1 > 0).then(|| (self.fd1 - 1) as i32)
    }
    fn close(&mut self) -> i32 {
        let Some(fd) = self.fd() else { return 0 };
        self.fd1 = 0;
        // SAFETY: our descriptor, closed once.
        if unsafe { libc::close(fd) } < 0 { errno() } else { 0 }
    }
}
unsafe extern "C" fn free(obj: *mut u8) {
    // SAFETY: called once for a dead object.
    unsafe { (*obj.cast::<WEpoll>()).close() };
}
typespec!(pub EPOLL: WEpoll, "select.epoll", {
    doc: Str::new("select.epoll(sizehint=-1, flags=0)\n\nReturns an epolling object\n\nsizehint must be a positive integer or -1 for the default size. The\nsizehint is used to optimize internal data structures. It doesn't limit\nthe maximum number of monitored events."),
    flags: ty::IMMUTABLE,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(epoll_new), ..Slots::EMPTY },
    methods: methods![close, fileno_method, fromfd, register, modify, unregister, poll, enter, exit],
    getset: table![getset!("closed", closed)],
});

fn make(sp: Space, w_type: W, fd: i32) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    // SAFETY: just allocated with this layout.
    unsafe { (*w.ptr::<WEpoll>()).fd1 = fd as i64 + 1 };
    Ok(w)
}
#[slot]
fn epoll_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let (mut sizehint, mut flags) = (-1, 0);
    let a = args.positional();
    if a.len() > 2 {
        return Err(sp.type_error(&format!("epoll() takes at most 2 arguments ({} given)", a.len())));
    }
    if let Some(w) = a.first() {
        sizehint = i32::from_arg(sp, *w, "sizehint")?;
    }
    if let Some(w) = a.get(1) {
        flags = i32::from_arg(sp, *w, "flags")?;
    }
    for (name, w) in args.keywords(sp) {
        match () {
            _ if name.eq_str("sizehint") => sizehint = i32::from_arg(sp, w, "sizehint")?,
            _ if name.eq_str("flags") => flags = i32::from_arg(sp, w, "flags")?,
            _ => return Err(sp.type_error(&format!("epoll() got an unexpected keyword argument '{}'", name.to_str()))),
        }
    }
    if sizehint != -1 && sizehint <= 0 {
        return Err(sp.value_error("negative sizehint"));
    }
    if flags != 0 && flags != libc::EPOLL_CLOEXEC {
        return Err(sp.raise(known::OS_ERROR, "invalid flags"));
    }
    // SAFETY: plain flags.
    let fd = check(sp, unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
    make(sp, w_type, fd)
}
fn open_fd(sp: Space, this: &WEpoll) -> Res<i32> {
    this.fd().ok_or_else(|| sp.value_error("I/O operation on closed epoll object"))
}
#[slot]
fn closed(_sp: Space, w: W) -> Res<W> {
    // SAFETY: the attribute is only in the type of this layout.
    Ok(W::bool(unsafe { (*w.ptr::<WEpoll>()).fd().is_none() }))
}
/// Close the epoll control file descriptor.
///
/// Further operations on the epoll object will raise an exception.
#[interp_fn(method, sig = "(self)")]
fn close(sp: Space, mut this: This<WEpoll>) -> Res<()> {
    match this.close() {
        0 => Ok(()),
        e => Err(sp.raise_errno(e, W::NULL)),
    }
}
/// Return the epoll control file descriptor.
#[interp_fn(method, name = "fileno", sig = "(self)")]
fn fileno_method(sp: Space, this: This<WEpoll>) -> Res<i32> {
    open_fd(sp, &this)
}
/// Create an epoll object from a given control fd.
#[interp_fn(classmethod, sig = "(cls, fd, /)")]
fn fromfd(sp: Space, w_cls: W, fd: i32) -> Res<W> {
    make(sp, w_cls, fd)
}
fn control(sp: Space, this: &WEpoll, op: i32, w_fd: W, events: u32) -> Res<()> {
    let epfd = open_fd(sp, this)?;
    let fd = fileno(sp, w_fd)?;
    let mut e = libc::epoll_event { events, u64: fd as u64 };
    // SAFETY: the event is ours.
    check(sp, blocking(sp, || unsafe { libc::epoll_ctl(epfd, op, fd, &mut e) })).map(drop)
}
/// Registers a new fd or raises an OSError if the fd is already registered.
///
///   fd
///     the target file descriptor of the operation
///   eventmask
///     a bit set composed of the various EPOLL constants
///
/// The epoll interface supports all file descriptors that support poll.
#[interp_fn(method, sig = "(self, fd, eventmask=7)")]
fn register(sp: Space, this: This<WEpoll>, w_fd: W, events: u32) -> Res<()> {
    control(sp, &this, libc::EPOLL_CTL_ADD, w_fd, events)
}
/// Modify event mask for a registered file descriptor.
///
///   fd
///     the target file descriptor of the operation
///   eventmask
///     a bit set composed of the various EPOLL constants
#[interp_fn(method, sig = "(self, fd, eventmask)")]
fn modify(sp: Space, this: This<WEpoll>, w_fd: W, events: u32) -> Res<()> {
    control(sp, &this, libc::EPOLL_CTL_MOD, w_fd, events)
}
/// Remove a registered file descriptor from the epoll object.
///
///   fd
///     the target file descriptor of the operation
#[interp_fn(method, sig = "(self, fd)")]
fn unregister(sp: Space, this: This<WEpoll>, w_fd: W) -> Res<()> {
    control(sp, &this, libc::EPOLL_CTL_DEL, w_fd, 0)
}
/// Wait for events on the epoll file descriptor.
///
///   timeout
///     the maximum time to wait in seconds (as float);
///     a timeout of None or -1 makes poll wait indefinitely
///   maxevents
///     the maximum number of events returned; -1 means no limit
///
/// Returns a list containing any descriptors that have events to report,
/// as a list of (fd, events) 2-tuples.
#[interp_fn(method, sig = "(self, timeout=None, maxevents=-1)")]
fn poll(sp: Space, this: This<WEpoll>, w_timeout: W, maxevents: i32) -> Res<W> {
    let epfd = open_fd(sp, &this)?;
    // Any negative limit is none.
    let unlimited = w_timeout.is_null() || w_timeout.is_none() || sp.is_true(sp.lt(w_timeout, W::int(0))?)?;
    let deadline = Deadline::after(if unlimited { None } else { timeout_arg(sp, w_timeout)? });
    let max = match maxevents {
        -1 => libc::FD_SETSIZE as i32 - 1,
        n if n < 1 => return Err(sp.value_error(&format!("maxevents must be greater than 0, got {n}"))),
        n => n,
    };
    let mut events: Vec<libc::epoll_event> = Vec::new();
    if events.try_reserve_exact(max as usize).is_err() {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    let n = loop {
        // SAFETY: there is room for max events.
        let (n, e) =
            blocking(sp, || (unsafe { libc::epoll_wait(epfd, events.as_mut_ptr(), max, deadline.poll_ms()) }, errno()));
        if n >= 0 {
            break n;
        }
        if e != libc::EINTR {
            return Err(sp.raise_errno(e, W::NULL));
        }
        sp.poll()?;
    };
    // SAFETY: the kernel has filled n events.
    unsafe { events.set_len(n as usize) };
    let mut out = RootedVec::with_capacity(sp, n as usize);
    for e in &events {
        let (fd, mask) = (e.u64 as i32, e.events);
        out.push(sp.newtuple(&[sp.newint(fd as i64), sp.newint(mask as i64)])?);
    }
    out.into_list()
}
/// The object itself.
#[interp_fn(method, name = "__enter__", sig = "(self)")]
fn enter(sp: Space, this: This<WEpoll>) -> Res<W> {
    open_fd(sp, &this)?;
    Ok(this.w)
}
/// Closes the object.
#[interp_fn(method, name = "__exit__", sig = "(self, exc_type=None, exc_value=None, exc_tb=None, /)")]
fn exit(sp: Space, mut this: This<WEpoll>, _w_type: W, _w_value: W, _w_tb: W) -> Res<()> {
    match this.close() {
        0 => Ok(()),
        e => Err(sp.raise_errno(e, W::NULL)),
    }
}
