//! Writing to a buffered stream.

use super::{Buf, WBuffered};
use crate::util::{bind, or};
use taipan_plugin_api::prelude::*;

typespec!(pub WRITER: WBuffered, "_io.BufferedWriter", {
    doc: Str::new("A buffered writer over a raw stream."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    layout_flags: taipan_plugin_api::abi::gc::tf::FREE,
    free: Some(super::free),
    slots: &Slots { new: Some(super::new), init: Some(init), repr: Some(super::common::repr), ..Slots::EMPTY },
    methods: methods![
        write, flush, super::common::detach, super::common::close, super::common::seekable, super::common::writable,
        super::common::fileno, super::common::isatty, super::common::_dealloc_warn, super::common::seek, super::common::tell,
        super::common::truncate, super::common::__getstate__, super::common::__sizeof__
    ],
    getset: table![
        getset!("raw", super::common::raw), getset!("closed", super::common::closed), getset!("name", super::common::name),
        getset!("mode", super::common::mode), getset!("_finalizing", super::common::finalizing, super::common::set_finalizing)
    ],
});

#[slot]
fn init(sp: Space, w_self: W, args: Args) -> Res<()> {
    let [w_raw, w_size] = bind(sp, "BufferedWriter", args, ["raw", "buffer_size"], 1)?;
    let size = sp.int_w(or(w_size, W::int(crate::files::DEFAULT_BUFFER_SIZE as i64)))?;
    setup(sp, w_self, w_raw, size)
}
/// `BufferedWriter.__init__`
pub fn setup(sp: Space, w_self: W, w_raw: W, size: i64) -> Res<()> {
    Buf::of(sp, w_self).ok = false;
    crate::files::base::check_able(sp, w_raw, name!(sp, "writable"), "File or stream is not writable.")?;
    Buf::of(sp, w_self).setup(w_raw, size, false, true)?;
    crate::files::writers::register(sp, w_self)
}

/// Writes a buffer; it is complete when this returns, though some of it may wait for `flush`.
#[interp_fn(sig = "(self, buffer, /)", method)]
pub fn write(sp: Space, this: This<WBuffered>, w_buffer: W) -> Res<i64> {
    let data = Buffer::get(sp, w_buffer)?;
    write_bytes(sp, this.w, &data)?;
    Ok(data.len() as i64)
}

/// `write` of native memory.
pub fn write_bytes(sp: Space, w_self: W, data: &[u8]) -> Res<()> {
    let mut b = Buf::ready(sp, w_self)?;
    if b.is_closed()? {
        return Err(sp.value_error("write to closed file"));
    }
    let _lock = b.lock()?;
    if b.unread() > 0 {
        b.rewind_unread()?;
    }
    b.reset_read();
    if data.len() <= b.size - b.wbuf.len() {
        b.wbuf.extend_from_slice(data);
        return Ok(());
    }
    if let Err(r) = b.flush_writes() {
        return would_block(b, data, 0, r);
    }
    let mut done = 0;
    while data.len() - done > b.size {
        match b.raw_write(&data[done..])? {
            Some(n) => done += n,
            None => {
                let r = crate::files::would_block(sp, "write could not complete without blocking", 0);
                return would_block(b, data, done, r);
            }
        }
        sp.poll()?;
    }
    b.wbuf.extend_from_slice(&data[done..]);
    Ok(())
}

/// After a BlockingIOError: keeps what fits into the buffer. If not all fits, the error says how much was taken.
fn would_block(mut b: Buf, data: &[u8], done: usize, r: Raised) -> Res<()> {
    let sp = b.sp;
    let w_exc = sp.thread().exc;
    if w_exc.is_null() || !sp.exc_match(w_exc, sp.known(known::BLOCKING_IO_ERROR))? {
        return Err(r);
    }
    let k = (b.size - b.wbuf.len().min(b.size)).min(data.len() - done);
    b.wbuf.extend_from_slice(&data[done..done + k]);
    sp.take_exc();
    if done + k == data.len() {
        return Ok(());
    }
    Err(crate::files::would_block(sp, "write could not complete without blocking", done + k))
}

/// Writes out what is buffered.
#[interp_fn(sig = "(self, /)", method)]
pub fn flush(sp: Space, this: This<WBuffered>) -> Res<()> {
    flush_all(sp, this.w)
}
/// `flush` of a writer or random stream.
pub fn flush_all(sp: Space, w_self: W) -> Res<()> {
    let mut b = Buf::ready(sp, w_self)?;
    if b.is_closed()? {
        return Err(sp.value_error("flush of closed file"));
    }
    let _lock = b.lock()?;
    b.settle()
}
