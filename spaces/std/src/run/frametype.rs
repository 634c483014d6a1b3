//! Frames and tracebacks as Python sees them.

use super::code;
use crate::layouts::{WCell, WFrame, WGenerator, WTraceback};
use taipan_abi::known;
use taipan_abi::opcode::co;
use taipan_abi::thread::{Frame, fr as flags};
use taipan_abi::types::Slots;
use taipan_abi::word::{TID_CELL, TID_FRAME, TID_TRACEBACK, W};
use taipan_interp::frames;
use taipan_interp::generator::generator_of;
use taipan_interp::jump;
use taipan_interp::objects::{gen_state, trace_event};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{getset, interp_fn, methods, setfield, slot, table};

pub(super) fn fr<'a>(w: W) -> &'a mut WFrame {
    // SAFETY: the gateway has checked the type.
    unsafe { &mut *w.ptr() }
}
fn or_none(w: W) -> W {
    if w.is_null() { W::NONE } else { w }
}

/// `gi_frame`: the frame object of a generator that is not finished.
pub fn of_generator(sp: Space, w_gen: W) -> Res<W> {
    // SAFETY: a generator object.
    unsafe {
        let g = &mut *w_gen.ptr::<WGenerator>();
        if g.state == gen_state::CLOSED {
            return Ok(W::NONE);
        }
        if !g.w_frame.is_null() {
            return Ok(g.w_frame);
        }
        if g.state == gen_state::RUNNING {
            // It is on the stack somewhere above.
            let mut f = sp.thread().gc.frame_top as *mut Frame;
            while !(*f).code.is_null() {
                if (*f).flags & flags::GENERATOR != 0 && generator_of(f) == w_gen {
                    return frames::frame_object(sp, f);
                }
                f = f.sub(1);
            }
        }
        let w = sp.alloc(TID_FRAME, std::mem::size_of::<WFrame>())?;
        let o = fr(w);
        o.w_code = g.w_code;
        o.w_globals = g.w_globals;
        o.w_generator = w_gen;
        o.trace_lines = true;
        setfield!(sp, w_gen, WGenerator, w_frame, w);
        Ok(w)
    }
}

/// The value of local `i` of a frame object (cells are looked into), NULL if unbound.
pub(super) fn local(w: W, i: usize, kinds: &[u8]) -> W {
    // SAFETY: a frame object; its slots hold the function and nlocalsplus words.
    unsafe {
        let Some(slots) = frames::slots(w) else { return W::NULL };
        let v = *slots.add(1 + i);
        if kinds[i] & 0xc0 != 0 && v.is_obj() && v.is_tid(TID_CELL) { (*v.ptr::<WCell>()).w_value } else { v }
    }
}
pub(super) fn set_local(sp: Space, w: W, i: usize, kinds: &[u8], value: W) {
    // SAFETY: as above. Slots of a frame on the value stack need no barrier; those in an array or a generator do.
    unsafe {
        let Some(slots) = frames::slots(w) else { return };
        let at = slots.add(1 + i);
        let v = *at;
        if kinds[i] & 0xc0 != 0 && v.is_obj() && v.is_tid(TID_CELL) {
            setfield!(sp, v, WCell, w_value, value);
            return;
        }
        let o = fr(w);
        if !o.live.is_null() {
            if (*o.live).flags & flags::DELEGATING != 0 {
                sp.barrier(generator_of(o.live), at);
            }
        } else {
            let owner = if o.w_slots.is_null() { o.w_generator } else { o.w_slots };
            sp.barrier(owner, at);
        }
        *at = value;
    }
}

/// (names, kinds) of a frame's locals.
pub(super) fn layout<'a>(sp: Space, w: W) -> (&'a [W], &'a [u8]) {
    let c = code::get(fr(w).w_code);
    (sp.tuple_items(c.w_localsplusnames), sp.bytes_opt(c.w_localspluskinds).unwrap_or(&[]))
}

/// A fresh dict of the bound locals (`locals()` of a function).
pub fn snapshot(sp: Space, w: W) -> Res<W> {
    let d = sp.newdict()?;
    let (names, kinds) = layout(sp, w);
    for (i, w_name) in names.iter().enumerate() {
        let v = local(w, i, kinds);
        // The variable of an inlined comprehension comes before a cell of the function that has its name.
        if !v.is_null() && sp.dict_get(d, *w_name)?.is_none() {
            sp.dict_set(d, *w_name, v)?;
        }
    }
    if !fr(w).w_extra.is_null() {
        sp.dict_update(d, fr(w).w_extra, 1)?;
    }
    Ok(d)
}

/// Kind of a local that only an inlined comprehension of a class or module body has.
const HIDDEN: u8 = 0x10;

/// Is such a local bound now? Then they are what `locals()` is about.
fn in_comprehension(sp: Space, w: W) -> bool {
    let kinds = layout(sp, w).1;
    (0..kinds.len()).any(|i| kinds[i] & HIDDEN != 0 && !local(w, i, kinds).is_null())
}

/// `locals()` of a frame: the namespace of a class or module body, else a snapshot.
pub fn locals(sp: Space, w: W) -> Res<W> {
    let o = fr(w);
    let ns = if o.live.is_null() {
        o.w_ns
    } else {
        // SAFETY: a live frame.
        unsafe { (*o.live).w_locals }
    };
    if ns.is_null() || in_comprehension(sp, w) { snapshot(sp, w) } else { Ok(ns) }
}

#[slot]
fn f_back(sp: Space, w: W) -> Res<W> {
    let o = fr(w);
    if o.live.is_null() {
        return Ok(or_none(o.w_back));
    }
    // SAFETY: a live frame.
    match unsafe { frames::caller(o.live) } {
        // SAFETY: as above.
        Some(f) => unsafe { frames::frame_object(sp, f) },
        None => Ok(W::NONE),
    }
}
#[slot]
fn f_code(_sp: Space, w: W) -> Res<W> {
    Ok(fr(w).w_code)
}
#[slot]
fn f_globals(_sp: Space, w: W) -> Res<W> {
    Ok(fr(w).w_globals)
}
#[slot]
fn f_builtins(sp: Space, w: W) -> Res<W> {
    Ok(super::space::builtins_of(sp, fr(w).w_globals))
}
#[slot]
fn f_locals(sp: Space, w: W) -> Res<W> {
    let c = code::get(fr(w).w_code);
    if c.flags & co::OPTIMIZED != 0 || in_comprehension(sp, w) {
        super::locals_proxy::new(sp, w)
    } else {
        locals(sp, w)
    }
}
/// Has its first instruction been reached?
unsafe fn begun(w: W) -> bool {
    let o = fr(w);
    o.live.is_null() || (*o.live).ip != (*(*o.live).code).code
}
/// The line a frame is at.
pub fn lineno(sp: Space, w: W) -> i64 {
    let o = fr(w);
    // SAFETY: a frame object; a frame in use.
    unsafe {
        if !begun(w) {
            return code::entry_line(sp, code::get(o.w_code));
        }
        code::line(sp, o.w_code, frames::lasti(w))
    }
}
#[slot]
fn f_lineno(sp: Space, w: W) -> Res<W> {
    let n = lineno(sp, w);
    Ok(if n >= 0 { W::int(n) } else { W::NONE })
}
#[slot]
fn set_f_lineno(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() {
        return Err(sp.raise(known::ATTRIBUTE_ERROR, "attribute 'f_lineno' of 'frame' objects cannot be deleted"));
    }
    if !sp.isinstance(v, sp.known(known::INT))? {
        return Err(sp.value_error("lineno must be an integer"));
    }
    match fr(w).event {
        trace_event::LINE | trace_event::YIELD => {}
        trace_event::CALL => {
            return Err(sp.value_error("can't jump from the 'call' trace event of a new frame"));
        }
        trace_event::NONE => return Err(sp.value_error("f_lineno can only be set in a trace function")),
        _ => return Err(sp.value_error("can only jump from a 'line' trace event")),
    }
    let line = sp.int_w(v)?;
    // SAFETY: the frame is sending an event, so it is live.
    unsafe { jump::prepare(sp, w, line, fr(w).event == trace_event::YIELD) }.map_err(|e| sp.value_error(&e))?;
    bind_locals(sp, w).inspect_err(|_| fr(w).jump = 0)
}
/// After a jump, code may take variables for bound that are not: they become None, with a warning.
fn bind_locals(sp: Space, w: W) -> Res<()> {
    let n = code::get(fr(w).w_code).nlocalsplus as usize;
    // SAFETY: a live frame's locals.
    let locals = |i: usize| unsafe { frames::slots(w).map(|s| s.add(1 + i)) };
    // SAFETY: as above.
    let unbound = |i: &usize| locals(*i).is_some_and(|s| unsafe { (*s).is_null() });
    let count = (0..n).filter(unbound).count();
    if count > 0 {
        let s = if count == 1 { "" } else { "s" };
        sp.warn(known::RUNTIME_WARNING, &format!("assigning None to {count} unbound local{s}"), 0)?;
        for i in (0..n).filter(unbound) {
            if let Some(s) = locals(i) {
                // SAFETY: as above; the value stack needs no barrier.
                unsafe { *s = W::NONE };
            }
        }
    }
    Ok(())
}
#[slot]
fn f_lasti(_sp: Space, w: W) -> Res<W> {
    // SAFETY: a frame object.
    let word = unsafe { if begun(w) { frames::lasti(w) + code::entry_words(code::get(fr(w).w_code)) } else { 0 } };
    Ok(W::int(word as i64 * 2))
}
#[slot]
fn f_trace(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(fr(w).w_trace))
}
#[slot]
fn set_f_trace(sp: Space, w: W, v: W) -> Res<()> {
    setfield!(sp, w, WFrame, w_trace, if v.is_none() { W::NULL } else { v });
    // SAFETY: a frame object.
    unsafe { taipan_interp::traced::begin_at(sp, w) };
    Ok(())
}
#[slot]
fn f_generator(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(fr(w).w_generator))
}
macro_rules! flags {
    ($($get:ident $set:ident $field:ident $deleted:literal;)*) => { $(
        #[slot]
        fn $get(_sp: Space, w: W) -> Res<W> { Ok(W::bool(fr(w).$field)) }
        #[slot]
        fn $set(sp: Space, w: W, v: W) -> Res<()> {
            if v.is_null() {
                let kind = if $deleted.starts_with("attribute") { known::ATTRIBUTE_ERROR } else { known::TYPE_ERROR };
                return Err(sp.raise(kind, $deleted));
            }
            if v != W::TRUE && v != W::FALSE {
                return Err(sp.type_error("attribute value type must be bool"));
            }
            fr(w).$field = v == W::TRUE;
            Ok(())
        }
    )* };
}
flags! {
    f_trace_lines set_f_trace_lines trace_lines "can't delete numeric/char attribute";
    f_trace_opcodes set_f_trace_opcodes trace_opcodes "attribute 'f_trace_opcodes' of 'frame' objects cannot be deleted";
}

/// Drops the locals of a frame that is not running.
#[interp_fn(method, sig = "(self)")]
fn clear(sp: Space, w: W) -> Res<()> {
    let o = fr(w);
    if !o.live.is_null() {
        return Err(sp.runtime_error("cannot clear an executing frame"));
    }
    if !o.w_generator.is_null() {
        // SAFETY: a generator object.
        let state = unsafe { (*o.w_generator.ptr::<WGenerator>()).state };
        if state == gen_state::SUSPENDED {
            return Err(sp.runtime_error("cannot clear a suspended frame"));
        }
        // One that never ran is over with this: an unawaited coroutine is reported.
        // SAFETY: a generator object.
        unsafe { super::gentype::gen_del(sp.th(), o.w_generator) };
        taipan_interp::generator::close(sp, o.w_generator)?;
    }
    let (names, _) = layout(sp, w);
    if !o.w_slots.is_null() {
        for i in 0..names.len() {
            // SAFETY: within the saved words; NULL needs no barrier.
            unsafe { *taipan_plugin_api::GcArray(o.w_slots).items().add(1 + i) = W::NULL };
        }
    }
    o.cleared = true;
    Ok(())
}
#[slot]
fn frame_repr(sp: Space, w: W) -> Res<W> {
    let c = code::get(fr(w).w_code);
    let (file, name) = (sp.repr_string(c.w_filename)?, sp.string_w(c.w_name)?);
    sp.newstr(&format!("<frame at {:#x}, file {file}, line {}, code {name}>", w.0, lineno(sp, w)))
}

typespec!(
    /// frame
    pub FRAME: WFrame, "frame", {
        doc: Str::new("A running or finished call."),
        flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
        slots: &Slots { repr: Some(frame_repr), ..Slots::EMPTY },
        methods: methods![clear],
        getset: table![
            getset!("f_back", f_back), getset!("f_code", f_code), getset!("f_globals", f_globals), getset!("f_builtins", f_builtins),
            getset!("f_locals", f_locals), getset!("f_lineno", f_lineno, set_f_lineno), getset!("f_lasti", f_lasti),
            getset!("f_trace", f_trace, set_f_trace), getset!("f_trace_lines", f_trace_lines, set_f_trace_lines),
            getset!("f_trace_opcodes", f_trace_opcodes, set_f_trace_opcodes), getset!("f_generator", f_generator),
        ],
    }
);

// ---- tracebacks ----

fn tb<'a>(w: W) -> &'a mut WTraceback {
    // SAFETY: the gateway has checked the type.
    unsafe { &mut *w.ptr() }
}
#[slot]
fn tb_frame(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(tb(w).w_frame))
}
#[slot]
fn tb_next(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(tb(w).w_next))
}
#[slot]
fn set_tb_next(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() {
        return Err(sp.type_error("can't delete tb_next attribute"));
    }
    // SAFETY: a live word.
    if !v.is_none() && !unsafe { v.is_tid(TID_TRACEBACK) } {
        return Err(raise!(sp, TYPE_ERROR, "expected traceback object or None, got '{}'", sp.type_name(v)));
    }
    let mut t = v;
    while !t.is_none() && !t.is_null() {
        if t == w {
            return Err(sp.value_error("traceback loop detected"));
        }
        t = tb(t).w_next;
    }
    setfield!(sp, w, WTraceback, w_next, if v.is_none() { W::NULL } else { v });
    Ok(())
}
#[slot]
fn tb_lasti(sp: Space, w: W) -> Res<W> {
    // As in CPython's tools, two units a code word: `co_positions()[tb_lasti // 2]`.
    let t = tb(w);
    let entry = code::entry_words(code::get(fr(t.w_frame).w_code)) as i64;
    Ok(sp.newint((t.lasti as i64).wrapping_add(entry * 2)))
}
#[slot]
fn tb_lineno(sp: Space, w: W) -> Res<W> {
    let t = tb(w);
    if t.lineno < 0 {
        t.lineno = code::line(sp, fr(t.w_frame).w_code, (t.lasti as i64).max(0) as usize / 2);
    }
    Ok(if t.lineno > 0 { W::int(t.lineno) } else { W::NONE })
}
#[slot]
fn tb_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    let names = ["tb_next", "tb_frame", "tb_lasti", "tb_lineno"];
    let mut v = [W::NULL; 4];
    for (i, w) in args.positional().iter().take(4).enumerate() {
        v[i] = *w;
    }
    for (n, w) in args.keywords(sp) {
        match names.iter().position(|x| n.eq_str(x)) {
            Some(i) => v[i] = w,
            None => {
                return Err(raise!(sp, TYPE_ERROR, "traceback() got an unexpected keyword argument '{}'", n.to_str()));
            }
        }
    }
    if let Some(i) = v.iter().position(|w| w.is_null()) {
        return Err(raise!(sp, TYPE_ERROR, "traceback() missing required argument '{}' (pos {})", names[i], i + 1));
    }
    // SAFETY: live words; the row's layout.
    unsafe {
        if !v[0].is_none() && !v[0].is_tid(TID_TRACEBACK) {
            return Err(raise!(sp, TYPE_ERROR, "expected traceback object or None, got '{}'", sp.type_name(v[0])));
        }
        if !v[1].is_tid(TID_FRAME) {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "traceback() argument 'tb_frame' must be frame, not {}",
                sp.type_name(v[1])
            ));
        }
        let (lasti, lineno) = (sp.int_w(v[2])?, sp.int_w(v[3])?);
        let w = sp.alloc(TID_TRACEBACK, std::mem::size_of::<WTraceback>())?;
        let t = tb(w);
        t.w_next = if v[0].is_none() { W::NULL } else { v[0] };
        t.w_frame = v[1];
        let entry = code::entry_words(code::get(fr(v[1]).w_code)) as i64;
        // Below the entry for a number that no instruction has.
        t.lasti = lasti.wrapping_sub(entry * 2) as u64;
        t.lineno = lineno;
        Ok(w)
    }
}
/// Names of the attributes.
#[interp_fn(method, name = "__dir__", sig = "(self)")]
fn tb_dir(sp: Space, _w: W) -> Res<W> {
    let names = ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"].map(|n| sp.intern(n));
    sp.newlist(&names)
}
typespec!(
    /// traceback
    pub TRACEBACK: WTraceback, "traceback", {
        doc: Str::new("One entry of an exception's traceback."),
        flags: ty::IMMUTABLE,
        slots: &Slots { new: Some(tb_new), ..Slots::EMPTY },
        methods: methods![tb_dir],
        getset: table![
            getset!("tb_frame", tb_frame), getset!("tb_next", tb_next, set_tb_next), getset!("tb_lasti", tb_lasti),
            getset!("tb_lineno", tb_lineno),
        ],
    }
);
