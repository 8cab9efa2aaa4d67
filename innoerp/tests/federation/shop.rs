//! Two subgraphs of a small shop, each behind a listener of its own.

use std::net::SocketAddr;

use async_graphql::{
    EmptyMutation, Object, ObjectType, Schema, SimpleObject, Subscription, SubscriptionType,
};
use async_graphql_axum::{GraphQLRequest, GraphQLResponse, GraphQLSubscription};
use axum::routing::post;
use futures::{Stream, stream};
use tokio::net::TcpListener;

/// A subgraph that is being served.
pub struct Served {
    address: SocketAddr,
}

impl Served {
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }
}

/// Serves a schema over HTTP and, at the same path, over WebSockets.
async fn serve<Q, S>(query: Q, subscription: S) -> Served
where
    Q: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let schema = Schema::build(query, EmptyMutation, subscription)
        .enable_federation()
        .enable_subscription_in_federation()
        .finish();
    let answering = schema.clone();
    let answer = move |request: GraphQLRequest| async move {
        GraphQLResponse::from(answering.execute(request.into_inner()).await)
    };
    let routes =
        axum::Router::new().route("/graphql", post(answer).get_service(GraphQLSubscription::new(schema)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Served { address }
}

/// Owns products.
pub async fn products() -> Served {
    serve(Products, Prices).await
}

/// Adds stars to products.
pub async fn reviews() -> Served {
    serve(Reviews, async_graphql::EmptySubscription).await
}

#[derive(SimpleObject)]
struct Product {
    upc: String,
    name: String,
}

struct Products;

#[Object(name = "Query")]
impl Products {
    async fn products(&self) -> Vec<Product> {
        ["table", "couch"].into_iter().map(product).collect()
    }
    #[graphql(entity)]
    async fn product(&self, upc: String) -> Product {
        product(&upc)
    }
}

fn product(upc: &str) -> Product {
    Product { upc: upc.to_owned(), name: format!("The {upc}") }
}

struct Prices;

#[Subscription(name = "Subscription")]
impl Prices {
    /// Products whose price has changed; two of them.
    async fn price_changed(&self) -> impl Stream<Item = Product> {
        stream::iter(["couch", "table"].map(product))
    }
}

struct Reviews;

struct Reviewed {
    upc: String,
}

#[Object(name = "Product")]
impl Reviewed {
    async fn upc(&self) -> &str {
        &self.upc
    }
    async fn stars(&self) -> i32 {
        if self.upc == "table" { 5 } else { 3 }
    }
}

#[Object(name = "Query")]
impl Reviews {
    async fn best_reviewed(&self) -> Reviewed {
        Reviewed { upc: "table".to_owned() }
    }
    #[graphql(entity)]
    async fn product(&self, upc: String) -> Reviewed {
        Reviewed { upc }
    }
}
