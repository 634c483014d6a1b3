//! `_operator`: operators as functions.

mod functions;
mod getters;

use functions::*;
use taipan_plugin_api::mixed_module;

mixed_module!(MODULE, "_operator",
    doc = "Operator interface.\n\nThis module exports a set of functions implemented in C corresponding\nto the intrinsic operators of Python.  For example, operator.add(x, y)\nis equivalent to the expression x+y.",
    functions = [
        truth, contains, index_of, count_of, is_, is_not, is_none, is_not_none, add, sub, mul, matmul, floordiv, truediv, mod_, neg,
        pos, abs, inv, invert, lshift, rshift, not_, and_, xor, or_, iadd, isub, imul, imatmul, ifloordiv, itruediv, imod, ilshift,
        irshift, iand, ixor, ior, concat, iconcat, getitem, setitem, delitem, pow, ipow, lt, le, eq, ne, gt, ge, index, length_hint,
        call, compare_digest,
    ],
    init = getters::init,
);
