//! Tokens, with CPython's numbers.

macro_rules! kinds {
    ($($V:ident)*) => {
        /// The exact type of a token; the numbers are those of Python's `token` module.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum Kind { $($V),* }
        impl Kind {
            /// The names in Python's `token` module, by number.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($V)),*];
        }
    };
}

kinds! {
    EndMarker Name Number String Newline Indent Dedent LPar RPar LSqb RSqb Colon Comma Semi Plus Minus Star
    Slash VBar Amper Less Greater Equal Dot Percent LBrace RBrace EqEqual NotEqual LessEqual GreaterEqual
    Tilde Circumflex LeftShift RightShift DoubleStar PlusEqual MinEqual StarEqual SlashEqual PercentEqual
    AmperEqual VBarEqual CircumflexEqual LeftShiftEqual RightShiftEqual DoubleStarEqual DoubleSlash
    DoubleSlashEqual At AtEqual RArrow Ellipsis ColonEqual Exclamation Op TypeIgnore TypeComment SoftKeyword
    FStringStart FStringMiddle FStringEnd TStringStart TStringMiddle TStringEnd Comment Nl ErrorToken
}

macro_rules! keywords {
    ($($V:ident = $s:literal)*) => {
        /// Which keyword a NAME token is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum Kw { No, $($V),* }
        impl Kw {
            /// The keyword with this text, or `No`.
            pub fn of(text: &[u8]) -> Kw {
                if text.len() > 8 || text.len() < 2 {
                    return Kw::No;
                }
                $(if text == $s { return Kw::$V; })*
                Kw::No
            }
        }
    };
}

keywords! {
    If = b"if" In = b"in" Is = b"is" As = b"as" Or = b"or" For = b"for" Def = b"def" Not = b"not" And = b"and"
    Try = b"try" Del = b"del" Return = b"return" None = b"None" True = b"True" Else = b"else" False = b"False"
    Import = b"import" From = b"from" Class = b"class" Raise = b"raise" With = b"with" Elif = b"elif"
    Pass = b"pass" Except = b"except" Assert = b"assert" While = b"while" Yield = b"yield" Lambda = b"lambda"
    Break = b"break" Continue = b"continue" Finally = b"finally" Async = b"async" Await = b"await"
    Global = b"global" Nonlocal = b"nonlocal"
}

impl Kw {
    /// Whether the keyword is an expression by itself.
    pub fn is_atom(self) -> bool {
        matches!(self, Kw::No | Kw::None | Kw::True | Kw::False)
    }
}

/// The tree-sitter tree has no leaf for this token: the masking has hidden it.
pub const HIDDEN: u8 = 1;
/// A NAME that is a soft keyword here (`match`, `case`, `type`).
pub const SOFT: u8 = 2;

/// Text of an f-string that ends with a doubled brace; the second one is part of the token but not of the text.
pub const DOUBLED: u8 = 4;

/// An `as` of `with` or `except` that the masking has made a comma.
pub const AS_COMMA: u8 = 8;

/// One token. Offsets are bytes into the source text, lines count from 1.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Token {
    pub kind: Kind,
    pub kw: Kw,
    pub flags: u8,
    pub start: u32,
    pub end: u32,
    pub line: u32,
    pub end_line: u32,
}

impl Token {
    /// Whether it is a NAME that is no keyword.
    pub fn is_name(&self) -> bool {
        self.kind == Kind::Name && self.kw == Kw::No
    }
    /// Whether it only structures lines, so that no leaf of the tree stands for it.
    pub fn is_layout(&self) -> bool {
        matches!(
            self.kind,
            Kind::Newline
                | Kind::Indent
                | Kind::Dedent
                | Kind::EndMarker
                | Kind::Nl
                | Kind::Comment
                | Kind::TypeComment
                | Kind::TypeIgnore
        )
    }
}
