//! Writing location tables (CPython's `co_linetable`, one code unit = one instruction word). The reader is
//! `taipan_abi::location`.

use taipan_syntax::ast::Pos;

/// Where an instruction comes from. `lineno` -1: from nowhere.
pub type Loc = Pos;

/// The location of an instruction that stands for no source.
pub const NO_LOC: Loc = Pos { lineno: -1, col_offset: -1, end_lineno: -1, end_col_offset: -1 };

/// Builds a location table.
pub struct Writer {
    out: Vec<u8>,
    line: i32,
}

impl Writer {
    /// For a code object that begins at `firstlineno`.
    pub fn new(firstlineno: i32) -> Self {
        Writer { out: Vec::new(), line: firstlineno }
    }

    /// The finished table.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Adds `words` words at `loc`.
    pub fn add(&mut self, loc: Loc, mut words: u32) {
        while words > 8 {
            self.entry(loc, 8);
            words -= 8;
        }
        if words > 0 {
            self.entry(loc, words);
        }
    }

    fn head(&mut self, code: u8, words: u32) {
        self.out.push(0x80 | code << 3 | (words - 1) as u8);
    }

    fn entry(&mut self, loc: Loc, words: u32) {
        if loc.lineno < 0 {
            return self.head(15, words);
        }
        let delta = loc.lineno.wrapping_sub(self.line);
        let (col, end) = (loc.col_offset, loc.end_col_offset);
        let same_line = loc.end_lineno == loc.lineno || loc.end_lineno < 0;
        self.line = loc.lineno;
        if col < 0 || end < 0 {
            if same_line {
                self.head(13, words);
                return self.svarint(delta);
            }
        } else if same_line {
            if delta == 0 && col < 80 && end >= col && end - col < 16 {
                self.head((col >> 3) as u8, words);
                return self.out.push(((col & 7) << 4 | (end - col)) as u8);
            }
            if (0..3).contains(&delta) && col < 128 && end < 128 {
                self.head(10 + delta as u8, words);
                return self.out.extend_from_slice(&[col as u8, end as u8]);
            }
        }
        self.head(14, words);
        self.svarint(delta);
        self.varint(loc.end_lineno.saturating_sub(loc.lineno).max(0) as u32);
        self.varint(col.max(-1).saturating_add(1) as u32);
        self.varint(end.max(-1).saturating_add(1) as u32);
    }

    fn varint(&mut self, mut v: u32) {
        while v >= 0x40 {
            self.out.push(0x40 | (v & 0x3f) as u8);
            v >>= 6;
        }
        self.out.push(v as u8);
    }

    fn svarint(&mut self, v: i32) {
        let u = if v < 0 { v.unsigned_abs() << 1 | 1 } else { (v as u32) << 1 };
        self.varint(u);
    }
}
