//! Template strings: `string.templatelib`'s Template and Interpolation.

use super::args::{arg_type, constructor};
use super::{tid, wstr};
use std::mem::size_of;
use taipan_abi::word::TID_STR;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A template: one string more than interpolations, in turn.
#[derive(GcObject)]
#[repr(C)]
pub struct WTemplate {
    header: Header,
    /// Tuple of str.
    w_strings: W,
    /// Tuple of Interpolation.
    w_interpolations: W,
}

/// A value within a template.
#[derive(GcObject)]
#[repr(C)]
pub struct WInterpolation {
    header: Header,
    w_value: W,
    w_expression: W,
    /// None, 's', 'r' or 'a'.
    w_conversion: W,
    w_format_spec: W,
}

/// Iterator over the parts that are not empty strings.
#[derive(GcObject)]
#[repr(C)]
pub struct WTemplateIter {
    header: Header,
    w_template: W,
    /// Twice the index, plus one for the interpolation.
    position: usize,
}

fn template<'a>(w: W) -> &'a WTemplate {
    // SAFETY: callers pass templates.
    unsafe { &*w.ptr::<WTemplate>() }
}
fn interpolation<'a>(w: W) -> &'a WInterpolation {
    // SAFETY: callers pass interpolations.
    unsafe { &*w.ptr::<WInterpolation>() }
}

/// A template of a tuple of strings and a tuple of interpolations.
pub fn new_template(sp: Space, w_strings: W, w_interpolations: W) -> Res<W> {
    // SAFETY: the row's layout; the stores follow the allocation at once.
    unsafe {
        let w = sp.alloc(tid::TEMPLATE, size_of::<WTemplate>())?;
        let t = &mut *w.ptr::<WTemplate>();
        t.w_strings = w_strings;
        t.w_interpolations = w_interpolations;
        Ok(w)
    }
}

/// An interpolation; conversion None or a str of one letter.
pub fn new_interpolation(sp: Space, w_value: W, w_expression: W, w_conversion: W, w_format_spec: W) -> Res<W> {
    // SAFETY: as above.
    unsafe {
        let w = sp.alloc(tid::INTERPOLATION, size_of::<WInterpolation>())?;
        let i = &mut *w.ptr::<WInterpolation>();
        i.w_value = w_value;
        i.w_expression = w_expression;
        i.w_conversion = w_conversion;
        i.w_format_spec = w_format_spec;
        Ok(w)
    }
}

fn is(w: W, tid: u32) -> bool {
    // SAFETY: a live word; these classes have no subclasses.
    unsafe { w.is_tid(tid) }
}
/// How messages name a class of this module: with the module.
pub fn full_name(sp: Space, w: W) -> String {
    let name = sp.type_name(w);
    if is(w, tid::TEMPLATE) || is(w, tid::INTERPOLATION) { format!("string.templatelib.{name}") } else { name }
}

#[slot]
fn template_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    if args.nkw(sp) > 0 {
        return Err(sp.type_error("Template.__new__ only accepts *args arguments"));
    }
    let (mut strings, mut interpolations) = (RootedVec::new(sp), RootedVec::new(sp));
    let mut after_string = false;
    for w in args.positional() {
        if is(*w, tid::INTERPOLATION) {
            if !after_string {
                strings.push(wstr::empty(sp));
            }
            interpolations.push(*w);
            after_string = false;
        } else if !w.is_int() && sp.layout(*w) == TID_STR {
            match strings.last().copied() {
                Some(last) if after_string => {
                    let w_both = wstr::concat(sp, last, *w)?;
                    let n = strings.len();
                    strings[n - 1] = w_both;
                }
                _ => strings.push(*w),
            }
            after_string = true;
        } else {
            let name = sp.type_name(*w);
            let text = format!("Template.__new__ *args need to be of type 'str' or 'Interpolation', got {name}");
            return Err(sp.type_error(&text));
        }
    }
    if !after_string {
        strings.push(wstr::empty(sp));
    }
    let (w_strings, w_interpolations) = (strings.into_tuple()?, interpolations.into_tuple()?);
    new_template(sp, w_strings, w_interpolations)
}

#[slot]
fn template_repr(sp: Space, w: W) -> Res<W> {
    let t = template(w);
    let mut out = super::builder::Builder::new();
    out.push_str("Template(strings=");
    out.push_text(&sp.text_w(sp.repr(t.w_strings)?)?);
    out.push_str(", interpolations=");
    out.push_text(&sp.text_w(sp.repr(t.w_interpolations)?)?);
    out.push_str(")");
    out.finish(sp)
}

#[slot]
fn template_iter(sp: Space, w: W) -> Res<W> {
    // SAFETY: the row's layout; the store follows the allocation at once.
    unsafe {
        let w_iter = sp.alloc(tid::TEMPLATE_ITER, size_of::<WTemplateIter>())?;
        (*w_iter.ptr::<WTemplateIter>()).w_template = w;
        Ok(w_iter)
    }
}
#[slot]
fn iter_self(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn iter_next(sp: Space, w: W) -> Res<Option<W>> {
    // SAFETY: a slot of this type only.
    let it = unsafe { &mut *w.ptr::<WTemplateIter>() };
    let t = template(it.w_template);
    let (strings, interpolations) = (sp.tuple_items(t.w_strings), sp.tuple_items(t.w_interpolations));
    loop {
        let (i, second) = (it.position / 2, it.position % 2 == 1);
        let Some(part) = (if second { interpolations.get(i) } else { strings.get(i) }) else { return Ok(None) };
        it.position += 1;
        if second || wstr::len(*part) > 0 {
            return Ok(Some(*part));
        }
    }
}

#[slot]
fn template_concat(sp: Space, a: W, b: W) -> Res<W> {
    if !is(a, tid::TEMPLATE) || !is(b, tid::TEMPLATE) {
        let (x, y) = (full_name(sp, a), full_name(sp, b));
        return Err(raise!(sp, TYPE_ERROR, "can only concatenate {x} (not \"{y}\") to {x}"));
    }
    let (x, y) = (template(a), template(b));
    let (left, right) = (sp.tuple_items(x.w_strings), sp.tuple_items(y.w_strings));
    let mut strings = RootedVec::new(sp);
    strings.extend(&left[..left.len() - 1]);
    strings.push(wstr::concat(sp, left[left.len() - 1], right[0])?);
    strings.extend(&right[1..]);
    let mut interpolations = RootedVec::new(sp);
    interpolations.extend(sp.tuple_items(x.w_interpolations));
    interpolations.extend(sp.tuple_items(y.w_interpolations));
    let (w_strings, w_interpolations) = (strings.into_tuple()?, interpolations.into_tuple()?);
    new_template(sp, w_strings, w_interpolations)
}

#[slot]
fn get_values(sp: Space, w: W) -> Res<W> {
    let mut out = RootedVec::new(sp);
    sp.tuple_items(template(w).w_interpolations).iter().for_each(|i| out.push(interpolation(*i).w_value));
    out.into_tuple()
}

/// For pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn template_reduce(sp: Space, w_self: W) -> Res<W> {
    let module = sp.import_module(name!(sp, "string.templatelib"))?;
    let w_make = sp.getattr(module, name!(sp, "_template_unpickle"))?;
    let w_args = sp.newtuple(&[template(w_self).w_strings, template(w_self).w_interpolations])?;
    sp.newtuple(&[w_make, w_args])
}
/// Template[type]
#[interp_fn(classmethod, name = "__class_getitem__", sig = "($type, object, /)")]
fn __class_getitem__(sp: Space, w_type: W, w_item: W) -> Res<W> {
    sp.call(sp.known(known::GENERIC_ALIAS), &[w_type, w_item])
}

#[slot]
fn interpolation_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    let names = ["value", "expression", "conversion", "format_spec"];
    let [w_value, w_expression, w_conversion, w_spec] = constructor(sp, args, "Interpolation", names)?;
    let Some(w_value) = w_value else {
        return Err(sp.type_error("Interpolation() missing required argument 'value' (pos 1)"));
    };
    let text = |w: Option<W>, name: &str| -> Res<W> {
        let w = w.unwrap_or_else(|| wstr::empty(sp));
        if sp.text_opt(w).is_some() {
            return Ok(w);
        }
        Err(raise!(sp, TYPE_ERROR, "Interpolation() argument '{name}' must be str, not {}", arg_type(sp, w)))
    };
    let w_expression = text(w_expression, "expression")?;
    let w_conversion = match w_conversion {
        Some(w) if !w.is_none() => {
            let w = text(Some(w), "conversion")?;
            if !["s", "a", "r"].iter().any(|c| sp.text_of(w).eq_str(c)) {
                let text = "Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'";
                return Err(sp.value_error(text));
            }
            w
        }
        _ => W::NONE,
    };
    let w_spec = text(w_spec, "format_spec")?;
    new_interpolation(sp, w_value, w_expression, w_conversion, w_spec)
}

#[slot]
fn interpolation_repr(sp: Space, w: W) -> Res<W> {
    let i = interpolation(w);
    let mut out = super::builder::Builder::new();
    out.push_str("Interpolation(");
    for (n, w) in [i.w_value, i.w_expression, i.w_conversion, i.w_format_spec].into_iter().enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        out.push_text(&sp.text_w(sp.repr(w)?)?);
    }
    out.push_str(")");
    out.finish(sp)
}

/// For pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn interpolation_reduce(sp: Space, w_self: W) -> Res<W> {
    let i = interpolation(w_self);
    let w_args = sp.newtuple(&[i.w_value, i.w_expression, i.w_conversion, i.w_format_spec])?;
    sp.newtuple(&[sp.type_(w_self)?, w_args])
}

typespec!(pub TEMPLATE: WTemplate, "string.templatelib.Template", {
    doc: Str::new("Template object"),
    flags: ty::IMMUTABLE,
    slots: &Slots {
        new: Some(template_new),
        repr: Some(template_repr),
        iter: Some(template_iter),
        concat: Some(template_concat),
        ..Slots::EMPTY
    },
    methods: methods![template_reduce, __class_getitem__],
    getset: table![getset!("values", get_values)],
    members: table![
        member!(WTemplate, "strings", w_strings, Obj), member!(WTemplate, "interpolations", w_interpolations, Obj),
    ],
});
typespec!(pub INTERPOLATION: WInterpolation, "string.templatelib.Interpolation", {
    doc: Str::new("Interpolation object"),
    flags: ty::IMMUTABLE,
    slots: &Slots { new: Some(interpolation_new), repr: Some(interpolation_repr), ..Slots::EMPTY },
    methods: methods![interpolation_reduce, __class_getitem__],
    members: table![
        member!(WInterpolation, "value", w_value, Obj), member!(WInterpolation, "expression", w_expression, Obj),
        member!(WInterpolation, "conversion", w_conversion, Obj), member!(WInterpolation, "format_spec", w_format_spec, Obj),
    ],
});
typespec!(pub TEMPLATE_ITER: WTemplateIter, "string.templatelib.TemplateIter", {
    doc: Str::new("Template iterator object"),
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter_self), next: Some(iter_next), ..Slots::EMPTY },
});

fn init(sp: Space, w_module: W) -> Res<()> {
    for (tid, name) in
        [(tid::TEMPLATE, "Template"), (tid::INTERPOLATION, "Interpolation"), (tid::TEMPLATE_ITER, "TemplateIter")]
    {
        sp.setattr_str(w_module, name, sp.row_of(tid).w_type)?;
    }
    // The class is immutable for everybody else; nothing has looked it up before this.
    // SAFETY: the class of a type row.
    let w_dict = unsafe { (*sp.row_of(tid::INTERPOLATION).w_type.ptr::<crate::layouts::WType>()).w_dict };
    let names = ["value", "expression", "conversion", "format_spec"].map(|n| sp.intern(n));
    let w_names = sp.newtuple(&names)?;
    sp.dict_set_str(w_dict, "__match_args__", w_names)
}

taipan_plugin_api::mixed_module!(
    MODULE,
    "_templatelib",
    doc = "The classes of template strings, for the evaluator and string.templatelib.",
    functions = [],
    init = init,
);
