//! Mixed modules: data structures, numbers, encodings, hashes, compression.

mod array;
mod binascii;
mod bisect;
mod bz2;
mod collections;
mod contextvars;
mod csv;
mod functools;
mod hashes;
mod heapq;
mod itertools;
mod json;
mod math;
mod operator;
mod random;
mod structs;
mod util;
mod zlib;

taipan_plugin_api::export_modules!(
    "data",
    "data structures, numbers, encodings, hashes, compression",
    [
        &operator::MODULE,
        &functools::MODULE,
        &collections::MODULE,
        &itertools::MODULE,
        &math::MODULE,
        &math::CMATH,
        &bisect::MODULE,
        &heapq::MODULE,
        &structs::MODULE,
        &json::MODULE,
        &random::MODULE,
        &contextvars::MODULE,
        &binascii::MODULE,
        &zlib::MODULE,
        &array::MODULE,
        &csv::MODULE,
        &bz2::MODULE,
        &hashes::MD5,
        &hashes::SHA1,
        &hashes::SHA2,
        &hashes::SHA3,
        &hashes::BLAKE2,
    ]
);
