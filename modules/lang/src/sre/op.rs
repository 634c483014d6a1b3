//! Numbers of the pattern language, as `re._constants` has them.

#![allow(missing_docs, dead_code)]

pub const MAGIC: i64 = 20230612;
pub const MAXREPEAT: u32 = u32::MAX;

macro_rules! numbers {
    ($($name:ident)*) => { numbers!(@ 0; $($name)*); };
    (@ $n:expr; $name:ident $($rest:ident)*) => { pub const $name: u32 = $n; numbers!(@ $n + 1; $($rest)*); };
    (@ $n:expr;) => {};
}
numbers! {
    FAILURE SUCCESS ANY ANY_ALL ASSERT ASSERT_NOT AT BRANCH CATEGORY CHARSET BIGCHARSET GROUPREF GROUPREF_EXISTS IN INFO JUMP
    LITERAL MARK MAX_UNTIL MIN_UNTIL NOT_LITERAL NEGATE RANGE REPEAT REPEAT_ONE SUBPATTERN MIN_REPEAT_ONE ATOMIC_GROUP
    POSSESSIVE_REPEAT POSSESSIVE_REPEAT_ONE GROUPREF_IGNORE IN_IGNORE LITERAL_IGNORE NOT_LITERAL_IGNORE GROUPREF_LOC_IGNORE
    IN_LOC_IGNORE LITERAL_LOC_IGNORE NOT_LITERAL_LOC_IGNORE GROUPREF_UNI_IGNORE IN_UNI_IGNORE LITERAL_UNI_IGNORE
    NOT_LITERAL_UNI_IGNORE RANGE_UNI_IGNORE
}

/// Positions.
pub mod at {
    numbers! {
        BEGINNING BEGINNING_LINE BEGINNING_STRING BOUNDARY NON_BOUNDARY END END_LINE END_STRING LOC_BOUNDARY LOC_NON_BOUNDARY
        UNI_BOUNDARY UNI_NON_BOUNDARY
    }
}

pub const FLAG_LOCALE: u32 = 4;
pub const FLAG_UNICODE: u32 = 32;
pub const FLAG_DEBUG: u32 = 128;

pub const INFO_PREFIX: u32 = 1;
pub const INFO_LITERAL: u32 = 2;
pub const INFO_CHARSET: u32 = 4;
