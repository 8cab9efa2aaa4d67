use std::time::Duration;

use async_graphql::{Response, Value};
use futures::StreamExt;
use graphql::Executable;
use router::transport::http::{Connections, Endpoint};
use router::{Subgraph, Supergraph, Transport};
use serde_json::json;

use crate::{local, run, subgraphs};

fn with(name: &str, transport: Transport) -> Supergraph {
    let mut all = subgraphs();
    for subgraph in &mut all {
        if subgraph.name == name {
            subgraph.transport = transport.clone();
        }
    }
    Supergraph::compose(&all).unwrap()
}

fn answering(response: fn() -> Response) -> Transport {
    Transport::InProcess(Executable::new(
        "",
        move |_| Box::pin(async move { response() }),
        |_| futures::stream::empty().boxed(),
    ))
}

fn refused() -> Transport {
    // Nothing listens on the port that nobody may use.
    let url = reqwest::Url::parse("http://127.0.0.1:1/graphql").unwrap();
    Transport::Http(Endpoint::new(&url, Connections::default()).into())
}

#[tokio::test]
async fn an_error_is_shown_at_every_place_that_its_entity_serves() {
    let answer = run(&crate::shop(), "{ products { upc score } }").await;
    assert_eq!(
        answer,
        json!({
            "errors": [{ "message": "no score", "path": ["products", 1, "score"],
                "extensions": { "code": "SCORE_MISSING", "hint": "ask later" } }],
            "data": { "products": [
                { "upc": "table", "score": 4.5 }, { "upc": "couch", "score": null }, { "upc": "chair", "score": 4.5 } ] },
        })
    );
    let document = "{ a: product(upc: \"couch\") { score } b: product(upc: \"couch\") { score } }";
    let answer = run(&crate::shop(), document).await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 2);
    assert_eq!(answer["errors"][0]["path"], json!(["a", "score"]));
    assert_eq!(answer["errors"][1]["path"], json!(["b", "score"]));
}

#[tokio::test]
async fn a_null_that_an_error_explains_gets_no_second_error() {
    let answer = run(&crate::shop(), "{ product(upc: \"couch\") { name grade } me { name } }").await;
    assert_eq!(answer["data"], json!({ "product": null, "me": { "name": "Ada" } }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["product", "grade"]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRADE_MISSING");
}

#[tokio::test]
async fn a_subgraph_that_is_down_costs_its_fields_and_one_error() {
    let api = with("inventory", refused());
    let answer = run(&api, "{ products { name inStock shippingCost } me { name } stockCount }").await;
    // `stockCount` must not be null, and is the root's: that one takes all.
    assert_eq!(answer["data"], json!(null));
    let answer = run(&api, "{ products { name inStock shippingCost } me { name } }").await;
    assert_eq!(
        answer["data"]["products"][0],
        json!({ "name": "Table", "inStock": null, "shippingCost": null })
    );
    assert_eq!(answer["data"]["me"]["name"], "Ada");
    let field = answer["errors"][0]["path"][2].clone();
    assert!(field == "inStock" || field == "shippingCost", "{answer}");
    assert_eq!(
        answer["errors"],
        json!([{ "message": "a service is unavailable; try again", "path": ["products", 0, field],
            "extensions": { "code": "DEPENDENCY_UNAVAILABLE" } }])
    );
}

#[tokio::test]
async fn a_field_that_took_its_whole_entity_with_it_explains_all_of_it() {
    let transport = answering(|| {
        let mut error = async_graphql::ServerError::new("no shelf", None);
        let field = |name: &str| async_graphql::PathSegment::Field(name.to_owned());
        error.path = vec![field("_entities"), async_graphql::PathSegment::Index(0), field("two")];
        let mut response = Response::new(async_graphql::value!({ "_entities": [null] }));
        response.errors.push(error);
        response
    });
    let document = r#"{ product(upc: "table") { one: shelf two: shelf inStock } }"#;
    let answer = run(&with("inventory", transport), document).await;
    assert_eq!(answer["data"], json!({ "product": null }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["product", "two"]));
}

#[tokio::test]
async fn a_down_subgraph_costs_its_root_fields_only() {
    let api = with("accounts", refused());
    let answer = run(&api, "{ me { name reviews { id } } products { upc } }").await;
    assert_eq!(answer["data"]["me"], json!(null));
    assert_eq!(answer["data"]["products"].as_array().unwrap().len(), 3);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["me"]));
}

#[tokio::test]
async fn each_root_field_that_a_call_was_to_bring_has_its_own_error() {
    let refusing =
        answering(|| Response::from_errors(vec![async_graphql::ServerError::new("not now", None)]));
    for transport in [refused(), refusing] {
        let api = with("accounts", transport);
        let answer = run(&api, "{ me { name } again: me { id } products { upc } }").await;
        let lost = |at: usize| answer["errors"][at]["path"][0].as_str().unwrap().to_owned();
        assert_eq!(answer["errors"].as_array().unwrap().len(), 2, "{answer}");
        assert_eq!(
            std::collections::BTreeSet::from([lost(0), lost(1)]),
            ["again".into(), "me".into()].into()
        );
        assert_eq!(answer["data"]["products"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn non_null_fields_of_a_down_subgraph_get_no_second_error() {
    let api = with("inventory", refused());
    let answer = run(&api, "{ product(upc: \"table\") { upc shelf } me { name } }").await;
    assert_eq!(answer["data"], json!({ "product": null, "me": { "name": "Ada" } }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
}

#[tokio::test]
async fn rubbish_and_panics_are_failures_like_any_other() {
    for transport in [
        answering(|| Response::new(Value::String("rubbish".into()))),
        answering(|| Response::new(Value::Null)),
        answering(|| panic!("a resolver's fault")),
    ] {
        let answer = run(&with("inventory", transport.clone()), "{ products { upc inStock } }").await;
        assert_eq!(answer["data"]["products"][0], json!({ "upc": "table", "inStock": null }));
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "DEPENDENCY_UNAVAILABLE");
    }
}

#[tokio::test]
async fn a_refusal_of_the_whole_call_is_one_error() {
    let transport = answering(|| {
        let mut error = async_graphql::ServerError::new("this module is not enabled", None);
        error.extensions.get_or_insert_default().set("code", "MODULE_DISABLED");
        Response::from_errors(vec![error])
    });
    let answer = run(&with("inventory", transport), "{ products { upc inStock shelf } me { id } }").await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "MODULE_DISABLED");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_subgraph_is_not_waited_for_longer_than_its_timeout() {
    let hanging = Transport::InProcess(Executable::new(
        "",
        |_| Box::pin(futures::future::pending()),
        |_| futures::stream::pending().boxed(),
    ));
    let started = tokio::time::Instant::now();
    let answer = run(&with("inventory", hanging), "{ products { upc inStock } }").await;
    assert!(started.elapsed() <= Duration::from_secs(6));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "DEPENDENCY_UNAVAILABLE");
}

#[tokio::test]
async fn values_that_the_schema_does_not_know_become_null() {
    let answering = answering(|| {
        let me =
            async_graphql::value!({ "me": { "id": "1", "name": 7, "nickname": ["x"], "rank": "PLATINUM" } });
        Response::new(me)
    });
    let api = with("accounts", answering);
    let answer = run(&api, "{ me { id nickname } }").await;
    assert_eq!(answer["data"], json!({ "me": { "id": "1", "nickname": null } }));
    assert_eq!(answer["errors"][0]["path"], json!(["me", "nickname"]));
    let answer = run(&api, "{ me { rank } }").await;
    assert_eq!(answer["data"], json!({ "me": null }));
    assert!(!answer.to_string().contains("PLATINUM"));
}

#[tokio::test]
async fn many_entities_are_asked_for_in_several_calls() {
    let log = crate::Log::default();
    let many = answering(|| {
        let list = (0..2_500).map(|n| async_graphql::value!({ "upc": (n.to_string()), "name": "x" }));
        Response::new(async_graphql::value!({ "products": (Value::List(list.collect())) }))
    });
    let mut all: Vec<Subgraph> = subgraphs();
    all[1].transport = many;
    let inventory = crate::shop::inventory::executable();
    all[3] = local("inventory", crate::shop::noted("inventory", inventory, log.clone()));
    let api = Supergraph::compose(&all).unwrap();
    let answer = run(&api, "{ products { upc inStock } }").await;
    assert_eq!(answer["data"]["products"][2_499], json!({ "upc": "2499", "inStock": true }));
    assert_eq!(log.lock().unwrap().len(), 3);
}
