//! The `%` operator of str and bytes.

use crate::containers::util::full_type_name;
use crate::text::builder::Builder;
use crate::text::chars::Chars;
use crate::text::wstr;
use taipan_abi::word::{TID_BOOL, TID_COMPLEX, TID_FLOAT, TID_INT, TID_LONG};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Does the format belong to a str or to bytes? Bytes are handled as characters below 256.
#[derive(Copy, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Of {
    Str,
    Bytes,
}

/// A parsed conversion, without its key.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Conversion {
    left: bool,
    plus: bool,
    blank: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    kind: u32,
}

struct Values<'a> {
    args: &'a [W],
    /// The operand is no tuple: it is the only value.
    single: bool,
    next: usize,
    /// The operand as a mapping, or NULL.
    w_map: W,
    /// The value a key selected.
    w_selected: W,
}
impl Values<'_> {
    fn take(&mut self, sp: Space) -> Res<W> {
        let w = std::mem::replace(&mut self.w_selected, W::NULL);
        if !w.is_null() {
            return Ok(w);
        }
        self.next += 1;
        self.args.get(self.next - 1).copied().ok_or_else(|| sp.type_error("not enough arguments for format string"))
    }
    fn star(&mut self, sp: Space, too_big: &str) -> Res<i64> {
        let w = self.take(sp)?;
        if !is_int(sp, w) {
            return Err(sp.type_error("* wants int"));
        }
        let i = crate::text::args::clamped_index(sp, w)?;
        if i.unsigned_abs() > i32::MAX as u64 {
            return Err(sp.overflow_error(too_big));
        }
        Ok(i)
    }
}

/// An int or instance of a subclass.
fn is_int(sp: Space, w: W) -> bool {
    matches!(sp.layout(w), TID_INT | TID_LONG | TID_BOOL)
}

struct Reader<'a> {
    c: Chars<'a>,
    i: usize,
    of: Of,
}
impl<'a> Reader<'a> {
    fn next(&mut self, sp: Space) -> Res<u32> {
        if self.i == self.c.len() {
            return Err(sp.value_error("incomplete format"));
        }
        self.i += 1;
        Ok(self.c.at(self.i - 1))
    }
    fn key(&mut self, sp: Space) -> Res<Chars<'a>> {
        let start = self.i;
        let mut depth = 1;
        while depth > 0 {
            if self.i == self.c.len() {
                return Err(sp.value_error("incomplete format key"));
            }
            match self.c.at(self.i) {
                0x28 => depth += 1,
                0x29 => depth -= 1,
                _ => {}
            }
            self.i += 1;
        }
        Ok(self.c.slice(start, self.i - 1))
    }
    fn number(&mut self, sp: Space, first: u32, max: u64, too_big: &str) -> Res<(usize, u32)> {
        let mut value = 0u64;
        let mut c = first;
        while let Some(d) = digit(c) {
            value = value * 10 + d as u64;
            if value > max {
                return Err(sp.value_error(too_big));
            }
            c = self.next(sp)?;
        }
        Ok((value as usize, c))
    }

    fn conversion(&mut self, sp: Space, first: u32, values: &mut Values) -> Res<Conversion> {
        let mut v = Conversion::default();
        let mut c = first;
        loop {
            match char::from_u32(c) {
                Some('-') => v.left = true,
                Some('+') => v.plus = true,
                Some(' ') => v.blank = true,
                Some('#') => v.alternate = true,
                Some('0') => v.zero = true,
                _ => break,
            }
            c = self.next(sp)?;
        }
        if c == '*' as u32 {
            let width = values.star(sp, "Python int too large to convert to C ssize_t")?;
            v.left |= width < 0;
            v.width = width.unsigned_abs() as usize;
            c = self.next(sp)?;
        } else {
            (v.width, c) = self.number(sp, c, isize::MAX as u64 / 10, "width too big")?;
        }
        if c == '.' as u32 {
            c = self.next(sp)?;
            if c == '*' as u32 {
                v.precision = Some(values.star(sp, "Python int too large to convert to C int")?.max(0) as usize);
                c = self.next(sp)?;
            } else {
                let too_big = if self.of == Of::Str { "precision too big" } else { "prec too big" };
                let (n, after) = self.number(sp, c, i32::MAX as u64, too_big)?;
                (v.precision, c) = (Some(n), after);
            }
        }
        if let Some('h' | 'l' | 'L') = char::from_u32(c) {
            c = self.next(sp)?;
        }
        v.kind = c;
        Ok(v)
    }
}

fn digit(c: u32) -> Option<u32> {
    (0x30..0x3A).contains(&c).then(|| c - 0x30)
}

/// What a number looks like before padding.
struct Number {
    negative: bool,
    prefix: &'static str,
    digits: String,
}

fn integer(sp: Space, w: W, v: &Conversion) -> Res<Number> {
    let kind = v.kind as u8 as char;
    let radix = matches!(kind, 'o' | 'x' | 'X');
    let wrong = |sp: Space| {
        let what = if radix { "an integer" } else { "a real number" };
        raise!(sp, TYPE_ERROR, "%{kind} format: {what} is required, not {}", sp.type_name(w))
    };
    let w_int = if is_int(sp, w) {
        w
    } else {
        // SAFETY: rows of classes point to their slots for as long as the class lives.
        let slots = unsafe { sp.row(w).slots.as_ref() };
        let number = slots.is_some_and(|s| s.index.is_some() || s.int.is_some() || s.float.is_some());
        if !number || sp.layout(w) == TID_COMPLEX {
            return Err(wrong(sp));
        }
        match if radix { sp.index(w) } else { sp.int(w) } {
            Err(_) if sp.catch(known::TYPE_ERROR) => return Err(wrong(sp)),
            r => r?,
        }
    };
    let (negative, mut digits) = if w_int.is_int() {
        let i = w_int.untag();
        let m = i.unsigned_abs();
        (
            i < 0,
            match kind {
                'o' => format!("{m:o}"),
                'x' => format!("{m:x}"),
                'X' => format!("{m:X}"),
                _ => m.to_string(),
            },
        )
    } else {
        let big = sp.bigint_w(w_int)?;
        let digits = match kind {
            'o' => big.magnitude().to_str_radix(8),
            'x' => big.magnitude().to_str_radix(16),
            'X' => big.magnitude().to_str_radix(16).to_uppercase(),
            // The int's own conversion knows the limit on digits.
            _ => {
                let s = sp.string_w(sp.repr(sp.newbigint(&big)?)?)?;
                s.strip_prefix('-').map(str::to_string).unwrap_or(s)
            }
        };
        (big.sign() == num_bigint::Sign::Minus, digits)
    };
    if let Some(n) = v.precision
        && n > digits.len()
    {
        digits.insert_str(0, &"0".repeat(n - digits.len()));
    }
    let prefix = match kind {
        'o' if v.alternate => "0o",
        'x' if v.alternate => "0x",
        'X' if v.alternate => "0X",
        _ => "",
    };
    Ok(Number { negative, prefix, digits })
}

fn float(sp: Space, w: W, v: &Conversion, of: Of) -> Res<Number> {
    let x = match sp.float_w(w) {
        Err(_) if of == Of::Bytes && sp.catch(known::TYPE_ERROR) => {
            return Err(raise!(sp, TYPE_ERROR, "float argument required, not {}", sp.type_name(w)));
        }
        r => r?,
    };
    let alternate = if v.alternate { "#" } else { "" };
    let spec = format!("{alternate}.{}{}", v.precision.unwrap_or(6), v.kind as u8 as char);
    let w_float = sp.newfloat(x);
    debug_assert!(w_float.is_null() || sp.layout(w_float) == TID_FLOAT);
    let s = sp.string_w(sp.format(w_float, sp.newstr(&spec)?)?)?;
    let (negative, digits) = match s.strip_prefix('-') {
        Some(rest) => (true, rest.to_string()),
        None => (false, s),
    };
    Ok(Number { negative, prefix: "", digits })
}

fn push_number(out: &mut Builder, n: &Number, v: &Conversion) {
    let sign = match n.negative {
        true => "-",
        false if v.plus => "+",
        false if v.blank => " ",
        false => "",
    };
    let len = sign.len() + n.prefix.len() + n.digits.len();
    let pad = v.width.saturating_sub(len);
    if !v.left && !v.zero {
        out.fill(32, pad);
    }
    out.push_str(sign);
    out.push_str(n.prefix);
    if !v.left && v.zero {
        out.fill(0x30, pad);
    }
    out.push_str(&n.digits);
    if v.left {
        out.fill(32, pad);
    }
}

fn push_text(out: &mut Builder, text: Chars, v: &Conversion, cut: bool) {
    let n = if cut { v.precision.unwrap_or(usize::MAX).min(text.len()) } else { text.len() };
    out.pad(text.slice(0, n), v.width, if v.left { b'<' } else { b'>' }, 32);
}

fn character(sp: Space, w: W, of: Of) -> Res<u32> {
    let out_of_range = |sp: Space| {
        sp.overflow_error(if of == Of::Str { "%c arg not in range(0x110000)" } else { "%c arg not in range(256)" })
    };
    let limit = if of == Of::Str { 0x110000 } else { 256 };
    if of == Of::Str {
        if let Some(t) = sp.text_opt(w) {
            if t.len() == 1 {
                return Ok(t.char_at(0));
            }
            let n = t.len();
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "%c requires an int or a unicode character, not a string of length {n}"
            ));
        }
    } else if matches!(sp.layout(w), taipan_abi::word::TID_BYTES | taipan_abi::word::TID_BYTEARRAY) {
        let b = Buffer::get(sp, w)?;
        if let [one] = *b {
            return Ok(one as u32);
        }
        let kind = if sp.layout(w) == taipan_abi::word::TID_BYTES { "bytes" } else { "bytearray" };
        let text =
            format!("%c requires an integer in range(256) or a single byte, not a {kind} object of length {}", b.len());
        return Err(sp.type_error(&text));
    }
    if !is_int(sp, w) && !crate::text::args::has_index(sp, w)? {
        let what = match of {
            Of::Str => "an int or a unicode character",
            Of::Bytes => "an integer in range(256) or a single byte",
        };
        return Err(raise!(sp, TYPE_ERROR, "%c requires {what}, not {}", full_type_name(sp, w)));
    }
    let i = crate::text::args::clamped_index(sp, w)?;
    if (0..limit).contains(&i) { Ok(i as u32) } else { Err(out_of_range(sp)) }
}

/// The bytes of `%b`.
fn push_bytes(sp: Space, out: &mut Builder, w: W, v: &Conversion) -> Res<()> {
    if let Some(b) = sp.bytes_opt(w) {
        push_text(out, Chars::One(b), v, true);
        return Ok(());
    }
    if sp.layout(w) == taipan_abi::word::TID_BYTEARRAY {
        push_text(out, Chars::One(&Buffer::get(sp, w)?), v, true);
        return Ok(());
    }
    if let Some(method) = sp.lookup_special(w, name!(sp, "__bytes__"))? {
        let w_bytes = sp.call(method, &[])?;
        let Some(b) = sp.bytes_opt(w_bytes) else {
            return Err(raise!(sp, TYPE_ERROR, "__bytes__ returned non-bytes (type {})", sp.type_name(w_bytes)));
        };
        push_text(out, Chars::One(b), v, true);
        return Ok(());
    }
    if crate::text::buffer::supports(sp, w) {
        push_text(out, Chars::One(&Buffer::get(sp, w)?), v, true);
        return Ok(());
    }
    let name = sp.type_name(w);
    Err(raise!(sp, TYPE_ERROR, "%b requires a bytes-like object, or an object that implements __bytes__, not '{name}'"))
}

fn push_value(sp: Space, out: &mut Builder, w: W, v: &Conversion, of: Of, at: usize) -> Res<()> {
    match char::from_u32(v.kind) {
        Some('s' | 'b') if of == Of::Bytes => push_bytes(sp, out, w, v)?,
        Some('r' | 'a') if of == Of::Bytes => {
            let w = sp.ascii(w)?;
            push_text(out, Chars::of(&sp.text_w(w)?), v, true);
        }
        Some(kind @ ('s' | 'r' | 'a')) => {
            let w = match kind {
                's' => sp.str(w)?,
                'r' => sp.repr(w)?,
                _ => sp.ascii(w)?,
            };
            push_text(out, Chars::of(&sp.text_w(w)?), v, true);
        }
        Some('c') => {
            let c = character(sp, w, of)?;
            push_text(out, Chars::Four(&[c]), v, false);
        }
        Some('d' | 'i' | 'u' | 'o' | 'x' | 'X') => push_number(out, &integer(sp, w, v)?, v),
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G') => push_number(out, &float(sp, w, v, of)?, v),
        _ => {
            let c = v.kind;
            if of == Of::Bytes && c >= 128 {
                return Err(sp.overflow_error("character argument not in range(0x110000)"));
            }
            let shown = if (31..=126).contains(&c) { c as u8 as char } else { '?' };
            return Err(raise!(sp, VALUE_ERROR, "unsupported format character '{shown}' (0x{c:x}) at index {at}"));
        }
    }
    Ok(())
}

/// Is the operand to be used as a mapping by `%(key)`?
fn is_mapping(sp: Space, w: W, of: Of) -> bool {
    if w.is_int() || sp.tuple_opt(w).is_some() || sp.text_opt(w).is_some() {
        return false;
    }
    if of == Of::Bytes && matches!(sp.layout(w), taipan_abi::word::TID_BYTES | taipan_abi::word::TID_BYTEARRAY) {
        return false;
    }
    // SAFETY: rows of classes point to their slots for as long as the class lives.
    unsafe { sp.row(w).slots.as_ref() }.is_some_and(|s| s.getitem.is_some())
}

/// `format % w_values`, as characters.
pub fn modulo(sp: Space, format: Chars, w_values: W, of: Of) -> Res<Builder> {
    let only = [w_values];
    let (args, single) = match sp.tuple_opt(w_values) {
        Some(items) => (items, false),
        None => (&only[..], true),
    };
    let w_map = if is_mapping(sp, w_values, of) { w_values } else { W::NULL };
    let mut values = Values { args, single, next: 0, w_map, w_selected: W::NULL };
    let mut out = Builder::with_capacity(format.len() + 16);
    let mut r = Reader { c: format, i: 0, of };
    let n = format.len();
    let mut keyed = false;
    while r.i < n {
        let plain = format.slice(r.i, n).position('%' as u32).unwrap_or(n - r.i);
        out.extend(format.slice(r.i, r.i + plain));
        r.i += plain;
        if r.i == n {
            break;
        }
        r.i += 1;
        let mut c = r.next(sp)?;
        if c == '%' as u32 {
            out.push(c);
            continue;
        }
        if c == '(' as u32 {
            if values.w_map.is_null() {
                return Err(sp.type_error("format requires a mapping"));
            }
            let key = r.key(sp)?;
            let w_key = match (of, key) {
                (Of::Bytes, Chars::One(s)) => sp.newbytes(s)?,
                _ => wstr::new(sp, key)?,
            };
            values.w_selected = sp.getitem(values.w_map, w_key)?;
            keyed = true;
            c = r.next(sp)?;
        }
        let v = r.conversion(sp, c, &mut values)?;
        if v.width.max(v.precision.unwrap_or(0)) > wstr::MAX_BYTES / 4 {
            return Err(sp.raise(known::MEMORY_ERROR, ""));
        }
        let w = values.take(sp)?;
        push_value(sp, &mut out, w, &v, of, r.i - 1)?;
    }
    // Values selected by key do not use the operand up; a mapping need not be used at all.
    let used = values.next >= values.args.len() || !values.w_map.is_null() || (values.single && keyed);
    if !used {
        let what = if of == Of::Str { "string" } else { "bytes" };
        return Err(raise!(sp, TYPE_ERROR, "not all arguments converted during {what} formatting"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(v: Conversion, negative: bool, prefix: &'static str, digits: &str) -> String {
        let mut out = Builder::new();
        push_number(&mut out, &Number { negative, prefix, digits: digits.into() }, &v);
        out.chars().to_string_lossy()
    }

    #[test]
    fn padding() {
        let v = Conversion::default();
        assert_eq!(number(Conversion { zero: true, width: 5, ..v }, true, "", "3"), "-0003");
        assert_eq!(number(Conversion { zero: true, width: 5, ..v }, false, "0x", "ff"), "0x0ff");
        assert_eq!(number(Conversion { left: true, zero: true, width: 5, ..v }, false, "", "3"), "3    ");
        assert_eq!(number(Conversion { blank: true, width: 4, ..v }, false, "", "3"), "   3");
        assert_eq!(number(Conversion { plus: true, ..v }, false, "", "3"), "+3");
    }
}
