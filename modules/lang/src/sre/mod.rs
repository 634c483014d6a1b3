//! `_sre`: the engine of regular expressions, for programs made by `re._compiler`.

mod chars;
mod engine;
mod matches;
mod op;
mod pattern;
mod program;
mod replace;
mod scanner;
mod search;
mod subject;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(
    MODULE,
    "_sre",
    doc = "",
    functions = [
        pattern::compile,
        replace::template,
        getcodesize,
        ascii_iscased,
        unicode_iscased,
        ascii_tolower,
        unicode_tolower
    ],
    init = init,
);

fn init(sp: Space, w_module: W) -> Res<()> {
    pattern::init(sp, w_module)?;
    matches::init(sp, w_module)?;
    scanner::init(sp, w_module)?;
    replace::init(sp, w_module)?;
    sp.setattr_str(w_module, "MAGIC", W::int(op::MAGIC))?;
    sp.setattr_str(w_module, "CODESIZE", W::int(4))?;
    sp.setattr_str(w_module, "MAXREPEAT", W::int(op::MAXREPEAT as i64))?;
    sp.setattr_str(w_module, "MAXGROUPS", W::int(i32::MAX as i64 / 2))?;
    sp.setattr_str(w_module, "copyright", sp.newstr(" SRE 2.2.2 Copyright (c) 1997-2002 by Secret Labs AB ")?)
}

#[interp_fn(sig = "()")]
fn getcodesize(_sp: Space) -> Res<i64> {
    Ok(4)
}
#[interp_fn(sig = "(character, /)")]
fn ascii_iscased(_sp: Space, c: i32) -> Res<bool> {
    Ok(u8::try_from(c).is_ok_and(|b| b.is_ascii_alphabetic()))
}
#[interp_fn(sig = "(character, /)")]
fn unicode_iscased(_sp: Space, c: i32) -> Res<bool> {
    let c = c as u32;
    Ok(chars::lower_unicode(c) != c || chars::upper_unicode(c) != c)
}
#[interp_fn(sig = "(character, /)")]
fn ascii_tolower(_sp: Space, c: i32) -> Res<i64> {
    Ok(chars::lower_ascii(c as u32) as i64)
}
#[interp_fn(sig = "(character, /)")]
fn unicode_tolower(_sp: Space, c: i32) -> Res<i64> {
    Ok(chars::lower_unicode(c as u32) as i64)
}
