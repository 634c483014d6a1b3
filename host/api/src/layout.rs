//! Objects' layouts: reference maps, arrays of words, growable arrays inside objects.

use crate::space::{Res, Space};
use taipan_abi::word::{Header, TID_ARRAY_W, W};

/// A field type of an object's struct. `MAP`: which of its words are references.
///
/// # Safety
/// Every word of the type that can hold an object is in `MAP`.
pub unsafe trait GcField {
    #[allow(missing_docs)]
    const MAP: u64;
}
/// A struct that is an object's layout; implemented by `#[derive(GcObject)]`.
///
/// # Safety
/// `#[repr(C)]`, begins with a `Header`, and `PTR_MAP` names every word that can hold an object.
pub unsafe trait GcObject: Sized {
    /// Bit n: word n is a reference.
    const PTR_MAP: u64;
}
// SAFETY (all below): W is one reference; the others hold none.
unsafe impl GcField for W {
    const MAP: u64 = 1;
}
unsafe impl<const N: usize> GcField for [W; N] {
    const MAP: u64 = (1 << N) - 1;
}
unsafe impl GcField for GcVec {
    const MAP: u64 = 1;
}
unsafe impl<const N: usize> GcField for [u64; N] {
    const MAP: u64 = 0;
}
macro_rules! plain {
    ($($t:ty)*) => { $(unsafe impl GcField for $t { const MAP: u64 = 0; })* };
}
plain!(Header bool u8 i8 u16 i16 u32 i32 u64 i64 usize isize f64 f32 char);
// Native memory behind an object (released by its `free`); it may not hold words.
unsafe impl<T> GcField for *mut T {
    const MAP: u64 = 0;
}
unsafe impl<T> GcField for *const T {
    const MAP: u64 = 0;
}

/// A fixed-size array of words on the heap (row `TID_ARRAY_W`): header, length, items.
#[derive(Copy, Clone, PartialEq, Eq)]
#[repr(transparent)]
pub struct GcArray(pub W);

#[allow(missing_docs)]
impl GcArray {
    /// Bytes before the items.
    pub const ITEMS: usize = 16;

    /// `n` NULLs.
    pub fn new(sp: Space, n: usize) -> Res<GcArray> {
        // SAFETY: the row's layout is 16 bytes and n words.
        unsafe {
            let w = sp.alloc(TID_ARRAY_W, Self::ITEMS + n * 8)?;
            *w.ptr::<u64>().add(1) = n as u64;
            Ok(GcArray(w))
        }
    }
    #[inline(always)]
    pub fn capacity(self) -> usize {
        // SAFETY: an array of this layout.
        unsafe { *self.0.ptr::<u64>().add(1) as usize }
    }
    #[inline(always)]
    pub fn items(self) -> *mut W {
        // SAFETY: as above.
        unsafe { self.0.ptr::<W>().add(2) }
    }
    /// Item i; `i` is in range.
    #[inline(always)]
    pub fn get(self, i: usize) -> W {
        debug_assert!(i < self.capacity());
        // SAFETY: in range.
        unsafe { *self.items().add(i) }
    }
    /// Stores with the barrier; `i` is in range.
    #[inline(always)]
    pub fn set(self, sp: Space, i: usize, w: W) {
        debug_assert!(i < self.capacity());
        // SAFETY: in range; the barrier precedes the store.
        unsafe {
            let slot = self.items().add(i);
            taipan_abi::mode::barrier(sp.th(), self.0, slot);
            *slot = w;
        }
    }
    /// The barrier for a bulk store to [lo, hi) that follows at once.
    #[inline]
    pub fn barrier_range(self, sp: Space, lo: usize, hi: usize) {
        // SAFETY: the range lies in the array.
        unsafe {
            if self.0.header().gc & taipan_abi::gc::GC_BARRIER != 0 && hi > lo {
                ((*sp.thread().gcvt).wb_range)(sp.th().cast(), self.0.ptr(), self.items().add(lo), self.items().add(hi))
            }
        }
    }
}

/// A growable array as a field of an object: its `owner` is passed to whatever may replace the array.
#[derive(Copy, Clone)]
#[repr(C)]
pub struct GcVec {
    /// A GcArray, or NULL while empty.
    pub w_array: W,
    /// Items in use.
    pub len: usize,
}

#[allow(missing_docs)]
impl GcVec {
    pub const EMPTY: GcVec = GcVec { w_array: W::NULL, len: 0 };
    #[inline(always)]
    pub fn array(&self) -> GcArray {
        GcArray(self.w_array)
    }
    pub fn capacity(&self) -> usize {
        if self.w_array.is_null() { 0 } else { self.array().capacity() }
    }
    /// The items; the slice is invalid after the next change.
    #[inline(always)]
    pub fn as_slice(&self) -> &[W] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: len items are in use; objects do not move.
        unsafe { std::slice::from_raw_parts(self.array().items(), self.len) }
    }
    #[inline(always)]
    pub fn get(&self, i: usize) -> W {
        assert!(i < self.len);
        self.array().get(i)
    }
    #[inline(always)]
    pub fn set(&mut self, sp: Space, i: usize, w: W) {
        assert!(i < self.len);
        self.array().set(sp, i, w)
    }
    /// Room for `n` items in all.
    pub fn reserve(&mut self, sp: Space, owner: W, n: usize) -> Res<()> {
        let cap = self.capacity();
        if n <= cap {
            return Ok(());
        }
        let want = n.max(cap + (cap >> 3) + 6 & !3);
        // SAFETY: the array is ours; try_extend keeps the address and zeroes the new bytes.
        unsafe {
            if cap >= 4096 {
                let bytes = GcArray::ITEMS + want * 8;
                if ((*sp.thread().gcvt).try_extend)(sp.th().cast(), self.w_array.ptr(), bytes) != 0 {
                    *self.w_array.ptr::<u64>().add(1) = want as u64;
                    return Ok(());
                }
            }
            let new = GcArray::new(sp, want)?;
            if self.len > 0 {
                new.barrier_range(sp, 0, self.len);
                std::ptr::copy_nonoverlapping(self.array().items(), new.items(), self.len);
            }
            taipan_abi::mode::barrier(sp.th(), owner, &raw mut self.w_array);
            self.w_array = new.0;
        }
        Ok(())
    }
    #[inline]
    pub fn push(&mut self, sp: Space, owner: W, w: W) -> Res<()> {
        if self.len == self.capacity() {
            self.reserve(sp, owner, self.len + 1)?
        }
        self.array().set(sp, self.len, w);
        self.len += 1;
        Ok(())
    }
    #[inline]
    pub fn pop(&mut self) -> Option<W> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        let slot = self.len;
        let w = self.array().get(slot);
        // SAFETY: in range; storing NULL needs no barrier.
        unsafe { *self.array().items().add(slot) = W::NULL };
        Some(w)
    }
    /// Inserts at `i` (0..=len).
    pub fn insert(&mut self, sp: Space, owner: W, i: usize, w: W) -> Res<()> {
        assert!(i <= self.len);
        self.reserve(sp, owner, self.len + 1)?;
        let a = self.array();
        a.barrier_range(sp, i, self.len + 1);
        // SAFETY: there is room for one more.
        unsafe {
            std::ptr::copy(a.items().add(i), a.items().add(i + 1), self.len - i);
            *a.items().add(i) = w;
        }
        self.len += 1;
        Ok(())
    }
    /// Replaces [lo, hi) by `new` (which may not lie in this array).
    pub fn splice(&mut self, sp: Space, owner: W, lo: usize, hi: usize, new: &[W]) -> Res<()> {
        assert!(lo <= hi && hi <= self.len);
        let len = self.len - (hi - lo) + new.len();
        self.reserve(sp, owner, len)?;
        if len.max(self.len) == 0 {
            return Ok(());
        }
        let a = self.array();
        a.barrier_range(sp, lo, len);
        // SAFETY: both ranges lie in the capacity.
        unsafe {
            std::ptr::copy(a.items().add(hi), a.items().add(lo + new.len()), self.len - hi);
            std::ptr::copy_nonoverlapping(new.as_ptr(), a.items().add(lo), new.len());
            for i in len..self.len {
                *a.items().add(i) = W::NULL;
            }
        }
        self.len = len;
        Ok(())
    }
    pub fn clear(&mut self) {
        *self = Self::EMPTY;
    }
}

/// Stores a reference into a field of a heap object, with the barrier.
#[macro_export]
macro_rules! setfield {
    ($sp:expr, $obj:expr, $t:ty, $field:ident, $value:expr) => {{
        let (sp, obj, value): ($crate::Space, $crate::W, $crate::W) = ($sp, $obj, $value);
        // SAFETY: the caller names the object's layout; the barrier directly precedes the store.
        unsafe {
            let slot = &raw mut (*obj.ptr::<$t>()).$field;
            $crate::abi::mode::barrier(sp.th(), obj, slot);
            *slot = value;
        }
    }};
}
