//! The classes of the module, remembered for exact tests.

use crate::util::class_of;
use taipan_plugin_api::prelude::*;

macro_rules! classes {
    ($($id:ident $name:literal;)*) => {
        $(#[doc = concat!("The class ", $name, ".")] pub static $id: Global = Global::new();)*
        /// All of them with their names.
        pub static ALL: &[(&str, &Global)] = &[$(($name, &$id)),*];
    };
}
classes! {
    IOBASE "_IOBase";
    RAWIOBASE "_RawIOBase";
    BUFFEREDIOBASE "_BufferedIOBase";
    TEXTIOBASE "_TextIOBase";
    FILEIO "FileIO";
    BYTESIO "BytesIO";
    BYTESIOBUFFER "_BytesIOBuffer";
    STRINGIO "StringIO";
    READER "BufferedReader";
    WRITER "BufferedWriter";
    RANDOM "BufferedRandom";
    PAIR "BufferedRWPair";
    TEXT "TextIOWrapper";
    NEWLINE "IncrementalNewlineDecoder";
}
/// io.UnsupportedOperation
pub static UNSUPPORTED: Global = Global::new();

/// Is the object exactly a BufferedReader, BufferedWriter or BufferedRandom?
#[inline]
pub fn is_buffered(sp: Space, w: W) -> bool {
    let c = class_of(sp, w);
    !c.is_null() && (c == READER.get() || c == WRITER.get() || c == RANDOM.get())
}
