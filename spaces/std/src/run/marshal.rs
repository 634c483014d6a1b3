//! Writing marshalled objects, and the `marshal` module.

use super::{code, unmarshal};
use taipan_abi::known;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, mixed_module};

const MAX_DEPTH: u32 = 1000;

/// How to write.
#[derive(Copy, Clone)]
struct Form {
    version: i64,
    allow_code: bool,
}

/// The bytes of an object, code objects included.
pub fn dump(sp: Space, w: W, version: i64) -> Res<Vec<u8>> {
    bytes(sp, w, Form { version, allow_code: true })
}

/// The bytes of a code object, without a seal.
pub fn bytes_of(sp: Space, w_code: W) -> Res<Vec<u8>> {
    let mut out = Vec::new();
    write(sp, &mut out, w_code, Form { version: 5, allow_code: true }, 0)?;
    Ok(out)
}

fn bytes(sp: Space, w: W, form: Form) -> Res<Vec<u8>> {
    let mut out = Vec::new();
    write(sp, &mut out, w, form, 0)?;
    // SAFETY: a live word.
    if unsafe { w.is_tid(TID_CODE) } { unmarshal::seal(sp, &out) } else { Ok(out) }
}

fn size(sp: Space, out: &mut Vec<u8>, n: usize) -> Res<()> {
    let n = i32::try_from(n).map_err(|_| sp.value_error("object too large to marshal"))?;
    out.extend_from_slice(&n.to_le_bytes());
    Ok(())
}

fn write(sp: Space, out: &mut Vec<u8>, w: W, form: Form, depth: u32) -> Res<()> {
    if depth > MAX_DEPTH {
        return Err(sp.value_error("object too deeply nested to marshal"));
    }
    match w {
        W::NONE => out.push(b'N'),
        W::TRUE => out.push(b'T'),
        W::FALSE => out.push(b'F'),
        W::ELLIPSIS => out.push(b'.'),
        _ if w == sp.known(known::STOP_ITERATION) => out.push(b'S'),
        _ if w.is_int() => match i32::try_from(w.untag()) {
            Ok(i) => {
                out.push(b'i');
                out.extend_from_slice(&i.to_le_bytes());
            }
            Err(_) => long(sp, out, w)?,
        },
        // SAFETY: a heap object.
        _ => match unsafe { w.header().tid } {
            TID_LONG => long(sp, out, w)?,
            TID_FLOAT => {
                out.push(b'g');
                out.extend_from_slice(&sp.float_w(w)?.to_le_bytes());
            }
            TID_COMPLEX => {
                let (re, im) = sp.complex_w(w)?;
                out.push(b'y');
                out.extend_from_slice(&re.to_le_bytes());
                out.extend_from_slice(&im.to_le_bytes());
            }
            TID_STR => {
                let t = sp.text_of(w);
                // SAFETY: a str's header.
                let interned = unsafe { w.header().aux[1] } & crate::layouts::STR_INTERNED != 0;
                let b = t.to_wtf8();
                match (t.ascii().is_some() && form.version >= 4, b.len() < 256) {
                    (true, true) => {
                        out.push(if interned { b'Z' } else { b'z' });
                        out.push(b.len() as u8);
                    }
                    (true, false) => {
                        out.push(if interned { b'A' } else { b'a' });
                        size(sp, out, b.len())?;
                    }
                    _ => {
                        out.push(if interned && form.version >= 3 { b't' } else { b'u' });
                        size(sp, out, b.len())?;
                    }
                }
                out.extend_from_slice(&b);
            }
            TID_BYTES => {
                let b = sp.bytes_opt(w).unwrap_or(&[]);
                out.push(b's');
                size(sp, out, b.len())?;
                out.extend_from_slice(b);
            }
            TID_TUPLE => {
                let items = sp.tuple_items(w);
                if form.version >= 4 && items.len() < 256 {
                    out.push(b')');
                    out.push(items.len() as u8);
                } else {
                    out.push(b'(');
                    size(sp, out, items.len())?;
                }
                for x in items {
                    write(sp, out, *x, form, depth + 1)?;
                }
            }
            TID_LIST => {
                let n = sp.list_len(w)?;
                out.push(b'[');
                size(sp, out, n as usize)?;
                for i in 0..n {
                    write(sp, out, sp.list_item(w, i)?, form, depth + 1)?;
                }
            }
            TID_DICT => {
                out.push(b'{');
                let mut pos = 0;
                while let Some((k, v)) = sp.dict_next(w, &mut pos) {
                    write(sp, out, k, form, depth + 1)?;
                    write(sp, out, v, form, depth + 1)?;
                }
                out.push(b'0');
            }
            t @ (TID_SET | TID_FROZENSET) => {
                let (w_items, items) = sp.unpack(w)?;
                out.push(if t == TID_SET { b'<' } else { b'>' });
                size(sp, out, items.len())?;
                for x in items {
                    write(sp, out, *x, form, depth + 1)?;
                }
                let _keep = w_items;
            }
            TID_SLICE => {
                if form.version < 5 {
                    return Err(sp.value_error("unmarshallable object"));
                }
                out.push(b':');
                for n in ["start", "stop", "step"] {
                    write(sp, out, sp.getattr_str(w, n)?, form, depth + 1)?;
                }
            }
            TID_CODE => {
                if !form.allow_code {
                    return Err(sp.value_error("marshalling code objects is disallowed"));
                }
                let c = code::get(w);
                out.push(b'c');
                for n in
                    [c.argcount, c.posonlyargcount, c.kwonlyargcount, c.stacksize, c.flags, c.ncaches, c.firstlineno]
                {
                    out.extend_from_slice(&n.to_le_bytes());
                }
                write(sp, out, super::code::words(sp, w)?, form, depth + 1)?;
                for x in [
                    c.w_consts,
                    c.w_names,
                    c.w_localsplusnames,
                    c.w_localspluskinds,
                    c.w_filename,
                    c.w_name,
                    c.w_qualname,
                    c.w_linetable,
                    c.w_exceptiontable,
                ] {
                    write(sp, out, x, form, depth + 1)?;
                }
            }
            _ => match Buffer::get(sp, w) {
                Ok(b) => {
                    out.push(b's');
                    size(sp, out, b.len())?;
                    out.extend_from_slice(&b);
                }
                Err(Raised) => {
                    sp.take_exc();
                    return Err(sp.value_error("unmarshallable object"));
                }
            },
        },
    }
    Ok(())
}

fn long(sp: Space, out: &mut Vec<u8>, w: W) -> Res<()> {
    let big = sp.bigint_w(w)?;
    let (negative, mag) = (big.sign() == num_bigint::Sign::Minus, big.magnitude().to_u64_digits());
    let mut digits = Vec::new();
    let bits = big.bits() as usize;
    for i in 0..bits.div_ceil(15) {
        let (word, bit) = (i * 15 / 64, i * 15 % 64);
        let mut d = mag[word] >> bit;
        if bit > 49 && word + 1 < mag.len() {
            d |= mag[word + 1] << (64 - bit);
        }
        digits.push((d & 0x7fff) as u16);
    }
    out.push(b'l');
    let n = digits.len() as i32;
    out.extend_from_slice(&(if negative { -n } else { n }).to_le_bytes());
    for d in digits {
        out.extend_from_slice(&d.to_le_bytes());
    }
    Ok(())
}

/// The bytes of an object.
#[interp_fn(sig = "(value, version=5, /, *, allow_code=True)")]
fn dumps(sp: Space, w: W, version: i64, allow_code: bool) -> Res<Vec<u8>> {
    bytes(sp, w, Form { version, allow_code })
}
/// The object of some bytes.
#[interp_fn(sig = "(bytes, /, *, allow_code=True)")]
fn loads(sp: Space, b: Buffer, allow_code: bool) -> Res<W> {
    Ok(unmarshal::read_untrusted(sp, &b, allow_code)?.0)
}
/// Writes an object to a binary file.
#[interp_fn(name = "dump", sig = "(value, file, version=5, /, *, allow_code=True)")]
fn dump_file(sp: Space, w: W, w_file: W, version: i64, allow_code: bool) -> Res<W> {
    let w_bytes = sp.newbytes(&bytes(sp, w, Form { version, allow_code })?)?;
    sp.call_method(w_file, name!(sp, "write"), &[w_bytes])
}
/// Reads one object from a binary file.
#[interp_fn(sig = "(file, /, *, allow_code=True)")]
fn load(sp: Space, w_file: W, allow_code: bool) -> Res<W> {
    // What follows the object is given back by seeking.
    let w_start = sp.call_method(w_file, name!(sp, "tell"), &[])?;
    let w_bytes = sp.call_method(w_file, name!(sp, "read"), &[])?;
    let b = Buffer::get(sp, w_bytes)?;
    let (w, used) = unmarshal::read_untrusted(sp, &b, allow_code)?;
    let w_end = sp.add(w_start, W::int(used as i64))?;
    sp.call_method(w_file, name!(sp, "seek"), &[w_end])?;
    Ok(w)
}
fn init(sp: Space, w_module: W) -> Res<()> {
    sp.setattr_str(w_module, "version", W::int(5))
}
mixed_module!(
    MODULE,
    "marshal",
    doc = "Python objects as bytes.",
    functions = [dumps, loads, dump_file, load],
    init = init
);
