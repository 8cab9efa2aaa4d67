use serde_json::json;

use crate::canned::canned;
use crate::{run, run_with, shop};

#[tokio::test]
async fn syntax_errors_and_validation_errors_have_their_codes() {
    let answer = run(&shop(), "{ me { name }").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED");
    assert!(answer.get("data").is_none());
    let answer = run(&shop(), "{ me { nam } }").await;
    assert_eq!(
        answer,
        json!({ "errors": [{ "message": "Cannot query field \"nam\" on type \"User\".",
            "locations": [{ "line": 1, "column": 8 }],
            "extensions": { "code": "GRAPHQL_VALIDATION_FAILED" } }] })
    );
}

#[tokio::test]
async fn no_error_suggests_anything() {
    for document in
        ["{ me { nam } }", "{ me }", "{ user(idd: 1) { id } }", "{ me { ...Nme } }", "{ search { upc } }"]
    {
        let answer = run(&shop(), document).await.to_string().to_lowercase();
        assert!(answer.contains("errors") && !answer.contains("did you mean"), "{answer}");
    }
}

#[test]
fn the_operation_must_be_clear() {
    let api = shop();
    let two = "query A { __typename } query B { me { id } }";
    let code = |name| api.prepare(two, name).err().map(|errors| errors[0].code.to_string());
    assert_eq!(code(None).as_deref(), Some("OPERATION_RESOLUTION_FAILURE"));
    assert_eq!(code(Some("C")).as_deref(), Some("OPERATION_RESOLUTION_FAILURE"));
    assert_eq!(code(Some("B")), None);
    // Were it a name, `A` of the whole document would be found in its place, which is prepared already.
    assert!(api.prepare("query A { __typename }\nquery C { me { id } }", Some("A")).is_ok());
    let rest = api.prepare("query C { me { id } }", Some("A\nquery A { __typename }"));
    assert_eq!(
        rest.err().map(|errors| errors[0].code.to_string()).as_deref(),
        Some("OPERATION_RESOLUTION_FAILURE")
    );
    let known =
        api.prepared("query C { me { id } }", Some("A\nquery A { __typename }"), &serde_json::Map::new());
    assert!(known.is_none());
    assert!(api.prepare("fragment F on User { id }", None).is_err());
    assert!(api.prepare("", None).is_err());
}

#[tokio::test]
async fn variables_are_checked_before_anything_runs() {
    let document =
        "query ($upc: ID!, $first: Int) { product(upc: $upc) { upc } products(first: $first) { upc } }";
    for variables in
        [json!({}), json!({ "upc": null }), json!({ "upc": "x", "first": "many" }), json!({ "upc": [1] })]
    {
        let answer = run_with(&shop(), document, variables).await;
        assert!(answer.get("data").is_none(), "{answer}");
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    }
}

#[test]
fn a_small_document_cannot_become_a_large_one() {
    let mut document = "query { ...F0 }".to_owned();
    for n in 0..30 {
        document += &format!(" fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1);
    }
    document += " fragment F30 on Query { __typename }";
    let errors = shop().prepare(&document, None).err().unwrap();
    assert_eq!(errors[0].code, "OPERATION_TOO_COMPLEX");
    let cycle = "query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
    assert_eq!(shop().prepare(cycle, None).err().unwrap()[0].code, "GRAPHQL_VALIDATION_FAILED");
    let mut chain = "query { ...F0 }".to_owned();
    for n in 0..2_800 {
        chain += &format!(" fragment F{n} on Query {{ ...F{} }}", n + 1);
    }
    chain += " fragment F2800 on Query { __typename }";
    assert!(shop().prepare(&chain, None).is_err());
    let nested = format!("{{ me {} }}", "{ reviews { author ".repeat(60) + "{ id }" + &"} }".repeat(60));
    assert!(shop().prepare(&nested, None).is_err());
    let nested = format!("{{ me {} }}", "{ reviews { author ".repeat(40) + "{ id }" + &"} }".repeat(40));
    assert_eq!(shop().prepare(&nested, None).err().unwrap()[0].code, "OPERATION_TOO_COMPLEX");
    let deep = format!("{{ user(id: {}{}) {{ id }} }}", "[".repeat(4_000), "]".repeat(4_000));
    assert!(shop().prepare(&deep, None).is_err());
}

/// Who picks by exactly one field.
fn picking() -> router::Supergraph {
    let sdl = "input Pick @oneOf { a: Int b: Int inner: Pick list: [Pick!] } type Query { pick(by: Pick, all: [Pick!]): Int }";
    let sdl = format!("directive @oneOf on INPUT_OBJECT {sdl}");
    let subgraph = canned("one", &sdl, &[("pick", json!({ "pick": 1 }))], &crate::Log::default());
    router::Supergraph::compose(&[subgraph]).unwrap()
}

#[tokio::test]
async fn a_field_stands_in_an_input_object_once() {
    let answer = run(&picking(), "{ pick(by: { a: 1, a: 2 }) }").await;
    assert_eq!(
        answer,
        json!({ "errors": [{ "message": "There can be only one input field named \"a\".",
            "locations": [{ "line": 1, "column": 23 }],
            "extensions": { "code": "GRAPHQL_VALIDATION_FAILED" } }] })
    );
    for document in [
        "{ pick(by: { list: [{ a: 1, a: 1 }] }) }",
        "query ($p: Pick = { a: 1, a: 1 }) { pick(by: $p) }",
        "{ ... { pick(by: { inner: { b: 1, b: 2 } }) } }",
        "{ ...F } fragment F on Query { pick(by: { b: 1, b: 2 }) }",
        "{ pick @skip(if: { a: true, a: true }) }",
    ] {
        let answer = run(&picking(), document).await;
        assert!(answer.to_string().contains("only one input field"), "{document}: {answer}");
    }
}

#[tokio::test]
async fn exactly_one_field_of_a_one_of_object_is_given() {
    let api = picking();
    for document in [
        "{ pick(by: {}) }",
        "{ pick(by: { a: 1, b: 2 }) }",
        "{ pick(by: { a: null }) }",
        "{ pick(by: { inner: { a: 1, b: 2 } }) }",
        "{ pick(all: [{ a: 1 }, { }]) }",
        "{ ...F } fragment F on Query { pick(by: { a: 1, b: 2 }) }",
        "query ($n: Int) { pick(by: { a: $n }) }",
        "query ($n: Int = 1) { pick(by: { a: $n }) }",
        "query ($p: Pick = { a: 1, b: 1 }) { pick(by: $p) }",
    ] {
        let answer = run(&api, document).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED",
            "{document}: {answer}"
        );
    }
    let by = "query ($p: Pick, $l: [Pick!]) { pick(by: $p, all: $l) }";
    for refused in [
        json!({ "p": {} }),
        json!({ "p": { "a": 1, "b": 2 } }),
        json!({ "p": { "a": null } }),
        json!({ "p": { "inner": { "a": 1, "b": 1 } } }),
        json!({ "l": [{ "a": 1 }, {}] }),
    ] {
        let answer = run_with(&api, by, refused.clone()).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused}: {answer}");
    }
    for taken in [
        json!({}),
        json!({ "p": null }),
        json!({ "p": { "a": 1 } }),
        json!({ "p": { "list": [{ "b": 1 }] } }),
    ] {
        assert_eq!(run_with(&api, by, taken.clone()).await, json!({ "data": { "pick": 1 } }), "{taken}");
    }
    let answer = run_with(&api, "query ($n: Int!) { pick(by: { a: $n }) }", json!({ "n": 1 })).await;
    assert_eq!(answer, json!({ "data": { "pick": 1 } }));
}
