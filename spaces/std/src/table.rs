//! The space's operation table: every row by its function's name.

use taipan_abi::ops::{OpPair, OpTable};
use taipan_abi::types::Str;

/// The families' rows under one roof. A row that no family implements does not compile.
mod rows {
    pub use crate::containers::ops::*;
    pub use crate::exc::ops::*;
    pub use crate::num::ops::*;
    pub use crate::run::ops::*;
    pub use crate::text::ops::*;
    pub use crate::types::ops::*;
}

macro_rules! table {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $ret:ty; $force:literal; $flag:ident; $special:literal;)*) => {
        /// The operations of the std space.
        pub static TABLE: OpTable = OpTable {
            abi: taipan_abi::plugin::ABI,
            size: std::mem::size_of::<OpTable>() as u32,
            name: Str::new("std"),
            inner: std::ptr::null(),
            steps: std::ptr::null(),
            $($name: OpPair::new(rows::$name),)*
        };
    };
}
taipan_abi::operations!(table);
