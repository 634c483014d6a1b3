//! AST to scopes to bytecode.
