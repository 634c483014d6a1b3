//! Signatures of functions written in Rust, and the gateway that parses arguments by them.

use super::util::*;
use crate::layouts::*;
use std::collections::HashMap;
use std::sync::Mutex;
use taipan_abi::types::{CallFn, ParsedFn};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// How a parameter may be given.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum ParamKind {
    PosOnly,
    Pos,
    VarArgs,
    KwOnly,
    VarKw,
}
/// One parameter.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Param {
    pub name: &'static str,
    pub kind: ParamKind,
    pub optional: bool,
}
/// What argument parsing needs to know.
#[derive(Debug, Default)]
pub struct Signature {
    /// In the order of the words that the function receives.
    pub params: Vec<Param>,
    /// Positional parameters, and how many of them are required.
    pub npos: usize,
    #[allow(missing_docs)]
    pub required: usize,
    /// Positional-only ones.
    pub nposonly: usize,
    #[allow(missing_docs)]
    pub varargs: bool,
    #[allow(missing_docs)]
    pub varkw: bool,
    /// Keyword-only parameters exist, or `*args`, or `**kw`.
    pub complex: bool,
    /// Some parameter can be given by name.
    pub keywords: bool,
}

impl Signature {
    /// Reads `"(self, sep=None, /, *args, key=None, **kw)"`.
    pub fn parse(sig: &'static str) -> Signature {
        let mut s = Signature::default();
        let inner = sig.trim().strip_prefix('(').and_then(|x| x.strip_suffix(')')).unwrap_or("");
        let mut kind = ParamKind::Pos;
        for part in split(inner) {
            let part = part.trim();
            match part {
                "" => continue,
                "/" => {
                    for p in &mut s.params {
                        p.kind = ParamKind::PosOnly
                    }
                    continue;
                }
                "*" => {
                    kind = ParamKind::KwOnly;
                    continue;
                }
                _ => {}
            }
            let (name, optional) = match part.split_once('=') {
                Some((n, _)) => (n.trim(), true),
                None => (part, false),
            };
            if let Some(n) = name.strip_prefix("**") {
                s.params.push(Param { name: n, kind: ParamKind::VarKw, optional: true });
                s.varkw = true;
            } else if let Some(n) = name.strip_prefix('*') {
                s.params.push(Param { name: n, kind: ParamKind::VarArgs, optional: true });
                s.varargs = true;
                kind = ParamKind::KwOnly;
            } else {
                s.params.push(Param { name: name.trim_start_matches('$'), kind, optional });
            }
        }
        let positional = |p: &&Param| matches!(p.kind, ParamKind::PosOnly | ParamKind::Pos);
        s.npos = s.params.iter().filter(positional).count();
        s.required = s.params.iter().filter(positional).filter(|p| !p.optional).count();
        s.nposonly = s.params.iter().filter(|p| p.kind == ParamKind::PosOnly).count();
        s.complex = s.params.len() != s.npos;
        s.keywords = s.varkw || s.params.iter().any(|p| matches!(p.kind, ParamKind::Pos | ParamKind::KwOnly));
        s
    }
}

/// Splits at commas outside brackets and quotes.
fn split(s: &'static str) -> Vec<&'static str> {
    let (mut depth, mut quote, mut start, mut parts) = (0, None, 0, Vec::new());
    for (i, c) in s.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&s[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&s[start..]);
    parts
}

/// The parsed signature of a description; parsed once.
pub fn of(spec: *const FnSpec) -> *const Signature {
    static CACHE: Mutex<Option<HashMap<usize, usize>>> = Mutex::new(None);
    let mut guard = CACHE.lock().unwrap_or_else(|e| e.into_inner());
    let map = guard.get_or_insert_with(HashMap::new);
    // SAFETY: descriptions are static.
    *map.entry(spec as usize)
        .or_insert_with(|| Box::into_raw(Box::new(Signature::parse(unsafe { (*spec).sig.get() }))) as usize)
        as *const Signature
}

/// Whose function is called, for messages and for the words in front.
#[derive(Copy, Clone)]
pub struct Callee<'a> {
    #[allow(missing_docs)]
    pub spec: &'a FnSpec,
    #[allow(missing_docs)]
    pub sig: &'a Signature,
    /// The class that lists the method, or NULL.
    pub w_owner: W,
    /// Put before the arguments (bound self, class of a classmethod), or NULL.
    pub w_self: W,
    /// The module word of WITH_MODULE functions.
    pub w_module: W,
}
impl Callee<'_> {
    /// `list.append`, as messages name it.
    fn qualname(&self, sp: Space) -> String {
        let n = self.spec.name.get();
        let of = if !self.w_owner.is_null() {
            tp_name(sp, self.w_owner)
        } else if !self.w_self.is_null() && self.spec.flags & ff::METHOD != 0 {
            tname(sp, self.w_self)
        } else if !self.w_self.is_null() && self.spec.flags & ff::CLASSMETHOD != 0 && is_type(sp, self.w_self) {
            tp_name(sp, self.w_self)
        } else {
            return n.to_string();
        };
        format!("{}.{n}", of.rsplit('.').next().unwrap_or(&of))
    }
}

const STACK: usize = 16;

/// Calls a function written in Rust.
#[inline]
pub fn call_builtin(sp: Space, c: Callee, args: Args) -> Res<W> {
    if c.spec.flags & ff::RAW != 0 {
        return call_raw(sp, c, args);
    }
    let has_self = !c.w_self.is_null() as usize;
    let module = (c.spec.flags & ff::WITH_MODULE != 0) as usize;
    let s = c.sig;
    let n = args.n + has_self;
    // SAFETY: a ParsedFn by its flags.
    let f: ParsedFn = unsafe { std::mem::transmute(c.spec.f) };
    if args.kwnames.is_null() && !s.complex && n <= s.npos && n >= s.required {
        if has_self + module == 0 && n == s.npos {
            // SAFETY: one word for each parameter stands at the caller's.
            return res(unsafe { f(sp.th(), args.ptr) });
        }
        if s.npos + module <= STACK {
            let mut a = [W::NULL; STACK];
            let mut at = 0;
            if module == 1 {
                a[0] = c.w_module;
                at = 1;
            }
            if has_self == 1 {
                a[at] = c.w_self;
                at += 1;
            }
            a[at..at + args.n].copy_from_slice(args.positional());
            // SAFETY: NULL stands for what was not given.
            return res(unsafe { f(sp.th(), a.as_ptr()) });
        }
    }
    if s.params.len() + module <= STACK { call_parsed(sp, c, f, args) } else { call_with_many(sp, c, f, args) }
}
// Functions of their own: an unused array in the frame of the path above would show the collector the words of earlier calls.
#[inline(never)]
fn call_parsed(sp: Space, c: Callee, f: ParsedFn, args: Args) -> Res<W> {
    let module = (c.spec.flags & ff::WITH_MODULE != 0) as usize;
    let total = c.sig.params.len() + module;
    let mut words = [W::NULL; STACK];
    parse(sp, c, args, &mut words[module..total])?;
    if module == 1 {
        words[0] = c.w_module
    }
    // SAFETY: NULL stands for what was not given.
    res(unsafe { f(sp.th(), words.as_ptr()) })
}
#[cold]
#[inline(never)]
fn call_with_many(sp: Space, c: Callee, f: ParsedFn, args: Args) -> Res<W> {
    let module = (c.spec.flags & ff::WITH_MODULE != 0) as usize;
    let total = c.sig.params.len() + module;
    let mut many = RootedVec::with_capacity(sp, total);
    for _ in 0..total {
        many.push(W::NULL)
    }
    parse(sp, c, args, &mut many[module..])?;
    if module == 1 {
        many[0] = c.w_module
    }
    // SAFETY: NULL stands for what was not given; the buffer is rooted.
    res(unsafe { f(sp.th(), many.as_ptr()) })
}

fn call_raw(sp: Space, c: Callee, args: Args) -> Res<W> {
    // SAFETY: a CallFn by its flags.
    let f: CallFn = unsafe { std::mem::transmute(c.spec.f) };
    if c.spec.flags & ff::METHOD != 0 && c.w_self.is_null() {
        if args.n == 0 {
            return Err(raise!(sp, TYPE_ERROR, "unbound method {}() needs an argument", c.qualname(sp)));
        }
        // SAFETY: the first argument is self; the others follow it.
        return res(unsafe { f(sp.th(), *args.ptr, args.ptr.add(1), args.n - 1, args.kwnames) });
    }
    let w_self = if c.spec.flags & ff::WITH_MODULE != 0 { c.w_module } else { c.w_self };
    // SAFETY: the arguments stand at the caller's.
    res(unsafe { f(sp.th(), w_self, args.ptr, args.n, args.kwnames) })
}

/// Fills one word a parameter; NULL for what was not given.
#[inline(never)]
fn parse(sp: Space, c: Callee, args: Args, out: &mut [W]) -> Res<()> {
    let s = c.sig;
    let has_self = !c.w_self.is_null() as usize;
    let pos = args.positional();
    let n = pos.len() + has_self;
    let at = |i: usize| if i < has_self { c.w_self } else { pos[i - has_self] };
    let kw: &[W] = if args.kwnames.is_null() { &[] } else { sp.tuple_items(args.kwnames) };
    // Self is not counted in messages.
    let hidden = (c.spec.flags & (ff::METHOD | ff::CLASSMETHOD) != 0) as usize;
    if !kw.is_empty() && !s.keywords {
        return Err(raise!(sp, TYPE_ERROR, "{}() takes no keyword arguments", c.qualname(sp)));
    }
    let max = s.params.len() - hidden.min(s.params.len());
    if !kw.is_empty() && !s.varargs && !s.varkw && n + kw.len() > max + hidden {
        let what = if n <= hidden { "keyword " } else { "" };
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "{}() takes at most {max} {what}argument{} ({} given)",
            c.spec.name.get(),
            plural(max),
            n + kw.len() - hidden.min(n)
        ));
    }
    if n > s.npos && !s.varargs {
        return Err(too_many(sp, c, n - hidden.min(n), kw.len(), hidden));
    }
    let mut k = 0;
    for (i, p) in s.params.iter().enumerate() {
        match p.kind {
            ParamKind::PosOnly | ParamKind::Pos => {
                if k < n {
                    out[i] = at(k)
                }
                k += 1;
            }
            ParamKind::VarArgs => {
                let rest: Vec<W> = (s.npos..n).map(at).collect();
                out[i] = sp.newtuple(&rest)?;
            }
            ParamKind::KwOnly => {}
            ParamKind::VarKw => out[i] = sp.newdict()?,
        }
    }
    for (j, w_name) in kw.iter().enumerate() {
        // SAFETY: a value for each name follows the positional arguments.
        let value = unsafe { *args.ptr.add(args.n + j) };
        let t = sp.text_of(*w_name);
        let found =
            s.params.iter().position(|p| matches!(p.kind, ParamKind::Pos | ParamKind::KwOnly) && t.eq_str(p.name));
        match found {
            Some(i) if !out[i].is_null() => {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "argument for {}() given by name ('{}') and position ({})",
                    c.spec.name.get(),
                    t.to_str(),
                    i + 1 - hidden
                ));
            }
            Some(i) => out[i] = value,
            None if s.varkw => {
                let d = out[s.params.len() - 1];
                sp.dict_set(d, *w_name, value)?
            }
            None => {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "{}() got an unexpected keyword argument '{}'",
                    c.spec.name.get(),
                    t.to_str()
                ));
            }
        }
    }
    for (i, p) in s.params.iter().enumerate() {
        if out[i].is_null() && !p.optional {
            if hidden == 1 && i == 0 {
                return Err(raise!(sp, TYPE_ERROR, "unbound method {}() needs an argument", c.qualname(sp)));
            }
            return Err(missing(sp, c, n - hidden.min(n), i, hidden));
        }
    }
    Ok(())
}

#[cold]
fn too_many(sp: Space, c: Callee, given: usize, nkw: usize, hidden: usize) -> Raised {
    let s = c.sig;
    let (max, min) = (s.npos - hidden.min(s.npos), s.required - hidden.min(s.required));
    let name = c.spec.name.get();
    if !s.keywords || s.nposonly == s.npos && !s.params.iter().any(|p| p.kind == ParamKind::KwOnly) {
        return positional_count(sp, c, given, min, max);
    }
    if max == 0 {
        return raise!(sp, TYPE_ERROR, "{name}() takes no positional arguments");
    }
    if s.params.iter().any(|p| p.kind == ParamKind::KwOnly) {
        let how = if min < max { "at most" } else { "exactly" };
        return raise!(sp, TYPE_ERROR, "{name}() takes {how} {max} positional argument{} ({given} given)", plural(max));
    }
    let how = if min < max { "at most" } else { "exactly" };
    raise!(sp, TYPE_ERROR, "{name}() takes {how} {max} argument{} ({} given)", plural(max), given + nkw)
}
/// Wrong count for a function without keywords.
#[cold]
fn positional_count(sp: Space, c: Callee, given: usize, min: usize, max: usize) -> Raised {
    let name = c.spec.name.get();
    if max == 0 {
        return raise!(sp, TYPE_ERROR, "{}() takes no arguments ({given} given)", c.qualname(sp));
    }
    if min == 1 && max == 1 && !c.sig.varargs {
        return raise!(sp, TYPE_ERROR, "{}() takes exactly one argument ({given} given)", c.qualname(sp));
    }
    let (how, k) = match given < min {
        _ if min == max && !c.sig.varargs => ("", min),
        true => ("at least ", min),
        false => ("at most ", max),
    };
    raise!(sp, TYPE_ERROR, "{name} expected {how}{k} argument{}, got {given}", plural(k))
}
#[cold]
fn missing(sp: Space, c: Callee, given: usize, i: usize, hidden: usize) -> Raised {
    let s = c.sig;
    let p = &s.params[i];
    if !s.keywords || p.kind == ParamKind::PosOnly && s.nposonly == s.npos {
        return positional_count(sp, c, given, s.required - hidden.min(s.required), s.npos - hidden.min(s.npos));
    }
    if p.kind == ParamKind::PosOnly {
        let min = s.params.iter().filter(|p| p.kind == ParamKind::PosOnly && !p.optional).count() - hidden;
        return raise!(
            sp,
            TYPE_ERROR,
            "{}() takes at least {min} positional argument{} ({given} given)",
            c.spec.name.get(),
            plural(min)
        );
    }
    raise!(sp, TYPE_ERROR, "{}() missing required argument '{}' (pos {})", c.spec.name.get(), p.name, i + 1 - hidden)
}

/// `__text_signature__` in inspect's form: self as `$self`.
pub fn text(spec: &FnSpec) -> Option<String> {
    let sig = spec.sig.get();
    if sig.is_empty() {
        return None;
    }
    if spec.flags & (ff::METHOD | ff::CLASSMETHOD) != 0 && !sig.contains('$') {
        return Some(format!("($ {}", sig.trim_start_matches('(').trim_start()).replacen("$ ", "$", 1));
    }
    Some(sig.to_string())
}

/// A call of a method descriptor with self among the arguments.
#[inline]
pub fn call_method_descr(sp: Space, w: W, args: Args) -> Res<W> {
    // SAFETY: the caller's object is a method descriptor.
    let d = unsafe { obj::<WMethodDescr>(w) };
    // SAFETY: static description and signature.
    let (spec, sig) = unsafe { (&*d.spec, &*d.sig) };
    let c = Callee { spec, sig, w_owner: d.w_type, w_self: W::NULL, w_module: W::NULL };
    if args.n == 0 {
        return Err(raise!(sp, TYPE_ERROR, "unbound method {}() needs an argument", c.qualname(sp)));
    }
    // SAFETY: there is a first argument.
    let w_self = unsafe { *args.ptr };
    if spec.flags & ff::CLASSMETHOD == 0 {
        if type_of(sp, w_self) != d.w_type && !instance(sp, w_self, d.w_type) {
            return Err(wrong_self(sp, spec.name.get(), d.w_type, w_self));
        }
    } else if !is_type(sp, w_self) || !subtype(w_self, d.w_type) {
        return Err(wrong_class(sp, spec.name.get(), d.w_type, w_self));
    } else if spec.flags & ff::RAW != 0 {
        // SAFETY: the class is the first argument.
        let rest = Args { ptr: unsafe { args.ptr.add(1) }, n: args.n - 1, kwnames: args.kwnames };
        return call_builtin(sp, Callee { w_self, ..c }, rest);
    }
    call_builtin(sp, c, args)
}
/// "descriptor 'append' for 'list' objects doesn't apply to a 'int' object"
#[cold]
pub fn wrong_self(sp: Space, name: &str, w_type: W, w: W) -> Raised {
    raise!(
        sp,
        TYPE_ERROR,
        "descriptor '{name}' for '{}' objects doesn't apply to a '{}' object",
        tp_name(sp, w_type),
        tname(sp, w)
    )
}
#[cold]
fn wrong_class(sp: Space, name: &str, w_type: W, w: W) -> Raised {
    let t = tp_name(sp, w_type);
    if is_type(sp, w) {
        return raise!(
            sp,
            TYPE_ERROR,
            "descriptor '{name}' requires a subtype of '{t}' but received '{}'",
            tp_name(sp, w)
        );
    }
    raise!(sp, TYPE_ERROR, "descriptor '{name}' for type '{t}' needs a type, not a '{}' as arg 2", tname(sp, w))
}
/// A call of a built-in function or bound method object.
#[inline]
pub fn call_builtin_object(sp: Space, w: W, args: Args) -> Res<W> {
    // SAFETY: the caller's object is one.
    let b = unsafe { obj::<WBuiltin>(w) };
    // SAFETY: static description and signature.
    let (spec, sig) = unsafe { (&*b.spec, &*b.sig) };
    // A module's function keeps the module as `__self__`, which is no argument.
    let plain = spec.flags & (ff::METHOD | ff::CLASSMETHOD | ff::RAW) == 0;
    let w_self = if plain { W::NULL } else { b.w_self };
    let w_module = if spec.flags & ff::WITH_MODULE != 0 { b.w_self } else { W::NULL };
    call_builtin(sp, Callee { spec, sig, w_owner: W::NULL, w_self, w_module }, args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let s = Signature::parse("(self, sep=',', /, x=(1, 2), *args, key=None, **kw)");
        assert_eq!(s.params.len(), 6);
        assert_eq!((s.npos, s.required, s.nposonly), (3, 1, 2));
        assert!(s.varargs && s.varkw && s.complex && s.keywords);
        let s = Signature::parse("()");
        assert!(s.params.is_empty() && !s.complex && !s.keywords);
    }
}
