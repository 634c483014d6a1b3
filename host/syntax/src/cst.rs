//! The concrete tree as a flat array in preorder, each node knowing which tokens it covers.
//!
//! Building it checks that the leaves of tree-sitter's tree are exactly our tokens, in order.

use crate::token::{AS_COMMA, HIDDEN, Kind, Kw, Token};
use std::cell::RefCell;
use std::sync::OnceLock;

macro_rules! node_kinds {
    ($($V:ident = $s:literal)*) => {
        /// The kinds of named nodes of the grammar.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum K { Token, Unknown, $($V),* }
        const NAMES: &[(&str, K)] = &[$(($s, K::$V)),*];
    };
}

node_kinds! {
    AliasedImport = "aliased_import" ArgumentList = "argument_list" AsPattern = "as_pattern"
    AsPatternTarget = "as_pattern_target" Assert = "assert_statement" Assignment = "assignment"
    Attribute = "attribute" AugAssignment = "augmented_assignment" Await = "await" Binary = "binary_operator"
    Block = "block" Boolean = "boolean_operator" Break = "break_statement" Call = "call"
    CaseClause = "case_clause" CasePattern = "case_pattern" Class = "class_definition"
    ClassPattern = "class_pattern" Comparison = "comparison_operator" ConcatString = "concatenated_string"
    Conditional = "conditional_expression" ConstrainedType = "constrained_type" Continue = "continue_statement"
    Decorated = "decorated_definition" Decorator = "decorator" DefaultParam = "default_parameter"
    Delete = "delete_statement" DictPattern = "dict_pattern" Dict = "dictionary"
    DictComp = "dictionary_comprehension" DictSplat = "dictionary_splat"
    DictSplatPattern = "dictionary_splat_pattern" DottedName = "dotted_name" Elif = "elif_clause"
    Ellipsis = "ellipsis" Else = "else_clause" Except = "except_clause" ExpressionList = "expression_list"
    ExpressionStmt = "expression_statement" False = "false" Finally = "finally_clause" Float = "float"
    ForIn = "for_in_clause" For = "for_statement" FormatExpression = "format_expression"
    FormatSpecifier = "format_specifier" Function = "function_definition" Generator = "generator_expression"
    GenericType = "generic_type" Global = "global_statement" Identifier = "identifier" IfClause = "if_clause"
    If = "if_statement" ImportFrom = "import_from_statement" ImportPrefix = "import_prefix"
    Import = "import_statement" Integer = "integer" Interpolation = "interpolation"
    KeywordArgument = "keyword_argument" KeywordSeparator = "keyword_separator" Lambda = "lambda"
    LambdaParams = "lambda_parameters" List = "list" ListComp = "list_comprehension"
    ListPattern = "list_pattern" ListSplatPattern = "list_splat_pattern" Match = "match_statement"
    Module = "module" Named = "named_expression" None = "none" Nonlocal = "nonlocal_statement"
    Not = "not_operator" Pair = "pair" Params = "parameters" Paren = "parenthesized_expression"
    Pass = "pass_statement" PatternList = "pattern_list" PositionalSeparator = "positional_separator"
    Raise = "raise_statement" RelativeImport = "relative_import" Return = "return_statement" Set = "set"
    SetComp = "set_comprehension" Slice = "slice" SplatPattern = "splat_pattern" Str = "string"
    StringContent = "string_content" StringEnd = "string_end" StringStart = "string_start"
    Subscript = "subscript" True = "true" Try = "try_statement" Tuple = "tuple" TuplePattern = "tuple_pattern"
    Type = "type" TypeAlias = "type_alias_statement" TypeParams = "type_parameter" TypedDefault =
    "typed_default_parameter" TypedParam = "typed_parameter" Unary = "unary_operator"
    UnionPattern = "union_pattern" While = "while_statement" WildcardImport = "wildcard_import"
    WithClause = "with_clause" WithItem = "with_item" With = "with_statement" Yield = "yield"
}

struct Table {
    language: tree_sitter::Language,
    kinds: Vec<K>,
}

/// The language and its kinds, by tree-sitter's kind number.
fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let language: tree_sitter::Language = tree_sitter_python::LANGUAGE.into();
        let kinds = (0..language.node_kind_count() as u16).map(|id| kind_of(&language, id)).collect();
        Table { language, kinds }
    })
}

fn kind_of(language: &tree_sitter::Language, id: u16) -> K {
    if !language.node_kind_is_named(id) {
        return K::Token;
    }
    let name = language.node_kind_for_id(id).unwrap_or("");
    NAMES.iter().find(|(n, _)| *n == name).map_or(K::Unknown, |(_, k)| *k)
}

/// A named node.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Its kind.
    pub kind: K,
    /// The first token.
    pub t0: u32,
    /// After the last token.
    pub t1: u32,
    /// The index after the last node of the subtree.
    pub next: u32,
}

/// The text is not in the grammar, as seen at this token.
#[derive(Clone, Copy, Debug)]
pub struct Mismatch(pub u32);

/// Parses the masked text into a flat tree.
pub fn parse(masked: &[u8], tokens: &[Token]) -> Result<Vec<Node>, Mismatch> {
    thread_local! {
        static PARSER: RefCell<Option<tree_sitter::Parser>> = const { RefCell::new(None) };
    }
    let table = table();
    let tree = PARSER.with_borrow_mut(|slot| {
        let parser = slot.get_or_insert_with(|| {
            let mut p = tree_sitter::Parser::new();
            // Cannot fail: the versions of the two crates are chosen to fit.
            let _ = p.set_language(&table.language);
            p
        });
        parser.reset();
        parser.parse(masked, None)
    });
    let tree = tree.ok_or(Mismatch(0))?;
    let root = tree.root_node();
    if root.has_error() {
        return Err(Mismatch(first_error(&tree, tokens)));
    }
    Builder { tokens, table, nodes: Vec::with_capacity(tokens.len() * 2), next_token: 0 }.build(&tree)
}

fn first_error(tree: &tree_sitter::Tree, tokens: &[Token]) -> u32 {
    let mut node = tree.root_node();
    'down: loop {
        if node.is_error() || node.is_missing() {
            break;
        }
        for i in 0..node.child_count() {
            if let Some(c) = node.child(i)
                && c.has_error()
            {
                node = c;
                continue 'down;
            }
        }
        break;
    }
    let at = node.start_byte() as u32;
    tokens.partition_point(|t| t.start < at) as u32
}

struct Builder<'a> {
    tokens: &'a [Token],
    table: &'a Table,
    nodes: Vec<Node>,
    next_token: usize,
}

impl Builder<'_> {
    fn build(mut self, tree: &tree_sitter::Tree) -> Result<Vec<Node>, Mismatch> {
        let mut cursor = tree.walk();
        // Nodes that are open: index into `nodes`, or u32::MAX for one that is not kept.
        let mut open: Vec<u32> = Vec::new();
        loop {
            let node = cursor.node();
            let kind = self.table.kinds.get(node.kind_id() as usize).copied().unwrap_or(K::Unknown);
            let descend = self.enter(kind, node.start_byte() as u32, node.end_byte() as u32, &mut open)?;
            if descend && cursor.goto_first_child() {
                continue;
            }
            if descend {
                self.leaf(kind, node.start_byte() as u32, node.end_byte() as u32)?;
            }
            loop {
                self.close(&mut open);
                if cursor.goto_next_sibling() {
                    break;
                }
                if !cursor.goto_parent() {
                    self.skip();
                    if self.next_token < self.tokens.len() {
                        return Err(Mismatch(self.next_token as u32));
                    }
                    return Ok(self.nodes);
                }
            }
        }
    }

    /// Whether to look inside.
    fn enter(&mut self, kind: K, start: u32, end: u32, open: &mut Vec<u32>) -> Result<bool, Mismatch> {
        if kind == K::Token || kind == K::StringContent {
            open.push(u32::MAX);
            return Ok(kind == K::Token);
        }
        self.skip();
        let t0 = self.next_token as u32;
        open.push(self.nodes.len() as u32);
        self.nodes.push(Node { kind, t0, t1: t0, next: 0 });
        if kind == K::Str
            && let Some(t) = self.tokens.get(self.next_token)
            && t.kind == Kind::String
            && t.start == start
            && t.end == end
        {
            self.next_token += 1;
            return Ok(false);
        }
        Ok(true)
    }

    fn close(&mut self, open: &mut Vec<u32>) {
        if let Some(i) = open.pop()
            && i != u32::MAX
        {
            let next = self.nodes.len() as u32;
            let node = &mut self.nodes[i as usize];
            node.next = next;
            node.t1 = (self.next_token as u32).max(node.t0);
        }
    }

    /// Passes over tokens for which there are no leaves.
    fn skip(&mut self) {
        while let Some(t) = self.tokens.get(self.next_token)
            && (t.flags & HIDDEN != 0 || t.is_layout() || matches!(t.kind, Kind::FStringMiddle | Kind::TStringMiddle))
        {
            self.next_token += 1;
        }
    }

    /// Takes the tokens of a leaf.
    fn leaf(&mut self, kind: K, start: u32, end: u32) -> Result<(), Mismatch> {
        if kind == K::Module && self.tokens.iter().all(Token::is_layout) {
            return Ok(());
        }
        if kind == K::FormatSpecifier && start == end {
            return Ok(());
        }
        self.skip();
        let first = self.next_token;
        let Some(t) = self.tokens.get(first) else { return Err(Mismatch(first as u32)) };
        if t.start == start && t.end == end && kind != K::Block {
            self.next_token += 1;
            return Ok(());
        }
        if t.flags & AS_COMMA != 0 && t.start == start && end == start + 1 {
            self.next_token += 1;
            return Ok(());
        }
        // The grammar counts the dots of a relative import one by one.
        if t.kind == Kind::Ellipsis && end == start + 1 && start >= t.start && end <= t.end {
            self.next_token += (end == t.end) as usize;
            return Ok(());
        }
        if t.start != start {
            return Err(Mismatch(first as u32));
        }
        let mut last = first;
        while self.tokens.get(last).is_some_and(|t| t.end < end) {
            last += 1;
        }
        let several = &self.tokens[first..self.tokens.len().min(last + 1)];
        let fits = several.last().is_some_and(|t| t.end == end)
            && (several.iter().all(|t| t.kind == Kind::String)
                || several.iter().all(|t| matches!(t.kind, Kind::Number | Kind::Minus | Kind::Plus))
                    && kind == K::Integer
                || several.len() == 2 && (several[1].kw == Kw::In || several[1].kw == Kw::Not));
        if !fits {
            return Err(Mismatch(first as u32));
        }
        self.next_token = last + 1;
        Ok(())
    }
}

/// The tree in tree-sitter's own notation.
pub fn sexp(masked: &[u8]) -> String {
    let mut p = tree_sitter::Parser::new();
    let _ = p.set_language(&table().language);
    p.parse(masked, None).map_or(String::new(), |t| t.root_node().to_sexp())
}
