//! AST to scopes to bytecode.

pub mod code;
pub mod error;
pub mod future;
pub mod linetable;
pub mod marshal;
pub mod pyc;
pub mod symtable;
pub mod validate;
