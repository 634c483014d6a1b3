//! `#[interp_fn]`.

use crate::sig;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, FnArg, ItemFn, Lit, Meta, Result, Token, Type};

#[derive(Default)]
struct Options {
    name: Option<String>,
    sig: Option<String>,
    method: bool,
    class: bool,
    stat: bool,
    raw: bool,
    with_module: bool,
}

fn options(attr: TokenStream) -> Result<Options> {
    let mut o = Options::default();
    for meta in Punctuated::<Meta, Token![,]>::parse_terminated.parse2(attr)? {
        match &meta {
            Meta::Path(p) if p.is_ident("method") => o.method = true,
            Meta::Path(p) if p.is_ident("classmethod") => o.class = true,
            Meta::Path(p) if p.is_ident("staticmethod") => o.stat = true,
            Meta::Path(p) if p.is_ident("raw") => o.raw = true,
            Meta::Path(p) if p.is_ident("with_module") => o.with_module = true,
            Meta::NameValue(nv) => {
                // A literal that came through a macro stands in an invisible group.
                let mut value = &nv.value;
                while let Expr::Group(g) = value {
                    value = &g.expr;
                }
                let Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) = value else {
                    return Err(syn::Error::new_spanned(&nv.value, "a string literal is expected"));
                };
                if nv.path.is_ident("name") {
                    o.name = Some(s.value())
                } else if nv.path.is_ident("sig") {
                    o.sig = Some(s.value())
                } else {
                    return Err(syn::Error::new_spanned(&nv.path, "unknown option"));
                }
            }
            other => return Err(syn::Error::new_spanned(other, "unknown option")),
        }
    }
    Ok(o)
}

/// A Rust function's name without what only avoids a keyword: `compile_` is compile, `__exit__` stays.
fn python_name(raw: &str) -> String {
    let name = raw.trim_start_matches("r#");
    let special = name.starts_with("__") && name.ends_with("__");
    if special { name.to_string() } else { name.strip_suffix('_').unwrap_or(name).to_string() }
}

/// The text of the doc comments.
pub fn doc(item: &ItemFn) -> String {
    let mut lines = Vec::new();
    for a in &item.attrs {
        if let Meta::NameValue(nv) = &a.meta
            && nv.path.is_ident("doc")
            && let Expr::Lit(ExprLit { lit: Lit::Str(s), .. }) = &nv.value
        {
            lines.push(s.value().strip_prefix(' ').map(str::to_string).unwrap_or_else(|| s.value()))
        }
    }
    lines.join("\n")
}

pub fn is_option(t: &Type) -> bool {
    matches!(t, Type::Path(p) if p.path.segments.last().is_some_and(|s| s.ident == "Option"))
}

/// `quote!` of an expression for the default's word.
fn default_word(text: &str) -> TokenStream {
    match text {
        "None" => quote!(W::NONE),
        "True" => quote!(W::TRUE),
        "False" => quote!(W::FALSE),
        t => {
            if let Ok(i) = t.parse::<i64>() {
                quote!(W::int(#i))
            } else if let Ok(f) = t.parse::<f64>() {
                quote!(sp.newfloat(#f))
            } else if t.len() >= 2 && (t.starts_with('\'') || t.starts_with('"')) {
                let inner = &t[1..t.len() - 1];
                quote!(sp.text(#inner))
            } else {
                quote!(W::NULL)
            }
        }
    }
}

pub fn expand(attr: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let o = options(attr)?;
    let item: ItemFn = syn::parse2(item)?;
    let (ident, vis) = (&item.sig.ident, &item.vis);
    let raw_name = ident.to_string();
    let name = o.name.clone().unwrap_or_else(|| python_name(&raw_name));
    let doc = doc(&item);
    let types: Vec<&Type> = item
        .sig
        .inputs
        .iter()
        .filter_map(|a| if let FnArg::Typed(t) = a { Some(&*t.ty) } else { None })
        .skip(1)
        .collect();
    let gate = gate_path();
    let kind = match (o.method, o.class, o.stat) {
        (true, false, false) => quote!(ff::METHOD),
        (false, true, false) => quote!(ff::CLASSMETHOD),
        (false, false, true) => quote!(ff::STATICMETHOD),
        (false, false, false) => quote!(0),
        _ => return Err(syn::Error::new_spanned(ident, "one of method, classmethod, staticmethod")),
    };
    let module = if o.with_module { quote!(ff::WITH_MODULE) } else { quote!(0) };
    let sig_text = o.sig.clone().unwrap_or_default();
    let (body, parsing) = if o.raw {
        (
            quote! {
                unsafe extern "C-unwind" fn gate(th: *mut Thread, w_self: W, args: *const W, n: usize, kwnames: W) -> W {
                    #gate(th, |sp| IntoW::into_w(#ident(sp, w_self, Args { ptr: args, n, kwnames })?, sp))
                }
            },
            quote!(ff::RAW),
        )
    } else {
        let Some(sig) = &o.sig else { return Err(syn::Error::new_spanned(ident, "sig = \"(...)\" is missing")) };
        let params = sig::parse(sig).map_err(|m| syn::Error::new_spanned(ident, m))?;
        let extra = o.with_module as usize;
        if params.len() + extra != types.len() {
            let m = format!("{} parameters in sig, {} in Rust (after sp)", params.len() + extra, types.len());
            return Err(syn::Error::new_spanned(&item.sig.inputs, m));
        }
        let mut lets = Vec::new();
        let mut names = Vec::new();
        for (i, t) in types.iter().enumerate() {
            let v = format_ident!("a{i}");
            let param = i.checked_sub(extra).map(|i| &params[i]);
            let pname = param.map_or("module", |p| p.name.as_str());
            let default = match param.and_then(|p| p.default.as_deref()) {
                _ if is_option(t) => quote!(None),
                Some(d) => {
                    let w = default_word(d);
                    quote!(FromArg::from_arg(sp, #w, #pname)?)
                }
                None => quote!(FromArg::from_arg(sp, w, #pname)?),
            };
            let given = if is_option(t) {
                quote!(Some(FromArg::from_arg(sp, w, #pname)?))
            } else {
                quote!(FromArg::from_arg(sp, w, #pname)?)
            };
            lets.push(quote! {
                // SAFETY: the gateway passes one word for each parameter.
                let w: W = unsafe { *args.add(#i) };
                let #v: #t = if w.is_null() { #default } else { #given };
            });
            names.push(v);
        }
        (
            quote! {
                unsafe extern "C-unwind" fn gate(th: *mut Thread, args: *const W) -> W {
                    #gate(th, |sp| { #(#lets)* IntoW::into_w(#ident(sp #(, #names)*)?, sp) })
                }
            },
            quote!(ff::PARSED),
        )
    };
    Ok(quote! {
        #item
        #[allow(non_camel_case_types, missing_docs)]
        #vis enum #ident {}
        #[allow(missing_docs)]
        impl #ident {
            pub const SPEC: ::taipan_plugin_api::abi::types::FnSpec = {
                #[allow(unused_imports)]
                use ::taipan_plugin_api::abi::{types::{FnSpec, Str, ff}, thread::Thread, word::W};
                #[allow(unused_imports)]
                use ::taipan_plugin_api::{Args, FromArg, IntoW};
                #body
                FnSpec {
                    name: Str::new(#name),
                    sig: Str::new(#sig_text),
                    doc: Str::new(#doc),
                    f: gate as *const (),
                    flags: #kind | #parsing | #module,
                    effects: ::taipan_plugin_api::abi::mode::effects::ANY,
                    record: ::std::ptr::null(),
                }
            };
        }
    })
}

/// Libraries other than the std space stop a panic at their border; inside the std space it unwinds to the evaluator's own border.
pub fn gate_path() -> TokenStream {
    if std::env::var("CARGO_PKG_NAME").as_deref() == Ok("taipan-std") {
        quote!(::taipan_plugin_api::gate::inside)
    } else {
        quote!(::taipan_plugin_api::gate::guarded)
    }
}
