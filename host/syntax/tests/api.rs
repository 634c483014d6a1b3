//! What the library promises beyond trees: warnings, encodings, bytes, tokens, depth.

use taipan_syntax::ast::schema::{self, Quant};
use taipan_syntax::ast::{Constant, Expr, ExprKind, Mod, StmtKind};
use taipan_syntax::token::Kind;
use taipan_syntax::{ErrorKind, Flags, Mode, Parsed, parse, parse_bytes, tokenize_module, wire};

fn exec(source: &str) -> Parsed {
    parse(source, "f", Mode::Exec, Flags::default()).unwrap_or_else(|e| panic!("{source:?}: {e}"))
}

fn first_expr(tree: &Mod) -> &Expr {
    match tree {
        Mod::Module { body, .. } => match &body[0].kind {
            StmtKind::Expr { value } => value,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn invalid_escapes_are_warned_about_once_a_literal() {
    let p = exec("x = 1\ny = 'a\\d\\q'\nb'\\8'\nf'\\{x}'\n'\\477'\n");
    let lines: Vec<i32> = p.warnings.iter().map(|w| w.lineno).collect();
    assert_eq!(lines.len(), 4, "{:?}", p.warnings);
    let w = p.warnings.iter().find(|w| w.lineno == 2).unwrap();
    assert_eq!(
        w.msg,
        "\"\\d\" is an invalid escape sequence. Such sequences will not work in the future. \
         Did you mean \"\\\\d\"? A raw string is also an option."
    );
}

#[test]
fn cookies_choose_the_encoding() {
    let tree = |bytes: &[u8]| parse_bytes(bytes, "f", Mode::Exec, Flags::default()).map(|p| p.tree);
    let text = |bytes: &[u8]| match &first_expr(&tree(bytes).unwrap()).kind {
        ExprKind::Constant { value: Constant::Str(s), .. } => s.as_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(b"# -*- coding: latin-1 -*-\n'\xe9\x80'"), "\u{e9}\u{80}");
    assert_eq!(text(b"#!x\n# vim: set fileencoding=cp1252 :\n'\x80'"), "\u{20ac}");
    assert_eq!(text(b"\xef\xbb\xbf'\xc3\xa9'"), "\u{e9}");
    assert!(tree(b"'\xff'").is_err());
    assert_eq!(tree(b"# coding: nonsense\n").unwrap_err().msg, "unknown encoding: nonsense");
    assert!(tree(b"\xef\xbb\xbf# coding: latin-1\n").is_err());
    assert_eq!(tree(b"\0").unwrap_err().msg, "source code string cannot contain null bytes");
}

#[test]
fn trees_survive_the_wire() {
    let source = include_str!("fixtures/statements.py");
    let tree = exec(source).tree;
    let bytes = wire::to_bytes(&tree);
    assert_eq!(wire::from_bytes::<Mod>(&bytes).unwrap(), tree);
    for cut in 0..bytes.len().min(400) {
        assert!(wire::from_bytes::<Mod>(&bytes[..cut]).is_err());
    }
    let expr = first_expr(&exec("x").tree).clone();
    assert!(wire::from_bytes::<Mod>(&wire::to_bytes(&expr)).is_err());
}

#[test]
fn the_schema_numbers_nodes_in_order() {
    let (ty, node) = schema::node(0).unwrap();
    assert_eq!((ty.name, node.name), ("mod", "Module"));
    let all: usize = schema::TYPES.iter().map(|t| t.nodes.len()).sum();
    assert!(schema::node(all as u16 - 1).is_some() && schema::node(all as u16).is_none());
    let handler = schema::TYPES.iter().find(|t| t.name == "excepthandler").unwrap();
    assert_eq!(handler.nodes[0].fields[0].name, "type");
    let dict = schema::TYPES.iter().flat_map(|t| t.nodes).find(|n| n.name == "Dict").unwrap();
    assert_eq!(dict.fields[0].quant, Quant::ManyOpt);
}

#[test]
fn tokens_for_the_tokenize_module() {
    let (tokens, error) = tokenize_module("x = (é, # c\n\n 1)", true);
    assert!(error.is_none());
    let kinds: Vec<Kind> = tokens.iter().map(|t| t.kind).collect();
    use Kind::*;
    assert_eq!(kinds, [Name, Equal, LPar, Name, Comma, Comment, Nl, Nl, Number, RPar, Newline, EndMarker]);
    assert_eq!((tokens[5].start, tokens[5].end), ((1, 8), (1, 11)));
    assert_eq!((tokens[10].start, tokens[10].end, tokens[10].text.as_str()), ((3, 3), (3, 4), ""));
}

#[test]
fn depth_is_limited_and_never_overflows() {
    let run = |s: String| {
        // The stack that threads have by default; the walks grow it where they need more.
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let handle = thread.spawn(move || {
            parse(&s, "f", Mode::Exec, Flags::default()).map(|p| drop(wire::to_bytes(&p.tree))).map_err(|e| e.kind)
        });
        handle.unwrap().join().unwrap()
    };
    assert!(run("-".repeat(2900) + "1").is_ok());
    assert!(run("1+".repeat(5900) + "1").is_ok());
    assert!(run("if x: pass\n".to_owned() + &"elif x: pass\n".repeat(2900)).is_ok());
    assert_eq!(run("-".repeat(100_000) + "1"), Err(ErrorKind::MemoryError));
    assert_eq!(run("1+".repeat(100_000) + "1"), Err(ErrorKind::RecursionError));
    assert_eq!(run("a".to_owned() + &".b".repeat(100_000)), Err(ErrorKind::RecursionError));
    assert_eq!(run("(".repeat(201)), Err(ErrorKind::SyntaxError));
    assert!(run("(".repeat(200) + &")".repeat(200)).is_ok());
    assert_eq!(run("lambda: ".repeat(100_000) + "1"), Err(ErrorKind::MemoryError));
}
