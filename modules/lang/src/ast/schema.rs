//! The table of nodes.

use std::sync::OnceLock;

pub static TABLE: &str = include_str!("nodes.txt");

/// How often a field occurs.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Quant {
    One,
    Opt,
    Many,
    ManyOpt,
}

/// What a field holds.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Kind {
    Identifier,
    Str,
    Int,
    Constant,
    /// A node of the type with this number.
    Node(usize),
}

pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub quant: Quant,
}

pub struct Node {
    pub name: &'static str,
    pub fields: Vec<Field>,
    pub located: bool,
}

/// A sum, product or enumeration: its nodes are `first..first + n`.
pub struct Type {
    pub name: &'static str,
    pub first: usize,
    pub n: usize,
}

pub struct Schema {
    pub types: Vec<Type>,
    pub nodes: Vec<Node>,
}

pub fn get() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(parse)
}

fn parse() -> Schema {
    let is_member = |line: &str| line.ends_with(')');
    let names: Vec<&str> = TABLE.lines().filter(|l| !is_member(l)).filter_map(|l| l.split(' ').nth(1)).collect();
    let (mut types, mut nodes): (Vec<Type>, Vec<Node>) = (Vec::new(), Vec::new());
    let mut located = false;
    for line in TABLE.lines() {
        if !is_member(line) {
            located = line.ends_with("located");
            types.push(Type { name: names[types.len()], first: nodes.len(), n: 0 });
            continue;
        }
        let (name, rest) = line[..line.len() - 1].split_once('(').unwrap_or((line, ""));
        let fields = rest.split(", ").filter_map(|part| part.split_once(' ')).map(|(ty, name)| {
            let bare = ty.trim_end_matches(['?', '*']);
            let quant = match &ty[bare.len()..] {
                "?" => Quant::Opt,
                "*" => Quant::Many,
                "?*" => Quant::ManyOpt,
                _ => Quant::One,
            };
            let kind = match bare {
                "identifier" => Kind::Identifier,
                "string" => Kind::Str,
                "int" => Kind::Int,
                "constant" => Kind::Constant,
                other => Kind::Node(names.iter().position(|n| *n == other).unwrap_or(0)),
            };
            Field { name, kind, quant }
        });
        nodes.push(Node { name, fields: fields.collect(), located });
        if let Some(t) = types.last_mut() {
            t.n += 1;
        }
    }
    Schema { types, nodes }
}

/// Tags of constants.
pub mod tag {
    #![allow(missing_docs)]
    pub const NONE: u8 = 0;
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const ELLIPSIS: u8 = 3;
    pub const INT: u8 = 4;
    pub const BIG_INT: u8 = 5;
    pub const FLOAT: u8 = 6;
    pub const COMPLEX: u8 = 7;
    pub const STR: u8 = 8;
    pub const BYTES: u8 = 9;
    pub const TUPLE: u8 = 10;
    pub const FROZEN_SET: u8 = 11;
}

/// Position attributes in order.
pub const POSITIONS: [&str; 4] = ["lineno", "col_offset", "end_lineno", "end_col_offset"];

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_dense() {
        let s = super::get();
        assert_eq!(s.types.iter().map(|t| t.n).sum::<usize>(), s.nodes.len());
        assert_eq!(s.nodes[0].name, "Module");
        assert!(s.nodes.iter().any(|n| n.name == "TypeVarTuple" && n.located && n.fields.len() == 2));
    }
}
