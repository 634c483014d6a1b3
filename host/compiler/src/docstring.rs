//! Docstrings lose the indentation they have in the source.

use taipan_syntax::ast::Wtf8;

/// Tabs become spaces, and the common indentation of all lines but the first is removed.
pub fn clean(doc: &Wtf8) -> Wtf8 {
    let text = expand_tabs(doc.as_bytes());
    let mut lines = text.split(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    let indent = |l: &[u8]| l.iter().take_while(|b| **b == b' ').count();
    let margin = lines.clone().filter(|l| indent(l) < l.len()).map(indent).min().unwrap_or(0);
    let mut out = first[indent(first)..].to_vec();
    for l in lines {
        out.push(b'\n');
        out.extend_from_slice(&l[indent(l).min(margin)..]);
    }
    Wtf8::from_bytes(&out).unwrap_or_else(|| doc.clone())
}

fn expand_tabs(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut col = 0;
    for &b in text {
        match b {
            b'\t' => {
                let n = 8 - col % 8;
                out.resize(out.len() + n, b' ');
                col += n;
            }
            b'\n' | b'\r' => {
                out.push(b);
                col = 0;
            }
            _ => {
                out.push(b);
                // Continuation bytes are no columns.
                col += (b & 0xC0 != 0x80) as usize;
            }
        }
    }
    out
}
