//! Numbers out of text: the grammars of `int()`, `float()` and `complex()`.

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::ToPrimitive;

/// The zeros of the decimal digits beyond ASCII (each followed by its 1 to 9), Unicode 16.
#[rustfmt::skip]
const DECIMAL_ZEROS: &[u32] = &[0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 
0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 
0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066, 
0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 
0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8, 
0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0];

/// The value of a decimal digit of any script.
pub fn decimal_value(c: u32) -> Option<u32> {
    if c < 128 {
        return (0x30..0x3a).contains(&c).then(|| c - 0x30);
    }
    let i = DECIMAL_ZEROS.partition_point(|z| *z <= c).checked_sub(1)?;
    (c - DECIMAL_ZEROS[i] < 10).then(|| c - DECIMAL_ZEROS[i])
}

/// Beyond ASCII, digits of all scripts become ASCII ones, white space a blank, anything else a `?`, which no grammar knows.
pub fn to_ascii(chars: impl Iterator<Item = u32>) -> Vec<u8> {
    chars
        .map(|c| match c {
            0..128 => c as u8,
            _ if char::from_u32(c).is_some_and(char::is_whitespace) => b' ',
            _ => decimal_value(c).map_or(b'?', |d| b'0' + d as u8),
        })
        .collect()
}

/// `Py_ISSPACE`
fn is_ascii_space(b: u8) -> bool {
    matches!(b, b' ' | 9..=13)
}
fn trim(mut s: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = s
        && is_ascii_space(*first)
    {
        s = rest;
    }
    while let [rest @ .., last] = s
        && is_ascii_space(*last)
    {
        s = rest;
    }
    s
}

/// Why a text is no int.
#[derive(Debug, PartialEq, Eq)]
pub enum IntError {
    /// Not in the grammar.
    Invalid,
    /// Beyond the limit: this many digits.
    TooLong(usize),
}

/// An int in `base` (2 to 36, or 0: as the prefix says). `max_digits` 0 = no limit.
pub fn parse_int(s: &[u8], mut base: u32, max_digits: usize) -> Result<BigInt, IntError> {
    let mut s = trim(s);
    let mut sign = Sign::Plus;
    if let [c @ (b'+' | b'-'), rest @ ..] = s {
        sign = if *c == b'-' { Sign::Minus } else { Sign::Plus };
        s = rest;
    }
    let prefix = match s {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => 0,
    };
    let mut only_zero = false;
    if base == 0 {
        base = if prefix != 0 { prefix } else { 10 };
        // A decimal literal with leading zeros is a zero.
        only_zero = prefix == 0 && s.first() == Some(&b'0');
    }
    if prefix == base {
        s = &s[2..];
        if let [b'_', rest @ ..] = s {
            s = rest;
        }
    }
    let mut digits = Vec::with_capacity(s.len());
    let mut underscore = true;
    for (i, c) in s.iter().enumerate() {
        if *c == b'_' {
            if underscore {
                return Err(IntError::Invalid);
            }
            underscore = true;
            continue;
        }
        match (*c as char).to_digit(base) {
            Some(d) => digits.push(d as u8),
            None if i == 0 => return Err(IntError::Invalid),
            None => {
                check_limit(base, digits.len(), max_digits)?;
                return Err(IntError::Invalid);
            }
        }
        underscore = false;
    }
    if underscore {
        return Err(IntError::Invalid);
    }
    check_limit(base, digits.len(), max_digits)?;
    if only_zero && digits.iter().any(|d| *d != 0) {
        return Err(IntError::Invalid);
    }
    if digits.len() <= 12 {
        let v = digits.iter().fold(0i64, |v, d| v * base as i64 + *d as i64);
        return Ok(BigInt::from(if sign == Sign::Minus { -v } else { v }));
    }
    let m = BigUint::from_radix_be(&digits, base).ok_or(IntError::Invalid)?;
    Ok(BigInt::from_biguint(sign, m))
}
fn check_limit(base: u32, digits: usize, max_digits: usize) -> Result<(), IntError> {
    let limited = max_digits != 0 && !base.is_power_of_two() && digits > super::limits::STR_DIGITS_CHECK_THRESHOLD;
    if limited && digits > max_digits { Err(IntError::TooLong(digits)) } else { Ok(()) }
}

/// Removes underscores that stand between digits; None if one stands elsewhere.
fn without_underscores(s: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(s.len());
    for (i, c) in s.iter().enumerate() {
        if *c != b'_' {
            out.push(*c);
            continue;
        }
        let around = i > 0 && s[i - 1].is_ascii_digit() && s.get(i + 1).is_some_and(u8::is_ascii_digit);
        if !around {
            return None;
        }
    }
    Some(out)
}

/// The float a text begins with, and how many bytes it takes.
pub fn float_prefix(s: &[u8]) -> Option<(f64, usize)> {
    let mut i = matches!(s.first(), Some(b'+' | b'-')) as usize;
    let negative = s.first() == Some(&b'-');
    for (word, value) in [("infinity", f64::INFINITY), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
        if s.len() >= i + word.len() && s[i..i + word.len()].eq_ignore_ascii_case(word.as_bytes()) {
            return Some((value.copysign(if negative { -1.0 } else { 1.0 }), i + word.len()));
        }
    }
    let digits = |from: usize| s[from..].iter().take_while(|c| c.is_ascii_digit()).count();
    let whole = digits(i);
    i += whole;
    let mut fraction = 0;
    if s.get(i) == Some(&b'.') {
        fraction = digits(i + 1);
        if whole + fraction > 0 {
            i += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(s.get(i), Some(b'e' | b'E')) {
        let sign = matches!(s.get(i + 1), Some(b'+' | b'-')) as usize;
        let n = if i + 1 + sign <= s.len() { digits(i + 1 + sign) } else { 0 };
        if n > 0 {
            i += 1 + sign + n;
        }
    }
    // The grammar above is a part of what Rust reads, which rounds correctly.
    let f = std::str::from_utf8(&s[..i]).ok()?.parse().ok()?;
    Some((f, i))
}

/// A float with white space around it.
pub fn parse_float(s: &[u8]) -> Option<f64> {
    let s = trim(s);
    if s.contains(&b'_') {
        let s = without_underscores(s)?;
        return float_prefix(&s).and_then(|(f, n)| (n == s.len()).then_some(f));
    }
    float_prefix(s).and_then(|(f, n)| (n == s.len()).then_some(f))
}

/// Why a text is no complex number.
#[derive(Debug, PartialEq, Eq)]
pub enum ComplexError {
    /// Not in the grammar.
    Invalid,
    /// An underscore that does not stand between digits.
    Underscore,
}

/// A complex number: `<float>`, `<float>j`, `<float><signed float>j` with `1` optional before `j`; parentheses and white space around.
pub fn parse_complex(s: &[u8]) -> Result<(f64, f64), ComplexError> {
    if s.contains(&b'_') {
        let s = without_underscores(s).ok_or(ComplexError::Underscore)?;
        return complex_plain(&s).ok_or(ComplexError::Invalid);
    }
    complex_plain(s).ok_or(ComplexError::Invalid)
}
fn complex_plain(s: &[u8]) -> Option<(f64, f64)> {
    let mut s = trim(s);
    if let [b'(', inner @ .., b')'] = s {
        s = trim(inner);
    }
    let is_j = |s: &[u8]| matches!(s, [b'j' | b'J']);
    let unit = |c: u8| if c == b'-' { -1.0 } else { 1.0 };
    let Some((z, n)) = float_prefix(s) else {
        return match s {
            [c @ (b'+' | b'-'), rest @ ..] if is_j(rest) => Some((0.0, unit(*c))),
            rest if is_j(rest) => Some((0.0, 1.0)),
            _ => None,
        };
    };
    match &s[n..] {
        [] => Some((z, 0.0)),
        rest if is_j(rest) => Some((0.0, z)),
        rest @ [c @ (b'+' | b'-'), tail @ ..] => match float_prefix(rest) {
            Some((y, n)) => is_j(&rest[n..]).then_some((z, y)),
            None => is_j(tail).then_some((z, unit(*c))),
        },
        _ => None,
    }
}

/// Why a text is no hexadecimal float.
#[derive(Debug, PartialEq, Eq)]
pub enum HexError {
    /// Not in the grammar.
    Invalid,
    /// Out of a float's range.
    TooLarge,
}

/// `float.fromhex`: `[sign] ["0x"] digits ["." digits] ["p" exponent]`, inf and nan; rounds to nearest, ties to even.
pub fn parse_hex_float(s: &[u8]) -> Result<f64, HexError> {
    let mut s = trim(s);
    let negative = s.first() == Some(&b'-');
    let signed = |f: f64| if negative { -f } else { f };
    if let [b'+' | b'-', rest @ ..] = s {
        s = rest;
    }
    if s.eq_ignore_ascii_case(b"inf") || s.eq_ignore_ascii_case(b"infinity") {
        return Ok(signed(f64::INFINITY));
    }
    if s.eq_ignore_ascii_case(b"nan") {
        return Ok(signed(f64::NAN));
    }
    if let [b'0', b'x' | b'X', rest @ ..] = s {
        s = rest;
    }
    let value = |c: &u8| (*c as char).to_digit(16);
    let hex = |s: &[u8]| s.iter().take_while(|c| value(c).is_some()).count();
    let n = hex(s);
    let (whole, mut rest) = s.split_at(n);
    let mut fraction: &[u8] = &[];
    if let [b'.', tail @ ..] = rest {
        (fraction, rest) = tail.split_at(hex(tail));
    }
    if whole.len() + fraction.len() == 0 {
        return Err(HexError::Invalid);
    }
    let mut exp: i64 = 0;
    if let [b'p' | b'P', tail @ ..] = rest {
        let (minus, digits) = match tail {
            [b'-', d @ ..] => (true, d),
            [b'+', d @ ..] => (false, d),
            d => (false, d),
        };
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(HexError::Invalid);
        }
        let e = digits.iter().fold(0i64, |e, d| e.saturating_mul(10).saturating_add((d - b'0') as i64)).min(1 << 60);
        exp = if minus { -e } else { e };
        rest = &[];
    }
    if !rest.is_empty() {
        return Err(HexError::Invalid);
    }
    let digits: Vec<u8> =
        whole.iter().chain(fraction).map(|c| value(c).unwrap_or(0) as u8).skip_while(|d| *d == 0).collect();
    if digits.is_empty() {
        return Ok(signed(0.0));
    }
    // The value is `digits` (read as one int) times 2**exp.
    exp -= 4 * fraction.len() as i64;
    let m = BigUint::from_radix_be(&digits, 16).unwrap_or_default();
    let top = m.bits() as i64 + exp;
    if top > 1024 {
        return Err(HexError::TooLarge);
    }
    if top < -1074 {
        return Ok(signed(0.0));
    }
    // Bits of the result end at this power of two.
    let last = (top - 53).max(-1074);
    let drop = last - exp;
    let f = if drop <= 0 {
        super::value::ldexp(m.to_u64().unwrap_or(0) as f64, exp as i32)
    } else {
        let drop = drop as u64;
        let kept = (&m >> drop).to_u64().unwrap_or(0);
        let half = m.bit(drop - 1);
        let below = m.trailing_zeros().is_some_and(|z| z < drop - 1);
        let kept = kept + (half && (below || kept & 1 != 0)) as u64;
        super::value::ldexp(kept as f64, last as i32)
    };
    if f.is_finite() { Ok(signed(f)) } else { Err(HexError::TooLarge) }
}
