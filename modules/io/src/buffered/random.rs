//! BufferedRandom: reads and writes one seekable raw stream.

use super::{Buf, WBuffered};
use crate::util::{bind, or};
use taipan_plugin_api::prelude::*;

typespec!(pub RANDOM: WBuffered, "_io.BufferedRandom", {
    doc: Str::new("A buffered stream for reading and writing over a seekable raw stream."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    layout_flags: taipan_plugin_api::abi::gc::tf::FREE,
    free: Some(super::free),
    slots: &Slots {
        new: Some(super::new), init: Some(init), next: Some(super::reader::next), repr: Some(super::common::repr), ..Slots::EMPTY
    },
    methods: methods![
        super::reader::read, super::reader::peek, super::reader::read1, super::reader::readinto, super::reader::readinto1,
        super::reader::readline, super::writer::write, super::writer::flush, super::common::detach, super::common::close,
        super::common::seekable, super::common::readable, super::common::writable, super::common::fileno, super::common::isatty,
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
    let [w_raw, w_size] = bind(sp, "BufferedRandom", args, ["raw", "buffer_size"], 1)?;
    let size = sp.int_w(or(w_size, W::int(crate::files::DEFAULT_BUFFER_SIZE as i64)))?;
    Buf::of(sp, w_self).ok = false;
    crate::files::base::check_able(sp, w_raw, name!(sp, "seekable"), "File or stream is not seekable.")?;
    crate::files::base::check_able(sp, w_raw, name!(sp, "readable"), "File or stream is not readable.")?;
    crate::files::base::check_able(sp, w_raw, name!(sp, "writable"), "File or stream is not writable.")?;
    Buf::of(sp, w_self).setup(w_raw, size, true, true)?;
    crate::files::writers::register(sp, w_self)
}
