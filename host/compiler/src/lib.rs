//! AST to scopes to bytecode.

pub mod asm;
pub mod code;
mod codegen;
mod docstring;
pub mod error;
mod fold;
pub mod future;
pub mod linetable;
pub mod marshal;
pub mod pyc;
pub mod symtable;
pub mod unparse;
pub mod validate;

use code::CodeObject;
pub use codegen::OptLevel;
pub use error::{ErrorKind, Result, SyntaxError, Warning};
use taipan_syntax::ast::{Mod, Wtf8};

/// How to compile.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// 1 drops asserts, 2 also docstrings.
    pub optimize: OptLevel,
    /// Features given by the caller: bits of `co::FUTURE_*`.
    pub future_flags: u32,
    /// `await` may stand at module level; the code is then a coroutine's.
    pub top_level_await: bool,
}

/// Compiles a tree.
pub fn compile(tree: &Mod, filename: Wtf8, options: Options) -> Result<(CodeObject, Vec<Warning>)> {
    let future = future::parse(tree, options.future_flags)?;
    let table = symtable::SymTable::new(tree, &future, options.top_level_await, options.optimize < 2)?;
    codegen::generate(tree, &table, filename, future, options.optimize, options.top_level_await)
}
