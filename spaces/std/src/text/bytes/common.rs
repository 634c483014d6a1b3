//! What bytes and bytearray share besides their methods: reading arguments, hexadecimal, ASCII case.

use crate::text::args;
use crate::text::buffer;
use crate::text::chars::Chars;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A byte or a bytes-like object to look for.
pub enum Sub {
    #[allow(missing_docs)]
    Byte([u8; 1]),
    #[allow(missing_docs)]
    Held(Buffer),
}
impl std::ops::Deref for Sub {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Sub::Byte(b) => b,
            Sub::Held(b) => b,
        }
    }
}

/// An int in range(256); `what` begins the message.
pub fn byte(sp: Space, w: W, what: &str) -> Res<u8> {
    let i = args::clamped_index(sp, w)?;
    u8::try_from(i).map_err(|_| raise!(sp, VALUE_ERROR, "{what} must be in range(0, 256)"))
}

/// The argument of find, count, index.
pub fn sub(sp: Space, w: W) -> Res<Sub> {
    if buffer::supports(sp, w) {
        return Ok(Sub::Held(Buffer::get(sp, w)?));
    }
    if args::has_index(sp, w)? {
        return Ok(Sub::Byte([byte(sp, w, "byte")?]));
    }
    Err(raise!(sp, TYPE_ERROR, "argument should be integer or bytes-like object, not '{}'", sp.type_name(w)))
}

/// The operand of `in`.
pub fn contains(sp: Space, data: &[u8], w: W) -> Res<bool> {
    if !w.is_int() && buffer::supports(sp, w) {
        let b = Buffer::get(sp, w)?;
        return Ok(crate::text::chars::find(Chars::One(data), Chars::One(&b)).is_some());
    }
    if args::has_index(sp, w)? {
        let b = byte(sp, w, "byte")?;
        return Ok(memchr::memchr(b, data).is_some());
    }
    Err(raise!(sp, TYPE_ERROR, "a bytes-like object is required, not '{}'", sp.type_name(w)))
}

/// startswith and endswith.
pub fn affix(sp: Space, data: &[u8], w: W, range: (Option<W>, Option<W>), fname: &str, end: bool) -> Res<bool> {
    let window = args::window(sp, range.0, range.1, data.len())?;
    let test = |w: W| -> Res<bool> {
        let b = Buffer::get(sp, w)?;
        let Some((lo, hi)) = window else { return Ok(false) };
        let part = &data[lo..hi];
        Ok(if end { part.ends_with(&b) } else { part.starts_with(&b) })
    };
    if let Some(items) = sp.tuple_opt(w) {
        for w in items {
            if test(*w)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if !buffer::supports(sp, w) {
        let name = sp.type_name(w);
        return Err(raise!(sp, TYPE_ERROR, "{fname} first arg must be bytes or a tuple of bytes, not {name}"));
    }
    test(w)
}

/// The fill byte of center, ljust and rjust.
pub fn fill(sp: Space, w: Option<W>, fname: &str) -> Res<u8> {
    let Some(w) = w else { return Ok(b' ') };
    let kind = match sp.layout(w) {
        taipan_abi::word::TID_BYTES => "bytes",
        taipan_abi::word::TID_BYTEARRAY => "bytearray",
        _ => {
            let name = args::arg_type(sp, w);
            return Err(raise!(sp, TYPE_ERROR, "{fname}() argument 2 must be a byte string of length 1, not {name}"));
        }
    };
    let b = Buffer::get(sp, w)?;
    match *b {
        [one] => Ok(one),
        _ => {
            let n = b.len();
            let text =
                format!("{fname}(): argument 2 must be a byte string of length 1, not a {kind} object of length {n}");
            Err(sp.type_error(&text))
        }
    }
}

/// An optional separator; it may not be empty.
pub fn separator(sp: Space, w: W) -> Res<Option<Buffer>> {
    if w.is_none() {
        return Ok(None);
    }
    let b = Buffer::get(sp, w)?;
    if b.is_empty() { Err(sp.value_error("empty separator")) } else { Ok(Some(b)) }
}

/// A count as a limit.
pub fn limit(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// First letters of words in upper case, the others in lower case.
pub fn title(data: &[u8]) -> Vec<u8> {
    let mut inside = false;
    data.iter()
        .map(|b| {
            let c = if inside { b.to_ascii_lowercase() } else { b.to_ascii_uppercase() };
            inside = b.is_ascii_alphabetic();
            c
        })
        .collect()
}
/// The first byte in upper case, the others in lower case.
pub fn capitalize(data: &[u8]) -> Vec<u8> {
    let mut out = data.to_ascii_lowercase();
    if let Some(b) = out.first_mut() {
        b.make_ascii_uppercase()
    }
    out
}
#[allow(missing_docs)]
pub fn swapcase(data: &[u8]) -> Vec<u8> {
    data.iter().map(|b| if b.is_ascii_uppercase() { b.to_ascii_lowercase() } else { b.to_ascii_uppercase() }).collect()
}
/// Upper case only at the start of words, lower case only within them?
pub fn is_title(data: &[u8]) -> bool {
    let (mut any, mut inside) = (false, false);
    for b in data {
        if b.is_ascii_uppercase() {
            if inside {
                return false;
            }
            (any, inside) = (true, true);
        } else if b.is_ascii_lowercase() {
            if !inside {
                return false;
            }
        } else {
            inside = false;
        }
    }
    any
}
/// Is there a letter of one case and none of the other?
pub fn is_case(data: &[u8], want: fn(&u8) -> bool, not: fn(&u8) -> bool) -> bool {
    data.iter().any(want) && !data.iter().any(not)
}

/// Two digits a byte, with a separator every `per` bytes counted from the right (negative: from the left).
pub fn hex(data: &[u8], sep: Option<u8>, per: i64) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let group = usize::try_from(per.unsigned_abs()).unwrap_or(usize::MAX);
    let sep = if group == 0 { None } else { sep };
    let mut out = String::with_capacity(data.len() * 3);
    for (i, b) in data.iter().enumerate() {
        if let Some(sep) = sep
            && i > 0
        {
            let at = if per > 0 { data.len() - i } else { i };
            if at % group == 0 {
                out.push(sep as char)
            }
        }
        out.push(DIGITS[(b >> 4) as usize] as char);
        out.push(DIGITS[(b & 15) as usize] as char);
    }
    out
}

/// The separator argument of `hex`.
pub fn hex_separator(sp: Space, w: Option<W>) -> Res<Option<u8>> {
    let Some(w) = w else { return Ok(None) };
    if sp.len(w)? != 1 {
        return Err(sp.value_error("sep must be length 1."));
    }
    let c = if let Some(t) = sp.text_opt(w) {
        t.char_at(0)
    } else if let Some([b]) = sp.bytes_opt(w) {
        *b as u32
    } else {
        return Err(sp.type_error("sep must be str or bytes."));
    };
    if c > 127 { Err(sp.value_error("sep must be ASCII.")) } else { Ok(Some(c as u8)) }
}

/// The bytes of hexadecimal digits in pairs, whitespace between pairs allowed. The error is the ValueError's text.
pub fn from_hex(c: Chars) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(c.len() / 2);
    let mut i = 0;
    let digit = |i: usize| -> Result<u8, String> {
        let d = char::from_u32(c.at(i)).and_then(|c| c.to_digit(16));
        d.map(|d| d as u8).ok_or_else(|| format!("non-hexadecimal number found in fromhex() arg at position {i}"))
    };
    loop {
        while i < c.len() && matches!(c.at(i), 9..=13 | 32) {
            i += 1;
        }
        if i == c.len() {
            return Ok(out);
        }
        let high = digit(i)?;
        if i + 1 == c.len() {
            return Err("fromhex() arg must contain an even number of hexadecimal digits".into());
        }
        out.push(high << 4 | digit(i + 1)?);
        i += 2;
    }
}

/// fromhex's argument as bytes.
pub fn from_hex_arg(sp: Space, w: W) -> Res<Vec<u8>> {
    let r = if let Some(t) = sp.text_opt(w) {
        from_hex(Chars::of(&t))
    } else if buffer::supports(sp, w) {
        from_hex(Chars::One(&Buffer::get(sp, w)?))
    } else {
        let name = sp.type_name(w);
        return Err(raise!(sp, TYPE_ERROR, "fromhex() argument must be str or bytes-like, not {name}"));
    };
    r.map_err(|m| sp.value_error(&m))
}

/// A table for translate: byte i maps to itself except those of `from`, which map to those of `to`.
#[interp_fn(staticmethod, sig = "(frm, to, /)")]
pub fn maketrans(_sp: Space, from: Buffer, to: Buffer) -> Res<W> {
    if from.len() != to.len() {
        return Err(_sp.value_error("maketrans arguments must have same length"));
    }
    let mut table: Vec<u8> = (0..=255).collect();
    from.iter().zip(to.iter()).for_each(|(a, b)| table[*a as usize] = *b);
    _sp.newbytes(&table)
}

/// translate.
pub fn translate(sp: Space, data: &[u8], w_table: W, w_delete: Option<W>) -> Res<Vec<u8>> {
    let table = if w_table.is_none() { None } else { Some(Buffer::get(sp, w_table)?) };
    if table.as_ref().is_some_and(|t| t.len() != 256) {
        return Err(sp.value_error("translation table must be 256 characters long"));
    }
    let delete = w_delete.map(|w| Buffer::get(sp, w)).transpose()?;
    let mut drop = [false; 256];
    delete.iter().flat_map(|d| d.iter()).for_each(|b| drop[*b as usize] = true);
    let kept = data.iter().filter(|b| !drop[**b as usize]);
    Ok(match &table {
        Some(t) => kept.map(|b| t[*b as usize]).collect(),
        None => kept.copied().collect(),
    })
}

/// replace.
pub fn replace(sp: Space, data: &[u8], w_old: W, w_new: W, count: i64) -> Res<Vec<u8>> {
    let (old, new) = (Buffer::get(sp, w_old)?, Buffer::get(sp, w_new)?);
    let places = crate::text::algo::replacements(Chars::One(data), Chars::One(&old), limit(count));
    let grown = (data.len() - places.len() * old.len()).checked_add(places.len().saturating_mul(new.len()));
    let Some(total) = grown.filter(|n| *n <= isize::MAX as usize / 2) else {
        return Err(sp.overflow_error("replace bytes is too long"));
    };
    let mut out = Vec::with_capacity(total);
    let mut done = 0;
    for at in places {
        out.extend_from_slice(&data[done..at]);
        out.extend_from_slice(&new);
        done = at + old.len();
    }
    out.extend_from_slice(&data[done..]);
    Ok(out)
}

/// join.
pub fn join(sp: Space, sep: &[u8], items: &[W]) -> Res<Vec<u8>> {
    let mut out = Vec::new();
    for (i, w) in items.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(sep);
        }
        if let Some(b) = sp.bytes_opt(*w) {
            out.extend_from_slice(b);
        } else if buffer::supports(sp, *w) {
            out.extend_from_slice(&Buffer::get(sp, *w)?);
        } else {
            let name = sp.type_name(*w);
            return Err(raise!(sp, TYPE_ERROR, "sequence item {i}: expected a bytes-like object, {name} found"));
        }
    }
    Ok(out)
}

/// `data * n`
pub fn repeated(sp: Space, data: &[u8], n: i64) -> Res<Vec<u8>> {
    let n = n.max(0) as usize;
    let total = data.len().checked_mul(n).filter(|t| *t <= isize::MAX as usize / 2);
    let total = total.ok_or_else(|| sp.raise(known::MEMORY_ERROR, ""))?;
    let mut out = Vec::new();
    out.try_reserve_exact(total).map_err(|_| sp.raise(known::MEMORY_ERROR, ""))?;
    (0..n).for_each(|_| out.extend_from_slice(data));
    Ok(out)
}

/// What bytes() and bytearray() make of their arguments. None: no argument at all.
pub fn construct(sp: Space, args: [Option<W>; 3], class: &str) -> Res<Option<Vec<u8>>> {
    let [w_source, w_encoding, w_errors] = args;
    let check = |w: Option<W>, name: &str| -> Res<()> {
        match w {
            Some(_) => crate::text::codecs::name_arg(sp, w, "", class, name).map(|_| ()),
            None => Ok(()),
        }
    };
    check(w_encoding, "encoding")?;
    check(w_errors, "errors")?;
    let without = |sp: Space| {
        sp.type_error(if w_encoding.is_some() {
            "encoding without a string argument"
        } else {
            "errors without a string argument"
        })
    };
    let Some(w) = w_source else {
        return if w_encoding.is_some() || w_errors.is_some() { Err(without(sp)) } else { Ok(None) };
    };
    if w_encoding.is_some() {
        if sp.text_opt(w).is_none() {
            return Err(without(sp));
        }
        let encoding = crate::text::codecs::name_arg(sp, w_encoding, "", class, "encoding")?;
        let errors = crate::text::codecs::name_arg(sp, w_errors, "strict", class, "errors")?;
        let w_bytes = crate::text::codecs::encode(sp, w, &encoding, &errors)?;
        return Ok(sp.bytes_opt(w_bytes).map(<[u8]>::to_vec));
    }
    if w_errors.is_some() {
        return Err(if sp.text_opt(w).is_some() {
            sp.type_error("string argument without an encoding")
        } else {
            without(sp)
        });
    }
    if sp.text_opt(w).is_some() {
        return Err(sp.type_error("string argument without an encoding"));
    }
    from_object(sp, w, class).map(Some)
}

fn from_object(sp: Space, w: W, class: &str) -> Res<Vec<u8>> {
    if let Some(b) = sp.bytes_opt(w) {
        return Ok(b.to_vec());
    }
    if !buffer::supports(sp, w) && args::has_index(sp, w)? {
        match sp.index(w) {
            Err(_) if sp.catch(known::TYPE_ERROR) => {}
            r => {
                let w_int = r?;
                if !w_int.is_int() {
                    return Err(sp.overflow_error("cannot fit 'int' into an index-sized integer"));
                }
                let n = w_int.untag();
                if n < 0 {
                    return Err(sp.value_error("negative count"));
                }
                let mut out = Vec::new();
                out.try_reserve_exact(n as usize).map_err(|_| sp.raise(known::MEMORY_ERROR, ""))?;
                out.resize(n as usize, 0);
                return Ok(out);
            }
        }
    }
    if buffer::supports(sp, w) {
        return crate::text::memory::copy_contiguous(sp, w);
    }
    bytes_of_ints(sp, w, if class == "bytes" { "bytes" } else { "byte" }, |sp| {
        raise!(sp, TYPE_ERROR, "cannot convert '{}' object to {class}", sp.type_name(w))
    })
}

/// The bytes of an iterable of ints.
pub fn bytes_of_ints(sp: Space, w: W, what: &str, refuse: impl Fn(Space) -> Raised) -> Res<Vec<u8>> {
    if !crate::text::str::split::is_iterable(sp, w) {
        return Err(refuse(sp));
    }
    let mut out = Vec::new();
    let w_iter = sp.iter(w)?;
    while let Some(w) = sp.next(w_iter)? {
        out.push(byte(sp, w, what)?)
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal() {
        assert_eq!(hex(b"\xb9\x01\xef", Some(b':'), 1), "b9:01:ef");
        assert_eq!(hex(b"\xb9\x01\xef", Some(b':'), 2), "b9:01ef");
        assert_eq!(hex(b"\xb9\x01\xef", Some(b':'), -2), "b901:ef");
        assert_eq!(hex(b"\xb9\x01", None, 1), "b901");
        assert_eq!(from_hex(Chars::ascii(" B9 01eF\n")), Ok(b"\xb9\x01\xef".to_vec()));
        assert!(from_hex(Chars::ascii("1")).unwrap_err().contains("even number"));
        assert!(from_hex(Chars::ascii("1 2")).unwrap_err().ends_with("position 1"));
    }

    #[test]
    fn case() {
        assert_eq!(title(b"they're bill's"), b"They'Re Bill'S");
        assert_eq!(capitalize(b"aBC"), b"Abc");
        assert_eq!(swapcase(b"aB1"), b"Ab1");
        assert!(is_title(b"A Bc") && !is_title(b"AB") && !is_title(b"1"));
    }
}
