//! BufferedRWPair: a reader and a writer over two raw streams.

use super::{WBuffered, reader, writer};
use crate::files::types;
use crate::util::{bind, both, or};
use taipan_plugin_api::prelude::*;

/// The object.
#[repr(C)]
#[derive(GcObject)]
pub struct WPair {
    header: Header,
    w_reader: W,
    w_writer: W,
}
typespec!(pub PAIR: WPair, "_io.BufferedRWPair", {
    doc: Str::new("A buffered reader and a buffered writer over two raw streams."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    slots: &Slots { new: Some(crate::files::base::new), init: Some(init), ..Slots::EMPTY },
    methods: methods![read, peek, read1, readinto, readinto1, write, flush, readable, writable, close, isatty],
    getset: table![getset!("closed", closed)],
});

#[slot]
fn init(sp: Space, w_self: W, args: Args) -> Res<()> {
    let [w_reader, w_writer, w_size] = bind(sp, "BufferedRWPair", args, ["reader", "writer", "buffer_size"], 2)?;
    let size = sp.int_w(or(w_size, W::int(crate::files::DEFAULT_BUFFER_SIZE as i64)))?;
    crate::files::base::check_able(sp, w_reader, name!(sp, "readable"), "File or stream is not readable.")?;
    crate::files::base::check_able(sp, w_writer, name!(sp, "writable"), "File or stream is not writable.")?;
    let w_r = sp.call(types::READER.get(), &[w_reader, sp.newint(size)])?;
    setfield!(sp, w_self, WPair, w_reader, w_r);
    let w_w = sp.call(types::WRITER.get(), &[w_writer, sp.newint(size)])?;
    setfield!(sp, w_self, WPair, w_writer, w_w);
    Ok(())
}
fn ready(sp: Space, w: W) -> Res<This<WBuffered>> {
    if w.is_null() {
        return Err(sp.value_error("I/O operation on uninitialized object"));
    }
    // SAFETY: both parts are made above.
    Ok(unsafe { This::new(w) })
}

#[interp_fn(sig = "(self, size=-1, /)", method)]
fn read(sp: Space, p: This<WPair>, w_size: W) -> Res<W> {
    reader::read(sp, ready(sp, p.w_reader)?, w_size)
}
#[interp_fn(sig = "(self, size=0, /)", method)]
fn peek(sp: Space, p: This<WPair>, size: i64) -> Res<W> {
    reader::peek(sp, ready(sp, p.w_reader)?, size)
}
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn read1(sp: Space, p: This<WPair>, size: i64) -> Res<W> {
    reader::read1(sp, ready(sp, p.w_reader)?, size)
}
#[interp_fn(sig = "(self, buffer, /)", method)]
fn readinto(sp: Space, p: This<WPair>, w_buffer: W) -> Res<W> {
    reader::readinto(sp, ready(sp, p.w_reader)?, w_buffer)
}
#[interp_fn(sig = "(self, buffer, /)", method)]
fn readinto1(sp: Space, p: This<WPair>, w_buffer: W) -> Res<W> {
    reader::readinto1(sp, ready(sp, p.w_reader)?, w_buffer)
}
#[interp_fn(sig = "(self, buffer, /)", method)]
fn write(sp: Space, p: This<WPair>, w_buffer: W) -> Res<i64> {
    writer::write(sp, ready(sp, p.w_writer)?, w_buffer)
}
#[interp_fn(sig = "(self, /)", method)]
fn flush(sp: Space, p: This<WPair>) -> Res<W> {
    sp.call_method(ready(sp, p.w_writer)?.w, name!(sp, "flush"), &[])
}
#[interp_fn(sig = "(self, /)", method)]
fn readable(sp: Space, p: This<WPair>) -> Res<W> {
    sp.call_method(ready(sp, p.w_reader)?.w, name!(sp, "readable"), &[])
}
#[interp_fn(sig = "(self, /)", method)]
fn writable(sp: Space, p: This<WPair>) -> Res<W> {
    sp.call_method(ready(sp, p.w_writer)?.w, name!(sp, "writable"), &[])
}
#[interp_fn(sig = "(self, /)", method)]
fn close(sp: Space, p: This<WPair>) -> Res<W> {
    let w_writer = ready(sp, p.w_writer)?.w;
    let first = sp.call_method(w_writer, name!(sp, "close"), &[]).map(|_| ());
    both(sp, first, || sp.call_method(ready(sp, p.w_reader)?.w, name!(sp, "close"), &[]))
}
#[interp_fn(sig = "(self, /)", method)]
fn isatty(sp: Space, p: This<WPair>) -> Res<W> {
    let w = sp.call_method(ready(sp, p.w_writer)?.w, name!(sp, "isatty"), &[])?;
    if w != W::FALSE { Ok(w) } else { sp.call_method(ready(sp, p.w_reader)?.w, name!(sp, "isatty"), &[]) }
}
#[slot]
fn closed(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: the getter belongs to the pair.
    let p = unsafe { This::<WPair>::new(w_self) };
    if p.w_writer.is_null() {
        return Err(sp.runtime_error("the BufferedRWPair object is being garbage-collected"));
    }
    sp.getattr(p.w_writer, name!(sp, "closed"))
}
