//! make_encoder.

use super::escape;
use crate::util::*;
use num_bigint::BigInt;
use taipan_plugin_api::abi::word::{TID_DICT, TID_FLOAT, TID_LIST};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
struct WEncoder {
    header: Header,
    w_markers: W,
    w_default: W,
    w_encoder: W,
    w_indent: W,
    w_key_separator: W,
    w_item_separator: W,
    sort_keys: bool,
    skipkeys: bool,
    allow_nan: bool,
}
static W_ENCODER: TypeOf = TypeOf::new();
static W_ASCII: Global = Global::new();
static W_UNICODE: Global = Global::new();

typespec!(ENCODER: WEncoder, "_json.Encoder", {
    doc: Str::new("Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)"),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(encoder_new), call: Some(encoder_call), ..Slots::EMPTY },
    members: table![
        member!(WEncoder, "markers", w_markers, Obj),
        member!(WEncoder, "default", w_default, Obj),
        member!(WEncoder, "encoder", w_encoder, Obj),
        member!(WEncoder, "indent", w_indent, Obj),
        member!(WEncoder, "key_separator", w_key_separator, Obj),
        member!(WEncoder, "item_separator", w_item_separator, Obj),
        member!(WEncoder, "sort_keys", sort_keys, Bool),
        member!(WEncoder, "skipkeys", skipkeys, Bool),
    ],
});
pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_ASCII.set(sp, sp.getattr_str(w_module, "encode_basestring_ascii")?);
    W_UNICODE.set(sp, sp.getattr_str(w_module, "encode_basestring")?);
    let w = W_ENCODER.make(sp, w_module, &ENCODER)?;
    sp.setattr_str(w_module, "make_encoder", w)
}
#[slot]
fn encoder_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let names = [
        "markers",
        "default",
        "encoder",
        "indent",
        "key_separator",
        "item_separator",
        "sort_keys",
        "skipkeys",
        "allow_nan",
    ];
    let [w_markers, w_default, w_encoder, w_indent, w_key, w_item, w_sort, w_skip, w_nan] =
        parse_args(sp, "make_encoder", &args, names, 0, 9, 9)?;
    if !w_markers.is_none() && !sp.isinstance(w_markers, sp.known(known::DICT))? {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "make_encoder() argument 1 must be dict or None, not {}",
            sp.type_name(w_markers)
        ));
    }
    for (i, w) in [(5, w_key), (6, w_item)] {
        if !is_str(sp, w) {
            return Err(raise!(sp, TYPE_ERROR, "make_encoder() argument {i} must be str, not {}", sp.type_name(w)));
        }
    }
    let flags = (sp.is_true(w_sort)?, sp.is_true(w_skip)?, sp.is_true(w_nan)?);
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WEncoder, w_markers, w_markers);
    setfield!(sp, w, WEncoder, w_default, w_default);
    setfield!(sp, w, WEncoder, w_encoder, w_encoder);
    setfield!(sp, w, WEncoder, w_indent, w_indent);
    setfield!(sp, w, WEncoder, w_key_separator, w_key);
    setfield!(sp, w, WEncoder, w_item_separator, w_item);
    let e = obj::<WEncoder>(w);
    (e.sort_keys, e.skipkeys, e.allow_nan) = flags;
    Ok(w)
}
#[slot]
fn encoder_call(sp: Space, w: W, args: Args) -> Res<W> {
    let [w_obj, w_level] = parse_args(sp, "_iterencode", &args, ["obj", "_current_indent_level"], 0, 2, 2)?;
    let level = sp.int_w(w_level)?.max(0) as usize;
    let e = obj::<WEncoder>(w);
    let indent = if e.w_indent.is_none() {
        None
    } else {
        match sp.text_opt(e.w_indent) {
            Some(t) => Some(t.to_wtf8().into_owned()),
            None => {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "can only concatenate str (not \"{}\") to str",
                    sp.type_name(e.w_indent)
                ));
            }
        }
    };
    let mut run = Run {
        sp,
        out: Vec::with_capacity(64),
        e,
        style: if e.w_encoder == W_ASCII.get() {
            Style::Ascii
        } else if e.w_encoder == W_UNICODE.get() {
            Style::Unicode
        } else {
            Style::Call
        },
        key_separator: sp.text_w(e.w_key_separator)?.to_wtf8().into_owned(),
        item_separator: sp.text_w(e.w_item_separator)?.to_wtf8().into_owned(),
        indent,
    };
    run.value(w_obj, level)?;
    let w_text = sp.newstr_wtf8(&run.out)?;
    sp.newtuple(&[w_text])
}

#[derive(Copy, Clone, PartialEq)]
enum Style {
    Ascii,
    Unicode,
    /// The encoder is somebody else's function.
    Call,
}
struct Run<'a> {
    sp: Space,
    /// WTF-8
    out: Vec<u8>,
    e: &'a WEncoder,
    style: Style,
    key_separator: Vec<u8>,
    item_separator: Vec<u8>,
    indent: Option<Vec<u8>>,
}
impl Run<'_> {
    fn string(&mut self, w: W) -> Res<()> {
        match self.style {
            Style::Ascii => escape::ascii(&mut self.out, &self.sp.text_w(w)?),
            Style::Unicode => escape::unicode(&mut self.out, &self.sp.text_w(w)?),
            Style::Call => {
                let w_text = self.sp.call(self.e.w_encoder, &[w])?;
                let Some(t) = self.sp.text_opt(w_text) else {
                    let t = self.sp.type_name(w_text);
                    return Err(raise!(self.sp, TYPE_ERROR, "encoder() must return a string, not {t}"));
                };
                self.out.extend_from_slice(&t.to_wtf8())
            }
        }
        Ok(())
    }
    /// int.__repr__, also for subclasses.
    fn int_text(&self, w: W) -> Res<String> {
        if w.is_int() {
            return Ok(w.untag().to_string());
        }
        let n: BigInt = self.sp.bigint_w(w)?;
        // The space's own repr keeps the limit on the number of digits.
        self.sp.repr_string(self.sp.newbigint(&n)?)
    }
    fn float_text(&self, w: W) -> Res<String> {
        let sp = self.sp;
        let f = sp.float_w(w)?;
        if f.is_finite() {
            return sp.repr_string(sp.newfloat(f));
        }
        let text = if f.is_nan() {
            "NaN"
        } else if f > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        if !self.e.allow_nan {
            let shown = sp.repr_string(w)?;
            return Err(raise!(sp, VALUE_ERROR, "Out of range float values are not JSON compliant: {shown}"));
        }
        Ok(text.into())
    }
    /// Notes that `w_obj` is being written; the marker to take back afterwards.
    fn enter(&self, w_obj: W) -> Res<W> {
        if self.e.w_markers.is_none() {
            return Ok(W::NULL);
        }
        let w_id = self.sp.id(w_obj)?;
        if self.sp.dict_get(self.e.w_markers, w_id)?.is_some() {
            return Err(self.sp.value_error("Circular reference detected"));
        }
        self.sp.dict_set(self.e.w_markers, w_id, w_obj)?;
        Ok(w_id)
    }
    fn leave(&self, w_id: W) -> Res<()> {
        if w_id.is_null() { Ok(()) } else { self.sp.dict_del(self.e.w_markers, w_id) }
    }
    /// Adds a note to the pending exception.
    #[cold]
    fn note(&self, text: String) -> Raised {
        let w_exc = self.sp.take_exc();
        if w_exc.is_null() {
            return Raised;
        }
        if let Ok(w_note) = self.sp.newstr(&text)
            && self.sp.call_method(w_exc, name!(self.sp, "add_note"), &[w_note]).is_ok()
        {
            return self.sp.set_exc(w_exc);
        }
        self.sp.take_exc();
        self.sp.set_exc(w_exc)
    }
    fn newline(&mut self, level: usize) {
        if let Some(indent) = &self.indent {
            self.out.push(b'\n');
            for _ in 0..level {
                self.out.extend_from_slice(indent)
            }
        }
    }

    fn value(&mut self, w: W, level: usize) -> Res<()> {
        let sp = self.sp;
        match w {
            W::NONE => self.out.extend_from_slice(b"null"),
            W::TRUE => self.out.extend_from_slice(b"true"),
            W::FALSE => self.out.extend_from_slice(b"false"),
            w if w.is_int() => {
                let mut buffer = [0u8; 20];
                self.out.extend_from_slice(decimal(w.untag(), &mut buffer))
            }
            w if is_str(sp, w) => self.string(w)?,
            w if sp.layout(w) == TID_FLOAT => {
                let text = self.float_text(w)?;
                self.out.extend_from_slice(text.as_bytes())
            }
            w if sp.layout(w) == TID_DICT => {
                check_stack(sp, " while encoding a JSON object")?;
                self.dict(w, level)?
            }
            w if sp.layout(w) == TID_LIST || sp.tuple_opt(w).is_some() => {
                check_stack(sp, " while encoding a JSON object")?;
                self.list(w, level)?
            }
            w if is_int(sp, w) => {
                let text = self.int_text(w)?;
                self.out.extend_from_slice(text.as_bytes())
            }
            w => {
                let w_id = self.enter(w)?;
                let w_new = sp.call(self.e.w_default, &[w])?;
                check_stack(sp, " while encoding a JSON object")?;
                self.value(w_new, level)
                    .map_err(|_| self.note(format!("when serializing {} object", full_name(sp, w))))?;
                self.leave(w_id)?
            }
        }
        Ok(())
    }
    fn list(&mut self, w: W, level: usize) -> Res<()> {
        let sp = self.sp;
        let tuple = sp.tuple_opt(w);
        let len = || tuple.map_or_else(|| sp.list_len(w), |items| Ok(items.len() as i64));
        if len()? == 0 {
            self.out.extend_from_slice(b"[]");
            return Ok(());
        }
        let w_id = self.enter(w)?;
        self.out.push(b'[');
        self.newline(level + 1);
        // Writing an item may run code that changes the list, so its length is asked again.
        let mut i = 0;
        while i < len()? {
            let w_item = match tuple {
                Some(items) => items[i as usize],
                None => sp.list_item(w, i)?,
            };
            if i > 0 {
                self.out.extend_from_slice(&self.item_separator);
                self.newline(level + 1)
            }
            self.value(w_item, level + 1)
                .map_err(|_| self.note(format!("when serializing {} item {i}", full_name(sp, w))))?;
            i += 1
        }
        self.newline(level);
        self.out.push(b']');
        self.leave(w_id)
    }
    fn dict(&mut self, w: W, level: usize) -> Res<()> {
        let sp = self.sp;
        if sp.len(w)? == 0 {
            self.out.extend_from_slice(b"{}");
            return Ok(());
        }
        let w_id = self.enter(w)?;
        self.out.push(b'{');
        let mut first = true;
        let plain = sp.type_(w)? == sp.known(known::DICT);
        if plain && !self.e.sort_keys {
            let mut pos = 0;
            while let Some((k, v)) = sp.dict_next(w, &mut pos) {
                self.pair(w, k, v, level, &mut first)?
            }
        } else {
            let w_items = sp.call_method(w, name!(sp, "items"), &[])?;
            let (_keep, items) = sp.unpack(w_items)?;
            let w_list = sp.newlist(items)?;
            if self.e.sort_keys {
                sp.list_sort(w_list, W::NULL, 0)?
            }
            let (_keep, items) = sp.unpack(w_list)?;
            for item in items {
                let Some(&[k, v]) = sp.tuple_opt(*item) else {
                    return Err(sp.value_error("items must return 2-tuples"));
                };
                self.pair(w, k, v, level, &mut first)?
            }
        }
        if !first {
            self.newline(level)
        }
        self.out.push(b'}');
        self.leave(w_id)
    }
    fn pair(&mut self, w_dict: W, k: W, v: W, level: usize, first: &mut bool) -> Res<()> {
        let sp = self.sp;
        let text = if is_str(sp, k) {
            None
        } else if sp.layout(k) == TID_FLOAT {
            Some(self.float_text(k)?)
        } else if k.is_none() {
            Some("null".to_string())
        } else if k == W::TRUE {
            Some("true".to_string())
        } else if k == W::FALSE {
            Some("false".to_string())
        } else if is_int(sp, k) {
            Some(self.int_text(k)?)
        } else if self.e.skipkeys {
            return Ok(());
        } else {
            let t = full_name(sp, k);
            return Err(raise!(sp, TYPE_ERROR, "keys must be str, int, float, bool or None, not {t}"));
        };
        if *first {
            *first = false
        } else {
            self.out.extend_from_slice(&self.item_separator)
        }
        self.newline(level + 1);
        match text {
            None => self.string(k)?,
            Some(s) if self.style == Style::Call => self.string(sp.newstr(&s)?)?,
            Some(s) => {
                self.out.push(b'"');
                self.out.extend_from_slice(s.as_bytes());
                self.out.push(b'"')
            }
        }
        self.out.extend_from_slice(&self.key_separator);
        self.value(v, level + 1).map_err(|_| {
            // The key's repr must not see the pending exception.
            let w_exc = sp.take_exc();
            let shown = sp.repr_string(k).unwrap_or_default();
            sp.take_exc();
            sp.set_exc(w_exc);
            self.note(format!("when serializing {} item {shown}", full_name(sp, w_dict)))
        })
    }
}
/// The type's name with its module, as `%T` shows it.
fn full_name(sp: Space, w: W) -> String {
    let w_exc = sp.take_exc();
    let name = || -> Res<String> {
        let t = sp.type_(w)?;
        let q = sp.string_w(sp.getattr_str(t, "__qualname__")?)?;
        match sp.getattr_opt(t, name!(sp, "__module__"))?.and_then(|m| sp.text_opt(m)) {
            Some(m) if !m.eq_str("builtins") && !m.eq_str("__main__") => Ok(format!("{}.{q}", m.to_str())),
            _ => Ok(q),
        }
    };
    let r = name();
    sp.take_exc();
    if !w_exc.is_null() {
        sp.set_exc(w_exc);
    }
    r.unwrap_or_else(|_| "?".into())
}
/// The digits of an int.
fn decimal(i: i64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut n = i.unsigned_abs();
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    if i < 0 {
        at -= 1;
        buffer[at] = b'-'
    }
    &buffer[at..]
}
