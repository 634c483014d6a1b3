//! The containers against plain models, in a space of a few operations.

mod dicts;
mod fake;
mod lists;
mod whole;

/// A small generator of numbers for random programs.
struct Random(u64);
impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
}
