//! Mixed module `_io`.

pub(crate) use taipan_plugin_api::setfield;

pub mod buffered;
pub mod codec_module;
pub mod codecs;
pub mod files;
pub mod memory;
pub mod text;
pub mod util;

taipan_plugin_api::export_modules!("io", "Streams and codecs", [&files::open::MODULE]);
