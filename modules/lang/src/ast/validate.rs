//! What the table of nodes does not say about a tree that is to be compiled.

use taipan_plugin_api::prelude::*;

/// Contexts, in the order of their nodes.
pub const LOAD: usize = 0;
const STORE: usize = 1;
const DEL: usize = 2;
pub const NAMES: [&str; 3] = ["Load", "Store", "Del"];

/// The context of an expression in a field, `outer` being that of the node.
pub fn context(node: &str, field: &str, outer: usize) -> usize {
    match (node, field) {
        ("Assign", "targets")
        | ("AugAssign" | "AnnAssign" | "For" | "AsyncFor" | "NamedExpr" | "comprehension", "target") => STORE,
        ("withitem", "optional_vars") | ("TypeAlias", "name") => STORE,
        ("Delete", "targets") => DEL,
        ("Starred", "value") | ("List" | "Tuple", "elts") => outer,
        _ => LOAD,
    }
}

/// May the list not be empty?
pub fn not_empty(node: &str, field: &str) -> bool {
    match field {
        "body" => !matches!(node, "Module" | "Interactive"),
        "targets" => matches!(node, "Delete" | "Assign"),
        "names" => true,
        "items" => matches!(node, "With" | "AsyncWith"),
        "cases" => true,
        _ => false,
    }
}

/// What must hold between the fields of a node.
pub fn check(sp: Space, w: W, node: &str) -> Res<()> {
    // What is no list is reported when the field is written.
    let count = |field: &str| -> Res<i64> {
        match sp.getattr_opt(w, sp.intern(field))? {
            Some(v) if sp.isinstance(v, sp.known(known::LIST))? => sp.list_len(v),
            _ => Ok(0),
        }
    };
    let given = |field: &str| -> Res<Option<W>> { Ok(sp.getattr_opt(w, sp.intern(field))?.filter(|v| !v.is_none())) };
    let problem = match node {
        "BoolOp" if count("values")? < 2 => "BoolOp with less than 2 values",
        "Dict" if count("keys")? != count("values")? => "Dict doesn't have the same number of keys as values",
        "Compare" if count("comparators")? == 0 => "Compare with no comparators",
        "Compare" if count("comparators")? != count("ops")? => {
            "Compare has a different number of comparators and operands"
        }
        "ListComp" | "SetComp" | "DictComp" | "GeneratorExp" if count("generators")? == 0 => {
            "comprehension with no generators"
        }
        "arguments" if count("defaults")? > count("posonlyargs")? + count("args")? => {
            "more positional defaults than args on arguments"
        }
        "arguments" if count("kwonlyargs")? != count("kw_defaults")? => {
            "length of kwonlyargs is not the same as kw_defaults on arguments"
        }
        "Raise" if given("cause")?.is_some() && given("exc")?.is_none() => "Raise with cause but no exception",
        "ImportFrom" if given("level")?.is_some_and(|v| v.is_int() && v.untag() < 0) => "Negative ImportFrom level",
        "Try" | "TryStar" if count("handlers")? == 0 && count("finalbody")? == 0 => {
            return Err(raise!(sp, VALUE_ERROR, "{node} has neither except handlers nor finalbody"));
        }
        "Try" | "TryStar" if count("handlers")? == 0 && count("orelse")? != 0 => {
            return Err(raise!(sp, VALUE_ERROR, "{node} has orelse but no except handlers"));
        }
        _ => return Ok(()),
    };
    Err(sp.value_error(problem))
}

/// Positions: (line, column, end line, end column).
pub fn check_positions(sp: Space, [line, col, end_line, end_col]: [i32; 4]) -> Res<()> {
    if line > end_line {
        return Err(raise!(sp, VALUE_ERROR, "AST node line range ({line}, {end_line}) is not valid"));
    }
    if line < 0 && end_line != line || col < 0 && col != end_col {
        let m = format!("AST node column range ({col}, {end_col}) for line range ({line}, {end_line}) is not valid");
        return Err(sp.value_error(&m));
    }
    if line == end_line && col > end_col {
        return Err(raise!(sp, VALUE_ERROR, "line {line}, column {col}-{end_col} is not a valid range"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn targets_are_stored_to() {
        assert_eq!(super::context("Assign", "targets", 0), 1);
        assert_eq!(super::context("Tuple", "elts", 2), 2);
        assert_eq!(super::context("Attribute", "value", 1), 0);
    }
}
