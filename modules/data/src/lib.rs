//! Mixed modules: data structures, numbers, encodings, hashes, compression.

mod bisect;
mod collections;
mod functools;
mod heapq;
mod itertools;
mod math;
mod operator;
mod structs;
mod util;

taipan_plugin_api::export_modules!("data", "data structures, numbers, encodings, hashes, compression", [
    &operator::MODULE,
    &functools::MODULE,
    &collections::MODULE,
    &itertools::MODULE,
    &math::MODULE,
    &math::CMATH,
    &bisect::MODULE,
    &heapq::MODULE,
    &structs::MODULE,
]);
