//! What the command line, the environment and the profile decided, by key.

use std::collections::BTreeMap;
use std::ffi::OsStr;

/// Values by key. Text is UTF-8; bytes of the command line that are not become lone surrogates U+DC80..U+DCFF, encoded as in WTF-8,
/// which is what Python's surrogateescape makes of them.
#[derive(Debug, Clone, Default)]
pub struct Settings(BTreeMap<String, Vec<u8>>);

impl Settings {
    /// Sets text.
    pub fn text(&mut self, key: impl Into<String>, value: impl AsRef<str>) {
        self.0.insert(key.into(), value.as_ref().as_bytes().to_vec());
    }
    /// Sets a number.
    pub fn number(&mut self, key: impl Into<String>, value: i64) {
        self.text(key, value.to_string());
    }
    /// Sets a word of the command line, a path or a variable's value.
    pub fn os(&mut self, key: impl Into<String>, value: impl AsRef<OsStr>) {
        self.0.insert(key.into(), escape(value.as_ref()));
    }
    /// The value.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.get(key).map(Vec::as_slice)
    }
    /// All, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_slice()))
    }
}

/// Bytes of the system as text of this module's kind.
pub fn escape(value: &OsStr) -> Vec<u8> {
    let bytes = value.as_encoded_bytes();
    if std::str::from_utf8(bytes).is_ok() {
        return bytes.to_vec();
    }
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for &b in chunk.invalid() {
            // U+DC00 + b in three bytes.
            out.extend_from_slice(&[0xED, 0xB0 | b >> 6, 0x80 | b & 0x3F]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn bytes_become_surrogates() {
        assert_eq!(escape(OsStr::from_bytes(b"a\xffb")), b"a\xed\xb3\xbfb");
        assert_eq!(escape(OsStr::from_bytes(b"\x80")), b"\xed\xb2\x80");
        assert_eq!(escape(OsStr::from_bytes("é".as_bytes())), "é".as_bytes());
    }
}
