//! `array`.

mod item;
mod methods;
mod object;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

fn setup(sp: Space, w_module: W) -> Res<()> {
    let w = object::W_ARRAY.add(sp, w_module, &object::ARRAY)?;
    sp.setattr_str(w_module, "ArrayType", w)?;
    object::W_ITER.make(sp, w_module, &object::ITER)?;
    sp.setattr_str(w_module, "typecodes", sp.newstr(item::CODES)?)?;
    let w_abc = sp.import_module(name!(sp, "_collections_abc"))?;
    let w_sequence = sp.getattr_str(w_abc, "MutableSequence")?;
    sp.call_method(w_sequence, name!(sp, "register"), &[w])?;
    Ok(())
}
mixed_module!(
    MODULE,
    "array",
    doc = "This module defines an object type which can efficiently represent\nan array of basic values: characters, integers, floating-point\nnumbers.  Arrays are sequence types and behave very much like lists,\nexcept that the type of objects stored in them is constrained.\n",
    functions = [array_reconstructor],
    init = setup,
);

/// Machine formats of pickled arrays: (size, signed, big endian) for ints, None for others.
fn int_format(mformat: i64) -> Option<(usize, bool, bool)> {
    Some(match mformat {
        0 => (1, false, false),
        1 => (1, true, false),
        2..=13 => {
            let k = mformat - 2;
            (2 << (k / 4), k & 2 != 0, k & 1 != 0)
        }
        _ => return None,
    })
}
/// The machine format of a code.
fn machine_format(code: u8) -> i64 {
    match code {
        b'b' => 1,
        b'B' => 0,
        b'f' => 14,
        b'd' => 16,
        b'u' | b'w' => 20,
        c => {
            let k = match item::size(c) {
                2 => 0,
                4 => 4,
                _ => 8,
            };
            2 + k + if c.is_ascii_lowercase() { 2 } else { 0 }
        }
    }
}
/// Internal. Used for pickling support.
#[interp_fn(name = "_array_reconstructor", sig = "(arraytype, typecode, mformat_code, items, /)")]
fn array_reconstructor(sp: Space, w_type: W, typecode: Text, mformat: i64, w_items: W) -> Res<W> {
    if !sp.isinstance(w_type, sp.known(known::TYPE))? {
        return Err(raise!(sp, TYPE_ERROR, "first argument must be a type object, not {}", sp.type_name(w_type)));
    }
    if !sp.issubclass(w_type, object::W_ARRAY.w())? {
        return Err(raise!(sp, TYPE_ERROR, "{} is not a subtype of array.array", sp.repr_string(w_type)?));
    }
    let code = typecode.ascii().and_then(|s| s.bytes().next()).filter(|c| item::CODES.as_bytes().contains(c));
    let Some(code) = code else { return Err(sp.value_error("second argument must be a valid type code")) };
    if !(0..=21).contains(&mformat) {
        return Err(sp.value_error("third argument must be a valid machine format code."));
    }
    let Some(bytes) = sp.bytes_opt(w_items) else {
        return Err(raise!(sp, TYPE_ERROR, "fourth argument should be bytes, not {}", sp.type_name(w_items)));
    };
    let w = object::new_array(sp, w_type, code)?;
    if mformat == machine_format(code) {
        object::extend_bytes(sp, w, bytes)?;
        return Ok(w);
    }
    let misfit = || sp.value_error("bytes length not a multiple of item size");
    let mut values = RootedVec::new(sp);
    if let Some((size, signed, big)) = int_format(mformat) {
        if bytes.len() % size != 0 {
            return Err(misfit());
        }
        for chunk in bytes.chunks(size) {
            let n = chunk
                .iter()
                .enumerate()
                .fold(0u128, |n, (i, b)| n | (*b as u128) << (8 * if big { size - 1 - i } else { i }));
            let shift = 128 - 8 * size as u32;
            let n = if signed { (n << shift) as i128 >> shift } else { n as i128 };
            values.push(sp.newbigint(&n.into())?)
        }
    } else if mformat < 18 {
        let (size, big) = (if mformat < 16 { 4 } else { 8 }, mformat & 1 != 0);
        if bytes.len() % size != 0 {
            return Err(misfit());
        }
        for chunk in bytes.chunks(size) {
            let mut c = chunk.to_vec();
            if big {
                c.reverse()
            }
            values.push(item::load(sp, if size == 4 { b'f' } else { b'd' }, &c)?)
        }
    } else {
        let encoding = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"][mformat as usize - 18];
        let w_text = sp.call_method(w_items, name!(sp, "decode"), &[sp.newstr(encoding)?])?;
        for c in sp.text_w(w_text)?.chars() {
            values.push(sp.newstr_chars(&[c])?)
        }
    }
    for v in values.iter() {
        object::push(sp, w, *v)?
    }
    Ok(w)
}
