//! `_random`: the Mersenne Twister MT19937.

use crate::util::*;
use num_bigint::{BigInt, BigUint, Sign};
use std::io::Read;
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

const N: usize = 624;
const M: usize = 397;

struct Twister {
    index: usize,
    state: [u32; N],
}
impl Twister {
    fn new() -> Twister {
        Twister { index: N, state: [0; N] }
    }
    fn seed(&mut self, s: u32) {
        self.state[0] = s;
        for i in 1..N {
            let p = self.state[i - 1];
            self.state[i] = 1812433253u32.wrapping_mul(p ^ (p >> 30)).wrapping_add(i as u32);
        }
        self.index = N;
    }
    fn seed_array(&mut self, key: &[u32]) {
        self.seed(19650218);
        let (mut i, mut j) = (1, 0);
        let step = |mt: &mut [u32; N], i: &mut usize, factor: u32, plus: u32, minus: bool| {
            let p = mt[*i - 1];
            let v = mt[*i] ^ (p ^ (p >> 30)).wrapping_mul(factor);
            mt[*i] = if minus { v.wrapping_sub(*i as u32) } else { v.wrapping_add(plus) };
            *i += 1;
            if *i >= N {
                mt[0] = mt[N - 1];
                *i = 1;
            }
        };
        for _ in 0..N.max(key.len()) {
            step(&mut self.state, &mut i, 1664525, key[j].wrapping_add(j as u32), false);
            j += 1;
            if j >= key.len() {
                j = 0
            }
        }
        for _ in 0..N - 1 {
            step(&mut self.state, &mut i, 1566083941, 0, true);
        }
        self.state[0] = 0x80000000;
    }
    fn refill(&mut self) {
        let mt = &mut self.state;
        for k in 0..N {
            let y = (mt[k] & 0x80000000) | (mt[(k + 1) % N] & 0x7fffffff);
            mt[k] = mt[(k + M) % N] ^ (y >> 1) ^ if y & 1 != 0 { 0x9908b0df } else { 0 };
        }
        self.index = 0;
    }
    #[inline]
    fn next(&mut self) -> u32 {
        if self.index >= N {
            self.refill()
        }
        let mut y = self.state[self.index];
        self.index += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        y ^ (y >> 18)
    }
    fn float(&mut self) -> f64 {
        let (a, b) = (self.next() >> 5, self.next() >> 6);
        (a as f64 * 67108864.0 + b as f64) * (1.0 / 9007199254740992.0)
    }
}

#[derive(GcObject)]
#[repr(C)]
struct WRandom {
    header: Header,
    mt: *mut Twister,
}
static W_RANDOM: TypeOf = TypeOf::new();
typespec!(RANDOM: WRandom, "_random.Random", {
    doc: Str::new("Random() -> create a random number generator with its own internal state."),
    flags: ty::BASETYPE,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(random_new), init: Some(random_init), ..Slots::EMPTY },
    methods: methods![random, seed, getstate, setstate, getrandbits],
});
unsafe extern "C" fn free(p: *mut u8) {
    let mt = (*p.cast::<WRandom>()).mt;
    if !mt.is_null() {
        drop(Box::from_raw(mt))
    }
}
fn setup(sp: Space, w_module: W) -> Res<()> {
    W_RANDOM.add(sp, w_module, &RANDOM)?;
    Ok(())
}
mixed_module!(
    MODULE,
    "_random",
    doc = "Module implements the Mersenne Twister random number generator.",
    functions = [],
    init = setup,
);

fn twister<'a>(w: W) -> &'a mut Twister {
    let r = obj::<WRandom>(w);
    if r.mt.is_null() {
        r.mt = Box::into_raw(Box::new(Twister::new()))
    }
    // SAFETY: a box that lives as long as its object.
    unsafe { &mut *r.mt }
}
#[slot]
fn random_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    twister(w);
    Ok(w)
}
#[slot]
fn random_init(sp: Space, w: W, args: Args) -> Res<()> {
    let [w_x] = parse_args(sp, "Random", &args, ["x"], 1, 0, 1)?;
    seed_with(sp, w, if w_x.is_null() { W::NONE } else { w_x })
}
fn seed_with(sp: Space, w: W, w_n: W) -> Res<()> {
    if w_n.is_none() {
        let mut bytes = [0u8; N * 4];
        let entropy = blocking(sp, || std::fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes)));
        if entropy.is_err() {
            let now =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64);
            bytes[..8].copy_from_slice(&now.to_le_bytes());
            bytes[8..12].copy_from_slice(&std::process::id().to_le_bytes());
        }
        let key: Vec<u32> = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        twister(w).seed_array(&key);
        return Ok(());
    }
    let n = if is_int(sp, w_n) { sp.bigint_w(w_n)?.into_parts().1 } else { BigUint::from(sp.hash(w_n)? as u64) };
    let mut key = n.to_u32_digits();
    if key.is_empty() {
        key.push(0)
    }
    twister(w).seed_array(&key);
    Ok(())
}
/// seed([n]) -> None.
///
/// Defaults to use urandom and falls back to a combination
/// of the current time and the process identifier.
#[interp_fn(method, sig = "(self, n=None, /)")]
fn seed(sp: Space, w: W, w_n: W) -> Res<()> {
    seed_with(sp, w, w_n)
}
/// random() -> x in the interval [0, 1).
#[interp_fn(method, sig = "(self, /)")]
fn random(_sp: Space, w: W) -> Res<f64> {
    Ok(twister(w).float())
}
/// getrandbits(k) -> x.  Generates an int with k random bits.
#[interp_fn(method, sig = "(self, k, /)")]
fn getrandbits(sp: Space, w: W, w_k: W) -> Res<W> {
    let k = match sp.int_w(w_k) {
        // Far below zero is as wrong as just below.
        Err(Raised) if sp.catch(known::OVERFLOW_ERROR) => {
            if !sp.is_true(sp.lt(w_k, W::int(0))?)? {
                return Err(sp.overflow_error("Python int too large for C uint64_t"));
            }
            -1
        }
        answer => answer?,
    };
    if k < 0 {
        return Err(sp.value_error("Cannot convert negative int"));
    }
    let mt = twister(w);
    if k == 0 {
        return Ok(W::int(0));
    }
    if k <= 32 {
        return Ok(W::int((mt.next() >> (32 - k)) as i64));
    }
    let words = ((k - 1) / 32 + 1) as usize;
    let mut digits = Vec::new();
    if digits.try_reserve_exact(words).is_err() {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    let mut left = k;
    for _ in 0..words {
        let r = mt.next();
        digits.push(if left < 32 { r >> (32 - left) } else { r });
        left -= 32;
    }
    sp.newbigint(&BigInt::from_biguint(Sign::Plus, BigUint::new(digits)))
}
/// getstate() -> tuple containing the current state.
#[interp_fn(method, sig = "(self, /)")]
fn getstate(sp: Space, w: W) -> Res<W> {
    let mt = twister(w);
    let mut items: Vec<W> = Vec::with_capacity(N + 1);
    // Small ints only: nothing for the collector to see.
    items.extend(mt.state.iter().map(|x| W::int(*x as i64)));
    items.push(W::int(mt.index as i64));
    sp.newtuple(&items)
}
/// setstate(state) -> None.  Restores generator state.
#[interp_fn(method, sig = "(self, state, /)")]
fn setstate(sp: Space, w: W, w_state: W) -> Res<()> {
    let Some(items) = sp.tuple_opt(w_state) else { return Err(sp.type_error("state vector must be a tuple")) };
    if items.len() != N + 1 {
        return Err(sp.value_error("state vector is the wrong size"));
    }
    let mut new = Twister::new();
    for (slot, item) in new.state.iter_mut().zip(items) {
        *slot = u64::from_arg(sp, *item, "state")? as u32
    }
    let index = sp.int_w(items[N])?;
    if index < 0 || index > N as i64 {
        return Err(sp.value_error("invalid state"));
    }
    new.index = index as usize;
    *twister(w) = new;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn seeded_by_42() {
        let mut mt = Twister::new();
        mt.seed_array(&[42]);
        assert_eq!(mt.float(), 0.6394267984578837);
        assert_eq!(mt.float(), 0.025010755222666936);
    }
}
