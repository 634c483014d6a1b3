//! Mixed modules about the language itself: warnings, abstract classes, regular expressions, typing, syntax trees, character data.

mod abc;
mod ast;
mod sre;
mod typing;
mod warnings;

taipan_plugin_api::export_modules!(
    "lang",
    "warnings, abstract classes, regular expressions, typing, syntax trees, Unicode data",
    [&warnings::MODULE, &abc::MODULE, &sre::MODULE, &typing::MODULE, &ast::MODULE,]
);
