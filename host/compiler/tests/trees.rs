//! Trees and bytes that no source gives.

use taipan_compiler::{Mode, Options, compile, compile_source, marshal, validate};
use taipan_syntax::ErrorKind;
use taipan_syntax::ast::{Constant, Expr, ExprKind, Mod, Pos, UnaryOp, Wtf8};

fn nested(depth: usize) -> Mod {
    let pos = Pos { lineno: 1, col_offset: 0, end_lineno: 1, end_col_offset: 1 };
    let mut e = Expr { kind: ExprKind::Name { id: "x".into(), ctx: taipan_syntax::ast::ExprContext::Load }, pos };
    for _ in 0..depth {
        e = Expr { kind: ExprKind::UnaryOp { op: UnaryOp::USub, operand: Box::new(e) }, pos };
    }
    Mod::Expression { body: Box::new(e) }
}

#[test]
fn depth_is_bounded() {
    assert!(compile(&nested(5000), &Wtf8::new("f"), Options::default()).is_ok());
    let e = compile(&nested(20_000), &Wtf8::new("f"), Options::default()).unwrap_err();
    assert_eq!(e.kind, ErrorKind::RecursionError);
}

#[test]
fn deep_code_survives_marshalling() {
    let source = format!("{}1", "lambda: ".repeat(600));
    let Ok(compiled) = compile_source(source.as_bytes(), "f", Mode::Exec, Options::default()) else { return };
    assert_eq!(*marshal::read_code(&marshal::dump_code(&compiled.code)).unwrap(), compiled.code);
}

#[test]
fn constants_need_no_source() {
    let pos = Pos { lineno: 1, col_offset: 0, end_lineno: 1, end_col_offset: 1 };
    let value = Constant::Tuple(vec![Constant::FrozenSet(vec![Constant::Int(1), Constant::Int(1)]), Constant::None]);
    let tree = Mod::Expression { body: Box::new(Expr { kind: ExprKind::Constant { value, kind: None }, pos }) };
    let code = compile(&tree, &Wtf8::new("f"), Options::default()).unwrap().code;
    validate::validate_all(&code).unwrap();
}

/// Whatever is changed in the bytes, reading them ends in an error or in valid code.
#[test]
fn damaged_bytes_are_refused_or_harmless() {
    let source = b"def f(a, *b, c=1, **d):\n    for i in a:\n        try:\n            with i as j: yield [k for k in j if k]\n        except (E, F) as e: raise X from e\n        finally: g(*b, **d)\n    return lambda: (a, f'{c!r:>{d}}')\nclass C[T](B):\n    x: int = {1: 2, **y}\n";
    let code = compile_source(source, "f", Mode::Exec, Options::default()).unwrap().code;
    let bytes = marshal::dump_code(&code);
    let mut seed = 1u32;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed as usize
    };
    for _ in 0..20_000 {
        let mut damaged = bytes.clone();
        for _ in 0..1 + random() % 3 {
            let at = random() % damaged.len();
            damaged[at] = random() as u8;
        }
        if let Ok(code) = marshal::read_code(&damaged) {
            validate::validate_all(&code).unwrap();
            taipan_compiler::dis::dis(&code);
        }
    }
}

fn text(source: &str, mode: Mode, options: Options) -> String {
    let code = compile_source(source.as_bytes(), "f", mode, options).unwrap().code;
    validate::validate_all(&code).unwrap();
    taipan_compiler::dis::dis(&code)
}

#[test]
fn modes_and_options() {
    let plain = Options::default();
    assert!(text("a + b", Mode::Eval, plain).contains("BINARY_ADD"));
    assert!(!text("a", Mode::Exec, plain).contains("CALL_INTRINSIC_1"));
    assert!(text("a", Mode::Single, plain).contains("CALL_INTRINSIC_1 Print"));
    let optimized = text("assert x\n'''no docstring'''", Mode::Exec, Options { optimize: 1, ..plain });
    assert!(!optimized.contains("RAISE"));
    let function = "def f():\n  'doc'\n  return __debug__";
    assert!(text(function, Mode::Exec, plain).contains("flags 0x4000003"));
    let bare = text(function, Mode::Exec, Options { optimize: 2, ..plain });
    assert!(bare.contains("flags 0x3") && bare.contains("LOAD_FALSE"));
    assert!(compile_source(b"await x", "f", Mode::Exec, plain).is_err());
    let awaits =
        text("await x\nasync with y: [z async for z in w]", Mode::Exec, Options { top_level_await: true, ..plain });
    assert!(awaits.contains("RETURN_GENERATOR") && awaits.contains("flags 0x80"));
    let strings = Options { future_flags: taipan_abi::opcode::co::FUTURE_ANNOTATIONS, ..plain };
    assert!(text("x: list [ int ]", Mode::Exec, strings).contains("\"list[int]\""));
}
