//! `#[noun]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, ItemImpl, Path, Result, Token};

/// `#[noun]`, or in brackets: `no_mutations`, `custom_fields`, `attachments`, `attachments for RIGHT`, `history for RIGHT`.
pub struct Arguments {
    has_mutations: bool,
    has_custom_fields: bool,
    attachments: Option<Attachments>,
    history_right: Option<Path>,
}

struct Attachments {
    right: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments =
            Self { has_mutations: true, has_custom_fields: false, attachments: None, history_right: None };
        while !input.is_empty() {
            let word: Ident = input.parse()?;
            match word.to_string().as_str() {
                "no_mutations" => arguments.has_mutations = false,
                "custom_fields" => arguments.has_custom_fields = true,
                "attachments" => {
                    let is_for = input.parse::<Option<Token![for]>>()?.is_some();
                    let right = if is_for { Some(input.parse()?) } else { None };
                    arguments.attachments = Some(Attachments { right });
                }
                "history" => {
                    input.parse::<Token![for]>()?;
                    arguments.history_right = Some(input.parse()?);
                }
                _ => {
                    return Err(Error::new(
                        word.span(),
                        "expected no_mutations, custom_fields, attachments or history for a right",
                    ));
                }
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(arguments)
    }
}

pub fn expand(arguments: Arguments, mut item: ItemImpl) -> Result<TokenStream> {
    let history = match arguments.has_custom_fields {
        false => quote!(::graphql::history(gql, self, first, after.as_deref()).await),
        true => quote! {
            let hidden = ::custom::hidden(gql, self).await?;
            ::graphql::history_without(gql, self, &hidden, first, after.as_deref()).await
        },
    };
    let (hidden_history, whose_history) = match &arguments.history_right {
        None => (TokenStream::new(), TokenStream::new()),
        Some(right) => (
            quote!(if !::graphql::extends_to(gql, &#right, self).await? { return Ok(::graphql::connection(::std::default::Default::default())); }),
            quote!(#[doc = " Nothing for those to whom it is not open."]),
        ),
    };
    item.items.push(syn::parse_quote! {
        /// The changes made to it, the latest first: by whom, when, and what was there before. Fields that the
        /// caller has no right to see are left out.
        #whose_history
        #[graphql(directive = ::graphql::cost::apply(2))]
        async fn history(
            &self,
            gql: &::async_graphql::Context<'_>,
            #[graphql(desc = "The number of entries, 1 to 100; 20 when absent.")] first: Option<i32>,
            #[graphql(desc = "The cursor of the entry to continue after.")] after: Option<String>,
        ) -> ::common::Result<::graphql::Page<crate::HistoryEntry>> {
            #hidden_history
            #history
        }
    });
    if arguments.has_mutations {
        item.items.push(syn::parse_quote! {
            /// The names of the mutations that the caller may use on it now, by their rights and by its state.
            #[graphql(directive = ::graphql::cost::apply(1))]
            async fn viewer_permissions(
                &self,
                gql: &::async_graphql::Context<'_>,
            ) -> ::common::Result<Vec<&'static str>> {
                ::graphql::viewer_permissions(gql, self).await
            }
        });
    }
    if arguments.has_custom_fields {
        item.items.push(syn::parse_quote! {
            /// What the organization knows of it by fields of its own, in the order of the fields: every one in use, and
            /// those out of use that have a value. Fields that the caller may not see are left out.
            async fn custom_fields(
                &self,
                gql: &::async_graphql::Context<'_>,
            ) -> ::common::Result<Vec<::custom::CustomFieldValue>> {
                ::custom::shown(gql, self, &self.custom_fields).await
            }
        });
    }
    match arguments.attachments {
        None => {}
        Some(Attachments { right: None }) => item.items.push(syn::parse_quote! {
            /// The files that are attached to it, the oldest first; 50 at most.
            async fn attachments(
                &self,
                gql: &::async_graphql::Context<'_>,
            ) -> ::common::Result<Vec<crate::Attachment>> {
                Ok(::files::attachments(gql, self, None).await?.unwrap_or_default())
            }
        }),
        Some(Attachments { right: Some(right) }) => item.items.push(syn::parse_quote! {
            /// The files that are attached to it, the oldest first, 50 at most; null when the caller may not see them.
            async fn attachments(
                &self,
                gql: &::async_graphql::Context<'_>,
            ) -> ::common::Result<Option<Vec<crate::Attachment>>> {
                ::files::attachments(gql, self, Some(&#right)).await
            }
        }),
    }
    Ok(quote! {
        #[::async_graphql::ComplexObject]
        #item
    })
}
