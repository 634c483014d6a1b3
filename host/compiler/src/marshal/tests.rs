use super::*;
use crate::code::Const;
use num_bigint::BigInt;
use std::rc::Rc;
use taipan_syntax::ast::Wtf8;

fn round(c: Const) {
    let bytes = dump(&c);
    assert_eq!(read(&bytes).unwrap(), c, "{bytes:02x?}");
    for cut in 0..bytes.len() {
        assert!(read(&bytes[..cut]).is_err());
    }
}

#[test]
fn values_round_trip() {
    let big = |s: &str| Const::from_big(s.parse::<BigInt>().unwrap());
    for c in [
        Const::None,
        Const::Int(-1),
        Const::Int(i64::MIN),
        Const::Int(1 << 31),
        big("123456789012345678901234567890"),
        big("-1000000000000000000000000000000000000000000000"),
        Const::Float(-0.0),
        Const::Complex(1.5, f64::INFINITY),
        Const::str("abc"),
        Const::str("h\u{e9}"),
        Const::str(&"x ".repeat(300)),
        Const::Str(Wtf8::from_bytes(b"\xed\xa0\x80").unwrap()),
        Const::Bytes(Rc::from(*b"\0\xff")),
        Const::Tuple((0..300).map(Const::Int).collect()),
        Const::frozenset([Const::str("a"), Const::Tuple(Rc::from([Const::str("a"), Const::str("a")]))].into_iter()),
        Const::Slice(Rc::new([Const::None, Const::Int(1), Const::None])),
    ] {
        round(c);
    }
}

#[test]
fn nesting_is_bounded() {
    let mut bytes = b")\x01".repeat(100_000);
    bytes.push(b'N');
    assert_eq!(read(&bytes), Err(MarshalError::Bad("recursion limit exceeded")));
}

#[test]
fn an_object_cannot_contain_itself() {
    assert_eq!(read(b"\xa9\x01r\0\0\0\0"), Err(MarshalError::Bad("invalid reference")));
}
