//! Scopes: which names a block binds and uses, and what each name means there.
//!
//! A first walk ([`build`]) collects what is said about each name in each block; a second one ([`analyze`]) decides
//! whether it is local, global, free or a cell, and folds the scopes of inlined comprehensions (PEP 709) into their
//! surroundings. The numbers are those of CPython's `_symtable`, so that a module of that name can show these tables.

mod analyze;
mod build;
mod exprs;

use crate::error::Result;
use crate::future::Future;
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use taipan_syntax::ast::{Ident, Mod, Pos};

/// Facts about a name, and where they are kept in a symbol's number.
pub mod flag {
    #![allow(missing_docs)]
    pub const GLOBAL: u32 = 1;
    pub const LOCAL: u32 = 2;
    pub const PARAM: u32 = 4;
    pub const NONLOCAL: u32 = 8;
    pub const USE: u32 = 16;
    pub const FREE_CLASS: u32 = 64;
    pub const IMPORT: u32 = 128;
    pub const ANNOT: u32 = 256;
    pub const COMP_ITER: u32 = 512;
    pub const TYPE_PARAM: u32 = 1024;
    pub const COMP_CELL: u32 = 2048;
    pub const BOUND: u32 = LOCAL | PARAM | IMPORT;
    pub const BOUND_OR_TYPE_PARAM: u32 = BOUND | TYPE_PARAM;
    pub const SCOPE_OFFSET: u32 = 12;
    pub const SCOPE_MASK: u32 = 15;
}

/// What a name means in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum NameScope {
    Unknown = 0,
    Local = 1,
    GlobalExplicit = 2,
    GlobalImplicit = 3,
    Free = 4,
    Cell = 5,
}

impl NameScope {
    /// The scope in a symbol's number.
    pub fn of(symbol: u32) -> NameScope {
        match symbol >> flag::SCOPE_OFFSET & flag::SCOPE_MASK {
            1 => NameScope::Local,
            2 => NameScope::GlobalExplicit,
            3 => NameScope::GlobalImplicit,
            4 => NameScope::Free,
            5 => NameScope::Cell,
            _ => NameScope::Unknown,
        }
    }
}

/// The kinds of blocks, numbered as in CPython.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Block {
    Function = 0,
    Class = 1,
    Module = 2,
    Annotation = 3,
    TypeAlias = 4,
    TypeParameters = 5,
    TypeVariable = 6,
}

/// The kind of comprehension a function block stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comp {
    List,
    Dict,
    Set,
    Generator,
}

/// Several blocks can belong to one node; this says which is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Part {
    Body,
    TypeParams,
    Annotations,
    Bound,
    Default,
}

/// Identifies a block's entry by the node it belongs to.
pub type Key = (usize, Part);

/// The key of a node's block. Trees do not move while they are compiled, so the address is the node's identity.
pub fn key<T>(node: &T, part: Part) -> Key {
    (node as *const T as usize, part)
}

/// Index into [`SymTable::scopes`].
pub type ScopeId = usize;

/// A dict of names that keeps the order of insertion.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    entries: Vec<(Ident, u32)>,
    index: HashMap<Ident, usize>,
}

impl Symbols {
    /// The number of a name; 0 if it is not there.
    pub fn get(&self, name: &str) -> Option<u32> {
        // A short table is scanned faster than hashed.
        if self.entries.len() <= 4 {
            return self.entries.iter().find(|(n, _)| n.as_str() == name).map(|e| e.1);
        }
        self.index.get(&Ident::new(name)).map(|i| self.entries[*i].1)
    }
    /// As `get`, for a name that is already an identifier.
    pub fn lookup(&self, name: &Ident) -> u32 {
        if self.entries.len() <= 4 {
            return self.entries.iter().find(|(n, _)| n == name).map_or(0, |e| e.1);
        }
        self.index.get(name).map_or(0, |i| self.entries[*i].1)
    }
    /// Whether the name is there.
    pub fn contains(&self, name: &Ident) -> bool {
        self.index.contains_key(name)
    }
    /// Sets the number of a name.
    pub fn set(&mut self, name: &Ident, value: u32) {
        match self.index.get(name) {
            Some(i) => self.entries[*i].1 = value,
            None => {
                self.index.insert(name.clone(), self.entries.len());
                self.entries.push((name.clone(), value));
            }
        }
    }
    /// Names and numbers in order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = (&Ident, u32)> {
        self.entries.iter().map(|(n, v)| (n, *v))
    }
}

/// One block.
#[derive(Clone, Debug)]
pub struct Scope {
    /// "top", the function's or class's name, "listcomp", "lambda", "__annotate__", ...
    pub name: Ident,
    /// Its kind.
    pub block: Block,
    /// All names in it. Numbers: bits of [`flag`], the [`NameScope`] above them.
    pub symbols: Symbols,
    /// Parameters in the order of the locals.
    pub varnames: Vec<Ident>,
    /// Blocks in it; those of inlined comprehensions are replaced by their children.
    pub children: Vec<ScopeId>,
    /// Where names were declared global or nonlocal.
    directives: Vec<(Ident, Pos)>,
    /// In the type parameters of a class: only these names are mangled.
    mangled_names: Option<HashSet<Ident>>,
    /// Inside a function (of any depth).
    pub nested: bool,
    /// Has `yield`.
    pub generator: bool,
    /// Is or has to be a coroutine.
    pub coroutine: bool,
    /// A function defined directly in a class.
    pub method: bool,
    /// It has a docstring.
    pub has_docstring: bool,
    /// A variable annotation occurs.
    pub annotations_used: bool,
    /// The kind of comprehension this is.
    pub comprehension: Option<Comp>,
    /// Has `*args`, `**kwargs`.
    pub varargs: bool,
    /// Has `**kwargs`.
    pub varkeywords: bool,
    /// A `return` with a value occurs.
    pub returns_value: bool,
    /// A method needs the `__class__` cell.
    pub needs_class_closure: bool,
    /// An annotation scope needs the `__classdict__` cell.
    pub needs_classdict: bool,
    /// The comprehension is inlined into its surroundings.
    pub comp_inlined: bool,
    /// An annotation scope in a class.
    pub can_see_class_scope: bool,
    /// Some annotations may not be executed; a set tells which were.
    pub has_conditional_annotations: bool,
    in_conditional_block: bool,
    in_unevaluated_annotation: bool,
    comp_iter_target: bool,
    comp_iter_expr: u32,
    /// What an expression in a type variable's scope is, for messages.
    scope_info: &'static str,
    /// The function whose annotations these are.
    pub function_name: Option<Ident>,
    /// Where it begins.
    pub pos: Pos,
    /// The scope of the variable annotations in a module or class.
    pub annotation_block: Option<ScopeId>,
    /// The surrounding block.
    pub parent: Option<ScopeId>,
}

impl Scope {
    /// Functions and what behaves like them (all but modules and classes).
    pub fn is_function_like(&self) -> bool {
        !matches!(self.block, Block::Module | Block::Class)
    }
    /// What the (mangled) name means here.
    pub fn scope_of(&self, name: &Ident) -> NameScope {
        NameScope::of(self.symbols.lookup(name))
    }
    /// Mangles a private name used in this block.
    pub fn mangle(&self, private: Option<&Ident>, name: &Ident) -> Ident {
        match &self.mangled_names {
            Some(only) if !only.contains(name) => name.clone(),
            _ => mangle(private, name),
        }
    }
}

/// `__name` in class `private` is `_private__name`.
pub fn mangle(private: Option<&Ident>, name: &Ident) -> Ident {
    match private {
        Some(class) if name.starts_with("__") && !name.ends_with("__") && !name.contains('.') => {
            let class = class.trim_start_matches('_');
            if class.is_empty() { name.clone() } else { Ident::new(&format!("_{class}{}", name.as_str())) }
        }
        _ => name.clone(),
    }
}

/// The blocks of a tree. The module's is the first.
#[derive(Debug, Default)]
pub struct SymTable {
    /// All blocks.
    pub scopes: Vec<Scope>,
    by_key: HashMap<Key, ScopeId>,
}

impl SymTable {
    /// Builds and analyzes the table of a tree.
    pub fn new(tree: &Mod, future: &Future, top_level_await: bool, docstrings: bool) -> Result<SymTable> {
        let mut table = build::build(tree, future, top_level_await, docstrings)?;
        analyze::analyze(&mut table)?;
        Ok(table)
    }
    /// The block with this key, if the tree has it.
    pub fn find(&self, key: Key) -> Option<ScopeId> {
        self.by_key.get(&key).copied()
    }
}
