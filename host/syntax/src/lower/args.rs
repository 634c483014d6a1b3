//! Arguments of calls, parameters of functions.

use super::{Lower, R};
use crate::ast::{Arg, Arguments, Expr, Ident, Keyword};
use crate::cst::K;
use crate::token::Kind;

impl Lower<'_> {
    /// The arguments of a call or class definition.
    pub(super) fn arguments(&mut self, i: u32) -> R<(Vec<Expr>, Vec<Keyword>)> {
        let (mut args, mut keywords) = (Vec::new(), Vec::new());
        if self.kind(i) == K::Generator {
            args.push(self.expression(i)?);
            return Ok((args, keywords));
        }
        if self.kind(i) != K::ArgumentList {
            return self.reject(i);
        }
        let (mut seen_keyword, mut seen_splat) = (false, false);
        for c in self.children(i) {
            match self.kind(c) {
                K::DictSplat => {
                    seen_splat = true;
                    let value = self.only(c)?;
                    let value = Box::new(self.expression(value)?);
                    keywords.push(Keyword { arg: None, value, pos: self.pos(c) });
                }
                K::KeywordArgument => {
                    seen_keyword = true;
                    let mut kids = self.children(c);
                    let (Some(name), Some(value)) = (kids.next(), kids.next()) else { return self.reject(c) };
                    let arg = Some(self.name_node(name)?);
                    if self.star_before(c).is_some() {
                        return self.reject(c);
                    }
                    let value = Box::new(self.expression(value)?);
                    keywords.push(Keyword { arg, value, pos: self.pos(c) });
                }
                _ => match self.star_before(c) {
                    Some(star) => {
                        if seen_splat {
                            return self.reject(c);
                        }
                        args.push(self.starred(c, star, 0)?);
                    }
                    None => {
                        if seen_splat || seen_keyword {
                            let what = if seen_splat { "keyword argument unpacking" } else { "keyword argument" };
                            let last = self.n(i).t1 - 1;
                            return self.error(last, last + 1, format!("positional argument follows {what}"));
                        }
                        args.push(self.named(c)?);
                    }
                },
            }
        }
        // The grammar takes a lone comma for no arguments.
        let n = self.n(i);
        if args.is_empty() && keywords.is_empty() && n.t1 != n.t0 + 2 {
            return self.reject(i);
        }
        Ok((args, keywords))
    }

    /// The parameters of a function; of a lambda, which has no annotations, if `lambda`.
    pub(super) fn parameters(&mut self, list: Option<u32>, lambda: bool) -> R<Arguments> {
        let mut out = Arguments {
            posonlyargs: Vec::new(),
            args: Vec::new(),
            vararg: None,
            kwonlyargs: Vec::new(),
            kw_defaults: Vec::new(),
            kwarg: None,
            defaults: Vec::new(),
        };
        let Some(list) = list else { return Ok(out) };
        let (mut slash, mut star, mut bare_star) = (false, false, false);
        for c in self.children(list) {
            let n = self.n(c);
            if out.kwarg.is_some() || self.star_before(c).is_some() {
                return self.reject(c);
            }
            match n.kind {
                K::PositionalSeparator => {
                    if slash || star || out.args.is_empty() {
                        return self.reject(c);
                    }
                    slash = true;
                    out.posonlyargs = std::mem::take(&mut out.args);
                }
                K::KeywordSeparator => {
                    if star {
                        return self.reject(c);
                    }
                    (star, bare_star) = (true, true);
                }
                K::Identifier | K::TypedParam | K::DefaultParam | K::TypedDefault => {
                    let (which, arg, default) = self.parameter(c, lambda)?;
                    match which {
                        Stars::One => {
                            if star {
                                return self.reject(c);
                            }
                            star = true;
                            out.vararg = Some(Box::new(arg));
                        }
                        Stars::Two => {
                            if bare_star && out.kwonlyargs.is_empty() {
                                return self.reject(c);
                            }
                            out.kwarg = Some(Box::new(arg));
                        }
                        Stars::No if star => {
                            out.kwonlyargs.push(arg);
                            out.kw_defaults.push(default);
                        }
                        Stars::No => {
                            match default {
                                Some(d) => out.defaults.push(d),
                                None if !out.defaults.is_empty() => {
                                    let msg = "parameter without a default follows parameter with a default";
                                    return self.error(n.t0, n.t0 + 1, msg);
                                }
                                None => {}
                            }
                            out.args.push(arg);
                        }
                    }
                }
                K::ListSplatPattern => {
                    if star {
                        return self.reject(c);
                    }
                    star = true;
                    out.vararg = Some(Box::new(self.splat(c, None, n.t1)?));
                }
                K::DictSplatPattern => {
                    if bare_star && out.kwonlyargs.is_empty() {
                        return self.reject(c);
                    }
                    out.kwarg = Some(Box::new(self.splat(c, None, n.t1)?));
                }
                _ => return self.reject(c),
            }
        }
        if bare_star && out.kwonlyargs.is_empty() {
            return self.reject(list);
        }
        Ok(out)
    }

    fn splat(&mut self, i: u32, annotation: Option<Box<Expr>>, end: u32) -> R<Arg> {
        let name_node = self.only(i)?;
        if self.kind(name_node) != K::Identifier {
            return self.reject(name_node);
        }
        let arg = self.name_node(name_node)?;
        let type_comment = self.type_comment_after(end);
        Ok(Arg { arg, annotation, type_comment, pos: self.span(self.n(name_node).t0, end) })
    }

    fn parameter(&mut self, i: u32, lambda: bool) -> R<(Stars, Arg, Option<Expr>)> {
        let n = self.n(i);
        let kids: Vec<u32> = self.children(i).collect();
        let (name, ty, default) = match (n.kind, &kids[..]) {
            (K::Identifier, _) => (i, None, None),
            (K::TypedParam, &[name, ty]) => (name, Some(ty), None),
            (K::DefaultParam, &[name, value]) => (name, None, Some(value)),
            (K::TypedDefault, &[name, ty, value]) => (name, Some(ty), Some(value)),
            _ => return self.reject(i),
        };
        if lambda && ty.is_some() {
            return self.reject(i);
        }
        let stars = match self.kind(name) {
            K::Identifier => Stars::No,
            K::ListSplatPattern => Stars::One,
            K::DictSplatPattern => Stars::Two,
            _ => return self.reject(name),
        };
        let annotation = match ty {
            Some(ty) if stars == Stars::One => Some(Box::new(self.star_annotation(ty)?)),
            Some(ty) => Some(Box::new(self.annotation(ty)?)),
            None => None,
        };
        let end = self.n(ty.unwrap_or(name)).t1;
        let default = match default {
            Some(d) => Some(self.expression(d)?),
            None => None,
        };
        if stars != Stars::No {
            return Ok((stars, self.splat(name, annotation, end)?, default));
        }
        let arg: Ident = self.name_node(name)?;
        let type_comment = self.type_comment_after(n.t1);
        let pos = self.span(self.n(name).t0, end);
        Ok((stars, Arg { arg, annotation, type_comment, pos }, default))
    }

    /// A type comment behind a parameter and its comma.
    fn type_comment_after(&self, t: u32) -> Option<crate::ast::Text> {
        let t = if self.tk(t) == Kind::Comma { t + 1 } else { t };
        self.type_comment_at(t)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Stars {
    No,
    One,
    Two,
}
