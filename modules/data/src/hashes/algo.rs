//! The state of any of the hashes.

use shake::digest::{ExtendableOutput, Update, XofReader};

macro_rules! algorithms {
    ($($id:ident $t:ty, $name:literal $block:literal $size:literal;)*) => {
        #[derive(Clone)]
        pub enum Algo {
            $($id($t),)*
            Shake128(shake::Shake128),
            Shake256(shake::Shake256),
            Blake2b(Box<blake2b_simd::State>, usize),
            Blake2s(Box<blake2s_simd::State>, usize),
        }
        impl Algo {
            pub fn update(&mut self, data: &[u8]) {
                match self {
                    $(Algo::$id(h) => Update::update(h, data),)*
                    Algo::Shake128(h) => h.update(data),
                    Algo::Shake256(h) => h.update(data),
                    Algo::Blake2b(h, _) => { h.update(data); }
                    Algo::Blake2s(h, _) => { h.update(data); }
                }
            }
            /// The digest; `n` is the length for the extendable ones.
            pub fn digest(&self, n: usize) -> Vec<u8> {
                match self {
                    $(Algo::$id(h) => sha2::Digest::finalize(h.clone()).to_vec(),)*
                    Algo::Shake128(h) => {
                        let mut out = vec![0; n];
                        h.clone().finalize_xof().read(&mut out);
                        out
                    }
                    Algo::Shake256(h) => {
                        let mut out = vec![0; n];
                        h.clone().finalize_xof().read(&mut out);
                        out
                    }
                    Algo::Blake2b(h, _) => h.finalize().as_bytes().to_vec(),
                    Algo::Blake2s(h, _) => h.finalize().as_bytes().to_vec(),
                }
            }
            pub fn name(&self) -> &'static str {
                match self {
                    $(Algo::$id(_) => $name,)*
                    Algo::Shake128(_) => "shake_128",
                    Algo::Shake256(_) => "shake_256",
                    Algo::Blake2b(..) => "blake2b",
                    Algo::Blake2s(..) => "blake2s",
                }
            }
            pub fn block_size(&self) -> usize {
                match self {
                    $(Algo::$id(_) => $block,)*
                    Algo::Shake128(_) => 168,
                    Algo::Shake256(_) => 136,
                    Algo::Blake2b(..) => 128,
                    Algo::Blake2s(..) => 64,
                }
            }
            pub fn digest_size(&self) -> usize {
                match self {
                    $(Algo::$id(_) => $size,)*
                    Algo::Shake128(_) | Algo::Shake256(_) => 0,
                    Algo::Blake2b(_, n) | Algo::Blake2s(_, n) => *n,
                }
            }
        }
    };
}
algorithms! {
    Md5 md5::Md5, "md5" 64 16;
    Sha1 sha1::Sha1, "sha1" 64 20;
    Sha224 sha2::Sha224, "sha224" 64 28;
    Sha256 sha2::Sha256, "sha256" 64 32;
    Sha384 sha2::Sha384, "sha384" 128 48;
    Sha512 sha2::Sha512, "sha512" 128 64;
    Sha3x224 sha3::Sha3_224, "sha3_224" 144 28;
    Sha3x256 sha3::Sha3_256, "sha3_256" 136 32;
    Sha3x384 sha3::Sha3_384, "sha3_384" 104 48;
    Sha3x512 sha3::Sha3_512, "sha3_512" 72 64;
}
