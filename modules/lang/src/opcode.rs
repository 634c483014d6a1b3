//! `_opcode`: facts about the instruction set.

use taipan_plugin_api::abi::opcode::{F_CONST, F_JUMP, F_JUMP_BACK, F_LOCAL, F_NAME, OPCODES, Op};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(
    MODULE,
    "_opcode",
    doc = "Opcode support module.",
    functions = [
        stack_effect,
        is_valid,
        has_arg,
        has_const,
        has_name,
        has_jump,
        has_free,
        has_local,
        has_exc,
        get_executor,
        get_specialization_stats,
        get_nb_ops,
        get_intrinsic1_descs,
        get_intrinsic2_descs,
        get_special_method_names
    ],
    init = init,
);

fn init(sp: Space, w_module: W) -> Res<()> {
    sp.setattr_str(w_module, "ENABLE_SPECIALIZATION", W::int(0))?;
    sp.setattr_str(w_module, "ENABLE_SPECIALIZATION_FT", W::int(0))?;
    // Numbers by name, for the module `opcode`.
    let w_map = sp.newdict()?;
    for (i, info) in OPCODES.iter().enumerate() {
        if i > 0 {
            sp.dict_set_str(w_map, info.name, W::int(i as i64))?;
        }
    }
    sp.setattr_str(w_module, "_opmap", w_map)
}

fn op(n: i64) -> Option<Op> {
    u8::try_from(n).ok().filter(|n| *n != 0).and_then(Op::from_u8)
}
fn flag(n: i64, bits: u16) -> bool {
    op(n).is_some_and(|o| o.info().flags & bits != 0)
}

/// Compute the stack effect of the opcode.
#[interp_fn(sig = "(opcode, oparg=None, /, *, jump=None)")]
fn stack_effect(sp: Space, opcode: i64, w_oparg: W, w_jump: W) -> Res<i64> {
    let arg = if w_oparg.is_none() { 0 } else { sp.int_w(w_oparg)? };
    let (op, arg) = match (op(opcode), u32::try_from(arg)) {
        (Some(o), Ok(a)) if a < 1 << 24 => (o, a),
        _ => return Err(sp.value_error("invalid opcode or oparg")),
    };
    let effect = |jump| op.effect(arg, jump) as i64;
    match w_jump {
        W::NONE => Ok(effect(true).max(effect(false))),
        W::TRUE => Ok(effect(true)),
        W::FALSE => Ok(effect(false)),
        _ => Err(sp.value_error("stack_effect: jump must be False, True or None")),
    }
}

/// Return True if opcode is valid, False otherwise.
#[interp_fn(sig = "(opcode)")]
fn is_valid(_sp: Space, opcode: i64) -> Res<bool> {
    Ok(op(opcode).is_some())
}
/// Return True if the opcode uses its oparg, False otherwise.
#[interp_fn(sig = "(opcode)")]
fn has_arg(_sp: Space, opcode: i64) -> Res<bool> {
    const NONE: &[&str] = &[
        "NOP",
        "POP_TOP",
        "POP_ITER",
        "PUSH_NULL",
        "LOAD_NONE",
        "LOAD_TRUE",
        "LOAD_FALSE",
        "LOAD_LOCALS",
        "LOAD_BUILD_CLASS",
        "IS_NONE",
        "UNARY_NEGATIVE",
        "UNARY_POSITIVE",
        "UNARY_INVERT",
        "UNARY_NOT",
        "BINARY_SUBSCR",
        "STORE_SUBSCR",
        "DELETE_SUBSCR",
        "BINARY_SLICE",
        "STORE_SLICE",
        "GET_ITER",
        "GET_LEN",
        "RETURN_VALUE",
    ];
    Ok(op(opcode).is_some_and(|o| !NONE.contains(&o.info().name)))
}
/// Return True if the opcode accesses a constant, False otherwise.
#[interp_fn(sig = "(opcode)")]
fn has_const(_sp: Space, opcode: i64) -> Res<bool> {
    Ok(flag(opcode, F_CONST))
}
/// Return True if the opcode accesses an attribute by name, False otherwise.
#[interp_fn(sig = "(opcode)")]
fn has_name(_sp: Space, opcode: i64) -> Res<bool> {
    Ok(flag(opcode, F_NAME))
}
/// Return True if the opcode has a jump target, False otherwise.
#[interp_fn(sig = "(opcode)")]
fn has_jump(_sp: Space, opcode: i64) -> Res<bool> {
    Ok(flag(opcode, F_JUMP | F_JUMP_BACK))
}
/// Return True if the opcode accesses a free variable, False otherwise.
#[interp_fn(sig = "(opcode)")]
fn has_free(_sp: Space, opcode: i64) -> Res<bool> {
    Ok(op(opcode).is_some_and(|o| o.info().name.contains("DEREF") || o.info().name == "MAKE_CELL"))
}
/// Return True if the opcode accesses a local variable, False otherwise.
#[interp_fn(sig = "(opcode)")]
fn has_local(_sp: Space, opcode: i64) -> Res<bool> {
    Ok(op(opcode).is_some_and(|o| o.info().flags & F_LOCAL != 0 && o.info().name.contains("FAST")))
}
/// Return True if the opcode sets an exception handler, False otherwise.
#[interp_fn(sig = "(opcode)")]
fn has_exc(_sp: Space, _opcode: i64) -> Res<bool> {
    // Handlers stand in a table beside the code.
    Ok(false)
}

/// Return the executor object at offset in code if exists, None otherwise.
#[interp_fn(sig = "(code, offset)")]
fn get_executor(sp: Space, w_code: W, _offset: i64) -> Res<W> {
    if !sp.isinstance(w_code, sp.known(known::CODE))? {
        return Err(raise!(sp, TYPE_ERROR, "expected a code object, not '{}'", sp.type_name(w_code)));
    }
    Err(sp.value_error("no executor at given byte offset"))
}
/// Return the specialization stats
#[interp_fn(sig = "()")]
fn get_specialization_stats(_sp: Space) -> Res<()> {
    Ok(())
}

fn strings(sp: Space, names: &[&str]) -> Res<W> {
    let w = sp.newlist(&[])?;
    for n in names {
        sp.list_append(w, sp.newstr(n)?)?;
    }
    Ok(w)
}

/// Return array of symbols of binary ops.
///
/// Indexed by the BINARY_OP oparg value.
#[interp_fn(sig = "()")]
fn get_nb_ops(sp: Space) -> Res<W> {
    let w = sp.newlist(&[])?;
    let ops = [
        ("ADD", "+"),
        ("AND", "&"),
        ("FLOOR_DIVIDE", "//"),
        ("LSHIFT", "<<"),
        ("MATRIX_MULTIPLY", "@"),
        ("MULTIPLY", "*"),
        ("REMAINDER", "%"),
        ("OR", "|"),
        ("POWER", "**"),
        ("RSHIFT", ">>"),
        ("SUBTRACT", "-"),
        ("TRUE_DIVIDE", "/"),
        ("XOR", "^"),
    ];
    for (prefix, suffix) in [("NB_", ""), ("NB_INPLACE_", "=")] {
        for (name, symbol) in ops {
            let pair = (format!("{prefix}{name}"), format!("{symbol}{suffix}"));
            sp.list_append(w, pair.into_w(sp)?)?;
        }
    }
    sp.list_append(w, ("NB_SUBSCR", "[]").into_w(sp)?)?;
    Ok(w)
}
/// Return a list of names of the unary intrinsics.
#[interp_fn(sig = "()")]
fn get_intrinsic1_descs(sp: Space) -> Res<W> {
    strings(
        sp,
        &[
            "INTRINSIC_1_INVALID",
            "INTRINSIC_PRINT",
            "INTRINSIC_IMPORT_STAR",
            "INTRINSIC_STOPITERATION_ERROR",
            "INTRINSIC_ASYNC_GEN_WRAP",
            "INTRINSIC_UNARY_POSITIVE",
            "INTRINSIC_LIST_TO_TUPLE",
            "INTRINSIC_TYPEVAR",
            "INTRINSIC_PARAMSPEC",
            "INTRINSIC_TYPEVARTUPLE",
            "INTRINSIC_SUBSCRIPT_GENERIC",
            "INTRINSIC_TYPEALIAS",
        ],
    )
}
/// Return a list of names of the binary intrinsics.
#[interp_fn(sig = "()")]
fn get_intrinsic2_descs(sp: Space) -> Res<W> {
    strings(
        sp,
        &[
            "INTRINSIC_2_INVALID",
            "INTRINSIC_PREP_RERAISE_STAR",
            "INTRINSIC_TYPEVAR_WITH_BOUND",
            "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS",
            "INTRINSIC_SET_FUNCTION_TYPE_PARAMS",
            "INTRINSIC_SET_TYPEPARAM_DEFAULT",
        ],
    )
}
/// Return a list of special method names.
#[interp_fn(sig = "()")]
fn get_special_method_names(sp: Space) -> Res<W> {
    strings(sp, &["__enter__", "__exit__", "__aenter__", "__aexit__"])
}
