//! File descriptors: system calls with EINTR handling and paths for them.

use crate::util::{errno, retry};
use std::ffi::CString;
use taipan_plugin_api::prelude::*;

/// Reads once; None = it would block.
pub fn read(sp: Space, fd: i32, buf: &mut [u8]) -> Res<Option<usize>> {
    let (p, n) = (buf.as_mut_ptr(), buf.len());
    // SAFETY: the buffer is ours for the call.
    match retry(sp, || unsafe { libc::read(fd, p.cast(), n) } as i64)? {
        Ok(n) => Ok(Some(n as usize)),
        Err(libc::EAGAIN) => Ok(None),
        Err(e) => Err(sp.raise_errno(e, W::NULL)),
    }
}
/// Writes once; None = it would block.
pub fn write(sp: Space, fd: i32, data: &[u8]) -> Res<Option<usize>> {
    // SAFETY: the data are good for the call.
    match retry(sp, || unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) } as i64)? {
        Ok(n) => Ok(Some(n as usize)),
        Err(libc::EAGAIN) => Ok(None),
        Err(e) => Err(sp.raise_errno(e, W::NULL)),
    }
}
/// lseek; the inner error is the errno.
pub fn seek(sp: Space, fd: i32, offset: i64, whence: i32) -> Result<i64, i32> {
    // SAFETY: no memory is passed.
    let r = crate::util::blocking(sp, || unsafe { libc::lseek(fd, offset, whence) });
    if r < 0 { Err(errno()) } else { Ok(r) }
}
/// Appends all there is to `out`, with room as the file's size suggests. None = it would block and nothing came.
pub fn read_all(sp: Space, fd: i32, out: &mut Vec<u8>) -> Res<Option<()>> {
    let mut room = 8192;
    // SAFETY: plain data, filled by the call.
    unsafe {
        let mut st: libc::stat = std::mem::zeroed();
        if libc::fstat(fd, &mut st) == 0 && st.st_mode & libc::S_IFMT == libc::S_IFREG {
            let at = libc::lseek(fd, 0, libc::SEEK_CUR);
            if at >= 0 && st.st_size > at {
                room = ((st.st_size - at) as usize).min(isize::MAX as usize / 4) + 1
            }
        }
    }
    let start = out.len();
    loop {
        if out.try_reserve(room).is_err() {
            return Err(sp.raise(known::MEMORY_ERROR, ""));
        }
        let (p, n) = (out.spare_capacity_mut().as_mut_ptr(), out.capacity() - out.len());
        // SAFETY: n spare bytes.
        match retry(sp, || unsafe { libc::read(fd, p.cast(), n) } as i64)? {
            Ok(0) => return Ok(Some(())),
            // SAFETY: n bytes were written.
            Ok(n) => unsafe { out.set_len(out.len() + n as usize) },
            Err(libc::EAGAIN) if out.len() == start => return Ok(None),
            Err(libc::EAGAIN) => return Ok(Some(())),
            Err(e) => return Err(sp.raise_errno(e, W::NULL)),
        }
        if out.len() == out.capacity() { room = (out.len() / 2).clamp(8192, 1 << 28) } else { room = 1 }
    }
}

/// str, bytes or os.PathLike as the system's path.
pub fn path(sp: Space, w_path: W) -> Res<CString> {
    let w = fspath(sp, w_path)?;
    let bytes = match sp.text_opt(w) {
        Some(t) => fsencode(sp, &t)?,
        None => sp.bytes_opt(w).unwrap_or(&[]).to_vec(),
    };
    CString::new(bytes).map_err(|_| {
        sp.value_error(if sp.text_opt(w).is_some() { "embedded null character" } else { "embedded null byte" })
    })
}
/// os.fspath
pub fn fspath(sp: Space, w_path: W) -> Res<W> {
    let fits = |w: W| sp.text_opt(w).is_some() || sp.bytes_opt(w).is_some();
    if fits(w_path) {
        return Ok(w_path);
    }
    let message = |w: W| format!("expected str, bytes or os.PathLike object, not {}", sp.type_name(w));
    let Some(w_method) = sp.lookup_special(w_path, name!(sp, "__fspath__"))? else {
        return Err(sp.type_error(&message(w_path)));
    };
    let w = sp.call(w_method, &[])?;
    if fits(w) {
        return Ok(w);
    }
    let m = format!("expected {}.__fspath__() to return str or bytes, not {}", sp.type_name(w_path), sp.type_name(w));
    Err(sp.type_error(&m))
}
/// UTF-8 with surrogateescape.
fn fsencode(sp: Space, t: &Text) -> Res<Vec<u8>> {
    if let Some(s) = t.ascii() {
        return Ok(s.as_bytes().to_vec());
    }
    let mut out = Vec::new();
    let mut h = crate::codec_module::handlers::Handler::new(sp, name!(sp, "surrogateescape"), t.w);
    crate::codecs::utf8::encode(&crate::codec_module::handlers::chars_of(t), &mut h, &mut out)?;
    Ok(out)
}
