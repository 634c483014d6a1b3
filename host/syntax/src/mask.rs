//! The text that tree-sitter sees.
//!
//! It has the length of the source, so that byte offsets agree, but only what the grammar needs: names become
//! `x`, numbers `1`, plain strings a name, comments and newlines inside brackets blanks. What the grammar
//! would read wrongly is hidden or respelled here, and the lowering reads it back from the tokens:
//!
//! - the star of a starred expression is hidden;
//! - `match`, `case` and `type` are spelled out only where they are keywords;
//! - a name or string after `:` or `->` and before `[` becomes a number, lest it be taken for a generic type;
//! - in type parameter lists stars are hidden, and `=` becomes `:`;
//! - in patterns `name=` is hidden, and a signed or complex number becomes one number;
//! - the `as` of `with` and `except` becomes a comma, because the grammar lets it bind to the end of a conditional;
//! - in replacement fields the debugging `=` and the conversion are hidden.

use crate::source::Source;
use crate::token::{AS_COMMA, HIDDEN, Kind, Kw, SOFT, Token};

/// What encloses a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ctx {
    Plain,
    /// The parameters of a `def`.
    Params,
    /// A type parameter list.
    TypeParams,
    /// A replacement field.
    Field,
}

/// What may come next of a `def`, `class` or `type` statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    None,
    /// After the name; with parameters to come for `def`.
    Name {
        def: bool,
    },
    /// After the type parameters.
    TypeParams {
        def: bool,
    },
}

struct Masker<'a> {
    src: &'a [u8],
    tokens: &'a mut [Token],
    out: Vec<u8>,
    stack: Vec<Ctx>,
    /// The bracket depth at which each open `lambda` stands.
    lambdas: Vec<usize>,
    header: Header,
    /// In the pattern part of a `case` line.
    pattern: bool,
    alias: bool,
    /// In the header of a `with` statement or `except` clause.
    as_header: bool,
    indent: u32,
    match_blocks: Vec<u32>,
    match_follows: bool,
}

/// The masked text; flags in `tokens` say what was hidden.
pub fn mask(source: &Source, tokens: &mut [Token], widths: &[(u32, u32)]) -> Vec<u8> {
    let src = source.text.as_bytes();
    let mut m = Masker {
        src,
        tokens,
        out: vec![b' '; src.len()],
        stack: Vec::new(),
        lambdas: Vec::new(),
        header: Header::None,
        pattern: false,
        alias: false,
        as_header: false,
        indent: 0,
        match_blocks: Vec::new(),
        match_follows: false,
    };
    let mut i = 0;
    while i < m.tokens.len() {
        i = m.token(i);
    }
    for i in 2..m.tokens.len() {
        if m.tokens[i].kind == Kind::Newline && m.tokens[i - 1].kind == Kind::Comma {
            m.bare_tuple(i - 1);
        }
    }
    for &(first, width) in widths {
        // The column that counts is that of the first token that is not hidden.
        let rest = m.tokens.get(first as usize..).unwrap_or(&[]);
        let Some(t) = rest.iter().find(|t| t.flags & HIDDEN == 0) else { continue };
        if let Some(at) = t.start.checked_sub(width + 1)
            && m.out[at as usize] == b' '
        {
            // Form feed restarts the count of columns.
            m.out[at as usize] = b'\x0c';
        }
    }
    if let Some(last) = m.out.last_mut()
        && *last == b' '
    {
        *last = b'\n';
    }
    m.out
}

impl Masker<'_> {
    /// A statement `a, b,` ends at the comma `end`. The grammar could go on with the next line as if it were the
    /// left side of an assignment, unless an element is a number.
    fn bare_tuple(&mut self, end: usize) {
        let mut names = Vec::new();
        let mut depth = 0;
        for j in (0..end).rev() {
            let t = self.tokens[j];
            match t.kind {
                Kind::RPar | Kind::RSqb | Kind::RBrace => depth += 1,
                Kind::LPar | Kind::LSqb | Kind::LBrace => depth -= 1,
                Kind::Newline | Kind::Indent | Kind::Dedent | Kind::Semi | Kind::Colon if depth == 0 => break,
                Kind::Equal
                | Kind::PlusEqual
                | Kind::MinEqual
                | Kind::StarEqual
                | Kind::SlashEqual
                | Kind::PercentEqual
                | Kind::AmperEqual
                | Kind::VBarEqual
                | Kind::CircumflexEqual
                | Kind::LeftShiftEqual
                | Kind::RightShiftEqual
                | Kind::DoubleStarEqual
                | Kind::DoubleSlashEqual
                | Kind::AtEqual
                    if depth == 0 =>
                {
                    return;
                }
                Kind::Name if depth == 0 && t.kw != Kw::No => return,
                Kind::Name if depth == 0 && t.flags & (SOFT | HIDDEN) == 0 => {
                    let before = if j == 0 { Kind::Newline } else { self.tokens[j - 1].kind };
                    if before != Kind::Dot && self.kind(j + 1) != Kind::Dot {
                        names.push((t.start, t.end));
                    }
                }
                _ => {}
            }
        }
        for (start, end) in names {
            self.fill(start, end, b'1');
        }
    }

    fn fill(&mut self, from: u32, to: u32, with: u8) {
        self.out[from as usize..to as usize].fill(with);
    }

    fn copy(&mut self, t: &Token) {
        let (a, b) = (t.start as usize, t.end as usize);
        self.out[a..b].copy_from_slice(&self.src[a..b]);
    }

    fn kind(&self, i: usize) -> Kind {
        self.tokens.get(i).map_or(Kind::EndMarker, |t| t.kind)
    }

    /// The token before `i`, not counting type comments.
    fn prev(&self, i: usize) -> Option<Token> {
        self.tokens[..i].iter().rev().find(|t| t.kind != Kind::TypeComment).copied()
    }

    /// The kind of the token before `i`, not counting hidden stars and type comments.
    fn before(&self, i: usize) -> Kind {
        let before = self.tokens[..i].iter().rev();
        before.filter(|t| t.flags & HIDDEN == 0).find(|t| t.kind != Kind::TypeComment).map_or(Kind::Newline, |t| t.kind)
    }

    fn ctx(&self) -> Ctx {
        self.stack.last().copied().unwrap_or(Ctx::Plain)
    }

    /// Masks the token `i`; returns the next one to look at.
    fn token(&mut self, i: usize) -> usize {
        let t = self.tokens[i];
        if t.flags & HIDDEN != 0 {
            return i + 1;
        }
        match t.kind {
            Kind::Newline => {
                if t.start < t.end {
                    self.out[t.start as usize] = b'\n';
                }
                self.pattern = false;
                self.as_header = false;
                self.alias = false;
                self.header = Header::None;
                self.lambdas.clear();
            }
            Kind::Indent => {
                self.indent += 1;
                if self.match_follows {
                    self.match_blocks.push(self.indent);
                    self.match_follows = false;
                }
            }
            Kind::Dedent => {
                self.indent = self.indent.saturating_sub(1);
                while self.match_blocks.last().is_some_and(|b| *b > self.indent) {
                    self.match_blocks.pop();
                }
            }
            Kind::Name if t.kw == Kw::No => self.name(i, t),
            Kind::Name => self.keyword(i, t),
            Kind::Number => return self.number(i, t),
            Kind::String => return self.strings(i),
            Kind::FStringStart | Kind::TStringStart => {
                let quote = self.src[t.end as usize - 1];
                self.copy(&t);
                let prefix = self.src[t.start as usize..t.end as usize].iter().take_while(|b| **b != quote).count();
                self.fill(t.start, t.start + prefix as u32, b'f');
            }
            Kind::FStringEnd | Kind::TStringEnd => self.copy(&t),
            Kind::FStringMiddle | Kind::TStringMiddle => self.fill(t.start, t.end, b'x'),
            Kind::LPar | Kind::LSqb | Kind::LBrace => self.open(i, t),
            Kind::RPar | Kind::RSqb | Kind::RBrace => {
                self.stack.pop();
                let depth = self.stack.len();
                while self.lambdas.last().is_some_and(|d| *d > depth) {
                    self.lambdas.pop();
                }
                self.copy(&t);
            }
            Kind::Star | Kind::DoubleStar => self.star(i, t),
            Kind::Minus if self.pattern => {
                let end = self.pattern_number(i);
                if end > i + 1 {
                    return end;
                }
                self.copy(&t);
            }
            Kind::Equal | Kind::RArrow if self.stack.is_empty() => {
                self.header = Header::None;
                self.copy(&t);
            }
            Kind::Equal if self.ctx() == Ctx::TypeParams && self.lambdas.last() != Some(&self.stack.len()) => {
                self.fill(t.start, t.end, b':')
            }
            Kind::Equal if self.ctx() == Ctx::Field => self.tokens[i].flags |= HIDDEN,
            Kind::Exclamation => {
                self.tokens[i].flags |= HIDDEN;
                if self.kind(i + 1) == Kind::Name {
                    self.tokens[i + 1].flags |= HIDDEN;
                    return i + 2;
                }
            }
            Kind::Colon => {
                self.copy(&t);
                let depth = self.stack.len();
                if self.lambdas.last() == Some(&depth) {
                    self.lambdas.pop();
                } else if depth == 0 {
                    self.header = Header::None;
                    self.as_header = false;
                    self.pattern = false;
                }
            }
            Kind::Semi => {
                self.alias = false;
                self.copy(&t);
            }
            _ if t.is_layout() || t.kind == Kind::ErrorToken => {}
            _ => self.copy(&t),
        }
        i + 1
    }

    fn name(&mut self, i: usize, t: Token) {
        let starts_line = matches!(self.before(i), Kind::Newline | Kind::Indent | Kind::Dedent);
        let text = &self.src[t.start as usize..t.end as usize];
        let soft = match text {
            b"match" if starts_line => self.match_line(i),
            b"case" if starts_line && self.match_blocks.last() == Some(&self.indent) => {
                self.pattern = true;
                true
            }
            b"type" if starts_line || matches!(self.before(i), Kind::Semi | Kind::Colon) => {
                let next = self.tokens.get(i + 1).is_some_and(Token::is_name);
                let alias = next && matches!(self.kind(i + 2), Kind::Equal | Kind::LSqb);
                if alias {
                    self.alias = true;
                    self.header = Header::Name { def: false };
                }
                alias
            }
            _ => false,
        };
        if soft {
            self.tokens[i].flags |= SOFT;
            self.copy(&t);
        } else if self.pattern && !self.stack.is_empty() && self.kind(i + 1) == Kind::Equal {
            self.tokens[i].flags |= HIDDEN;
            self.tokens[i + 1].flags |= HIDDEN;
        } else {
            let with = if self.is_like_generic(i, i + 1) { b'1' } else { b'x' };
            self.fill(t.start, t.end, with);
        }
    }

    /// Whether the grammar could take the tokens `from..to` and a following `[` for a generic type.
    fn is_like_generic(&self, from: usize, to: usize) -> bool {
        self.kind(to) == Kind::LSqb
            && match self.before(from) {
                Kind::Colon | Kind::RArrow => true,
                Kind::Equal => self.alias || self.ctx() == Ctx::TypeParams,
                _ => false,
            }
    }

    /// Whether the line that begins with `match` here is a `match` statement: one whose block has cases.
    fn match_line(&mut self, i: usize) -> bool {
        let Some(n) = self.tokens[i..].iter().position(|t| t.kind == Kind::Newline) else { return false };
        let end = i + n;
        let mut last = end;
        while self.tokens[last - 1].kind == Kind::TypeComment {
            last -= 1;
        }
        let is = last > i + 2 && self.kind(last - 1) == Kind::Colon && {
            let mut next = end + 1;
            while self.kind(next) == Kind::TypeComment || self.kind(next) == Kind::Newline {
                next += 1;
            }
            self.kind(next) == Kind::Indent
        };
        self.match_follows |= is;
        is
    }

    fn keyword(&mut self, i: usize, t: Token) {
        if t.kw == Kw::As && self.as_header {
            self.tokens[i].flags |= AS_COMMA;
            self.out[t.start as usize] = b',';
            return;
        }
        self.copy(&t);
        let depth = self.stack.len();
        match t.kw {
            Kw::With | Kw::Except => self.as_header = true,
            Kw::Lambda => self.lambdas.push(depth),
            Kw::Def => self.header = Header::Name { def: true },
            Kw::Class => self.header = Header::Name { def: false },
            Kw::If if depth == 0 => self.pattern = false,
            _ => {}
        }
    }

    fn number(&mut self, i: usize, t: Token) -> usize {
        if self.pattern {
            return self.pattern_number(i);
        }
        let dot = self.src.get(t.end as usize) == Some(&b'.');
        self.fill(t.start, t.end, if dot { b'x' } else { b'1' });
        i + 1
    }

    /// Masks `[-] NUMBER [(+|-) NUMBER]` as one number; returns where it ends.
    fn pattern_number(&mut self, i: usize) -> usize {
        let mut end = i;
        if self.kind(end) == Kind::Minus {
            end += 1;
        }
        if self.kind(end) != Kind::Number {
            return i;
        }
        end += 1;
        if matches!(self.kind(end), Kind::Plus | Kind::Minus) && self.kind(end + 1) == Kind::Number {
            end += 2;
        }
        self.fill(self.tokens[i].start, self.tokens[end - 1].end, b'1');
        end
    }

    fn strings(&mut self, i: usize) -> usize {
        let mut end = i;
        while self.kind(end) == Kind::String {
            end += 1;
        }
        let is_fstring = |k| matches!(k, Kind::FStringStart | Kind::TStringStart | Kind::FStringEnd | Kind::TStringEnd);
        let mixed = is_fstring(self.kind(end)) && !matches!(self.kind(end), Kind::FStringEnd | Kind::TStringEnd)
            || i > 0 && matches!(self.kind(i - 1), Kind::FStringEnd | Kind::TStringEnd);
        if mixed {
            for k in i..end {
                let t = self.tokens[k];
                self.fill(t.start, t.end, b'x');
                self.out[t.start as usize] = b'"';
                self.out[t.end as usize - 1] = b'"';
            }
        } else {
            let with = if self.is_like_generic(i, end) { b'1' } else { b'x' };
            self.fill(self.tokens[i].start, self.tokens[end - 1].end, with);
        }
        end
    }

    fn open(&mut self, i: usize, t: Token) {
        self.copy(&t);
        let at_top = self.stack.is_empty() || self.header != Header::None;
        let ctx = match (t.kind, self.header) {
            (Kind::LSqb, Header::Name { def }) if at_top => {
                self.header = Header::TypeParams { def };
                Ctx::TypeParams
            }
            (Kind::LPar, Header::Name { def: true } | Header::TypeParams { def: true })
                if matches!(self.before(i), Kind::Name | Kind::RSqb) && self.ctx() == Ctx::Plain =>
            {
                self.header = Header::None;
                Ctx::Params
            }
            (Kind::LPar, Header::Name { .. }) => {
                self.header = Header::None;
                Ctx::Plain
            }
            (Kind::LBrace, _) if self.opens_field(i) => Ctx::Field,
            _ => Ctx::Plain,
        };
        self.stack.push(ctx);
    }

    /// Whether the opening brace `i` opens a replacement field: it follows text, another field, or the colon of
    /// a format specification.
    fn opens_field(&self, i: usize) -> bool {
        match self.before(i) {
            Kind::FStringStart | Kind::FStringMiddle | Kind::TStringStart | Kind::TStringMiddle => true,
            // Nothing else can stand between two braces.
            Kind::RBrace => true,
            Kind::Colon => self.ctx() == Ctx::Field,
            _ => false,
        }
    }

    fn star(&mut self, i: usize, t: Token) {
        let before = self.before(i);
        let depth = self.stack.len();
        let prev = self.prev(i);
        let lambda_param =
            self.lambdas.last() == Some(&depth) && (before == Kind::Comma || prev.is_some_and(|p| p.kw == Kw::Lambda));
        let param = match self.ctx() {
            Ctx::Params => matches!(before, Kind::LPar | Kind::Comma) && self.lambdas.last() != Some(&depth),
            _ => false,
        };
        if self.ctx() == Ctx::TypeParams && !lambda_param && matches!(before, Kind::LSqb | Kind::Comma | Kind::Equal) {
            self.tokens[i].flags |= HIDDEN;
            return;
        }
        let prefix = match prev {
            None => true,
            Some(p) if p.flags & SOFT != 0 => true,
            Some(p) if p.kind == Kind::Name => !p.kw.is_atom() && !matches!(p.kw, Kw::Import | Kw::Except | Kw::Lambda),
            Some(p) => !matches!(
                p.kind,
                Kind::Number
                    | Kind::String
                    | Kind::FStringEnd
                    | Kind::TStringEnd
                    | Kind::RPar
                    | Kind::RSqb
                    | Kind::RBrace
                    | Kind::Ellipsis
            ),
        };
        let keep = t.kind == Kind::DoubleStar || lambda_param || param || self.pattern || !prefix;
        if keep {
            self.copy(&t);
        } else {
            self.tokens[i].flags |= HIDDEN;
        }
    }
}
