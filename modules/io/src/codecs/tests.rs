//! Expected values are CPython 3.14's.

use super::escape::{BytesError, bytes_decode, bytes_encode, unicode_decode, unicode_encode};
use super::standard::{self, Standard};
use super::utf16::Order;
use super::*;

/// (encoding, start, end, reason)
type Failure = (String, usize, usize, String);
struct H(Standard);
impl DecodeErrors for H {
    type Error = Failure;
    fn decode_error(
        &mut self,
        encoding: &str,
        data: &mut Cow<'_, [u8]>,
        start: usize,
        end: usize,
        reason: &str,
        out: &mut Out,
    ) -> Result<usize, Failure> {
        standard::decode(self.0, encoding, data, start, end, out).ok_or_else(|| (encoding.into(), start, end, reason.into()))
    }
}
impl EncodeErrors for H {
    type Error = Failure;
    fn encode_error(
        &mut self,
        encoding: &str,
        chars: &Chars<'_>,
        start: usize,
        end: usize,
        reason: &str,
    ) -> Result<(Replacement, usize), Failure> {
        standard::encode(self.0, encoding, chars, start, end).ok_or_else(|| (encoding.into(), start, end, reason.into()))
    }
    fn raise(&mut self, encoding: &str, _: &Chars<'_>, start: usize, end: usize, reason: &str) -> Failure {
        (encoding.into(), start, end, reason.into())
    }
}
use Standard::*;

fn failure<T>(encoding: &str, start: usize, end: usize, reason: &str) -> Result<T, Failure> {
    Err((encoding.into(), start, end, reason.into()))
}
fn points(s: &str) -> Vec<u32> {
    s.chars().map(|c| c as u32).collect()
}
type Decoded = Result<(Vec<u32>, usize), Failure>;
fn utf8(b: &[u8], k: Standard, last: bool) -> Decoded {
    let mut out = Out::default();
    let n = utf8::decode(&mut Cow::Borrowed(b), last, &mut H(k), &mut out)?;
    Ok((out.to_vec(), n))
}
fn utf7(b: &[u8], k: Standard, last: bool) -> Decoded {
    let mut out = Out::default();
    let n = utf7::decode(&mut Cow::Borrowed(b), last, &mut H(k), &mut out)?;
    Ok((out.to_vec(), n))
}
fn utf16(b: &[u8], order: Order, k: Standard, last: bool) -> Decoded {
    let mut out = Out::default();
    let n = utf16::decode(&mut Cow::Borrowed(b), order, last, &mut H(k), &mut out)?.0;
    Ok((out.to_vec(), n))
}
fn utf32(b: &[u8], order: Order, k: Standard) -> Decoded {
    let mut out = Out::default();
    let n = utf32::decode(&mut Cow::Borrowed(b), order, true, &mut H(k), &mut out)?.0;
    Ok((out.to_vec(), n))
}
fn uni(b: &[u8], k: Standard, last: bool) -> Decoded {
    let mut out = Out::default();
    let mut named = |n: &str| Ok((n == "SNOWMAN").then(|| vec![0x2603]));
    let n = unicode_decode(&mut Cow::Borrowed(b), last, &mut H(k), &mut named, &mut out)?.0;
    Ok((out.to_vec(), n))
}
fn raw(b: &[u8], k: Standard, last: bool) -> Decoded {
    let mut out = Out::default();
    let n = raw_escape::decode(&mut Cow::Borrowed(b), last, &mut H(k), &mut out)?;
    Ok((out.to_vec(), n))
}
fn text(s: &str, n: usize) -> Decoded {
    Ok((points(s), n))
}

#[test]
fn utf8_divides_malformed_input_as_cpython() {
    assert_eq!(utf8(b"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", Strict, true), text("aé€😀", 10));
    assert_eq!(utf8(b"\xff", Strict, true), failure("utf-8", 0, 1, "invalid start byte"));
    assert_eq!(utf8(b"a\xe2\x82", Strict, true), failure("utf-8", 1, 3, "unexpected end of data"));
    assert_eq!(utf8(b"a\xe2\x82", Strict, false), text("a", 1));
    assert_eq!(utf8(b"\xe2\x82z", Strict, true), failure("utf-8", 0, 2, "invalid continuation byte"));
    assert_eq!(utf8(b"\xed\xa0\x80", Strict, true), failure("utf-8", 0, 1, "invalid continuation byte"));
    assert_eq!(utf8(b"\xed\xa0\x80", SurrogatePass, true), Ok((vec![0xD800], 3)));
    assert_eq!(utf8(b"\xf4\x90\x80\x80", Replace, true), text("\u{fffd}\u{fffd}\u{fffd}\u{fffd}", 4));
    assert_eq!(utf8(b"a\x80\xffb", SurrogateEscape, true), Ok((vec![97, 0xDC80, 0xDCFF, 98], 4)));
    assert_eq!(utf8(b"\xe2(\xa1", BackslashReplace, true), text("\\xe2(\\xa1", 3));
    assert_eq!(utf8(b"\xe2(\xa1", Ignore, true), text("(", 3));
    let mut out = Vec::new();
    let s = [0x61, 0xD800, 0xDC80, 0x20AC];
    assert_eq!(utf8::encode(&Chars::U32(&s), &mut H(Strict), &mut out), failure("utf-8", 1, 3, "surrogates not allowed"));
    out.clear();
    utf8::encode(&Chars::U32(&s), &mut H(SurrogatePass), &mut out).unwrap();
    assert_eq!(out, b"a\xed\xa0\x80\xed\xb2\x80\xe2\x82\xac");
    out.clear();
    utf8::encode(&Chars::U16(&[0xDC80, 0xDCFF]), &mut H(SurrogateEscape), &mut out).unwrap();
    assert_eq!(out, b"\x80\xff");
    out.clear();
    utf8::encode(&Chars::U32(&s), &mut H(BackslashReplace), &mut out).unwrap();
    assert_eq!(out, "a\\ud800\\udc80€".as_bytes());
}

#[test]
fn ascii_and_latin1() {
    let mut out = Vec::new();
    let s = [97, 0x1234, 0x1235, 98];
    simple::encode(&Chars::U16(&s), 256, &mut H(BackslashReplace), &mut out).unwrap();
    assert_eq!(out, b"a\\u1234\\u1235b");
    out.clear();
    simple::encode(&Chars::U16(&s), 128, &mut H(XmlCharRefReplace), &mut out).unwrap();
    assert_eq!(out, b"a&#4660;&#4661;b");
    let r = simple::encode(&Chars::U16(&s), 128, &mut H(Strict), &mut out);
    assert_eq!(r, failure("ascii", 1, 3, "ordinal not in range(128)"));
    let mut chars = Out::default();
    simple::ascii_decode(&mut Cow::Borrowed(b"a\xe9b"), &mut H(Replace), &mut chars).unwrap();
    assert_eq!(chars.to_vec(), points("a\u{fffd}b"));
}

#[test]
fn utf16_and_utf32() {
    use Order::*;
    assert_eq!(utf16(b"a", Native, Strict, true), failure("utf-16-le", 0, 1, "truncated data"));
    assert_eq!(utf16(b"\xff\xfe\x00\xd8", Native, Strict, true), failure("utf-16-le", 2, 4, "unexpected end of data"));
    assert_eq!(utf16(b"\xff\xfe\x00\xd8a\0", Native, Strict, true), failure("utf-16-le", 2, 4, "illegal UTF-16 surrogate"));
    assert_eq!(utf16(b"\x00\xdc", Native, Strict, true), failure("utf-16-le", 0, 2, "illegal encoding"));
    assert_eq!(utf16(b"\x00\xd8\x00", Little, Strict, true), failure("utf-16-le", 0, 3, "unexpected end of data"));
    assert_eq!(utf16(b"\x00\xd8\x00", Little, Strict, false), text("", 0));
    assert_eq!(utf16(b"\xfe\xff\xd8\x3d\xde\x00", Native, Strict, true), text("😀", 6));
    assert_eq!(utf16(b"\x00\xd8", Little, SurrogatePass, true), Ok((vec![0xD800], 2)));
    assert_eq!(utf32(b"\xff\xfe\x00", Native, Strict), failure("utf-32-le", 0, 3, "truncated data"));
    assert_eq!(utf32(b"\0\0\xfe\xff\0\x01\xf6\0", Native, Strict), text("😀", 8));
    let reason = "code point not in range(0x110000)";
    assert_eq!(utf32(b"\x00\x11\x00\x00", Big, Strict), failure("utf-32-be", 0, 4, reason));
    let reason = "code point in surrogate code point range(0xd800, 0xe000)";
    assert_eq!(utf32(b"\x00\xd8\0\0\x01", Little, Strict), failure("utf-32-le", 0, 4, reason));
    let mut out = Vec::new();
    utf16::encode(&Chars::U32(&[0x61, 0x1F600]), Native, &mut H(Strict), &mut out).unwrap();
    assert_eq!(out, b"\xff\xfea\0\x3d\xd8\x00\xde");
    out.clear();
    let r = utf16::encode(&Chars::U32(&[0xD800, 97]), Big, &mut H(Strict), &mut out);
    assert_eq!(r, failure("utf-16-be", 0, 1, "surrogates not allowed"));
    out.clear();
    utf32::encode(&Chars::U32(&[0xD800, 97]), Big, &mut H(Replace), &mut out).unwrap();
    assert_eq!(out, b"\0\0\0?\0\0\0a");
}

#[test]
fn utf7_shifts() {
    assert_eq!(utf7(b"+", Strict, false), text("", 0));
    assert_eq!(utf7(b"+", Strict, true), text("", 1));
    assert_eq!(utf7(b"+A", Strict, true), failure("utf7", 0, 2, "unterminated shift sequence"));
    assert_eq!(utf7(b"+AGE-", Strict, false), text("a", 5));
    assert_eq!(utf7(b"+AGE", Strict, false), text("", 0));
    assert_eq!(utf7(b"+AGE", Strict, true), text("a", 4));
    assert_eq!(utf7(b"+AGEx", Replace, true), text("a\u{fffd}", 5));
    assert_eq!(utf7(b"a+-b", Strict, false), text("a+b", 4));
    assert_eq!(utf7(b"+2AA-", Strict, true), Ok((vec![0xD800], 5)));
    assert_eq!(utf7(b"+2ADcAA-x", Strict, true), text("\u{10000}x", 9));
    assert_eq!(utf7(b"\xff", Strict, true), failure("utf7", 0, 1, "unexpected special character"));
    assert_eq!(utf7(b"+\xff", Strict, true), failure("utf7", 0, 2, "ill-formed sequence"));
    assert_eq!(utf7(b"+AG!", Strict, true), failure("utf7", 0, 4, "partial character in shift sequence"));
    assert_eq!(utf7(b"+AGF-", Replace, true), text("a\u{fffd}", 5));
    assert_eq!(utf7(b"+2AB", Replace, true), text("\u{fffd}", 4));
    assert_eq!(utf7(b"+AGE-x+", Strict, false), text("ax", 6));
    for (s, expected) in [
        ("a+b", "a+-b"),
        ("é-", "+AOk--"),
        ("~\\", "+AH4AXA-"),
        ("ééA", "+AOkA6Q-A"),
        ("é ", "+AOk "),
        ("+é", "+-+AOk-"),
        ("\n\t\0\x7f", "\n\t+AAAAfw-"),
        ("aé!", "a+AOk!"),
        ("é😀éx", "+AOnYPd4AAOk-x"),
    ] {
        let mut out = Vec::new();
        utf7::encode(&Chars::U32(&points(s)), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn unicode_escapes() {
    let all = b"\\x41\\u00e9\\U0001F600\\N{SNOWMAN}\\n\\q\\101\\777\\400";
    assert_eq!(uni(all, Strict, true), text("Aé😀☃\n\\qA\u{1ff}\u{100}", all.len()));
    for (b, end, reason) in [
        (&b"\\x4"[..], 3, "truncated \\xXX escape"),
        (b"\\u12", 4, "truncated \\uXXXX escape"),
        (b"\\U123", 5, "truncated \\UXXXXXXXX escape"),
        (b"\\N", 2, "malformed \\N character escape"),
        (b"\\N{", 3, "malformed \\N character escape"),
        (b"\\", 1, "\\ at end of string"),
    ] {
        assert_eq!(uni(b, Strict, true), failure("unicodeescape", 0, end, reason));
        assert_eq!(uni(b, Replace, true), text("\u{fffd}", end));
        assert_eq!(uni(b, Strict, false), text("", 0));
    }
    for (b, end, reason) in [
        (&b"\\U0011ffff"[..], 10, "illegal Unicode character"),
        (b"\\N{foo bar}", 11, "unknown Unicode character name"),
        (b"\\N{}", 3, "malformed \\N character escape"),
        (b"\\xzz", 2, "truncated \\xXX escape"),
    ] {
        assert_eq!(uni(b, Strict, false), failure("unicodeescape", 0, end, reason));
    }
    assert_eq!(uni(b"\\\na\xe9", Strict, true), text("aé", 4));
    let mut out = Vec::new();
    let s = [points("a\\\n\t\r'\"\0\x7fé\u{1234}😀"), vec![0xD800]].concat();
    unicode_encode(&Chars::U32(&s), &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), "a\\\\\\n\\t\\r'\"\\x00\\x7f\\xe9\\u1234\\U0001f600\\ud800");
    let mut out = Vec::new();
    raw_escape::encode(&Chars::U32(&s), &mut out);
    assert_eq!(out, b"a\\\n\t\r'\"\0\x7f\xe9\\u1234\\U0001f600\\ud800");
}

#[test]
fn raw_unicode_escapes() {
    assert_eq!(raw(b"\\x41\\u00e9\\n", Strict, true), text("\\x41é\\n", 12));
    assert_eq!(raw(b"\\u12", Strict, true), failure("rawunicodeescape", 0, 4, "truncated \\uXXXX escape"));
    assert_eq!(raw(b"\\u12", Strict, false), text("", 0));
    assert_eq!(raw(b"\\U0011ffff", Strict, false), failure("rawunicodeescape", 0, 10, "\\Uxxxxxxxx out of range"));
    assert_eq!(raw(b"\\", Strict, true), text("\\", 1));
    assert_eq!(raw(b"\\", Strict, false), text("", 0));
    assert_eq!(raw(b"\\uzz", Replace, true), text("\u{fffd}zz", 4));
}

#[test]
fn bytes_escapes() {
    assert_eq!(bytes_decode(b"\\x41\\u00\\n\\101\\400", "strict"), Ok((b"A\\u00\nA\0".to_vec(), Some("u".into()))));
    assert_eq!(bytes_decode(b"\\x4", "strict"), Err(BytesError::Hex(0)));
    assert_eq!(bytes_decode(b"\\xzz", "replace"), Ok((b"?zz".to_vec(), None)));
    assert_eq!(bytes_decode(b"\\x4", "ignore"), Ok((b"".to_vec(), None)));
    assert_eq!(bytes_decode(b"\\x4", "foo"), Err(BytesError::Handler));
    assert_eq!(bytes_decode(b"\\", "strict"), Err(BytesError::Trailing));
    assert_eq!(bytes_encode(b"a\\\n\t\r'\"\0\x7f\xe9"), b"a\\\\\\n\\t\\r\\'\"\\x00\\x7f\\xe9");
}

#[test]
fn tables() {
    let mut out = Out::default();
    let table = [97, 0xFFFE];
    let r = charmap::decode_str(&mut Cow::Borrowed(b"\0\x01"), &mut H(Strict), &Chars::U16(&table), &mut out);
    assert_eq!(r, failure("charmap", 1, 2, "character maps to <undefined>"));
    assert!(charmap::Map::build(&Chars::U8(b"abc")).is_none());
    let all: Vec<u8> = (0..=255).collect();
    let m = charmap::Map::build(&Chars::U8(&all)).unwrap();
    assert_eq!((m.get(0xE9), m.get(0x100), m.len()), (Some(0xE9), None, 256));
    let mut out = Vec::new();
    let mut find = |c: u32| Ok(if c == 97 { charmap::Encoded::Byte(0) } else { charmap::Encoded::Undefined });
    let r = charmap::encode(&Chars::U8(b"ddae"), &mut H(Replace), &mut find, &mut out);
    assert_eq!(r, failure("charmap", 0, 2, "character maps to <undefined>"));
    out.clear();
    charmap::encode(&Chars::U8(b"ddae"), &mut H(Ignore), &mut find, &mut out).unwrap();
    assert_eq!(out, b"\0");
}
