//! Mixed modules about the language itself: warnings, abstract classes, regular expressions, typing, syntax trees, character data.

mod abc;
mod ast;
mod frontend;
mod opcode;
mod sre;
mod string;
mod suggestions;
mod tracemalloc;
mod typing;
mod unicode;
mod warnings;

taipan_plugin_api::export_modules!(
    "lang",
    "warnings, abstract classes, regular expressions, typing, syntax trees, Unicode data",
    [
        &warnings::MODULE,
        &abc::MODULE,
        &sre::MODULE,
        &typing::MODULE,
        &ast::MODULE,
        &string::MODULE,
        &frontend::TOKENIZE,
        &frontend::SYMTABLE,
        &opcode::MODULE,
        &suggestions::MODULE,
        &tracemalloc::MODULE,
        &unicode::MODULE,
    ]
);
