//! ASCII and Latin-1.

use super::{Chars, DecodeErrors, EncodeErrors, Out, Replacement};
use std::borrow::Cow;

/// Decodes ASCII.
pub fn ascii_decode<H: DecodeErrors>(data: &mut Cow<'_, [u8]>, h: &mut H, out: &mut Out) -> Result<(), H::Error> {
    let mut i = 0;
    while i < data.len() {
        let run = data[i..].iter().position(|b| *b > 127).unwrap_or(data.len() - i);
        out.extend_latin1(&data[i..i + run]);
        i += run;
        if i < data.len() {
            i = h.decode_error("ascii", data, i, i + 1, "ordinal not in range(128)", out)?
        }
    }
    Ok(())
}

/// Encodes to Latin-1 (limit 256) or ASCII (limit 128).
pub fn encode<H: EncodeErrors>(chars: &Chars<'_>, limit: u32, h: &mut H, out: &mut Vec<u8>) -> Result<(), H::Error> {
    let (encoding, reason) =
        if limit == 128 { ("ascii", "ordinal not in range(128)") } else { ("latin-1", "ordinal not in range(256)") };
    if let Chars::U8(s) = chars
        && (limit == 256 || s.is_ascii())
    {
        out.extend_from_slice(s);
        return Ok(());
    }
    let (mut i, n) = (0, chars.len());
    out.reserve(n);
    while i < n {
        let c = chars.at(i);
        if c < limit {
            out.push(c as u8);
            i += 1;
            continue;
        }
        let end = chars.run(i, |c| c >= limit);
        let (rep, next) = h.encode_error(encoding, chars, i, end, reason)?;
        match rep {
            Replacement::Bytes(b) => out.extend_from_slice(&b),
            Replacement::Chars(cs) => {
                if cs.iter().any(|c| *c >= limit) {
                    return Err(h.raise(encoding, chars, i, end, reason));
                }
                out.extend(cs.iter().map(|c| *c as u8))
            }
        }
        i = next;
    }
    Ok(())
}
