//! `termios`.

mod consts;

use crate::posix::zeroed;
use crate::util::fd::Fd;
use crate::util::{add_consts, blocking, errno, errno_exception, new_exception};
use taipan_plugin_api::abi::word::TID_LIST;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

static ERROR: Global = Global::new();

/// Runs a call that answers 0 or -1.
fn done(sp: Space, mut f: impl FnMut() -> i32) -> Res<()> {
    loop {
        let (r, e) = blocking(sp, || (f(), errno()));
        match (r, e) {
            (r, _) if r >= 0 => return Ok(()),
            (_, libc::EINTR) => sp.poll()?,
            (_, e) => return Err(errno_exception(sp, ERROR.get(), e)),
        }
    }
}
/// Get the tty attributes for file descriptor fd.
///
/// Returns a list [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]
/// where cc is a list of the tty special characters (each a string of
/// length 1, except the items with indices VMIN and VTIME, which are
/// integers when these fields are defined).  The interpretation of the
/// flags and the speeds as well as the indexing in the cc array must be
/// done using the symbolic constants defined in this module.
#[interp_fn(sig = "(fd, /)")]
fn tcgetattr(sp: Space, fd: Fd) -> Res<W> {
    let mut t: libc::termios = zeroed();
    // SAFETY: t is ours.
    done(sp, || unsafe { libc::tcgetattr(fd.0, &mut t) })?;
    let mut cc = RootedVec::with_capacity(sp, libc::NCCS);
    for (i, c) in t.c_cc.iter().enumerate() {
        let number = t.c_lflag & libc::ICANON == 0 && (i == libc::VMIN || i == libc::VTIME);
        cc.push(if number { sp.newint(*c as i64) } else { sp.newbytes(&[*c])? });
    }
    let w_cc = cc.into_list()?;
    // SAFETY: reads of the struct.
    let (ispeed, ospeed) = unsafe { (libc::cfgetispeed(&t), libc::cfgetospeed(&t)) };
    let i = |n: u32| sp.newint(n as i64);
    sp.newlist(&[i(t.c_iflag), i(t.c_oflag), i(t.c_cflag), i(t.c_lflag), i(ispeed), i(ospeed), w_cc])
}
fn word(sp: Space, w: W) -> Res<u32> {
    // Flags may be complemented, hence negative.
    Ok(sp.int_w(w)? as u32)
}
/// Set the tty attributes for file descriptor fd.
///
/// The attributes to be set are taken from the attributes argument, which
/// is a list like the one returned by tcgetattr(). The when argument
/// determines when the attributes are changed: termios.TCSANOW to
/// change immediately, termios.TCSADRAIN to change after transmitting all
/// queued output, or termios.TCSAFLUSH to change after transmitting all
/// queued output and discarding all queued input.
#[interp_fn(sig = "(fd, when, attributes, /)")]
fn tcsetattr(sp: Space, fd: Fd, when: i32, w_attributes: W) -> Res<()> {
    let bad = || sp.type_error("tcsetattr, arg 3: must be 7 element list");
    if sp.layout(w_attributes) != TID_LIST {
        return Err(bad());
    }
    let (_keep, items) = sp.unpack(w_attributes)?;
    let [w_i, w_o, w_c, w_l, w_is, w_os, w_cc] = items else { return Err(bad()) };
    let mut t: libc::termios = zeroed();
    // SAFETY: t is ours.
    done(sp, || unsafe { libc::tcgetattr(fd.0, &mut t) })?;
    (t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag) = (word(sp, *w_i)?, word(sp, *w_o)?, word(sp, *w_c)?, word(sp, *w_l)?);
    let (ispeed, ospeed) = (word(sp, *w_is)?, word(sp, *w_os)?);
    let bad_cc = || sp.type_error(&format!("tcsetattr: attributes[6] must be {} element list", libc::NCCS));
    if sp.layout(*w_cc) != TID_LIST {
        return Err(bad_cc());
    }
    let (_keep_cc, cc) = sp.unpack(*w_cc)?;
    if cc.len() != libc::NCCS {
        return Err(bad_cc());
    }
    for (i, w) in cc.iter().enumerate() {
        t.c_cc[i] = match sp.bytes_opt(*w) {
            Some([c]) => *c,
            None if w.is_int() => w.untag() as u8,
            _ => return Err(sp.type_error("tcsetattr: elements of attributes must be characters or integers")),
        };
    }
    // SAFETY: t is ours; speeds are checked by the C library.
    done(sp, || unsafe { libc::cfsetispeed(&mut t, ispeed) })?;
    // SAFETY: as above.
    done(sp, || unsafe { libc::cfsetospeed(&mut t, ospeed) })?;
    // SAFETY: as above.
    done(sp, || unsafe { libc::tcsetattr(fd.0, when, &t) })
}
/// Send a break on file descriptor fd.
///
/// A zero duration sends a break for 0.25-0.5 seconds; a nonzero duration
/// has a system dependent meaning.
#[interp_fn(sig = "(fd, duration, /)")]
fn tcsendbreak(sp: Space, fd: Fd, duration: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    done(sp, || unsafe { libc::tcsendbreak(fd.0, duration) })
}
/// Wait until all output written to file descriptor fd has been transmitted.
#[interp_fn(sig = "(fd, /)")]
fn tcdrain(sp: Space, fd: Fd) -> Res<()> {
    // SAFETY: any number is allowed.
    done(sp, || unsafe { libc::tcdrain(fd.0) })
}
/// Discard queued data on file descriptor fd.
///
/// The queue selector specifies which queue: termios.TCIFLUSH for the input
/// queue, termios.TCOFLUSH for the output queue, or termios.TCIOFLUSH for
/// both queues.
#[interp_fn(sig = "(fd, queue, /)")]
fn tcflush(sp: Space, fd: Fd, queue: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    done(sp, || unsafe { libc::tcflush(fd.0, queue) })
}
/// Suspend or resume input or output on file descriptor fd.
///
/// The action argument can be termios.TCOOFF to suspend output,
/// termios.TCOON to restart output, termios.TCIOFF to suspend input,
/// or termios.TCION to restart input.
#[interp_fn(sig = "(fd, action, /)")]
fn tcflow(sp: Space, fd: Fd, action: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    done(sp, || unsafe { libc::tcflow(fd.0, action) })
}
/// Get the tty winsize for file descriptor fd.
///
/// Returns a tuple (ws_row, ws_col).
#[interp_fn(sig = "(fd, /)")]
fn tcgetwinsize(sp: Space, fd: Fd) -> Res<(u16, u16)> {
    let mut w: libc::winsize = zeroed();
    // SAFETY: w is ours.
    done(sp, || unsafe { libc::ioctl(fd.0, libc::TIOCGWINSZ, &mut w) })?;
    Ok((w.ws_row, w.ws_col))
}
/// Set the tty winsize for file descriptor fd.
///
/// The winsize to be set is taken from the winsize argument, which
/// is a two-item tuple (ws_row, ws_col) like the one returned by tcgetwinsize().
#[interp_fn(sig = "(fd, winsize, /)")]
fn tcsetwinsize(sp: Space, fd: Fd, w_size: W) -> Res<()> {
    if sp.lookup_special(w_size, name!(sp, "__getitem__"))?.is_none() {
        return Err(sp.type_error("tcsetwinsize, arg 2: must be a two-item sequence"));
    }
    let (_keep, items) = sp.unpack(w_size)?;
    let [w_row, w_col] = items else {
        return Err(sp.type_error("tcsetwinsize, arg 2: must be a two-item sequence"));
    };
    let size = |w: W| u16::try_from(sp.int_w(w)?).map_err(|_| sp.overflow_error("winsize value(s) out of range."));
    let (row, col) = (size(*w_row)?, size(*w_col)?);
    let mut w: libc::winsize = zeroed();
    // SAFETY: w is ours.
    done(sp, || unsafe { libc::ioctl(fd.0, libc::TIOCGWINSZ, &mut w) })?;
    (w.ws_row, w.ws_col) = (row, col);
    // SAFETY: as above.
    done(sp, || unsafe { libc::ioctl(fd.0, libc::TIOCSWINSZ, &w) })
}
fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, consts::CONSTS)?;
    ERROR.set(sp, new_exception(sp, w_module, "termios.error", sp.known(known::EXCEPTION))?);
    Ok(())
}
mixed_module!(
    MODULE,
    "termios",
    doc = "This module provides an interface to the Posix calls for tty I/O control.\n\nFor a complete description of these calls, see the Posix or Unix manual\npages. It is only available for those Unix versions that support Posix\ntermios style tty I/O control (and then only if configured at installation\ntime).\n\nAll functions in this module take a file descriptor fd as their first\nargument. This can be an integer file descriptor, such as returned by\nsys.stdin.fileno(), or a file object, such as sys.stdin itself.",
    functions = [tcgetattr, tcsetattr, tcsendbreak, tcdrain, tcflush, tcflow, tcgetwinsize, tcsetwinsize],
    init = init,
);
