//! `inputs!`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, Result, Token, Type, braced};

/// What a field may be when creating and when changing.
enum Word {
    Once,
    Required,
    Defaulted,
    Nullable,
}

struct Field {
    attributes: Vec<Attribute>,
    word: Word,
    name: Ident,
    ty: Type,
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let word: Ident = input.parse()?;
        let word = match word.to_string().as_str() {
            "once" => Word::Once,
            "required" => Word::Required,
            "defaulted" => Word::Defaulted,
            "nullable" => Word::Nullable,
            _ => {
                let expected = "a field begins with once, required, defaulted or nullable";
                return Err(Error::new(word.span(), expected));
            }
        };
        let name = input.parse()?;
        input.parse::<Token![:]>()?;
        Ok(Self { attributes, word, name, ty: input.parse()? })
    }
}

pub struct Inputs {
    create: (Vec<Attribute>, Ident),
    update: (Vec<Attribute>, Ident),
    fields: Punctuated<Field, Token![,]>,
}

impl Parse for Inputs {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let create = (input.call(Attribute::parse_outer)?, input.parse()?);
        input.parse::<Token![,]>()?;
        let update = (input.call(Attribute::parse_outer)?, input.parse()?);
        let body;
        braced!(body in input);
        Ok(Self { create, update, fields: body.parse_terminated(Field::parse, Token![,])? })
    }
}

pub fn expand(inputs: Inputs) -> Result<TokenStream> {
    let ((create_doc, create), (update_doc, update)) = (&inputs.create, &inputs.update);
    let creating = inputs.fields.iter().map(|Field { attributes, word, name, ty }| match word {
        Word::Once | Word::Required => quote!(#(#attributes)* pub #name: #ty),
        Word::Defaulted | Word::Nullable => quote!(#(#attributes)* pub #name: Option<#ty>),
    });
    let may_change = || inputs.fields.iter().filter(|field| !matches!(field.word, Word::Once));
    let changing = may_change().map(|Field { attributes, name, ty, .. }| {
        quote!(#(#attributes)* pub #name: ::async_graphql::MaybeUndefined<#ty>)
    });
    let given = may_change().map(|Field { word, name, .. }| match word {
        Word::Once | Word::Required => quote!(#name: ::async_graphql::MaybeUndefined::Value(input.#name)),
        // Who creates says nothing by null that they would not say by leaving it out.
        Word::Defaulted | Word::Nullable => {
            quote!(#name: input.#name.map_or(::async_graphql::MaybeUndefined::Undefined, ::async_graphql::MaybeUndefined::Value))
        }
    });
    Ok(quote! {
        #(#create_doc)*
        #[derive(Clone, Debug, ::async_graphql::InputObject)]
        pub struct #create {
            #(#creating),*
        }

        #(#update_doc)*
        #[derive(Clone, Debug, Default, ::async_graphql::InputObject)]
        pub struct #update {
            /// The version that the change was made from; refused with VERSION_CONFLICT when there is a later one.
            pub version: i32,
            #(#changing),*
        }

        impl From<#create> for #update {
            fn from(input: #create) -> Self {
                Self { version: 0, #(#given),* }
            }
        }
    })
}
