//! mmap's methods.

use super::object::{ACCESS_COPY, ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, WMmap};
use crate::util::{blocking, check, errno, os_error};
use taipan_plugin_api::prelude::*;

/// An int or None.
pub struct MaybeInt(Option<i64>);
impl FromArg for MaybeInt {
    fn from_arg(sp: Space, w: W, _: &str) -> Res<MaybeInt> {
        if w.is_null() || w.is_none() { Ok(MaybeInt(None)) } else { sp.int_w(w).map(|n| MaybeInt(Some(n))) }
    }
}
fn no_exports(sp: Space, m: &WMmap, what: &str) -> Res<()> {
    if m.exports > 0 { Err(sp.raise(known::BUFFER_ERROR, what)) } else { Ok(()) }
}
/// Closes the map.
#[interp_fn(method, sig = "(self)")]
pub fn close(sp: Space, mut m: This<WMmap>) -> Res<()> {
    no_exports(sp, &m, "cannot close exported pointers exist")?;
    m.close();
    Ok(())
}
/// Reads up to n bytes; all that is left by default.
#[interp_fn(method, sig = "(self, n=None, /)")]
pub fn read(sp: Space, mut m: This<WMmap>, w_n: W) -> Res<W> {
    let n = if w_n.is_null() || w_n.is_none() { -1 } else { sp.int_w(w_n)? };
    let b = m.bytes(sp)?;
    let left = b.len().saturating_sub(m.pos);
    let n = if n < 0 { left } else { (n as usize).min(left) };
    let w = sp.newbytes(&b[m.pos.min(b.len())..][..n])?;
    m.pos += n;
    Ok(w)
}
/// Reads one byte as an int.
#[interp_fn(method, sig = "(self)")]
pub fn read_byte(sp: Space, mut m: This<WMmap>) -> Res<u8> {
    let Some(b) = m.bytes(sp)?.get(m.pos).copied() else { return Err(sp.value_error("read byte out of range")) };
    m.pos += 1;
    Ok(b)
}
/// Reads up to and including the next newline.
#[interp_fn(method, sig = "(self)")]
pub fn readline(sp: Space, mut m: This<WMmap>) -> Res<W> {
    let b = m.bytes(sp)?;
    let rest = &b[m.pos.min(b.len())..];
    let n = rest.iter().position(|c| *c == b'\n').map_or(rest.len(), |i| i + 1);
    let w = sp.newbytes(&rest[..n])?;
    m.pos += n;
    Ok(w)
}
/// Writes bytes at the position.
#[interp_fn(method, sig = "(self, bytes, /)")]
pub fn write(sp: Space, mut m: This<WMmap>, data: Buffer) -> Res<usize> {
    let (pos, n) = (m.pos, data.len());
    let b = m.bytes_mut(sp)?;
    if pos > b.len() || b.len() - pos < n {
        return Err(sp.value_error("data out of range"));
    }
    // The data may be a view of this very map.
    // SAFETY: both ranges are checked and may overlap.
    unsafe { std::ptr::copy(data.bytes().as_ptr(), b.as_mut_ptr().add(pos), n) };
    m.pos += n;
    Ok(n)
}
/// Writes one byte at the position.
#[interp_fn(method, sig = "(self, byte, /)")]
pub fn write_byte(sp: Space, mut m: This<WMmap>, byte: u8) -> Res<()> {
    let pos = m.pos;
    let Some(p) = m.bytes_mut(sp)?.get_mut(pos) else { return Err(sp.value_error("write byte out of range")) };
    *p = byte;
    m.pos += 1;
    Ok(())
}
/// Moves the position.
#[interp_fn(method, sig = "(self, pos, whence=0, /)")]
pub fn seek(sp: Space, mut m: This<WMmap>, pos: i64, whence: i32) -> Res<usize> {
    let size = m.bytes(sp)?.len();
    let base = match whence {
        0 => 0,
        1 => m.pos as i64,
        2 => size as i64,
        _ => return Err(sp.value_error("unknown seek type")),
    };
    let at = base.checked_add(pos).and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= size);
    m.pos = at.ok_or_else(|| sp.value_error("seek out of range"))?;
    Ok(m.pos)
}
/// The position.
#[interp_fn(method, sig = "(self)")]
pub fn tell(sp: Space, m: This<WMmap>) -> Res<usize> {
    m.bytes(sp)?;
    Ok(m.pos)
}
/// Always true.
#[interp_fn(method, sig = "(self)")]
pub fn seekable(_sp: Space, _m: This<WMmap>) -> Res<bool> {
    Ok(true)
}
/// A bound as in slicing.
fn bound(n: i64, len: usize) -> usize {
    (if n < 0 { n + len as i64 } else { n }).clamp(0, len as i64) as usize
}
fn search(sp: Space, m: &WMmap, needle: &Buffer, start: Option<i64>, end: Option<i64>, last: bool) -> Res<i64> {
    let b = m.bytes(sp)?;
    let (lo, hi) =
        (start.map_or(m.pos.min(b.len()), |n| bound(n, b.len())), end.map_or(b.len(), |n| bound(n, b.len())));
    if lo > hi {
        return Ok(-1);
    }
    let (hay, needle) = (&b[lo..hi], needle.bytes());
    if needle.is_empty() {
        return Ok(if last { hi } else { lo } as i64);
    }
    let mut at = hay.windows(needle.len());
    let found = if last { at.rposition(|w| w == needle) } else { at.position(|w| w == needle) };
    Ok(found.map_or(-1, |i| (lo + i) as i64))
}
/// The lowest index of a subsequence from the position on, or -1.
#[interp_fn(method, sig = "(self, view, start=None, end=None, /)")]
pub fn find(sp: Space, m: This<WMmap>, needle: Buffer, start: MaybeInt, end: MaybeInt) -> Res<i64> {
    search(sp, &m, &needle, start.0, end.0, false)
}
/// The highest index of a subsequence from the position on, or -1.
#[interp_fn(method, sig = "(self, view, start=None, end=None, /)")]
pub fn rfind(sp: Space, m: This<WMmap>, needle: Buffer, start: MaybeInt, end: MaybeInt) -> Res<i64> {
    search(sp, &m, &needle, start.0, end.0, true)
}
/// Writes changes back to the file.
#[interp_fn(method, sig = "(self, offset=0, size=None, /, *, flags=4)")]
pub fn flush(sp: Space, m: This<WMmap>, offset: i64, size: MaybeInt, flags: i32) -> Res<()> {
    let total = m.bytes(sp)?.len() as i64;
    let size = size.0.unwrap_or(total - offset);
    if offset < 0 || size < 0 || total - offset < size {
        return Err(sp.value_error("flush values out of range"));
    }
    if m.access == ACCESS_READ || m.access == ACCESS_COPY {
        return Ok(());
    }
    // SAFETY: the range lies in the map.
    let (r, e) =
        blocking(sp, || (unsafe { libc::msync(m.data.add(offset as usize).cast(), size as usize, flags) }, errno()));
    if r < 0 { Err(sp.raise_errno(e, W::NULL)) } else { Ok(()) }
}
/// Changes the size of the map and of its file.
#[interp_fn(method, sig = "(self, newsize, /)")]
pub fn resize(sp: Space, mut m: This<WMmap>, size: isize) -> Res<()> {
    m.bytes(sp)?;
    no_exports(sp, &m, "mmap can't resize with extant pointers exported.")?;
    if m.access != ACCESS_WRITE && m.access != ACCESS_DEFAULT {
        return Err(sp.type_error("mmap can't resize a readonly or copy-on-write memory map."));
    }
    if size < 0 {
        return Err(sp.value_error("new size out of range"));
    }
    if m.flags & libc::MAP_ANONYMOUS == 0 {
        if m.fd1 == 0 {
            return Err(sp.value_error("mmap can't resize with trackfd=False."));
        }
        // SAFETY: our descriptor.
        check(sp, unsafe { libc::ftruncate((m.fd1 - 1) as i32, m.offset + size as i64) })?;
    }
    // SAFETY: nothing points into the map; the kernel may move it.
    let p = unsafe { libc::mremap(m.data.cast(), m.size, size as usize, libc::MREMAP_MAYMOVE) };
    if p == libc::MAP_FAILED {
        return Err(os_error(sp));
    }
    (m.data, m.size) = (p.cast(), size as usize);
    Ok(())
}
/// The size of the file, or of an anonymous map.
#[interp_fn(method, sig = "(self)")]
pub fn size(sp: Space, m: This<WMmap>) -> Res<i64> {
    let n = m.bytes(sp)?.len() as i64;
    if m.fd1 == 0 {
        return if m.flags & libc::MAP_ANONYMOUS != 0 {
            Ok(n)
        } else {
            Err(sp.value_error("can't get size with trackfd=False"))
        };
    }
    let mut s: libc::stat = crate::posix::zeroed();
    // SAFETY: s is ours.
    check(sp, unsafe { libc::fstat((m.fd1 - 1) as i32, &mut s) })?;
    Ok(s.st_size)
}
/// Copies a range within the map.
#[interp_fn(method, name = "move", sig = "(self, dest, src, count, /)")]
pub fn move_(sp: Space, mut m: This<WMmap>, dest: i64, src: i64, count: i64) -> Res<()> {
    let b = m.bytes_mut(sp)?;
    let n = b.len() as i64;
    if dest < 0 || src < 0 || count < 0 || n - dest < count || n - src < count {
        return Err(sp.value_error("source, destination, or count out of range"));
    }
    b.copy_within(src as usize..(src + count) as usize, dest as usize);
    Ok(())
}
/// Tells the kernel how the memory will be used.
#[interp_fn(method, sig = "(self, option, start=0, length=None, /)")]
pub fn madvise(sp: Space, m: This<WMmap>, option: i32, start: i64, length: MaybeInt) -> Res<()> {
    let n = m.bytes(sp)?.len() as i64;
    if start < 0 || start >= n {
        return Err(sp.value_error("madvise start out of bounds"));
    }
    let length = length.0.unwrap_or(n);
    if length < 0 {
        return Err(sp.value_error("madvise length invalid"));
    }
    let length = length.min(n - start);
    // SAFETY: the range lies in the map.
    check(sp, unsafe { libc::madvise(m.data.add(start as usize).cast(), length as usize, option) }).map(drop)
}
/// The map itself.
#[interp_fn(method, name = "__enter__", sig = "(self)")]
pub fn enter(sp: Space, m: This<WMmap>) -> Res<W> {
    m.bytes(sp)?;
    Ok(m.w)
}
/// Closes the map.
#[interp_fn(method, name = "__exit__", sig = "(self, exc_type, exc_value, traceback, /)")]
pub fn exit(sp: Space, mut m: This<WMmap>, _w_type: W, _w_value: W, _w_tb: W) -> Res<()> {
    no_exports(sp, &m, "cannot close exported pointers exist")?;
    m.close();
    Ok(())
}
