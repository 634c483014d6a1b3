//! The recognizer's cursor and what it finds.

use crate::error::{ErrorKind, SyntaxError};
use crate::parse::Mode;
use crate::source::Source;
use crate::token::{Kind, Kw, Token};

/// An error: a message for some tokens, or none for "invalid syntax" at one.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub kind: ErrorKind,
    pub msg: Option<String>,
    pub t0: u32,
    pub t1: u32,
    /// The furthest token that was looked at.
    pub reached: u32,
    /// The position has no extent.
    pub empty: bool,
    /// The furthest token that was looked at speculatively.
    pub touched: u32,
}

impl Found {
    pub fn generic(at: u32) -> Self {
        Found { kind: ErrorKind::SyntaxError, msg: None, t0: at, t1: at + 1, reached: at, empty: false, touched: 0 }
    }

    /// Whether it stands before another error.
    pub fn before(&self, tokens: &[Token], e: &SyntaxError) -> bool {
        tokens.get(self.t0 as usize).is_some_and(|t| (t.line as i32) < e.lineno)
    }
}

/// What an expression is, for messages about targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Name,
    Attribute,
    Subscript,
    Tuple,
    List,
    Starred,
    Other(&'static str),
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Class::Name => "name",
            Class::Attribute => "attribute",
            Class::Subscript => "subscript",
            Class::Tuple => "tuple",
            Class::List => "list",
            Class::Starred => "starred",
            Class::Other(s) => s,
        }
    }
}

/// A recognized expression.
#[derive(Clone, Debug)]
pub(super) struct E {
    pub class: Class,
    pub t0: u32,
    pub t1: u32,
    /// Elements of a tuple or list, the operand of a star.
    pub items: Vec<E>,
    /// Whether it is at least a `bitwise_or`: no comparison, boolean operator, conditional or lambda.
    pub tight: bool,
    pub paren: bool,
}

pub(super) type P<T = ()> = Result<T, Box<Found>>;

pub(super) struct Recognizer<'a> {
    pub src: &'a Source,
    pub tokens: &'a [Token],
    pub i: u32,
    pub furthest: u32,
    /// Like `furthest`, and speculative looks count too.
    pub touched: u32,
    pub depth: u32,
    /// Open brackets around the current token.
    pub level: u32,
    /// Speculative parse: no messages.
    pub quiet: u32,
    /// Work done, to bound backtracking.
    pub fuel: u32,
}

impl<'a> Recognizer<'a> {
    pub fn new(src: &'a Source, tokens: &'a [Token]) -> Self {
        let fuel = 2_000_000 + tokens.len() as u32 * 20;
        Recognizer { src, tokens, i: 0, furthest: 0, touched: 0, depth: 0, level: 0, quiet: 0, fuel }
    }

    pub fn run(&mut self, mode: Mode) -> Result<(), Found> {
        let r = match mode {
            Mode::Eval => self.eval_input(),
            Mode::Single => self.interactive(),
            Mode::Exec => self.file(),
            Mode::FuncType => return Err(Found::generic(0)),
        };
        let (furthest, touched) = (self.furthest, self.touched);
        r.map_err(|f| Found { reached: f.reached.max(furthest), touched, ..*f })
    }

    /// The token `n` places ahead, type comments not counted.
    pub fn peek(&mut self, n: u32) -> Token {
        let mut at = self.i;
        let mut left = n;
        loop {
            while self.tokens.get(at as usize).is_some_and(|t| t.kind == Kind::TypeComment) {
                at += 1;
            }
            if left == 0 || at as usize >= self.tokens.len() {
                break;
            }
            left -= 1;
            at += 1;
        }
        self.furthest = self.furthest.max(at);
        self.touched = self.touched.max(at);
        match self.tokens.get(at as usize) {
            Some(t) => *t,
            None => Token { kind: Kind::EndMarker, kw: Kw::No, flags: 0, start: 0, end: 0, line: 0, end_line: 0 },
        }
    }

    pub fn kind(&mut self) -> Kind {
        self.peek(0).kind
    }

    pub fn kw(&mut self) -> Kw {
        self.peek(0).kw
    }

    pub fn at(&mut self, kind: Kind) -> bool {
        self.kind() == kind
    }

    pub fn at_kw(&mut self, kw: Kw) -> bool {
        self.kw() == kw
    }

    /// Whether the current token is this soft keyword.
    pub fn at_soft(&mut self, text: &str) -> bool {
        let t = self.peek(0);
        t.is_name() && self.text(&t) == text
    }

    pub fn text(&self, t: &Token) -> &'a str {
        &self.src.text[t.start as usize..t.end as usize]
    }

    pub fn bump(&mut self) -> Token {
        let t = self.peek(0);
        while self.tokens.get(self.i as usize).is_some_and(|t| t.kind == Kind::TypeComment) {
            self.i += 1;
        }
        match t.kind {
            Kind::LPar | Kind::LSqb | Kind::LBrace => self.level += 1,
            Kind::RPar | Kind::RSqb | Kind::RBrace => self.level = self.level.saturating_sub(1),
            _ => {}
        }
        if (self.i as usize) < self.tokens.len() {
            self.i += 1;
        }
        t
    }

    pub fn eat(&mut self, kind: Kind) -> bool {
        let yes = self.at(kind);
        if yes {
            self.bump();
        }
        yes
    }

    pub fn eat_kw(&mut self, kw: Kw) -> bool {
        let yes = self.at_kw(kw);
        if yes {
            self.bump();
        }
        yes
    }

    pub fn expect(&mut self, kind: Kind) -> P {
        if self.eat(kind) { Ok(()) } else { self.fail() }
    }

    pub fn expect_kw(&mut self, kw: Kw) -> P {
        if self.eat_kw(kw) { Ok(()) } else { self.fail() }
    }

    /// "invalid syntax" at the furthest token.
    pub fn fail<T>(&mut self) -> P<T> {
        self.peek(0);
        Err(Box::new(Found::generic(self.furthest)))
    }

    /// A message about tokens; plain failure in a speculative parse.
    pub fn raise<T>(&mut self, t0: u32, t1: u32, msg: impl Into<String>) -> P<T> {
        if self.quiet > 0 {
            return self.fail();
        }
        Err(Box::new(Found { msg: Some(msg.into()), t1: t1.max(t0 + 1), ..Found::generic(t0) }))
    }

    /// A message at the current token, without extent.
    pub fn raise_point<T>(&mut self, msg: impl Into<String>) -> P<T> {
        self.raise_here(msg).map_err(|mut f: Box<Found>| {
            f.empty = true;
            f
        })
    }

    /// A message at the current token.
    pub fn raise_here<T>(&mut self, msg: impl Into<String>) -> P<T> {
        self.peek(0);
        self.raise(self.i, self.i + 1, msg)
    }

    pub fn raise_at<T>(&mut self, e: &E, msg: impl Into<String>) -> P<T> {
        self.raise(e.t0, e.t1, msg)
    }

    pub fn raise_indent<T>(&mut self, msg: String) -> P<T> {
        self.peek(0);
        let mut f = Found { kind: ErrorKind::IndentationError, msg: Some(msg), ..Found::generic(self.i) };
        f.t1 = f.t0 + 1;
        Err(Box::new(f))
    }

    /// Whether `f` would succeed here; nothing changes.
    pub fn ahead<T>(&mut self, f: impl FnOnce(&mut Self) -> P<T>) -> Option<T> {
        let (i, level, furthest) = (self.i, self.level, self.furthest);
        self.quiet += 1;
        let r = f(self);
        self.quiet -= 1;
        (self.i, self.level, self.furthest) = (i, level, furthest);
        r.ok()
    }

    /// Counts nesting and work.
    pub fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> P<T>) -> P<T> {
        self.depth += 1;
        self.fuel = self.fuel.saturating_sub(1);
        if self.depth > 3000 || self.fuel == 0 {
            self.depth -= 1;
            return self.fail();
        }
        let r = crate::ast::walk::deep(|| f(self));
        self.depth -= 1;
        r
    }

    pub fn e(&self, class: Class, t0: u32) -> E {
        E { class, t0, t1: self.i, items: Vec::new(), tight: true, paren: false }
    }
}
