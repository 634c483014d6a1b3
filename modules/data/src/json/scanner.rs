//! make_scanner.

use super::strings::*;
use super::{decode_error, stop, text_arg};
use crate::util::*;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WScanner {
    header: Header,
    w_object_hook: W,
    w_pairs_hook: W,
    w_parse_float: W,
    w_parse_int: W,
    w_parse_constant: W,
    strict: bool,
}
static W_SCANNER: TypeOf = TypeOf::new();

typespec!(SCANNER: WScanner, "_json.Scanner", {
    doc: Str::new("JSON scanner object"),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(scanner_new), call: Some(scanner_call), ..Slots::EMPTY },
    members: table![
        member!(WScanner, "strict", strict, Bool),
        member!(WScanner, "object_hook", w_object_hook, Obj),
        member!(WScanner, "object_pairs_hook", w_pairs_hook, Obj),
        member!(WScanner, "parse_float", w_parse_float, Obj),
        member!(WScanner, "parse_int", w_parse_int, Obj),
        member!(WScanner, "parse_constant", w_parse_constant, Obj),
    ],
});
pub fn make(sp: Space, w_module: W) -> Res<()> {
    let w = W_SCANNER.make(sp, w_module, &SCANNER)?;
    sp.setattr_str(w_module, "make_scanner", w)
}
#[slot]
fn scanner_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_context] = parse_args(sp, "make_scanner", &args, ["context"], 0, 1, 1)?;
    let strict = sp.is_true(sp.getattr_str(w_context, "strict")?)?;
    let w = sp.allocate(w_type, 0)?;
    obj::<WScanner>(w).strict = strict;
    let v = sp.getattr_str(w_context, "object_hook")?;
    setfield!(sp, w, WScanner, w_object_hook, v);
    let v = sp.getattr_str(w_context, "object_pairs_hook")?;
    setfield!(sp, w, WScanner, w_pairs_hook, v);
    let v = sp.getattr_str(w_context, "parse_float")?;
    setfield!(sp, w, WScanner, w_parse_float, v);
    let v = sp.getattr_str(w_context, "parse_int")?;
    setfield!(sp, w, WScanner, w_parse_int, v);
    let v = sp.getattr_str(w_context, "parse_constant")?;
    setfield!(sp, w, WScanner, w_parse_constant, v);
    Ok(w)
}
#[slot]
fn scanner_call(sp: Space, w: W, args: Args) -> Res<W> {
    let [w_text, w_idx] = parse_args(sp, "scan_once", &args, ["string", "idx"], 0, 2, 2)?;
    let text = text_arg(sp, w_text)?;
    let idx = sp.int_w(w_idx)?;
    if idx < 0 {
        return Err(sp.value_error("idx cannot be negative"));
    }
    let w_memo = sp.newdict()?;
    let (v, end) = with_chars!(text, s => Scan::new(sp, w, w_text, s, w_memo).value(idx as usize)?);
    sp.newtuple(&[v, sp.newint(end as i64)])
}

struct Scan<'a, C> {
    sp: Space,
    w_text: W,
    s: &'a [C],
    /// Keys seen, so that equal ones are one object.
    w_memo: W,
    strict: bool,
    w_object_hook: W,
    w_pairs_hook: W,
    w_parse_float: W,
    w_parse_int: W,
    w_parse_constant: W,
}
impl<'a, C: Unit> Scan<'a, C> {
    fn new(sp: Space, w: W, w_text: W, s: &'a [C], w_memo: W) -> Self {
        let c = obj::<WScanner>(w);
        // The words stand on the stack as long as the struct does.
        Scan {
            sp,
            w_text,
            s,
            w_memo,
            strict: c.strict,
            w_object_hook: c.w_object_hook,
            w_pairs_hook: c.w_pairs_hook,
            w_parse_float: c.w_parse_float,
            w_parse_int: c.w_parse_int,
            w_parse_constant: c.w_parse_constant,
        }
    }
    #[inline(always)]
    fn at(&self, i: usize) -> u32 {
        // No character is as great as this, so it stands for the end.
        self.s.get(i).map_or(u32::MAX, |c| c.code())
    }
    #[inline(always)]
    fn skip_space(&self, mut i: usize) -> usize {
        while matches!(self.at(i), 0x20 | 0x09 | 0x0a | 0x0d) {
            i += 1
        }
        i
    }
    fn literal(&self, i: usize, text: &str) -> bool {
        self.s.get(i..i + text.len()).is_some_and(|s| s.iter().zip(text.bytes()).all(|(c, b)| c.code() == b as u32))
    }
    fn error(&self, message: &str, at: usize) -> Raised {
        decode_error(self.sp, message, self.w_text, at)
    }
    /// A value that must be there.
    fn value(&self, i: usize) -> Res<(W, usize)> {
        let sp = self.sp;
        match self.at(i) {
            0x22 => scan(sp, self.w_text, self.s, i + 1, self.strict),
            0x7b => {
                check_stack(sp, " while decoding a JSON object from a unicode string")?;
                self.object(i + 1)
            }
            0x5b => {
                check_stack(sp, " while decoding a JSON array from a unicode string")?;
                self.array(i + 1)
            }
            0x6e if self.literal(i, "null") => Ok((W::NONE, i + 4)),
            0x74 if self.literal(i, "true") => Ok((W::TRUE, i + 4)),
            0x66 if self.literal(i, "false") => Ok((W::FALSE, i + 5)),
            0x4e if self.literal(i, "NaN") => self.constant("NaN", i),
            0x49 if self.literal(i, "Infinity") => self.constant("Infinity", i),
            0x2d if self.literal(i, "-Infinity") => self.constant("-Infinity", i),
            _ => self.number(i),
        }
    }
    fn constant(&self, text: &str, i: usize) -> Res<(W, usize)> {
        let w = self.sp.call(self.w_parse_constant, &[self.sp.newstr(text)?])?;
        Ok((w, i + text.len()))
    }
    fn number(&self, start: usize) -> Res<(W, usize)> {
        let sp = self.sp;
        let none = || stop(sp, start as i64);
        let digit = |i: usize| self.at(i).wrapping_sub(0x30) < 10;
        let mut i = start;
        let negative = self.at(i) == 0x2d;
        i += negative as usize;
        match self.at(i) {
            0x30 => i += 1,
            0x31..=0x39 => {
                while digit(i) {
                    i += 1
                }
            }
            _ => return Err(none()),
        }
        let int_end = i;
        if self.at(i) == 0x2e && digit(i + 1) {
            i += 2;
            while digit(i) {
                i += 1
            }
        }
        if matches!(self.at(i), 0x65 | 0x45) {
            let mut j = i + 1;
            if matches!(self.at(j), 0x2b | 0x2d) {
                j += 1
            }
            if digit(j) {
                while digit(j) {
                    j += 1
                }
                i = j;
            }
        }
        let chars = &self.s[start..i];
        if i == int_end {
            if self.w_parse_int == sp.known(known::INT) && chars.len() <= 18 {
                let mut v = 0i64;
                for c in &chars[negative as usize..] {
                    v = v * 10 + (c.code() - 0x30) as i64
                }
                return Ok((sp.newint(if negative { -v } else { v }), i));
            }
            return Ok((sp.call(self.w_parse_int, &[new_str(sp, chars)?])?, i));
        }
        if self.w_parse_float == sp.known(known::FLOAT) {
            let mut buffer = [0u8; 64];
            let long: Vec<u8>;
            let bytes = if chars.len() <= 64 {
                for (b, c) in buffer.iter_mut().zip(chars) {
                    *b = c.code() as u8
                }
                &buffer[..chars.len()]
            } else {
                long = chars.iter().map(|c| c.code() as u8).collect();
                &long
            };
            if let Some(f) = std::str::from_utf8(bytes).ok().and_then(|s| s.parse::<f64>().ok()) {
                return Ok((sp.newfloat(f), i));
            }
        }
        Ok((sp.call(self.w_parse_float, &[new_str(sp, chars)?])?, i))
    }
    fn array(&self, mut i: usize) -> Res<(W, usize)> {
        let sp = self.sp;
        let w_list = sp.newlist(&[])?;
        i = self.skip_space(i);
        if self.at(i) == 0x5d {
            return Ok((w_list, i + 1));
        }
        loop {
            let (w, next) = self.value(i)?;
            sp.list_append(w_list, w)?;
            i = self.skip_space(next);
            match self.at(i) {
                0x5d => return Ok((w_list, i + 1)),
                0x2c => {}
                _ => return Err(self.error("Expecting ',' delimiter", i)),
            }
            let comma = i;
            i = self.skip_space(i + 1);
            if self.at(i) == 0x5d {
                return Err(self.error("Illegal trailing comma before end of array", comma));
            }
        }
    }
    fn object(&self, mut i: usize) -> Res<(W, usize)> {
        let sp = self.sp;
        let pairs = !self.w_pairs_hook.is_none();
        let w_out = if pairs { sp.newlist(&[])? } else { sp.newdict()? };
        i = self.skip_space(i);
        if self.at(i) == 0x7d {
            i += 1
        } else {
            loop {
                if self.at(i) != 0x22 {
                    return Err(self.error("Expecting property name enclosed in double quotes", i));
                }
                let (w_key, next) = scan(sp, self.w_text, self.s, i + 1, self.strict)?;
                let w_key = match sp.dict_get(self.w_memo, w_key)? {
                    Some(w) => w,
                    None => {
                        sp.dict_set(self.w_memo, w_key, w_key)?;
                        w_key
                    }
                };
                i = self.skip_space(next);
                if self.at(i) != 0x3a {
                    return Err(self.error("Expecting ':' delimiter", i));
                }
                i = self.skip_space(i + 1);
                let (w, next) = self.value(i)?;
                if pairs {
                    let w_pair = sp.newtuple(&[w_key, w])?;
                    sp.list_append(w_out, w_pair)?
                } else {
                    sp.dict_set(w_out, w_key, w)?
                }
                i = self.skip_space(next);
                match self.at(i) {
                    0x7d => {
                        i += 1;
                        break;
                    }
                    0x2c => {}
                    _ => return Err(self.error("Expecting ',' delimiter", i)),
                }
                let comma = i;
                i = self.skip_space(i + 1);
                if self.at(i) == 0x7d {
                    return Err(self.error("Illegal trailing comma before end of object", comma));
                }
            }
        }
        if pairs {
            return Ok((sp.call(self.w_pairs_hook, &[w_out])?, i));
        }
        if !self.w_object_hook.is_none() {
            return Ok((sp.call(self.w_object_hook, &[w_out])?, i));
        }
        Ok((w_out, i))
    }
}
