//! The socket type.

use super::addr::{Addr, from_c, to_c};
use crate::util::time::{Deadline, Round, nanoseconds};
use crate::util::{blocking, check, errno, os_error};
use std::sync::atomic::{AtomicI64, Ordering};
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::prelude::*;

pub static SOCKET_TYPE: Global = Global::new();
/// setdefaulttimeout's value in nanoseconds plus one; 0 = none.
pub static DEFAULT_TIMEOUT: AtomicI64 = AtomicI64::new(0);

/// _socket.socket
#[repr(C)]
#[derive(GcObject)]
pub struct WSocket {
    header: Header,
    /// The descriptor plus one; 0 = closed or never opened.
    fd1: i64,
    /// Nanoseconds plus one; 0 = no limit.
    timeout1: i64,
    pub family: i32,
    pub kind: i32,
    pub proto: i32,
    pad: i32,
}
impl WSocket {
    /// -1 when closed: the kernel then says EBADF.
    pub fn fd(&self) -> i32 {
        (self.fd1 - 1) as i32
    }
    pub fn timeout(&self) -> Option<i64> {
        (self.timeout1 > 0).then(|| self.timeout1 - 1)
    }
}
unsafe extern "C" fn free(obj: *mut u8) {
    // SAFETY: called once for a dead object; its descriptor is its own.
    unsafe {
        let s = &mut *obj.cast::<WSocket>();
        if s.fd1 > 0 {
            libc::close(s.fd());
        }
    }
}
typespec!(pub SOCKET: WSocket, "_socket.socket", {
    doc: Str::new("socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object\nsocket(family=-1, type=-1, proto=-1, fileno=None) -> socket object\n\nOpen a socket of the given type.  The family argument specifies the\naddress family; it defaults to AF_INET.  The type argument specifies\nwhether this is a stream (SOCK_STREAM, this is the default)\nor datagram (SOCK_DGRAM) socket.  The protocol argument defaults to 0,\nspecifying the default protocol.  Keyword arguments are accepted.\nThe socket is created as non-inheritable.\n\nWhen a fileno is passed in, family, type and proto are auto-detected,\nunless they are explicitly set."),
    flags: ty::BASETYPE | ty::IMMUTABLE,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(socket_new), init: Some(socket_init), repr: Some(socket_repr), ..Slots::EMPTY },
    methods: methods![
        _accept, bind, close, connect, connect_ex, detach, fileno, getpeername, getsockname, getsockopt, setsockopt, listen, shutdown,
        setblocking, getblocking, settimeout, gettimeout, super::transfer::recv, super::transfer::recv_into, super::transfer::recvfrom,
        super::transfer::recvfrom_into, super::transfer::send, super::transfer::sendall, super::transfer::sendto,
        super::message::recvmsg, super::message::recvmsg_into, super::message::sendmsg
    ],
    getset: table![getset!("family", get_family), getset!("type", get_kind), getset!("proto", get_proto), getset!("timeout", get_timeout)],
});

fn of<'a>(w: W) -> &'a mut WSocket {
    // SAFETY: the slots and attributes are only in the type of this layout.
    unsafe { &mut *w.ptr::<WSocket>() }
}
#[slot]
fn get_family(sp: Space, w: W) -> Res<W> {
    Ok(sp.newint(of(w).family as i64))
}
#[slot]
fn get_kind(sp: Space, w: W) -> Res<W> {
    Ok(sp.newint(of(w).kind as i64))
}
#[slot]
fn get_proto(sp: Space, w: W) -> Res<W> {
    Ok(sp.newint(of(w).proto as i64))
}
fn timeout_w(sp: Space, timeout: Option<i64>) -> W {
    timeout.map_or(W::NONE, |n| sp.newfloat(n as f64 / 1e9))
}
#[slot]
fn get_timeout(sp: Space, w: W) -> Res<W> {
    Ok(timeout_w(sp, of(w).timeout()))
}
#[slot]
fn socket_repr(sp: Space, w: W) -> Res<W> {
    let s = of(w);
    sp.newstr(&format!("<socket object, fd={}, family={}, type={}, proto={}>", s.fd(), s.family, s.kind, s.proto))
}
#[slot]
fn socket_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    sp.allocate(w_type, 0)
}

/// An int option of a socket; None = see errno.
fn int_option(fd: i32, option: i32) -> Option<i32> {
    let (mut n, mut len) = (0i32, 4);
    // SAFETY: room for an int.
    (unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, option, (&raw mut n).cast(), &mut len) } == 0).then_some(n)
}
#[slot]
fn socket_init(sp: Space, w: W, args: Args) -> Res<()> {
    let mut given = [W::NULL; 4];
    let a = args.positional();
    if a.len() > 4 {
        return Err(sp.type_error(&format!("socket() takes at most 4 arguments ({} given)", a.len())));
    }
    given[..a.len()].copy_from_slice(a);
    for (name, w) in args.keywords(sp) {
        let Some(i) = ["family", "type", "proto", "fileno"].iter().position(|n| name.eq_str(n)) else {
            return Err(sp.type_error(&format!("socket() got an unexpected keyword argument '{}'", name.to_str())));
        };
        given[i] = w;
    }
    let number = |w: W| if w.is_null() { Ok(-1) } else { i32::from_arg(sp, w, "family") };
    let (mut family, mut kind, mut proto) = (number(given[0])?, number(given[1])?, number(given[2])?);
    let fd = if given[3].is_null() || given[3].is_none() {
        (family, kind, proto) = (
            if family == -1 { libc::AF_INET } else { family },
            if kind == -1 { libc::SOCK_STREAM } else { kind },
            proto.max(0),
        );
        // SAFETY: any numbers are allowed.
        check(sp, blocking(sp, || unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, proto) }))?
    } else {
        let fd = match i32::from_arg(sp, given[3], "fileno") {
            Ok(fd) if fd < 0 => return Err(sp.value_error("negative file descriptor")),
            r => r?,
        };
        if family == -1 {
            let mut a = Addr::room();
            // SAFETY: the address is ours.
            check(sp, unsafe { libc::getsockname(fd, a.ptr_mut(), &mut a.len) })?;
            family = a.storage.ss_family as i32;
        }
        if kind == -1 {
            kind = int_option(fd, libc::SO_TYPE).ok_or_else(|| os_error(sp))?;
        }
        if proto == -1 {
            proto = int_option(fd, libc::SO_PROTOCOL).ok_or_else(|| os_error(sp))?;
        }
        fd
    };
    let s = of(w);
    (s.fd1, s.family, s.proto) = (fd as i64 + 1, family, proto);
    s.kind = kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
    if kind & libc::SOCK_NONBLOCK != 0 {
        s.timeout1 = 1;
    } else {
        s.timeout1 = DEFAULT_TIMEOUT.load(Ordering::Relaxed);
        if s.timeout1 > 0 {
            set_nonblocking(sp, s.fd(), true)?;
        }
    }
    Ok(())
}

fn set_nonblocking(sp: Space, fd: i32, on: bool) -> Res<()> {
    let mut n = on as i32;
    // SAFETY: the request reads an int.
    check(sp, unsafe { libc::ioctl(fd, libc::FIONBIO, &mut n) }).map(drop)
}
/// Waits until the socket is ready. False: the time is up.
fn wait(sp: Space, fd: i32, events: i16, deadline: Deadline) -> Res<bool> {
    loop {
        let mut p = libc::pollfd { fd, events, revents: 0 };
        // SAFETY: one entry of ours.
        let (n, e) = blocking(sp, || (unsafe { libc::poll(&mut p, 1, deadline.poll_ms()) }, errno()));
        match n {
            0 => return Ok(false),
            1.. => return Ok(true),
            _ if e == libc::EINTR => sp.poll()?,
            _ => return Err(sp.raise_errno(e, W::NULL)),
        }
    }
}
#[cold]
fn timed_out(sp: Space) -> Raised {
    sp.raise(known::TIMEOUT_ERROR, "timed out")
}
/// A call on a socket under its time limit; the result is not negative.
pub fn call(sp: Space, s: &WSocket, events: i16, mut f: impl FnMut(i32) -> isize) -> Res<isize> {
    call_until(sp, s, events, Deadline::after(s.timeout()), &mut f)
}
/// The same under a limit that began earlier.
pub fn call_until(
    sp: Space,
    s: &WSocket,
    events: i16,
    deadline: Deadline,
    f: &mut dyn FnMut(i32) -> isize,
) -> Res<isize> {
    let limited = s.timeout().is_some_and(|n| n > 0);
    let fd = s.fd();
    loop {
        if limited && !wait(sp, fd, events, deadline)? {
            return Err(timed_out(sp));
        }
        let (r, e) = blocking(sp, || (f(fd), errno()));
        if r >= 0 {
            return Ok(r);
        }
        match e {
            libc::EINTR => sp.poll()?,
            // Ready, yet someone else was faster.
            libc::EAGAIN if limited => {}
            e => return Err(sp.raise_errno(e, W::NULL)),
        }
    }
}

/// _accept() -> (integer, address info)
///
/// Wait for an incoming connection.  Return a new socket file descriptor
/// representing the connection, and the address of the client.
/// For IP sockets, the address info is a pair (hostaddr, port).
#[interp_fn(method, sig = "(self)")]
fn _accept(sp: Space, s: This<WSocket>) -> Res<W> {
    let mut a = Addr::room();
    let fd = call(sp, &s, libc::POLLIN, |fd| {
        a.len = size_of::<libc::sockaddr_storage>() as u32;
        // SAFETY: the address is ours.
        unsafe { libc::accept4(fd, a.ptr_mut(), &mut a.len, libc::SOCK_CLOEXEC) as isize }
    })?;
    match from_c(sp, &a).and_then(|w| sp.newtuple(&[sp.newint(fd as i64), w])) {
        Ok(w) => Ok(w),
        Err(e) => {
            // SAFETY: the new descriptor has no owner.
            unsafe { libc::close(fd as i32) };
            Err(e)
        }
    }
}
/// bind(address)
///
/// Bind the socket to a local address.  For IP sockets, the address is a
/// pair (host, port); the host must refer to the local host. For raw packet
/// sockets the address is a tuple (ifname, proto [,pkttype [,hatype [,addr]]])
#[interp_fn(method, sig = "(self, address, /)")]
fn bind(sp: Space, s: This<WSocket>, w_address: W) -> Res<()> {
    let a = to_c(sp, s.family, w_address, "bind")?;
    // SAFETY: an address of its length.
    check(sp, blocking(sp, || unsafe { libc::bind(s.fd(), a.ptr(), a.len) })).map(drop)
}
/// close()
///
/// Close the socket.  It cannot be used after this call.
#[interp_fn(method, sig = "(self)")]
fn close(sp: Space, mut s: This<WSocket>) -> Res<()> {
    if s.fd1 > 0 {
        let fd = s.fd();
        s.fd1 = 0;
        // SAFETY: our descriptor, closed once.
        let (r, e) = blocking(sp, || (unsafe { libc::close(fd) }, errno()));
        if r < 0 && e != libc::ECONNRESET && e != libc::EINTR {
            return Err(sp.raise_errno(e, W::NULL));
        }
    }
    Ok(())
}
/// Connects; the answer is errno, 0 for success.
fn do_connect(sp: Space, s: &WSocket, a: &Addr, deadline: Deadline) -> Res<Result<(), i32>> {
    // SAFETY: an address of its length.
    let (r, e) = blocking(sp, || (unsafe { libc::connect(s.fd(), a.ptr(), a.len) }, errno()));
    if r == 0 {
        return Ok(Ok(()));
    }
    let limited = s.timeout().is_some_and(|n| n > 0);
    match e {
        // Interrupted: the connection goes on being made, and its outcome is waited for.
        libc::EINTR if s.timeout() != Some(0) => sp.poll()?,
        libc::EINPROGRESS if limited => {}
        e => return Ok(Err(e)),
    }
    if !wait(sp, s.fd(), libc::POLLOUT, deadline)? {
        return Err(timed_out(sp));
    }
    match int_option(s.fd(), libc::SO_ERROR) {
        Some(0) => Ok(Ok(())),
        Some(libc::EISCONN) => Ok(Ok(())),
        Some(e) => Ok(Err(e)),
        None => Ok(Err(errno())),
    }
}
/// connect(address)
///
/// Connect the socket to a remote address.  For IP sockets, the address
/// is a pair (host, port).
#[interp_fn(method, sig = "(self, address, /)")]
fn connect(sp: Space, s: This<WSocket>, w_address: W) -> Res<()> {
    let a = to_c(sp, s.family, w_address, "connect")?;
    do_connect(sp, &s, &a, Deadline::after(s.timeout()))?.map_err(|e| sp.raise_errno(e, W::NULL))
}
/// connect_ex(address) -> errno
///
/// This is like connect(address), but returns an error code (the errno value)
/// instead of raising an exception when an error occurs.
#[interp_fn(method, sig = "(self, address, /)")]
fn connect_ex(sp: Space, s: This<WSocket>, w_address: W) -> Res<i32> {
    let a = to_c(sp, s.family, w_address, "connect_ex")?;
    match do_connect(sp, &s, &a, Deadline::after(s.timeout())) {
        Ok(r) => Ok(r.err().unwrap_or(0)),
        Err(e) => {
            if sp.catch(known::TIMEOUT_ERROR) {
                Ok(libc::EAGAIN)
            } else {
                Err(e)
            }
        }
    }
}
/// detach()
///
/// Close the socket object without closing the underlying file descriptor.
/// The object cannot be used after this call, but the file descriptor
/// can be reused for other purposes.  The file descriptor is returned.
#[interp_fn(method, sig = "(self)")]
fn detach(_sp: Space, mut s: This<WSocket>) -> Res<i32> {
    let fd = s.fd();
    s.fd1 = 0;
    Ok(fd)
}
/// fileno() -> integer
///
/// Return the integer file descriptor of the socket.
#[interp_fn(method, sig = "(self)")]
fn fileno(_sp: Space, s: This<WSocket>) -> Res<i32> {
    Ok(s.fd())
}
/// getpeername() -> address info
///
/// Return the address of the remote endpoint.  For IP sockets, the address
/// info is a pair (hostaddr, port).
#[interp_fn(method, sig = "(self)")]
fn getpeername(sp: Space, s: This<WSocket>) -> Res<W> {
    let mut a = Addr::room();
    // SAFETY: the address is ours.
    check(sp, unsafe { libc::getpeername(s.fd(), a.ptr_mut(), &mut a.len) })?;
    from_c(sp, &a)
}
/// getsockname() -> address info
///
/// Return the address of the local endpoint. The format depends on the
/// address family. For IPv4 sockets, the address info is a pair
/// (hostaddr, port). For IPv6 sockets, the address info is a 4-tuple
/// (hostaddr, port, flowinfo, scope_id).
#[interp_fn(method, sig = "(self)")]
fn getsockname(sp: Space, s: This<WSocket>) -> Res<W> {
    let mut a = Addr::room();
    // SAFETY: the address is ours.
    check(sp, unsafe { libc::getsockname(s.fd(), a.ptr_mut(), &mut a.len) })?;
    from_c(sp, &a)
}
/// getsockopt(level, option[, buffersize]) -> value
///
/// Get a socket option.  See the Unix manual for level and option.
/// If a nonzero buffersize argument is given, the return value is a
/// string of that length; otherwise it is an integer.
#[interp_fn(method, sig = "(self, level, option, buffersize=0, /)")]
fn getsockopt(sp: Space, s: This<WSocket>, level: i32, option: i32, size: i32) -> Res<W> {
    if size == 0 {
        let (mut n, mut len) = (0i32, 4);
        // SAFETY: room for an int.
        check(sp, unsafe { libc::getsockopt(s.fd(), level, option, (&raw mut n).cast(), &mut len) })?;
        return Ok(sp.newint(n as i64));
    }
    if !(1..=1024).contains(&size) {
        return Err(sp.raise(known::OS_ERROR, "getsockopt buflen out of range"));
    }
    let (mut buf, mut len) = ([0u8; 1024], size as u32);
    // SAFETY: the buffer has at least the length given.
    check(sp, unsafe { libc::getsockopt(s.fd(), level, option, buf.as_mut_ptr().cast(), &mut len) })?;
    sp.newbytes(&buf[..len as usize])
}
/// setsockopt(level, option, value: int)
/// setsockopt(level, option, value: buffer)
/// setsockopt(level, option, None, optlen: int)
///
/// Set a socket option.  See the Unix manual for level and option.
/// The value argument can either be an integer, a string buffer, or
/// None, optlen.
#[interp_fn(method, sig = "(self, level, option, value, optlen=<unrepresentable>, /)")]
fn setsockopt(sp: Space, s: This<WSocket>, level: i32, option: i32, w_value: W, optlen: Option<u32>) -> Res<()> {
    let r = if w_value.is_none() {
        let Some(len) = optlen else {
            return Err(sp.type_error("socket.setsockopt() requires 4 arguments when the third argument is None"));
        };
        // SAFETY: a null value with the caller's length, as the interface allows.
        unsafe { libc::setsockopt(s.fd(), level, option, std::ptr::null(), len) }
    } else if sp.lookup_special(w_value, name!(sp, "__index__"))?.is_some() {
        let n = i32::from_arg(sp, w_value, "value")?;
        // SAFETY: an int of ours.
        unsafe { libc::setsockopt(s.fd(), level, option, (&raw const n).cast(), 4) }
    } else {
        let b = Buffer::get(sp, w_value)?;
        // SAFETY: the length is the buffer's.
        unsafe { libc::setsockopt(s.fd(), level, option, b.bytes().as_ptr().cast(), b.len() as u32) }
    };
    check(sp, r).map(drop)
}
/// listen([backlog])
///
/// Enable a server to accept connections.  If backlog is specified, it must be
/// at least 0 (if it is lower, it is set to 0); it specifies the number of
/// unaccepted connections that the system will allow before refusing new
/// connections. If not specified, a default reasonable value is chosen.
#[interp_fn(method, sig = "(self, backlog=128, /)")]
fn listen(sp: Space, s: This<WSocket>, backlog: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    check(sp, blocking(sp, || unsafe { libc::listen(s.fd(), backlog.max(0)) })).map(drop)
}
/// shutdown(flag)
///
/// Shut down the reading side of the socket (flag == SHUT_RD), the writing side
/// of the socket (flag == SHUT_WR), or both ends (flag == SHUT_RDWR).
#[interp_fn(method, sig = "(self, flag, /)")]
fn shutdown(sp: Space, s: This<WSocket>, how: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    check(sp, blocking(sp, || unsafe { libc::shutdown(s.fd(), how) })).map(drop)
}
/// A time limit in seconds; None = no limit.
pub fn timeout_arg(sp: Space, w: W) -> Res<Option<i64>> {
    if w.is_none() {
        return Ok(None);
    }
    let n = nanoseconds(sp, w, Round::Up)?;
    if n < 0 { Err(sp.value_error("Timeout value out of range")) } else { Ok(Some(n)) }
}
fn set_timeout(sp: Space, mut s: This<WSocket>, timeout: Option<i64>) -> Res<()> {
    s.timeout1 = timeout.map_or(0, |n| n.saturating_add(1));
    set_nonblocking(sp, s.fd(), timeout.is_some())
}
/// setblocking(flag)
///
/// Set the socket to blocking (flag is true) or non-blocking (false).
/// setblocking(True) is equivalent to settimeout(None);
/// setblocking(False) is equivalent to settimeout(0.0).
#[interp_fn(method, sig = "(self, flag, /)")]
fn setblocking(sp: Space, s: This<WSocket>, flag: bool) -> Res<()> {
    set_timeout(sp, s, if flag { None } else { Some(0) })
}
/// getblocking()
///
/// Returns True if socket is in blocking mode, or False if it
/// is in non-blocking mode.
#[interp_fn(method, sig = "(self)")]
fn getblocking(_sp: Space, s: This<WSocket>) -> Res<bool> {
    Ok(s.timeout() != Some(0))
}
/// settimeout(timeout)
///
/// Set a timeout on socket operations.  'timeout' can be a float,
/// giving in seconds, or None.  Setting a timeout of None disables
/// the timeout feature and is equivalent to setblocking(1).
/// Setting a timeout of zero is the same as setblocking(0).
#[interp_fn(method, sig = "(self, timeout, /)")]
fn settimeout(sp: Space, s: This<WSocket>, w_timeout: W) -> Res<()> {
    let timeout = timeout_arg(sp, w_timeout)?;
    set_timeout(sp, s, timeout)
}
/// gettimeout() -> timeout
///
/// Returns the timeout in seconds (float) associated with socket
/// operations. A timeout of None indicates that timeouts on socket
/// operations are disabled.
#[interp_fn(method, sig = "(self)")]
fn gettimeout(sp: Space, s: This<WSocket>) -> Res<W> {
    Ok(timeout_w(sp, s.timeout()))
}
/// The default limit as Python shows it.
pub fn default_timeout_w(sp: Space) -> W {
    let n = DEFAULT_TIMEOUT.load(Ordering::Relaxed);
    timeout_w(sp, (n > 0).then(|| n - 1))
}
