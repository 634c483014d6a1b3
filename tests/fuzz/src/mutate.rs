//! Mutations of byte strings, driven by a small generator of random numbers.

/// xorshift64*: reproducible, and good enough to choose mutations.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    /// Below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() >> 16) as usize % n
    }
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Inputs above this size are cut.
const MAX: usize = 1 << 16;

/// Pieces that are rare in a corpus of good files.
pub const SOURCE: &[&[u8]] = &[
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"# -*- coding: utf-16 -*-\n",
    b"# coding: latin-1\n",
    b"# coding: no-such\n",
    b"\x0c",
    b"\r",
    b"\\\n",
    b"\t ",
    b"(",
    b")",
    b"[",
    b"{",
    b"}",
    b"f'{x!r:{y}}'",
    b"t'{",
    b"f\"{f'{",
    b"'''",
    b"\"\"\"",
    b"rb'\\x",
    b"'\\N{DIGIT ONE}\\u12'",
    b"lambda: ",
    b"lambda *, a=1, **k: ",
    b"yield ",
    b"await ",
    b"async ",
    b"async for x in y: ",
    b"match x:\n case ",
    b"case {'a': [*_, b], **c} if d:",
    b"try:\n pass\nexcept* ",
    b"finally:\n return\n",
    b"with (a as b, c as d,):",
    b"type X[T: int = str, *Ts, **P] = ",
    b"def f[T](a, /, b, *, c: d = 1) -> e:",
    b"class C[T](metaclass=M, *a, **k):",
    b":=",
    b"->",
    b"**",
    b"...",
    b"0x_f",
    b"1e999",
    b"1_000j",
    b"0b2",
    b"99999999999999999999999999999999",
    b"global x\n",
    b"nonlocal x\n",
    b"del (a, [b])\n",
    b"import a.b as c, d\n",
    b"from . import (a as b,)\n",
    b"from __future__ import annotations\n",
    b"@x\n",
    b"for (a, *b), c in d: ",
    b"[x async for x in y if z]",
    b"{**a, **b}",
    b"a[b:c:d, ..., *e]",
    b"if x:\n",
    b"else:\n",
    b"while 1: break\n",
    b"not ",
    b" is not ",
    b" if a else ",
    b"; ",
    b"\xc3\xa9",
    b"\xf0\x9d\x95\xaa",
    b"__debug__",
    b"print",
    b"None",
];

/// Pieces of profiles.
pub const TOML: &[&[u8]] = &[
    b"[",
    b"]",
    b"[[",
    b"{",
    b"}",
    b"=",
    b"\"",
    b"'''",
    b"\\u0000",
    b"\xff",
    b"\0",
    b"inherits = \"std\"\n",
    b"inherits = \"a\"\n",
    b"[profiles.a]\n",
    b"[profiles.std]\n",
    b"[options.seg]\n",
    b"gc = { use = \"seg\", nursery = \"99999999999999999999TB\" }\n",
    b"gc = \"none\"\n",
    b"spaces = [\"std\", \"std\"]\n",
    b"modules = []\n",
    b"with = [\"math\"]\n",
    b"without = [\"\"]\n",
    b"folders = [\"/nonexistent\", \"..\", \"~\", \"$HOME\"]\n",
    b"default = \"a\"\n",
    b"default = 1979-05-27T07:32:00Z\n",
    b"jit = true\n",
    b"nan",
    b"-inf",
    b"0x7fffffffffffffff",
    b"1e400",
];

/// Nesting that is repeated.
const DEEP: &[(&[u8], &[u8])] = &[
    (b"(", b")"),
    (b"[", b"]"),
    (b"{", b"}"),
    (b"f'{", b"}'"),
    (b"-", b""),
    (b"not ", b""),
    (b"lambda:", b""),
    (b"a.", b"b"),
    (b"a(", b")"),
    (b"a[", b"]"),
    (b"a if b else ", b"c"),
    (b"1+", b"1"),
    (b"1**", b"1"),
    (b"a and ", b"b"),
    (b"x = ", b"y"),
    (b"await ", b""),
    (b"a<", b"b"),
    (b"if 1:\n", b"pass"),
    (b"[x for x in ", b"]"),
    (b"a|", b"b"),
    (b"*", b"a"),
    (b"{1:", b"}"),
    (b"'a' ", b"'b'"),
    (b"9", b""),
    (b"\t", b"x"),
];

/// One input made of `seed`, with pieces of `other` and of the dictionary.
pub fn mutate(rng: &mut Rng, seed: &[u8], other: &[u8], words: &[&[u8]], deep: bool) -> Vec<u8> {
    let mut b = seed.to_vec();
    // Large files are slow to read and mostly alike: a window of them is enough.
    if b.len() > 4096 && rng.below(4) != 0 && deep {
        let start = rng.below(b.len() - 2048);
        let line = b[start..].iter().position(|c| *c == b'\n').map_or(start, |n| start + n + 1);
        let size = 256 + rng.below(2048);
        b = b[line.min(b.len())..(line + size).min(b.len())].to_vec();
    }
    for _ in 0..1 + rng.below(5) {
        let n = b.len();
        let at = rng.below(n + 1);
        let reach = 1 + rng.below(64);
        let end = (at + 1 + rng.below(reach)).min(n);
        match rng.below(12) {
            0 if n > at => b[at] ^= 1 << rng.below(8),
            1 if n > at => b[at] = *rng.pick(&[0, 1, 0x7f, 0x80, 0xff, b'\n', b' ', b'(', b'"']),
            2 if n > at => b[at] = rng.next() as u8,
            3 => drop(b.drain(at..end)),
            4 => {
                let piece = b[at..end].to_vec();
                let to = rng.below(n + 1);
                b.splice(to..to, piece);
            }
            5 => b.truncate(at),
            6 if !other.is_empty() => {
                let from = rng.below(other.len());
                let piece = other[from..(from + 1 + rng.below(200)).min(other.len())].to_vec();
                b.splice(at..end, piece);
            }
            7 if n >= at + 4 => {
                let number =
                    *rng.pick(&[0, 1, 2, 0x7f, 0xff, 0x100, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, u32::MAX]);
                b[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
            8 if n >= at + 4 => {
                let old = u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]);
                let new = old.wrapping_add(rng.below(9) as u32).wrapping_sub(4);
                b[at..at + 4].copy_from_slice(&new.to_le_bytes());
            }
            9 if deep && rng.below(4) == 0 => {
                let (open, close) = *rng.pick(DEEP);
                let times = 1 << rng.below(14);
                let mut piece = open.repeat(times);
                if rng.below(4) != 0 {
                    piece.extend(close.repeat(times));
                }
                b.splice(at..at, piece);
            }
            _ if !words.is_empty() => drop(b.splice(at..at, rng.pick(words).iter().copied())),
            _ if n > at => b[at] = b[at].wrapping_add(1),
            _ => {}
        }
        b.truncate(MAX);
    }
    b
}
