//! Numeric literals to constants. The tokenizer has checked the spelling.

use crate::ast::{BigInt, Constant};
use std::rc::Rc;

/// CPython's default limit for converting decimal digits.
const MAX_DIGITS: usize = 4300;

/// The value of a literal; `Err` has the message of the SyntaxError.
pub fn parse(text: &str) -> Result<Constant, String> {
    let clean: String;
    let text = if text.contains('_') {
        clean = text.replace('_', "");
        &clean
    } else {
        text
    };
    let b = text.as_bytes();
    if b.len() > 2 && b[0] == b'0' {
        let radix = match b[1] {
            b'x' | b'X' => 16,
            b'o' | b'O' => 8,
            b'b' | b'B' => 2,
            _ => 0,
        };
        if radix != 0 {
            return Ok(int(&text[2..], radix));
        }
    }
    if let Some(imag) = text.strip_suffix(['j', 'J']) {
        return Ok(Constant::Complex { real: 0.0, imag: imag.parse().unwrap_or(0.0) });
    }
    if b.iter().all(u8::is_ascii_digit) {
        if b.len() > MAX_DIGITS {
            return Err(format!(
                "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has {} digits; \
                 use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer \
                 literals to avoid decimal conversion limits.",
                b.len()
            ));
        }
        return Ok(int(text, 10));
    }
    Ok(Constant::Float(text.parse().unwrap_or(0.0)))
}

fn int(digits: &str, radix: u32) -> Constant {
    match i64::from_str_radix(digits, radix) {
        Ok(v) => Constant::Int(v),
        Err(_) => match BigInt::parse_bytes(digits.as_bytes(), radix) {
            Some(v) => Constant::BigInt(Rc::new(v)),
            None => Constant::Int(0),
        },
    }
}
