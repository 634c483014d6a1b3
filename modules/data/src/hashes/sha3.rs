//! `_sha3`.

use super::algo::Algo;
use super::object::*;
use crate::util::*;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

static KECCAK: &[GetSetSpec] = &[
    getset!("name", get_name),
    getset!("block_size", get_block_size),
    getset!("digest_size", get_digest_size),
    getset!("_capacity_bits", get_capacity),
    getset!("_rate_bits", get_rate),
    getset!("_suffix", get_suffix),
];
static SHAKE: &[FnSpec] = &[update::SPEC, shake_digest::SPEC, shake_hexdigest::SPEC, copy::SPEC];

#[slot]
fn get_capacity(sp: Space, w: W) -> Res<W> {
    Ok(W::int(1600 - 8 * algo(sp, w)?.block_size() as i64))
}
#[slot]
fn get_rate(sp: Space, w: W) -> Res<W> {
    Ok(W::int(8 * algo(sp, w)?.block_size() as i64))
}
#[slot]
fn get_suffix(sp: Space, w: W) -> Res<W> {
    sp.newbytes(if algo(sp, w)?.digest_size() == 0 { b"\x1f" } else { b"\x06" })
}
fn length(sp: Space, w: W) -> Res<usize> {
    let n = sp.int_w(sp.index(w)?)?;
    if n < 0 {
        return Err(sp.value_error("Cannot convert negative int"));
    }
    if n >= 1 << 29 {
        return Err(sp.value_error("length is too large"));
    }
    Ok(n as usize)
}
/// Return the digest value as a bytes object.
#[interp_fn(method, name = "digest", sig = "(self, length)")]
fn shake_digest(sp: Space, w: W, w_length: W) -> Res<Vec<u8>> {
    let n = length(sp, w_length)?;
    Ok(algo(sp, w)?.digest(n))
}
/// Return the digest value as a string of hexadecimal digits.
#[interp_fn(method, name = "hexdigest", sig = "(self, length)")]
fn shake_hexdigest(sp: Space, w: W, w_length: W) -> Res<String> {
    let n = length(sp, w_length)?;
    Ok(hex(&algo(sp, w)?.digest(n)))
}
macro_rules! types {
    ($($spec:ident $name:literal $short:literal $class:ident $new:ident $algo:ident $methods:expr;)*) => {
        $(
            static $class: TypeOf = TypeOf::new();
            hash_type!($spec, $name, 0, Slots { new: Some($new), ..Slots::EMPTY }, $methods, KECCAK);
            #[slot]
            fn $new(sp: Space, w_type: W, args: Args) -> Res<W> {
                let [w_data, _used, w_string] = parse_args(sp, $short, &args, ["data", "usedforsecurity", "string"], 0, 0, 1)?;
                start(sp, w_type, Algo::$algo(Default::default()), (!w_data.is_null()).then_some(w_data), w_string)
            }
        )*
        fn setup(sp: Space, w_module: W) -> Res<()> {
            $($class.add(sp, w_module, &$spec)?;)*
            sp.setattr_str(w_module, "implementation", sp.newstr("RustCrypto")?)?;
            set_int(sp, w_module, "_GIL_MINSIZE", super::GIL_MINSIZE)
        }
    };
}
types! {
    S224 "_sha3.sha3_224" "sha3_224" W_S224 new_224 Sha3x224 PLAIN;
    S256 "_sha3.sha3_256" "sha3_256" W_S256 new_256 Sha3x256 PLAIN;
    S384 "_sha3.sha3_384" "sha3_384" W_S384 new_384 Sha3x384 PLAIN;
    S512 "_sha3.sha3_512" "sha3_512" W_S512 new_512 Sha3x512 PLAIN;
    K128 "_sha3.shake_128" "shake_128" W_K128 new_k128 Shake128 SHAKE;
    K256 "_sha3.shake_256" "shake_256" W_K256 new_k256 Shake256 SHAKE;
}
mixed_module!(MODULE, "_sha3", doc = "", functions = [], init = setup);
