//! `re.Match`.

use super::engine::NONE;
use super::pattern::WPattern;
use super::replace;
use super::subject::{Run, Subject};
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::prelude::*;

/// The spans of all groups (the whole match first) follow as pairs of i64, -1 for a group that took no part.
#[repr(C)]
#[derive(GcObject)]
pub struct WMatch {
    pub header: Header,
    pub len: u64,
    pub w_string: W,
    pub w_pattern: W,
    /// The tuple of spans once it was asked for.
    pub w_regs: W,
    pub pos: i64,
    pub endpos: i64,
    /// -1: no group.
    pub lastindex: i64,
}

typespec!(MATCH: WMatch, "re.Match", {
    doc: Str::new("The result of re.match() and re.search().\nMatch objects always have a boolean value of True."),
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
    layout_flags: tf::VAR,
    item_bytes: 8,
    len_off: std::mem::offset_of!(WMatch, len) as u32,
    items_off: std::mem::size_of::<WMatch>() as u32,
    slots: &Slots { repr: Some(repr), getitem: Some(getitem), ..Slots::EMPTY },
    methods: methods![group, groups, groupdict, start, end, span, expand, copy, deepcopy, super::pattern::class_getitem],
    getset: table![getset!("lastindex", lastindex), getset!("lastgroup", lastgroup), getset!("regs", regs)],
    members: table![
        member!(WMatch, "string", w_string, Obj), member!(WMatch, "re", w_pattern, Obj), member!(WMatch, "pos", pos, Int),
        member!(WMatch, "endpos", endpos, Int),
    ],
});

static TYPE: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    TYPE.set(sp, sp.newtype(&MATCH, W::NULL, w_module)?);
    Ok(())
}

impl WMatch {
    /// The span of a group that exists.
    fn span(&self, n: usize) -> Option<(usize, usize)> {
        assert!(2 * n + 1 < self.len as usize);
        // SAFETY: in range of the items that follow the struct.
        let (a, b) = unsafe {
            let items = (&raw const *self).add(1).cast::<i64>();
            (*items.add(2 * n), *items.add(2 * n + 1))
        };
        (a >= 0 && b >= 0).then_some((a as usize, b as usize))
    }
    fn count(&self) -> usize {
        self.len as usize / 2
    }
    fn pattern(&self) -> This<WPattern> {
        // SAFETY: only set to a pattern.
        unsafe { This::new(self.w_pattern) }
    }
}

/// The match that the run has just found.
pub fn new(sp: Space, pattern: This<WPattern>, run: &Run, (a, b): (usize, usize), pos: usize) -> Res<W> {
    let n = pattern.groups as usize + 1;
    let w = sp.allocate(TYPE.get(), 2 * n)?;
    // SAFETY: an instance of our type with 2 * n items, all written here.
    unsafe {
        let m = &mut *w.ptr::<WMatch>();
        let items = w.ptr::<WMatch>().add(1).cast::<i64>();
        (*items, *items.add(1)) = (a as i64, b as i64);
        for i in 1..n {
            let span = (run.engine.marks.get(2 * i - 2), run.engine.marks.get(2 * i - 1));
            let (x, y) = match span {
                (Some(&x), Some(&y)) if x != NONE && y != NONE => (x as i64, y.max(x) as i64),
                _ => (-1, -1),
            };
            (*items.add(2 * i), *items.add(2 * i + 1)) = (x, y);
        }
        m.pos = pos as i64;
        m.endpos = run.end as i64;
        m.lastindex = if run.engine.last_group == NONE { -1 } else { run.engine.last_group as i64 };
    }
    setfield!(sp, w, WMatch, w_string, run.subject.w);
    setfield!(sp, w, WMatch, w_pattern, pattern.w);
    Ok(w)
}

/// The number of the group that an int or a name means.
fn index(sp: Space, this: This<WMatch>, w: W) -> Res<usize> {
    let mut n = -1;
    if w.is_int() {
        n = w.untag();
    } else if let Some(w_n) = sp.dict_get(this.pattern().w_groupindex, w).or_else(|e| {
        // An unhashable key names no group either.
        if sp.catch(known::TYPE_ERROR) { Ok(None) } else { Err(e) }
    })? {
        n = sp.int_w(w_n)?;
    } else if sp.text_opt(w).is_none() && sp.getattr_opt(w, name!(sp, "__index__"))?.is_some() {
        n = match sp.int_w(w) {
            Ok(n) => n,
            // Too large to be a group.
            Err(_) if sp.catch(known::OVERFLOW_ERROR) => -1,
            Err(e) => return Err(e),
        };
    }
    match usize::try_from(n) {
        Ok(n) if n < this.count() => Ok(n),
        _ => Err(sp.index_error("no such group")),
    }
}

fn slice(sp: Space, this: This<WMatch>, n: usize, w_default: W) -> Res<W> {
    match this.span(n) {
        None => Ok(w_default),
        Some((a, b)) => Subject::any(sp, this.w_string)?.slice(sp, a, b),
    }
}

/// Appends a group's text; false if it is of another kind than what is there.
pub fn append(out: &mut super::subject::Out, subject: &Subject, m: &WMatch, n: usize) -> bool {
    m.span(n).is_none_or(|(a, b)| out.push(subject, a, b))
}

/// Is there a group of this number?
pub fn has_group(m: &WMatch, n: usize) -> bool {
    n < m.count()
}

/// group([group1, ...]) -> str or tuple.
/// Return subgroup(s) of the match by indices or names.
/// For 0 returns the entire match.
#[interp_fn(raw, method)]
fn group(sp: Space, w_self: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "group")?;
    let args = args.positional();
    // SAFETY: the gateway checks self's type.
    let this = unsafe { This::<WMatch>::new(w_self) };
    match args {
        [] => slice(sp, this, 0, W::NONE),
        [w] => slice(sp, this, index(sp, this, *w)?, W::NONE),
        _ => {
            let mut items = RootedVec::with_capacity(sp, args.len());
            for w in args {
                items.push(slice(sp, this, index(sp, this, *w)?, W::NONE)?);
            }
            items.into_tuple()
        }
    }
}

#[slot]
fn getitem(sp: Space, w_self: W, w_key: W) -> Res<W> {
    // SAFETY: the slot's own type.
    let this = unsafe { This::<WMatch>::new(w_self) };
    slice(sp, this, index(sp, this, w_key)?, W::NONE)
}

/// Return a tuple containing all the subgroups of the match, from 1.
///
///   default
///     Is used for groups that did not participate in the match.
#[interp_fn(method, sig = "(self, /, default=None)")]
fn groups(sp: Space, this: This<WMatch>, w_default: W) -> Res<W> {
    let mut items = RootedVec::with_capacity(sp, this.count());
    for n in 1..this.count() {
        items.push(slice(sp, this, n, w_default)?);
    }
    items.into_tuple()
}

/// Return a dictionary containing all the named subgroups of the match, keyed by the subgroup name.
///
///   default
///     Is used for groups that did not participate in the match.
#[interp_fn(method, sig = "(self, /, default=None)")]
fn groupdict(sp: Space, this: This<WMatch>, w_default: W) -> Res<W> {
    let w_dict = sp.newdict()?;
    let mut pos = 0;
    while let Some((w_name, _)) = sp.dict_next(this.pattern().w_groupindex, &mut pos) {
        sp.dict_set(w_dict, w_name, slice(sp, this, index(sp, this, w_name)?, w_default)?)?;
    }
    Ok(w_dict)
}

/// Return index of the start of the substring matched by group.
#[interp_fn(method, sig = "(self, group=0, /)")]
fn start(sp: Space, this: This<WMatch>, w_group: W) -> Res<i64> {
    Ok(this.span(index(sp, this, w_group)?).map_or(-1, |s| s.0 as i64))
}
/// Return index of the end of the substring matched by group.
#[interp_fn(method, sig = "(self, group=0, /)")]
fn end(sp: Space, this: This<WMatch>, w_group: W) -> Res<i64> {
    Ok(this.span(index(sp, this, w_group)?).map_or(-1, |s| s.1 as i64))
}
fn pair(sp: Space, span: Option<(usize, usize)>) -> Res<W> {
    let (a, b) = span.map_or((-1, -1), |(a, b)| (a as i64, b as i64));
    sp.newtuple(&[W::int(a), W::int(b)])
}
/// For match object m, return the 2-tuple (m.start(group), m.end(group)).
#[interp_fn(method, sig = "(self, group=0, /)")]
fn span(sp: Space, this: This<WMatch>, w_group: W) -> Res<W> {
    pair(sp, this.span(index(sp, this, w_group)?))
}

/// Return the string obtained by doing backslash substitution on the string template, as done by the sub() method.
#[interp_fn(method, sig = "(self, /, template)")]
fn expand(sp: Space, this: This<WMatch>, w_template: W) -> Res<W> {
    replace::expand(sp, this, w_template)
}
#[interp_fn(name = "__copy__", method, sig = "(self, /)")]
fn copy(_sp: Space, this: This<WMatch>) -> Res<W> {
    Ok(this.w)
}
#[interp_fn(name = "__deepcopy__", method, sig = "(self, memo, /)")]
fn deepcopy(_sp: Space, this: This<WMatch>, _memo: W) -> Res<W> {
    Ok(this.w)
}

#[slot]
fn lastindex(_sp: Space, w_self: W) -> Res<W> {
    // SAFETY: the descriptor checks its type (here and below).
    let this = unsafe { This::<WMatch>::new(w_self) };
    Ok(if this.lastindex < 0 { W::NONE } else { W::int(this.lastindex) })
}
#[slot]
fn lastgroup(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: as above.
    let this = unsafe { This::<WMatch>::new(w_self) };
    let names = sp.tuple_opt(this.pattern().w_indexgroup).unwrap_or(&[]);
    Ok(usize::try_from(this.lastindex).ok().and_then(|i| names.get(i)).copied().unwrap_or(W::NONE))
}
#[slot]
fn regs(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: as above.
    let this = unsafe { This::<WMatch>::new(w_self) };
    if !this.w_regs.is_null() {
        return Ok(this.w_regs);
    }
    let mut items = RootedVec::with_capacity(sp, this.count());
    for n in 0..this.count() {
        items.push(pair(sp, this.span(n))?);
    }
    let w = items.into_tuple()?;
    setfield!(sp, w_self, WMatch, w_regs, w);
    Ok(w)
}
#[slot]
fn repr(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: the slot's own type.
    let this = unsafe { This::<WMatch>::new(w_self) };
    let (a, b) = this.span(0).unwrap_or((0, 0));
    let text = sp.text_w(sp.repr(slice(sp, this, 0, W::NONE)?)?)?;
    let mut out: Vec<u32> = format!("<re.Match object; span=({a}, {b}), match=").chars().map(u32::from).collect();
    out.extend(text.chars().take(50));
    out.push('>' as u32);
    sp.newstr_chars(&out)
}
