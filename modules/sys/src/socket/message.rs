//! Messages with ancillary data.

use super::addr::{Addr, from_c, to_c};
use super::object::{WSocket, call};
use crate::posix::{buffer, zeroed};
use taipan_plugin_api::prelude::*;

/// Bytes a control message of this payload takes with its header.
pub fn cmsg_len(n: usize) -> Option<usize> {
    n.checked_add(size_of::<libc::cmsghdr>()).filter(|n| *n <= i32::MAX as usize)
}
/// The same with padding to the next one.
pub fn cmsg_space(n: usize) -> Option<usize> {
    Some((cmsg_len(n)? + 7) & !7).filter(|n| *n <= i32::MAX as usize)
}

/// Receives into the vectors: (bytes, control messages, flags, address).
fn receive(sp: Space, s: &WSocket, iov: &mut [libc::iovec], ancillary: isize, flags: i32) -> Res<(isize, W, i32, W)> {
    if !(0..=i32::MAX as isize).contains(&ancillary) {
        return Err(sp.value_error("invalid ancillary data buffer length"));
    }
    let n_control = ancillary as usize;
    // Words, so that headers are aligned.
    let mut control = vec![0u64; n_control.div_ceil(8)];
    let mut a = Addr::room();
    let mut m: libc::msghdr = zeroed();
    let n = call(sp, s, libc::POLLIN, |fd| {
        m.msg_name = a.ptr_mut().cast();
        m.msg_namelen = size_of::<libc::sockaddr_storage>() as u32;
        m.msg_iov = iov.as_mut_ptr();
        m.msg_iovlen = iov.len() as _;
        m.msg_control = if n_control == 0 { std::ptr::null_mut() } else { control.as_mut_ptr().cast() };
        m.msg_controllen = n_control as _;
        // SAFETY: everything the header points to is ours and of the lengths given.
        unsafe { libc::recvmsg(fd, &mut m, flags) }
    })?;
    a.len = m.msg_namelen;
    let mut messages = RootedVec::new(sp);
    // SAFETY: the macros of the C library walk the filled part of the control buffer.
    unsafe {
        let end = m.msg_control as usize + m.msg_controllen as usize;
        let mut p = if m.msg_controllen == 0 { std::ptr::null_mut() } else { libc::CMSG_FIRSTHDR(&m) };
        while !p.is_null() {
            let data = libc::CMSG_DATA(p);
            let head = data as usize - p as usize;
            // A truncated message says more than is there.
            let len = ((*p).cmsg_len as usize).saturating_sub(head).min(end.saturating_sub(data as usize));
            let w_data = sp.newbytes(std::slice::from_raw_parts(data, len))?;
            messages.push(sp.newtuple(&[
                sp.newint((*p).cmsg_level as i64),
                sp.newint((*p).cmsg_type as i64),
                w_data,
            ])?);
            p = libc::CMSG_NXTHDR(&m, p);
        }
    }
    let w_messages = messages.into_list()?;
    Ok((n, w_messages, m.msg_flags, from_c(sp, &a)?))
}
/// recvmsg(bufsize[, ancbufsize[, flags]]) -> (data, ancdata, msg_flags, address)
///
/// Receive normal data (up to bufsize bytes) and ancillary data from the
/// socket.
#[interp_fn(method, sig = "(self, bufsize, ancbufsize=0, flags=0, /)")]
pub fn recvmsg(sp: Space, s: This<WSocket>, size: isize, ancillary: isize, flags: i32) -> Res<W> {
    let n = usize::try_from(size).map_err(|_| sp.value_error("negative buffer size in recvmsg()"))?;
    let mut buf = buffer(sp, n)?;
    let mut iov = [libc::iovec { iov_base: buf.as_mut_ptr().cast(), iov_len: n }];
    let (n, w_messages, flags, w_addr) = receive(sp, &s, &mut iov, ancillary, flags)?;
    sp.newtuple(&[sp.newbytes(&buf[..n as usize])?, w_messages, sp.newint(flags as i64), w_addr])
}
/// A buffer to receive into; TypeError if it cannot be written.
fn writable(sp: Space, w: W) -> Res<Buffer> {
    Buffer::writable(sp, w).map_err(|r| {
        let not = sp.catch(known::BUFFER_ERROR);
        let m = "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers";
        if not { sp.type_error(m) } else { r }
    })
}
/// recvmsg_into(buffers[, ancbufsize[, flags]]) -> (nbytes, ancdata, msg_flags, address)
///
/// Receive normal data and ancillary data from the socket, scattering the
/// non-ancillary data into a series of buffers.
#[interp_fn(method, sig = "(self, buffers, ancbufsize=0, flags=0, /)")]
pub fn recvmsg_into(sp: Space, s: This<WSocket>, w_buffers: W, ancillary: isize, flags: i32) -> Res<W> {
    let (_keep, items) = sp.unpack(w_buffers)?;
    let mut held = items.iter().map(|w| writable(sp, *w)).collect::<Res<Vec<_>>>()?;
    let mut iov: Vec<_> = held
        .iter_mut()
        .map(|b| libc::iovec { iov_len: b.len(), iov_base: b.bytes_mut().as_mut_ptr().cast() })
        .collect();
    let (n, w_messages, flags, w_addr) = receive(sp, &s, &mut iov, ancillary, flags)?;
    sp.newtuple(&[sp.newint(n as i64), w_messages, sp.newint(flags as i64), w_addr])
}
/// sendmsg(buffers[, ancdata[, flags[, address]]]) -> count
///
/// Send normal and ancillary data to the socket, gathering the
/// non-ancillary data from a series of buffers and concatenating it into
/// a single message.
#[interp_fn(method, sig = "(self, buffers, ancdata=(), flags=0, address=None, /)")]
pub fn sendmsg(sp: Space, s: This<WSocket>, w_buffers: W, w_ancillary: W, flags: i32, w_address: W) -> Res<isize> {
    let (_keep, items) = sp.unpack(w_buffers)?;
    let held = items.iter().map(|w| Buffer::get(sp, *w)).collect::<Res<Vec<_>>>()?;
    let mut iov: Vec<_> =
        held.iter().map(|b| libc::iovec { iov_base: b.bytes().as_ptr().cast_mut().cast(), iov_len: b.len() }).collect();
    let mut control: Vec<u64> = Vec::new();
    let mut n_control = 0;
    if !w_ancillary.is_null() {
        let (_keep2, messages) = sp.unpack(w_ancillary)?;
        for w in messages {
            let (_keep3, fields) = sp.unpack(*w)?;
            let [w_level, w_type, w_data] = fields else {
                return Err(sp.type_error("sendmsg() argument 2 must be an iterable of 3-tuples"));
            };
            let (level, kind) = (i32::from_arg(sp, *w_level, "level")?, i32::from_arg(sp, *w_type, "type")?);
            let data = Buffer::get(sp, *w_data)?;
            let (Some(len), Some(space)) = (cmsg_len(data.len()), cmsg_space(data.len())) else {
                return Err(sp.raise(known::OS_ERROR, "ancillary data item too large"));
            };
            let at = n_control;
            n_control += space;
            control.resize(n_control / 8, 0);
            // SAFETY: `space` bytes from `at` on are in the table, aligned for a header.
            unsafe {
                let p = control.as_mut_ptr().cast::<u8>().add(at);
                let head = p.cast::<libc::cmsghdr>();
                ((*head).cmsg_len, (*head).cmsg_level, (*head).cmsg_type) = (len as _, level, kind);
                std::ptr::copy_nonoverlapping(data.bytes().as_ptr(), p.add(size_of::<libc::cmsghdr>()), data.len());
            }
        }
    }
    let mut to =
        if w_address.is_null() || w_address.is_none() { None } else { Some(to_c(sp, s.family, w_address, "sendmsg")?) };
    let mut m: libc::msghdr = zeroed();
    if let Some(a) = &mut to {
        m.msg_namelen = a.len;
        m.msg_name = a.ptr_mut().cast();
    }
    (m.msg_iov, m.msg_iovlen) = (iov.as_mut_ptr(), iov.len() as _);
    if n_control > 0 {
        (m.msg_control, m.msg_controllen) = (control.as_mut_ptr().cast(), n_control as _);
    }
    // SAFETY: everything the header points to is ours and of the lengths given.
    call(sp, &s, libc::POLLOUT, |fd| unsafe { libc::sendmsg(fd, &m, flags) })
}
