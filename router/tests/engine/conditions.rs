//! What `@skip` and `@include` leave out is decided before planning.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::{context, json_of, noted, run_with, shop};

const DOCUMENT: &str =
    "query ($x: Boolean = true) { me { id name @include(if: $x) reviews @skip(if: $x) { id } } }";

fn variables(x: &Value) -> Map<String, Value> {
    Map::from_iter([("x".to_owned(), x.clone())])
}

#[test]
fn an_operation_is_planned_once_for_each_way_in_which_variables_decide_it() {
    let api = shop();
    let (yes, no) = (variables(&json!(true)), variables(&json!(false)));
    let first = api.prepare_for(DOCUMENT, None, &yes).unwrap();
    assert!(api.prepared(DOCUMENT, None, &no).is_none());
    let other = api.prepare_for(DOCUMENT, None, &no).unwrap();
    assert!(Arc::ptr_eq(&first, &api.prepared(DOCUMENT, None, &yes).unwrap()));
    // The default decides where nothing is given.
    assert!(Arc::ptr_eq(&first, &api.prepared(DOCUMENT, None, &Map::new()).unwrap()));
    assert_eq!(first.plan(), "Fetch accounts\n  {me{id name}}\n");
    assert!(other.plan().contains("Fetch reviews"), "{}", other.plan());
}

#[tokio::test]
async fn an_operation_refuses_variables_that_decide_it_in_another_way() {
    let operation = shop().prepare_for(DOCUMENT, None, &variables(&json!(true))).unwrap();
    let answer = json_of(&operation.execute(context(), variables(&json!(false))).await);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL", "{answer}");
    assert!(answer.get("data").is_none(), "{answer}");
}

#[tokio::test]
async fn whoever_is_only_asked_for_what_is_left_out_is_not_called() {
    let (api, log) = noted();
    let answer = run_with(&api, DOCUMENT, json!({ "x": true })).await;
    assert_eq!(answer, json!({ "data": { "me": { "id": "1", "name": "Ada" } } }));
    assert!(!log.lock().unwrap().iter().any(|line| line.starts_with("reviews")), "{log:?}");
}

#[tokio::test]
async fn a_condition_that_is_no_boolean_is_refused() {
    for wrong in [json!("yes"), json!(1), json!([true])] {
        let answer = run_with(&shop(), DOCUMENT, json!({ "x": wrong })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    }
}
