//! `_tokenize`: the front end's tokens for the `tokenize` module.

use super::compile::{self, Request};
use super::unmarshal;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, mixed_module};

/// (rows, error or None) of a source text; `extra`: comments and line ends too.
#[interp_fn(name = "_tokens", sig = "(source, extra, /)")]
fn tokens(sp: Space, source: Text, extra: bool) -> Res<W> {
    let text = source.to_str();
    let request = Request {
        source: text.as_bytes(),
        filename: b"<string>",
        mode: 0,
        optimize: 0,
        flags: extra as u32,
        want: 2,
        feature_version: -1,
    };
    let bytes = compile::run(sp, &request)?;
    Ok(unmarshal::read(sp, &bytes, false)?.0)
}
mixed_module!(
    MODULE,
    "_tokenize",
    doc = "Tokens of Python source.",
    functions = [tokens],
    app = include_str!("tokens_app.py")
);
