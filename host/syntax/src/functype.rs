//! Function type comments: `(int, *str, **Any) -> None`.

use crate::ast::{Expr, Mod};
use crate::error::Warning;
use crate::lower::Fail;
use crate::source::Source;
use crate::token::{Kind, Token};
use crate::{cst, lower, mask, tokenizer};

/// Parses the tokens of a function type.
pub(crate) fn parse(src: &Source, tokens: &[Token], warnings: &mut Vec<Warning>) -> Result<Mod, Fail> {
    let kind = |i: usize| tokens.get(i).map_or(Kind::EndMarker, |t| t.kind);
    if kind(0) != Kind::LPar {
        return Err(Fail::At(0));
    }
    let mut argtypes = Vec::new();
    let mut i = 1;
    let mut stars = 0;
    while kind(i) != Kind::RPar {
        let star = match kind(i) {
            Kind::Star => 1,
            Kind::DoubleStar => 2,
            _ => 0,
        };
        if star != 0 && star <= stars || star == 0 && stars != 0 {
            return Err(Fail::At(i as u32));
        }
        stars = stars.max(star);
        i += (star != 0) as usize;
        let end = expression_end(tokens, i);
        argtypes.push(expression(src, tokens, i, end, warnings)?);
        i = end;
        if kind(i) == Kind::Comma && kind(i + 1) != Kind::RPar {
            i += 1;
        } else if kind(i) != Kind::RPar {
            return Err(Fail::At(i as u32));
        }
    }
    if kind(i + 1) != Kind::RArrow {
        return Err(Fail::At(i as u32 + 1));
    }
    let end = expression_end(tokens, i + 2);
    let returns = Box::new(expression(src, tokens, i + 2, end, warnings)?);
    let rest = tokens[end..].iter().position(|t| !matches!(t.kind, Kind::Newline | Kind::EndMarker));
    match rest {
        Some(n) => Err(Fail::At((end + n) as u32)),
        None => Ok(Mod::FunctionType { argtypes, returns }),
    }
}

/// Where the expression that begins at `i` ends: at a comma, closing bracket or newline outside brackets.
fn expression_end(tokens: &[Token], i: usize) -> usize {
    let mut depth = 0;
    for (n, t) in tokens[i..].iter().enumerate() {
        match t.kind {
            Kind::LPar | Kind::LSqb | Kind::LBrace => depth += 1,
            Kind::RPar | Kind::RSqb | Kind::RBrace if depth > 0 => depth -= 1,
            Kind::RPar | Kind::RSqb | Kind::RBrace | Kind::Comma | Kind::Newline | Kind::EndMarker if depth == 0 => {
                return i + n;
            }
            _ => {}
        }
    }
    tokens.len()
}

fn expression(
    src: &Source,
    tokens: &[Token],
    from: usize,
    to: usize,
    warnings: &mut Vec<Warning>,
) -> Result<Expr, Fail> {
    let (Some(first), Some(last)) = (tokens.get(from), tokens.get(to.wrapping_sub(1))) else {
        return Err(Fail::At(from as u32));
    };
    if to <= from {
        return Err(Fail::At(from as u32));
    }
    // The expression alone, at the same place of an otherwise blank text.
    let blank = |s: &str| -> String { s.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect() };
    let (a, b) = (first.start as usize, last.end as usize);
    let text = format!("{}({})", blank(&src.text[..a.saturating_sub(1)]), &src.text[a..b]);
    if a == 0 {
        return Err(Fail::At(from as u32));
    }
    let alone = Source::new(text.trim_start_matches('\u{FEFF}'));
    let mut t = tokenizer::tokenize(&alone, tokenizer::Options::default());
    if t.error.is_some() || t.tokens.len() < 4 {
        return Err(Fail::At(from as u32));
    }
    let mut own: Vec<Token> = t.tokens.drain(..).filter(|t| !matches!(t.kind, Kind::Indent | Kind::Dedent)).collect();
    let widths = [(0, 0)];
    let masked = mask::mask(&alone, &mut own, &widths);
    let nodes = cst::parse(&masked, &own).map_err(|_| Fail::At(from as u32))?;
    match lower::lower(&alone, &own, &widths, &nodes, lower::Start::Eval, false, warnings)? {
        Mod::Expression { body } => Ok(*body),
        _ => Err(Fail::At(from as u32)),
    }
}
