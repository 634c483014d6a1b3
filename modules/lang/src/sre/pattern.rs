//! `re.Pattern`.

use super::matches;
use super::op::*;
use super::program::Program;
use super::replace;
use super::scanner;
use super::subject::{Run, Subject};
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::prelude::*;

#[repr(C)]
#[derive(GcObject)]
pub struct WPattern {
    pub header: Header,
    /// The pattern as written, or None.
    pub w_pattern: W,
    /// Group numbers by name.
    pub w_groupindex: W,
    /// Group names by number: a tuple.
    pub w_indexgroup: W,
    pub flags: i64,
    pub groups: i64,
    /// 1 for bytes, 0 for str, -1 unknown.
    pub is_bytes: i64,
    pub program: *mut Program,
}

unsafe extern "C" fn free(obj: *mut u8) {
    let p = &mut *obj.cast::<WPattern>();
    if !p.program.is_null() {
        // SAFETY: made by Box::into_raw, released once.
        drop(Box::from_raw(std::mem::replace(&mut p.program, std::ptr::null_mut())));
    }
}

typespec!(PATTERN: WPattern, "re.Pattern", {
    doc: Str::new("Compiled regular expression object."),
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION | ty::WEAKREF,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { repr: Some(repr), hash: Some(hash), compare: Some(compare), ..Slots::EMPTY },
    methods: methods![
        match_, fullmatch, search, findall, finditer, split, sub, subn, scanner_, copy, deepcopy, class_getitem
    ],
    getset: table![getset!("groupindex", groupindex)],
    members: table![
        member!(WPattern, "pattern", w_pattern, Obj), member!(WPattern, "flags", flags, Int), member!(WPattern, "groups", groups, Int),
    ],
});

pub static TYPE: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    TYPE.set(sp, sp.newtype(&PATTERN, W::NULL, w_module)?);
    Ok(())
}

/// The program of a pattern.
pub fn program<'a>(sp: Space, this: This<WPattern>) -> Res<&'a mut Program> {
    if this.program.is_null() {
        return Err(sp.type_error("uninitialized pattern"));
    }
    let program = this.program;
    // SAFETY: owned by the pattern, which the caller keeps reachable. Matching changes nothing of it but the spare engine.
    Ok(unsafe { &mut *program })
}

#[interp_fn(sig = "(pattern, flags, code, groups, groupindex, indexgroup)")]
pub fn compile(
    sp: Space,
    w_pattern: W,
    flags: i64,
    w_code: W,
    groups: i64,
    w_groupindex: W,
    w_indexgroup: W,
) -> Res<W> {
    if !sp.isinstance(w_code, sp.known(known::LIST))? {
        return Err(raise!(sp, TYPE_ERROR, "compile() argument 'code' must be list, not {}", sp.type_name(w_code)));
    }
    if !sp.isinstance(w_groupindex, sp.known(known::DICT))? {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "compile() argument 'groupindex' must be dict, not {}",
            sp.type_name(w_groupindex)
        ));
    }
    if sp.tuple_opt(w_indexgroup).is_none() {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "compile() argument 'indexgroup' must be tuple, not {}",
            sp.type_name(w_indexgroup)
        ));
    }
    let groups_n = usize::try_from(groups).ok().filter(|g| *g <= i32::MAX as usize / 2);
    let Some(groups_n) = groups_n else { return Err(sp.runtime_error("invalid SRE code")) };
    let mut code = Vec::with_capacity(sp.list_len(w_code)? as usize);
    for i in 0..sp.list_len(w_code)? {
        let word = sp.int_w(sp.list_item(w_code, i)?)?;
        code.push(u32::try_from(word).map_err(|_| sp.overflow_error("regular expression code size limit exceeded"))?);
    }
    if code.last() != Some(&SUCCESS) {
        return Err(sp.runtime_error("invalid SRE code"));
    }
    let is_bytes = match (w_pattern.is_none(), sp.text_opt(w_pattern)) {
        (true, _) => -1,
        (_, Some(_)) => 0,
        _ => {
            Subject::any(sp, w_pattern)?;
            1
        }
    };
    let w = sp.allocate(TYPE.get(), 0)?;
    // SAFETY: an instance of our type.
    let mut this = unsafe { This::<WPattern>::new(w) };
    setfield!(sp, w, WPattern, w_pattern, w_pattern);
    setfield!(sp, w, WPattern, w_groupindex, w_groupindex);
    setfield!(sp, w, WPattern, w_indexgroup, w_indexgroup);
    (this.flags, this.groups, this.is_bytes) = (flags, groups, is_bytes);
    this.program = Box::into_raw(Box::new(Program::new(code, groups_n)));
    Ok(w)
}

/// A pattern at work between two positions.
pub fn run<'a>(sp: Space, this: This<WPattern>, w_string: W, pos: i64, endpos: Option<i64>) -> Res<Run<'a>> {
    let subject = Subject::new(sp, w_string, this.is_bytes)?;
    Ok(Run::new(sp, program(sp, this)?, subject, pos, endpos.unwrap_or(i64::MAX)))
}

fn one(sp: Space, this: This<WPattern>, run: &mut Run, found: Option<(usize, usize)>, pos: usize) -> Res<W> {
    match found {
        Some(span) => matches::new(sp, this, run, span, pos),
        None => Ok(W::NONE),
    }
}

/// Matches zero or more characters at the beginning of the string.
#[interp_fn(name = "match", method, sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
fn match_(sp: Space, this: This<WPattern>, w_string: W, pos: i64, endpos: Option<i64>) -> Res<W> {
    let mut run = run(sp, this, w_string, pos, endpos)?;
    let start = run.start;
    let found = run.match_here(false)?;
    one(sp, this, &mut run, found, start)
}

/// Matches against all of the string.
#[interp_fn(method, sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
fn fullmatch(sp: Space, this: This<WPattern>, w_string: W, pos: i64, endpos: Option<i64>) -> Res<W> {
    let mut run = run(sp, this, w_string, pos, endpos)?;
    let start = run.start;
    let found = run.match_here(true)?;
    one(sp, this, &mut run, found, start)
}

/// Scan through string looking for a match, and return a corresponding match object instance.
///
/// Return None if no position in the string matches.
#[interp_fn(method, sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
fn search(sp: Space, this: This<WPattern>, w_string: W, pos: i64, endpos: Option<i64>) -> Res<W> {
    let mut run = run(sp, this, w_string, pos, endpos)?;
    let start = run.start;
    let found = run.find()?;
    one(sp, this, &mut run, found, start)
}

/// A group of the match just made; `w_unset` for one that took no part.
pub fn group(sp: Space, run: &Run, n: usize, w_unset: W) -> Res<W> {
    match (run.engine.marks.get(2 * n), run.engine.marks.get(2 * n + 1)) {
        (Some(&a), Some(&b)) if a != super::engine::NONE && b != super::engine::NONE => {
            run.subject.slice(sp, a, b.max(a))
        }
        _ => Ok(w_unset),
    }
}

/// Return a list of all non-overlapping matches of pattern in string.
#[interp_fn(method, sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
fn findall(sp: Space, this: This<WPattern>, w_string: W, pos: i64, endpos: Option<i64>) -> Res<W> {
    let mut run = run(sp, this, w_string, pos, endpos)?;
    let w_list = sp.newlist(&[])?;
    let groups = this.groups as usize;
    let w_empty = run.subject.slice(sp, 0, 0)?;
    while let Some((a, b)) = run.find()? {
        let w = match groups {
            0 => run.subject.slice(sp, a, b)?,
            1 => group(sp, &run, 0, w_empty)?,
            n => {
                let mut items = RootedVec::with_capacity(sp, n);
                for i in 0..n {
                    items.push(group(sp, &run, i, w_empty)?);
                }
                items.into_tuple()?
            }
        };
        sp.list_append(w_list, w)?;
    }
    Ok(w_list)
}

/// Return an iterator over all non-overlapping matches for the RE pattern in string.
///
/// For each match, the iterator returns a match object.
#[interp_fn(method, sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
fn finditer(sp: Space, this: This<WPattern>, w_string: W, pos: i64, endpos: Option<i64>) -> Res<W> {
    scanner::new(sp, scanner::ITERATOR.get(), this, w_string, pos, endpos)
}

#[interp_fn(name = "scanner", method, sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
fn scanner_(sp: Space, this: This<WPattern>, w_string: W, pos: i64, endpos: Option<i64>) -> Res<W> {
    scanner::new(sp, scanner::SCANNER_TYPE.get(), this, w_string, pos, endpos)
}

/// Split string by the occurrences of pattern.
#[interp_fn(method, sig = "(self, /, string, maxsplit=0)")]
fn split(sp: Space, this: This<WPattern>, w_string: W, maxsplit: i64) -> Res<W> {
    let mut run = run(sp, this, w_string, 0, None)?;
    let w_list = sp.newlist(&[])?;
    let (mut n, mut last) = (0, 0);
    while maxsplit == 0 || n < maxsplit {
        let Some((a, b)) = run.find()? else { break };
        sp.list_append(w_list, run.subject.slice(sp, last, a)?)?;
        for i in 0..this.groups as usize {
            sp.list_append(w_list, group(sp, &run, i, W::NONE)?)?;
        }
        n += 1;
        last = b;
    }
    sp.list_append(w_list, run.subject.slice(sp, last, run.end)?)?;
    Ok(w_list)
}

/// Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in string by the replacement repl.
#[interp_fn(method, sig = "(self, /, repl, string, count=0)")]
fn sub(sp: Space, this: This<WPattern>, w_repl: W, w_string: W, count: i64) -> Res<W> {
    Ok(replace::substitute(sp, this, w_repl, w_string, count)?.0)
}

/// Return the tuple (new_string, number_of_subs_made) found by replacing the leftmost non-overlapping occurrences of pattern with the
/// replacement repl.
#[interp_fn(method, sig = "(self, /, repl, string, count=0)")]
fn subn(sp: Space, this: This<WPattern>, w_repl: W, w_string: W, count: i64) -> Res<W> {
    let (w, n) = replace::substitute(sp, this, w_repl, w_string, count)?;
    sp.newtuple(&[w, W::int(n)])
}

#[interp_fn(name = "__copy__", method, sig = "(self, /)")]
fn copy(_sp: Space, this: This<WPattern>) -> Res<W> {
    Ok(this.w)
}
#[interp_fn(name = "__deepcopy__", method, sig = "(self, memo, /)")]
fn deepcopy(_sp: Space, this: This<WPattern>, _memo: W) -> Res<W> {
    Ok(this.w)
}
/// See PEP 585
#[interp_fn(name = "__class_getitem__", classmethod, sig = "(cls, item, /)")]
pub fn class_getitem(sp: Space, w_cls: W, w_item: W) -> Res<W> {
    sp.call(sp.known(known::GENERIC_ALIAS), &[w_cls, w_item])
}

#[slot]
fn groupindex(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: the descriptor checks its type.
    let this = unsafe { This::<WPattern>::new(w_self) };
    sp.call(sp.known(known::MAPPINGPROXY), &[this.w_groupindex])
}

#[slot]
fn repr(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: the slot's own type.
    let this = unsafe { This::<WPattern>::new(w_self) };
    let names = [
        ("re.IGNORECASE", 2),
        ("re.MULTILINE", 8),
        ("re.DOTALL", 16),
        ("re.VERBOSE", 64),
        ("re.DEBUG", 128),
        ("re.ASCII", 256),
        ("re.LOCALE", 4),
        ("re.UNICODE", 32),
    ];
    let mut flags = this.flags;
    if this.is_bytes == 0 && flags & (4 | 32 | 256) == 32 {
        flags &= !32;
    }
    let mut parts = Vec::new();
    for (name, bit) in names {
        if flags & bit != 0 {
            parts.push(name.to_string());
            flags &= !bit;
        }
    }
    if flags != 0 {
        parts.push(format!("{flags:#x}"));
    }
    let text = sp.text_w(sp.repr(this.w_pattern)?)?;
    let mut out: Vec<u32> = "re.compile(".chars().map(u32::from).collect();
    out.extend(text.chars().take(200));
    if !parts.is_empty() {
        out.extend(", ".chars().chain(parts.join("|").chars()).map(u32::from));
    }
    out.push(')' as u32);
    sp.newstr_chars(&out)
}

#[slot]
fn hash(sp: Space, w_self: W) -> Res<i64> {
    // SAFETY: the slot's own type.
    let this = unsafe { This::<WPattern>::new(w_self) };
    let mut h = sp.hash(this.w_pattern)? ^ this.flags ^ this.is_bytes ^ this.groups;
    for word in program(sp, this)?.code() {
        h = (h ^ *word as i64).wrapping_mul(1000003);
    }
    Ok(if h == -1 { -2 } else { h })
}

#[slot]
fn compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    // 2 and 3 are == and !=.
    if op != 2 && op != 3 || sp.type_(w_b)? != TYPE.get() {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let same = w_a == w_b || {
        // SAFETY: both are of our type.
        let (a, b) = unsafe { (This::<WPattern>::new(w_a), This::<WPattern>::new(w_b)) };
        a.flags == b.flags
            && a.is_bytes == b.is_bytes
            && program(sp, a)?.code() == program(sp, b)?.code()
            && sp.eq_w(a.w_pattern, b.w_pattern)?
    };
    Ok(W::bool(same == (op == 2)))
}
