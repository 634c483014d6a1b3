//! `select`.

mod consts;
mod epoll;
mod poll;

use crate::posix::zeroed;
use crate::util::fd::fileno;
use crate::util::time::{Deadline, Round, nanoseconds, to_timeval};
use crate::util::{add_consts, add_type, blocking, errno};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// A time limit in seconds; None = no limit.
fn timeout_arg(sp: Space, w: W) -> Res<Option<i64>> {
    if w.is_null() || w.is_none() {
        return Ok(None);
    }
    let n = nanoseconds(sp, w, Round::Up)
        .map_err(|e| if sp.catch(known::TYPE_ERROR) { sp.type_error("timeout must be a float or None") } else { e })?;
    if n < 0 { Err(sp.value_error("timeout must be non-negative")) } else { Ok(Some(n)) }
}

/// One of the three sequences: the objects, their descriptors, and the set.
struct Watched {
    objects: RootedVec,
    fds: Vec<i32>,
}
impl Watched {
    fn new(sp: Space, w: W, max: &mut i32) -> Res<Watched> {
        let mut me = Watched { objects: RootedVec::new(sp), fds: Vec::new() };
        let (_keep, items) = sp.unpack(w).map_err(|e| {
            if sp.catch(known::TYPE_ERROR) { sp.type_error("arguments 1-3 must be sequences") } else { e }
        })?;
        for w in items {
            let fd = fileno(sp, *w)?;
            if fd as usize >= libc::FD_SETSIZE {
                return Err(sp.value_error("filedescriptor out of range in select()"));
            }
            *max = (*max).max(fd);
            me.objects.push(*w);
            me.fds.push(fd);
        }
        Ok(me)
    }
    fn set(&self) -> libc::fd_set {
        let mut set: libc::fd_set = zeroed();
        for fd in &self.fds {
            // SAFETY: the numbers are below FD_SETSIZE.
            unsafe { libc::FD_SET(*fd, &mut set) };
        }
        set
    }
    fn ready(&self, sp: Space, set: Option<&libc::fd_set>) -> Res<W> {
        let mut out = RootedVec::new(sp);
        for (i, fd) in self.fds.iter().enumerate() {
            // SAFETY: as above.
            if set.is_some_and(|set| unsafe { libc::FD_ISSET(*fd, set) }) {
                out.push(self.objects[i]);
            }
        }
        out.into_list()
    }
}

/// Wait until one or more file descriptors are ready for some kind of I/O.
///
/// The first three arguments are iterables of file descriptors to be waited for:
/// rlist -- wait until ready for reading
/// wlist -- wait until ready for writing
/// xlist -- wait for an "exceptional condition"
/// If only one kind of condition is required, pass [] for the other lists.
///
/// A file descriptor is either a socket or file object, or a small integer
/// gotten from a fileno() method call on one of those.
///
/// The optional 4th argument specifies a timeout in seconds; it may be
/// a floating-point number to specify fractions of seconds.  If it is absent
/// or None, the call will never time out.
///
/// The return value is a tuple of three lists corresponding to the first three
/// arguments; each contains the subset of the corresponding file descriptors
/// that are ready.
///
/// *** IMPORTANT NOTICE ***
/// On Windows, only sockets are supported; on Unix, all file
/// descriptors can be used.
#[interp_fn(sig = "(rlist, wlist, xlist, timeout=None, /)")]
fn select(sp: Space, w_r: W, w_w: W, w_x: W, w_timeout: W) -> Res<W> {
    let deadline = Deadline::after(timeout_arg(sp, w_timeout)?);
    let mut max = -1;
    let (r, w, x) =
        (Watched::new(sp, w_r, &mut max)?, Watched::new(sp, w_w, &mut max)?, Watched::new(sp, w_x, &mut max)?);
    loop {
        let (mut rs, mut ws, mut xs) = (r.set(), w.set(), x.set());
        let mut t = deadline.left().map(to_timeval);
        let p = t.as_mut().map_or(std::ptr::null_mut(), |t| t);
        // SAFETY: all are ours.
        let (n, e) = blocking(sp, || (unsafe { libc::select(max + 1, &mut rs, &mut ws, &mut xs, p) }, errno()));
        if n < 0 {
            if e != libc::EINTR {
                return Err(sp.raise_errno(e, W::NULL));
            }
            sp.poll()?;
            continue;
        }
        let any = |set| if n > 0 { Some(set) } else { None };
        return sp.newtuple(&[r.ready(sp, any(&rs))?, w.ready(sp, any(&ws))?, x.ready(sp, any(&xs))?]);
    }
}
fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, consts::CONSTS)?;
    sp.setattr_str(w_module, "PIPE_BUF", sp.newint(libc::PIPE_BUF as i64))?;
    sp.setattr_str(w_module, "error", sp.known(known::OS_ERROR))?;
    poll::POLL_TYPE.set(sp, sp.newtype(&poll::POLL, W::NULL, w_module)?);
    add_type(sp, w_module, &epoll::EPOLL_TYPE, &epoll::EPOLL).map(drop)
}
mixed_module!(
    MODULE,
    "select",
    doc = "This module supports asynchronous I/O on multiple file descriptors.\n\n*** IMPORTANT NOTICE ***\nOn Windows, only sockets are supported; on Unix, all file descriptors.",
    functions = [select, poll::poll],
    init = init,
);
