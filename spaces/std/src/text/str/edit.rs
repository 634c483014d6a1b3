//! str: stripping, padding, tabs, translating.

use crate::text::algo;
use crate::text::args::{arg_type, str_arg};
use crate::text::builder::Builder;
use crate::text::chars::Chars;
use crate::text::{unicode, wstr};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

fn stripped(sp: Space, w_self: W, w_chars: W, left: bool, right: bool, fname: &str) -> Res<W> {
    let c = wstr::chars(w_self);
    let (lo, hi) = if w_chars.is_none() {
        algo::strip(c, left, right, unicode::is_space)
    } else {
        let Some(set) = sp.text_opt(w_chars) else {
            return Err(raise!(sp, TYPE_ERROR, "{fname} arg must be None or str"));
        };
        let set = Chars::of(&set);
        algo::strip(c, left, right, |ch| set.position(ch).is_some())
    };
    wstr::substring(sp, w_self, lo, hi)
}
/// A copy without whitespace (or the given characters) at both ends.
#[interp_fn(method, sig = "(self, chars=None, /)")]
pub fn strip(sp: Space, w_self: W, w_chars: W) -> Res<W> {
    stripped(sp, w_self, w_chars, true, true, "strip")
}
/// A copy without whitespace (or the given characters) at the start.
#[interp_fn(method, sig = "(self, chars=None, /)")]
pub fn lstrip(sp: Space, w_self: W, w_chars: W) -> Res<W> {
    stripped(sp, w_self, w_chars, true, false, "lstrip")
}
/// A copy without whitespace (or the given characters) at the end.
#[interp_fn(method, sig = "(self, chars=None, /)")]
pub fn rstrip(sp: Space, w_self: W, w_chars: W) -> Res<W> {
    stripped(sp, w_self, w_chars, false, true, "rstrip")
}

fn padded(sp: Space, w_self: W, width: i64, w_fill: Option<W>, left: fn(usize, usize) -> usize) -> Res<W> {
    let fill = match w_fill {
        None => 32,
        Some(w) => {
            let Some(t) = sp.text_opt(w) else {
                let name = sp.type_name(w);
                return Err(raise!(sp, TYPE_ERROR, "The fill character must be a unicode character, not {name}"));
            };
            if t.len() != 1 {
                return Err(sp.type_error("The fill character must be exactly one character long"));
            }
            t.char_at(0)
        }
    };
    let c = wstr::chars(w_self);
    if width <= c.len() as i64 {
        return wstr::exact(sp, w_self);
    }
    let width = width as usize;
    if width > wstr::MAX_BYTES / 4 {
        return Err(sp.overflow_error("padded string is too long"));
    }
    let margin = left(c.len(), width);
    let mut out = Builder::with_capacity(width);
    out.fill(fill, margin);
    out.extend(c);
    out.fill(fill, width - c.len() - margin);
    out.finish(sp)
}
/// A centered copy of the given width.
#[interp_fn(method, sig = "(self, width, fillchar=' ', /)")]
pub fn center(sp: Space, w_self: W, width: i64, w_fill: Option<W>) -> Res<W> {
    padded(sp, w_self, width, w_fill, algo::center_margin)
}
/// A copy of the given width with the text at the left.
#[interp_fn(method, sig = "(self, width, fillchar=' ', /)")]
pub fn ljust(sp: Space, w_self: W, width: i64, w_fill: Option<W>) -> Res<W> {
    padded(sp, w_self, width, w_fill, |_, _| 0)
}
/// A copy of the given width with the text at the right.
#[interp_fn(method, sig = "(self, width, fillchar=' ', /)")]
pub fn rjust(sp: Space, w_self: W, width: i64, w_fill: Option<W>) -> Res<W> {
    padded(sp, w_self, width, w_fill, |len, width| width - len)
}
/// A copy filled with zeros at the left, after a sign.
#[interp_fn(method, sig = "(self, width, /)")]
pub fn zfill(sp: Space, w_self: W, width: i64) -> Res<W> {
    let c = wstr::chars(w_self);
    if width <= c.len() as i64 {
        return wstr::exact(sp, w_self);
    }
    if width as usize > wstr::MAX_BYTES / 4 {
        return Err(sp.overflow_error("padded string is too long"));
    }
    let sign = usize::from(!c.is_empty() && matches!(c.at(0), 0x2B | 0x2D));
    let mut out = Builder::with_capacity(width as usize);
    out.extend(c.slice(0, sign));
    out.fill(b'0' as u32, width as usize - c.len());
    out.extend(c.slice(sign, c.len()));
    out.finish(sp)
}

/// A copy with tabs replaced by spaces up to the next multiple of tabsize.
#[interp_fn(method, sig = "(self, /, tabsize=8)")]
pub fn expandtabs(sp: Space, w_self: W, tabsize: i32) -> Res<W> {
    let c = wstr::chars(w_self);
    if c.position(9).is_none() {
        return wstr::exact(sp, w_self);
    }
    let size = tabsize.max(0) as usize;
    let tabs = c.iter().filter(|ch| *ch == 9).count();
    if tabs.saturating_mul(size) > wstr::MAX_BYTES / 4 {
        return Err(sp.overflow_error("new string is too long"));
    }
    let mut out = Builder::with_capacity(c.len() + tabs * 4);
    algo::expand_tabs(c, size, |ch, n| if n == 1 { out.push(ch) } else { out.fill(ch, n) });
    out.finish(sp)
}

/// A copy with each character replaced by what table[ord(character)] says: a str, an int, None to drop it; LookupError keeps it.
#[interp_fn(method, sig = "(self, table, /)")]
pub fn translate(sp: Space, w_self: W, w_table: W) -> Res<W> {
    let c = wstr::chars(w_self);
    let mut out = Builder::with_capacity(c.len());
    // Answers for ASCII are remembered if nothing can observe how often the table is asked.
    // SAFETY: a heap object after the test.
    let remember = !w_table.is_int() && unsafe { w_table.is_tid(taipan_abi::word::TID_DICT) };
    let mut known = [None; 128];
    for ch in c.iter() {
        if let Some(Some(x)) = known.get(ch as usize) {
            out.push(*x);
            continue;
        }
        let w = match sp.getitem(w_table, W::int(ch as i64)) {
            Err(_) if sp.catch(known::LOOKUP_ERROR) => {
                if remember && ch < 128 {
                    known[ch as usize] = Some(ch);
                }
                out.push(ch);
                continue;
            }
            r => r?,
        };
        if w.is_none() {
            continue;
        }
        if let Some(t) = sp.text_opt(w) {
            if remember && ch < 128 && t.len() == 1 {
                known[ch as usize] = Some(t.char_at(0));
            }
            out.push_text(&t);
        } else if sp.layout(w) == taipan_abi::word::TID_INT || sp.layout(w) == taipan_abi::word::TID_LONG {
            match crate::text::args::clamped_index(sp, w)? {
                x @ 0..=0x10FFFF => out.push(x as u32),
                _ => return Err(sp.value_error("character mapping must be in range(0x110000)")),
            }
        } else {
            return Err(sp.type_error("character mapping must return integer, None or str"));
        }
    }
    out.finish(sp)
}

/// A table for translate: from a dict of characters or ordinals, or from two strings of equal length and one of characters to drop.
#[interp_fn(staticmethod, sig = "(x, y=None, z=None, /)")]
pub fn maketrans(sp: Space, w_x: W, w_y: Option<W>, w_z: Option<W>) -> Res<W> {
    let table = sp.newdict()?;
    let Some(w_y) = w_y else {
        if sp.layout(w_x) != taipan_abi::word::TID_DICT {
            return Err(sp.type_error("if you give only one argument to maketrans it must be a dict"));
        }
        let mut pos = 0;
        while let Some((w_key, w_value)) = sp.dict_next(w_x, &mut pos) {
            let w_key = if let Some(t) = sp.text_opt(w_key) {
                if t.len() != 1 {
                    return Err(sp.value_error("string keys in translatetable must be of length 1"));
                }
                W::int(t.char_at(0) as i64)
            } else if matches!(
                sp.layout(w_key),
                taipan_abi::word::TID_INT | taipan_abi::word::TID_LONG | taipan_abi::word::TID_BOOL
            ) {
                w_key
            } else {
                return Err(sp.type_error("keys in translate table mustbe strings or integers"));
            };
            sp.dict_set(table, w_key, w_value)?;
        }
        return Ok(table);
    };
    let Some(x) = sp.text_opt(w_x) else {
        return Err(sp.type_error("first maketrans argument must be a string if there is a second argument"));
    };
    let Some(y) = sp.text_opt(w_y) else {
        return Err(raise!(sp, TYPE_ERROR, "maketrans() argument 2 must be str, not {}", arg_type(sp, w_y)));
    };
    let z = w_z.map(|w| str_arg(sp, w, "maketrans", Some(3))).transpose()?;
    if x.len() != y.len() {
        return Err(sp.value_error("the first two maketrans arguments must have equal length"));
    }
    for (a, b) in x.chars().zip(y.chars()) {
        sp.dict_set(table, W::int(a as i64), W::int(b as i64))?;
    }
    for c in z.iter().flat_map(|z| z.chars()) {
        sp.dict_set(table, W::int(c as i64), W::NONE)?;
    }
    Ok(table)
}
