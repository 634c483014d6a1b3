//! Reading from a buffered stream.

use super::{Buf, WBuffered};
use crate::files::writable_buffer;
use crate::util::{bind, or, size_arg};
use taipan_plugin_api::prelude::*;

typespec!(pub READER: WBuffered, "_io.BufferedReader", {
    doc: Str::new("A buffered reader over a raw stream."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    layout_flags: taipan_plugin_api::abi::gc::tf::FREE,
    free: Some(super::free),
    slots: &Slots { new: Some(super::new), init: Some(init), next: Some(next), repr: Some(super::common::repr), ..Slots::EMPTY },
    methods: methods![
        read, peek, read1, readinto, readinto1, readline, super::common::detach, super::common::simple_flush, super::common::close,
        super::common::seekable, super::common::readable, super::common::fileno, super::common::isatty,
        super::common::_dealloc_warn, super::common::seek, super::common::tell, super::common::truncate,
        super::common::__getstate__, super::common::__sizeof__
    ],
    getset: table![
        getset!("raw", super::common::raw), getset!("closed", super::common::closed), getset!("name", super::common::name),
        getset!("mode", super::common::mode), getset!("_finalizing", super::common::finalizing, super::common::set_finalizing)
    ],
});

#[slot]
fn init(sp: Space, w_self: W, args: Args) -> Res<()> {
    let [w_raw, w_size] = bind(sp, "BufferedReader", args, ["raw", "buffer_size"], 1)?;
    let size = sp.int_w(or(w_size, W::int(crate::files::DEFAULT_BUFFER_SIZE as i64)))?;
    setup(sp, w_self, w_raw, size)
}
/// `BufferedReader.__init__`
pub fn setup(sp: Space, w_self: W, w_raw: W, size: i64) -> Res<()> {
    Buf::of(sp, w_self).ok = false;
    crate::files::base::check_able(sp, w_raw, name!(sp, "readable"), "File or stream is not readable.")?;
    Buf::of(sp, w_self).setup(w_raw, size, true, false)
}

/// Reads up to `size` bytes; everything if it is negative or None.
#[interp_fn(sig = "(self, size=-1, /)", method)]
pub fn read(sp: Space, this: This<WBuffered>, w_size: W) -> Res<W> {
    let n = size_arg(sp, w_size)?;
    let mut b = Buf::ready(sp, this.w)?;
    if n < -1 {
        return Err(sp.value_error("read length must be non-negative or -1"));
    }
    b.check_open("read of closed file")?;
    if n == -1 {
        let _lock = b.lock()?;
        return read_all(b);
    }
    if n as usize <= b.unread() {
        return b.take(n as usize);
    }
    let _lock = b.lock()?;
    read_exactly(b, n as usize)
}

/// Everything until the end.
fn read_all(mut b: Buf) -> Res<W> {
    let sp = b.sp;
    let mut out = b.rbuf[b.rpos..b.rend].to_vec();
    b.reset_read();
    if b.writable {
        b.flush_writes()?;
    }
    if b.fast {
        let fd = b.file().read_fd(sp)?;
        return match crate::files::descriptor::read_all(sp, fd, &mut out)? {
            None if out.is_empty() => Ok(W::NONE),
            _ => sp.newbytes(&out),
        };
    }
    if let Some(w_readall) = sp.getattr_opt(b.raw(), name!(sp, "readall"))? {
        let w = sp.call(w_readall, &[])?;
        if w.is_none() {
            return if out.is_empty() { Ok(w) } else { sp.newbytes(&out) };
        }
        let Some(rest) = sp.bytes_opt(w) else { return Err(sp.type_error("readall() should return bytes")) };
        if out.is_empty() {
            return Ok(w);
        }
        out.extend_from_slice(rest);
        return sp.newbytes(&out);
    }
    loop {
        let w = sp.call_method(b.raw(), name!(sp, "read"), &[])?;
        if w.is_none() {
            return if out.is_empty() { Ok(w) } else { sp.newbytes(&out) };
        }
        match sp.bytes_opt(w) {
            Some([]) => return sp.newbytes(&out),
            Some(part) => out.extend_from_slice(part),
            None => return Err(sp.type_error("read() should return bytes")),
        }
    }
}

/// `n` bytes, fewer only at the end or when the raw stream would block (None if nothing is there then).
fn read_exactly(mut b: Buf, n: usize) -> Res<W> {
    let sp = b.sp;
    let mut out = Vec::new();
    let have = b.unread();
    if out.try_reserve(n.min(have + b.size.max(1 << 20))).is_err() {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    out.extend_from_slice(&b.rbuf[b.rpos..b.rend]);
    b.reset_read();
    if b.writable {
        b.flush_writes()?;
    }
    while out.len() < n {
        let missing = n - out.len();
        let got = if missing >= b.size {
            // Whole blocks go directly to the result.
            let at = out.len();
            let part = (missing - missing % b.size).min(1 << 24);
            if out.try_reserve(part).is_err() {
                return Err(sp.raise(known::MEMORY_ERROR, ""));
            }
            out.resize(at + part, 0);
            let r = b.raw_read(&mut out[at..]);
            out.truncate(at + r.as_ref().ok().copied().flatten().unwrap_or(0));
            r?
        } else {
            let r = b.fill()?;
            let k = b.unread().min(missing);
            out.extend_from_slice(&b.rbuf[b.rpos..b.rpos + k]);
            b.rpos += k;
            r
        };
        match got {
            Some(0) => break,
            Some(_) => {}
            None if out.is_empty() => return Ok(W::NONE),
            None => break,
        }
    }
    sp.newbytes(&out)
}

/// Bytes that are read ahead, at least one read's worth; the position does not change.
#[interp_fn(sig = "(self, size=0, /)", method)]
pub fn peek(sp: Space, this: This<WBuffered>, size: i64) -> Res<W> {
    let _ = size;
    let mut b = Buf::ready(sp, this.w)?;
    b.check_open("peek of closed file")?;
    let _lock = b.lock()?;
    if b.unread() == 0 {
        b.fill()?;
    }
    sp.newbytes(&b.rbuf[b.rpos..b.rend])
}
/// Reads up to `size` bytes with at most one read of the raw stream.
#[interp_fn(sig = "(self, size=-1, /)", method)]
pub fn read1(sp: Space, this: This<WBuffered>, size: i64) -> Res<W> {
    let mut out = Vec::new();
    match read1_to(sp, this.w, size, &mut out)? {
        true => sp.newbytes(&out),
        false => sp.newbytes(&[]),
    }
}
/// The same to native memory; false = it would block.
pub fn read1_to(sp: Space, w: W, size: i64, out: &mut Vec<u8>) -> Res<bool> {
    let mut b = Buf::ready(sp, w)?;
    b.check_open("read of closed file")?;
    let n = if size < 0 { b.size } else { size as usize };
    if n == 0 {
        return Ok(true);
    }
    let have = b.unread();
    if have > 0 {
        let k = n.min(have);
        out.extend_from_slice(&b.rbuf[b.rpos..b.rpos + k]);
        b.rpos += k;
        return Ok(true);
    }
    let _lock = b.lock()?;
    if b.writable {
        b.flush_writes()?;
    }
    b.reset_read();
    if out.try_reserve(n).is_err() {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    let at = out.len();
    out.resize(at + n, 0);
    let r = b.raw_read(&mut out[at..]);
    out.truncate(at + r.as_ref().ok().copied().flatten().unwrap_or(0));
    Ok(r?.is_some())
}

/// Fills a buffer.
#[interp_fn(sig = "(self, buffer, /)", method)]
pub fn readinto(sp: Space, this: This<WBuffered>, w_buffer: W) -> Res<W> {
    into(sp, this.w, w_buffer, false)
}
/// Fills a buffer with at most one read of the raw stream.
#[interp_fn(sig = "(self, buffer, /)", method)]
pub fn readinto1(sp: Space, this: This<WBuffered>, w_buffer: W) -> Res<W> {
    into(sp, this.w, w_buffer, true)
}
fn into(sp: Space, w: W, w_buffer: W, once: bool) -> Res<W> {
    let mut b = Buf::ready(sp, w)?;
    let mut dest = writable_buffer(sp, w_buffer, if once { "readinto1" } else { "readinto" })?;
    let dest = dest.bytes_mut();
    b.check_open("readinto of closed file")?;
    let mut done = b.unread().min(dest.len());
    let at = b.rpos;
    dest[..done].copy_from_slice(&b.rbuf[at..at + done]);
    b.rpos += done;
    if done == dest.len() {
        return Ok(sp.newint(done as i64));
    }
    let _lock = b.lock()?;
    if b.writable {
        b.flush_writes()?;
    }
    while done < dest.len() {
        let missing = dest.len() - done;
        let got = if missing > b.size {
            b.reset_read();
            b.raw_read(&mut dest[done..])?.inspect(|n| done += n)
        } else if once && done > 0 {
            break;
        } else {
            let r = b.fill()?;
            let k = b.unread().min(missing);
            dest[done..done + k].copy_from_slice(&b.rbuf[b.rpos..b.rpos + k]);
            b.rpos += k;
            done += k;
            r
        };
        match got {
            Some(0) => break,
            Some(_) if once => break,
            Some(_) => {}
            None if done == 0 => return Ok(W::NONE),
            None => break,
        }
    }
    Ok(sp.newint(done as i64))
}

/// One line, up to `size` bytes.
#[interp_fn(sig = "(self, size=-1, /)", method)]
pub fn readline(sp: Space, this: This<WBuffered>, w_size: W) -> Res<W> {
    let n = size_arg(sp, w_size)?;
    line(sp, this.w, n)
}
fn line(sp: Space, w: W, limit: i64) -> Res<W> {
    let mut b = Buf::ready(sp, w)?;
    b.check_open("readline of closed file")?;
    let limit = if limit < 0 { usize::MAX } else { limit as usize };
    let most = b.unread().min(limit);
    let at = b.rpos;
    if let Some(i) = memchr::memchr(b'\n', &b.rbuf[at..at + most]) {
        return b.take(i + 1);
    }
    if most == limit {
        return b.take(most);
    }
    let _lock = b.lock()?;
    let mut out = b.rbuf[b.rpos..b.rend].to_vec();
    b.reset_read();
    loop {
        match b.fill()? {
            None | Some(0) => break,
            Some(_) => {}
        }
        let most = b.unread().min(limit - out.len());
        let found = memchr::memchr(b'\n', &b.rbuf[..most]);
        let k = found.map_or(most, |i| i + 1);
        out.extend_from_slice(&b.rbuf[..k]);
        b.rpos = k;
        if found.is_some() || out.len() == limit {
            break;
        }
    }
    sp.newbytes(&out)
}
/// The next line.
#[slot]
pub fn next(sp: Space, w_self: W) -> Res<Option<W>> {
    let w = if crate::files::types::is_buffered(sp, w_self) {
        line(sp, w_self, -1)?
    } else {
        sp.call_method(w_self, name!(sp, "readline"), &[])?
    };
    match sp.bytes_opt(w) {
        Some([]) => Ok(None),
        Some(_) => Ok(Some(w)),
        None => {
            let t = sp.type_name(w);
            Err(taipan_plugin_api::raise!(sp, OS_ERROR, "readline() should have returned a bytes object, not '{t}'"))
        }
    }
}
