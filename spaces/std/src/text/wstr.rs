//! Making and reading str objects.

use super::chars::Chars;
use super::{hash, intern};
use crate::layouts::{STR_ASCII, WStr};
use std::mem::size_of;
use taipan_abi::word::TID_STR;
use taipan_plugin_api::{Global, Raised, Res, Space, W};

/// Longest memory of a str in bytes.
pub const MAX_BYTES: usize = isize::MAX as usize / 2;

/// The characters of an object laid out as [`WStr`]; they live as long as the object.
#[inline(always)]
pub fn chars<'a>(w: W) -> Chars<'a> {
    // SAFETY: callers pass objects laid out as a str; the characters follow the struct, 8-aligned.
    unsafe {
        let s = &*w.ptr::<WStr>();
        let p = w.ptr::<u8>().add(size_of::<WStr>());
        match s.header.aux[0] {
            0 => Chars::One(std::slice::from_raw_parts(p, s.nbytes)),
            1 => Chars::Two(std::slice::from_raw_parts(p.cast(), s.nbytes / 2)),
            _ => Chars::Four(std::slice::from_raw_parts(p.cast(), s.nbytes / 4)),
        }
    }
}

/// Are all characters below 128?
#[inline(always)]
pub fn is_ascii(w: W) -> bool {
    // SAFETY: laid out as a str.
    unsafe { w.header().aux[1] & STR_ASCII != 0 }
}

/// The number of characters.
#[inline(always)]
pub fn len(w: W) -> usize {
    // SAFETY: laid out as a str.
    unsafe { (*w.ptr::<WStr>()).nbytes >> w.header().aux[0] }
}

#[cold]
fn too_long(sp: Space) -> Raised {
    sp.raise(taipan_plugin_api::known::MEMORY_ERROR, "")
}

/// An uninitialized str of a kind (0, 1, 2 = log2 of the width) and the address of its characters.
fn raw(sp: Space, nbytes: usize, kind: u8, ascii: bool) -> Res<(W, *mut u8)> {
    if nbytes > MAX_BYTES {
        return Err(too_long(sp));
    }
    // SAFETY: the row counts bytes after the struct.
    unsafe {
        let w = sp.alloc(TID_STR, size_of::<WStr>() + nbytes)?;
        (*w.ptr::<WStr>()).nbytes = nbytes;
        w.header().aux = [kind, if ascii { STR_ASCII } else { 0 }];
        Ok((w, w.ptr::<u8>().add(size_of::<WStr>())))
    }
}

/// Fills the object of a possibly derived class, made with as many item bytes as `chars` has.
pub fn fill_instance(w: W, chars: Chars) {
    let bytes = chars.raw();
    // SAFETY: the object was allocated with room for these bytes.
    unsafe {
        (*w.ptr::<WStr>()).nbytes = bytes.len();
        w.header().aux = [chars.width().trailing_zeros() as u8, if chars.bits() < 128 { STR_ASCII } else { 0 }];
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), w.ptr::<u8>().add(size_of::<WStr>()), bytes.len());
    }
}

/// A str of characters already at their narrowest width.
pub fn new_narrow(sp: Space, chars: Chars) -> Res<W> {
    match chars {
        Chars::One([]) => return Ok(empty(sp)),
        Chars::One([c]) => return Ok(latin1(sp, *c)),
        _ => {}
    }
    let bytes = chars.raw();
    let ascii = matches!(chars, Chars::One(s) if s.is_ascii());
    let (w, p) = raw(sp, bytes.len(), chars.width().trailing_zeros() as u8, ascii)?;
    // SAFETY: allocated with this size.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), p, bytes.len()) };
    Ok(w)
}

/// A str of any characters.
pub fn new(sp: Space, chars: Chars) -> Res<W> {
    let bits = match chars {
        Chars::One(_) => return new_narrow(sp, chars),
        _ => chars.bits(),
    };
    match chars {
        Chars::Four(s) if bits > 0xFFFF => new_narrow(sp, Chars::Four(s)),
        Chars::Two(s) if bits > 0xFF => new_narrow(sp, Chars::Two(s)),
        Chars::Four(s) if bits > 0xFF => {
            let (w, p) = raw(sp, s.len() * 2, 1, false)?;
            // SAFETY: room for s.len() characters of 2 bytes.
            s.iter().enumerate().for_each(|(i, c)| unsafe { *p.cast::<u16>().add(i) = *c as u16 });
            Ok(w)
        }
        _ if chars.is_empty() => Ok(empty(sp)),
        _ if chars.len() == 1 => Ok(latin1(sp, chars.at(0) as u8)),
        _ => {
            let (w, p) = raw(sp, chars.len(), 0, bits < 128)?;
            // SAFETY: room for as many bytes as there are characters.
            chars.iter().enumerate().for_each(|(i, c)| unsafe { *p.add(i) = c as u8 });
            Ok(w)
        }
    }
}

/// A str of ASCII text.
pub fn new_ascii(sp: Space, s: &str) -> Res<W> {
    new_narrow(sp, Chars::ascii(s))
}

/// A one-character str.
#[inline]
pub fn new_char(sp: Space, c: u32) -> Res<W> {
    match c {
        0..=0xFF => Ok(latin1(sp, c as u8)),
        0x100..=0xFFFF => new_narrow(sp, Chars::Two(&[c as u16])),
        _ => new_narrow(sp, Chars::Four(&[c])),
    }
}

/// A str of WTF-8 (surrogates are encoded like other code points); what is not WTF-8 becomes U+FFFD.
pub fn new_wtf8(sp: Space, s: &[u8]) -> Res<W> {
    if s.is_ascii() {
        return new_narrow(sp, Chars::One(s));
    }
    let mut b = super::builder::Builder::with_capacity(s.len());
    super::codecs::utf8::decode_wtf8(s, |c| b.push(c));
    b.finish(sp)
}

static EMPTY: Global = Global::new();
static LATIN1: [Global; 256] = [const { Global::new() }; 256];

/// ''
#[inline]
pub fn empty(sp: Space) -> W {
    let w = EMPTY.get();
    if !w.is_null() {
        return w;
    }
    immortal(sp, Chars::One(&[]), &EMPTY)
}

/// The str of one character below 256; there is only one of each.
#[inline]
pub fn latin1(sp: Space, c: u8) -> W {
    let w = LATIN1[c as usize].get();
    if !w.is_null() {
        return w;
    }
    immortal(sp, Chars::One(&[c]), &LATIN1[c as usize])
}

#[cold]
fn immortal(sp: Space, chars: Chars, place: &'static Global) -> W {
    let Ok((w, p)) = raw(sp, chars.len(), 0, chars.bits() < 128) else { return W::NULL };
    // SAFETY: room for the characters.
    unsafe { std::ptr::copy_nonoverlapping(chars.raw().as_ptr(), p, chars.len()) };
    // The table of interned strings keeps it alive.
    let w = intern::intern_w(sp, w).unwrap_or(w);
    place.set_immortal(w);
    w
}

/// The hash, remembered in the object.
#[inline]
pub fn hash(sp: Space, w: W) -> i64 {
    // SAFETY: laid out as a str.
    let s = unsafe { &mut *w.ptr::<WStr>() };
    if s.hash == 0 {
        s.hash = hash::hash_bytes(sp, chars(w).raw()) as u64;
    }
    s.hash as i64
}

/// Equality of two objects laid out as str.
#[inline]
pub fn eq(a: W, b: W) -> bool {
    if a == b {
        return true;
    }
    // SAFETY: both are laid out as str. Equal text has equal width, as both are narrowest.
    unsafe {
        let (x, y) = (&*a.ptr::<WStr>(), &*b.ptr::<WStr>());
        if x.nbytes != y.nbytes || x.header.aux[0] != y.header.aux[0] {
            return false;
        }
        if x.hash != 0 && y.hash != 0 && x.hash != y.hash {
            return false;
        }
    }
    chars(a).raw() == chars(b).raw()
}

/// The object itself if its class is exactly str, else a copy that is.
#[inline]
pub fn exact(sp: Space, w: W) -> Res<W> {
    // SAFETY: a heap object.
    if unsafe { w.is_tid(TID_STR) } { Ok(w) } else { new_narrow(sp, chars(w)) }
}

/// Characters [lo, hi) of an object laid out as str.
pub fn substring(sp: Space, w: W, lo: usize, hi: usize) -> Res<W> {
    let c = chars(w);
    if lo == 0 && hi == c.len() { exact(sp, w) } else { new(sp, c.slice(lo, hi)) }
}

/// a + b
pub fn concat(sp: Space, a: W, b: W) -> Res<W> {
    let (x, y) = (chars(a), chars(b));
    if y.is_empty() {
        return exact(sp, a);
    }
    if x.is_empty() {
        return exact(sp, b);
    }
    if x.width() == y.width() {
        let (rx, ry) = (x.raw(), y.raw());
        let (w, p) = raw(sp, rx.len() + ry.len(), x.width().trailing_zeros() as u8, is_ascii(a) && is_ascii(b))?;
        // SAFETY: room for both.
        unsafe {
            std::ptr::copy_nonoverlapping(rx.as_ptr(), p, rx.len());
            std::ptr::copy_nonoverlapping(ry.as_ptr(), p.add(rx.len()), ry.len());
        }
        return Ok(w);
    }
    let mut out = super::builder::Builder::with_capacity(x.len() + y.len());
    out.extend(x);
    out.extend(y);
    out.finish(sp)
}

/// One str of several, all laid out as str.
pub fn concat_all(sp: Space, parts: &[W]) -> Res<W> {
    if let [w] = parts {
        return exact(sp, *w);
    }
    let (mut nbytes, mut kind, mut ascii, mut uniform) = (0usize, 0, true, true);
    for (i, w) in parts.iter().enumerate() {
        // SAFETY: laid out as str.
        let s = unsafe { &*w.ptr::<WStr>() };
        if s.nbytes == 0 {
            continue;
        }
        uniform &= nbytes == 0 || kind == s.header.aux[0] || i == 0;
        kind = s.header.aux[0];
        ascii &= s.header.aux[1] & STR_ASCII != 0;
        nbytes = nbytes.checked_add(s.nbytes).filter(|n| *n <= MAX_BYTES).ok_or_else(|| too_long(sp))?;
    }
    if !uniform {
        let mut out = super::builder::Builder::with_capacity(nbytes);
        parts.iter().for_each(|w| out.extend(chars(*w)));
        return out.finish(sp);
    }
    if nbytes >> kind <= 1 {
        let mut out = super::builder::Builder::new();
        parts.iter().for_each(|w| out.extend(chars(*w)));
        return out.finish(sp);
    }
    let (w, mut p) = raw(sp, nbytes, kind, ascii)?;
    for part in parts {
        let bytes = chars(*part).raw();
        // SAFETY: the sizes were added up above; strs do not change.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), p, bytes.len());
            p = p.add(bytes.len());
        }
    }
    Ok(w)
}

/// s * n
pub fn repeat(sp: Space, w: W, n: i64) -> Res<W> {
    let c = chars(w);
    if n <= 0 || c.is_empty() {
        return Ok(empty(sp));
    }
    if n == 1 {
        return exact(sp, w);
    }
    let bytes = c.raw();
    let total = bytes.len().checked_mul(n as usize).filter(|t| *t <= MAX_BYTES).ok_or_else(|| too_long(sp))?;
    let (new, p) = raw(sp, total, c.width().trailing_zeros() as u8, is_ascii(w))?;
    // SAFETY: room for n copies.
    unsafe { repeat_into(p, bytes, total) };
    Ok(new)
}

/// Fills `total` bytes at `p` with copies of `unit`, doubling what is there.
///
/// # Safety
/// `p` has room for `total` bytes, a multiple of the unit's length.
pub unsafe fn repeat_into(p: *mut u8, unit: &[u8], total: usize) {
    if let [b] = unit {
        return std::ptr::write_bytes(p, *b, total);
    }
    std::ptr::copy_nonoverlapping(unit.as_ptr(), p, unit.len().min(total));
    let mut done = unit.len();
    while done < total {
        let n = done.min(total - done);
        std::ptr::copy_nonoverlapping(p, p.add(done), n);
        done += n;
    }
}
