//! Errors of subgraphs that do not say where they belong.

use async_graphql::{PathSegment, Response, ServerError, Value};
use futures::StreamExt;
use graphql::Executable;
use router::{Subgraph, Supergraph, Transport};
use serde_json::json;

use crate::canned::LINK;
use crate::run;

/// A subgraph that answers everything alike.
fn answering(name: &str, sdl: &str, data: Value, errors: Vec<ServerError>) -> Subgraph {
    let executable = Executable::new(
        sdl,
        move |_| {
            let mut response = Response::new(data.clone());
            response.errors.clone_from(&errors);
            Box::pin(async move { response })
        },
        |_| futures::stream::empty().boxed(),
    );
    Subgraph { name: name.to_owned(), sdl: sdl.into(), transport: Transport::InProcess(executable) }
}

fn nowhere(message: &str) -> ServerError {
    ServerError::new(message, None)
}

/// The paths of the errors in an answer; null for none.
async fn paths(subgraphs: &[Subgraph], document: &str) -> (serde_json::Value, serde_json::Value) {
    let answer = run(&Supergraph::compose(subgraphs).unwrap(), document).await;
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let paths = errors.iter().map(|error| error.get("path").cloned().unwrap_or_default()).collect();
    (paths, answer["data"].clone())
}

#[tokio::test]
async fn a_field_that_has_data_is_never_said_to_have_failed() {
    let sdl = "type Query { i: Int s: String }";
    for (data, expected) in [
        (json!({ "i": 1, "s": "t" }), json!([null])),
        (json!({ "i": null, "s": "t" }), json!([["i"]])),
        (json!({ "i": null, "s": null }), json!([null])),
    ] {
        let value = Value::from_json(data.clone()).unwrap();
        let api = [answering("a", sdl, value, vec![nowhere("a warning")])];
        assert_eq!(paths(&api, "{ i s }").await, (expected, data));
    }
    let value = Value::from_json(json!({ "i": 1 })).unwrap();
    let api = [answering("a", sdl, value, vec![nowhere("one"), nowhere("two")])];
    assert_eq!(paths(&api, "{ i }").await, (json!([null, null]), json!({ "i": 1 })));
}

#[tokio::test]
async fn a_null_that_must_not_be_one_is_explained_by_an_error_that_is_nowhere() {
    let value = Value::from_json(json!({ "i": null, "s": null })).unwrap();
    let api = [answering("a", "type Query { i: Int! s: String! }", value, vec![nowhere("not now")])];
    assert_eq!(paths(&api, "{ i s }").await, (json!([null]), json!(null)));
}

#[tokio::test]
async fn the_same_holds_for_entities() {
    let things =
        format!(r#"{LINK} type Query {{ things: [Thing] }} type Thing @key(fields: "id") {{ id: ID! }}"#);
    let told = format!(r#"{LINK} type Thing @key(fields: "id") {{ id: ID! x: Int y: Int }}"#);
    let list = Value::from_json(json!({ "things": [{ "__typename": "Thing", "id": "1" },
        { "__typename": "Thing", "id": "2" }] }));
    let list = list.unwrap();
    let whole = json!({ "__typename": "Thing", "x": 1, "y": 2 });
    let part = json!({ "__typename": "Thing", "x": 1, "y": null });
    for (entities, expected) in [
        (json!([whole, whole]), json!([null])),
        (json!([whole, part]), json!([["things", 1, "y"]])),
        (json!([part, part]), json!([null])),
        (json!([whole, null]), json!([["things", 1, "x"]])),
        (json!([null, null]), json!([null])),
    ] {
        for path in [vec![], vec![PathSegment::Field("elsewhere".to_owned())]] {
            let error = ServerError { path, ..nowhere("a warning") };
            let data = Value::from_json(json!({ "_entities": entities })).unwrap();
            let api =
                [answering("a", &things, list.clone(), Vec::new()), answering("b", &told, data, vec![error])];
            let (paths, _) = paths(&api, "{ things { x y } }").await;
            assert_eq!(paths, expected, "{entities}");
        }
    }
}
