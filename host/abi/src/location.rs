//! Reading location tables: which source range an instruction word came from.
//!
//! The format is CPython's `co_linetable`, with one code unit = one `u32` instruction word. Nothing here allocates,
//! and a damaged table ends the iteration instead of failing.

/// The source range of the words `start_word..end_word`. Lines count from 1, columns are UTF-8 byte offsets.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// First word.
    pub start_word: u32,
    /// One past the last word.
    pub end_word: u32,
    /// Line, or None for an instruction that stands for no source.
    pub line: Option<i32>,
    /// Line of the end.
    pub end_line: Option<i32>,
    /// Column of the start.
    pub col: Option<i32>,
    /// Column of the end.
    pub end_col: Option<i32>,
}

/// Iterates over the entries of a location table.
#[derive(Clone, Debug)]
pub struct Locations<'a> {
    table: &'a [u8],
    at: usize,
    word: u32,
    line: i32,
}

/// The entries of `table`, of a code object that begins at `firstlineno`.
#[inline]
pub fn locations(table: &[u8], firstlineno: i32) -> Locations<'_> {
    Locations { table, at: 0, word: 0, line: firstlineno }
}

/// The entry that covers the instruction word with this index.
pub fn lookup(table: &[u8], firstlineno: i32, word: u32) -> Option<Location> {
    locations(table, firstlineno).find(|l| word < l.end_word)
}

impl Locations<'_> {
    fn byte(&mut self) -> Option<u32> {
        let b = *self.table.get(self.at)?;
        self.at += 1;
        Some(b as u32)
    }

    fn varint(&mut self) -> Option<u32> {
        let (mut value, mut shift) = (0u32, 0u32);
        loop {
            let b = self.byte()?;
            value |= (b & 0x3f).checked_shl(shift)?;
            if b & 0x40 == 0 {
                return Some(value);
            }
            shift += 6;
        }
    }

    fn svarint(&mut self) -> Option<i32> {
        let v = self.varint()?;
        let half = (v >> 1) as i32;
        Some(if v & 1 != 0 { -half } else { half })
    }
}

impl Iterator for Locations<'_> {
    type Item = Location;

    fn next(&mut self) -> Option<Location> {
        let first = self.byte()?;
        if first & 0x80 == 0 {
            self.at = self.table.len();
            return None;
        }
        let (code, length) = (first >> 3 & 15, (first & 7) + 1);
        let (mut line, mut end_line, mut col, mut end_col) = (None, None, None, None);
        match code {
            15 => {}
            13 => {
                self.line = self.line.wrapping_add(self.svarint()?);
                line = Some(self.line);
                end_line = line;
            }
            14 => {
                self.line = self.line.wrapping_add(self.svarint()?);
                let down = self.varint()? as i32;
                let (c, e) = (self.varint()? as i32, self.varint()? as i32);
                line = Some(self.line);
                end_line = Some(self.line.wrapping_add(down));
                col = (c > 0).then(|| c - 1);
                end_col = (e > 0).then(|| e - 1);
            }
            10..=12 => {
                self.line = self.line.wrapping_add(code as i32 - 10);
                line = Some(self.line);
                end_line = line;
                col = Some(self.byte()? as i32);
                end_col = Some(self.byte()? as i32);
            }
            _ => {
                let b = self.byte()? as i32;
                let c = (code as i32) << 3 | b >> 4 & 7;
                line = Some(self.line);
                end_line = line;
                col = Some(c);
                end_col = Some(c + (b & 15));
            }
        }
        let start_word = self.word;
        self.word = self.word.wrapping_add(length);
        Some(Location { start_word, end_word: self.word, line, end_line, col, end_col })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_none_forms() {
        // Two words on the first line, columns 4 to 9; one word without a place; one word a line below.
        let table = [0x80 | 1, 0x45, 0x80 | 15 << 3, 0x80 | 11 << 3, 2, 7];
        let all: Vec<_> = locations(&table, 10).collect();
        assert_eq!(all.len(), 3);
        assert_eq!((all[0].line, all[0].col, all[0].end_col), (Some(10), Some(4), Some(9)));
        assert_eq!((all[1].start_word, all[1].line), (2, None));
        assert_eq!((all[2].line, all[2].col), (Some(11), Some(2)));
        assert_eq!(lookup(&table, 10, 3), Some(all[2]));
        assert_eq!(lookup(&table, 10, 4), None);
    }

    #[test]
    fn damage_ends_the_iteration() {
        assert_eq!(locations(&[0x80 | 14 << 3, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f], 1).count(), 0);
        assert_eq!(locations(&[0x01, 0x02], 1).count(), 0);
    }
}
