//! `_blake2`.

use super::algo::Algo;
use super::object::*;
use crate::util::*;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

static W_2B: TypeOf = TypeOf::new();
static W_2S: TypeOf = TypeOf::new();
hash_type!(TYPE_2B, "_blake2.blake2b", ty::BASETYPE, Slots { new: Some(new_2b), ..Slots::EMPTY }, PLAIN, COMMON);
hash_type!(TYPE_2S, "_blake2.blake2s", ty::BASETYPE, Slots { new: Some(new_2s), ..Slots::EMPTY }, PLAIN, COMMON);

/// What distinguishes the two: name for messages, digest and key size, salt and person size, largest node offset.
struct Kind {
    name: &'static str,
    short: &'static str,
    out: usize,
    salt: usize,
    offset_bits: u32,
}
const B: Kind = Kind { name: "Blake2b", short: "blake2b", out: 64, salt: 16, offset_bits: 64 };
const S: Kind = Kind { name: "Blake2s", short: "blake2s", out: 32, salt: 8, offset_bits: 48 };

struct Parameters {
    digest_size: usize,
    key: Vec<u8>,
    salt: Vec<u8>,
    person: Vec<u8>,
    fanout: u8,
    depth: u8,
    leaf_size: u32,
    node_offset: u64,
    node_depth: u8,
    inner_size: usize,
    last_node: bool,
    w_data: Option<W>,
    w_string: W,
}
fn parameters(sp: Space, k: &Kind, args: Args) -> Res<Parameters> {
    let names = [
        "data", "digest_size", "key", "salt", "person", "fanout", "depth", "leaf_size", "node_offset", "node_depth", "inner_size",
        "last_node", "usedforsecurity", "string",
    ];
    let [w_data, w_size, w_key, w_salt, w_person, w_fanout, w_depth, w_leaf, w_offset, w_ndepth, w_inner, w_last, _used, w_string] =
        parse_args(sp, k.short, &args, names, 0, 0, 1)?;
    let int = |w: W, default: i64| if w.is_null() { Ok(default) } else { sp.int_w(w) };
    let bytes = |w: W, max: usize, what: &str| -> Res<Vec<u8>> {
        if w.is_null() {
            return Ok(Vec::new());
        }
        let b = Buffer::get(sp, w)?;
        if b.len() > max { Err(raise!(sp, VALUE_ERROR, "maximum {what} length is {max} bytes")) } else { Ok(b.to_vec()) }
    };
    let digest_size = int(w_size, k.out as i64)?;
    if digest_size < 1 || digest_size > k.out as i64 {
        return Err(raise!(
            sp,
            VALUE_ERROR,
            "digest_size for {} must be between 1 and {} bytes, here it is {digest_size}",
            k.name,
            k.out
        ));
    }
    let salt = bytes(w_salt, k.salt, "salt")?;
    let person = bytes(w_person, k.salt, "person")?;
    let between = |w: W, default: i64, lo: i64, hi: i64, what: &str| -> Res<u8> {
        let i = int(w, default)?;
        if i < lo || i > hi { Err(raise!(sp, VALUE_ERROR, "{what} must be between {lo} and {hi}")) } else { Ok(i as u8) }
    };
    let fanout = between(w_fanout, 1, 0, 255, "fanout")?;
    let depth = between(w_depth, 1, 1, 255, "depth")?;
    let unsigned = |w: W, bits: u32, what: &str| -> Res<u64> {
        if w.is_null() {
            return Ok(0);
        }
        let n = sp.bigint_w(w)?;
        if n.sign() == num_bigint::Sign::Minus {
            return Err(sp.value_error("value must be positive"));
        }
        let Ok(v) = u64::try_from(&n) else {
            return Err(sp.overflow_error("Python int too large for C unsigned long long"));
        };
        if bits < 64 && v >> bits != 0 { Err(raise!(sp, OVERFLOW_ERROR, "{what} is too large")) } else { Ok(v) }
    };
    let leaf_size = unsigned(w_leaf, 32, "leaf_size")? as u32;
    let node_offset = unsigned(w_offset, k.offset_bits, "node_offset")?;
    let node_depth = between(w_ndepth, 0, 0, 255, "node_depth")?;
    let inner_size = int(w_inner, 0)?;
    if inner_size < 0 || inner_size > k.out as i64 {
        return Err(raise!(sp, VALUE_ERROR, "inner_size must be between 0 and is {}", k.out));
    }
    let key = bytes(w_key, k.out, "key")?;
    Ok(Parameters {
        digest_size: digest_size as usize,
        key,
        salt,
        person,
        fanout,
        depth,
        leaf_size,
        node_offset,
        node_depth,
        inner_size: inner_size as usize,
        last_node: !w_last.is_null() && sp.is_true(w_last)?,
        w_data: (!w_data.is_null()).then_some(w_data),
        w_string,
    })
}
macro_rules! constructor {
    ($id:ident $kind:ident $krate:ident $variant:ident) => {
        #[slot]
        fn $id(sp: Space, w_type: W, args: Args) -> Res<W> {
            let p = parameters(sp, &$kind, args)?;
            let mut params = $krate::Params::new();
            params
                .hash_length(p.digest_size)
                .key(&p.key)
                .salt(&p.salt)
                .personal(&p.person)
                .fanout(p.fanout)
                .max_depth(p.depth)
                .max_leaf_length(p.leaf_size)
                .node_offset(p.node_offset)
                .node_depth(p.node_depth)
                .inner_hash_length(p.inner_size)
                .last_node(p.last_node);
            start(sp, w_type, Algo::$variant(Box::new(params.to_state()), p.digest_size), p.w_data, p.w_string)
        }
    };
}
constructor!(new_2b B blake2b_simd Blake2b);
constructor!(new_2s S blake2s_simd Blake2s);

fn setup(sp: Space, w_module: W) -> Res<()> {
    for (t, spec, k, prefix) in [(&W_2B, &TYPE_2B, &B, "BLAKE2B"), (&W_2S, &TYPE_2S, &S, "BLAKE2S")] {
        let w = t.add(sp, w_module, spec)?;
        for (name, n) in
            [("SALT_SIZE", k.salt), ("PERSON_SIZE", k.salt), ("MAX_KEY_SIZE", k.out), ("MAX_DIGEST_SIZE", k.out)]
        {
            set_int(sp, w, name, n as i64)?;
            set_int(sp, w_module, &format!("{prefix}_{name}"), n as i64)?
        }
    }
    set_int(sp, w_module, "_GIL_MINSIZE", super::GIL_MINSIZE)
}
mixed_module!(MODULE, "_blake2", doc = "_blake2b provides BLAKE2b for hashlib\n", functions = [], init = setup);
