//! Words outside the heap that the collector knows.

use crate::space::{Res, Space};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};
use taipan_abi::gc::RootNode;
use taipan_abi::word::W;

/// A growable buffer of words on the Rust side, scanned at each collection. For short-lived buffers; long ones belong on the heap.
pub struct RootedVec {
    sp: Space,
    /// Boxed, because the thread's list points to it.
    node: Box<UnsafeCell<RootNode>>,
    items: Vec<u64>,
}
impl RootedVec {
    /// An empty buffer.
    pub fn new(sp: Space) -> RootedVec {
        Self::with_capacity(sp, 0)
    }
    /// With room.
    pub fn with_capacity(sp: Space, n: usize) -> RootedVec {
        let items = Vec::with_capacity(n);
        let first = sp.thread().gc.roots;

        let node = Box::new(UnsafeCell::new(RootNode {
            next: first,
            prev: std::ptr::null_mut(),
            ptr: std::ptr::null_mut(),
            len: 0,
        }));
        // SAFETY: the list belongs to the running thread; nodes unlink themselves when dropped.
        unsafe {
            if !first.is_null() {
                (*first).prev = node.get();
            }
            (*sp.th()).gc.roots = node.get();
        }
        RootedVec { sp, node, items }
    }
    fn publish(&mut self) {
        // SAFETY: the node is ours.
        let n = unsafe { &mut *self.node.get() };
        n.ptr = self.items.as_mut_ptr().cast();
        n.len = self.items.len();
    }
    /// Appends.
    pub fn push(&mut self, w: W) {
        self.items.push(w.0);
        self.publish();
    }
    /// Removes the last.
    pub fn pop(&mut self) -> Option<W> {
        let w = self.items.pop().map(W);
        self.publish();
        w
    }
    /// Shortens.
    pub fn truncate(&mut self, n: usize) {
        self.items.truncate(n);
        self.publish();
    }
    /// Inserts.
    pub fn insert(&mut self, i: usize, w: W) {
        self.items.insert(i, w.0);
        self.publish();
    }
    /// Appends all.
    pub fn extend(&mut self, ws: &[W]) {
        self.items.extend(ws.iter().map(|w| w.0));
        self.publish();
    }
    /// The space it was made with.
    pub fn space(&self) -> Space {
        self.sp
    }
    /// A tuple of the items.
    pub fn into_tuple(self) -> Res<W> {
        self.sp.newtuple(&self)
    }
    /// A list of the items.
    pub fn into_list(self) -> Res<W> {
        self.sp.newlist(&self)
    }
}
impl std::ops::Deref for RootedVec {
    type Target = [W];
    fn deref(&self) -> &[W] {
        // SAFETY: W is a transparent u64.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr().cast(), self.items.len()) }
    }
}
impl std::ops::DerefMut for RootedVec {
    fn deref_mut(&mut self) -> &mut [W] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.items.as_mut_ptr().cast(), self.items.len()) }
    }
}
impl Drop for RootedVec {
    fn drop(&mut self) {
        // SAFETY: unlinks our node from the list of the thread that made it.
        unsafe {
            let n = &mut *self.node.get();
            if n.prev.is_null() {
                (*self.sp.th()).gc.roots = n.next
            } else {
                (*n.prev).next = n.next
            }
            if !n.next.is_null() {
                (*n.next).prev = n.prev
            }
        }
    }
}

/// A static word: registered as a root when it is first filled.
pub struct Global(AtomicU64, AtomicU64);
impl Global {
    /// Empty.
    pub const fn new() -> Global {
        Global(AtomicU64::new(0), AtomicU64::new(0))
    }
    /// The word; NULL while empty.
    #[inline(always)]
    pub fn get(&self) -> W {
        W(self.0.load(Ordering::Relaxed))
    }
    /// Fills it.
    pub fn set(&'static self, sp: Space, w: W) {
        if self.1.swap(1, Ordering::Relaxed) == 0 {
            // SAFETY: a static word, registered once.
            unsafe { ((*sp.thread().gcvt).add_roots)((&raw const self.0).cast(), 1) };
        }
        self.0.store(w.0, Ordering::Relaxed);
    }
    /// The word, made by `f` the first time.
    #[inline]
    pub fn get_or(&'static self, sp: Space, f: impl FnOnce(Space) -> Res<W>) -> Res<W> {
        let w = self.get();
        if !w.is_null() {
            return Ok(w);
        }
        let w = f(sp)?;
        self.set(sp, w);
        Ok(w)
    }
    /// Fills without registering: for interned (immortal) strings.
    #[doc(hidden)]
    pub fn set_immortal(&self, w: W) {
        self.0.store(w.0, Ordering::Relaxed);
    }
}
impl Default for Global {
    fn default() -> Self {
        Self::new()
    }
}

/// An interned string constant: `name!(sp, "append")`.
#[macro_export]
macro_rules! name {
    ($sp:expr, $text:expr) => {{
        static NAME: $crate::Global = $crate::Global::new();
        let w = NAME.get();
        if w.is_null() {
            let w = $sp.intern($text);
            NAME.set_immortal(w);
            w
        } else {
            w
        }
    }};
}
