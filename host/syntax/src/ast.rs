//! The abstract syntax tree: the nodes of Python 3.14's `ast` module, no more and no less.
//!
//! The tables below are the one place where nodes are written down. They generate the Rust types, the
//! metadata in [`schema`] (names, fields, field types, attributes) and the walk that dumping and
//! serialization use, so that none of them can disagree with the others.
//!
//! Columns are UTF-8 byte offsets into the line, lines count from 1, as in CPython.

mod table;
pub mod value;
pub mod walk;

use table::{product, simple, sum};
pub use value::{BigInt, Constant, Ident, Pos, Text, Wtf8};

sum! {
    /// The root of a tree.
    plain Mod = "mod" {
        Module { body: Vec<Stmt>, type_ignores: Vec<TypeIgnore> },
        Interactive { body: Vec<Stmt> },
        Expression { body: Box<Expr> },
        FunctionType { argtypes: Vec<Expr>, returns: Box<Expr> },
    }
}

sum! {
    /// A statement.
    located Stmt(StmtKind) = "stmt" {
        FunctionDef {
            name: Ident, args: Box<Arguments>, body: Vec<Stmt>, decorator_list: Vec<Expr>,
            returns: Option<Box<Expr>>, type_comment: Option<Text>, type_params: Vec<TypeParam>,
        },
        AsyncFunctionDef {
            name: Ident, args: Box<Arguments>, body: Vec<Stmt>, decorator_list: Vec<Expr>,
            returns: Option<Box<Expr>>, type_comment: Option<Text>, type_params: Vec<TypeParam>,
        },
        ClassDef {
            name: Ident, bases: Vec<Expr>, keywords: Vec<Keyword>, body: Vec<Stmt>,
            decorator_list: Vec<Expr>, type_params: Vec<TypeParam>,
        },
        Return { value: Option<Box<Expr>> },
        Delete { targets: Vec<Expr> },
        Assign { targets: Vec<Expr>, value: Box<Expr>, type_comment: Option<Text> },
        TypeAlias { name: Box<Expr>, type_params: Vec<TypeParam>, value: Box<Expr> },
        AugAssign { target: Box<Expr>, op: Operator, value: Box<Expr> },
        AnnAssign { target: Box<Expr>, annotation: Box<Expr>, value: Option<Box<Expr>>, simple: i32 },
        For {
            target: Box<Expr>, iter: Box<Expr>, body: Vec<Stmt>, orelse: Vec<Stmt>, type_comment: Option<Text>,
        },
        AsyncFor {
            target: Box<Expr>, iter: Box<Expr>, body: Vec<Stmt>, orelse: Vec<Stmt>, type_comment: Option<Text>,
        },
        While { test: Box<Expr>, body: Vec<Stmt>, orelse: Vec<Stmt> },
        If { test: Box<Expr>, body: Vec<Stmt>, orelse: Vec<Stmt> },
        With { items: Vec<WithItem>, body: Vec<Stmt>, type_comment: Option<Text> },
        AsyncWith { items: Vec<WithItem>, body: Vec<Stmt>, type_comment: Option<Text> },
        Match { subject: Box<Expr>, cases: Vec<MatchCase> },
        Raise { exc: Option<Box<Expr>>, cause: Option<Box<Expr>> },
        Try { body: Vec<Stmt>, handlers: Vec<ExceptHandler>, orelse: Vec<Stmt>, finalbody: Vec<Stmt> },
        TryStar { body: Vec<Stmt>, handlers: Vec<ExceptHandler>, orelse: Vec<Stmt>, finalbody: Vec<Stmt> },
        Assert { test: Box<Expr>, msg: Option<Box<Expr>> },
        Import { names: Vec<Alias> },
        ImportFrom { module: Option<Ident>, names: Vec<Alias>, level: Option<i32> },
        Global { names: Vec<Ident> },
        Nonlocal { names: Vec<Ident> },
        Expr { value: Box<Expr> },
        Pass {},
        Break {},
        Continue {},
    }
}

sum! {
    /// An expression.
    located Expr(ExprKind) = "expr" {
        BoolOp { op: BoolOp, values: Vec<Expr> },
        NamedExpr { target: Box<Expr>, value: Box<Expr> },
        BinOp { left: Box<Expr>, op: Operator, right: Box<Expr> },
        UnaryOp { op: UnaryOp, operand: Box<Expr> },
        Lambda { args: Box<Arguments>, body: Box<Expr> },
        IfExp { test: Box<Expr>, body: Box<Expr>, orelse: Box<Expr> },
        Dict { keys: Vec<Option<Expr>>, values: Vec<Expr> },
        Set { elts: Vec<Expr> },
        ListComp { elt: Box<Expr>, generators: Vec<Comprehension> },
        SetComp { elt: Box<Expr>, generators: Vec<Comprehension> },
        DictComp { key: Box<Expr>, value: Box<Expr>, generators: Vec<Comprehension> },
        GeneratorExp { elt: Box<Expr>, generators: Vec<Comprehension> },
        Await { value: Box<Expr> },
        Yield { value: Option<Box<Expr>> },
        YieldFrom { value: Box<Expr> },
        Compare { left: Box<Expr>, ops: Vec<CmpOp>, comparators: Vec<Expr> },
        Call { func: Box<Expr>, args: Vec<Expr>, keywords: Vec<Keyword> },
        FormattedValue { value: Box<Expr>, conversion: i32, format_spec: Option<Box<Expr>> },
        Interpolation { value: Box<Expr>, str: Constant, conversion: i32, format_spec: Option<Box<Expr>> },
        JoinedStr { values: Vec<Expr> },
        TemplateStr { values: Vec<Expr> },
        Constant { value: Constant, kind: Option<Text> },
        Attribute { value: Box<Expr>, attr: Ident, ctx: ExprContext },
        Subscript { value: Box<Expr>, slice: Box<Expr>, ctx: ExprContext },
        Starred { value: Box<Expr>, ctx: ExprContext },
        Name { id: Ident, ctx: ExprContext },
        List { elts: Vec<Expr>, ctx: ExprContext },
        Tuple { elts: Vec<Expr>, ctx: ExprContext },
        Slice { lower: Option<Box<Expr>>, upper: Option<Box<Expr>>, step: Option<Box<Expr>> },
    }
}

simple! {
    /// What an expression that can be a target is used for.
    ExprContext = "expr_context" { Load, Store, Del }
}
simple! {
    /// `and`, `or`.
    BoolOp = "boolop" { And, Or }
}
simple! {
    /// Binary operators, also of augmented assignments.
    Operator = "operator" {
        Add, Sub, Mult, MatMult, Div, Mod, Pow, LShift, RShift, BitOr, BitXor, BitAnd, FloorDiv
    }
}
simple! {
    /// Unary operators.
    UnaryOp = "unaryop" { Invert, Not, UAdd, USub }
}
simple! {
    /// Comparison operators.
    CmpOp = "cmpop" { Eq, NotEq, Lt, LtE, Gt, GtE, Is, IsNot, In, NotIn }
}

product! {
    /// One `for ... in ... if ...` of a comprehension.
    plain Comprehension = "comprehension" { target: Box<Expr>, iter: Box<Expr>, ifs: Vec<Expr>, is_async: i32 }
}

sum! {
    /// One `except` clause.
    located ExceptHandler(ExceptHandlerKind) = "excepthandler" {
        ExceptHandler { type_: Option<Box<Expr>>, name: Option<Ident>, body: Vec<Stmt> },
    }
}

product! {
    /// The parameters of a function. `defaults` belong to the last positional parameters; `kw_defaults` run
    /// parallel to `kwonlyargs`, `None` where there is no default.
    plain Arguments = "arguments" {
        posonlyargs: Vec<Arg>, args: Vec<Arg>, vararg: Option<Box<Arg>>, kwonlyargs: Vec<Arg>,
        kw_defaults: Vec<Option<Expr>>, kwarg: Option<Box<Arg>>, defaults: Vec<Expr>,
    }
}
product! {
    /// One parameter.
    located Arg = "arg" { arg: Ident, annotation: Option<Box<Expr>>, type_comment: Option<Text> }
}
product! {
    /// A keyword argument; `arg` is `None` for `**mapping`.
    located Keyword = "keyword" { arg: Option<Ident>, value: Box<Expr> }
}
product! {
    /// One name of an import.
    located Alias = "alias" { name: Ident, asname: Option<Ident> }
}
product! {
    /// One item of a `with` statement.
    plain WithItem = "withitem" { context_expr: Box<Expr>, optional_vars: Option<Box<Expr>> }
}
product! {
    /// One `case` of a `match` statement.
    plain MatchCase = "match_case" { pattern: Box<Pattern>, guard: Option<Box<Expr>>, body: Vec<Stmt> }
}

sum! {
    /// A pattern of a `case`.
    located Pattern(PatternKind) = "pattern" {
        MatchValue { value: Box<Expr> },
        MatchSingleton { value: Constant },
        MatchSequence { patterns: Vec<Pattern> },
        MatchMapping { keys: Vec<Expr>, patterns: Vec<Pattern>, rest: Option<Ident> },
        MatchClass {
            cls: Box<Expr>, patterns: Vec<Pattern>, kwd_attrs: Vec<Ident>, kwd_patterns: Vec<Pattern>,
        },
        MatchStar { name: Option<Ident> },
        MatchAs { pattern: Option<Box<Pattern>>, name: Option<Ident> },
        MatchOr { patterns: Vec<Pattern> },
    }
}

sum! {
    /// A `# type: ignore` comment.
    plain TypeIgnore = "type_ignore" {
        TypeIgnore { lineno: i32, tag: Text },
    }
}

sum! {
    /// A type parameter of a function, class or type alias.
    located TypeParam(TypeParamKind) = "type_param" {
        TypeVar { name: Ident, bound: Option<Box<Expr>>, default_value: Option<Box<Expr>> },
        ParamSpec { name: Ident, default_value: Option<Box<Expr>> },
        TypeVarTuple { name: Ident, default_value: Option<Box<Expr>> },
    }
}

/// All types of the tree, in the order of CPython's ASDL; node numbers count through them in this order.
pub mod schema {
    pub use super::table::{FieldDef, NodeDef, Quant, TypeDef};
    use super::walk::Described;

    /// Every sum and product type.
    pub const TYPES: &[TypeDef] = &[
        super::Mod::DEF,
        super::Stmt::DEF,
        super::Expr::DEF,
        super::ExprContext::DEF,
        super::BoolOp::DEF,
        super::Operator::DEF,
        super::UnaryOp::DEF,
        super::CmpOp::DEF,
        super::Comprehension::DEF,
        super::ExceptHandler::DEF,
        super::Arguments::DEF,
        super::Arg::DEF,
        super::Keyword::DEF,
        super::Alias::DEF,
        super::WithItem::DEF,
        super::MatchCase::DEF,
        super::Pattern::DEF,
        super::TypeIgnore::DEF,
        super::TypeParam::DEF,
    ];

    /// Position attributes, in order; the last two are optional on the Python side.
    pub const ATTRIBUTES: [&str; 4] = ["lineno", "col_offset", "end_lineno", "end_col_offset"];

    /// The number of the first node of the type called `name`.
    pub(super) const fn first(name: &str) -> u16 {
        let (mut i, mut n) = (0, 0);
        while i < TYPES.len() {
            if same(TYPES[i].name, name) {
                return n;
            }
            n += TYPES[i].nodes.len() as u16;
            i += 1;
        }
        panic!("a type that is missing from the schema")
    }

    const fn same(a: &str, b: &str) -> bool {
        let (a, b) = (a.as_bytes(), b.as_bytes());
        if a.len() != b.len() {
            return false;
        }
        let mut i = 0;
        while i < a.len() {
            if a[i] != b[i] {
                return false;
            }
            i += 1;
        }
        true
    }

    /// The type and node definition with this number.
    pub fn node(number: u16) -> Option<(&'static TypeDef, &'static NodeDef)> {
        let mut rest = number as usize;
        for t in TYPES {
            if rest < t.nodes.len() {
                return Some((t, &t.nodes[rest]));
            }
            rest -= t.nodes.len();
        }
        None
    }
}
