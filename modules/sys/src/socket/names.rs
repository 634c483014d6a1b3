//! Names and numbers: resolvers, services, protocols, interfaces.

use super::addr::{
    Addr, from_c, inet_aton as c_inet_aton, inet_ntop as c_inet_ntop, inet_pton as c_inet_pton, ipv6_text,
};
use super::{GAIERROR, HERROR};
use crate::posix::zeroed;
use crate::util::path::{encode, fsencode, text_arg};
use crate::util::{blocking, c_text, check, os_error};
use std::ffi::{CStr, CString};
use taipan_plugin_api::prelude::*;

unsafe extern "C" {
    fn gethostbyaddr(addr: *const libc::c_void, len: libc::socklen_t, family: i32) -> *const libc::hostent;
    fn gethostbyname2(name: *const libc::c_char, family: i32) -> *const libc::hostent;
}

/// gaierror of a resolver's code.
#[cold]
fn gai_error(sp: Space, code: i32) -> Raised {
    if code == libc::EAI_SYSTEM {
        return os_error(sp);
    }
    // SAFETY: a static text for any code.
    let made = c_text(sp, unsafe { libc::gai_strerror(code) })
        .and_then(|w| sp.call(GAIERROR.get(), &[sp.newint(code as i64), w]));
    match made {
        Ok(w) => sp.raise_object(w, W::NULL),
        Err(raised) => raised,
    }
}
/// A host name as the resolver wants it: bytes, ASCII, or encoded by idna.
fn host_bytes(sp: Space, w: W) -> Res<CString> {
    let bytes = match sp.text_opt(w) {
        Some(t) if t.ascii().is_some() => encode(sp, &t)?,
        Some(_) => {
            let w = sp.call_method(w, name!(sp, "encode"), &[sp.newstr("idna")?])?;
            sp.bytes_opt(w).unwrap_or_default().to_vec()
        }
        None => match sp.bytes_opt(w) {
            Some(b) => b.to_vec(),
            None => match Buffer::get(sp, w) {
                Ok(b) => b.to_vec(),
                Err(_) => {
                    sp.take_exc();
                    return Err(sp.type_error(&format!("str, bytes or bytearray expected, not {}", sp.type_name(w))));
                }
            },
        },
    };
    CString::new(bytes).map_err(|_| sp.type_error("host name must not contain null character"))
}

/// A resolver's answer, given back when dropped.
struct Infos(*mut libc::addrinfo);
impl Drop for Infos {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the list came from getaddrinfo and is freed once.
            unsafe { libc::freeaddrinfo(self.0) };
        }
    }
}
impl Infos {
    fn query(sp: Space, host: Option<&CStr>, service: Option<&CStr>, hints: &libc::addrinfo) -> Res<Infos> {
        let mut list = std::ptr::null_mut();
        let p = |s: Option<&CStr>| s.map_or(std::ptr::null(), |s| s.as_ptr());
        // SAFETY: NUL-terminated names or null.
        let r = blocking(sp, || unsafe { libc::getaddrinfo(p(host), p(service), hints, &mut list) });
        if r == 0 { Ok(Infos(list)) } else { Err(gai_error(sp, r)) }
    }
    fn each(&self, mut f: impl FnMut(&libc::addrinfo) -> Res<()>) -> Res<()> {
        let mut p = self.0;
        while !p.is_null() {
            // SAFETY: a node of the list.
            let info = unsafe { &*p };
            f(info)?;
            p = info.ai_next;
        }
        Ok(())
    }
}

/// The address of a host in a family, port zero.
pub fn resolve(sp: Space, w_host: W, family: i32) -> Res<Addr> {
    let host = host_bytes(sp, w_host)?;
    let mut hints: libc::addrinfo = zeroed();
    hints.ai_family = family;
    hints.ai_socktype = libc::SOCK_DGRAM;
    let infos = match host.as_bytes() {
        b"" => {
            hints.ai_flags = libc::AI_PASSIVE;
            Infos::query(sp, None, Some(c"0"), &hints)?
        }
        b"<broadcast>" | b"255.255.255.255" => {
            if family != libc::AF_INET {
                return Err(sp.raise(known::OS_ERROR, "address family mismatched"));
            }
            hints.ai_flags = libc::AI_NUMERICHOST;
            Infos::query(sp, Some(c"255.255.255.255"), None, &hints)?
        }
        _ => Infos::query(sp, Some(&host), None, &hints)?,
    };
    // SAFETY: a successful answer has at least one node, whose address has the length given.
    unsafe { Ok(Addr::copy((*infos.0).ai_addr, (*infos.0).ai_addrlen)) }
}

/// getaddrinfo(host, port [, family, type, proto, flags])
///     -> list of (family, type, proto, canonname, sockaddr)
///
/// Resolve host and port into addrinfo struct.
#[interp_fn(sig = "(host, port, family=0, type=0, proto=0, flags=0)")]
pub fn getaddrinfo(sp: Space, w_host: W, w_port: W, family: i32, kind: i32, proto: i32, flags: i32) -> Res<W> {
    let host = if w_host.is_none() { None } else { Some(host_arg(sp, w_host)?) };
    let service = if w_port.is_none() {
        None
    } else if let Some(t) = sp.text_opt(w_port) {
        Some(text_arg(sp, &t)?)
    } else if let Some(b) = sp.bytes_opt(w_port) {
        Some(CString::new(b).map_err(|_| sp.value_error("embedded null byte"))?)
    } else if sp.lookup_special(w_port, name!(sp, "__index__"))?.is_some() {
        CString::new(sp.int_w(w_port)?.to_string()).ok()
    } else {
        return Err(sp.raise(known::OS_ERROR, "Int or String expected"));
    };
    let mut hints: libc::addrinfo = zeroed();
    (hints.ai_family, hints.ai_socktype, hints.ai_protocol, hints.ai_flags) = (family, kind, proto, flags);
    let infos = Infos::query(sp, host.as_deref(), service.as_deref(), &hints)?;
    let mut out = RootedVec::new(sp);
    infos.each(|i| {
        // SAFETY: the node's address has the length given.
        let w_addr = from_c(sp, &unsafe { Addr::copy(i.ai_addr, i.ai_addrlen) })?;
        let w_name = if i.ai_canonname.is_null() { sp.newstr("")? } else { c_text(sp, i.ai_canonname)? };
        let n = |n: i32| sp.newint(n as i64);
        out.push(sp.newtuple(&[n(i.ai_family), n(i.ai_socktype), n(i.ai_protocol), w_name, w_addr])?);
        Ok(())
    })?;
    out.into_list()
}
fn host_arg(sp: Space, w: W) -> Res<CString> {
    if sp.text_opt(w).is_none() && sp.bytes_opt(w).is_none() {
        return Err(sp.type_error("getaddrinfo() argument 1 must be string or None"));
    }
    host_bytes(sp, w)
}
/// getnameinfo(sockaddr, flags) --> (host, port)
///
/// Get host and port for a sockaddr.
#[interp_fn(sig = "(sockaddr, flags, /)")]
pub fn getnameinfo(sp: Space, w_addr: W, flags: i32) -> Res<W> {
    let Some(items) = sp.tuple_opt(w_addr) else {
        return Err(sp.type_error("getnameinfo() argument 1 must be a tuple"));
    };
    if !(2..=4).contains(&items.len()) {
        return Err(sp.type_error("getnameinfo(): illegal sockaddr argument"));
    }
    let host = host_bytes(sp, items[0])?;
    let port = CString::new(sp.int_w(items[1])?.to_string()).unwrap_or_default();
    let mut hints: libc::addrinfo = zeroed();
    hints.ai_socktype = libc::SOCK_DGRAM;
    hints.ai_flags = libc::AI_NUMERICHOST;
    let infos = Infos::query(sp, Some(&host), Some(&port), &hints)?;
    // SAFETY: a successful answer has at least one node.
    let first = unsafe { &*infos.0 };
    if !first.ai_next.is_null() {
        return Err(sp.raise(known::OS_ERROR, "sockaddr resolved to multiple addresses"));
    }
    if first.ai_family == libc::AF_INET && items.len() != 2 {
        return Err(sp.raise(known::OS_ERROR, "IPv4 sockaddr must be 2 tuple"));
    }
    let (mut h, mut s) = ([0u8; 1025], [0u8; 32]);
    // SAFETY: buffers of the lengths given.
    let r = blocking(sp, || unsafe {
        libc::getnameinfo(
            first.ai_addr,
            first.ai_addrlen,
            h.as_mut_ptr().cast(),
            h.len() as _,
            s.as_mut_ptr().cast(),
            s.len() as _,
            flags as _,
        )
    });
    if r != 0 {
        return Err(gai_error(sp, r));
    }
    sp.newtuple(&[c_text(sp, h.as_ptr().cast())?, c_text(sp, s.as_ptr().cast())?])
}
/// gethostbyname(host) -> address
///
/// Return the IP address (a string of the form '255.255.255.255') for a host.
#[interp_fn(sig = "(host, /)")]
pub fn gethostbyname(sp: Space, w_host: W) -> Res<W> {
    let w = from_c(sp, &resolve(sp, w_host, libc::AF_INET)?)?;
    sp.getitem(w, W::int(0))
}
#[cold]
fn host_error(sp: Space) -> Raised {
    match sp.newstr("Unknown host").and_then(|w| sp.call(HERROR.get(), &[W::int(1), w])) {
        Ok(w) => sp.raise_object(w, W::NULL),
        Err(raised) => raised,
    }
}
/// (name, aliases, addresses) of the C library's record.
fn host_entry(sp: Space, h: *const libc::hostent) -> Res<W> {
    if h.is_null() {
        return Err(host_error(sp));
    }
    let (mut aliases, mut addresses) = (RootedVec::new(sp), RootedVec::new(sp));
    // SAFETY: null-terminated tables of the library's record, which lasts until the next query.
    unsafe {
        let h = &*h;
        let mut p = h.h_aliases;
        while !p.is_null() && !(*p).is_null() {
            aliases.push(c_text(sp, *p)?);
            p = p.add(1);
        }
        let mut p = h.h_addr_list;
        while !p.is_null() && !(*p).is_null() {
            let text = if h.h_addrtype == libc::AF_INET6 {
                ipv6_text(&*(*p).cast())
            } else {
                std::net::Ipv4Addr::from(*(*p).cast::<[u8; 4]>()).to_string()
            };
            addresses.push(sp.newstr(&text)?);
            p = p.add(1);
        }
        let w_name = c_text(sp, h.h_name)?;
        sp.newtuple(&[w_name, aliases.into_list()?, addresses.into_list()?])
    }
}
/// gethostbyname_ex(host) -> (name, aliaslist, addresslist)
///
/// Return the true host name, a list of aliases, and a list of IP addresses,
/// for a host.  The host argument is a string giving a host name or IP number.
#[interp_fn(sig = "(host, /)")]
pub fn gethostbyname_ex(sp: Space, w_host: W) -> Res<W> {
    // Fails with gaierror for unknown names, as CPython's does.
    resolve(sp, w_host, libc::AF_INET)?;
    let host = host_bytes(sp, w_host)?;
    // SAFETY: a NUL-terminated name; one thread at a time runs Python.
    host_entry(sp, unsafe { gethostbyname2(host.as_ptr(), libc::AF_INET) })
}
/// gethostbyaddr(host) -> (name, aliaslist, addresslist)
///
/// Return the true host name, a list of aliases, and a list of IP addresses,
/// for a host.  The host argument is a string giving a host name or IP number.
#[interp_fn(name = "gethostbyaddr", sig = "(host, /)")]
pub fn gethostbyaddr_(sp: Space, w_host: W) -> Res<W> {
    let a = resolve(sp, w_host, libc::AF_UNSPEC)?;
    // SAFETY: the family says which struct it is.
    let h = unsafe {
        match a.storage.ss_family as i32 {
            libc::AF_INET => {
                gethostbyaddr((&raw const (*a.ptr().cast::<libc::sockaddr_in>()).sin_addr).cast(), 4, libc::AF_INET)
            }
            libc::AF_INET6 => {
                gethostbyaddr((&raw const (*a.ptr().cast::<libc::sockaddr_in6>()).sin6_addr).cast(), 16, libc::AF_INET6)
            }
            _ => return Err(sp.raise(known::OS_ERROR, "unsupported address family")),
        }
    };
    host_entry(sp, h)
}
/// gethostname() -> string
///
/// Return the current host name.
#[interp_fn(sig = "()")]
pub fn gethostname(sp: Space) -> Res<W> {
    let mut buf = [0u8; 1024];
    // SAFETY: one byte less than the buffer's length keeps a terminator.
    check(sp, unsafe { libc::gethostname(buf.as_mut_ptr().cast(), buf.len() - 1) })?;
    c_text(sp, buf.as_ptr().cast())
}
/// sethostname(name)
///
/// Sets the hostname to name.
#[interp_fn(sig = "(name, /)")]
pub fn sethostname(sp: Space, w_name: W) -> Res<()> {
    let name = fsencode(sp, w_name)?;
    // SAFETY: the length is the name's.
    check(sp, unsafe { libc::sethostname(name.as_ptr(), name.as_bytes().len()) }).map(drop)
}
/// getservbyname(servicename[, protocolname]) -> integer
///
/// Return a port number from a service name and protocol name.
/// The optional protocol name, if given, should be 'tcp' or 'udp',
/// otherwise any protocol will match.
#[interp_fn(sig = "(servicename, protocolname=<unrepresentable>, /)")]
pub fn getservbyname(sp: Space, name: Text, proto: Option<Text>) -> Res<i32> {
    let name = text_arg(sp, &name)?;
    let proto = proto.map(|t| text_arg(sp, &t)).transpose()?;
    // SAFETY: NUL-terminated names; the record is read at once.
    unsafe {
        let s = libc::getservbyname(name.as_ptr(), proto.as_ref().map_or(std::ptr::null(), |p| p.as_ptr()));
        if s.is_null() {
            return Err(sp.raise(known::OS_ERROR, "service/proto not found"));
        }
        Ok(u16::from_be((*s).s_port as u16) as i32)
    }
}
/// getservbyport(port[, protocolname]) -> string
///
/// Return the service name from a port number and protocol name.
/// The optional protocol name, if given, should be 'tcp' or 'udp',
/// otherwise any protocol will match.
#[interp_fn(sig = "(port, protocolname=<unrepresentable>, /)")]
pub fn getservbyport(sp: Space, port: i32, proto: Option<Text>) -> Res<W> {
    let port = u16::try_from(port).map_err(|_| sp.overflow_error("getservbyport: port must be 0-65535."))?;
    let proto = proto.map(|t| text_arg(sp, &t)).transpose()?;
    // SAFETY: as above.
    unsafe {
        let s = libc::getservbyport(port.to_be() as i32, proto.as_ref().map_or(std::ptr::null(), |p| p.as_ptr()));
        if s.is_null() { Err(sp.raise(known::OS_ERROR, "port/proto not found")) } else { c_text(sp, (*s).s_name) }
    }
}
/// getprotobyname(name) -> integer
///
/// Return the protocol number for the named protocol.  (Rarely used.)
#[interp_fn(sig = "(name, /)")]
pub fn getprotobyname(sp: Space, name: Text) -> Res<i32> {
    let name = text_arg(sp, &name)?;
    // SAFETY: as above.
    unsafe {
        let p = libc::getprotobyname(name.as_ptr());
        if p.is_null() { Err(sp.raise(known::OS_ERROR, "protocol not found")) } else { Ok((*p).p_proto) }
    }
}

/// inet_aton(string) -> bytes giving packed 32-bit IP representation
#[interp_fn(sig = "(ip_addr, /)")]
pub fn inet_aton(sp: Space, text: Text) -> Res<Vec<u8>> {
    let text = text_arg(sp, &text)?;
    let mut a: libc::in_addr = zeroed();
    // SAFETY: a NUL-terminated text.
    if unsafe { c_inet_aton(text.as_ptr(), &mut a) } == 0 {
        return Err(sp.raise(known::OS_ERROR, "illegal IP address string passed to inet_aton"));
    }
    Ok(a.s_addr.to_ne_bytes().to_vec())
}
/// Convert an IP address from 32-bit packed binary format to string format.
#[interp_fn(sig = "(packed_ip, /)")]
pub fn inet_ntoa(sp: Space, packed: Buffer) -> Res<String> {
    let Ok(b) = <[u8; 4]>::try_from(packed.bytes()) else {
        return Err(sp.raise(known::OS_ERROR, "packed IP wrong length"));
    };
    Ok(std::net::Ipv4Addr::from(b).to_string())
}
/// inet_pton(af, ip) -> packed IP address string
///
/// Convert an IP address from string format to a packed string suitable
/// for use with low-level network functions.
#[interp_fn(sig = "(af, ip, /)")]
pub fn inet_pton(sp: Space, family: i32, text: Text) -> Res<Vec<u8>> {
    let text = text_arg(sp, &text)?;
    let mut buf = [0u8; 16];
    // SAFETY: the buffer holds either kind of address.
    match unsafe { c_inet_pton(family, text.as_ptr(), buf.as_mut_ptr().cast()) } {
        -1 => Err(os_error(sp)),
        0 => Err(sp.raise(known::OS_ERROR, "illegal IP address string passed to inet_pton")),
        _ => Ok(buf[..if family == libc::AF_INET { 4 } else { 16 }].to_vec()),
    }
}
/// inet_ntop(af, packed_ip) -> string formatted IP address
///
/// Convert a packed IP address of the given family to string format.
#[interp_fn(sig = "(af, packed_ip, /)")]
pub fn inet_ntop(sp: Space, family: i32, packed: Buffer) -> Res<W> {
    let want = match family {
        libc::AF_INET => 4,
        libc::AF_INET6 => 16,
        _ => return Err(sp.value_error(&format!("unknown address family {family}"))),
    };
    if packed.len() != want {
        return Err(sp.value_error("invalid length of packed IP address string"));
    }
    let mut buf = [0u8; 64];
    // SAFETY: the lengths are checked.
    let p = unsafe { c_inet_ntop(family, packed.bytes().as_ptr().cast(), buf.as_mut_ptr().cast(), buf.len() as u32) };
    if p.is_null() { Err(os_error(sp)) } else { c_text(sp, buf.as_ptr().cast()) }
}
/// if_nameindex()
///
/// Returns a list of network interface information (index, name) tuples.
#[interp_fn(sig = "()")]
pub fn if_nameindex(sp: Space) -> Res<W> {
    let mut out = RootedVec::new(sp);
    // SAFETY: a table that ends with index 0, freed once.
    unsafe {
        let table = libc::if_nameindex();
        if table.is_null() {
            return Err(os_error(sp));
        }
        let mut p = table;
        let r = loop {
            if (*p).if_index == 0 {
                break Ok(());
            }
            match c_text(sp, (*p).if_name).and_then(|w| sp.newtuple(&[sp.newint((*p).if_index as i64), w])) {
                Ok(w) => out.push(w),
                Err(e) => break Err(e),
            }
            p = p.add(1);
        };
        libc::if_freenameindex(table);
        r?;
    }
    out.into_list()
}
/// Returns the interface index corresponding to the interface name if_name.
#[interp_fn(sig = "(oname, /)")]
pub fn if_nametoindex(sp: Space, w_name: W) -> Res<u32> {
    let name = fsencode(sp, w_name)?;
    // SAFETY: a NUL-terminated name.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(os_error(sp)),
        n => Ok(n),
    }
}
/// Returns the interface name corresponding to the interface index if_index.
#[interp_fn(sig = "(if_index, /)")]
pub fn if_indextoname(sp: Space, index: u32) -> Res<W> {
    let mut buf = [0u8; libc::IF_NAMESIZE + 1];
    // SAFETY: the buffer has IF_NAMESIZE bytes.
    let p = unsafe { libc::if_indextoname(index, buf.as_mut_ptr().cast()) };
    if p.is_null() { Err(os_error(sp)) } else { c_text(sp, p) }
}

macro_rules! orders {
    ($($(#[$doc:meta])* $name:ident, $t:ty, $bits:literal;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "(integer, /)")]
        pub fn $name(sp: Space, n: i64) -> Res<i64> {
            if n < 0 {
                return Err(sp.overflow_error(concat!(stringify!($name), ": can't convert negative Python int to C ", $bits, "-bit unsigned integer")));
            }
            match <$t>::try_from(n) {
                Ok(n) => Ok(n.to_be() as i64),
                Err(_) => Err(sp.overflow_error(concat!(stringify!($name), ": Python int too large to convert to C ", $bits, "-bit unsigned integer"))),
            }
        }
    )* };
}
orders! {
    /// Convert a 16-bit unsigned integer from host to network byte order.
    htons, u16, "16";
    /// Convert a 16-bit unsigned integer from network to host byte order.
    ntohs, u16, "16";
    /// Convert a 32-bit integer from host to network byte order.
    htonl, u32, "32";
    /// Convert a 32-bit integer from network to host byte order.
    ntohl, u32, "32";
}
