//! The one place where the host calls its front end.
//!
//! Errors and warnings cross as marshalled tuples: an error is (class name, message, line, offset, end line, end offset, text), a
//! warning (category name, message, line, offset, end line, end offset, text).

use std::path::Path;
use std::rc::Rc;
use taipan_abi::host::{CompileAnswer, CompileRequest, FLAG_APP_LEVEL, FLAG_AST, FLAG_SOURCE_IS_UTF8};
use taipan_compiler::code::Const;
use taipan_compiler::symtable::{Block, Scope};
use taipan_compiler::{Flags, Mode, Options, marshal, pyc};
use taipan_syntax::ast::{Mod, Wtf8};
use taipan_syntax::{Category, ErrorKind, SyntaxError, Warning, wire};

/// `PyCF_*` bits of compile().
mod pycf {
    pub const DONT_IMPLY_DEDENT: u32 = 0x200;
    pub const IGNORE_COOKIE: u32 = 0x800;
    pub const TYPE_COMMENTS: u32 = 0x1000;
    pub const ALLOW_TOP_LEVEL_AWAIT: u32 = 0x2000;
    pub const ALLOW_INCOMPLETE_INPUT: u32 = 0x4000;
    pub const FUTURES: u32 = 0x1fe_0000;
}

fn int(i: i32) -> Const {
    Const::Int(i as i64)
}

fn error_bytes(e: &SyntaxError) -> Vec<u8> {
    let class = match e.kind {
        ErrorKind::SyntaxError => "SyntaxError",
        ErrorKind::IndentationError => "IndentationError",
        ErrorKind::TabError => "TabError",
        ErrorKind::IncompleteInput => "_IncompleteInputError",
        ErrorKind::ValueError => "ValueError",
        ErrorKind::MemoryError => "MemoryError",
        ErrorKind::RecursionError => "RecursionError",
    };
    let place = |i: i32| if e.lineno == 0 { Const::None } else { int(i) };
    let text = e.text.as_deref().map_or(Const::None, Const::str);
    let parts = [
        Const::str(class),
        Const::str(&e.msg),
        place(e.lineno),
        place(e.offset),
        place(e.end_lineno),
        place(e.end_offset),
        text,
    ];
    marshal::dump(&Const::Tuple(Rc::from(parts.as_slice())))
}

fn other_error(class: &str, message: &str) -> Vec<u8> {
    let mut parts = vec![Const::str(class), Const::str(message)];
    parts.resize(7, Const::None);
    marshal::dump(&Const::Tuple(Rc::from(parts)))
}

fn warning_bytes(warnings: &[Warning], source: &[u8]) -> Vec<u8> {
    if warnings.is_empty() {
        return Vec::new();
    }
    let row = |w: &Warning| {
        let category = match w.category {
            Category::SyntaxWarning => "SyntaxWarning",
            Category::DeprecationWarning => "DeprecationWarning",
        };
        let line = usize::try_from(w.lineno - 1).ok().and_then(|n| source.split(|b| *b == b'\n').nth(n));
        let text = line.map_or(Const::None, |l| Const::str(&format!("{}\n", String::from_utf8_lossy(l))));
        let place = [w.lineno, w.offset, w.end_lineno, w.end_offset].map(int);
        let parts: Vec<Const> =
            [Const::str(category), Const::str(&w.msg)].into_iter().chain(place).chain([text]).collect();
        Const::Tuple(Rc::from(parts))
    };
    marshal::dump(&Const::Tuple(warnings.iter().map(row).collect()))
}

/// `CompileRequest::flags` of a request for tokens: comments and line ends too, operators as OP.
const EXTRA_TOKENS: u32 = 1;

/// Tokens as a marshalled tuple: rows (kind, text, (line, column), (line, column), source line), then the error's tuple or None.
fn token_bytes(source: &[u8], extra: bool) -> Vec<u8> {
    use taipan_syntax::token::Kind;
    let (tokens, error) = taipan_syntax::tokenize_module(&String::from_utf8_lossy(source), extra);
    let tuple = |items: Vec<Const>| Const::Tuple(Rc::from(items));
    let at = |(line, column): (u32, i32)| tuple(vec![Const::Int(line as i64), int(column)]);
    let rows = tokens.iter().map(|t| {
        let kind = t.kind as u8;
        let operator = extra && (Kind::LPar as u8..Kind::Op as u8).contains(&kind);
        let kind = if operator { Kind::Op as u8 } else { kind };
        tuple(vec![Const::Int(kind as i64), Const::str(&t.text), at(t.start), at(t.end), Const::str(&t.line)])
    });
    let rows = tuple(rows.collect());
    let error = error.map_or(Const::None, |e| {
        let class = format!("{:?}", e.kind);
        let text = e.text.as_deref().map_or(Const::None, Const::str);
        tuple(vec![
            Const::str(&class),
            Const::str(&e.msg),
            int(e.lineno),
            int(e.offset),
            text,
            int(e.end_lineno),
            int(e.end_offset),
        ])
    });
    marshal::dump(&tuple(vec![rows, error]))
}

/// A scope as (kind, name, line, nested, variable names, ((name, flags), ...), child scopes).
fn scope_tuple(scopes: &[Scope], i: usize) -> Const {
    let s = &scopes[i];
    let tuple = |items: Vec<Const>| Const::Tuple(Rc::from(items));
    let symbols = s.symbols.iter().map(|(n, bits)| tuple(vec![Const::str(n), Const::Int(bits as i64)])).collect();
    tuple(vec![
        Const::Int(s.block as i64),
        Const::str(&s.name),
        int(if s.block == Block::Module { 0 } else { s.pos.lineno as i32 }),
        Const::Int(s.nested as i64),
        tuple(s.varnames.iter().map(|n| Const::str(n)).collect()),
        tuple(symbols),
        tuple(s.children.iter().map(|c| scope_tuple(scopes, *c as usize)).collect()),
    ])
}

/// What a request gave: the result and the marshalled warnings.
type Outcome = Result<(Vec<u8>, Vec<u8>), Vec<u8>>;

/// Parses or compiles.
fn compile(request: &CompileRequest, source: &[u8], filename: &[u8]) -> Outcome {
    let file = Wtf8::from_bytes(filename).unwrap_or_else(|| Wtf8::new("<string>"));
    let name = String::from_utf8_lossy(filename).into_owned();
    let mode = match request.mode {
        0 => Mode::Exec,
        1 => Mode::Eval,
        2 => Mode::Single,
        _ => Mode::FuncType,
    };
    let f = request.flags;
    let parse = Flags {
        type_comments: f & pycf::TYPE_COMMENTS != 0,
        allow_incomplete: f & pycf::ALLOW_INCOMPLETE_INPUT != 0,
        dont_imply_dedent: f & pycf::DONT_IMPLY_DEDENT != 0,
        ignore_cookie: f & (pycf::IGNORE_COOKIE | FLAG_SOURCE_IS_UTF8) != 0,
        barry_as_flufl: f & taipan_abi::opcode::co::FUTURE_BARRY_AS_BDFL != 0,
    };
    let default = || crate::host::setting_text("flags.optimize").and_then(|s| s.parse().ok()).unwrap_or(0);
    let optimize = u8::try_from(request.optimize).unwrap_or_else(|_| default());
    let options = Options {
        optimize: optimize as _,
        future_flags: f & pycf::FUTURES,
        top_level_await: f & pycf::ALLOW_TOP_LEVEL_AWAIT != 0,
        parse,
    };
    if f & FLAG_AST != 0 {
        let tree: Mod = wire::from_bytes(source).map_err(|e| other_error("ValueError", &format!("{e:?}")))?;
        let c = taipan_compiler::compile(&tree, &file, options).map_err(|e| error_bytes(&e))?;
        return Ok((marshal::dump_code(&c.code), warning_bytes(&c.warnings, b"")));
    }
    match request.want {
        0 if f & FLAG_APP_LEVEL != 0 => app_level(source, &name).map(|code| (code, Vec::new())),
        0 => {
            let c = taipan_compiler::compile_source(source, &name, mode, options).map_err(|e| error_bytes(&e))?;
            Ok((marshal::dump_code(&c.code), warning_bytes(&c.warnings, source)))
        }
        1 => {
            let p = taipan_syntax::parse_bytes(source, &name, mode, parse).map_err(|e| error_bytes(&e))?;
            Ok((wire::to_bytes(&p.tree), warning_bytes(&p.warnings, source)))
        }
        3 => {
            let p = taipan_syntax::parse_bytes(source, &name, mode, parse).map_err(|e| error_bytes(&e))?;
            let table = taipan_compiler::scopes(&p.tree, &name, options).map_err(|e| error_bytes(&e))?;
            Ok((marshal::dump(&scope_tuple(&table.scopes, 0)), warning_bytes(&p.warnings, source)))
        }
        2 => Ok((token_bytes(source, f & EXTRA_TOKENS != 0), Vec::new())),
        taipan_abi::host::WANT_VERIFIED => match marshal::read_code(source) {
            Ok(_) => Ok((Vec::new(), Vec::new())),
            Err(_) => Err(other_error("ValueError", "bad marshal data (code object)")),
        },
        _ => Err(other_error(
            "NotImplementedError",
            "this form of the source is not implemented in this version of Taipan",
        )),
    }
}

/// Fills an answer, whatever happens inside.
///
/// # Safety
/// The pointers of the request are valid for its lengths; `answer` is writable.
pub unsafe extern "C" fn host_compile(request: *const CompileRequest, answer: *mut CompileAnswer) {
    let request = &*request;
    let view = |p: *const u8, n: usize| if n == 0 { &[][..] } else { std::slice::from_raw_parts(p, n) };
    let (source, filename) = (view(request.source, request.len), view(request.filename, request.filename_len));
    // A panic may not cross into the space's library.
    let outcome = std::panic::catch_unwind(|| compile(request, source, filename))
        .unwrap_or_else(|_| Err(other_error("SystemError", "the front end panicked")));
    let blob = crate::host::blob;
    answer.write(match outcome {
        Ok((code, warnings)) => {
            CompileAnswer { status: 0, pad: 0, result: blob(code), error: blob(Vec::new()), warnings: blob(warnings) }
        }
        Err(error) => CompileAnswer {
            status: 1,
            pad: 0,
            result: blob(Vec::new()),
            error: blob(error),
            warnings: blob(Vec::new()),
        },
    });
}

/// Code of a library's own app-level source, from the cache (by a hash of name and source) or compiled now.
fn app_level(source: &[u8], name: &str) -> Result<Vec<u8>, Vec<u8>> {
    let mut hashed = name.as_bytes().to_vec();
    hashed.push(0);
    hashed.extend_from_slice(source);
    let hash = pyc::source_hash(&hashed);
    let file = crate::host::setting_text("cache.dir")
        .map(|d| Path::new(&d).join("frozen").join(format!("{:016x}.pyc", u64::from_le_bytes(hash))));
    let stamp = pyc::Source::Hash { hash, check: false };
    if let Some(file) = &file
        && let Ok(bytes) = std::fs::read(file)
        && pyc::read_header(&bytes).is_ok_and(|s| s == stamp)
        && let Some(code) = pyc::unseal(&bytes[16..])
    {
        return Ok(code.to_vec());
    }
    let c =
        taipan_compiler::compile_source(source, name, Mode::Exec, Options::default()).map_err(|e| error_bytes(&e))?;
    let bytes = pyc::write(&c.code, stamp);
    if let Some(file) = &file {
        // Without a cache the next start is slower, nothing else.
        let _ = store(file, &bytes);
    }
    Ok(marshal::dump_code(&c.code))
}

/// Code of a library module that the importer itself is made of, from the cache or compiled now.
pub fn frozen(name: &str) -> Option<Vec<u8>> {
    let relative = format!("{}.py", name.replace('.', "/"));
    let roots = ["path.overlay", "path.stdlib"].into_iter().filter_map(crate::host::setting_text);
    let path = roots.map(|r| Path::new(&r).join(&relative)).find(|p| p.is_file())?;
    let meta = path.metadata().ok()?;
    let mtime = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs() as u32;
    let stamp = pyc::Source::Timestamp { mtime, size: meta.len() as u32 };
    let cached =
        crate::host::setting_text("cache.dir").map(|d| Path::new(&d).join("frozen").join(format!("{name}.pyc")));
    if let Some(file) = &cached
        && let Ok(bytes) = std::fs::read(file)
        && pyc::read_header(&bytes).is_ok_and(|s| s == stamp)
        && let Some(code) = pyc::unseal(&bytes[16..])
    {
        return Some(code.to_vec());
    }
    let source = std::fs::read(&path).ok()?;
    let shown = format!("<frozen {name}>");
    let compiled = taipan_compiler::compile_source(&source, &shown, Mode::Exec, Options::default()).ok()?;
    let bytes = pyc::write(&compiled.code, stamp);
    if let Some(file) = &cached {
        // Without a cache the next start is slower, nothing else.
        let _ = store(file, &bytes);
    }
    pyc::unseal(&bytes[16..]).map(<[u8]>::to_vec)
}

/// Writes a file so that no reader ever sees half of it.
fn store(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let part = file.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&part, bytes)?;
    std::fs::rename(part, file)
}
