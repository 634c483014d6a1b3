//! Expected values are CPython 3.14's.

use super::standard::{self, Standard};
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
        standard::decode(self.0, encoding, data, start, end, out)
            .ok_or_else(|| (encoding.into(), start, end, reason.into()))
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
        standard::encode(self.0, encoding, chars, start, end)
            .ok_or_else(|| (encoding.into(), start, end, reason.into()))
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
    assert_eq!(
        utf8::encode(&Chars::U32(&s), &mut H(Strict), &mut out),
        failure("utf-8", 1, 3, "surrogates not allowed")
    );
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
