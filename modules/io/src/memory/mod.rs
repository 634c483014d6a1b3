//! Streams in memory: BytesIO and StringIO.

pub mod bytesio;
pub mod stringio;
pub mod view;
