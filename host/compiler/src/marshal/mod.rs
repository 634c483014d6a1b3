//! Code objects as bytes.
//!
//! The format is that of CPython's `marshal`, version 5: a type byte (with bit 0x80 set if the object gets the
//! next reference number, counted in the order in which the objects begin), then the value; all numbers are
//! little-endian.
//!
//! | byte | value |
//! |---|---|
//! | `N` `T` `F` `.` | None, True, False, Ellipsis: nothing follows |
//! | `i` | an int of 32 bits |
//! | `l` | a bigger int: i32 number of digits (negative for a negative int), then each 15-bit digit as u16 |
//! | `g` `y` | float as f64; complex as two f64 |
//! | `s` | bytes: u32 length, the bytes |
//! | `u` `t` | str: u32 length, UTF-8 with surrogates passed; `t` is an interned one |
//! | `a` `A` | ASCII str: u32 length, the bytes; `A` is an interned one |
//! | `z` `Z` | ASCII str: u8 length, the bytes; `Z` is an interned one |
//! | `(` `)` | tuple: u32 (u8) number of items, the items |
//! | `<` `>` | set, frozenset: u32 number of items, the items; only `>` occurs in code |
//! | `:` | slice: start, stop, step |
//! | `r` | u32: a reference to an object whose type byte had bit 0x80 |
//! | `c` | a code object |
//!
//! A code object differs from CPython's. After `c` follow seven i32:
//!
//! `argcount`, `posonlyargcount`, `kwonlyargcount`, `stacksize`, `flags`, `ncaches`, `firstlineno`
//!
//! and then these objects:
//!
//! 1. code words as bytes (`s`), each word 4 bytes little-endian
//! 2. tuple of the constants
//! 3. tuple of the names
//! 4. tuple of the names of the locals (parameters, other locals, cells, free variables)
//! 5. bytes: the kind of each local (`code::kind`)
//! 6. filename (str)
//! 7. name (str)
//! 8. qualified name (str)
//! 9. bytes: location table
//! 10. bytes: exception table, records of 4 u32: first word, one past the last word, handler's word,
//!     depth << 1 | push_lasti
//!
//! The writer flags only strings for references, and writes every string that is not empty once. A reader must
//! accept flags on every type (they come from other writers), references included in tuples that are still being read
//! excepted: those are malformed.

mod read;
mod write;

pub use read::{MarshalError, read, read_code};
pub use write::{dump, dump_code};

#[cfg(test)]
mod tests;
