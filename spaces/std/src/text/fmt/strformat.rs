//! `str.format`: replacement fields.

use crate::text::builder::Builder;
use crate::text::chars::Chars;
use crate::text::{unicode, wstr};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A piece of a format string: literal text, then perhaps a field.
#[derive(Copy, Clone)]
pub struct Piece<'a> {
    #[allow(missing_docs)]
    pub literal: Chars<'a>,
    #[allow(missing_docs)]
    pub field: Option<Field<'a>>,
}
/// A replacement field.
#[derive(Copy, Clone)]
#[allow(missing_docs)]
pub struct Field<'a> {
    pub name: Chars<'a>,
    pub spec: Chars<'a>,
    /// The spec contains fields itself.
    pub nested: bool,
    pub conversion: Option<u32>,
}

/// The pieces of a format string in order. An error is a ValueError's text.
pub struct Pieces<'a> {
    c: Chars<'a>,
    i: usize,
}
impl<'a> Pieces<'a> {
    #[allow(missing_docs)]
    pub fn new(c: Chars<'a>) -> Pieces<'a> {
        Pieces { c, i: 0 }
    }
    fn take(&mut self) -> Option<char> {
        if self.i == self.c.len() {
            return None;
        }
        self.i += 1;
        Some(char::from_u32(self.c.at(self.i - 1)).unwrap_or('\u{fffd}'))
    }

    fn field(&mut self) -> Result<Field<'a>, &'static str> {
        let start = self.i;
        let end = loop {
            match self.take() {
                None => return Err("expected '}' before end of string"),
                Some('{') => return Err("unexpected '{' in field name"),
                Some('[') => {
                    while self.i < self.c.len() && self.c.at(self.i) != ']' as u32 {
                        self.i += 1;
                    }
                }
                Some(c @ ('}' | ':' | '!')) => break c,
                Some(_) => {}
            }
        };
        let empty = self.c.slice(0, 0);
        let mut field = Field { name: self.c.slice(start, self.i - 1), spec: empty, nested: false, conversion: None };
        if end == '}' {
            return Ok(field);
        }
        if end == '!' {
            if self.i == self.c.len() {
                return Err("end of string while looking for conversion specifier");
            }
            // NUL is no conversion at all.
            field.conversion = Some(self.c.at(self.i)).filter(|c| *c != 0);
            self.i += 1;
            match self.take() {
                Some('}') => return Ok(field),
                Some(':') | None => {}
                Some(_) => return Err("expected ':' after conversion specifier"),
            }
        }
        let start = self.i;
        let mut depth = 1;
        loop {
            match self.take() {
                None => return Err("unmatched '{' in format spec"),
                Some('{') => {
                    field.nested = true;
                    depth += 1;
                }
                Some('}') => {
                    depth -= 1;
                    if depth == 0 {
                        field.spec = self.c.slice(start, self.i - 1);
                        return Ok(field);
                    }
                }
                Some(_) => {}
            }
        }
    }
}
impl<'a> Iterator for Pieces<'a> {
    type Item = Result<Piece<'a>, &'static str>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.i == self.c.len() {
            return None;
        }
        let start = self.i;
        let brace = loop {
            match self.take() {
                None => return Some(Ok(Piece { literal: self.c.slice(start, self.i), field: None })),
                Some(c @ ('{' | '}')) => break c,
                Some(_) => {}
            }
        };
        let next = (self.i < self.c.len()).then(|| self.c.at(self.i));
        if next == Some(brace as u32) {
            // A doubled brace stands for itself and ends the literal.
            let literal = self.c.slice(start, self.i);
            self.i += 1;
            return Some(Ok(Piece { literal, field: None }));
        }
        if brace == '}' {
            return Some(Err("Single '}' encountered in format string"));
        }
        if next.is_none() {
            return Some(Err("Single '{' encountered in format string"));
        }
        let literal = self.c.slice(start, self.i - 1);
        Some(self.field().map(|f| Piece { literal, field: Some(f) }))
    }
}

/// A number written in decimal digits; None if it is something else.
fn integer(c: Chars) -> Result<Option<usize>, &'static str> {
    if c.is_empty() {
        return Ok(None);
    }
    let mut value = 0usize;
    for ch in c.iter() {
        let Some(d) = unicode::decimal_value(ch) else { return Ok(None) };
        let v = value.checked_mul(10).and_then(|v| v.checked_add(d as usize)).filter(|v| *v <= isize::MAX as usize);
        value = v.ok_or("Too many decimal digits in format string")?;
    }
    Ok(Some(value))
}

/// The first part of a field name and what follows it.
pub fn split_name(name: Chars<'_>) -> (Chars<'_>, Chars<'_>) {
    let end = name.iter().position(|c| c == '.' as u32 || c == '[' as u32).unwrap_or(name.len());
    (name.slice(0, end), name.slice(end, name.len()))
}

/// One step of a field name.
#[derive(Copy, Clone)]
#[allow(missing_docs)]
pub enum Step<'a> {
    Attribute(Chars<'a>),
    Index(usize),
    Key(Chars<'a>),
}

/// The steps after the first part of a field name.
pub struct Steps<'a>(pub Chars<'a>);
impl<'a> Iterator for Steps<'a> {
    type Item = Result<Step<'a>, &'static str>;
    fn next(&mut self) -> Option<Self::Item> {
        let c = self.0;
        if c.is_empty() {
            return None;
        }
        let attribute = match char::from_u32(c.at(0)) {
            Some('.') => true,
            Some('[') => false,
            _ => {
                self.0 = c.slice(0, 0);
                return Some(Err("Only '.' or '[' may follow ']' in format field specifier"));
            }
        };
        let stop = |x: u32| if attribute { x == '.' as u32 || x == '[' as u32 } else { x == ']' as u32 };
        let end = match c.iter().skip(1).position(stop) {
            Some(n) => n + 1,
            None if attribute => c.len(),
            None => return Some(Err("Missing ']' in format string")),
        };
        self.0 = c.slice(if attribute { end } else { end + 1 }, c.len());
        let name = c.slice(1, end);
        if name.is_empty() {
            return Some(Err("Empty attribute in format string"));
        }
        Some(if attribute {
            Ok(Step::Attribute(name))
        } else {
            integer(name).map(|i| i.map_or(Step::Key(name), Step::Index))
        })
    }
}

/// Where fields get their values.
struct Source<'a> {
    /// NULL for format_map.
    args: Option<&'a [W]>,
    /// A mapping, or None with `names`.
    w_map: W,
    names: &'a [(Text, usize)],
    values: *const W,
    /// Numbering so far: None undecided, Some(Some(n)) automatic, Some(None) by hand.
    auto: Option<Option<usize>>,
}

impl Source<'_> {
    fn number(&mut self, empty: bool, given: usize) -> Result<usize, &'static str> {
        match (self.auto.unwrap_or(if empty { Some(0) } else { None }), empty) {
            (Some(n), true) => {
                self.auto = Some(Some(n + 1));
                Ok(n)
            }
            (None, false) => {
                self.auto = Some(None);
                Ok(given)
            }
            (None, true) => Err("cannot switch from manual field specification to automatic field numbering"),
            (Some(_), false) => Err("cannot switch from automatic field numbering to manual field specification"),
        }
    }

    fn value(&mut self, sp: Space, name: Chars) -> Res<W> {
        let (first, rest) = split_name(name);
        let bad = |m: &str| sp.value_error(m);
        let number = integer(first).map_err(bad)?;
        let mut w = if first.is_empty() || number.is_some() {
            let i = self.number(first.is_empty(), number.unwrap_or(0)).map_err(bad)?;
            let Some(args) = self.args else { return Err(bad("Format string contains positional fields")) };
            match args.get(i) {
                Some(w) => *w,
                None => {
                    return Err(raise!(
                        sp,
                        INDEX_ERROR,
                        "Replacement index {i} out of range for positional args tuple"
                    ));
                }
            }
        } else if !self.w_map.is_null() {
            sp.getitem(self.w_map, wstr::new(sp, first)?)?
        } else {
            match self.names.iter().find(|(t, _)| Chars::of(t).same(first)) {
                // SAFETY: the values stand on the caller's stack, one for each name.
                Some((_, i)) => unsafe { *self.values.add(*i) },
                None => return Err(sp.key_error(wstr::new(sp, first)?)),
            }
        };
        for step in Steps(rest) {
            w = match step.map_err(bad)? {
                Step::Attribute(name) => sp.getattr(w, wstr::new(sp, name)?)?,
                Step::Index(i) => sp.getitem(w, W::int(i as i64))?,
                Step::Key(name) => sp.getitem(w, wstr::new(sp, name)?)?,
            };
        }
        Ok(w)
    }
}

/// Applies `!r`, `!s`, `!a`.
pub fn convert(sp: Space, w: W, conversion: u32) -> Res<W> {
    match char::from_u32(conversion) {
        Some('s') => sp.str(w),
        Some('r') => sp.repr(w),
        Some('a') => sp.ascii(w),
        _ if conversion > 32 && conversion < 127 => {
            Err(raise!(sp, VALUE_ERROR, "Unknown conversion specifier {}", conversion as u8 as char))
        }
        _ => Err(raise!(sp, VALUE_ERROR, "Unknown conversion specifier \\x{conversion:x}")),
    }
}

fn build(sp: Space, format: Chars, source: &mut Source, depth: u32) -> Res<Builder> {
    if depth == 0 {
        return Err(sp.value_error("Max string recursion exceeded"));
    }
    let mut out = Builder::with_capacity(format.len());
    for piece in Pieces::new(format) {
        let piece = piece.map_err(|m| sp.value_error(m))?;
        out.extend(piece.literal);
        let Some(field) = piece.field else { continue };
        let mut w = source.value(sp, field.name)?;
        if let Some(c) = field.conversion {
            w = convert(sp, w, c)?;
        }
        let w_spec = if field.nested {
            build(sp, field.spec, source, depth - 1)?.finish(sp)?
        } else {
            wstr::new(sp, field.spec)?
        };
        let w = sp.format(w, w_spec)?;
        out.push_text(&sp.text_w(w)?);
    }
    Ok(out)
}

/// A copy in which the replacement fields `{...}` are replaced by the formatted arguments.
#[interp_fn(method, raw, sig = "(self, /, *args, **kwargs)")]
pub fn format(sp: Space, w_self: W, args: Args) -> Res<W> {
    let names: Vec<(Text, usize)> = args.keywords(sp).into_iter().enumerate().map(|(i, (t, _))| (t, i)).collect();
    // The values of the keywords follow the positional arguments.
    let values = args.ptr.wrapping_add(args.n);
    let mut source = Source { args: Some(args.positional()), w_map: W::NULL, names: &names, values, auto: None };
    build(sp, wstr::chars(w_self), &mut source, 2)?.finish(sp)
}

/// Like format(**mapping), with the mapping used as it is.
#[interp_fn(method, sig = "(self, mapping, /)")]
pub fn format_map(sp: Space, w_self: W, w_mapping: W) -> Res<W> {
    let mut source = Source { args: None, w_map: w_mapping, names: &[], values: std::ptr::null(), auto: None };
    build(sp, wstr::chars(w_self), &mut source, 2)?.finish(sp)
}

/// For `_string.formatter_parser`: an iterator over (literal, field name, spec, conversion).
pub fn formatter_parser(sp: Space, w_text: W) -> Res<W> {
    let Some(text) = sp.text_opt(w_text) else {
        return Err(raise!(sp, TYPE_ERROR, "expected str, got {}", sp.type_name(w_text)));
    };
    let mut out = RootedVec::new(sp);
    for piece in Pieces::new(Chars::of(&text)) {
        let piece = piece.map_err(|m| sp.value_error(m))?;
        let literal = wstr::new(sp, piece.literal)?;
        let w = match piece.field {
            None => sp.newtuple(&[literal, W::NONE, W::NONE, W::NONE])?,
            Some(f) => {
                let (name, spec) = (wstr::new(sp, f.name)?, wstr::new(sp, f.spec)?);
                let conversion = f.conversion.map_or(Ok(W::NONE), |c| wstr::new_char(sp, c))?;
                sp.newtuple(&[literal, name, spec, conversion])?
            }
        };
        out.push(w);
    }
    sp.iter(out.into_list()?)
}

/// For `_string.formatter_field_name_split`: the first part, and an iterator over (is attribute, name or index).
pub fn formatter_field_name_split(sp: Space, w_text: W) -> Res<W> {
    let Some(text) = sp.text_opt(w_text) else {
        return Err(raise!(sp, TYPE_ERROR, "expected str, got {}", sp.type_name(w_text)));
    };
    let bad = |m: &str| sp.value_error(m);
    let (first, rest) = split_name(Chars::of(&text));
    let w_first = match integer(first).map_err(bad)? {
        Some(i) => W::int(i as i64),
        None => wstr::new(sp, first)?,
    };
    let mut out = RootedVec::new(sp);
    for step in Steps(rest) {
        let (attribute, w) = match step.map_err(bad)? {
            Step::Attribute(name) => (true, wstr::new(sp, name)?),
            Step::Index(i) => (false, W::int(i as i64)),
            Step::Key(name) => (false, wstr::new(sp, name)?),
        };
        out.push(sp.newtuple(&[W::bool(attribute), w])?);
    }
    let w_iter = sp.iter(out.into_list()?)?;
    sp.newtuple(&[w_first, w_iter])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(s: &str) -> Result<Vec<String>, &'static str> {
        Pieces::new(Chars::ascii(s))
            .map(|p| {
                p.map(|p| {
                    let field = p.field.map_or(String::new(), |f| {
                        let conversion =
                            f.conversion.and_then(char::from_u32).map_or(String::new(), |c| format!("!{c}"));
                        format!("<{}{conversion}:{}>", f.name.to_string_lossy(), f.spec.to_string_lossy())
                    });
                    p.literal.to_string_lossy() + &field
                })
            })
            .collect()
    }

    #[test]
    fn parsing() {
        assert_eq!(pieces("a{0.b[1]!r:x{y}}z{{").unwrap(), ["a<0.b[1]!r:x{y}>", "z{"]);
        assert_eq!(pieces("{}").unwrap(), ["<:>"]);
        for (s, m) in [
            ("{", "Single '{' encountered in format string"),
            ("}", "Single '}' encountered in format string"),
            ("{!", "end of string while looking for conversion specifier"),
            ("{0!r", "unmatched '{' in format spec"),
            ("{0!rx}", "expected ':' after conversion specifier"),
            ("{ {}", "unexpected '{' in field name"),
            ("{0[}", "expected '}' before end of string"),
            ("{}}", "Single '}' encountered in format string"),
        ] {
            assert_eq!(pieces(s), Err(m), "{s}");
        }
    }

    #[test]
    fn names() {
        let (first, rest) = split_name(Chars::ascii("0.a[1][b]"));
        assert_eq!(integer(first), Ok(Some(0)));
        let steps: Vec<_> = Steps(rest).map(|s| s.unwrap()).collect();
        assert!(matches!(steps[..], [Step::Attribute(_), Step::Index(1), Step::Key(_)]));
        assert_eq!(
            Steps(Chars::ascii("[a]b")).nth(1).unwrap().err(),
            Some("Only '.' or '[' may follow ']' in format field specifier")
        );
    }
}
