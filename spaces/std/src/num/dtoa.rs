//! Floats as decimal text in Python's layout.

/// `'#'`: keep the point and trailing zeros.
pub const ALT: u32 = 1;
/// Something that looks like an int gets `.0`.
pub const ADD_DOT_0: u32 = 2;
/// A result of only zeros has no minus sign.
pub const NO_NEG_0: u32 = 4;

/// No double has more significant digits, or more digits after the point, than this; the rest are zeros.
const MAX_DIGITS: usize = 1100;

/// Shortest digits that read back as `f` (finite, not negative), the closest of those, without trailing zeros, and the position of the
/// point: 0.DIGITS * 10**point.
pub fn shortest(f: f64) -> (Vec<u8>, i32) {
    let mut buf = ryu::Buffer::new();
    // `12.5`, `1200.0`, `1.25e-7`: the layout is ryu's, only digits and exponent count.
    let s = buf.format_finite(f).as_bytes();
    let (mantissa, exp) = match s.iter().position(|b| *b == b'e') {
        Some(i) => (&s[..i], std::str::from_utf8(&s[i + 1..]).ok().and_then(|e| e.parse().ok()).unwrap_or(0)),
        None => (s, 0),
    };
    let whole = mantissa.iter().position(|b| *b == b'.').unwrap_or(mantissa.len());
    let mut digits: Vec<u8> = mantissa.iter().copied().filter(|b| *b != b'.').collect();
    let zeros = digits.iter().take_while(|d| **d == b'0').count();
    while digits.len() > zeros.max(1) && digits.last() == Some(&b'0') {
        digits.pop();
    }
    if zeros >= digits.len() {
        return (vec![b'0'], 1);
    }
    digits.drain(..zeros);
    (digits, whole as i32 - zeros as i32 + exp)
}

/// `n` > 0 significant digits, correctly rounded, and the position of the point.
fn significant(f: f64, n: usize) -> (Vec<u8>, i32) {
    let asked = n.min(MAX_DIGITS);
    let (mut digits, point) = split_exponential(&format!("{f:.*e}", asked - 1));
    digits.resize(n, b'0');
    (digits, point)
}

/// Takes `d.ddde-xx` apart.
fn split_exponential(s: &str) -> (Vec<u8>, i32) {
    let (mantissa, exp) = s.split_once('e').unwrap_or((s, "0"));
    (mantissa.bytes().filter(u8::is_ascii_digit).collect(), exp.parse::<i32>().unwrap_or(0) + 1)
}

/// `n` digits after the point, correctly rounded; `f` is finite and not negative.
fn fixed(f: f64, n: usize) -> String {
    let mut s = format!("{f:.*}", n.min(MAX_DIGITS));
    if n > MAX_DIGITS {
        s.push_str(&"0".repeat(n - MAX_DIGITS));
    }
    s
}

fn exponent(exp: i32, upper: bool) -> String {
    format!("{}{}{:02}", if upper { 'E' } else { 'e' }, if exp < 0 { '-' } else { '+' }, exp.unsigned_abs())
}

/// Digits with a point: `dot` even where no digit follows, `dot0` a digit in any case.
fn positional(digits: &[u8], point: i32, dot: bool, dot0: bool) -> String {
    let text = |d: &[u8]| d.iter().map(|b| *b as char).collect::<String>();
    let mut s = String::with_capacity(digits.len() + 8);
    if point <= 0 {
        s.push_str("0.");
        s.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
        s.push_str(&text(digits));
    } else if point as usize >= digits.len() {
        s.push_str(&text(digits));
        s.extend(std::iter::repeat_n('0', point as usize - digits.len()));
        s.push_str(if dot0 {
            ".0"
        } else if dot {
            "."
        } else {
            ""
        });
    } else {
        s.push_str(&text(&digits[..point as usize]));
        s.push('.');
        s.push_str(&text(&digits[point as usize..]));
    }
    s
}
fn exponential(digits: &[u8], point: i32, dot: bool, upper: bool) -> String {
    positional(digits, 1, dot, false) + &exponent(point - 1, upper)
}

/// A float by presentation type `code` (`e E f F g G`, or `r`: shortest that reads back, precision not used).
pub fn format_double(f: f64, code: u8, precision: usize, flags: u32) -> String {
    let upper = code.is_ascii_uppercase();
    if !f.is_finite() {
        let s = match (f.is_nan(), f > 0.0) {
            (true, _) => "nan",
            (_, true) => "inf",
            (_, false) => "-inf",
        };
        return if upper { s.to_ascii_uppercase() } else { s.to_string() };
    }
    let (x, alt, dot0) = (f.abs(), flags & ALT != 0, flags & ADD_DOT_0 != 0);
    let body = match code.to_ascii_lowercase() {
        b'f' => {
            let s = fixed(x, precision);
            if alt && precision == 0 { s + "." } else { s }
        }
        b'e' => {
            let (digits, point) = significant(x, precision + 1);
            exponential(&digits, point, alt, upper)
        }
        b'g' => {
            let p = precision.max(1);
            // Zeros beyond the last possible digit matter only if they are kept.
            let (mut digits, point) = significant(x, if alt { p } else { p.min(MAX_DIGITS) });
            if !alt {
                while digits.len() > 1 && digits.last() == Some(&b'0') {
                    digits.pop();
                }
            }
            let limit = i32::try_from(p).unwrap_or(i32::MAX) - dot0 as i32;
            if point <= -4 || point > limit {
                exponential(&digits, point, alt, upper)
            } else {
                positional(&digits, point, alt, dot0)
            }
        }
        _ => {
            let (digits, point) = shortest(x);
            if point <= -4 || point > 16 {
                exponential(&digits, point, alt, upper)
            } else {
                positional(&digits, point, alt, dot0)
            }
        }
    };
    let zero = || body.bytes().take_while(|b| !b.eq_ignore_ascii_case(&b'e')).all(|b| !(b'1'..=b'9').contains(&b));
    if f.is_sign_negative() && !(flags & NO_NEG_0 != 0 && zero()) { format!("-{body}") } else { body }
}

/// `repr(f)`
pub fn repr(f: f64) -> String {
    format_double(f, b'r', 0, ADD_DOT_0)
}

/// A complex number's repr.
pub fn repr_complex(re: f64, im: f64) -> String {
    let part = |f| format_double(f, b'r', 0, 0);
    if re == 0.0 && re.is_sign_positive() {
        return part(im) + "j";
    }
    let im = part(im);
    let sign = if im.starts_with('-') { "" } else { "+" };
    format!("({}{sign}{im}j)", part(re))
}

/// `float.hex()`
pub fn hex(f: f64) -> String {
    if !f.is_finite() {
        return repr(f);
    }
    let sign = if f.is_sign_negative() { "-" } else { "" };
    let bits = f.to_bits();
    let (e, m) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    match (e, m) {
        (0, 0) => format!("{sign}0x0.0p+0"),
        (0, _) => format!("{sign}0x0.{m:013x}p-1022"),
        _ => format!("{sign}0x1.{m:013x}p{:+}", e - 1023),
    }
}

/// `round(f, n)`: to n digits after the point (before it, if n < 0), correctly for the float's exact value, ties to even. An infinite
/// result of a finite `f` is out of range.
pub fn round(f: f64, n: i64) -> f64 {
    // Digits that far are beyond the last one, or the first one, of any double.
    if !f.is_finite() || n > 323 {
        return f;
    }
    if n < -308 {
        return 0.0 * f;
    }
    if n >= 0 {
        return format!("{f:.*}", n as usize).parse().unwrap_or(f);
    }
    let n = n.unsigned_abs() as usize;
    // The exact integer part, and whether anything follows it.
    let whole = format!("{:.0}", f.abs().trunc());
    let fraction = f.fract() != 0.0;
    let digits = whole.as_bytes();
    let (kept, dropped) = digits.split_at(digits.len().saturating_sub(n));
    let first = if dropped.len() < n { b'0' } else { dropped[0] };
    let rest = fraction || dropped.get(1..).is_some_and(|d| d.iter().any(|b| *b != b'0'));
    let odd = kept.last().is_some_and(|d| d & 1 != 0);
    let up = first > b'5' || first == b'5' && (rest || odd);
    let mut kept: Vec<u8> = kept.to_vec();
    if up {
        let mut i = kept.len();
        loop {
            if i == 0 {
                kept.insert(0, b'1');
                break;
            }
            i -= 1;
            if kept[i] == b'9' {
                kept[i] = b'0';
            } else {
                kept[i] += 1;
                break;
            }
        }
    }
    if kept.is_empty() {
        return 0.0f64.copysign(f);
    }
    let text = format!("{}e{n}", String::from_utf8_lossy(&kept));
    text.parse::<f64>().unwrap_or(f).copysign(f)
}
