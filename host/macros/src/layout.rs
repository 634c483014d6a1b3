//! `#[derive(GcObject)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Result};

pub fn expand(item: TokenStream) -> Result<TokenStream> {
    let item: DeriveInput = syn::parse2(item)?;
    let ident = &item.ident;
    let Data::Struct(s) = &item.data else { return Err(syn::Error::new_spanned(ident, "a struct is expected")) };
    let Fields::Named(fields) = &s.fields else {
        return Err(syn::Error::new_spanned(ident, "named fields are expected"));
    };
    if !item.attrs.iter().any(|a| a.path().is_ident("repr")) {
        return Err(syn::Error::new_spanned(ident, "#[repr(C)] is missing: the layout is seen by the collector"));
    }
    let maps = fields.named.iter().map(|f| {
        let (name, ty) = (&f.ident, &f.ty);
        quote!(map |= <#ty as ::taipan_plugin_api::layout::GcField>::MAP << (::std::mem::offset_of!(#ident, #name) / 8);)
    });
    Ok(quote! {
        // SAFETY: the map is computed from the fields; a field type that is not `GcField` does not compile.
        unsafe impl ::taipan_plugin_api::layout::GcObject for #ident {
            const PTR_MAP: u64 = {
                let mut map = 0u64;
                #(#maps)*
                map
            };
        }
    })
}
