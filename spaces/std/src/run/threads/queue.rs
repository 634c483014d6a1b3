//! `_queue`: an unbounded queue between threads whose `put` can be called at any time, from finalizers and signal handlers too.

use super::{TID_QUEUE, futex};
use crate::containers::util::class_getitem;
use crate::types::util::builtin_type;
use std::cell::Cell;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, methods, mixed_module, setfield, slot};

/// SimpleQueue. The items are those of the list from `head` on. Under the interpreter lock, and no operation runs Python code
/// between its first look and its last store, so each is whole for the other threads.
#[repr(C)]
pub struct WQueue {
    header: Header,
    w_list: W,
    head: Cell<usize>,
    /// Changes with each put; who waits sleeps at it.
    word: AtomicU32,
    waiting: Cell<u32>,
}
// SAFETY: w_list is the first word behind the header, the only reference.
unsafe impl taipan_plugin_api::layout::GcObject for WQueue {
    const PTR_MAP: u64 = 1 << (std::mem::offset_of!(WQueue, w_list) / 8);
}
fn queue<'a>(w: W) -> &'a WQueue {
    // SAFETY: the gateway has checked the type, and the caller keeps `w`. The cells are touched under the interpreter lock only.
    unsafe { &*w.ptr::<WQueue>() }
}
static EMPTY: Global = Global::new();

/// Items before the head that are kept before the list is made anew.
const SLACK: usize = 32;

#[slot]
fn queue_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    if w_type == builtin_type(sp, TID_QUEUE) && (args.n > 0 || args.nkw(sp) > 0) {
        let kind = if args.nkw(sp) > 0 { "keyword" } else { "positional" };
        return Err(raise!(sp, TYPE_ERROR, "SimpleQueue() takes no {kind} arguments"));
    }
    let w = sp.allocate(w_type, 0)?;
    let w_list = sp.newlist(&[])?;
    setfield!(sp, w, WQueue, w_list, w_list);
    Ok(w)
}
fn len(sp: Space, w: W) -> Res<usize> {
    Ok(sp.list_len(queue(w).w_list)? as usize - queue(w).head.get())
}
fn append(sp: Space, w: W, w_item: W) -> Res<()> {
    sp.list_append(queue(w).w_list, w_item)?;
    queue(w).word.fetch_add(1, SeqCst);
    if queue(w).waiting.get() > 0 {
        futex::wake(&queue(w).word, 1);
    }
    Ok(())
}
fn pop(sp: Space, w: W) -> Res<W> {
    let q = queue(w);
    let head = q.head.get();
    let w_item = sp.list_item(q.w_list, head as i64)?;
    sp.list_setitem(q.w_list, head as i64, W::NONE)?;
    q.head.set(head + 1);
    let n = sp.list_len(q.w_list)? as usize;
    if head + 1 == n || (head >= SLACK && 2 * head >= n) {
        let mut rest = RootedVec::with_capacity(sp, n - head);
        for i in head + 1..n {
            rest.push(sp.list_item(q.w_list, i as i64)?);
        }
        let w_list = rest.into_list()?;
        setfield!(sp, w, WQueue, w_list, w_list);
        queue(w).head.set(0);
    }
    Ok(w_item)
}
fn wait(sp: Space, w: W, block: bool, w_timeout: W) -> Res<W> {
    let time = if !block || w_timeout.is_none() || w_timeout.is_null() {
        None
    } else {
        let time = futex::timeout(sp, w_timeout)?;
        if time.is_none() {
            return Err(sp.value_error("'timeout' must be a non-negative number"));
        }
        time
    };
    let deadline = futex::deadline(time);
    let q = queue(w);
    loop {
        if len(sp, w)? > 0 {
            return pop(sp, w);
        }
        if !block {
            return Err(sp.raise_object(EMPTY.get(), W::NULL));
        }
        q.waiting.update(|n| n + 1);
        let r = futex::wait(sp, &q.word, q.word.load(SeqCst), deadline);
        q.waiting.update(|n| n.saturating_sub(1));
        if !matches!(r, Ok(true)) && (r.is_err() || len(sp, w)? == 0) {
            // The wake-up may have been for this thread: another one takes its place.
            if q.waiting.get() > 0 {
                q.word.fetch_add(1, SeqCst);
                futex::wake(&q.word, 1);
            }
            r?;
            return Err(sp.raise_object(EMPTY.get(), W::NULL));
        }
    }
}

/// Put the item on the queue; it never blocks (block and timeout are there for compatibility with Queue).
#[interp_fn(method, sig = "(self, item, block=True, timeout=None)")]
fn put(sp: Space, w: W, w_item: W, _w_block: W, _w_timeout: W) -> Res<()> {
    append(sp, w, w_item)
}
/// Put an item into the queue without blocking.
#[interp_fn(method, sig = "(self, item)")]
fn put_nowait(sp: Space, w: W, w_item: W) -> Res<()> {
    append(sp, w, w_item)
}
/// Remove and return an item; Empty if there is none (in time).
#[interp_fn(method, sig = "(self, block=True, timeout=None)")]
fn get(sp: Space, w: W, block: bool, w_timeout: W) -> Res<W> {
    wait(sp, w, block, w_timeout)
}
/// Remove and return an item without blocking.
#[interp_fn(method, sig = "(self)")]
fn get_nowait(sp: Space, w: W) -> Res<W> {
    wait(sp, w, false, W::NULL)
}
/// Is the queue empty (at this moment)?
#[interp_fn(method, sig = "(self)")]
fn empty(sp: Space, w: W) -> Res<bool> {
    Ok(len(sp, w)? == 0)
}
/// The number of items (at this moment).
#[interp_fn(method, sig = "(self)")]
fn qsize(sp: Space, w: W) -> Res<i64> {
    Ok(len(sp, w)? as i64)
}
typespec!(
    /// _queue.SimpleQueue
    pub QUEUE: WQueue, "_queue.SimpleQueue", {
        doc: Str::new("Simple, unbounded, reentrant FIFO queue."),
        flags: ty::BASETYPE | ty::WEAKREF,
        slots: &Slots { new: Some(queue_new), ..Slots::EMPTY },
        methods: methods![put, put_nowait, get, get_nowait, empty, qsize, class_getitem],
    }
);

fn init(sp: Space, w: W) -> Res<()> {
    let w_bases = sp.newtuple(&[sp.known(known::EXCEPTION)])?;
    let w_dict = sp.newdict()?;
    sp.dict_set_str(w_dict, "__module__", sp.newstr("_queue")?)?;
    sp.dict_set_str(w_dict, "__doc__", sp.newstr("Exception raised by Queue.get(block=0)/get_nowait().")?)?;
    let w_empty = sp.call(sp.known(known::TYPE), &[sp.newstr("Empty")?, w_bases, w_dict])?;
    EMPTY.set(sp, w_empty);
    sp.setattr_str(w, "Empty", w_empty)?;
    sp.setattr_str(w, "SimpleQueue", builtin_type(sp, TID_QUEUE))
}
mixed_module!(MODULE, "_queue", doc = "Queues between threads.", functions = [], init = init);
