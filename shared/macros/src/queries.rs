//! `queries!`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, Path, Result, Token, parenthesized};

use crate::words;

pub struct Queries {
    record: Ident,
    list_doc: Vec<Attribute>,
    list: Ident,
    filter: Path,
    sort: Path,
    run: Path,
    one_doc: Vec<Attribute>,
    one: Ident,
}

impl Parse for Queries {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let record = input.parse()?;
        input.parse::<Token![;]>()?;
        let (list_doc, list) = (input.call(Attribute::parse_outer)?, input.parse()?);
        let arguments;
        parenthesized!(arguments in input);
        let filter = arguments.parse()?;
        arguments.parse::<Token![,]>()?;
        let sort = arguments.parse()?;
        input.parse::<Token![=]>()?;
        let run = input.parse()?;
        input.parse::<Token![;]>()?;
        let (one_doc, one) = (input.call(Attribute::parse_outer)?, input.parse()?);
        input.parse::<Token![;]>()?;
        Ok(Self { record, list_doc, list, filter, sort, run, one_doc, one })
    }
}

pub fn expand(queries: Queries) -> Result<TokenStream> {
    let Queries { record, list_doc, list, filter, sort, run, one_doc, one } = queries;
    let object = format_ident!("{record}Query");
    let entity = format_ident!("{one}_by_id");
    let noun = words::spaced(&one.to_string());
    let (id_says, said) = (format!("The id of the {noun}."), format!("Queries about a {noun}."));
    Ok(quote! {
        #[doc = #said]
        #[derive(Default)]
        pub struct #object;

        #[::async_graphql::Object]
        impl #object {
            #(#list_doc)*
            async fn #list(
                &self,
                gql: &::async_graphql::Context<'_>,
                #[graphql(desc = "The number of rows, 1 to 100; 20 when absent.")] first: Option<i32>,
                #[graphql(desc = "The cursor of the row to continue after, from the same list in the same order.")]
                after: Option<String>,
                #[graphql(desc = "The conditions that every row must meet.")] filter: Option<#filter>,
                #[graphql(desc = "The order of the rows; when absent, the one that the list is said to have.")] sort: Option<#sort>,
            ) -> ::common::Result<::graphql::Page<#record>> {
                let page = ::graphql::page(gql, first, after.as_deref())?;
                let (filter, sort) = (filter.unwrap_or_default(), sort.unwrap_or_default());
                ::graphql::listed(gql, #run(::graphql::App::app(gql), filter, sort, page).await).await
            }

            #(#one_doc)*
            async fn #one(
                &self,
                gql: &::async_graphql::Context<'_>,
                #[graphql(desc = #id_says)] id: <#record as ::database::Record>::Id,
            ) -> ::common::Result<Option<#record>> {
                ::graphql::App::find(gql, id).await
            }

            #(#one_doc)*
            #[graphql(entity)]
            async fn #entity(
                &self,
                gql: &::async_graphql::Context<'_>,
                id: <#record as ::database::Record>::Id,
            ) -> ::common::Result<Option<#record>> {
                ::graphql::App::find(gql, id).await
            }
        }
    })
}
