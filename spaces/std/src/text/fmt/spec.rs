//! The standard format specification: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.

use crate::text::builder::Builder;
use crate::text::chars::Chars;
use crate::text::unicode;
use taipan_plugin_api::prelude::*;

/// A parsed specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatSpec {
    /// The character to pad with.
    pub fill: u32,
    /// `<`, `>`, `^`, `=`; the default if it was not given.
    pub align: u8,
    /// Was it given?
    pub align_given: bool,
    /// `+`, `-`, space, or 0.
    pub sign: u8,
    /// `z`
    pub no_negative_zero: bool,
    /// `#`
    pub alternate: bool,
    #[allow(missing_docs)]
    pub width: Option<usize>,
    /// `,` or `_`, or 0.
    pub grouping: u8,
    #[allow(missing_docs)]
    pub precision: Option<usize>,
    /// Grouping of the fraction's digits.
    pub fraction_grouping: u8,
    /// The presentation type, or the default.
    pub kind: u32,
}

/// Why a specification is wrong: the message of the ValueError.
type Parsed = Result<FormatSpec, String>;

fn is_align(c: u32) -> bool {
    matches!(char::from_u32(c), Some('<' | '>' | '=' | '^'))
}

struct Reader<'a> {
    c: Chars<'a>,
    i: usize,
}
impl Reader<'_> {
    fn peek(&self) -> Option<u32> {
        (self.i < self.c.len()).then(|| self.c.at(self.i))
    }
    fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c as u32);
        self.i += usize::from(there);
        there
    }
    fn number(&mut self) -> Result<Option<usize>, String> {
        let mut value = None;
        while let Some(d) = self.peek().and_then(unicode::decimal_value) {
            let v: usize = value.unwrap_or(0);
            let v = v.checked_mul(10).and_then(|v| v.checked_add(d as usize)).filter(|v| *v <= isize::MAX as usize);
            value = Some(v.ok_or("Too many decimal digits in format string")?);
            self.i += 1;
        }
        Ok(value)
    }
    /// `,` and `_`.
    fn grouping(&mut self) -> Result<u8, String> {
        let mut grouping = if self.take(',') { b',' } else { 0 };
        if self.take('_') {
            if grouping != 0 {
                return Err("Cannot specify both ',' and '_'.".into());
            }
            grouping = b'_';
        }
        if grouping == b'_' && self.peek() == Some(b',' as u32) {
            return Err("Cannot specify both ',' and '_'.".into());
        }
        Ok(grouping)
    }
}

/// How messages show a presentation type.
pub fn show_kind(c: u32) -> String {
    if c > 32 && c < 128 { char::from(c as u8).to_string() } else { format!("\\x{c:x}") }
}

/// The ValueError text for a presentation type that a class does not have.
pub fn unknown_kind(c: u32, type_name: &str) -> String {
    format!("Unknown format code '{}' for object of type '{type_name}'", show_kind(c))
}

/// Parses; `default_kind` and `default_align` hold when none is given.
pub fn parse(c: Chars, default_kind: u8, default_align: u8, type_name: &str) -> Parsed {
    let mut s = FormatSpec {
        fill: 32,
        align: default_align,
        align_given: false,
        sign: 0,
        no_negative_zero: false,
        alternate: false,
        width: None,
        grouping: 0,
        precision: None,
        fraction_grouping: 0,
        kind: default_kind as u32,
    };
    let mut r = Reader { c, i: 0 };
    let mut fill_given = false;
    if c.len() >= 2 && is_align(c.at(1)) {
        (s.fill, s.align, s.align_given, fill_given) = (c.at(0), c.at(1) as u8, true, true);
        r.i = 2;
    } else if !c.is_empty() && is_align(c.at(0)) {
        (s.align, s.align_given) = (c.at(0) as u8, true);
        r.i = 1;
    }
    if let Some(sign @ (0x20 | 0x2B | 0x2D)) = r.peek() {
        s.sign = sign as u8;
        r.i += 1;
    }
    s.no_negative_zero = r.take('z');
    s.alternate = r.take('#');
    if !fill_given && r.take('0') {
        s.fill = b'0' as u32;
        if !s.align_given && default_align == b'>' {
            s.align = b'=';
        }
    }
    s.width = r.number()?;
    s.grouping = r.grouping()?;
    if r.take('.') {
        s.precision = r.number()?;
        s.fraction_grouping = r.grouping()?;
        if s.precision.is_none() && s.fraction_grouping == 0 {
            return Err("Format specifier missing precision".into());
        }
    }
    let left = c.len() - r.i;
    if left > 1 {
        return Err(format!("Invalid format specifier '{}' for object of type '{type_name}'", c.to_string_lossy()));
    }
    if left == 1 {
        s.kind = c.at(r.i);
    }
    if s.grouping != 0 {
        let ok = match char::from_u32(s.kind) {
            Some('d' | 'e' | 'f' | 'g' | 'E' | 'G' | '%' | 'F' | '\0') => true,
            Some('b' | 'o' | 'x' | 'X') => s.grouping == b'_',
            _ => false,
        };
        if !ok {
            return Err(format!("Cannot specify '{}' with '{}'.", s.grouping as char, show_kind(s.kind)));
        }
    }
    Ok(s)
}

/// `format(text, spec)` for a spec that is not empty; the error is a ValueError's text.
pub fn format_text(text: Chars, spec: Chars, type_name: &str) -> Result<Builder, String> {
    let s = parse(spec, b's', b'<', type_name)?;
    if s.kind != b's' as u32 {
        return Err(unknown_kind(s.kind, type_name));
    }
    if s.sign != 0 {
        let what = if s.sign == b' ' { "Space" } else { "Sign" };
        return Err(format!("{what} not allowed in string format specifier"));
    }
    if s.no_negative_zero {
        return Err("Negative zero coercion (z) not allowed in string format specifier".into());
    }
    if s.alternate {
        return Err("Alternate form (#) not allowed in string format specifier".into());
    }
    if s.align == b'=' {
        return Err("'=' alignment not allowed in string format specifier".into());
    }
    let text = text.slice(0, text.len().min(s.precision.unwrap_or(usize::MAX)));
    let width = s.width.unwrap_or(0);
    let mut out = Builder::new();
    out.pad(text, width, s.align, s.fill);
    Ok(out)
}

/// `text.__format__(spec)` as an exact str.
#[interp_fn(method, name = "__format__", sig = "(self, format_spec, /)")]
pub fn str_format_method(sp: Space, w_self: W, w_spec: W) -> Res<W> {
    let spec = crate::text::args::str_arg(sp, w_spec, "__format__", None)?;
    if spec.is_empty() {
        // SAFETY: a heap object.
        return if unsafe { w_self.is_tid(taipan_abi::word::TID_STR) } { Ok(w_self) } else { sp.str(w_self) };
    }
    let text = crate::text::wstr::chars(w_self);
    if parse(Chars::of(&spec), b's', b'<', "str").ok().and_then(|s| s.width).unwrap_or(0)
        > crate::text::wstr::MAX_BYTES / 4
    {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    match format_text(text, Chars::of(&spec), &sp.type_name(w_self)) {
        Ok(out) => out.finish(sp),
        Err(message) => Err(sp.value_error(&message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f(text: &str, spec: &str) -> Result<String, String> {
        format_text(Chars::ascii(text), Chars::ascii(spec), "str").map(|b| b.chars().to_string_lossy())
    }

    #[test]
    fn text() {
        assert_eq!(f("abc", "^7.2").unwrap(), "  ab   ");
        assert_eq!(f("a", "05").unwrap(), "a0000");
        assert_eq!(f("a", "*>3s").unwrap(), "**a");
    }

    #[test]
    fn messages() {
        for (spec, message) in [
            ("d", "Unknown format code 'd' for object of type 'str'"),
            ("=5", "'=' alignment not allowed in string format specifier"),
            ("+", "Sign not allowed in string format specifier"),
            (",", "Cannot specify ',' with 's'."),
            (",,", "Cannot specify ',' with ','."),
            (",_", "Cannot specify both ',' and '_'."),
            ("_,", "Cannot specify both ',' and '_'."),
            ("10.", "Format specifier missing precision"),
            ("xx", "Invalid format specifier 'xx' for object of type 'str'"),
            ("99999999999999999999", "Too many decimal digits in format string"),
        ] {
            assert_eq!(f("a", spec).err().as_deref(), Some(message), "{spec}");
        }
    }

    #[test]
    fn numbers() {
        let s = parse(Chars::ascii("+010,.3f"), b'd', b'>', "float").unwrap();
        assert_eq!((s.sign, s.align, s.fill, s.width), (b'+', b'=', 0x30, Some(10)));
        assert_eq!((s.grouping, s.precision, s.kind), (b',', Some(3), b'f' as u32));
    }
}
