//! `_string`: the parsers behind `string.Formatter`.

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(
    MODULE,
    "_string",
    doc = "string helper module",
    functions = [formatter_parser, formatter_field_name_split],
    init = init,
);

#[repr(C)]
#[derive(GcObject)]
struct WFormatterIterator {
    header: Header,
    w_text: W,
    pos: u64,
}

typespec!(ITERATOR: WFormatterIterator, "formatteriterator", {
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter), next: Some(next), ..Slots::EMPTY },
});

static TYPE: Global = Global::new();

fn init(sp: Space, w_module: W) -> Res<()> {
    TYPE.set(sp, sp.newtype(&ITERATOR, W::NULL, w_module)?);
    Ok(())
}

fn text(sp: Space, w: W) -> Res<Text> {
    sp.text_opt(w).ok_or_else(|| raise!(sp, TYPE_ERROR, "expected str, got {}", sp.type_name(w)))
}

/// parse the argument as a format string
#[interp_fn(sig = "(format_string, /)")]
fn formatter_parser(sp: Space, w_text: W) -> Res<W> {
    text(sp, w_text)?;
    let w = sp.allocate(TYPE.get(), 0)?;
    setfield!(sp, w, WFormatterIterator, w_text, w_text);
    Ok(w)
}

#[slot]
fn iter(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}

const OPEN: u32 = '{' as u32;
const CLOSE: u32 = '}' as u32;

/// A replacement field: its name, specification and conversion.
struct Field {
    name: (usize, usize),
    spec: (usize, usize),
    conversion: Option<u32>,
}

/// Parses a field from `*i`, just after its brace.
fn field(sp: Space, t: &[u32], i: &mut usize) -> Res<Field> {
    let from = *i;
    let mut c = 0;
    while *i < t.len() {
        c = t[*i];
        *i += 1;
        match char::from_u32(c) {
            Some('{') => return Err(sp.value_error("unexpected '{' in field name")),
            Some('[') => {
                while *i < t.len() && t[*i] != ']' as u32 {
                    *i += 1;
                }
            }
            Some('}' | ':' | '!') => break,
            _ => {}
        }
    }
    let mut f = Field { name: (from, (*i).saturating_sub(1).max(from)), spec: (0, 0), conversion: None };
    if c == CLOSE {
        return Ok(f);
    }
    if c != ':' as u32 && c != '!' as u32 {
        return Err(sp.value_error("expected '}' before end of string"));
    }
    if c == '!' as u32 {
        let Some(conversion) = t.get(*i) else {
            return Err(sp.value_error("end of string while looking for conversion specifier"));
        };
        f.conversion = Some(*conversion);
        *i += 1;
        if let Some(c) = t.get(*i) {
            *i += 1;
            if *c == CLOSE {
                return Ok(f);
            }
            if *c != ':' as u32 {
                return Err(sp.value_error("expected ':' after conversion specifier"));
            }
        }
    }
    let from = *i;
    let mut depth = 1;
    while *i < t.len() {
        match t[*i] {
            OPEN => depth += 1,
            CLOSE => depth -= 1,
            _ => {}
        }
        *i += 1;
        if depth == 0 {
            f.spec = (from, *i - 1);
            return Ok(f);
        }
    }
    Err(sp.value_error("unmatched '{' in format spec"))
}

#[slot]
fn next(sp: Space, w_self: W) -> Res<Option<W>> {
    // SAFETY: the slot's own type.
    let mut this = unsafe { This::<WFormatterIterator>::new(w_self) };
    if this.w_text.is_null() {
        return Ok(None);
    }
    let t: Vec<u32> = sp.text_w(this.w_text)?.chars().collect();
    let from = this.pos as usize;
    if from >= t.len() {
        return Ok(None);
    }
    let mut i = from;
    let mut brace = None;
    while i < t.len() {
        i += 1;
        if t[i - 1] == OPEN || t[i - 1] == CLOSE {
            brace = Some(t[i - 1]);
            break;
        }
    }
    let mut end = i;
    let follows = t.get(i).copied();
    if brace == Some(CLOSE) && follows != brace {
        return Err(sp.value_error("Single '}' encountered in format string"));
    }
    if brace == Some(OPEN) && follows.is_none() {
        return Err(sp.value_error("Single '{' encountered in format string"));
    }
    let mut found = None;
    if brace.is_some() && follows == brace {
        i += 1;
    } else if brace.is_some() {
        end -= 1;
        found = Some(field(sp, &t, &mut i)?);
    }
    this.pos = i as u64;
    let w_literal = sp.newstr_chars(&t[from..end])?;
    let (w_name, w_spec, w_conversion) = match found {
        None => (W::NONE, W::NONE, W::NONE),
        Some(f) => (
            sp.newstr_chars(&t[f.name.0..f.name.1])?,
            sp.newstr_chars(&t[f.spec.0..f.spec.1])?,
            f.conversion.map_or(Ok(W::NONE), |c| sp.newstr_chars(&[c]))?,
        ),
    };
    Ok(Some(sp.newtuple(&[w_literal, w_name, w_spec, w_conversion])?))
}

/// A run of digits as an int, else the text.
fn index_or_name(sp: Space, part: &[u32]) -> Res<W> {
    if part.is_empty() || !part.iter().all(|c| (48..58).contains(c)) {
        return sp.newstr_chars(part);
    }
    let n = part.iter().try_fold(0i64, |n, c| n.checked_mul(10)?.checked_add(*c as i64 - 48));
    n.map(|n| sp.newint(n)).ok_or_else(|| sp.value_error("Too many decimal digits in format string"))
}

/// split the argument as a field name
#[interp_fn(sig = "(field_name, /)")]
fn formatter_field_name_split(sp: Space, w_name: W) -> Res<W> {
    let t: Vec<u32> = text(sp, w_name)?.chars().collect();
    let (dot, bracket, close) = ('.' as u32, '[' as u32, ']' as u32);
    let stop = |i: usize| t[i..].iter().position(|c| *c == dot || *c == bracket).map_or(t.len(), |n| i + n);
    let mut i = stop(0);
    let w_first = index_or_name(sp, &t[..i])?;
    let w_rest = sp.newlist(&[])?;
    while i < t.len() {
        let (attribute, w_part) = if t[i] == dot {
            let end = stop(i + 1);
            let part = &t[i + 1..end];
            i = end;
            (true, if part.is_empty() { W::NULL } else { sp.newstr_chars(part)? })
        } else if t[i] == bracket {
            let Some(n) = t[i..].iter().position(|c| *c == close) else {
                return Err(sp.value_error("Missing ']' in format string"));
            };
            let part = &t[i + 1..i + n];
            i += n + 1;
            (false, if part.is_empty() { W::NULL } else { index_or_name(sp, part)? })
        } else {
            return Err(sp.value_error("Only '.' or '[' may follow ']' in format field specifier"));
        };
        if w_part.is_null() {
            return Err(sp.value_error("Empty attribute in format string"));
        }
        sp.list_append(w_rest, sp.newtuple(&[W::bool(attribute), w_part])?)?;
    }
    sp.newtuple(&[w_first, sp.iter(w_rest)?])
}
