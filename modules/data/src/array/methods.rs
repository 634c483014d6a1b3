//! Methods of arrays.

use super::item::{self, store};
use super::object::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Append new value v to the end of the array.
#[interp_fn(method, sig = "(self, v, /)")]
pub fn append(sp: Space, w: W, v: W) -> Res<()> {
    push(sp, w, v)
}
/// Return a tuple (address, length) giving the current memory address and the length in items of the buffer used to hold array's contents.
///
/// The length should be multiplied by the itemsize attribute to calculate
/// the buffer length in bytes.
#[interp_fn(method, sig = "(self, /)")]
pub fn buffer_info(_sp: Space, w: W) -> Res<(u64, u64)> {
    Ok((data(w).as_ptr() as u64, len(w) as u64))
}
/// Byteswap all items of the array.
///
/// If the items in the array are not 1, 2, 4, or 8 bytes in size, RuntimeError is
/// raised.
#[interp_fn(method, sig = "(self, /)")]
pub fn byteswap(_sp: Space, w: W) -> Res<()> {
    data(w).chunks_mut(item::size(code(w))).for_each(|c| c.reverse());
    Ok(())
}
/// Remove all items from the array.
#[interp_fn(method, sig = "(self, /)")]
pub fn clear(sp: Space, w: W) -> Res<()> {
    splice(sp, w, 0, len(w), &[])
}
fn copied(sp: Space, w: W) -> Res<W> {
    let w_new = new_array(sp, W_ARRAY.w(), code(w))?;
    extend_bytes(sp, w_new, data(w))?;
    Ok(w_new)
}
/// Return a copy of the array.
#[interp_fn(method, name = "__copy__", sig = "(self, /)")]
pub fn copy_dunder(sp: Space, w: W) -> Res<W> {
    copied(sp, w)
}
/// Return a copy of the array.
#[interp_fn(method, name = "__deepcopy__", sig = "(self, unused, /)")]
pub fn deepcopy(sp: Space, w: W, _memo: W) -> Res<W> {
    copied(sp, w)
}
/// Return number of occurrences of v in the array.
#[interp_fn(method, sig = "(self, v, /)")]
pub fn count(sp: Space, w: W, v: W) -> Res<i64> {
    let (mut n, mut i) = (0, 0);
    while i < len(w) {
        n += sp.eq_w(get(sp, w, i)?, v)? as i64;
        i += 1
    }
    Ok(n)
}
/// Append items to the end of the array.
#[interp_fn(method, sig = "(self, bb, /)")]
pub fn extend(sp: Space, w: W, w_other: W) -> Res<()> {
    extend_with(sp, w, w_other)
}
/// Appends items from the string, interpreting it as an array of machine values, as if it had been read from a file using the fromfile() method.
#[interp_fn(method, sig = "(self, buffer, /)")]
pub fn frombytes(sp: Space, w: W, buffer: Buffer) -> Res<()> {
    let bytes = buffer.to_vec();
    drop(buffer);
    extend_bytes(sp, w, &bytes)
}
/// Read n objects from the file object f and append them to the end of the array.
#[interp_fn(method, sig = "(self, f, n, /)")]
pub fn fromfile(sp: Space, w: W, w_file: W, n: i64) -> Res<()> {
    if n < 0 {
        return Err(sp.value_error("negative count"));
    }
    let Some(want) = n.checked_mul(item::size(code(w)) as i64) else { return Err(sp.raise(known::MEMORY_ERROR, "")) };
    let w_bytes = sp.call_method(w_file, name!(sp, "read"), &[sp.newint(want)])?;
    let Some(bytes) = sp.bytes_opt(w_bytes) else { return Err(sp.type_error("read() didn't return bytes")) };
    extend_bytes(sp, w, bytes)?;
    if bytes.len() as i64 != want {
        return Err(sp.raise(known::EOF_ERROR, "read() didn't return enough bytes"));
    }
    Ok(())
}
/// Append items to array from list.
#[interp_fn(method, sig = "(self, list, /)")]
pub fn fromlist(sp: Space, w: W, w_list: W) -> Res<()> {
    if !is_list(sp, w_list) {
        return Err(sp.type_error("arg must be list"));
    }
    let (c, n) = (code(w), sp.list_len(w_list)?);
    let mut new = Vec::new();
    for i in 0..n {
        new.extend_from_slice(&store(sp, c, sp.list_item(w_list, i)?)?[..item::size(c)]);
        if sp.list_len(w_list)? != n {
            return Err(sp.runtime_error("list changed size during iteration"));
        }
    }
    extend_bytes(sp, w, &new)
}
fn unicode(sp: Space, w: W, name: &str) -> Res<()> {
    if matches!(code(w), b'u' | b'w') {
        return Ok(());
    }
    Err(raise!(sp, VALUE_ERROR, "{name}() may only be called on unicode type arrays ('u' or 'w')"))
}
/// Extends this array with data from the unicode string ustr.
///
/// The array must be a unicode type array; otherwise a ValueError is raised.
/// Use array.frombytes(ustr.encode(...)) to append Unicode data to an array of
/// some other type.
#[interp_fn(method, sig = "(self, ustr, /)")]
pub fn fromunicode(sp: Space, w: W, text: Text) -> Res<()> {
    unicode(sp, w, "fromunicode")?;
    resizable(sp, w)?;
    add_text(w, &text);
    Ok(())
}
/// Return index of first occurrence of v in the array.
///
/// Raise ValueError if the value is not present.
#[interp_fn(method, sig = "(self, v, start=0, stop=sys.maxsize, /)")]
pub fn index(sp: Space, w: W, v: W, start: i64, stop: Option<i64>) -> Res<i64> {
    let n = len(w) as i64;
    let clamp = |i: i64| if i < 0 { i.saturating_add(n).max(0) } else { i };
    let (mut i, stop) = (clamp(start), clamp(stop.unwrap_or(i64::MAX)));
    while i < stop && (i as usize) < len(w) {
        if sp.eq_w(get(sp, w, i as usize)?, v)? {
            return Ok(i);
        }
        i += 1
    }
    Err(sp.value_error("array.index(x): x not in array"))
}
/// Insert a new item v into the array before position i.
#[interp_fn(method, sig = "(self, i, v, /)")]
pub fn insert(sp: Space, w: W, i: i64, v: W) -> Res<()> {
    let c = code(w);
    let b = store(sp, c, v)?;
    let n = len(w) as i64;
    let i = (if i < 0 { i.saturating_add(n).max(0) } else { i.min(n) }) as usize;
    splice(sp, w, i, i, &b[..item::size(c)])
}
/// Return the i-th element and delete it from the array.
///
/// i defaults to -1.
#[interp_fn(method, sig = "(self, i=-1, /)")]
pub fn pop(sp: Space, w: W, i: i64) -> Res<W> {
    let n = len(w) as i64;
    if n == 0 {
        return Err(sp.index_error("pop from empty array"));
    }
    let i = if i < 0 { i.saturating_add(n) } else { i };
    if i < 0 || i >= n {
        return Err(sp.index_error("pop index out of range"));
    }
    let v = get(sp, w, i as usize)?;
    splice(sp, w, i as usize, i as usize + 1, &[])?;
    Ok(v)
}
/// Remove the first occurrence of v in the array.
#[interp_fn(method, sig = "(self, v, /)")]
pub fn remove(sp: Space, w: W, v: W) -> Res<()> {
    let mut i = 0;
    while i < len(w) {
        if sp.eq_w(get(sp, w, i)?, v)? {
            return if i < len(w) { splice(sp, w, i, i + 1, &[]) } else { Ok(()) };
        }
        i += 1
    }
    Err(sp.value_error("array.remove(x): x not in array"))
}
/// Reverse the order of the items in the array.
#[interp_fn(method, sig = "(self, /)")]
pub fn reverse(_sp: Space, w: W) -> Res<()> {
    // All bytes backwards, then each item's bytes.
    let d = data(w);
    d.reverse();
    d.chunks_mut(item::size(code(w))).for_each(|c| c.reverse());
    Ok(())
}
/// Convert the array to an array of machine values and return the bytes representation.
#[interp_fn(method, sig = "(self, /)")]
pub fn tobytes(sp: Space, w: W) -> Res<W> {
    sp.newbytes(data(w))
}
/// Write all items (as machine values) to the file object f.
#[interp_fn(method, sig = "(self, f, /)")]
pub fn tofile(sp: Space, w: W, w_file: W) -> Res<()> {
    let mut at = 0;
    while at < data(w).len() {
        let end = (at + 65536).min(data(w).len());
        let w_bytes = sp.newbytes(&data(w)[at..end])?;
        sp.call_method(w_file, name!(sp, "write"), &[w_bytes])?;
        at = end;
    }
    Ok(())
}
/// Convert array to an ordinary list with the same items.
#[interp_fn(method, sig = "(self, /)")]
pub fn tolist(sp: Space, w: W) -> Res<W> {
    list_of(sp, w)
}
/// Extends this array with data from the unicode string ustr.
///
/// Convert the array to a unicode string.  The array must be a unicode type array;
/// otherwise a ValueError is raised.  Use array.tobytes().decode() to obtain a
/// unicode string from an array of some other type.
#[interp_fn(method, sig = "(self, /)")]
pub fn tounicode(sp: Space, w: W) -> Res<W> {
    unicode(sp, w, "tounicode")?;
    text_of(sp, w)
}
/// Return state information for pickling.
#[interp_fn(method, name = "__reduce_ex__", sig = "(self, value, /)")]
pub fn reduce_ex(sp: Space, w: W, protocol: i64) -> Res<W> {
    let w_dict = sp.getattr_opt(w, name!(sp, "__dict__"))?.unwrap_or(W::NONE);
    let w_type = sp.type_(w)?;
    let w_code = sp.newstr_latin1(&[code(w)])?;
    if protocol < 3 {
        let w_args = sp.newtuple(&[w_code, list_of(sp, w)?])?;
        return sp.newtuple(&[w_type, w_args, w_dict]);
    }
    let w_module = sp.import_module(name!(sp, "array"))?;
    let w_func = sp.getattr_str(w_module, "_array_reconstructor")?;
    let mformat = super::machine_format(code(w));
    // 'u' and 'w' items are 4 bytes each: UTF-32 little endian.
    let w_args = sp.newtuple(&[w_type, w_code, W::int(mformat), sp.newbytes(data(w))?])?;
    sp.newtuple(&[w_func, w_args, w_dict])
}
