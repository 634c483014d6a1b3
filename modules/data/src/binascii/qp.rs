//! Quoted-printable.

use super::ascii_buffer;
use taipan_plugin_api::prelude::*;

const LINE: usize = 76;

/// Decode a string of qp-encoded data.
#[interp_fn(sig = "(data, header=False)")]
pub fn a2b_qp(sp: Space, w: W, header: bool) -> Res<Vec<u8>> {
    let s = ascii_buffer(sp, w)?;
    let hex = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let mut out = Vec::with_capacity(s.len());
    let mut i = 0;
    while i < s.len() {
        match s[i] {
            b'=' => {
                i += 1;
                let Some(c) = s.get(i).copied() else { break };
                if c == b'\n' || c == b'\r' {
                    // A soft line break.
                    while i < s.len() && s[i] != b'\n' {
                        i += 1
                    }
                    i += (i < s.len()) as usize;
                } else if c == b'=' {
                    out.push(b'=');
                    i += 1;
                } else if let (Some(a), Some(b)) = (hex(c), s.get(i + 1).and_then(|b| hex(*b))) {
                    out.push(a << 4 | b);
                    i += 2;
                } else {
                    out.push(b'=');
                }
            }
            b'_' if header => {
                out.push(b' ');
                i += 1
            }
            c => {
                out.push(c);
                i += 1
            }
        }
    }
    Ok(out)
}
/// Encode a string using quoted-printable encoding.
///
/// On encoding, when istext is set, newlines are not encoded, and white
/// space at end of lines is.  When istext is not set, \r and \n (CR/LF)
/// are both encoded.  When quotetabs is set, space and tabs are encoded.
#[interp_fn(sig = "(data, quotetabs=False, istext=True, header=False)")]
pub fn b2a_qp(_sp: Space, data: Buffer, quotetabs: bool, istext: bool, header: bool) -> Res<Vec<u8>> {
    let s: &[u8] = &data;
    // The line ends as the data has them: the first one decides.
    let crlf = memchr::memchr(b'\n', s).is_some_and(|i| i > 0 && s[i - 1] == b'\r');
    let mut out = Vec::with_capacity(s.len() + s.len() / 4);
    let end_line = |out: &mut Vec<u8>| out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
    let (mut i, mut line) = (0, 0);
    while i < s.len() {
        let c = s[i];
        let next = s.get(i + 1).copied();
        let quoted = c > 126
            || c == b'='
            || (header && c == b'_')
            || (c == b'.' && line == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0)))
            || (!istext && (c == b'\r' || c == b'\n'))
            || ((c == b'\t' || c == b' ') && next.is_none())
            || (c < 33 && c != b'\r' && c != b'\n' && c != b'\t' && c != b' ')
            || (c < 33 && c != b'\r' && c != b'\n' && (quotetabs || (!quotetabs && c != b'\t' && c != b' ')));
        if quoted {
            if line + 3 >= LINE {
                out.push(b'=');
                end_line(&mut out);
                line = 0;
            }
            out.extend_from_slice(format!("={c:02X}").as_bytes());
            line += 3;
            i += 1;
            continue;
        }
        if istext && (c == b'\n' || (c == b'\r' && next == Some(b'\n'))) {
            // White space before the end of a line is quoted afterwards.
            if let Some(last) = out.last().copied()
                && line > 0
                && (last == b' ' || last == b'\t')
            {
                out.pop();
                out.extend_from_slice(format!("={last:02X}").as_bytes());
            }
            end_line(&mut out);
            line = 0;
            i += if c == b'\r' { 2 } else { 1 };
            continue;
        }
        if next.is_some_and(|n| n != b'\n') && line + 1 >= LINE {
            out.push(b'=');
            end_line(&mut out);
            line = 0;
        }
        line += 1;
        out.push(if header && c == b' ' { b'_' } else { c });
        i += 1;
    }
    Ok(out)
}
