//! bool.

use super::int_type;
use super::value::is_bool;
use taipan_abi::gc::tf;
use taipan_abi::opcode::BinOp;
use taipan_abi::types::BinaryFn;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[slot]
fn bool_repr(sp: Space, w: W) -> Res<W> {
    Ok(if w == W::TRUE { name!(sp, "True") } else { name!(sp, "False") })
}

#[slot]
fn bool_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "bool")?;
    match args.positional() {
        [] => Ok(W::FALSE),
        [w] => Ok(W::bool(sp.is_true(*w)?)),
        more => Err(raise!(sp, TYPE_ERROR, "bool expected at most 1 argument, got {}", more.len())),
    }
}

#[slot]
fn bool_invert(sp: Space, w: W) -> Res<W> {
    sp.warn(
        known::DEPRECATION_WARNING,
        "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise inversion of the underlying int object and is usually not what you expect from negating a bool. Use the 'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying int.",
        1,
    )?;
    Ok(W::int(if w == W::TRUE { !1 } else { !0 }))
}

macro_rules! logic {
    ($($slot:ident, $int:ident, |$a:ident, $b:ident| $e:expr;)*) => { $(
        #[slot]
        pub fn $slot(sp: Space, w_a: W, w_b: W) -> Res<W> {
            if is_bool(w_a) && is_bool(w_b) {
                let ($a, $b) = (w_a == W::TRUE, w_b == W::TRUE);
                return Ok(W::bool($e));
            }
            // SAFETY: the slot of int, with the same operands.
            let w = unsafe { int_type::$int(sp.th(), w_a, w_b) };
            if w.is_null() { Err(Raised) } else { Ok(w) }
        }
    )* };
}
logic! {
    bool_and, int_and, |a, b| a & b;
    bool_or, int_or, |a, b| a | b;
    bool_xor, int_xor, |a, b| a ^ b;
}

/// int's operators, except those that have a bool result of two bools.
const BINARY_SLOTS: [Option<BinaryFn>; 13] = {
    let mut b = [None; 13];
    b[BinOp::And as usize] = Some(bool_and as BinaryFn);
    b[BinOp::Or as usize] = Some(bool_or as BinaryFn);
    b[BinOp::Xor as usize] = Some(bool_xor as BinaryFn);
    b
};

/// The description of bool; its two instances stand at fixed addresses.
pub static BOOL: TypeSpec = TypeSpec {
    name: Str::new("bool"),
    doc: Str::new(
        "bool(x=False) -> bool\n\nTrue if the argument is true, else False: the only two instances of the class.",
    ),
    flags: ty::IMMUTABLE,
    layout_flags: tf::NO_PTRS,
    fixed_bytes: 16,
    item_bytes: 0,
    len_off: 0,
    items_off: 0,
    ptr_map: 0,
    trace: None,
    free: None,
    native_bytes: None,
    slots: &Slots {
        repr: Some(bool_repr),
        new: Some(bool_new),
        invert: Some(bool_invert),
        binary: BINARY_SLOTS,
        ..Slots::EMPTY
    },
    methods: Slice::new(&[]),
    getset: Slice::new(&[]),
    members: Slice::new(&[]),
};
