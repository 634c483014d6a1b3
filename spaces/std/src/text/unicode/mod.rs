//! Properties of characters: what str's predicates and case methods ask.

mod tables;

pub use tables::*;

/// The flags (`ALPHA`, `LOWER`, ...) of a code point.
#[inline]
pub fn flags(c: u32) -> u16 {
    if c < 0x80 { ASCII[c as usize] } else { find_flags(c) }
}

/// Has the code point one of these flags?
#[inline]
pub fn has(c: u32, mask: u16) -> bool {
    flags(c) & mask != 0
}

fn find_flags(c: u32) -> u16 {
    let i = FLAGS.partition_point(|e| e.0 <= c);
    FLAGS[i - 1].1
}

const fn ascii_flags() -> [u16; 128] {
    let mut out = [0; 128];
    let mut i = 0;
    while i < FLAGS.len() {
        let (from, flags) = FLAGS[i];
        let to = if i + 1 < FLAGS.len() { FLAGS[i + 1].0 } else { 0x110000 };
        let mut c = from;
        while c < to && c < 128 {
            out[c as usize] = flags;
            c += 1;
        }
        i += 1;
    }
    out
}
static ASCII: [u16; 128] = ascii_flags();

#[allow(missing_docs)]
#[inline]
pub fn is_space(c: u32) -> bool {
    has(c, SPACE)
}
#[allow(missing_docs)]
#[inline]
pub fn is_printable(c: u32) -> bool {
    has(c, PRINTABLE)
}
/// A line boundary of `str.splitlines`.
#[inline]
pub fn is_line_break(c: u32) -> bool {
    matches!(c, 0x0A..=0x0D | 0x1C..=0x1E | 0x85 | 0x2028 | 0x2029)
}

/// The value of a decimal digit.
pub fn decimal_value(c: u32) -> Option<u32> {
    if c < 0x80 {
        return (0x30..0x3A).contains(&c).then(|| c - 0x30);
    }
    if !has(c, DECIMAL) {
        return None;
    }
    let i = ZEROS.partition_point(|z| *z <= c);
    Some(c - ZEROS[i - 1])
}

/// The characters one character maps to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Mapped([u32; 3]);
impl Mapped {
    /// In order.
    pub fn chars(&self) -> impl Iterator<Item = u32> + '_ {
        let n = 1 + self.0[1..].iter().take_while(|c| **c != 0).count();
        self.0[..n].iter().copied()
    }
}

type Runs = &'static [(u32, u32, u32, i32)];
type Multi = &'static [(u32, [u32; 3])];

fn lookup(c: u32, runs: Runs, multi: Multi) -> Option<Mapped> {
    let i = runs.partition_point(|r| r.0 <= c);
    if i > 0 {
        let (first, last, step, delta) = runs[i - 1];
        if c <= last && (c - first).is_multiple_of(step) {
            return Some(Mapped([(c as i32 + delta) as u32, 0, 0]));
        }
    }
    multi.binary_search_by_key(&c, |m| m.0).ok().map(|i| Mapped(multi[i].1))
}

/// Full upper case.
pub fn upper(c: u32) -> Mapped {
    if c < 0x80 {
        return Mapped([if (0x61..=0x7A).contains(&c) { c - 32 } else { c }, 0, 0]);
    }
    lookup(c, UPPERCASE, UPPERCASE_MULTI).unwrap_or(Mapped([c, 0, 0]))
}
/// Full lower case, without the rule for final sigma.
pub fn lower(c: u32) -> Mapped {
    if c < 0x80 {
        return Mapped([if (0x41..=0x5A).contains(&c) { c + 32 } else { c }, 0, 0]);
    }
    lookup(c, LOWERCASE, LOWERCASE_MULTI).unwrap_or(Mapped([c, 0, 0]))
}
/// Full title case.
pub fn title(c: u32) -> Mapped {
    if c < 0x80 {
        return upper(c);
    }
    lookup(c, TITLECASE, TITLECASE_MULTI).unwrap_or_else(|| upper(c))
}
/// Full case folding.
pub fn fold(c: u32) -> Mapped {
    if c < 0x80 {
        return lower(c);
    }
    lookup(c, CASEFOLD, CASEFOLD_MULTI).unwrap_or_else(|| lower(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(m: Mapped) -> Vec<u32> {
        m.chars().collect()
    }

    #[test]
    fn predicates() {
        assert!(has('a' as u32, LOWER) && !has('a' as u32, UPPER));
        assert!(has(0x4E00, NUMERIC) && !has(0x4E00, DIGIT));
        assert!(has(0xB2, DIGIT) && !has(0xB2, DECIMAL));
        assert!(has(0x2028, SPACE) && !is_printable(0x2028));
        assert!(!is_printable(0xD800) && is_printable(0x20));
        assert!(has(0x1C5, TITLE));
        assert_eq!(decimal_value(0x0665), Some(5));
        assert_eq!(decimal_value(0x1D7FF), Some(9));
        assert_eq!(decimal_value(0xB2), None);
    }

    #[test]
    fn cases() {
        assert_eq!(mapped(upper(0xDF)), [0x53, 0x53]);
        assert_eq!(mapped(title(0xDF)), [0x53, 0x73]);
        assert_eq!(mapped(lower(0x130)), [0x69, 0x307]);
        assert_eq!(mapped(fold(0xDF)), [0x73, 0x73]);
        assert_eq!(mapped(upper(0x101)), [0x100]);
        assert_eq!(mapped(lower(0x3A3)), [0x3C3]);
        assert_eq!(mapped(fold(0x3C2)), [0x3C3]);
        assert_eq!(mapped(title(0x1C6)), [0x1C5]);
        assert_eq!(mapped(upper(0x10428)), [0x10400]);
    }
}
