//! Code objects: made from marshalled bytes, and their Python type.

use std::ffi::c_void;
use taipan_abi::gc::Visit;
use taipan_abi::mode::barrier;
use taipan_abi::opcode::{Op, co};
use taipan_abi::thread::{Cache, Code, cf};
use taipan_abi::types::{Slots, TypeSpec};
use taipan_abi::word::{TID_CODE, W};
use taipan_interp::call::SLACK;
use taipan_interp::frames::line_of;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{getset, interp_fn, methods, slot, table};

/// The parts a code object is made of.
pub struct Parts<'a> {
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub stacksize: u32,
    pub flags: u32,
    pub ncaches: u32,
    pub firstlineno: u32,
    /// Instruction words, little-endian bytes.
    pub code: &'a [u8],
    pub w_consts: W,
    pub w_names: W,
    pub w_localsplusnames: W,
    pub w_localspluskinds: W,
    pub w_filename: W,
    pub w_name: W,
    pub w_qualname: W,
    pub w_linetable: W,
    pub w_exceptiontable: W,
}

const KIND_CELL: u8 = 0x40;
const KIND_FREE: u8 = 0x80;

unsafe extern "C" fn trace(obj: *mut u8, v: Visit, ctx: *mut c_void) {
    let c = &mut *(obj as *mut Code);
    for w in [
        &mut c.w_consts,
        &mut c.w_names,
        &mut c.w_localsplusnames,
        &mut c.w_localspluskinds,
        &mut c.w_filename,
        &mut c.w_name,
        &mut c.w_qualname,
        &mut c.w_linetable,
        &mut c.w_exceptiontable,
    ] {
        v(ctx, w)
    }
}

unsafe extern "C" fn free(obj: *mut u8) {
    let c = &mut *(obj as *mut Code);
    drop_slice(c.code as *mut u32, c.ncode as usize);
    drop_slice(c.caches, c.ncaches as usize);
    drop_slice(c.exceptions as *mut [u32; 4], c.nexceptions as usize);
    drop_slice(c.cell_params as *mut u32, c.ncell_params as usize);
}
unsafe fn drop_slice<T>(p: *mut T, n: usize) {
    if !p.is_null() {
        drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(p, n)));
    }
}
fn leak<T>(v: Vec<T>) -> *mut T {
    Box::into_raw(v.into_boxed_slice()) as *mut T
}

/// A code object. The parts come from the compiler or were validated.
pub fn new(sp: Space, p: &Parts) -> Res<W> {
    let words: Vec<u32> = p.code.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let kinds = sp.bytes_opt(p.w_localspluskinds).unwrap_or(&[]);
    let table: Vec<[u32; 4]> = sp
        .bytes_opt(p.w_exceptiontable)
        .unwrap_or(&[])
        .chunks_exact(16)
        .map(|b| std::array::from_fn(|i| u32::from_le_bytes([b[4 * i], b[4 * i + 1], b[4 * i + 2], b[4 * i + 3]])))
        .collect();
    let total = kinds.len() as u32;
    let nparams =
        p.argcount + p.kwonlyargcount + (p.flags & co::VARARGS != 0) as u32 + (p.flags & co::VARKEYWORDS != 0) as u32;
    let cell_params: Vec<u32> = (0..nparams.min(total)).filter(|i| kinds[*i as usize] & KIND_CELL != 0).collect();
    let nfree = kinds.iter().filter(|k| **k & KIND_FREE != 0).count() as u32;
    let ncells = kinds
        .iter()
        .enumerate()
        .filter(|(i, k)| **k & KIND_CELL != 0 && *i as u32 >= nparams && **k & KIND_FREE == 0)
        .count() as u32;
    let mut shape = 0;
    if nfree > 0 || ncells > 0 || !cell_params.is_empty() {
        shape |= cf::CELLS;
    }
    if p.flags & (co::GENERATOR | co::COROUTINE | co::ASYNC_GENERATOR) != 0 {
        shape |= cf::SUSPENDS;
    }
    if shape & cf::CELLS == 0 && p.kwonlyargcount == 0 && p.flags & (co::VARARGS | co::VARKEYWORDS) == 0 {
        shape |= cf::SIMPLE;
    }
    // SAFETY: the row's layout is Code; the object is new until the barrier-free stores are done (no allocation in between).
    unsafe {
        let w = sp.alloc(TID_CODE, std::mem::size_of::<Code>())?;
        let c = &mut *w.ptr::<Code>();
        barrier(sp.th(), w, &raw mut c.w_consts);
        c.w_consts = p.w_consts;
        c.w_names = p.w_names;
        c.w_localsplusnames = p.w_localsplusnames;
        c.w_localspluskinds = p.w_localspluskinds;
        c.w_filename = p.w_filename;
        c.w_name = p.w_name;
        c.w_qualname = p.w_qualname;
        c.w_linetable = p.w_linetable;
        c.w_exceptiontable = p.w_exceptiontable;
        c.consts = sp.tuple_items(p.w_consts).as_ptr();
        c.names = sp.tuple_items(p.w_names).as_ptr();
        c.ncode = words.len() as u32;
        c.code = leak(words);
        c.ncaches = p.ncaches;
        c.caches = leak(vec![Cache::default(); p.ncaches as usize]);
        c.nexceptions = table.len() as u32;
        c.exceptions = leak(table);
        c.argcount = p.argcount;
        c.posonlyargcount = p.posonlyargcount;
        c.kwonlyargcount = p.kwonlyargcount;
        c.flags = p.flags;
        c.firstlineno = p.firstlineno;
        c.nlocalsplus = total;
        c.nlocals = total - ncells - nfree;
        c.ncells = ncells;
        c.nfree = nfree;
        c.stacksize = p.stacksize;
        c.framesize = total + p.stacksize + SLACK;
        c.nparams = nparams;
        c.shape = shape;
        c.ncell_params = cell_params.len() as u32;
        c.cell_params = leak(cell_params);
        Ok(w)
    }
}

/// The code of a word known to be a code object.
pub fn get<'a>(w: W) -> &'a Code {
    // SAFETY: the caller has checked the type; objects do not move.
    unsafe { &*w.ptr::<Code>() }
}

fn names_of_kind(sp: Space, c: &Code, want: impl Fn(usize, u8) -> bool) -> Res<W> {
    let names = sp.tuple_items(c.w_localsplusnames);
    let kinds = sp.bytes_opt(c.w_localspluskinds).unwrap_or(&[]);
    let mut out = RootedVec::new(sp);
    for (i, w) in names.iter().enumerate() {
        if want(i, kinds[i]) {
            out.push(*w)
        }
    }
    out.into_tuple()
}
#[slot]
fn co_varnames(sp: Space, w: W) -> Res<W> {
    let c = get(w);
    names_of_kind(sp, c, |i, k| k & KIND_FREE == 0 && (k & KIND_CELL == 0 || (i as u32) < c.nparams))
}
#[slot]
fn co_cellvars(sp: Space, w: W) -> Res<W> {
    names_of_kind(sp, get(w), |_, k| k & KIND_CELL != 0 && k & KIND_FREE == 0)
}
#[slot]
fn co_freevars(sp: Space, w: W) -> Res<W> {
    names_of_kind(sp, get(w), |_, k| k & KIND_FREE != 0)
}
#[slot]
fn co_nlocals(sp: Space, w: W) -> Res<W> {
    let w_names = sp.getattr(w, name!(sp, "co_varnames"))?;
    Ok(W::int(sp.len(w_names)?))
}
/// Words that `co_code` shows before the real ones, and offsets count: tools expect that a block begins with an instruction for being
/// called, at the line of its `def`. Generators have one, their making.
pub fn entry_words(c: &Code) -> usize {
    // SAFETY: every code object has an instruction.
    (unsafe { *c.code } as u8 != Op::RETURN_GENERATOR as u8) as usize
}

/// The line of the call: that of the `def`; a module has none.
pub fn entry_line(sp: Space, c: &Code) -> i64 {
    let module = c.flags & co::OPTIMIZED == 0 && sp.text_opt(c.w_name).is_some_and(|t| t.eq_str("<module>"));
    if module { 0 } else { c.firstlineno as i64 }
}

/// The instruction words as bytes.
pub fn words(sp: Space, w: W) -> Res<W> {
    let c = get(w);
    // SAFETY: the words belong to the code object.
    let words = unsafe { std::slice::from_raw_parts(c.code, c.ncode as usize) };
    let bytes: Vec<u8> = words.iter().flat_map(|x| x.to_le_bytes()).collect();
    sp.newbytes(&bytes)
}
#[slot]
fn co_code(sp: Space, w: W) -> Res<W> {
    let w_words = words(sp, w)?;
    let mut bytes = (Op::NOP as u32).to_le_bytes().repeat(entry_words(get(w)));
    bytes.extend_from_slice(sp.bytes_opt(w_words).unwrap_or(&[]));
    sp.newbytes(&bytes)
}
macro_rules! int_getters {
    ($($name:ident $field:ident;)*) => { $(#[slot] fn $name(_sp: Space, w: W) -> Res<W> { Ok(W::int(get(w).$field as i64)) })* };
}
int_getters! {
    co_argcount argcount; co_posonlyargcount posonlyargcount; co_kwonlyargcount kwonlyargcount; co_stacksize stacksize; co_flags flags;
    co_firstlineno firstlineno;
}
macro_rules! obj_getters {
    ($($name:ident $field:ident;)*) => { $(#[slot] fn $name(_sp: Space, w: W) -> Res<W> { Ok(get(w).$field) })* };
}
obj_getters! {
    co_consts w_consts; co_names w_names; co_filename w_filename; co_name w_name; co_qualname w_qualname; co_linetable w_linetable;
    co_exceptiontable w_exceptiontable;
}

#[slot]
fn code_repr(sp: Space, w: W) -> Res<W> {
    let c = get(w);
    let (name, file) = (sp.string_w(c.w_name)?, sp.string_w(c.w_filename)?);
    sp.newstr(&format!("<code object {name} at {:#x}, file \"{file}\", line {}>", w.0, c.firstlineno))
}

/// A tuple of what makes two code objects equal.
fn identity(sp: Space, w: W) -> Res<W> {
    let c = get(w);
    let w_code = words(sp, w)?;
    sp.newtuple(&[
        c.w_name,
        W::int(c.argcount as i64),
        W::int(c.posonlyargcount as i64),
        W::int(c.kwonlyargcount as i64),
        W::int(c.flags as i64),
        W::int(c.firstlineno as i64),
        w_code,
        c.w_consts,
        c.w_names,
        c.w_localsplusnames,
        c.w_linetable,
        c.w_exceptiontable,
    ])
}
#[slot]
fn code_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    use taipan_abi::opcode::CmpOp;
    // SAFETY: a live word.
    if !unsafe { b.is_tid(TID_CODE) } || (op != CmpOp::Eq as u32 && op != CmpOp::Ne as u32) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let same = a == b || sp.eq_w(identity(sp, a)?, identity(sp, b)?)?;
    Ok(W::bool(same == (op == CmpOp::Eq as u32)))
}
#[slot]
fn code_hash(sp: Space, w: W) -> Res<i64> {
    let c = get(w);
    sp.hash(sp.newtuple(&[c.w_name, c.w_names, c.w_localsplusnames, W::int(c.firstlineno as i64)])?)
}

/// (start, end, line) for each range of instructions.
#[interp_fn(method, sig = "(self)")]
fn co_lines(sp: Space, w: W) -> Res<W> {
    let c = get(w);
    let table = sp.bytes_opt(c.w_linetable).unwrap_or(&[]);
    let mut rows = RootedVec::new(sp);
    let entry = entry_words(c) as i64;
    if entry != 0 {
        let row = sp.newtuple(&[W::int(0), W::int(entry * 2), W::int(entry_line(sp, c))])?;
        rows.push(row);
    }
    for l in taipan_abi::location::locations(table, c.firstlineno as i32) {
        let w_line = l.line.map_or(W::NONE, |x| W::int(x as i64));
        let (start, end) = (l.start_word as i64 + entry, l.end_word as i64 + entry);
        let row = sp.newtuple(&[W::int(start * 2), W::int(end * 2), w_line])?;
        rows.push(row);
    }
    sp.iter(rows.into_list()?)
}

/// (line, end line, column, end column) for each instruction word.
#[interp_fn(method, sig = "(self)")]
fn co_positions(sp: Space, w: W) -> Res<W> {
    let c = get(w);
    let table = sp.bytes_opt(c.w_linetable).unwrap_or(&[]);
    let mut rows = RootedVec::new(sp);
    let word = |x: Option<i32>| x.map_or(W::NONE, |x| W::int(x as i64));
    if entry_words(c) != 0 {
        let w_line = W::int(entry_line(sp, c));
        let row = sp.newtuple(&[w_line, w_line, W::int(0), W::int(0)])?;
        rows.push(row);
    }
    for l in taipan_abi::location::locations(table, c.firstlineno as i32) {
        let row = sp.newtuple(&[word(l.line), word(l.end_line), word(l.col), word(l.end_col)])?;
        for _ in l.start_word..l.end_word {
            rows.push(row);
        }
    }
    sp.iter(rows.into_list()?)
}

/// The name of the local, cell or free variable with this index in the frame.
#[interp_fn(method, name = "_varname_from_oparg", sig = "(self, /, oparg)")]
fn varname_from_oparg(sp: Space, w: W, index: i64) -> Res<W> {
    let names = sp.tuple_items(get(w).w_localsplusnames);
    match usize::try_from(index).ok().and_then(|i| names.get(i)) {
        Some(w_name) => Ok(*w_name),
        None => Err(sp.raise(known::INDEX_ERROR, "tuple index out of range")),
    }
}

/// A copy with some parts replaced.
#[interp_fn(raw, method, sig = "(self, /, **changes)")]
fn replace(sp: Space, w: W, args: Args) -> Res<W> {
    if args.n > 0 {
        return Err(sp.type_error("replace() takes no positional arguments"));
    }
    let c = get(w);
    let (w_code, w_shown) = (words(sp, w)?, sp.getattr(w, name!(sp, "co_code"))?);
    let mut p = Parts {
        argcount: c.argcount,
        posonlyargcount: c.posonlyargcount,
        kwonlyargcount: c.kwonlyargcount,
        stacksize: c.stacksize,
        flags: c.flags,
        ncaches: c.ncaches,
        firstlineno: c.firstlineno,
        code: sp.bytes_opt(w_code).unwrap_or(&[]),
        w_consts: c.w_consts,
        w_names: c.w_names,
        w_localsplusnames: c.w_localsplusnames,
        w_localspluskinds: c.w_localspluskinds,
        w_filename: c.w_filename,
        w_name: c.w_name,
        w_qualname: c.w_qualname,
        w_linetable: c.w_linetable,
        w_exceptiontable: c.w_exceptiontable,
    };
    for (name, v) in args.keywords(sp) {
        match &*name.to_str() {
            "co_filename" => p.w_filename = v,
            "co_name" => p.w_name = v,
            "co_qualname" => p.w_qualname = v,
            "co_firstlineno" => p.firstlineno = sp.int_w(v)? as u32,
            "co_flags" => p.flags = sp.int_w(v)? as u32,
            "co_consts" if sp.tuple_opt(v).is_some_and(|t| t.len() == sp.tuple_items(c.w_consts).len()) => {
                p.w_consts = v
            }
            "co_linetable" if sp.bytes_opt(v).is_some() => p.w_linetable = v,
            "co_code" if sp.bytes_opt(v) == sp.bytes_opt(w_shown) => {}
            other => {
                return Err(sp.not_implemented(&format!("code.replace({other}=...)")));
            }
        }
    }
    new(sp, &p)
}

/// The line of a word offset in bytes (for tools).
pub fn line(sp: Space, w: W, word: usize) -> i64 {
    line_of(sp, get(w), word)
}

/// The first line, or the qualified name, for messages.
pub fn describe(sp: Space, w: W) -> String {
    let c = get(w);
    format!("{}:{}", sp.string_w(c.w_filename).unwrap_or_default(), c.firstlineno)
}

/// Checks that words are instructions of this version; the deeper checks are the compiler's own (`validate`), made before bytes of a
/// file are trusted.
pub fn instructions_ok(words: &[u8], p: &Parts, nconsts: usize, nnames: usize, nlocals: usize) -> bool {
    use taipan_abi::opcode::{F_CONST, F_JUMP, F_JUMP_BACK, F_LOCAL, F_NAME};
    let w: Vec<u32> = words.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    if words.len() % 4 != 0 || w.is_empty() {
        return false;
    }
    let mut i = 0;
    while i < w.len() {
        let Some(op) = Op::from_u8(w[i] as u8) else { return false };
        let (arg, info) = ((w[i] >> 8) as usize, op.info());
        let next = i + op.words();
        if next > w.len() || op == Op::INVALID {
            return false;
        }
        if op.has_cache() && w[i + 1] >= p.ncaches {
            return false;
        }
        let f = info.flags;
        let bad = (f & F_CONST != 0 && arg >= nconsts)
            || (f & F_NAME != 0 && arg >= nnames)
            || (f & F_LOCAL != 0 && arg >= nlocals)
            || (f & F_JUMP != 0 && next + arg >= w.len())
            || (f & F_JUMP_BACK != 0 && arg > next);
        if bad {
            return false;
        }
        i = next;
    }
    true
}

/// The type of code objects.
pub static CODE: TypeSpec = TypeSpec {
    name: Str::new("code"),
    doc: Str::new("A compiled block: what functions, classes and modules run."),
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION | ty::WEAKREF,
    layout_flags: taipan_abi::gc::tf::TRACE | taipan_abi::gc::tf::FREE,
    fixed_bytes: std::mem::size_of::<Code>() as u32,
    item_bytes: 0,
    len_off: 0,
    items_off: 0,
    ptr_map: 0,
    trace: Some(trace),
    free: Some(free),
    native_bytes: None,
    slots: &Slots { repr: Some(code_repr), compare: Some(code_compare), hash: Some(code_hash), ..Slots::EMPTY },
    methods: methods![co_lines, co_positions, varname_from_oparg, replace],
    getset: table![
        getset!("co_varnames", co_varnames),
        getset!("co_cellvars", co_cellvars),
        getset!("co_freevars", co_freevars),
        getset!("co_nlocals", co_nlocals),
        getset!("co_code", co_code),
        getset!("_co_code_adaptive", co_code),
        getset!("co_argcount", co_argcount),
        getset!("co_posonlyargcount", co_posonlyargcount),
        getset!("co_kwonlyargcount", co_kwonlyargcount),
        getset!("co_stacksize", co_stacksize),
        getset!("co_flags", co_flags),
        getset!("co_firstlineno", co_firstlineno),
        getset!("co_consts", co_consts),
        getset!("co_names", co_names),
        getset!("co_filename", co_filename),
        getset!("co_name", co_name),
        getset!("co_qualname", co_qualname),
        getset!("co_linetable", co_linetable),
        getset!("co_exceptiontable", co_exceptiontable),
    ],
    members: table![],
};
