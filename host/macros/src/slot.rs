//! `#[slot]`.

use crate::func::gate_path;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, ItemFn, Result, ReturnType, Type};

pub fn expand(item: TokenStream) -> Result<TokenStream> {
    let item: ItemFn = syn::parse2(item)?;
    let (ident, vis) = (&item.sig.ident, &item.vis);
    let docs = item
        .attrs
        .iter()
        .filter(|a| a.path().is_ident("doc") || a.path().is_ident("cold") || a.path().is_ident("inline"));
    let ReturnType::Type(_, ret) = &item.sig.output else {
        return Err(syn::Error::new_spanned(&item.sig, "a slot returns Res<..>"));
    };
    let gate = gate_path();
    let (mut params, mut args) = (Vec::new(), Vec::new());
    for (i, a) in item.sig.inputs.iter().enumerate().skip(1) {
        let FnArg::Typed(t) = a else { return Err(syn::Error::new_spanned(a, "a slot is a plain function")) };
        let v = format_ident!("a{i}");
        if matches!(&*t.ty, Type::Path(p) if p.path.is_ident("Args")) {
            params.push(quote!(#v: *const ::taipan_plugin_api::abi::word::W, n: usize, kwnames: ::taipan_plugin_api::abi::word::W));
            args.push(quote!(::taipan_plugin_api::Args { ptr: #v, n, kwnames }));
        } else {
            let ty = &t.ty;
            params.push(quote!(#v: #ty));
            args.push(quote!(#v));
        }
    }
    let (body, inputs) = (&item.block, &item.sig.inputs);
    Ok(quote! {
        #(#docs)*
        #[allow(missing_docs)]
        #vis unsafe extern "C-unwind" fn #ident(th: *mut ::taipan_plugin_api::abi::thread::Thread #(, #params)*)
            -> <#ret as ::taipan_plugin_api::gate::SlotResult>::Raw
        {
            #[inline(always)]
            fn slot_body(#inputs) -> #ret #body
            #gate(th, |sp| slot_body(sp #(, #args)*))
        }
    })
}
