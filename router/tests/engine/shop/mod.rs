//! A small shop as four subgraphs: accounts, products, reviews, inventory.

pub mod accounts;
pub mod inventory;
pub mod products;
pub mod reviews;

use std::sync::{Arc, Mutex};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, ID, Interface, Object, ObjectType, Result,
    SDLExportOptions, Schema, SchemaBuilder, SimpleObject, SubscriptionType, Union,
};
use futures::stream::{self, Stream, StreamExt};
use graphql::Executable;

pub type Log = Arc<Mutex<Vec<String>>>;

pub fn executable<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> Executable
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let schema = builder.enable_federation().enable_subscription_in_federation().finish();
    let sdl = schema.sdl_with_options(SDLExportOptions::new().federation());
    let streamed = schema.clone();
    Executable::new(
        sdl,
        move |request| {
            let schema = schema.clone();
            Box::pin(async move { schema.execute(request).await })
        },
        move |request| streamed.execute_stream(request).boxed(),
    )
}

/// Notes every call: subgraph, operation, variables.
pub fn noted(name: &'static str, inner: Executable, log: Log) -> Executable {
    let streamed = inner.clone();
    Executable::new(
        inner.sdl.clone(),
        move |request| {
            log.lock().unwrap().push(format!("{name} {} {}", request.query, request.variables));
            let inner = inner.clone();
            Box::pin(async move { inner.execute(request).await })
        },
        move |request| streamed.stream(request),
    )
}

/// A subgraph without root fields of its own.
pub fn entities_only() -> Executable {
    executable(Schema::build(inventory::Entities, EmptyMutation, EmptySubscription))
}
