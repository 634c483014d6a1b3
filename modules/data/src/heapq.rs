//! `_heapq`.

use crate::bisect::less;
use taipan_plugin_api::abi::word::TID_LIST;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// `list.pop`, so that a subclass's own method is not called.
static LIST_POP: Global = Global::new();

fn setup(sp: Space, w_module: W) -> Res<()> {
    LIST_POP.set(sp, sp.getattr_str(sp.known(known::LIST), "pop")?);
    let about = "Heap queues\n\nHeaps are arrays for which a[k] <= a[2*k+1] and a[k] <= a[2*k+2] for\nall k, counting elements from 0.  For the sake of comparison,\nnon-existing elements are considered to be infinite.  a[0] is always the smallest element.\n";
    sp.setattr_str(w_module, "__about__", sp.newstr(about)?)
}
mixed_module!(
    MODULE,
    "_heapq",
    doc = "Heap queue algorithm (a.k.a. priority queue).\n\nHeaps are arrays for which a[k] <= a[2*k+1] and a[k] <= a[2*k+2] for\nall k, counting elements from 0.  For the sake of comparison,\nnon-existing elements are considered to be infinite.  The interesting\nproperty of a heap is that a[0] is always its smallest element.\n\nUsage:\n\nheap = []            # creates an empty heap\nheappush(heap, item) # pushes a new item on the heap\nitem = heappop(heap) # pops the smallest item from the heap\nitem = heap[0]       # smallest item on the heap without popping it\nheapify(x)           # transforms list into a heap, in-place, in linear time\nitem = heapreplace(heap, item) # pops and returns smallest item, and adds\n                               # new item; the heap size is unchanged\n\nOur API differs from textbook heap algorithms as follows:\n\n- We use 0-based indexing.  This makes the relationship between the\n  index for a node and the indexes for its children slightly less\n  obvious, but is more suitable since Python uses 0-based indexing.\n\n- Our heappop() method returns the smallest item, not the largest.\n\nThese two make it possible to view the heap as a regular Python list\nwithout surprises: heap[0] is the smallest item, and heap.sort()\nmaintains the heap invariant!\n",
    functions = [
        heappush,
        heappushpop,
        heappop,
        heapreplace,
        heapify,
        heappush_max,
        heappushpop_max,
        heappop_max,
        heapreplace_max,
        heapify_max,
    ],
    init = setup,
);

/// A list that is treated as a heap of smallest (or with `max` largest) first.
#[derive(Copy, Clone)]
struct Heap {
    sp: Space,
    w: W,
    max: bool,
}
impl Heap {
    fn new(sp: Space, w: W, max: bool, fname: &str) -> Res<Heap> {
        if sp.layout(w) == TID_LIST {
            return Ok(Heap { sp, w, max });
        }
        let t = sp.type_name(w);
        Err(raise!(sp, TYPE_ERROR, "{fname} must be list, not {t}"))
    }
    fn len(self) -> Res<i64> {
        self.sp.list_len(self.w)
    }
    fn get(self, i: i64) -> Res<W> {
        self.sp.list_item(self.w, i)
    }
    fn set(self, i: i64, w: W) -> Res<()> {
        self.sp.list_setitem(self.w, i, w)
    }
    /// Does `a` come before `b`?
    #[inline(always)]
    fn before(self, a: W, b: W) -> Res<bool> {
        if self.max { less(self.sp, b, a) } else { less(self.sp, a, b) }
    }
    fn same_size(self, n: i64) -> Res<()> {
        if self.len()? == n { Ok(()) } else { Err(self.sp.runtime_error("list changed size during iteration")) }
    }
    fn sift_down(self, start: i64, mut pos: i64) -> Res<()> {
        let n = self.len()?;
        if pos >= n {
            return Err(self.sp.index_error("index out of range"));
        }
        let new = self.get(pos)?;
        while pos > start {
            let parent_pos = (pos - 1) >> 1;
            let parent = self.get(parent_pos)?;
            let up = self.before(new, parent)?;
            self.same_size(n)?;
            if !up {
                break;
            }
            let (a, b) = (self.get(pos)?, self.get(parent_pos)?);
            self.set(parent_pos, a)?;
            self.set(pos, b)?;
            pos = parent_pos;
        }
        Ok(())
    }
    fn sift_up(self, mut pos: i64) -> Res<()> {
        let (start, end) = (pos, self.len()?);
        if pos >= end {
            return Err(self.sp.index_error("index out of range"));
        }
        let limit = end >> 1;
        while pos < limit {
            let mut child = 2 * pos + 1;
            if child + 1 < end {
                let (a, b) = (self.get(child)?, self.get(child + 1)?);
                // The order of the operands is what tells equal items apart.
                child += !self.before(a, b)? as i64;
                self.same_size(end)?;
            }
            let (a, b) = (self.get(child)?, self.get(pos)?);
            self.set(pos, a)?;
            self.set(child, b)?;
            pos = child;
        }
        self.sift_down(start, pos)
    }
    fn push(self, w: W) -> Res<()> {
        self.sp.list_append(self.w, w)?;
        self.sift_down(0, self.len()? - 1)
    }
    fn pop(self) -> Res<W> {
        let n = self.len()?;
        if n == 0 {
            return Err(self.sp.index_error("index out of range"));
        }
        let last = self.sp.call(LIST_POP.get(), &[self.w])?;
        if n == 1 {
            return Ok(last);
        }
        let first = self.get(0)?;
        self.set(0, last)?;
        self.sift_up(0)?;
        Ok(first)
    }
    fn replace(self, w: W) -> Res<W> {
        if self.len()? == 0 {
            return Err(self.sp.index_error("index out of range"));
        }
        let first = self.get(0)?;
        self.set(0, w)?;
        self.sift_up(0)?;
        Ok(first)
    }
    fn push_pop(self, w: W) -> Res<W> {
        if self.len()? == 0 {
            return Ok(w);
        }
        let top = self.get(0)?;
        if !self.before(top, w)? {
            return Ok(w);
        }
        self.replace(w)
    }
    fn heapify(self) -> Res<()> {
        for i in (0..self.len()? >> 1).rev() {
            self.sift_up(i)?
        }
        Ok(())
    }
}

/// Push item onto heap, maintaining the heap invariant.
#[interp_fn(sig = "(heap, item, /)")]
fn heappush(sp: Space, w: W, w_item: W) -> Res<()> {
    Heap::new(sp, w, false, "heappush() argument 1")?.push(w_item)
}
/// Push item on the heap, then pop and return the smallest item from the heap.
///
/// The combined action runs more efficiently than heappush() followed by
/// a separate call to heappop().
#[interp_fn(sig = "(heap, item, /)")]
fn heappushpop(sp: Space, w: W, w_item: W) -> Res<W> {
    Heap::new(sp, w, false, "heappushpop() argument 1")?.push_pop(w_item)
}
/// Pop the smallest item off the heap, maintaining the heap invariant.
#[interp_fn(sig = "(heap, /)")]
fn heappop(sp: Space, w: W) -> Res<W> {
    Heap::new(sp, w, false, "heappop() argument")?.pop()
}
/// Pop and return the current smallest value, and add the new item.
///
/// This is more efficient than heappop() followed by heappush(), and can be
/// more appropriate when using a fixed-size heap.  Note that the value
/// returned may be larger than item!  That constrains reasonable uses of
/// this routine unless written as part of a conditional replacement:
///
///     if item > heap[0]:
///         item = heapreplace(heap, item)
#[interp_fn(sig = "(heap, item, /)")]
fn heapreplace(sp: Space, w: W, w_item: W) -> Res<W> {
    Heap::new(sp, w, false, "heapreplace() argument 1")?.replace(w_item)
}
/// Transform list into a heap, in-place, in O(len(heap)) time.
#[interp_fn(sig = "(heap, /)")]
fn heapify(sp: Space, w: W) -> Res<()> {
    Heap::new(sp, w, false, "heapify() argument")?.heapify()
}
/// Push item onto max heap, maintaining the heap invariant.
#[interp_fn(sig = "(heap, item, /)")]
fn heappush_max(sp: Space, w: W, w_item: W) -> Res<()> {
    Heap::new(sp, w, true, "heappush_max() argument 1")?.push(w_item)
}
/// Maxheap variant of heappushpop.
///
/// The combined action runs more efficiently than heappush_max() followed by
/// a separate call to heappop_max().
#[interp_fn(sig = "(heap, item, /)")]
fn heappushpop_max(sp: Space, w: W, w_item: W) -> Res<W> {
    Heap::new(sp, w, true, "heappushpop_max() argument 1")?.push_pop(w_item)
}
/// Maxheap variant of heappop.
#[interp_fn(sig = "(heap, /)")]
fn heappop_max(sp: Space, w: W) -> Res<W> {
    Heap::new(sp, w, true, "heappop_max() argument")?.pop()
}
/// Maxheap variant of heapreplace.
#[interp_fn(sig = "(heap, item, /)")]
fn heapreplace_max(sp: Space, w: W, w_item: W) -> Res<W> {
    Heap::new(sp, w, true, "heapreplace_max() argument 1")?.replace(w_item)
}
/// Maxheap variant of heapify.
#[interp_fn(sig = "(heap, /)")]
fn heapify_max(sp: Space, w: W) -> Res<()> {
    Heap::new(sp, w, true, "heapify_max() argument")?.heapify()
}
