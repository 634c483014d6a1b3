//! A bytes-like argument's memory.

use crate::space::{Res, Space};
use taipan_abi::types::BufferView;
use taipan_abi::word::W;

/// PyBUF_SIMPLE
pub const SIMPLE: u32 = 0;
/// PyBUF_WRITABLE
pub const WRITABLE: u32 = 1;
/// PyBUF_FORMAT | PyBUF_STRIDES and so on: everything, read-only allowed.
#[allow(dead_code)]
pub const FULL_RO: u32 = 0x011C;

/// The memory of a bytes-like object, held (so that it cannot be resized) until dropped.
pub struct Buffer {
    sp: Space,
    view: BufferView,
}
#[allow(missing_docs)]
impl Buffer {
    /// Contiguous, read-only access.
    pub fn get(sp: Space, w: W) -> Res<Buffer> {
        Self::with_flags(sp, w, SIMPLE)
    }
    /// Contiguous, writable.
    pub fn writable(sp: Space, w: W) -> Res<Buffer> {
        Self::with_flags(sp, w, WRITABLE)
    }
    pub fn with_flags(sp: Space, w: W, flags: u32) -> Res<Buffer> {
        // SAFETY: plain old data that getbuffer fills.
        let mut view: BufferView = unsafe { std::mem::zeroed() };
        sp.getbuffer(w, flags, &mut view)?;
        Ok(Buffer { sp, view })
    }
    pub fn view(&self) -> &BufferView {
        &self.view
    }
    pub fn bytes(&self) -> &[u8] {
        if self.view.len == 0 {
            return &[];
        }
        // SAFETY: the exporter keeps the memory while the view is held.
        unsafe { std::slice::from_raw_parts(self.view.ptr, self.view.len) }
    }
    /// Only of a writable view.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        assert!(self.view.readonly == 0);
        if self.view.len == 0 {
            return &mut [];
        }
        // SAFETY: as above, and the exporter granted writing.
        unsafe { std::slice::from_raw_parts_mut(self.view.ptr, self.view.len) }
    }
}
impl std::ops::Deref for Buffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.bytes()
    }
}
impl Drop for Buffer {
    fn drop(&mut self) {
        self.sp.releasebuffer(&mut self.view)
    }
}
