//! Sending and receiving.

use super::addr::{Addr, from_c, to_c};
use super::object::{WSocket, call, call_until};
use crate::posix::buffer;
use crate::util::time::Deadline;
use taipan_plugin_api::prelude::*;

fn size(sp: Space, n: isize, function: &str) -> Res<usize> {
    usize::try_from(n).map_err(|_| sp.value_error(&format!("negative buffersize in {function}")))
}
/// recv(buffersize[, flags]) -> data
///
/// Receive up to buffersize bytes from the socket.  For the optional flags
/// argument, see the Unix manual.  When no data is available, block until
/// at least one byte is available or until the remote end is closed.  When
/// the remote end is closed and all data is read, return the empty string.
#[interp_fn(method, sig = "(self, buffersize, flags=0, /)")]
pub fn recv(sp: Space, s: This<WSocket>, n: isize, flags: i32) -> Res<W> {
    let mut buf = buffer(sp, size(sp, n, "recv")?)?;
    // SAFETY: the buffer has the length given.
    let n = call(sp, &s, libc::POLLIN, |fd| unsafe { libc::recv(fd, buf.as_mut_ptr().cast(), buf.len(), flags) })?;
    sp.newbytes(&buf[..n as usize])
}
/// recvfrom(buffersize[, flags]) -> (data, address info)
///
/// Like recv(buffersize, flags) but also return the sender's address info.
#[interp_fn(method, sig = "(self, buffersize, flags=0, /)")]
pub fn recvfrom(sp: Space, s: This<WSocket>, n: isize, flags: i32) -> Res<W> {
    let mut buf = buffer(sp, size(sp, n, "recvfrom")?)?;
    let mut a = Addr::room();
    let n = call(sp, &s, libc::POLLIN, |fd| {
        a.len = size_of::<libc::sockaddr_storage>() as u32;
        // SAFETY: the buffer has the length given, the address is ours.
        unsafe { libc::recvfrom(fd, buf.as_mut_ptr().cast(), buf.len(), flags, a.ptr_mut(), &mut a.len) }
    })?;
    sp.newtuple(&[sp.newbytes(&buf[..n as usize])?, from_c(sp, &a)?])
}
/// How much of a buffer is to be filled.
fn part(sp: Space, b: &Buffer, n: isize, function: &str) -> Res<usize> {
    match size(sp, n, function)? {
        0 => Ok(b.len()),
        n if n > b.len() => Err(sp.value_error("nbytes is greater than the length of the buffer")),
        n => Ok(n),
    }
}
/// recv_into(buffer, [nbytes[, flags]]) -> nbytes_read
///
/// A version of recv() that stores its data into a buffer rather than creating
/// a new string.  Receive up to buffersize bytes from the socket.  If buffersize
/// is not specified (or 0), receive up to the size available in the given buffer.
///
/// See recv() for documentation about the flags.
#[interp_fn(method, sig = "(self, buffer, nbytes=0, flags=0)")]
pub fn recv_into(sp: Space, s: This<WSocket>, w_buffer: W, n: isize, flags: i32) -> Res<isize> {
    let mut b = Buffer::writable(sp, w_buffer)?;
    let n = match n {
        n if n < 0 => return Err(sp.value_error("negative buffersize in recv_into")),
        0 => b.len(),
        n if n as usize > b.len() => return Err(sp.value_error("buffer too small for requested bytes")),
        n => n as usize,
    };
    let p = b.bytes_mut().as_mut_ptr();
    // SAFETY: the exporter keeps the memory while the buffer is held.
    call(sp, &s, libc::POLLIN, |fd| unsafe { libc::recv(fd, p.cast(), n, flags) })
}
/// recvfrom_into(buffer[, nbytes[, flags]]) -> (nbytes, address info)
///
/// Like recv_into(buffer[, nbytes[, flags]]) but also return the sender's address info.
#[interp_fn(method, sig = "(self, buffer, nbytes=0, flags=0)")]
pub fn recvfrom_into(sp: Space, s: This<WSocket>, w_buffer: W, n: isize, flags: i32) -> Res<W> {
    let mut b = Buffer::writable(sp, w_buffer)?;
    let n = part(sp, &b, n, "recvfrom_into")?;
    let p = b.bytes_mut().as_mut_ptr();
    let mut a = Addr::room();
    let n = call(sp, &s, libc::POLLIN, |fd| {
        a.len = size_of::<libc::sockaddr_storage>() as u32;
        // SAFETY: as above, and the address is ours.
        unsafe { libc::recvfrom(fd, p.cast(), n, flags, a.ptr_mut(), &mut a.len) }
    })?;
    sp.newtuple(&[sp.newint(n as i64), from_c(sp, &a)?])
}
/// send(data[, flags]) -> count
///
/// Send a data string to the socket.  For the optional flags
/// argument, see the Unix manual.  Return the number of bytes
/// sent; this may be less than len(data) if the network is busy.
#[interp_fn(method, sig = "(self, data, flags=0, /)")]
pub fn send(sp: Space, s: This<WSocket>, data: Buffer, flags: i32) -> Res<isize> {
    let b = data.bytes();
    // SAFETY: the exporter keeps the memory while the buffer is held.
    call(sp, &s, libc::POLLOUT, |fd| unsafe { libc::send(fd, b.as_ptr().cast(), b.len(), flags) })
}
/// sendall(data[, flags])
///
/// Send a data string to the socket.  For the optional flags
/// argument, see the Unix manual.  This calls send() repeatedly
/// until all data is sent.  If an error occurs, it's impossible
/// to tell how much data has been sent.
#[interp_fn(method, sig = "(self, data, flags=0, /)")]
pub fn sendall(sp: Space, s: This<WSocket>, data: Buffer, flags: i32) -> Res<()> {
    let deadline = Deadline::after(s.timeout());
    let mut rest = data.bytes();
    while !rest.is_empty() {
        // SAFETY: as above.
        let n = call_until(sp, &s, libc::POLLOUT, deadline, &mut |fd| unsafe {
            libc::send(fd, rest.as_ptr().cast(), rest.len(), flags)
        })?;
        rest = &rest[n as usize..];
        sp.poll()?;
    }
    Ok(())
}
/// sendto(data[, flags], address) -> count
///
/// Like send(data, flags) but allows specifying the destination address.
/// For IP sockets, the address is a pair (hostaddr, port).
#[interp_fn(method, raw)]
pub fn sendto(sp: Space, w_self: W, args: Args) -> Res<isize> {
    args.no_keywords(sp, "sendto")?;
    let a = args.positional();
    let (w_data, flags, w_address) = match a {
        [w_data, w_address] => (*w_data, 0, *w_address),
        [w_data, w_flags, w_address] => (*w_data, i32::from_arg(sp, *w_flags, "flags")?, *w_address),
        _ => return Err(sp.type_error(&format!("sendto() takes 2 or 3 arguments ({} given)", a.len()))),
    };
    // SAFETY: the gateway has checked self.
    let s: This<WSocket> = unsafe { This::new(w_self) };
    let data = Buffer::get(sp, w_data)?;
    let to = to_c(sp, s.family, w_address, "sendto")?;
    let b = data.bytes();
    // SAFETY: the exporter keeps the memory while the buffer is held; an address of its length.
    call(sp, &s, libc::POLLOUT, |fd| unsafe { libc::sendto(fd, b.as_ptr().cast(), b.len(), flags, to.ptr(), to.len) })
}
