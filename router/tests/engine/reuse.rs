//! What is known of an entity is not asked for again within one request.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{PathSegment, Response, ServerError, value};
use futures::StreamExt;
use graphql::Executable;
use router::{Supergraph, Transport};
use serde_json::json;

use crate::{noted, run, run_with, shop, subgraphs};

/// Which subgraphs are called for a query, in order.
async fn calls(document: &str) -> Vec<String> {
    let (api, log) = noted();
    run(&api, document).await;
    log.lock().unwrap().iter().map(|line| line.split_once(' ').unwrap().0.to_owned()).collect()
}

#[tokio::test]
async fn authors_that_are_among_the_users_are_not_asked_for() {
    let document = "{ users { name reviews { body author { name } } } }";
    assert_eq!(calls(document).await, ["accounts", "reviews"]);
    let answer = run(&shop(), document).await;
    assert_eq!(answer["data"]["users"][0]["reviews"][0]["author"]["name"], "Ada");
    assert_eq!(answer["data"]["users"][1]["reviews"][0]["author"]["name"], "Grace");
}

#[tokio::test]
async fn only_those_that_are_not_known_are_asked_for() {
    let (api, log) = noted();
    let answer = run(&api, "{ users { name } reviews { author { id name } } }").await;
    let names: Vec<_> = (0..4).map(|index| &answer["data"]["reviews"][index]["author"]).collect();
    assert_eq!(names[0], &json!({ "id": "1", "name": "Ada" }));
    assert_eq!(names[2], &json!({ "id": "2", "name": "Grace" }));
    // Nobody knows the author of the last one, and it was asked.
    assert_eq!(answer["data"]["reviews"][3]["author"], json!(null));
    let log = log.lock().unwrap();
    let asked: Vec<_> = log.iter().filter(|line| line.contains("_entities")).collect();
    assert_eq!(asked.len(), 1, "{log:?}");
}

#[tokio::test]
async fn another_field_or_another_argument_is_asked_for() {
    assert_eq!(
        calls("{ users { name reviews { author { rank } } } }").await,
        ["accounts", "reviews", "accounts"]
    );
    let renamed = "{ users { rank: name reviews { author { name } } } }";
    assert_eq!(calls(renamed).await, ["accounts", "reviews", "accounts"]);
    let answer = run(&shop(), renamed).await;
    assert_eq!(answer["data"]["users"][0]["reviews"][0]["author"]["name"], "Ada");
}

#[tokio::test]
async fn what_variables_left_out_is_asked_for() {
    let document = "query ($x: Boolean!) { users { name @include(if: $x) reviews { author { name } } } }";
    for x in [true, false] {
        let answer = run_with(&shop(), document, json!({ "x": x })).await;
        assert_eq!(answer["data"]["users"][0]["reviews"][0]["author"]["name"], "Ada", "{answer}");
        assert_eq!(answer["data"]["users"][0].get("name").is_some(), x);
    }
}

#[tokio::test]
async fn what_came_with_an_error_is_asked_for_again() {
    let asked = AtomicUsize::new(0);
    let accounts = Executable::new(
        "",
        move |_| {
            let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                if !first {
                    return Response::new(value!({ "_entities": [{ "nickname": "ada" }] }));
                }
                let users = value!({ "users": [{ "__typename": "User", "id": "1", "nickname": null }] });
                let mut error = ServerError::new("later", None);
                error.path = ["users"].map(|name| PathSegment::Field(name.into())).into();
                error.path.extend([PathSegment::Index(0), PathSegment::Field("nickname".into())]);
                let mut response = Response::new(users);
                response.errors.push(error);
                response
            })
        },
        |_| futures::stream::empty().boxed(),
    );
    let mut all = subgraphs();
    all[0].transport = Transport::InProcess(accounts);
    let api = Supergraph::compose(&all).unwrap();
    let answer = run(&api, "{ users { nickname reviews { author { nickname } } } }").await;
    assert_eq!(answer["data"]["users"][0]["nickname"], json!(null));
    assert_eq!(answer["data"]["users"][0]["reviews"][0]["author"]["nickname"], "ada", "{answer}");
}

#[tokio::test]
async fn nothing_is_reused_once_a_mutation_has_run() {
    let (api, log) = noted();
    let document = "mutation { userRename(id: \"1\", name: \"Eve\") { name reviews { author { name } } } }";
    let answer = run(&api, document).await;
    // The shop forgets the new name at once: only asking again shows that.
    assert_eq!(answer["data"]["userRename"]["reviews"][0]["author"]["name"], "Ada");
    assert_eq!(log.lock().unwrap().iter().filter(|line| line.contains("_entities")).count(), 2);
}
