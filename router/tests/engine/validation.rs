use serde_json::json;

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
