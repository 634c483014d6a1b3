//! Calls of functions written in Rust, remembered at their call site.
//!
//! The cache of a CALL says: this description was called with this many arguments, and they stand on the value stack as the function wants
//! them. The key is the description's address (descriptions are static). For a method descriptor the cache also names the descriptor and
//! the row of the self that was accepted.

use super::space::ck;
use crate::layouts::{WBuiltin, WMethodDescr};
use crate::types::signature::Signature;
use crate::types::util::{instance, type_of};
use taipan_abi::thread::Cache;
use taipan_abi::types::{CallFn, FnSpec, ParsedFn, ff};
use taipan_abi::word::W;
use taipan_interp::space::Native;
use taipan_plugin_api::Space;

/// Optional arguments that were left out are NULLs after the operands; a window has room for that many.
const MAX_PAD: usize = 6;

#[inline(always)]
fn kind(n: usize) -> u32 {
    ck::NATIVE | (n as u32) << 8
}
#[inline(always)]
fn native(c: &Cache, w_self: W) -> Native {
    // SAFETY: `fill` has put a function of the kind there that the flag says.
    unsafe {
        if c.b & RAW == 0 {
            Native::Parsed(std::mem::transmute::<usize, ParsedFn>(c.a as usize), (c.b & 0xff) as usize)
        } else {
            Native::Raw(std::mem::transmute::<usize, CallFn>(c.a as usize), w_self, (c.b & 0xff) as usize)
        }
    }
}
/// In `Cache::b`: a CallFn; the low byte then counts the leading arguments that it does not see. Else that byte counts the NULLs.
const RAW: u64 = 1 << 8;

/// A function object (`len`, `math.sqrt`).
///
/// # Safety
/// `w` is a WBuiltin.
#[inline(always)]
pub unsafe fn builtin(w: W, n: usize, cache: *mut Cache) -> Option<Native> {
    let b = &*w.ptr::<WBuiltin>();
    let c = &*cache;
    if c.key == b.spec as u64 && c.kind == kind(n) {
        return Some(native(c, b.w_self));
    }
    fill_builtin(b, n, cache);
    None
}

/// A method descriptor (`list.append`) with self as first argument.
///
/// # Safety
/// `w` is a WMethodDescr; `n` arguments stand at `args`.
#[inline(always)]
pub unsafe fn method(sp: Space, w: W, args: *const W, n: usize, cache: *mut Cache) -> Option<Native> {
    let d = &*w.ptr::<WMethodDescr>();
    let c = &*cache;
    if n == 0 {
        return None;
    }
    let w_self = *args;
    if c.key == d.spec as u64 && c.kind == kind(n) && c.b >> 16 == site(w, w_self) {
        return Some(native(c, w_self));
    }
    fill_method(sp, w, w_self, n, cache);
    None
}

/// 48 bits that name a descriptor and a row: the sum cannot collide for rows below 2^16; larger ones are not remembered.
#[inline(always)]
unsafe fn site(w_descr: W, w_self: W) -> u64 {
    ((w_descr.0 >> 4) & 0xffff_ffff) << 16 | w_self.tid() as u64 & 0xffff
}

/// Arguments that stand as they are wanted: how many NULLs are missing.
fn pad(sig: &Signature, n: usize) -> Option<u64> {
    let fits = !sig.complex && n >= sig.required && n <= sig.npos && sig.npos - n <= MAX_PAD;
    fits.then(|| (sig.npos - n) as u64)
}

#[cold]
unsafe fn fill_builtin(b: &WBuiltin, n: usize, cache: *mut Cache) {
    let spec: &FnSpec = &*b.spec;
    let bits = if spec.flags & ff::RAW != 0 {
        if spec.flags & (ff::METHOD | ff::CLASSMETHOD) != 0 && b.w_self.is_null() {
            return;
        }
        RAW
    } else {
        if spec.flags & (ff::METHOD | ff::CLASSMETHOD | ff::WITH_MODULE) != 0 {
            return;
        }
        match pad(&*b.sig, n) {
            Some(missing) => missing,
            None => return,
        }
    };
    let count = (*cache).count;
    *cache = Cache { key: b.spec as u64, a: spec.f as u64, b: bits, count, kind: kind(n) };
}

#[cold]
unsafe fn fill_method(sp: Space, w: W, w_self: W, n: usize, cache: *mut Cache) {
    let d = &*w.ptr::<WMethodDescr>();
    let spec: &FnSpec = &*d.spec;
    let odd = ff::CLASSMETHOD | ff::STATICMETHOD | ff::WITH_MODULE;
    if spec.flags & odd != 0 || spec.flags & ff::METHOD == 0 || w_self.tid() > 0xffff {
        return;
    }
    if type_of(sp, w_self) != d.w_type && !instance(sp, w_self, d.w_type) {
        return;
    }
    let bits = if spec.flags & ff::RAW != 0 {
        RAW | 1
    } else {
        match pad(&*d.sig, n) {
            Some(missing) => missing,
            None => return,
        }
    };
    let count = (*cache).count;
    *cache = Cache { key: d.spec as u64, a: spec.f as u64, b: bits | site(w, w_self) << 16, count, kind: kind(n) };
}
