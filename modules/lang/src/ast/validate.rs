//! What the table of nodes does not say about a tree that is to be compiled.

/// Contexts, in the order of their nodes.
pub const LOAD: usize = 0;
const STORE: usize = 1;
const DEL: usize = 2;
pub const NAMES: [&str; 3] = ["Load", "Store", "Del"];

/// The context of an expression in a field, `outer` being that of the node.
pub fn context(node: &str, field: &str, outer: usize) -> usize {
    match (node, field) {
        ("Assign", "targets") | ("AugAssign" | "AnnAssign" | "For" | "AsyncFor" | "NamedExpr" | "comprehension", "target") => STORE,
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

#[cfg(test)]
mod tests {
    #[test]
    fn targets_are_stored_to() {
        assert_eq!(super::context("Assign", "targets", 0), 1);
        assert_eq!(super::context("Tuple", "elts", 2), 2);
        assert_eq!(super::context("Attribute", "value", 1), 0);
    }
}
