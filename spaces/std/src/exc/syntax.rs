//! SyntaxError and its kinds.

use super::special::layout;
use crate::layouts::WException;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{member, setfield, slot, table};

layout!(/** SyntaxError */ WSyntaxError {
    w_msg, w_filename, w_lineno, w_offset, w_text, w_end_lineno, w_end_offset, w_print, w_metadata
});

#[slot]
fn syntax_init(sp: Space, w: W, args: Args) -> Res<()> {
    if args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "{}() takes no keyword arguments", sp.type_name(w)));
    }
    let a = args.positional();
    let w_args = sp.newtuple(a)?;
    setfield!(sp, w, WException, w_args, w_args);
    if let Some(w_msg) = a.first() {
        setfield!(sp, w, WSyntaxError, w_msg, *w_msg);
    }
    if let [_, w_info] = a {
        let (_, info) = sp.unpack(*w_info)?;
        if info.len() != 4 && info.len() != 6 && info.len() != 7 {
            let (what, want) = if info.len() < 4 { ("at least", 4) } else { ("at most", 7) };
            if info.len() == 5 {
                return Err(sp.type_error("end_offset must be provided when end_lineno is provided"));
            }
            return Err(raise!(sp, TYPE_ERROR, "function takes {what} {want} arguments ({} given)", info.len()));
        }
        let at = |i: usize| info.get(i).copied().unwrap_or(W::NONE);
        setfield!(sp, w, WSyntaxError, w_filename, at(0));
        setfield!(sp, w, WSyntaxError, w_lineno, at(1));
        setfield!(sp, w, WSyntaxError, w_offset, at(2));
        setfield!(sp, w, WSyntaxError, w_text, at(3));
        setfield!(sp, w, WSyntaxError, w_end_lineno, at(4));
        setfield!(sp, w, WSyntaxError, w_end_offset, at(5));
        setfield!(sp, w, WSyntaxError, w_metadata, at(6));
    }
    Ok(())
}
#[slot]
fn syntax_str(sp: Space, w: W) -> Res<W> {
    // SAFETY: the slot of this type.
    let e = unsafe { &*w.ptr::<WSyntaxError>() };
    let msg = if e.w_msg.is_null() { "None".into() } else { sp.string_w(sp.str(e.w_msg)?)? };
    let file = (!e.w_filename.is_null()).then(|| sp.text_opt(e.w_filename)).flatten();
    let file = file.map(|t| t.to_str().rsplit('/').next().unwrap_or("").to_string());
    let line = (!e.w_lineno.is_null() && e.w_lineno.is_int()).then(|| e.w_lineno.untag());
    match (file, line) {
        (Some(f), Some(l)) => sp.newstr(&format!("{msg} ({f}, line {l})")),
        (Some(f), None) => sp.newstr(&format!("{msg} ({f})")),
        (None, Some(l)) => sp.newstr(&format!("{msg} (line {l})")),
        (None, None) => sp.newstr(&msg),
    }
}
typespec!(
    /// SyntaxError
    pub SYNTAX_ERROR: WSyntaxError, "SyntaxError", {
        doc: Str::new("Invalid syntax."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { init: Some(syntax_init), str: Some(syntax_str), ..Slots::EMPTY },
        members: table![
            member!(WSyntaxError, "msg", w_msg, mut Obj), member!(WSyntaxError, "filename", w_filename, mut Obj),
            member!(WSyntaxError, "lineno", w_lineno, mut Obj), member!(WSyntaxError, "offset", w_offset, mut Obj),
            member!(WSyntaxError, "text", w_text, mut Obj), member!(WSyntaxError, "end_lineno", w_end_lineno, mut Obj),
            member!(WSyntaxError, "end_offset", w_end_offset, mut Obj),
            member!(WSyntaxError, "print_file_and_line", w_print, mut Obj),
            member!(WSyntaxError, "_metadata", w_metadata, mut Obj),
        ],
    }
);
macro_rules! kinds {
    ($($id:ident $name:literal $doc:literal;)*) => { $(typespec!(#[doc = $name] pub $id: WSyntaxError, $name, {
        doc: Str::new($doc), flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
    });)* };
}
kinds! {
    INDENTATION_ERROR "IndentationError" "Improper indentation.";
    TAB_ERROR "TabError" "Improper mixture of spaces and tabs.";
    INCOMPLETE_INPUT_ERROR "_IncompleteInputError" "incomplete input.";
}
