//! `#[noun]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, ItemImpl, Result};

/// `#[noun]` or `#[noun(no_mutations)]`.
pub struct Arguments {
    has_mutations: bool,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self { has_mutations: true });
        }
        let word: Ident = input.parse()?;
        if word != "no_mutations" {
            return Err(Error::new(word.span(), "expected nothing or no_mutations"));
        }
        Ok(Self { has_mutations: false })
    }
}

pub fn expand(arguments: Arguments, mut item: ItemImpl) -> Result<TokenStream> {
    item.items.push(syn::parse_quote! {
        /// The changes made to it, the latest first: by whom, when, and what was there before. Fields that the
        /// caller has no right to see are left out.
        async fn history(
            &self,
            gql: &::async_graphql::Context<'_>,
            #[graphql(desc = "The number of entries, 1 to 100; 20 when absent.")] first: Option<i32>,
            #[graphql(desc = "The cursor of the entry to continue after.")] after: Option<String>,
        ) -> ::common::Result<::graphql::Page<crate::HistoryEntry>> {
            ::graphql::history(gql, self, first, after.as_deref()).await
        }
    });
    if arguments.has_mutations {
        item.items.push(syn::parse_quote! {
            /// The names of the mutations that the caller may use on it now, by their rights and by its state.
            async fn viewer_permissions(
                &self,
                gql: &::async_graphql::Context<'_>,
            ) -> ::common::Result<Vec<&'static str>> {
                ::graphql::viewer_permissions(gql, self).await
            }
        });
    }
    Ok(quote! {
        #[::async_graphql::ComplexObject]
        #item
    })
}
