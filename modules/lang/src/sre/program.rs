//! A compiled pattern: its code, and what is worked out of it once.

use super::chars::{self, category};
use super::op::*;

/// Code of a pattern. Reads past the end answer `FAILURE`, so wrong code cannot lead outside.
pub struct Program {
    code: Vec<u32>,
    /// At the index of a set's first word: 1 + the index of its map.
    map_at: Vec<u32>,
    /// Membership of the characters below 256.
    maps: Vec<[u64; 4]>,
    /// Capturing groups.
    pub groups: usize,
    /// An engine that is not in use, to spare its allocations.
    pub spare: Option<super::engine::Engine>,
}

impl Program {
    pub fn new(code: Vec<u32>, groups: usize) -> Program {
        let map_at = vec![0; code.len()];
        let mut p = Program { code, map_at, maps: Vec::new(), groups, spare: None };
        // Any word that looks like a set operation is prepared; one that is none is never asked.
        for i in 0..p.code.len() {
            let set = match p.code[i] {
                IN | IN_IGNORE | IN_UNI_IGNORE | IN_LOC_IGNORE => i + 2,
                INFO if p.word(i + 2) & (INFO_CHARSET | INFO_PREFIX) == INFO_CHARSET => i + 5,
                _ => continue,
            };
            if set < p.code.len() && p.map_at[set] == 0 {
                let mut map = [0; 4];
                for c in 0..256 {
                    if p.walk_set(set, c) {
                        map[c as usize >> 6] |= 1 << (c & 63);
                    }
                }
                p.maps.push(map);
                p.map_at[set] = p.maps.len() as u32;
            }
        }
        p
    }
    /// A word of the code.
    #[inline(always)]
    pub fn word(&self, i: usize) -> u32 {
        self.code.get(i).copied().unwrap_or(FAILURE)
    }
    /// A word as a distance or index.
    #[inline(always)]
    pub fn at(&self, i: usize) -> usize {
        self.word(i) as usize
    }
    /// All of it.
    pub fn code(&self) -> &[u32] {
        &self.code
    }
    /// The map of a prepared set.
    #[inline(always)]
    pub fn map(&self, set: usize) -> Option<&[u64; 4]> {
        self.maps.get((*self.map_at.get(set)? as usize).wrapping_sub(1))
    }
    /// Is the character in the set that begins at this word?
    #[inline(always)]
    pub fn in_set(&self, set: usize, c: u32) -> bool {
        if c < 256
            && let Some(map) = self.map(set)
        {
            return map[c as usize >> 6] >> (c & 63) & 1 != 0;
        }
        self.walk_set(set, c)
    }
    fn walk_set(&self, i: usize, c: u32) -> bool {
        self.walk(i, [c])
    }
    /// Is one of the characters (the cases of one) in the set?
    fn walk<const N: usize>(&self, mut i: usize, cs: [u32; N]) -> bool {
        let mut ok = true;
        loop {
            match self.word(i) {
                LITERAL => {
                    if cs.contains(&self.word(i + 1)) {
                        return ok;
                    }
                    i += 2;
                }
                CATEGORY => {
                    if cs.iter().any(|c| category(self.word(i + 1), *c)) {
                        return ok;
                    }
                    i += 2;
                }
                CHARSET => {
                    if cs.iter().any(|&c| c < 256 && self.word(i + 1 + (c as usize >> 5)) >> (c & 31) & 1 != 0) {
                        return ok;
                    }
                    i += 9;
                }
                RANGE => {
                    if cs.iter().any(|&c| self.word(i + 1) <= c && c <= self.word(i + 2)) {
                        return ok;
                    }
                    i += 3;
                }
                RANGE_UNI_IGNORE => {
                    let within = |c| self.word(i + 1) <= c && c <= self.word(i + 2);
                    if cs.iter().any(|&c| within(c) || within(chars::upper_unicode(c))) {
                        return ok;
                    }
                    i += 3;
                }
                NEGATE => {
                    ok = !ok;
                    i += 1;
                }
                BIGCHARSET => {
                    let count = self.at(i + 1);
                    let within = |c: u32| {
                        let block = self.word(i + 2 + (c as usize >> 10)) >> ((c >> 8 & 3) * 8) & 0xFF;
                        let bit = block as usize * 256 + (c as usize & 255);
                        self.word(i + 2 + 64 + (bit >> 5)) >> (bit & 31) & 1 != 0
                    };
                    if cs.iter().any(|&c| c < 65536 && within(c)) {
                        return ok;
                    }
                    i += 2 + 64 + count * 8;
                }
                _ => return !ok,
            }
        }
    }
    /// Does an operation that takes one character match it?
    #[inline]
    pub fn one(&self, pc: usize, c: u32) -> bool {
        let arg = pc + 1;
        match self.word(pc) {
            ANY => c != 10,
            ANY_ALL => true,
            LITERAL => c == self.word(arg),
            NOT_LITERAL => c != self.word(arg),
            IN => self.in_set(pc + 2, c),
            CATEGORY => category(self.word(arg), c),
            LITERAL_IGNORE => chars::lower_ascii(c) == self.word(arg),
            NOT_LITERAL_IGNORE => chars::lower_ascii(c) != self.word(arg),
            LITERAL_UNI_IGNORE => chars::lower_unicode(c) == self.word(arg),
            NOT_LITERAL_UNI_IGNORE => chars::lower_unicode(c) != self.word(arg),
            LITERAL_LOC_IGNORE => self.locale_equal(self.word(arg), c),
            NOT_LITERAL_LOC_IGNORE => !self.locale_equal(self.word(arg), c),
            IN_IGNORE => self.in_set(pc + 2, chars::lower_ascii(c)),
            IN_UNI_IGNORE => self.in_set(pc + 2, chars::lower_unicode(c)),
            IN_LOC_IGNORE => {
                // Each member is compared with both cases, so that a negated set excludes both.
                self.walk(pc + 2, [chars::lower_locale(c), chars::upper_locale(c)])
            }
            _ => false,
        }
    }
    fn locale_equal(&self, literal: u32, c: u32) -> bool {
        c == literal || chars::lower_locale(c) == literal || chars::upper_locale(c) == literal
    }
}
