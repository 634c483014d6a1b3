//! `_socket`.

mod addr;
mod consts;
mod message;
mod names;
mod object;
mod transfer;

use crate::util::fd::fd_number;
use crate::util::{add_consts, add_type, blocking, check, errno, new_exception};
use std::sync::atomic::Ordering;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

static GAIERROR: Global = Global::new();
static HERROR: Global = Global::new();

/// close(integer) -> None
///
/// Close an integer socket file descriptor.  This is like os.close(), but for
/// sockets; on some platforms os.close() won't work for socket file descriptors.
#[interp_fn(sig = "(object, /)")]
fn close(sp: Space, w_fd: W) -> Res<()> {
    let fd = fd_number(sp, w_fd)?;
    // SAFETY: any number is allowed.
    let (r, e) = blocking(sp, || (unsafe { libc::close(fd) }, errno()));
    if r < 0 && e != libc::ECONNRESET { Err(sp.raise_errno(e, W::NULL)) } else { Ok(()) }
}
/// dup(integer) -> integer
///
/// Duplicate an integer socket file descriptor.  This is like os.dup(), but for
/// sockets; on some platforms os.dup() won't work for socket file descriptors.
#[interp_fn(sig = "(object, /)")]
fn dup(sp: Space, w_fd: W) -> Res<i32> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::fcntl(fd_number(sp, w_fd)?, libc::F_DUPFD_CLOEXEC, 0) })
}
/// socketpair([family[, type [, proto]]]) -> (socket object, socket object)
///
/// Create a pair of socket objects from the sockets returned by the platform
/// socketpair() function.
/// The arguments are the same as for socket() except the default family is
/// AF_UNIX if defined on the platform; otherwise, the default is AF_INET.
#[interp_fn(sig = "(family=<unrepresentable>, type=1, proto=0, /)")]
fn socketpair(sp: Space, family: Option<i32>, kind: i32, proto: i32) -> Res<W> {
    let family = family.unwrap_or(libc::AF_UNIX);
    let mut fds = [0i32; 2];
    // SAFETY: room for two numbers.
    check(sp, unsafe { libc::socketpair(family, kind | libc::SOCK_CLOEXEC, proto, fds.as_mut_ptr()) })?;
    let make = |fd: i32| {
        let i = |n: i32| sp.newint(n as i64);
        sp.call(object::SOCKET_TYPE.get(), &[i(family), i(kind), i(proto), i(fd)])
    };
    match make(fds[0]) {
        Ok(w_a) => match make(fds[1]) {
            Ok(w_b) => sp.newtuple(&[w_a, w_b]),
            Err(e) => {
                // SAFETY: the second descriptor has no owner.
                unsafe { libc::close(fds[1]) };
                Err(e)
            }
        },
        Err(e) => {
            // SAFETY: neither has an owner.
            unsafe { (libc::close(fds[0]), libc::close(fds[1])) };
            Err(e)
        }
    }
}
/// getdefaulttimeout() -> timeout
///
/// Returns the default timeout in seconds (float) for new socket objects.
/// A value of None indicates that new socket objects have no timeout.
/// When the socket module is first imported, the default is None.
#[interp_fn(sig = "()")]
fn getdefaulttimeout(sp: Space) -> Res<W> {
    Ok(object::default_timeout_w(sp))
}
/// setdefaulttimeout(timeout)
///
/// Set the default timeout in seconds (float) for new socket objects.
/// A value of None indicates that new socket objects have no timeout.
/// When the socket module is first imported, the default is None.
#[interp_fn(sig = "(object, /)")]
fn setdefaulttimeout(sp: Space, w_timeout: W) -> Res<()> {
    let n = object::timeout_arg(sp, w_timeout)?.map_or(0, |n| n.saturating_add(1));
    object::DEFAULT_TIMEOUT.store(n, Ordering::Relaxed);
    Ok(())
}
/// CMSG_LEN(length) -> control message length
///
/// Return the total length, without trailing padding, of an ancillary
/// data item with associated data of the given length.
#[interp_fn(name = "CMSG_LEN", sig = "(length, /)")]
fn cmsg_len(sp: Space, n: i64) -> Res<usize> {
    let len = usize::try_from(n).ok().and_then(message::cmsg_len);
    len.ok_or_else(|| sp.overflow_error("CMSG_LEN() argument out of range"))
}
/// CMSG_SPACE(length) -> buffer size
///
/// Return the buffer size needed for recvmsg() to receive an ancillary
/// data item with associated data of the given length, along with any
/// trailing padding.
#[interp_fn(name = "CMSG_SPACE", sig = "(length, /)")]
fn cmsg_space(sp: Space, n: i64) -> Res<usize> {
    let space = usize::try_from(n).ok().and_then(message::cmsg_space);
    space.ok_or_else(|| sp.overflow_error("CMSG_SPACE() argument out of range"))
}

fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, consts::CONSTS)?;
    let w_os_error = sp.known(known::OS_ERROR);
    sp.setattr_str(w_module, "error", w_os_error)?;
    sp.setattr_str(w_module, "timeout", sp.known(known::TIMEOUT_ERROR))?;
    sp.setattr_str(w_module, "has_ipv6", W::TRUE)?;
    sp.setattr_str(w_module, "BDADDR_ANY", sp.newstr("00:00:00:00:00:00")?)?;
    sp.setattr_str(w_module, "BDADDR_LOCAL", sp.newstr("00:00:00:FF:FF:FF")?)?;
    GAIERROR.set(sp, new_exception(sp, w_module, "socket.gaierror", w_os_error)?);
    HERROR.set(sp, new_exception(sp, w_module, "socket.herror", w_os_error)?);
    let w_type = add_type(sp, w_module, &object::SOCKET_TYPE, &object::SOCKET)?;
    sp.setattr_str(w_module, "SocketType", w_type)
}
mixed_module!(
    MODULE,
    "_socket",
    doc = "Implementation module for socket operations.\n\nSee the socket module for documentation.",
    functions = [
        close,
        dup,
        socketpair,
        getdefaulttimeout,
        setdefaulttimeout,
        cmsg_len,
        cmsg_space,
        names::getaddrinfo,
        names::getnameinfo,
        names::gethostbyname,
        names::gethostbyname_ex,
        names::gethostbyaddr_,
        names::gethostname,
        names::sethostname,
        names::getservbyname,
        names::getservbyport,
        names::getprotobyname,
        names::inet_aton,
        names::inet_ntoa,
        names::inet_pton,
        names::inet_ntop,
        names::if_nameindex,
        names::if_nametoindex,
        names::if_indextoname,
        names::htons,
        names::ntohs,
        names::htonl,
        names::ntohl,
    ],
    init = init,
);
