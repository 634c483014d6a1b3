//! Family `containers`: tuple, list, dict and its views, set, frozenset, slice, range, iterators, builtins over iterables.
//!
//! `table` is the hash table of dict and set; `dict`, `list`, `set`, `tuple`, `slice` are what Rust code of the space uses; `*_type` and
//! the other files hold the Python types; `eval` is for the evaluator.
pub mod builtins;
pub mod dict;
pub mod dict_iter;
mod dict_type;
pub mod eval;
pub mod list;
mod list_type;
mod mergesort;
pub mod ops;
pub mod range;
pub mod seqiter;
pub mod set;
mod set_type;
pub mod slice;
pub mod sorting;
pub mod table;
pub mod tuple;
pub mod util;
pub mod views;
pub mod zips;

pub use builtins::BUILTINS;
pub use eval::{list_getitem_int, unpack_sequence};

use crate::{Builtin, NOT_KNOWN};
use taipan_abi::known;
use taipan_abi::types::TypeSpec;
use taipan_abi::word::*;

/// An item that would be a pair, for a `for` that takes it apart.
pub enum Paired {
    #[allow(missing_docs)]
    Yes(W, W),
    /// Exhausted.
    End,
    /// This iterator's items are no pairs.
    No,
}

/// Type rows of this family that are not fixed in the ABI.
pub mod tids {
    use crate::layouts::tid::CONTAINERS;
    /// dict_keys, dict_values, dict_items.
    pub const DICT_VIEW: [u32; 3] = [CONTAINERS, CONTAINERS + 1, CONTAINERS + 2];
    /// Laid out like TID_DICT_ITER, which is the iterator of the keys.
    pub const DICT_VALUE_ITER: u32 = CONTAINERS + 3;
    /// As above.
    pub const DICT_ITEM_ITER: u32 = CONTAINERS + 4;
    pub const DICT_REV_KEY_ITER: u32 = CONTAINERS + 5;
    pub const DICT_REV_VALUE_ITER: u32 = CONTAINERS + 6;
    pub const DICT_REV_ITEM_ITER: u32 = CONTAINERS + 7;
    pub const SET_ITER: u32 = CONTAINERS + 8;
    pub const LIST_REV_ITER: u32 = CONTAINERS + 9;
    pub const LONG_RANGE_ITER: u32 = CONTAINERS + 10;
}

const fn public(tid: u32, spec: &'static TypeSpec, known: u32) -> Builtin {
    Builtin { tid, spec, base: 0, known, public: true }
}
const fn hidden(tid: u32, spec: &'static TypeSpec) -> Builtin {
    Builtin { tid, spec, base: 0, known: NOT_KNOWN, public: false }
}

/// The family's types, bases first.
pub static TYPES: &[Builtin] = &[
    hidden(TID_DICT_KEYS, &table::KEYS),
    public(TID_TUPLE, &tuple::TUPLE, known::TUPLE),
    public(TID_LIST, &list_type::LIST, known::LIST),
    public(TID_DICT, &dict_type::DICT, known::DICT),
    public(TID_SET, &set_type::SET, known::SET),
    public(TID_FROZENSET, &set_type::FROZENSET, known::FROZENSET),
    public(TID_SLICE, &slice::SLICE, known::SLICE),
    public(TID_RANGE, &range::RANGE, known::RANGE),
    public(TID_ENUMERATE, &zips::ENUMERATE, NOT_KNOWN),
    public(TID_ZIP, &zips::ZIP, NOT_KNOWN),
    public(TID_MAP, &zips::MAP, NOT_KNOWN),
    public(TID_FILTER, &zips::FILTER, NOT_KNOWN),
    public(TID_REVERSED, &seqiter::REVERSED, NOT_KNOWN),
    hidden(TID_LIST_ITER, &seqiter::LIST_ITER),
    hidden(TID_TUPLE_ITER, &seqiter::TUPLE_ITER),
    hidden(TID_RANGE_ITER, &range::RANGE_ITER),
    hidden(TID_DICT_ITER, &dict_iter::KEY_ITER),
    hidden(tids::DICT_VIEW[0], &views::DICT_KEYS),
    hidden(tids::DICT_VIEW[1], &views::DICT_VALUES),
    hidden(tids::DICT_VIEW[2], &views::DICT_ITEMS),
    hidden(tids::DICT_VALUE_ITER, &dict_iter::VALUE_ITER),
    hidden(tids::DICT_ITEM_ITER, &dict_iter::ITEM_ITER),
    hidden(tids::DICT_REV_KEY_ITER, &dict_iter::REV_KEY_ITER),
    hidden(tids::DICT_REV_VALUE_ITER, &dict_iter::REV_VALUE_ITER),
    hidden(tids::DICT_REV_ITEM_ITER, &dict_iter::REV_ITEM_ITER),
    hidden(tids::SET_ITER, &set_type::SET_ITER),
    hidden(tids::LIST_REV_ITER, &seqiter::LIST_REV_ITER),
    hidden(tids::LONG_RANGE_ITER, &range::LONG_RANGE_ITER),
];

#[cfg(test)]
mod tests;
