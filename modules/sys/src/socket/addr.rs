//! Socket addresses: Python's tuples and C's structs.

use super::names::resolve;
use crate::posix::zeroed;
use crate::util::path::{encode, fsdecode};
use std::net::{Ipv4Addr, Ipv6Addr};
use taipan_plugin_api::prelude::*;

/// A C address of any family.
#[derive(Copy, Clone)]
pub struct Addr {
    pub storage: libc::sockaddr_storage,
    pub len: libc::socklen_t,
}
impl Addr {
    /// Room for an answer.
    pub fn room() -> Addr {
        Addr { storage: zeroed(), len: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }
    fn of<T: Copy>(value: T, len: usize) -> Addr {
        let mut a = Addr { storage: zeroed(), len: len as libc::socklen_t };
        // SAFETY: every sockaddr fits sockaddr_storage and is aligned in it.
        unsafe { *(&raw mut a.storage).cast::<T>() = value };
        a
    }
    pub fn ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }
    pub fn ptr_mut(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }
    /// Copies what a resolver answered.
    ///
    /// # Safety
    /// `p` points to `len` readable bytes.
    pub unsafe fn copy(p: *const libc::sockaddr, len: libc::socklen_t) -> Addr {
        let mut a = Addr { storage: zeroed(), len };
        let n = (len as usize).min(size_of::<libc::sockaddr_storage>());
        std::ptr::copy_nonoverlapping(p.cast::<u8>(), (&raw mut a.storage).cast::<u8>(), n);
        a
    }
}

/// A port number.
fn port(sp: Space, w: W, function: &str) -> Res<u16> {
    u16::try_from(sp.int_w(w)?).map_err(|_| sp.overflow_error(&format!("{function}(): port must be 0-65535.")))
}
fn tuple<'a>(sp: Space, w: W, family: &str, function: &str) -> Res<&'a [W]> {
    sp.tuple_opt(w)
        .ok_or_else(|| sp.type_error(&format!("{function}(): {family} address must be tuple, not {}", sp.type_name(w))))
}

/// The struct of a Python address for a socket of this family.
pub fn to_c(sp: Space, family: i32, w: W, function: &str) -> Res<Addr> {
    match family {
        libc::AF_INET => {
            let [w_host, w_port] = tuple(sp, w, "AF_INET", function)? else {
                return Err(sp.type_error(&format!("{function}(): AF_INET address must be a pair (host, port)")));
            };
            let mut a = resolve(sp, *w_host, libc::AF_INET)?;
            let port = port(sp, *w_port, function)?;
            // SAFETY: the resolver answered this family.
            unsafe { (*(&raw mut a.storage).cast::<libc::sockaddr_in>()).sin_port = port.to_be() };
            Ok(a)
        }
        libc::AF_INET6 => {
            let items = tuple(sp, w, "AF_INET6", function)?;
            if !(2..=4).contains(&items.len()) {
                return Err(sp.type_error(&format!(
                    "{function}(): AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])"
                )));
            }
            let mut a = resolve(sp, items[0], libc::AF_INET6)?;
            let port = port(sp, items[1], function)?;
            let number = |i: usize| items.get(i).map_or(Ok(0), |w| u32::from_arg(sp, *w, "address"));
            let (flow, scope) = (number(2)?, number(3)?);
            if flow > 0xfffff {
                return Err(sp.overflow_error(&format!("{function}(): flowinfo must be 0-1048575.")));
            }
            // SAFETY: the resolver answered this family.
            unsafe {
                let s = &mut *(&raw mut a.storage).cast::<libc::sockaddr_in6>();
                s.sin6_port = port.to_be();
                s.sin6_flowinfo = flow.to_be();
                if items.len() > 3 {
                    s.sin6_scope_id = scope;
                }
            }
            Ok(a)
        }
        libc::AF_UNIX => {
            let path = match sp.text_opt(w) {
                Some(t) => encode(sp, &t)?,
                None => Buffer::get(sp, w)?.to_vec(),
            };
            let mut s: libc::sockaddr_un = zeroed();
            s.sun_family = libc::AF_UNIX as libc::sa_family_t;
            // An abstract name begins with NUL and may fill the field; a file name needs its terminator.
            let abstract_name = path.first() == Some(&0);
            if path.len() > s.sun_path.len() || (path.len() == s.sun_path.len() && !abstract_name) {
                return Err(sp.raise(known::OS_ERROR, "AF_UNIX path too long"));
            }
            for (to, from) in s.sun_path.iter_mut().zip(&path) {
                *to = *from as libc::c_char;
            }
            let len = std::mem::offset_of!(libc::sockaddr_un, sun_path)
                + path.len()
                + !(abstract_name || path.is_empty()) as usize;
            Ok(Addr::of(s, len))
        }
        _ => Err(sp.raise(known::OS_ERROR, &format!("{function}(): bad family"))),
    }
}

/// Python's form of an address.
pub fn from_c(sp: Space, a: &Addr) -> Res<W> {
    if a.len == 0 {
        return Ok(W::NONE);
    }
    // SAFETY: the family says which struct the bytes are; the storage is large enough for each.
    unsafe {
        match a.storage.ss_family as i32 {
            libc::AF_INET => {
                let s = &*(&raw const a.storage).cast::<libc::sockaddr_in>();
                let host = Ipv4Addr::from(u32::from_be(s.sin_addr.s_addr)).to_string();
                sp.newtuple(&[sp.newstr(&host)?, sp.newint(u16::from_be(s.sin_port) as i64)])
            }
            libc::AF_INET6 => {
                let s = &*(&raw const a.storage).cast::<libc::sockaddr_in6>();
                let host = ipv6_text(&s.sin6_addr.s6_addr);
                sp.newtuple(&[
                    sp.newstr(&host)?,
                    sp.newint(u16::from_be(s.sin6_port) as i64),
                    sp.newint(u32::from_be(s.sin6_flowinfo) as i64),
                    sp.newint(s.sin6_scope_id as i64),
                ])
            }
            libc::AF_UNIX => {
                let s = &*(&raw const a.storage).cast::<libc::sockaddr_un>();
                let off = std::mem::offset_of!(libc::sockaddr_un, sun_path);
                let n = (a.len as usize).saturating_sub(off).min(s.sun_path.len());
                let bytes = std::slice::from_raw_parts(s.sun_path.as_ptr().cast::<u8>(), n);
                if n > 0 && bytes[0] == 0 {
                    return sp.newbytes(bytes);
                }
                fsdecode(sp, bytes.split(|b| *b == 0).next().unwrap_or_default())
            }
            family => {
                let n = (a.len as usize).saturating_sub(2).min(size_of::<libc::sockaddr_storage>() - 2);
                let bytes = std::slice::from_raw_parts((&raw const a.storage).cast::<u8>().add(2), n);
                sp.newtuple(&[sp.newint(family as i64), sp.newbytes(bytes)?])
            }
        }
    }
}
/// The C library's form of an IPv6 address.
pub fn ipv6_text(bytes: &[u8; 16]) -> String {
    let mut buf = [0u8; 64];
    // SAFETY: the buffer is longer than any address.
    let p = unsafe { inet_ntop(libc::AF_INET6, bytes.as_ptr().cast(), buf.as_mut_ptr().cast(), buf.len() as u32) };
    if p.is_null() {
        return Ipv6Addr::from(*bytes).to_string();
    }
    String::from_utf8_lossy(buf.split(|b| *b == 0).next().unwrap_or_default()).into_owned()
}
unsafe extern "C" {
    pub fn inet_ntop(
        family: i32,
        src: *const libc::c_void,
        dst: *mut libc::c_char,
        size: libc::socklen_t,
    ) -> *const libc::c_char;
    pub fn inet_pton(family: i32, src: *const libc::c_char, dst: *mut libc::c_void) -> i32;
    pub fn inet_aton(src: *const libc::c_char, dst: *mut libc::in_addr) -> i32;
}
