use router::Supergraph;
use serde_json::json;

use crate::canned::{LINK, canned};
use crate::{Log, noted, run};

#[tokio::test]
async fn root_fields_run_one_after_the_other_each_with_its_entities() {
    let (api, log) = noted();
    let answer = run(
        &api,
        "mutation {
            a: reviewAdd(upc: \"table\", body: \"one\") { body product { name } }
            b: productOrder(upc: \"couch\") { name inStock }
            c: reviewAdd(upc: \"chair\", body: \"two\") { body author { name } }
            d: userRename(id: \"1\", name: \"Eve\") { name reviews { id } }
            e: userRename(id: \"2\", name: \"Bob\") { name }
        }",
    )
    .await;
    assert_eq!(
        answer,
        json!({ "data": {
            "a": { "body": "one", "product": { "name": "Table" } },
            "b": { "name": "Couch", "inStock": false },
            "c": { "body": "two", "author": { "name": "Grace" } },
            "d": { "name": "Eve", "reviews": [{ "id": "r1" }, { "id": "r2" }] },
            "e": { "name": "Bob" },
        } })
    );
    let log = log.lock().unwrap();
    let order: Vec<_> = log.iter().map(|line| line.split_once(' ').unwrap().0).collect();
    assert_eq!(
        order,
        [
            "reviews",
            "review",
            "products", // a, and its product
            "products",
            "order",
            "inventory", // b, and its stock
            "reviews",
            "review",
            "accounts", // c, and its author
            "accounts",
            "rename",
            "rename",
            "reviews", // d and e in one call, and the reviews of d
        ]
    );
}

#[tokio::test]
async fn conditions_on_mutations_hold() {
    let (api, log) = noted();
    let document = "mutation ($no: Boolean!) {
        ... @include(if: $no) { productOrder(upc: \"couch\") { name } }
        reviewAdd(upc: \"table\", body: \"one\") { body } }";
    let answer = crate::run_with(&api, document, json!({ "no": false })).await;
    assert_eq!(answer, json!({ "data": { "reviewAdd": { "body": "one" } } }));
    assert!(!log.lock().unwrap().iter().any(|line| line.starts_with("products")), "{log:?}");
}

/// The mutations that ran, in order.
async fn ran(document: &str, variables: serde_json::Value) -> Vec<String> {
    let (api, log) = noted();
    let answer = crate::run_with(&api, document, variables).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    let log = log.lock().unwrap();
    let names = log.iter().filter_map(|line| line.split_once(' ')).map(|(name, _)| name);
    names.filter(|name| ["review", "order", "rename"].contains(name)).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_mutation_that_stands_twice_runs_once_with_all_its_parts() {
    let document = "mutation {
        reviewAdd(upc: \"table\", body: \"one\") { body }
        productOrder(upc: \"couch\") { name }
        reviewAdd(upc: \"table\", body: \"one\") { product { name } } }";
    assert_eq!(ran(document, json!({})).await, ["review", "order"]);
    let answer = run(&noted().0, document).await;
    assert_eq!(answer["data"]["reviewAdd"], json!({ "body": "one", "product": { "name": "Table" } }));
}

#[tokio::test]
async fn a_mutation_runs_once_where_the_variables_let_it_stand_first() {
    let document = "mutation ($a: Boolean!, $b: Boolean!) {
        ... @include(if: $a) { reviewAdd(upc: \"table\", body: \"one\") @skip(if: $b) { body } }
        productOrder(upc: \"couch\") { name }
        reviewAdd(upc: \"table\", body: \"one\") @include(if: $b) { product { name } }
        userRename(id: \"1\", name: \"Eve\") { name }
        ... @include(if: $a) { reviewAdd(upc: \"table\", body: \"one\") { body author { name } } } }";
    let ran = async |a: bool, b: bool| ran(document, json!({ "a": a, "b": b })).await;
    assert_eq!(ran(true, false).await, ["review", "order", "rename"]);
    assert_eq!(ran(true, true).await, ["order", "review", "rename"]);
    assert_eq!(ran(false, true).await, ["order", "review", "rename"]);
    assert_eq!(ran(false, false).await, ["order", "rename"]);
}

#[tokio::test]
async fn of_fields_that_stand_once_in_a_request_two_are_refused_before_anything_runs() {
    let log = Log::default();
    let door = format!(
        r#"{LINK} type Query {{ x: Int }}
        type Mutation {{ logIn: Int @federation__tag(name: "once-a-request")
            signUp: Int @federation__tag(name: "once-a-request") }}"#
    );
    let done = |field: &str| (field.to_owned(), json!({ field: 1, "a": 1 }));
    let answers = [done("logIn"), done("signUp")];
    let answers: Vec<_> = answers.iter().map(|(field, data)| (field.as_str(), data.clone())).collect();
    let api = Supergraph::compose(&[
        canned("door", &door, &answers, &log),
        canned("other", "type Mutation { other: Int }", &[("other", json!({ "other": 1 }))], &log),
    ])
    .unwrap();
    for document in [
        "mutation { a: logIn b: logIn }",
        "mutation { logIn signUp }",
        "mutation { a: logIn other ...F } fragment F on Mutation { signUp }",
    ] {
        let answer = run(&api, document).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
        assert!(answer.get("data").is_none() && log.lock().unwrap().is_empty(), "{answer}");
    }
    for document in [
        "mutation { logIn logIn other }",
        "mutation { logIn signUp @skip(if: true) }",
        "mutation { a: logIn }",
    ] {
        let answer = run(&api, document).await;
        assert!(answer.get("errors").is_none(), "{answer}");
    }
}
