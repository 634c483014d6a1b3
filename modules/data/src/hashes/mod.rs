//! `_md5`, `_sha1`, `_sha2`, `_sha3`, `_blake2`.

mod algo;
mod blake;
mod object;
mod sha3;

use crate::util::*;
use algo::Algo;
use object::*;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

pub use blake::MODULE as BLAKE2;
pub use sha3::MODULE as SHA3;

macro_rules! constructors {
    ($($id:ident $class:ident $new:expr, $doc:tt;)*) => { $(
        #[doc = $doc]
        #[interp_fn(sig = "(data=b'', *, usedforsecurity=True, string=None)")]
        fn $id(sp: Space, w_data: Option<W>, _used: W, w_string: W) -> Res<W> {
            start(sp, $class.w(), $new, w_data, w_string)
        }
    )* };
}
constructors! {
    md5 W_MD5 Algo::Md5(Default::default()), "Return a new MD5 hash object; optionally initialized with a string.";
    sha1 W_SHA1 Algo::Sha1(Default::default()), "Return a new SHA1 hash object; optionally initialized with a string.";
    sha224 W_SHA224 Algo::Sha224(Default::default()), "Return a new SHA-224 hash object; optionally initialized with a string.";
    sha256 W_SHA256 Algo::Sha256(Default::default()), "Return a new SHA-256 hash object; optionally initialized with a string.";
    sha384 W_SHA384 Algo::Sha384(Default::default()), "Return a new SHA-384 hash object; optionally initialized with a string.";
    sha512 W_SHA512 Algo::Sha512(Default::default()), "Return a new SHA-512 hash object; optionally initialized with a string.";
}
static W_MD5: TypeOf = TypeOf::new();
static W_SHA1: TypeOf = TypeOf::new();
static W_SHA224: TypeOf = TypeOf::new();
static W_SHA256: TypeOf = TypeOf::new();
static W_SHA384: TypeOf = TypeOf::new();
static W_SHA512: TypeOf = TypeOf::new();
hash_type!(MD5_TYPE, "_md5.md5", ty::DISALLOW_INSTANTIATION, Slots::EMPTY, PLAIN, COMMON);
hash_type!(SHA1_TYPE, "_sha1.sha1", ty::DISALLOW_INSTANTIATION, Slots::EMPTY, PLAIN, COMMON);
hash_type!(SHA224_TYPE, "_sha2.SHA224Type", ty::DISALLOW_INSTANTIATION, Slots::EMPTY, PLAIN, COMMON);
hash_type!(SHA256_TYPE, "_sha2.SHA256Type", ty::DISALLOW_INSTANTIATION, Slots::EMPTY, PLAIN, COMMON);
hash_type!(SHA384_TYPE, "_sha2.SHA384Type", ty::DISALLOW_INSTANTIATION, Slots::EMPTY, PLAIN, COMMON);
hash_type!(SHA512_TYPE, "_sha2.SHA512Type", ty::DISALLOW_INSTANTIATION, Slots::EMPTY, PLAIN, COMMON);

/// hashlib's idea of when to let other threads run.
const GIL_MINSIZE: i64 = 2048;

fn class(sp: Space, w_module: W, t: &'static TypeOf, spec: &'static TypeSpec, name: &str) -> Res<()> {
    let w = t.make(sp, w_module, spec)?;
    sp.setattr_str(w_module, name, w)
}
fn setup_md5(sp: Space, w_module: W) -> Res<()> {
    class(sp, w_module, &W_MD5, &MD5_TYPE, "MD5Type")?;
    set_int(sp, w_module, "_GIL_MINSIZE", GIL_MINSIZE)
}
fn setup_sha1(sp: Space, w_module: W) -> Res<()> {
    class(sp, w_module, &W_SHA1, &SHA1_TYPE, "SHA1Type")?;
    set_int(sp, w_module, "_GIL_MINSIZE", GIL_MINSIZE)
}
fn setup_sha2(sp: Space, w_module: W) -> Res<()> {
    class(sp, w_module, &W_SHA224, &SHA224_TYPE, "SHA224Type")?;
    class(sp, w_module, &W_SHA256, &SHA256_TYPE, "SHA256Type")?;
    class(sp, w_module, &W_SHA384, &SHA384_TYPE, "SHA384Type")?;
    class(sp, w_module, &W_SHA512, &SHA512_TYPE, "SHA512Type")?;
    set_int(sp, w_module, "_GIL_MINSIZE", GIL_MINSIZE)
}
mixed_module!(MD5, "_md5", doc = "", functions = [md5], init = setup_md5);
mixed_module!(SHA1, "_sha1", doc = "", functions = [sha1], init = setup_sha1);
mixed_module!(SHA2, "_sha2", doc = "", functions = [sha224, sha256, sha384, sha512], init = setup_sha2);
