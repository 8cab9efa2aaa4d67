//! `mutations!`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, ExprClosure, Ident, LitStr, Path, Result, Token, Type, parenthesized};

use crate::{list, words};

struct Argument {
    said: String,
    name: Ident,
    ty: Type,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        input.parse::<Token![:]>()?;
        Ok(Self { said: list::doc(&attributes), name, ty: input.parse()? })
    }
}

struct Mutation {
    attributes: Vec<Attribute>,
    is_bulk: bool,
    name: Ident,
    arguments: Punctuated<Argument, Token![,]>,
    answer: Option<Argument>,
    run: Path,
    right: Option<Path>,
    condition: Option<ExprClosure>,
}

/// Two mutations that have no rule of their own: `archive and restore for MANAGE;`, `attach and detach for MANAGE;`.
struct Pair {
    right: Path,
}

pub struct Mutations {
    record: Ident,
    field: Ident,
    mutations: Vec<Mutation>,
    archive: Option<Pair>,
    attach: Option<Pair>,
}

mod word {
    syn::custom_keyword!(bulk);
    syn::custom_keyword!(archive);
    syn::custom_keyword!(and);
    syn::custom_keyword!(restore);
    syn::custom_keyword!(attach);
    syn::custom_keyword!(detach);
}

impl Parse for Mutation {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let is_bulk = input.peek(word::bulk) && input.parse::<word::bulk>().is_ok();
        let name = input.parse()?;
        let list;
        parenthesized!(list in input);
        let arguments = list.parse_terminated(Argument::parse, Token![,])?;
        let mut answer = None;
        if input.peek(Token![->]) {
            input.parse::<Token![->]>()?;
            answer = Some(input.parse()?);
        }
        input.parse::<Token![=]>()?;
        let run = input.parse()?;
        let (mut right, mut condition) = (None, None);
        if input.peek(Token![for]) {
            input.parse::<Token![for]>()?;
            right = Some(input.parse()?);
        }
        if input.peek(Token![if]) {
            input.parse::<Token![if]>()?;
            condition = Some(input.parse()?);
        }
        input.parse::<Token![;]>()?;
        Ok(Self { attributes, is_bulk, name, arguments, answer, run, right, condition })
    }
}

impl Parse for Mutations {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let record = input.parse()?;
        input.parse::<Token![as]>()?;
        let field = input.parse()?;
        input.parse::<Token![;]>()?;
        let (mut mutations, mut archive, mut attach) = (Vec::new(), None, None);
        while !input.is_empty() {
            if input.peek(word::archive) && input.peek2(word::and) {
                archive = Some(Pair::parse::<word::archive, word::restore>(input)?);
            } else if input.peek(word::attach) && input.peek2(word::and) {
                attach = Some(Pair::parse::<word::attach, word::detach>(input)?);
            } else {
                mutations.push(input.parse()?);
            }
        }
        Ok(Self { record, field, mutations, archive, attach })
    }
}

impl Pair {
    fn parse<A: Parse, B: Parse>(input: ParseStream<'_>) -> Result<Self> {
        input.parse::<A>()?;
        input.parse::<word::and>()?;
        input.parse::<B>()?;
        input.parse::<Token![for]>()?;
        let right = input.parse()?;
        input.parse::<Token![;]>()?;
        Ok(Self { right })
    }
}

pub fn expand(all: Mutations) -> Result<TokenStream> {
    let Mutations { record, field, mutations, archive, attach } = &all;
    let noun = words::spaced(&field.to_string());
    let object = format_ident!("{record}Mutation");
    let mut fields = Vec::new();
    let mut payloads = Vec::new();
    for mutation in mutations {
        payloads.push(payload(mutation, record, field));
        fields.push(resolver(mutation, &noun)?);
    }
    let mut offers: Vec<_> = mutations.iter().filter_map(offer).collect();
    if let Some(Pair { right }) = archive {
        for verb in ["archive", "restore"] {
            let (payload, resolver) = archiving(record, field, verb, right);
            payloads.push(payload);
            fields.push(resolver);
        }
        let (archive, restore) =
            (words::camel(&format!("{field}_archive")), words::camel(&format!("{field}_restore")));
        offers.push(quote!((!::database::Record::is_archived(self), (#archive, &#right))));
        offers.push(quote!((::database::Record::is_archived(self), (#restore, &#right))));
    }
    if let Some(Pair { right }) = attach {
        let (attaching, resolvers) = attaching(record, field, right);
        payloads.push(attaching);
        fields.push(resolvers);
        let (attach, detach) =
            (words::camel(&format!("{field}_attach")), words::camel(&format!("{field}_detach")));
        offers.push(quote!((!::database::Record::is_archived(self), (#attach, &#right))));
        offers.push(quote!((true, (#detach, &#right))));
    }
    let said = format!("Mutations of a {noun}.");
    Ok(quote! {
        #(#payloads)*

        #[doc = #said]
        #[derive(Default)]
        pub struct #object;

        #[::async_graphql::Object]
        impl #object {
            #(#fields)*
        }

        impl ::graphql::Offered for #record {
            fn offered(&self) -> Vec<::graphql::Offer> {
                let all: &[(bool, ::graphql::Offer)] = &[#(#offers),*];
                all.iter().filter(|(is_offered, _)| *is_offered).map(|(_, offer)| *offer).collect()
            }
        }
    })
}

/// What `viewerPermissions` says of a mutation that is used on one that is there.
fn offer(mutation: &Mutation) -> Option<TokenStream> {
    let right = mutation.right.as_ref()?;
    let takes_one = mutation.arguments.iter().any(|argument| argument.name == "id");
    if mutation.is_bulk || !(takes_one || mutation.condition.is_some()) {
        return None;
    }
    let name = words::camel(&mutation.name.to_string());
    Some(match &mutation.condition {
        Some(condition) => quote!((::graphql::holds(self, #condition), (#name, &#right))),
        None => quote!((true, (#name, &#right))),
    })
}

fn payload_name(mutation: &str) -> Ident {
    words::ident(&format!("{}Payload", words::pascal(mutation)))
}

fn payload(mutation: &Mutation, record: &Ident, field: &Ident) -> TokenStream {
    let name = mutation.name.to_string();
    let payload = payload_name(&name);
    let said = format!("The result of {}.", words::camel(&name));
    if mutation.is_bulk {
        let row = payload_name(name.trim_end_matches("_bulk"));
        return quote! {
            ::graphql::bulk_payload!(#[doc = #said] #payload of #row);
        };
    }
    let (field, ty, said_of_field) = match &mutation.answer {
        Some(Argument { said, name, ty }) => (name, quote!(#ty), said.as_str()),
        None => (field, quote!(#record), ""),
    };
    let field_says = match said_of_field {
        "" => as_it_is(&words::spaced(&field.to_string())),
        said => said.to_owned(),
    };
    quote! {
        ::graphql::payload!(#[doc = #said] #payload { #[doc = #field_says] #field: #ty });
    }
}

/// What a payload says of the noun in it.
fn as_it_is(noun: &str) -> String {
    format!(
        "The {noun} as it is now; null when nothing was done, unless it was because somebody else had changed the {noun} first."
    )
}

const KEY_SAYS: &str = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with \
                        the same arguments, the request changes nothing and answers the same.";

fn resolver(mutation: &Mutation, noun: &str) -> Result<TokenStream> {
    let (attributes, name, run) = (&mutation.attributes, &mutation.name, &mutation.run);
    if list::doc(attributes).is_empty() {
        return Err(Error::new(name.span(), "a mutation says what it does: /// Creates a department."));
    }
    let payload = payload_name(&name.to_string());
    let mut arguments = Vec::new();
    for Argument { said, name, ty } in &mutation.arguments {
        let said = match (said.as_str(), name.to_string().as_str()) {
            ("", "id") => format!("The id of the {noun}."),
            ("", "input") => format!("The fields of the {noun}."),
            ("", _) => return Err(Error::new(name.span(), "an argument says what it is: /// The reason.")),
            (said, _) => said.to_owned(),
        };
        let said = LitStr::new(&said, name.span());
        arguments.push(quote!(#[graphql(desc = #said)] #name: #ty));
    }
    let names: Vec<_> = mutation.arguments.iter().map(|argument| &argument.name).collect();
    let bounded = mutation.is_bulk.then(|| {
        let rows = names.first();
        quote!(::graphql::check_bulk(#rows.len())?;)
    });
    Ok(quote! {
        #(#attributes)*
        async fn #name(
            &self,
            gql: &::async_graphql::Context<'_>,
            #(#arguments,)*
            #[graphql(desc = #KEY_SAYS)] idempotency_key: Option<::async_graphql::ID>,
        ) -> ::common::Result<Option<#payload>> {
            #bounded
            let ctx = ::graphql::once(gql, idempotency_key)?;
            ::graphql::apart(move || async move {
                #payload::answer(gql, #run(&ctx #(, #names)*).await).await.map(Some)
            })
            .await
        }
    })
}

/// Archiving and restoring have no rule of their own, so they are written here.
fn archiving(record: &Ident, field: &Ident, verb: &str, right: &Path) -> (TokenStream, TokenStream) {
    let noun = words::spaced(&field.to_string());
    let name = format_ident!("{field}_{verb}");
    let bulk = format_ident!("{field}_{verb}_bulk");
    let run = format_ident!("{verb}");
    let run_many = format_ident!("{verb}_many");
    let (says, bulk_says) = match verb {
        "archive" => (
            format!("Archives a {noun}: it is offered no more, and what refers to it still does."),
            format!("Archives every {noun} of a list; one answer for each, in the order of the list."),
        ),
        _ => (
            format!("Restores an archived {noun}: it is offered again."),
            format!("Restores every {noun} of a list; one answer for each, in the order of the list."),
        ),
    };
    let (payload, bulk_payload) = (payload_name(&name.to_string()), payload_name(&bulk.to_string()));
    let (payload_says, bulk_payload_says) = (
        format!("The result of {}.", words::camel(&name.to_string())),
        format!("The result of {}.", words::camel(&bulk.to_string())),
    );
    let field_says = as_it_is(&noun);
    let (id_says, ids_say) =
        (format!("The id of the {noun}."), format!("The id of each {noun}, 500 at most."));
    let payloads = quote! {
        ::graphql::payload!(#[doc = #payload_says] #payload { #[doc = #field_says] #field: #record });
        ::graphql::bulk_payload!(#[doc = #bulk_payload_says] #bulk_payload of #payload);
    };
    let resolvers = quote! {
        #[doc = #says]
        async fn #name(
            &self,
            gql: &::async_graphql::Context<'_>,
            #[graphql(desc = #id_says)] id: <#record as ::database::Record>::Id,
            #[graphql(desc = #KEY_SAYS)] idempotency_key: Option<::async_graphql::ID>,
        ) -> ::common::Result<Option<#payload>> {
            let ctx = ::graphql::once(gql, idempotency_key)?;
            ::graphql::apart(move || async move {
                #payload::answer(gql, ::database::#run::<#record>(&ctx, &#right, id).await).await.map(Some)
            })
            .await
        }

        #[doc = #bulk_says]
        async fn #bulk(
            &self,
            gql: &::async_graphql::Context<'_>,
            #[graphql(desc = #ids_say)] ids: Vec<<#record as ::database::Record>::Id>,
            #[graphql(desc = #KEY_SAYS)] idempotency_key: Option<::async_graphql::ID>,
        ) -> ::common::Result<Option<#bulk_payload>> {
            ::graphql::check_bulk(ids.len())?;
            let ctx = ::graphql::once(gql, idempotency_key)?;
            ::graphql::apart(move || async move {
                let done = ::database::#run_many::<#record>(&ctx, &#right, ids).await;
                #bulk_payload::answer(gql, done).await.map(Some)
            })
            .await
        }
    };
    (payloads, resolvers)
}

/// Attaching a file and detaching it have no rule of the noun's own either.
fn attaching(record: &Ident, field: &Ident, right: &Path) -> (TokenStream, TokenStream) {
    let noun = words::spaced(&field.to_string());
    let (attach, detach) = (format_ident!("{field}_attach"), format_ident!("{field}_detach"));
    let (attach_payload, detach_payload) =
        (payload_name(&attach.to_string()), payload_name(&detach.to_string()));
    let says = |name: &Ident| format!("The result of {}.", words::camel(&name.to_string()));
    let (attach_payload_says, detach_payload_says) = (says(&attach), says(&detach));
    let field_says = as_it_is(&noun);
    let id_says = format!("The id of the {noun}.");
    let (attach_says, detach_says) = (
        format!("Attaches a file to a {noun}; fileUpload says how the file is brought here first."),
        format!("Detaches a file from a {noun}. The file is kept for 30 days, and then forgotten."),
    );
    let payloads = quote! {
        ::graphql::payload!(#[doc = #attach_payload_says] #attach_payload { #[doc = #field_says] #field: #record });
        ::graphql::payload!(#[doc = #detach_payload_says] #detach_payload { #[doc = #field_says] #field: #record });
    };
    let resolvers = quote! {
        #[doc = #attach_says]
        async fn #attach(
            &self,
            gql: &::async_graphql::Context<'_>,
            #[graphql(desc = #id_says)] id: <#record as ::database::Record>::Id,
            #[graphql(desc = "The receipt that came back when the bytes of the file were put.")] receipt: String,
            #[graphql(desc = #KEY_SAYS)] idempotency_key: Option<::async_graphql::ID>,
        ) -> ::common::Result<Option<#attach_payload>> {
            let ctx = ::graphql::once(gql, idempotency_key)?;
            ::graphql::apart(move || async move {
                let files = gql.data_unchecked::<::files::Files>();
                let done = ::files::attach::<#record>(&ctx, files, &#right, id, &receipt).await;
                #attach_payload::answer(gql, done).await.map(Some)
            })
            .await
        }

        #[doc = #detach_says]
        async fn #detach(
            &self,
            gql: &::async_graphql::Context<'_>,
            #[graphql(desc = #id_says)] id: <#record as ::database::Record>::Id,
            #[graphql(desc = "The id of the attachment.")] attachment_id: ::async_graphql::ID,
            #[graphql(desc = #KEY_SAYS)] idempotency_key: Option<::async_graphql::ID>,
        ) -> ::common::Result<Option<#detach_payload>> {
            let ctx = ::graphql::once(gql, idempotency_key)?;
            ::graphql::apart(move || async move {
                let done = ::files::detach::<#record>(&ctx, &#right, id, &attachment_id).await;
                #detach_payload::answer(gql, done).await.map(Some)
            })
            .await
        }
    };
    (payloads, resolvers)
}
