use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use graphql::Executable;
use router::{OperationKind, Supergraph};
use serde_json::{Map, Value, json};

use crate::{context, local, shop, subgraphs};

pub(crate) async fn events(api: &Supergraph, document: &str) -> Vec<Value> {
    let operation = api.prepare(document, None).unwrap();
    let events = operation.subscribe(context(), Map::new());
    events.map(|event| crate::json_of(&event)).collect().await
}

#[tokio::test]
async fn every_event_is_completed_by_the_other_subgraphs() {
    let api = shop();
    let document = "subscription { reviewAdded { body author { name } product { inStock } } }";
    let operation = api.prepare(document, None).unwrap();
    assert_eq!(operation.kind(), OperationKind::Subscription);
    assert_eq!(operation.subgraphs().collect::<Vec<_>>(), ["accounts", "inventory", "reviews"]);
    let events = events(&api, document).await;
    assert_eq!(events.len(), 4);
    assert_eq!(
        events[2],
        json!({ "data": { "reviewAdded":
            { "body": "Could be better", "author": { "name": "Grace" }, "product": { "inStock": true } } } })
    );
}

#[tokio::test]
async fn requirements_of_an_event_do_not_leak() {
    let events = events(&shop(), "subscription { priceChanged { shippingCost } }").await;
    assert_eq!(events[0], json!({ "data": { "priceChanged": { "shippingCost": 999 } } }));
}

#[tokio::test]
async fn dropping_the_stream_ends_it_at_the_subgraph() {
    struct Ended(Arc<AtomicBool>);
    impl Drop for Ended {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let ended = Arc::new(AtomicBool::new(false));
    let guard = ended.clone();
    let inner = crate::shop::products::executable(crate::Log::default());
    let sdl = inner.sdl.clone();
    let watched = Executable::new(
        sdl,
        |_| Box::pin(futures::future::pending()),
        move |request| {
            let guard = Ended(guard.clone());
            inner
                .stream(request)
                .inspect(move |_| {
                    let _ = &guard;
                })
                .boxed()
        },
    );
    let mut all = subgraphs();
    all[1] = local("products", watched);
    let api = Supergraph::compose(&all).unwrap();
    let operation = api.prepare("subscription { ticks }", None).unwrap();
    let mut stream = operation.subscribe(context(), Map::new());
    assert!(stream.next().await.is_some());
    assert!(!ended.load(Ordering::SeqCst));
    drop(stream);
    assert!(ended.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_query_may_be_run_as_a_stream() {
    let events = events(&shop(), "{ me { id } }").await;
    assert_eq!(events, [json!({ "data": { "me": { "id": "1" } } })]);
}
