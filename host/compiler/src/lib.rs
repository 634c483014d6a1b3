//! AST to scopes to bytecode.

pub mod asm;
pub mod code;
mod codegen;
pub mod dis;
mod docstring;
pub mod error;
mod finally;
mod fold;
pub mod future;
pub mod linetable;
pub mod marshal;
mod pairs;
pub mod pyc;
pub mod symtable;
pub mod unparse;
pub mod validate;
mod verify;

use code::CodeObject;
pub use codegen::OptLevel;
use taipan_syntax::ast::{Mod, Wtf8};
use taipan_syntax::error::{ErrorKind, SyntaxError, Warning};
pub use taipan_syntax::{Flags, Mode};

/// How to compile.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// 1 drops asserts, 2 also docstrings.
    pub optimize: OptLevel,
    /// Features given by the caller: bits of `co::FUTURE_*`.
    pub future_flags: u32,
    /// `await` may stand at module level; the code is then a coroutine's.
    pub top_level_await: bool,
    /// Options of the parser; `barry_as_flufl` is added from the future flags.
    pub parse: Flags,
}

/// The outcome of a compilation.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The code.
    pub code: CodeObject,
    /// SyntaxWarnings, those of the parser first.
    pub warnings: Vec<Warning>,
}

/// Compiles a tree. Which mode it is, the tree itself says.
///
/// Columns in errors and warnings are UTF-8 offsets plus one, and errors have no text, as in CPython.
pub fn compile(tree: &Mod, filename: &Wtf8, options: Options) -> Result<Compiled, SyntaxError> {
    let run = || {
        let future = future::parse(tree, options.future_flags)?;
        let table = symtable::SymTable::new(tree, &future, options.top_level_await, options.optimize < 2)?;
        let early = finally::check(tree)?;
        let (code, warnings) =
            codegen::generate(tree, &table, filename.clone(), future, options.optimize, options.top_level_await)?;
        let warnings = early.into_iter().chain(warnings).map(error::Warning::public).collect();
        Ok(Compiled { code, warnings })
    };
    run().map_err(|e: error::SyntaxError| e.public(&String::from_utf8_lossy(filename.as_bytes())))
}

/// Parses and compiles source bytes, which may declare their encoding.
pub fn compile_source(bytes: &[u8], filename: &str, mode: Mode, options: Options) -> Result<Compiled, SyntaxError> {
    let mut flags = options.parse;
    flags.barry_as_flufl |= options.future_flags & taipan_abi::opcode::co::FUTURE_BARRY_AS_BDFL != 0;
    let parsed = taipan_syntax::parse_bytes(bytes, filename, mode, flags)?;
    let mut compiled = compile(&parsed.tree, &Wtf8::new(filename), options).map_err(|e| with_text(e, bytes, flags))?;
    let mut warnings = parsed.warnings;
    warnings.append(&mut compiled.warnings);
    Ok(Compiled { code: compiled.code, warnings })
}

/// The scopes of a tree, for tools.
pub fn scopes(tree: &Mod, filename: &str, options: Options) -> Result<symtable::SymTable, SyntaxError> {
    future::parse(tree, options.future_flags)
        .and_then(|f| symtable::SymTable::new(tree, &f, options.top_level_await, options.optimize < 2))
        .map_err(|e| e.public(filename))
}

/// Adds the line that the error is about, if it can be read in a file, too.
fn with_text(mut e: SyntaxError, bytes: &[u8], flags: Flags) -> SyntaxError {
    if e.text.is_none()
        && e.lineno > 0
        && !e.filename.starts_with('<')
        && matches!(e.kind, ErrorKind::SyntaxError)
        && let Ok(text) = taipan_syntax::source::decode(bytes, flags.ignore_cookie)
    {
        e.text = text.lines().nth(e.lineno as usize - 1).map(|l| format!("{l}\n"));
    }
    e
}
