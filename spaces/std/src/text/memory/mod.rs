//! memoryview.
use taipan_plugin_api::prelude::*;
pub mod managed {} pub mod methods {}
/// x
pub fn copy_contiguous(sp: Space, w: W) -> Res<Vec<u8>> { Ok(Buffer::get(sp, w)?.to_vec()) }
/// x
pub fn new(sp: Space, _w: W, _f: u32) -> Res<W> { Err(sp.not_implemented("memoryview")) }
