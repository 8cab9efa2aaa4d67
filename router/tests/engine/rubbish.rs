//! Answers of subgraphs that are not what they should be.

use router::Supergraph;
use router::transport::http::{Connections, Endpoint};
use router::{Subgraph, Transport};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::canned::{LINK, canned};
use crate::{Log, run};

/// Goods, and somebody who tells how many there are: as many entities as a test has them tell.
fn shop(entities: Value) -> Supergraph {
    let goods =
        format!("{LINK} type Query {{ goods: [Good!] }} type Good @key(fields: \"id\") {{ id: ID! }}");
    let counts =
        format!("{LINK} type Good @key(fields: \"id\") {{ id: ID! count: Int }} type Query {{ x: Int }}");
    let all = json!({ "goods": [{ "id": "1" }, { "id": "2" }, { "id": "3" }] });
    let log = Log::default();
    Supergraph::compose(&[
        canned("goods", &goods, &[("goods", all)], &log),
        canned("counts", &counts, &[("_entities", json!({ "_entities": entities }))], &log),
    ])
    .unwrap()
}

#[tokio::test]
async fn as_many_entities_are_told_as_were_asked_for_or_none_is_believed() {
    let count = |count: i32| json!({ "count": count });
    let question = "{ goods { id count } }";
    let answer = run(&shop(json!([count(1), null, count(3)])), question).await;
    let goods = json!([{ "id": "1", "count": 1 }, { "id": "2", "count": null }, { "id": "3", "count": 3 }]);
    assert_eq!(answer, json!({ "data": { "goods": goods } }));
    for wrong in [json!([]), json!([count(1), count(2)]), json!([count(1), count(2), count(3), count(4)])] {
        let answer = run(&shop(wrong.clone()), question).await;
        let none = |id: &str| json!({ "id": id, "count": null });
        assert_eq!(answer["data"]["goods"], json!([none("1"), none("2"), none("3")]), "{wrong}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "DEPENDENCY_UNAVAILABLE", "{wrong}");
        assert_eq!(answer["errors"][0]["path"], json!(["goods", 0, "count"]), "{wrong}");
        assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{wrong}");
    }
}

/// A subgraph in another process that answers everything with one text.
async fn telling(sdl: &str, text: &'static str) -> Supergraph {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap()).parse().unwrap();
    let answer = move || async move { ([("content-type", "application/json")], text) };
    let routes = axum::Router::new().route("/graphql", axum::routing::post(answer));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let transport = Transport::Http(Endpoint::new(&url, Connections::default()).into());
    Supergraph::compose(&[Subgraph { name: "one".to_owned(), sdl: sdl.into(), transport }]).unwrap()
}

#[tokio::test]
async fn what_clients_could_not_read_is_null_and_an_error_and_what_stands_beside_it_is_answered() {
    let sdl =
        "scalar Any type Query { far: Float half: String any: Any near: Float whole: String ids: [ID] }";
    let text = r#"{"data":{"far":1e400,"half":"a\ud83d","any":{"x":[1e999]},"near":1e5,"whole":"\ud83d\ude00",
        "ids":["\udc00", "b"]}}"#;
    let api = telling(sdl, text).await;
    let answer = run(&api, "{ far half any near whole ids }").await;
    assert_eq!(
        answer["data"],
        json!({ "far": null, "half": null, "any": null, "near": 100_000.0, "whole": "😀", "ids": [null, "b"] })
    );
    let paths: Vec<&Value> =
        answer["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, [&json!(["far"]), &json!(["half"]), &json!(["any"]), &json!(["ids", 0])]);
}

#[tokio::test]
async fn a_whole_number_is_whole_however_it_is_written() {
    let sdl = "type Query { a: Int b: Int c: Int d: Int e: Int }";
    let text = r#"{"data":{"a":3.0,"b":-2147483648.0,"c":1e2,"d":2147483648.0,"e":1.5}}"#;
    let api = telling(sdl, text).await;
    let operation = api.prepare("{ a b c d e }", None).unwrap();
    let response = operation.execute(crate::context(), serde_json::Map::new()).await;
    let text = String::from_utf8(response.to_json().to_vec()).unwrap();
    assert!(text.contains(r#""data":{"a":3,"b":-2147483648,"c":100,"d":null,"e":null}"#), "{text}");
}
