//! `sorts!` and `page!`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Result, Token, braced, bracketed};

use crate::words;

pub struct Sorts {
    attributes: Vec<Attribute>,
    name: Ident,
    orders: Punctuated<Order, Token![,]>,
}

struct Order {
    attributes: Vec<Attribute>,
    /// The default is from the end, when it is the first one.
    is_descending: bool,
    name: Ident,
}

mod word {
    syn::custom_keyword!(desc);
}

impl Parse for Order {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let is_descending = input.parse::<Option<word::desc>>()?.is_some();
        Ok(Self { attributes, is_descending, name: input.parse()? })
    }
}

impl Parse for Sorts {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (attributes, name) = (input.call(Attribute::parse_outer)?, input.parse()?);
        let body;
        braced!(body in input);
        Ok(Self { attributes, name, orders: body.parse_terminated(Order::parse, Token![,])? })
    }
}

/// The text of a doc comment.
pub fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ")
}

pub fn sorts(sorts: Sorts) -> Result<TokenStream> {
    let (attributes, name) = (&sorts.attributes, &sorts.name);
    let mut variants = Vec::new();
    let mut arms = Vec::new();
    for (at, Order { attributes, is_descending, name: order }) in sorts.orders.iter().enumerate() {
        let said = doc(attributes);
        if said.is_empty() {
            return Err(Error::new(order.span(), "an order says what it is: /// By name."));
        }
        let descending = format_ident!("{order}Desc");
        let said_descending = format!("{}, from the end.", said.trim_end_matches('.'));
        let default = |is: bool| (at == 0 && is).then(|| quote!(#[default]));
        let (first, second) = (default(!is_descending), default(*is_descending));
        variants.push(quote!(#(#attributes)* #first #order, #[doc = #said_descending] #second #descending));
        let (ascending_name, descending_name) = (order.to_string(), descending.to_string());
        arms.push(quote!(Self::#order => #ascending_name, Self::#descending => #descending_name));
    }
    Ok(quote! {
        #(#attributes)*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ::async_graphql::Enum)]
        pub enum #name {
            #(#variants),*
        }

        impl ::common::Sort for #name {
            fn name(self) -> &'static str {
                match self { #(#arms),* }
            }
        }
    })
}

pub struct Page {
    tx: Expr,
    record: Ident,
    page: Expr,
    sort: Expr,
    sorts: Ident,
    orders: Punctuated<(Ident, LitStr), Token![,]>,
    filter: TokenStream,
    arguments: Punctuated<Expr, Token![,]>,
}

impl Parse for Page {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let tx = input.parse()?;
        input.parse::<Token![,]>()?;
        let record = input.parse()?;
        input.parse::<Token![,]>()?;
        let page = input.parse()?;
        input.parse::<Token![,]>()?;
        // Not an expression of its own: `sort: Sorts { … }` would read as a struct.
        let sort: Ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let sorts = input.parse()?;
        let body;
        braced!(body in input);
        let order = |input: ParseStream<'_>| {
            let order = input.parse()?;
            input.parse::<Token![=>]>()?;
            Ok((order, input.parse()?))
        };
        let orders = body.parse_terminated(order, Token![,])?;
        input.parse::<Token![,]>()?;
        let filter: LitStr = input.parse()?;
        input.parse::<Token![,]>()?;
        let list;
        bracketed!(list in input);
        let arguments = list.parse_terminated(Expr::parse, Token![,])?;
        input.parse::<Option<Token![,]>>()?;
        let sort = syn::parse_quote!(#sort);
        Ok(Self { tx, record, page, sort, sorts, orders, filter: quote!(#filter), arguments })
    }
}

pub fn page(page: Page) -> Result<TokenStream> {
    let Page { tx, record, page, sort, sorts, orders, filter, arguments } = page;
    if orders.is_empty() {
        return Err(Error::new(Span::call_site(), "a list has an order"));
    }
    let select = format_ident!("select_{}", words::snake(&record.to_string()));
    let arguments: Vec<_> = arguments.into_iter().collect();
    let arms = orders.iter().map(|(order, column)| {
        let descending = format_ident!("{order}Desc");
        let columns: Vec<Ident> = column.value().split(", ").map(|name| Ident::new(name, column.span())).collect();
        let names = columns.iter().map(ToString::to_string);
        let key = quote! {
            |row: &#record| ::common::reexport::serde_json::json!({ #(#names: #select!(@value row #columns)),* })
        };
        quote! {
            #sorts::#order => {
                let asked = #select!(@page ">" "" #column #filter [after, page.limit() #(, #arguments)*]);
                (asked.fetch_all(#tx.conn()).await, (#key) as fn(&#record) -> ::common::reexport::serde_json::Value)
            }
            #sorts::#descending => {
                let asked = #select!(@page "<" " desc" #column #filter [after, page.limit() #(, #arguments)*]);
                (asked.fetch_all(#tx.conn()).await, (#key) as fn(&#record) -> ::common::reexport::serde_json::Value)
            }
        }
    });
    Ok(quote! {{
        let page: &::common::Page = &#page;
        let place = ::common::Place::new(<#record as ::database::Record>::TABLE, ::common::Sort::name(#sort));
        let after = page.after_row(place)?;
        #tx.plan_afresh().await?;
        let (rows, key) = match #sort { #(#arms)* };
        let rows = ::common::page_of(rows)?;
        let total = match page.is_counted {
            true => Some(#select!(@count #filter [#(#arguments),*]).fetch_one(#tx.conn()).await?),
            false => None,
        };
        let key = |row: &#record| (::database::Record::id(row).into(), key(row));
        ::common::Slice { total, ..page.slice_by(place, rows, key) }
    }})
}
