//! What is known about a value's bits: an interval of the 64 bits read as a signed number, and single bits.
//!
//! Words are looked at as their raw bits: "is a small int" is bit 0, "is an object" is bit 0 clear and the value above 0. So the tagged and the
//! plain primitives share one domain.
//!
//! All rules are written for values of `N` bits; the optimizer uses 64, tests run through all values of few bits.

use taipan_abi::mode::Prim;

/// See the module. `zeros` and `ones` are the bits known to be 0 and 1; never empty: a contradiction is not represented.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Fact<const N: u32 = 64> {
    pub lo: i64,
    pub hi: i64,
    pub zeros: u64,
    pub ones: u64,
}

impl<const N: u32> Default for Fact<N> {
    fn default() -> Self {
        Fact::TOP
    }
}

impl<const N: u32> Fact<N> {
    pub const MIN: i64 = -1 << (N - 1);
    pub const MAX: i64 = !Self::MIN;
    const MASK: u64 = u64::MAX >> (64 - N);
    const SIGN: u64 = 1 << (N - 1);
    /// Nothing is known.
    pub const TOP: Self = Fact { lo: Self::MIN, hi: Self::MAX, zeros: 0, ones: 0 };

    fn sext(bits: u64) -> i64 {
        ((bits << (64 - N)) as i64) >> (64 - N)
    }

    /// One value.
    pub fn single(v: i64) -> Self {
        Fact { lo: v, hi: v, zeros: !(v as u64) & Self::MASK, ones: v as u64 & Self::MASK }
    }
    /// An interval, cut to what `N` bits can hold.
    pub fn range(lo: i128, hi: i128) -> Option<Self> {
        let (min, max) = (Self::MIN as i128, Self::MAX as i128);
        if lo > max || hi < min {
            return None;
        }
        Fact { lo: lo.max(min) as i64, hi: hi.min(max) as i64, ..Self::TOP }.norm()
    }
    /// Known bits.
    pub fn bits(zeros: u64, ones: u64) -> Option<Self> {
        Fact { zeros: zeros & Self::MASK, ones: ones & Self::MASK, ..Self::TOP }.norm()
    }

    pub fn value(&self) -> Option<i64> {
        (self.lo == self.hi).then_some(self.lo)
    }
    #[cfg(test)]
    pub fn contains(&self, v: i64) -> bool {
        self.lo <= v && v <= self.hi && v as u64 & self.zeros == 0 && !(v as u64) & self.ones == 0
    }
    /// Both; None if they contradict each other.
    pub fn and(self, o: Self) -> Option<Self> {
        if self == o {
            return Some(self);
        }
        Fact { lo: self.lo.max(o.lo), hi: self.hi.min(o.hi), zeros: self.zeros | o.zeros, ones: self.ones | o.ones }
            .norm()
    }

    /// Lets interval and bits teach each other.
    fn norm(mut self) -> Option<Self> {
        for _ in 0..2 {
            if self.lo > self.hi || self.zeros & self.ones != 0 {
                return None;
            }
            // Leading bits in which the ends agree.
            let differ = (self.lo ^ self.hi) as u64 & Self::MASK;
            let same = if differ == 0 { Self::MASK } else { Self::MASK & !(u64::MAX >> differ.leading_zeros()) };
            self.ones |= self.lo as u64 & same;
            self.zeros |= !(self.lo as u64) & same;
            if self.zeros & self.ones != 0 {
                return None;
            }
            // The least and the greatest number with these bits.
            let least = self.ones | (Self::SIGN & !self.zeros);
            let most = !self.zeros & Self::MASK & !(Self::SIGN & !self.ones);
            self.lo = self.lo.max(Self::sext(least));
            self.hi = self.hi.min(Self::sext(most));
            // Ends with the low bits that all values have.
            let low = (self.zeros | self.ones).trailing_ones();
            if low > 0 && low < N {
                let m = (1u64 << low) - 1;
                let up = (self.ones.wrapping_sub(self.lo as u64)) & m;
                let down = (self.hi as u64).wrapping_sub(self.ones) & m;
                let (lo, hi) = (self.lo as i128 + up as i128, self.hi as i128 - down as i128);
                if lo > hi {
                    return None;
                }
                (self.lo, self.hi) = (lo as i64, hi as i64);
            }
        }
        if self.lo > self.hi { None } else { Some(self) }
    }

    /// A small int for sure, or not for sure.
    pub fn is_int(&self) -> Option<bool> {
        if self.ones & 1 != 0 {
            Some(true)
        } else if self.zeros & 1 != 0 {
            Some(false)
        } else {
            None
        }
    }
    fn never(&self, o: &Self) -> bool {
        self.hi < o.lo || o.hi < self.lo || self.zeros & o.ones != 0 || self.ones & o.zeros != 0
    }
    /// How many low bits are known.
    fn low(&self) -> u32 {
        (self.zeros | self.ones).trailing_ones().min(N)
    }
    /// A result of which only the low bits that both operands know are known.
    fn low_bits(bits: u64, n: u32) -> Self {
        if n == 0 {
            return Self::TOP;
        }
        let m = u64::MAX >> (64 - n);
        Self::bits(!bits & m, bits & m).unwrap_or(Self::TOP)
    }
}

/// Least and greatest of the four corners of a function that is monotone in each operand.
fn corners(a: (i64, i64), b: (i64, i64), f: impl Fn(i128, i128) -> i128) -> (i128, i128) {
    let c = [(a.0, b.0), (a.0, b.1), (a.1, b.0), (a.1, b.1)].map(|(x, y)| f(x as i128, y as i128));
    (c.into_iter().min().unwrap_or(0), c.into_iter().max().unwrap_or(0))
}
fn floor_div(a: i128, b: i128) -> i128 {
    let q = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }
}

/// What is known of a result of kind I or W, from its operands, which keep the primitive's demands.
pub fn transfer<const N: u32>(p: Prim, a: Fact<N>, b: Fact<N>) -> Fact<N> {
    result(p, a, b).unwrap_or(Fact::TOP)
}

/// The interval if it needs no wrapping.
fn exact<const N: u32>((lo, hi): (i128, i128)) -> Fact<N> {
    if lo < Fact::<N>::MIN as i128 || hi > Fact::<N>::MAX as i128 {
        return Fact::TOP;
    }
    Fact::range(lo, hi).unwrap_or(Fact::TOP)
}

fn result<const N: u32>(p: Prim, a: Fact<N>, b: Fact<N>) -> Option<Fact<N>> {
    let (x, y) = ((a.lo, a.hi), (b.lo, b.hi));
    let odd = Fact::bits(0, 1)?;
    match p {
        Prim::Tag => {
            let a = a.and(Fact::range(Fact::<N>::MIN as i128 >> 1, Fact::<N>::MAX as i128 >> 1)?)?;
            let bits = Fact::bits(a.zeros << 1, a.ones << 1 | 1)?;
            Fact::range(a.lo as i128 * 2 + 1, a.hi as i128 * 2 + 1)?.and(bits)
        }
        Prim::Untag => {
            let sign = Fact::<N>::SIGN;
            let bits = Fact::bits(a.zeros >> 1 | a.zeros & sign, a.ones >> 1 | a.ones & sign)?;
            Fact::range(a.lo as i128 >> 1, a.hi as i128 >> 1)?.and(bits)
        }
        // The tagged ones do not overflow: what would is cut off.
        Prim::TAdd => {
            let n = a.low().min(b.low());
            let low = Fact::low_bits(a.ones.wrapping_add(b.ones).wrapping_sub(1), n);
            Fact::range(a.lo as i128 + b.lo as i128 - 1, a.hi as i128 + b.hi as i128 - 1)?.and(low)?.and(odd)
        }
        Prim::TSub => {
            let n = a.low().min(b.low());
            let low = Fact::low_bits(a.ones.wrapping_sub(b.ones).wrapping_add(1), n);
            Fact::range(a.lo as i128 - b.hi as i128 + 1, a.hi as i128 - b.lo as i128 + 1)?.and(low)?.and(odd)
        }
        Prim::TMul => {
            let (lo, hi) = corners(x, y, |x, y| (x >> 1) * (y >> 1) * 2 + 1);
            Fact::range(lo, hi)?.and(odd)
        }
        Prim::TAnd => {
            let mut r = Fact::bits(a.zeros | b.zeros, a.ones & b.ones)?;
            for f in [a, b] {
                if f.lo >= 0 {
                    r = r.and(Fact::range(0, f.hi as i128)?)?
                }
            }
            Some(r)
        }
        Prim::TOr => Fact::bits(a.zeros & b.zeros, a.ones | b.ones),
        Prim::TXor => {
            let bits =
                Fact::bits((a.zeros & b.zeros | a.ones & b.ones) & !1, (a.zeros & b.ones | a.ones & b.zeros) | 1)?;
            Some(bits)
        }
        Prim::IAdd => {
            let n = a.low().min(b.low());
            let low = Fact::low_bits(a.ones.wrapping_add(b.ones), n);
            exact((a.lo as i128 + b.lo as i128, a.hi as i128 + b.hi as i128)).and(low)
        }
        Prim::ISub => {
            let n = a.low().min(b.low());
            let low = Fact::low_bits(a.ones.wrapping_sub(b.ones), n);
            exact((a.lo as i128 - b.hi as i128, a.hi as i128 - b.lo as i128)).and(low)
        }
        Prim::IFloorDiv => {
            if b.lo <= 0 && b.hi >= 0 {
                return None;
            }
            let (lo, hi) = corners(x, y, floor_div);
            Fact::range(lo, hi)
        }
        Prim::IMod => {
            if b.lo > 0 && a.lo >= 0 && a.hi < b.lo {
                return Some(a);
            }
            let mut hi = (b.hi as i128 - 1).max(0);
            let lo = (b.lo as i128 + 1).min(0);
            if a.lo >= 0 && b.lo > 0 {
                hi = hi.min(a.hi as i128)
            }
            Fact::range(lo, hi)
        }
        Prim::IShr => {
            if b.lo < 0 {
                return None;
            }
            let cut = |s: i64| s.min(N as i64 - 1);
            let (lo, hi) = corners(x, (cut(b.lo), cut(b.hi)), |x, s| x >> s);
            Fact::range(lo, hi)
        }
        Prim::IShl => {
            if b.lo < 0 || b.hi >= N as i64 {
                return None;
            }
            let r = exact(corners(x, y, |x, s| x << s));
            match b.value() {
                Some(s) => r.and(Fact::bits(a.zeros << s | ((1 << s) - 1), a.ones << s)?),
                None => Some(r),
            }
        }
        _ => None,
    }
}

/// The outcome of a condition, if the operands decide it.
pub fn decide<const N: u32>(p: Prim, a: Fact<N>, b: Fact<N>) -> Option<bool> {
    let (min, max) = (Fact::<N>::MIN as i128, Fact::<N>::MAX as i128);
    let overflow = |(lo, hi): (i128, i128)| {
        if lo >= min && hi <= max {
            Some(false)
        } else if hi < min || lo > max {
            Some(true)
        } else {
            None
        }
    };
    let less = |sure: bool, never: bool| {
        if sure {
            Some(true)
        } else if never {
            Some(false)
        } else {
            None
        }
    };
    let (x, y) = ((a.lo, a.hi), (b.lo, b.hi));
    match p {
        Prim::IsInt => a.is_int(),
        Prim::BothInt => match (a.is_int(), b.is_int()) {
            (Some(true), Some(true)) => Some(true),
            (Some(false), _) | (_, Some(false)) => Some(false),
            _ => None,
        },
        Prim::IsNull => less(a.value() == Some(0), a.never(&Fact::single(0))),
        Prim::WEq | Prim::IEq => less(a.value().is_some() && a.value() == b.value(), a.never(&b)),
        Prim::TLt | Prim::ILt => less(a.hi < b.lo, a.lo >= b.hi),
        Prim::TLe => less(a.hi <= b.lo, a.lo > b.hi),
        Prim::ULt => {
            if a.lo >= 0 && b.lo >= 0 {
                less(a.hi < b.lo, a.lo >= b.hi)
            } else {
                // A negative number is above all others.
                less(a.lo >= 0 && b.hi < 0, a.hi < 0 && b.lo >= 0)
            }
        }
        Prim::Fits => less(
            a.lo as i128 >= min >> 1 && a.hi as i128 <= max >> 1,
            (a.hi as i128) < min >> 1 || a.lo as i128 > max >> 1,
        ),
        Prim::AddOvf => overflow((a.lo as i128 + b.lo as i128 - 1, a.hi as i128 + b.hi as i128 - 1)),
        Prim::SubOvf => overflow((a.lo as i128 - b.hi as i128 + 1, a.hi as i128 - b.lo as i128 + 1)),
        Prim::MulOvf => overflow(corners(x, y, |x, y| (x - 1) * (y >> 1))),
        _ => None,
    }
}

/// What the operands are if a condition came out as `truth`. None: it cannot.
pub fn assume<const N: u32>(p: Prim, truth: bool, a: Fact<N>, b: Fact<N>) -> Option<(Fact<N>, Fact<N>)> {
    let (min, max) = (Fact::<N>::MIN as i128, Fact::<N>::MAX as i128);
    let below = |f: Fact<N>, hi: i128| f.and(Fact::range(min, hi)?);
    let above = |f: Fact<N>, lo: i128| f.and(Fact::range(lo, max)?);
    let without = |f: Fact<N>, v: i64| {
        if f.value() == Some(v) {
            None
        } else if f.lo == v {
            above(f, v as i128 + 1)
        } else if f.hi == v {
            below(f, v as i128 - 1)
        } else {
            Some(f)
        }
    };
    match (p, truth) {
        (Prim::IsInt, true) => Some((a.and(Fact::bits(0, 1)?)?, b)),
        (Prim::IsInt, false) => Some((a.and(Fact::bits(1, 0)?)?, b)),
        (Prim::BothInt, true) => Some((a.and(Fact::bits(0, 1)?)?, b.and(Fact::bits(0, 1)?)?)),
        (Prim::BothInt, false) => match (a.is_int(), b.is_int()) {
            (Some(true), Some(true)) => None,
            (Some(true), _) => Some((a, b.and(Fact::bits(1, 0)?)?)),
            (_, Some(true)) => Some((a.and(Fact::bits(1, 0)?)?, b)),
            _ => Some((a, b)),
        },
        (Prim::IsNull, true) => Some((a.and(Fact::single(0))?, b)),
        (Prim::IsNull, false) => Some((without(a, 0)?, b)),
        (Prim::WEq | Prim::IEq, true) => {
            let both = a.and(b)?;
            Some((both, both))
        }
        (Prim::WEq | Prim::IEq, false) => {
            let x = if let Some(v) = b.value() { without(a, v)? } else { a };
            let y = if let Some(v) = a.value() { without(b, v)? } else { b };
            Some((x, y))
        }
        (Prim::TLt | Prim::ILt, true) => Some((below(a, b.hi as i128 - 1)?, above(b, a.lo as i128 + 1)?)),
        (Prim::TLt | Prim::ILt, false) => Some((above(a, b.lo as i128)?, below(b, a.hi as i128)?)),
        (Prim::TLe, true) => Some((below(a, b.hi as i128)?, above(b, a.lo as i128)?)),
        (Prim::TLe, false) => Some((above(a, b.lo as i128 + 1)?, below(b, a.hi as i128 - 1)?)),
        (Prim::ULt, true) if b.lo >= 0 => {
            let a = a.and(Fact::range(0, b.hi as i128 - 1)?)?;
            Some((a, above(b, a.lo as i128 + 1)?))
        }
        (Prim::ULt, false) if a.lo >= 0 && b.lo >= 0 => Some((above(a, b.lo as i128)?, below(b, a.hi as i128)?)),
        (Prim::Fits, true) => Some((a.and(Fact::range(min >> 1, max >> 1)?)?, b)),
        (Prim::AddOvf, false) => {
            // min <= a + b - 1 <= max
            Some((
                a.and(Fact::range(min - b.hi as i128 + 1, max - b.lo as i128 + 1)?)?,
                b.and(Fact::range(min - a.hi as i128 + 1, max - a.lo as i128 + 1)?)?,
            ))
        }
        (Prim::SubOvf, false) => {
            // min <= a - b + 1 <= max
            Some((
                a.and(Fact::range(min + b.lo as i128 - 1, max + b.hi as i128 - 1)?)?,
                b.and(Fact::range(a.lo as i128 + 1 - max, a.hi as i128 + 1 - min)?)?,
            ))
        }
        _ => Some((a, b)),
    }
}

#[cfg(test)]
#[path = "tests/ranges.rs"]
mod tests;
