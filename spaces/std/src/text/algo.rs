//! Algorithms shared by str, bytes and bytearray. Bytes are [`Chars::One`]; parts are answered as index ranges.

use super::chars::{Chars, find, find_all, rfind};

/// A range of indexes.
pub type Part = (usize, usize);

/// Whitespace of bytes.
pub fn byte_space(c: u32) -> bool {
    matches!(c, 9..=13 | 32)
}
/// Line ends of bytes.
pub fn byte_break(c: u32) -> bool {
    matches!(c, 10 | 13)
}

/// Runs of what is not whitespace, at most `max` splits; what is left after them loses whitespace at its start only.
pub fn split_space(c: Chars, space: fn(u32) -> bool, max: usize) -> Vec<Part> {
    let (mut out, n, mut i) = (Vec::new(), c.len(), 0);
    loop {
        while i < n && space(c.at(i)) {
            i += 1;
        }
        if i == n {
            return out;
        }
        if out.len() == max {
            out.push((i, n));
            return out;
        }
        let start = i;
        while i < n && !space(c.at(i)) {
            i += 1;
        }
        out.push((start, i));
    }
}

/// The same from the right.
pub fn rsplit_space(c: Chars, space: fn(u32) -> bool, max: usize) -> Vec<Part> {
    let (mut out, mut i) = (Vec::new(), c.len());
    loop {
        while i > 0 && space(c.at(i - 1)) {
            i -= 1;
        }
        if i == 0 {
            break;
        }
        if out.len() == max {
            out.push((0, i));
            break;
        }
        let end = i;
        while i > 0 && !space(c.at(i - 1)) {
            i -= 1;
        }
        out.push((i, end));
    }
    out.reverse();
    out
}

/// Parts between separators (not empty), at most `max` splits.
pub fn split_on(c: Chars, sep: Chars, max: usize) -> Vec<Part> {
    let mut out = Vec::new();
    let mut start = 0;
    for at in find_all(c, sep, max) {
        out.push((start, at));
        start = at + sep.len();
    }
    out.push((start, c.len()));
    out
}

/// The same from the right.
pub fn rsplit_on(c: Chars, sep: Chars, max: usize) -> Vec<Part> {
    let mut out = Vec::new();
    let mut end = c.len();
    while out.len() < max {
        let Some(at) = rfind(c.slice(0, end), sep) else { break };
        out.push((at + sep.len(), end));
        end = at;
    }
    out.push((0, end));
    out.reverse();
    out
}

/// Lines, with or without their ends.
pub fn split_lines(c: Chars, line_break: fn(u32) -> bool, keep: bool) -> Vec<Part> {
    let (mut out, n, mut i) = (Vec::new(), c.len(), 0);
    while i < n {
        let start = i;
        while i < n && !line_break(c.at(i)) {
            i += 1;
        }
        let end = i;
        if i < n {
            i += if c.at(i) == 13 && i + 1 < n && c.at(i + 1) == 10 { 2 } else { 1 };
        }
        out.push((start, if keep { i } else { end }));
    }
    out
}

/// What is left when characters are removed from the ends.
pub fn strip(c: Chars, left: bool, right: bool, drop: impl Fn(u32) -> bool) -> Part {
    let (mut lo, mut hi) = (0, c.len());
    if left {
        while lo < hi && drop(c.at(lo)) {
            lo += 1;
        }
    }
    if right {
        while hi > lo && drop(c.at(hi - 1)) {
            hi -= 1;
        }
    }
    (lo, hi)
}

/// The place of a separator: from the left or the right.
pub fn partition(c: Chars, sep: Chars, from_right: bool) -> Option<usize> {
    if from_right { rfind(c, sep) } else { find(c, sep) }
}

/// Occurrences that do not overlap; of an empty needle one more than characters.
pub fn count(c: Chars, needle: Chars) -> usize {
    if needle.is_empty() { c.len() + 1 } else { find_all(c, needle, usize::MAX).len() }
}

/// Where `old` is to be replaced: indexes, each with the length of what goes.
pub fn replacements(c: Chars, old: Chars, max: usize) -> Vec<usize> {
    if old.is_empty() { (0..=c.len()).take(max).collect() } else { find_all(c, old, max) }
}

/// Expands tabs: calls back with characters and runs of spaces.
pub fn expand_tabs(c: Chars, size: usize, mut put: impl FnMut(u32, usize)) {
    let mut column = 0;
    for ch in c.iter() {
        if ch == 9 {
            if size > 0 {
                let n = size - column % size;
                column += n;
                put(32, n);
            }
            continue;
        }
        column = if ch == 10 || ch == 13 { 0 } else { column + 1 };
        put(ch, 1);
    }
}

/// The left margin of centered text: the odd place goes to the left when the width is odd.
pub fn center_margin(len: usize, width: usize) -> usize {
    let margin = width - len;
    margin / 2 + (margin & width & 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(s: &str, parts: Vec<Part>) -> Vec<&str> {
        parts.into_iter().map(|(a, b)| &s[a..b]).collect()
    }

    #[test]
    fn splitting() {
        let s = "  a b  c ";
        let c = Chars::ascii(s);
        assert_eq!(show(s, split_space(c, byte_space, usize::MAX)), ["a", "b", "c"]);
        assert_eq!(show(s, split_space(c, byte_space, 1)), ["a", "b  c "]);
        assert_eq!(show(s, rsplit_space(c, byte_space, 1)), ["  a b", "c"]);
        let s = "a,b,,c";
        let c = Chars::ascii(s);
        assert_eq!(show(s, split_on(c, Chars::ascii(","), 9)), ["a", "b", "", "c"]);
        assert_eq!(show(s, split_on(c, Chars::ascii(","), 1)), ["a", "b,,c"]);
        assert_eq!(show(s, rsplit_on(c, Chars::ascii(","), 2)), ["a,b", "", "c"]);
        let s = "a\r\nb\n\nc\r";
        assert_eq!(show(s, split_lines(Chars::ascii(s), byte_break, false)), ["a", "b", "", "c"]);
        assert_eq!(show(s, split_lines(Chars::ascii(s), byte_break, true)), ["a\r\n", "b\n", "\n", "c\r"]);
    }

    #[test]
    fn tabs_and_margins() {
        let mut out = String::new();
        expand_tabs(Chars::ascii("a\tbc\n\td"), 4, |c, n| (0..n).for_each(|_| out.push(c as u8 as char)));
        assert_eq!(out, "a   bc\n    d");
        assert_eq!(center_margin(2, 5), 2);
        assert_eq!(center_margin(3, 6), 1);
    }
}
