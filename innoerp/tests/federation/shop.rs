//! Two subgraphs of a small shop, each behind a listener of its own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_graphql::{
    EmptyMutation, ErrorExtensions as _, Object, ObjectType, Schema, SimpleObject, Subscription,
    SubscriptionType,
};
use async_graphql_axum::{GraphQLRequest, GraphQLResponse, GraphQLSubscription};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use futures::{Stream, stream};
use tokio::net::TcpListener;

/// A subgraph that is being served, and the headers of every call that it got.
pub struct Served {
    address: SocketAddr,
    pub sdl: String,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
    is_silent: Arc<AtomicBool>,
}

impl Served {
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Whether it answers every question with a failure from now on.
    pub fn go_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::Relaxed);
    }

    /// The headers of the last call.
    pub fn last_headers(&self) -> HeaderMap {
        self.seen.lock().unwrap().last().cloned().unwrap_or_default()
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
    let sdl = schema.sdl_with_options(async_graphql::SDLExportOptions::new().federation());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let is_silent = Arc::new(AtomicBool::new(false));
    let (answering, noting, silent) = (schema.clone(), seen.clone(), is_silent.clone());
    let answer = move |headers: HeaderMap, request: GraphQLRequest| async move {
        if silent.load(Ordering::Relaxed) {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        noting.lock().unwrap().push(headers);
        Ok(GraphQLResponse::from(answering.execute(request.into_inner()).await))
    };
    let routes =
        axum::Router::new().route("/graphql", post(answer).get_service(GraphQLSubscription::new(schema)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Served { address, sdl, seen, is_silent }
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
    /// Fails, as somebody who shows too much, with this code or none.
    async fn failing(&self, code: Option<String>) -> async_graphql::Result<Option<i32>> {
        let error = async_graphql::Error::new("no row in orders at db.internal");
        Err(error.extend_with(|_, extensions| {
            extensions.set("stacktrace", "at pay (/srv/pay.js:7)");
            code.into_iter().for_each(|code| extensions.set("code", code));
        }))
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

/// The shop's supergraph as a composer of the federation writes it.
pub fn supergraph(products: &str, reviews: &str) -> String {
    format!(
        r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{{ query: Query subscription: Subscription }}

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet
scalar link__Import
enum link__Purpose {{ SECURITY EXECUTION }}
enum join__Graph {{
  PRODUCTS @join__graph(name: "Products-1", url: "{products}")
  REVIEWS @join__graph(name: "reviews", url: "{reviews}")
}}

type Query @join__type(graph: PRODUCTS) @join__type(graph: REVIEWS) {{
  products: [Product!]! @join__field(graph: PRODUCTS)
  bestReviewed: Product! @join__field(graph: REVIEWS)
}}
type Subscription @join__type(graph: PRODUCTS) {{
  priceChanged: Product! @join__field(graph: PRODUCTS)
}}
type Product @join__type(graph: PRODUCTS, key: "upc") @join__type(graph: REVIEWS, key: "upc") {{
  upc: String!
  name: String! @join__field(graph: PRODUCTS)
  stars: Int! @join__field(graph: REVIEWS)
}}
"#
    )
}
