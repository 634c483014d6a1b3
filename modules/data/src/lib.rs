//! Mixed modules: data structures, numbers, encodings, hashes, compression.

mod collections;
mod functools;
mod itertools;
mod operator;
mod util;

taipan_plugin_api::export_modules!("data", "data structures, numbers, encodings, hashes, compression", [
    &operator::MODULE,
    &functools::MODULE,
    &collections::MODULE,
    &itertools::MODULE,
]);
