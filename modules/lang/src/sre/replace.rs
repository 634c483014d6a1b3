//! Replacement: templates, `sub` and `expand`.

use super::matches::{self, WMatch};
use super::pattern::{self, WPattern};
use super::subject::{Data, Out, Subject};
use taipan_plugin_api::prelude::*;

/// A parsed replacement: a literal, then pairs of a group number and a literal.
#[repr(C)]
#[derive(GcObject)]
pub struct WTemplate {
    pub header: Header,
    pub w_literal: W,
    /// A tuple of the pairs' parts in a row.
    pub w_items: W,
}

typespec!(TEMPLATE: WTemplate, "_sre.SRE_Template", {
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
});

static TYPE: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    TYPE.set(sp, sp.newtype(&TEMPLATE, W::NULL, w_module)?);
    Ok(())
}

///   template
///     A list containing interleaved literal strings (str or bytes) and group
///     indices (int), as returned by re._parser.parse_template():
///         [literal1, group1, ..., literalN, groupN]
#[interp_fn(sig = "(pattern, template, /)")]
pub fn template(sp: Space, _w_pattern: W, w_template: W) -> Res<W> {
    if !sp.isinstance(w_template, sp.known(known::LIST))? {
        return Err(raise!(sp, TYPE_ERROR, "template() argument 2 must be list, not {}", sp.type_name(w_template)));
    }
    let (_keep, items) = sp.unpack(w_template)?;
    let [w_literal, rest @ ..] = items else { return Err(sp.type_error("invalid template")) };
    if rest.len() % 2 != 0 {
        return Err(sp.type_error("invalid template"));
    }
    for pair in rest.chunks(2) {
        if sp.int_w(pair[0])? < 0 {
            return Err(sp.type_error("invalid template"));
        }
    }
    let w_items = sp.newtuple(rest)?;
    let w = sp.allocate(TYPE.get(), 0)?;
    setfield!(sp, w, WTemplate, w_literal, *w_literal);
    setfield!(sp, w, WTemplate, w_items, w_items);
    Ok(w)
}

/// `re._compile_template(pattern, template)`.
fn compile(sp: Space, w_pattern: W, w_template: W) -> Res<W> {
    let w_re = sp.import_module(name!(sp, "re"))?;
    sp.call(sp.getattr(w_re, name!(sp, "_compile_template"))?, &[w_pattern, w_template])
}

/// The template of a compiled replacement, or None if it is a plain literal.
fn as_template(sp: Space, w: W) -> Res<Option<This<WTemplate>>> {
    // SAFETY: the type was just checked.
    Ok(if sp.type_(w)? == TYPE.get() { Some(unsafe { This::new(w) }) } else { None })
}

fn expected(sp: Space, out: &Out, w: W) -> Raised {
    let what = if matches!(out, Out::Bytes(_)) { "a bytes-like object" } else { "str instance" };
    raise!(sp, TYPE_ERROR, "sequence item 0: expected {what}, {} found", sp.type_name(w))
}

fn push_whole(sp: Space, out: &mut Out, w: W) -> Res<()> {
    let Ok(s) = Subject::any(sp, w) else {
        if sp.catch(known::TYPE_ERROR) {
            return Err(expected(sp, out, w));
        }
        return Err(Raised);
    };
    if out.push(&s, 0, s.len()) { Ok(()) } else { Err(expected(sp, out, w)) }
}

/// `Match.expand`
pub fn expand(sp: Space, this: This<WMatch>, w_template: W) -> Res<W> {
    let w = compile(sp, this.w_pattern, w_template)?;
    let Some(t) = as_template(sp, w)? else { return Ok(w) };
    let items = sp.tuple_opt(t.w_items).unwrap_or(&[]);
    if items.is_empty() {
        return Ok(t.w_literal);
    }
    let subject = Subject::any(sp, this.w_string)?;
    let mut out = Out::new(&subject);
    push_whole(sp, &mut out, t.w_literal)?;
    for pair in items.chunks(2) {
        let n = sp.int_w(pair[0])? as usize;
        if !matches::has_group(&this, n) {
            return Err(sp.index_error("no such group"));
        }
        matches::append(&mut out, &subject, &this, n);
        push_whole(sp, &mut out, pair[1])?;
    }
    out.finish(sp)
}

enum Replacement {
    Literal(Subject),
    Template(This<WTemplate>),
    Callable(W),
}

fn replacement(sp: Space, pattern: This<WPattern>, w_repl: W) -> Res<Replacement> {
    if sp.callable(w_repl) {
        return Ok(Replacement::Callable(w_repl));
    }
    let plain = match Subject::any(sp, w_repl) {
        Ok(s) => match &s.data {
            Data::Str(t) => match t.ascii() {
                Some(a) => !a.contains('\\'),
                None => t.chars().all(|c| c != '\\' as u32),
            }
            .then_some(s),
            Data::Bytes(b) => (!b.contains(&b'\\')).then_some(s),
        },
        // What is no string is the template parser's to refuse.
        Err(_) if sp.catch(known::TYPE_ERROR) => None,
        Err(e) => return Err(e),
    };
    if let Some(s) = plain {
        return Ok(Replacement::Literal(s));
    }
    let w = compile(sp, pattern.w, w_repl)?;
    match as_template(sp, w)? {
        Some(t) if sp.tuple_opt(t.w_items).is_some_and(|i| !i.is_empty()) => Ok(Replacement::Template(t)),
        Some(t) => Ok(Replacement::Literal(Subject::any(sp, t.w_literal)?)),
        None => Ok(Replacement::Literal(Subject::any(sp, w)?)),
    }
}

/// `Pattern.subn`
pub fn substitute(sp: Space, pattern: This<WPattern>, w_repl: W, w_string: W, count: i64) -> Res<(W, i64)> {
    let repl = replacement(sp, pattern, w_repl)?;
    let mut run = pattern::run(sp, pattern, w_string, 0, None)?;
    let (mut n, mut last) = (0, 0);
    let mut out: Option<Out> = None;
    while count == 0 || n < count {
        let pos = run.start;
        let Some((a, b)) = run.find()? else { break };
        let out = out.get_or_insert_with(|| Out::new(&run.subject));
        out.push(&run.subject, last, a);
        match &repl {
            Replacement::Literal(s) => {
                if !out.push(s, 0, s.len()) {
                    return Err(expected(sp, out, s.w));
                }
            }
            Replacement::Template(t) => {
                push_whole(sp, out, t.w_literal)?;
                for pair in sp.tuple_opt(t.w_items).unwrap_or(&[]).chunks(2) {
                    let g = sp.int_w(pair[0])? as usize;
                    let (x, y) = match g {
                        0 => (a, b),
                        g if g > pattern.groups as usize => return Err(sp.index_error("no such group")),
                        g => match (run.engine.marks[2 * g - 2], run.engine.marks[2 * g - 1]) {
                            (x, y) if x != super::engine::NONE && y != super::engine::NONE => (x, y),
                            _ => (0, 0),
                        },
                    };
                    out.push(&run.subject, x, y);
                    push_whole(sp, out, pair[1])?;
                }
            }
            Replacement::Callable(w_f) => {
                let w_match = matches::new(sp, pattern, &run, (a, b), pos)?;
                let w = sp.call(*w_f, &[w_match])?;
                if !w.is_none() {
                    push_whole(sp, out, w)?;
                }
            }
        }
        last = b;
        n += 1;
    }
    let w = match out {
        None => run.subject.slice(sp, 0, run.end)?,
        Some(mut out) => {
            out.push(&run.subject, last, run.end);
            out.finish(sp)?
        }
    };
    Ok((w, n))
}
