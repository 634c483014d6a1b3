//! str: what kind of characters it has.

use crate::text::unicode::{ALPHA, DECIMAL, DIGIT, NUMERIC, PRINTABLE, SPACE, XID_CONTINUE, XID_START, has};
use crate::text::wstr;
use taipan_plugin_api::prelude::*;

fn all(w: W, mask: u16) -> bool {
    let c = wstr::chars(w);
    !c.is_empty() && c.iter().all(|ch| has(ch, mask))
}

/// Are there characters, all of them letters?
#[interp_fn(method, sig = "(self, /)")]
pub fn isalpha(_sp: Space, w_self: W) -> Res<bool> {
    Ok(all(w_self, ALPHA))
}
/// Are there characters, all of them letters or numbers?
#[interp_fn(method, sig = "(self, /)")]
pub fn isalnum(_sp: Space, w_self: W) -> Res<bool> {
    Ok(all(w_self, ALPHA | DECIMAL | DIGIT | NUMERIC))
}
/// Are there characters, all of them decimal digits?
#[interp_fn(method, sig = "(self, /)")]
pub fn isdecimal(_sp: Space, w_self: W) -> Res<bool> {
    Ok(all(w_self, DECIMAL))
}
/// Are there characters, all of them digits?
#[interp_fn(method, sig = "(self, /)")]
pub fn isdigit(_sp: Space, w_self: W) -> Res<bool> {
    Ok(all(w_self, DIGIT))
}
/// Are there characters, all of them numeric?
#[interp_fn(method, sig = "(self, /)")]
pub fn isnumeric(_sp: Space, w_self: W) -> Res<bool> {
    Ok(all(w_self, NUMERIC))
}
/// Are there characters, all of them whitespace?
#[interp_fn(method, sig = "(self, /)")]
pub fn isspace(_sp: Space, w_self: W) -> Res<bool> {
    Ok(all(w_self, SPACE))
}
/// Are all characters ones that repr leaves as they are?
#[interp_fn(method, sig = "(self, /)")]
pub fn isprintable(_sp: Space, w_self: W) -> Res<bool> {
    Ok(wstr::chars(w_self).iter().all(|c| has(c, PRINTABLE)))
}
/// Are all characters ASCII?
#[interp_fn(method, sig = "(self, /)")]
pub fn isascii(_sp: Space, w_self: W) -> Res<bool> {
    Ok(wstr::is_ascii(w_self))
}
/// Is the text an identifier? (keyword.iskeyword tells whether it is a reserved one)
#[interp_fn(method, sig = "(self, /)")]
pub fn isidentifier(_sp: Space, w_self: W) -> Res<bool> {
    let c = wstr::chars(w_self);
    let mut it = c.iter();
    Ok(it.next().is_some_and(|c| c == b'_' as u32 || has(c, XID_START)) && it.all(|c| has(c, XID_CONTINUE)))
}
