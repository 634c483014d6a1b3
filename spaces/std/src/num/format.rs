//! `__format__` of numbers.

use super::dtoa::{self, format_double};
use super::spec::{FormatError, Grouping, MAX_WIDTH, Spec, unknown_code, value_error};
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

/// A formatted number. The padding is kept apart, because the fill may be any code point.
#[derive(Default, Debug)]
#[allow(missing_docs)]
pub struct Formatted {
    pub fill: u32,
    pub left: usize,
    /// Sign and prefix.
    pub head: String,
    pub middle: usize,
    /// Digits and what follows them.
    pub body: String,
    pub right: usize,
}
impl Formatted {
    /// The text, if it is a Rust string.
    pub fn to_string(&self) -> Option<String> {
        let fill = char::from_u32(self.fill)?;
        let pad = |n| std::iter::repeat_n(fill, n);
        if self.left + self.middle + self.right == 0 {
            return Some(if self.head.is_empty() { self.body.clone() } else { self.head.clone() + &self.body });
        }
        let mut s = String::with_capacity(self.left + self.middle + self.right + self.head.len() + self.body.len());
        s.extend(pad(self.left));
        s.push_str(&self.head);
        s.extend(pad(self.middle));
        s.push_str(&self.body);
        s.extend(pad(self.right));
        Some(s)
    }
    /// The text's code points.
    pub fn to_chars(&self) -> Vec<u32> {
        let pad = |n| std::iter::repeat_n(self.fill, n);
        let text = |s: &str| s.chars().map(|c| c as u32).collect::<Vec<_>>();
        pad(self.left)
            .chain(text(&self.head))
            .chain(pad(self.middle))
            .chain(text(&self.body))
            .chain(pad(self.right))
            .collect()
    }
}

/// Point and separators.
pub struct Locale {
    /// Before the fraction.
    pub point: String,
    /// Between groups.
    pub separator: String,
    /// Group sizes from the point on, the last one repeated; 127 ends grouping. Empty: none.
    pub sizes: Vec<u8>,
}
impl Locale {
    fn of(g: Grouping) -> Locale {
        let (separator, sizes) = match g {
            Grouping::No => ("", vec![]),
            Grouping::Comma => (",", vec![3]),
            Grouping::Underscore => ("_", vec![3]),
            Grouping::UnderscoreFour => ("_", vec![4]),
        };
        Locale { point: ".".into(), separator: separator.into(), sizes }
    }
    /// The process's numeric locale, for type `n`.
    fn current() -> Locale {
        // SAFETY: localeconv fills static storage with NUL-terminated strings; they are copied at once.
        unsafe {
            let l = libc::localeconv();
            if l.is_null() {
                return Locale::of(Grouping::No);
            }
            let text = |p: *const libc::c_char| {
                if p.is_null() { String::new() } else { std::ffi::CStr::from_ptr(p).to_string_lossy().into_owned() }
            };
            let point = text((*l).decimal_point);
            let sizes = if (*l).grouping.is_null() {
                Vec::new()
            } else {
                std::ffi::CStr::from_ptr((*l).grouping).to_bytes().to_vec()
            };
            Locale {
                point: if point.is_empty() { ".".into() } else { point },
                separator: text((*l).thousands_sep),
                sizes,
            }
        }
    }
}

/// Digits with separators; zeros in front up to `min_width` characters.
fn group(digits: &str, min_width: usize, locale: &Locale) -> String {
    let sep = locale.separator.chars().count();
    // (zeros, digits) from the right.
    let mut groups: Vec<(usize, usize)> = Vec::new();
    let (mut remaining, mut width, mut done) = (digits.len(), min_width as i64, false);
    let mut sizes = locale.sizes.iter();
    let mut last = 0;
    loop {
        let size = match sizes.next() {
            Some(127) => 0,
            Some(s) => *s as usize,
            None => last,
        };
        last = size;
        if size == 0 {
            break;
        }
        let len = size.min(remaining.max(width.max(0) as usize).max(1));
        let chars = remaining.min(len);
        groups.push((len - chars, chars));
        remaining -= chars;
        width -= len as i64;
        if remaining == 0 && width <= 0 {
            done = true;
            break;
        }
        width -= sep as i64;
    }
    if !done {
        let len = remaining.max(width.max(0) as usize).max(1);
        groups.push((len - remaining, remaining));
    }
    let mut out = String::with_capacity(digits.len() + groups.len() * sep + min_width);
    let mut pos = 0;
    for (i, (zeros, chars)) in groups.iter().rev().enumerate() {
        if i > 0 {
            out.push_str(&locale.separator);
        }
        out.extend(std::iter::repeat_n('0', *zeros));
        out.push_str(&digits[pos..pos + chars]);
        pos += chars;
    }
    out
}

/// Digits after the point with separators.
fn group_fraction(digits: &str, g: Grouping) -> String {
    let sep = match g {
        Grouping::No => return digits.to_string(),
        Grouping::Comma => ",",
        _ => "_",
    };
    let chunks: Vec<&str> = digits.as_bytes().chunks(3).map(|c| std::str::from_utf8(c).unwrap_or("")).collect();
    chunks.join(sep)
}

/// The pieces of an unpadded number.
struct Pieces<'a> {
    negative: bool,
    prefix: &'a str,
    /// Integer digits; empty for inf, nan and characters.
    digits: &'a str,
    /// The point is there.
    point: bool,
    fraction: &'a str,
    rest: &'a str,
}
impl<'a> Pieces<'a> {
    /// Of a float's text without its sign.
    fn of_float(text: &'a str) -> Pieces<'a> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(t) => (true, t),
            None => (false, text),
        };
        let count = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, tail) = text.split_at(count(text));
        let (point, tail) = match tail.strip_prefix('.') {
            Some(t) => (true, t),
            None => (false, tail),
        };
        let (fraction, rest) = if point { tail.split_at(count(tail)) } else { ("", tail) };
        Pieces { negative, prefix: "", digits, point, fraction, rest }
    }
}

/// Sign, grouping and padding.
fn assemble(p: &Pieces, spec: &Spec, locale: &Locale) -> Formatted {
    let sign = match (p.negative, spec.sign) {
        (true, _) => "-",
        (_, b'+') => "+",
        (_, b' ') => " ",
        _ => "",
    };
    let head = format!("{sign}{}", p.prefix);
    let fraction = group_fraction(p.fraction, spec.fraction_grouping);
    let point = if p.point { locale.point.as_str() } else { "" };
    let fixed = head.len() + point.chars().count() + fraction.len() + p.rest.chars().count();
    let zero_fill = spec.fill == b'0' as u32 && spec.align == b'=';
    let min_width = if zero_fill { spec.width.saturating_sub(fixed) } else { 0 };
    let mut body = if p.digits.is_empty() { String::new() } else { group(p.digits, min_width, locale) };
    let padding = spec.width.saturating_sub(fixed + body.chars().count());
    body.push_str(point);
    body.push_str(&fraction);
    body.push_str(p.rest);
    let mut f = Formatted { fill: spec.fill, head, body, ..Formatted::default() };
    match spec.align {
        b'<' => f.right = padding,
        b'^' => {
            f.left = padding / 2;
            f.right = padding - f.left;
        }
        b'=' => f.middle = padding,
        _ => f.left = padding,
    }
    f
}

/// A precision beyond this is MemoryError without an attempt: several copies of the digits are made.
const MAX_PRECISION: usize = 1 << 28;

fn check_width(spec: &Spec) -> Result<(), FormatError> {
    let digits = spec.precision.unwrap_or(0);
    if spec.width > 1 << 20 || digits > 1 << 20 {
        let n = spec.width.saturating_add(digits);
        if n > MAX_WIDTH || digits > MAX_PRECISION || Vec::<u32>::new().try_reserve_exact(n).is_err() {
            return Err(FormatError::Memory);
        }
    }
    Ok(())
}

/// Digits of an int in a base, without sign and prefix.
pub fn digits_of(v: &BigInt, base: u32) -> String {
    match v.to_i64() {
        Some(i) => {
            let u = i.unsigned_abs();
            match base {
                2 => format!("{u:b}"),
                8 => format!("{u:o}"),
                16 => format!("{u:x}"),
                _ => u.to_string(),
            }
        }
        None => v.magnitude().to_str_radix(base),
    }
}

/// Decimal text of an int; None beyond the limit of digits.
pub fn decimal(v: &BigInt) -> Option<String> {
    let max = super::limits::max_str_digits();
    // Every digit takes at least 3.32 bits: cheap to see for most, and before the conversion for huge ones.
    let bits = v.bits();
    if max != 0 && bits > 2000 && (bits - 1) as f64 / std::f64::consts::LOG2_10 >= max as f64 + 1.0 {
        return None;
    }
    let s = v.to_str_radix(10);
    (max == 0 || s.len() - v.is_negative() as usize <= max.max(super::limits::STR_DIGITS_CHECK_THRESHOLD)).then_some(s)
}
/// What is raised then.
pub fn too_many_digits() -> String {
    let max = super::limits::max_str_digits();
    format!(
        "Exceeds the limit ({max} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit"
    )
}

/// `format(v, spec)` of an int; `as_float` gives it as a float for the types that need one (None: out of range).
pub fn format_int(
    v: &BigInt,
    spec: &Spec,
    type_name: &str,
    as_float: impl FnOnce() -> Option<f64>,
) -> Result<Formatted, FormatError> {
    let code = match u8::try_from(spec.code) {
        Ok(0) => b'd',
        Ok(c) if b"bcdoxXn".contains(&c) => c,
        Ok(c) if b"eEfFgG%".contains(&c) => {
            let Some(f) = as_float() else {
                return Err(FormatError::Overflow("int too large to convert to float".into()));
            };
            return format_float(f, spec, type_name);
        }
        _ => return unknown_code(spec.code, type_name),
    };
    if spec.precision.is_some() {
        return value_error("Precision not allowed in integer format specifier");
    }
    if spec.no_neg_0 {
        return value_error("Negative zero coercion (z) not allowed in integer format specifier");
    }
    check_width(spec)?;
    if code == b'c' {
        if spec.sign != 0 {
            return value_error("Sign not allowed with integer format specifier 'c'");
        }
        if spec.alternate {
            return value_error("Alternate form (#) not allowed with integer format specifier 'c'");
        }
        let Some(i) = v.to_i64() else {
            return Err(FormatError::Overflow("Python int too large to convert to C long".into()));
        };
        if !(0..0x110000).contains(&i) {
            return Err(FormatError::Overflow("%c arg not in range(0x110000)".into()));
        }
        return Ok(format_char(i as u32, spec));
    }
    let (base, prefix) = match code {
        b'b' => (2, "0b"),
        b'o' => (8, "0o"),
        b'x' => (16, "0x"),
        b'X' => (16, "0X"),
        _ => (10, ""),
    };
    let mut digits = if base != 10 {
        digits_of(v, base)
    } else {
        match decimal(v) {
            Some(s) => s.trim_start_matches('-').to_string(),
            None => return value_error(too_many_digits()),
        }
    };
    if code == b'X' {
        digits.make_ascii_uppercase();
    }
    let locale = if code == b'n' { Locale::current() } else { Locale::of(spec.grouping) };
    let p = Pieces {
        negative: v.is_negative(),
        prefix: if spec.alternate { prefix } else { "" },
        digits: &digits,
        point: false,
        fraction: "",
        rest: "",
    };
    Ok(assemble(&p, spec, &locale))
}

/// Type `c`. A surrogate is no Rust character: it goes through the fill.
fn format_char(c: u32, spec: &Spec) -> Formatted {
    let plain = Locale::of(Grouping::No);
    let text = char::from_u32(c).map(String::from);
    let shown = text.as_deref().unwrap_or("?");
    let p = Pieces { negative: false, prefix: "", digits: "", point: false, fraction: "", rest: shown };
    let mut f = assemble(&p, spec, &plain);
    if text.is_none() && f.left + f.middle + f.right == 0 {
        f.body.clear();
        (f.fill, f.left) = (c, 1);
    }
    f
}

/// The presentation of a float's digits by a specification.
struct Digits {
    code: u8,
    precision: usize,
    flags: u32,
}
fn digits_spec(spec: &Spec, code: u8, default_precision: usize) -> Result<Digits, FormatError> {
    if spec.precision.is_some_and(|p| p > i32::MAX as usize) {
        return value_error("precision too big");
    }
    check_width(spec)?;
    let flags = if spec.alternate { dtoa::ALT } else { 0 } | if spec.no_neg_0 { dtoa::NO_NEG_0 } else { 0 };
    let code = match code {
        b'n' => b'g',
        b'r' if spec.precision.is_some() => b'g',
        c => c,
    };
    Ok(Digits { code, precision: spec.precision.unwrap_or(default_precision), flags })
}

/// `format(f, spec)` of a float.
pub fn format_float(f: f64, spec: &Spec, type_name: &str) -> Result<Formatted, FormatError> {
    let code = match u8::try_from(spec.code) {
        Ok(0) => b'r',
        Ok(c) if b"eEfFgGn%".contains(&c) => c,
        _ => return unknown_code(spec.code, type_name),
    };
    let mut d = digits_spec(spec, code, if code == b'r' { 0 } else { 6 })?;
    if code == b'r' {
        d.flags |= dtoa::ADD_DOT_0;
    }
    let text = if code == b'%' {
        format_double(f * 100.0, b'f', d.precision, d.flags) + "%"
    } else {
        format_double(f, d.code, d.precision, d.flags)
    };
    let locale = if code == b'n' { Locale::current() } else { Locale::of(spec.grouping) };
    Ok(assemble(&Pieces::of_float(&text), spec, &locale))
}

/// `format(re + im*j, spec)`.
pub fn format_complex(re: f64, im: f64, spec: &Spec, type_name: &str) -> Result<Formatted, FormatError> {
    let code = match u8::try_from(spec.code) {
        Ok(0) => b'r',
        Ok(c) if b"eEfFgGn".contains(&c) => c,
        _ => return unknown_code(spec.code, type_name),
    };
    if spec.precision.is_some_and(|p| p > i32::MAX as usize) {
        return value_error("precision too big");
    }
    if spec.fill == b'0' as u32 {
        return value_error("Zero padding is not allowed in complex format specifier");
    }
    if spec.align == b'=' {
        return value_error("'=' alignment flag is not allowed in complex format specifier");
    }
    let d = digits_spec(spec, code, if code == b'r' { 0 } else { 6 })?;
    // Like str(): a zero real part is left out, others stand in parentheses.
    let skip_re = code == b'r' && re == 0.0 && re.is_sign_positive();
    let parens = code == b'r' && !skip_re;
    let locale = if code == b'n' { Locale::current() } else { Locale::of(spec.grouping) };
    let part = |f: f64, sign: u8| {
        let text = format_double(f, d.code, d.precision, d.flags);
        let bare = Spec { width: 0, fill: 0, align: b'<', sign, ..spec.clone() };
        let f = assemble(&Pieces::of_float(&text), &bare, &locale);
        f.head + &f.body
    };
    let mut body = String::new();
    if !skip_re {
        body.push_str(&part(re, spec.sign));
    }
    body.push_str(&part(im, if skip_re { spec.sign } else { b'+' }));
    body.push('j');
    if parens {
        body = format!("({body})");
    }
    let padding = spec.width.saturating_sub(body.chars().count());
    let mut f = Formatted { fill: spec.fill, body, ..Formatted::default() };
    match spec.align {
        b'<' => f.right = padding,
        b'^' => {
            f.left = padding / 2;
            f.right = padding - f.left;
        }
        _ => f.left = padding,
    }
    Ok(f)
}
