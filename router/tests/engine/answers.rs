use router::Supergraph;
use serde_json::json;

use crate::canned::{LINK, canned};
use crate::{Log, noted, run, run_with, shop};

#[tokio::test]
async fn one_subgraph_answers() {
    let answer = run(&shop(), "{ me { id name nickname rank } }").await;
    assert_eq!(
        answer,
        json!({ "data": { "me": { "id": "1", "name": "Ada", "nickname": "ada", "rank": "GOLD" } } })
    );
}

#[tokio::test]
async fn keys_come_in_the_order_of_the_client_and_nothing_leaks() {
    let api = shop();
    let operation = api.prepare("{ products { shippingCost name } me { name } }", None).unwrap();
    let response = operation.execute(crate::context(), serde_json::Map::new()).await;
    assert_eq!(
        String::from_utf8(response.to_json()).unwrap(),
        r#"{"data":{"products":[{"shippingCost":999,"name":"Table"},{"shippingCost":null,"name":"Couch"},{"shippingCost":null,"name":"Chair"}],"me":{"name":"Ada"}}}"#
    );
}

#[tokio::test]
async fn keys_come_in_the_order_of_the_fields_that_the_variables_leave_in() {
    let document =
        "query ($x: Boolean!) { me @include(if: $x) { name } me { id ... @skip(if: $x) { rank } name rank }
        a: __typename @skip(if: $x) b: __typename a: __typename }";
    let api = shop();
    for (x, expected) in [
        (true, r#"{"data":{"me":{"name":"Ada","id":"1","rank":"GOLD"},"b":"Query","a":"Query"}}"#),
        (false, r#"{"data":{"me":{"id":"1","rank":"GOLD","name":"Ada"},"a":"Query","b":"Query"}}"#),
    ] {
        let variables = serde_json::Map::from_iter([("x".to_owned(), json!(x))]);
        let operation = api.prepare_for(document, None, &variables).unwrap();
        let response = operation.execute(crate::context(), variables).await;
        assert_eq!(String::from_utf8(response.to_json()).unwrap(), expected);
    }
}

#[tokio::test]
async fn three_subgraphs_answer_together() {
    let answer = run(&shop(), "{ me { name reviews { body product { name inStock } } } }").await;
    assert_eq!(
        answer,
        json!({ "data": { "me": { "name": "Ada", "reviews": [
            { "body": "Love it", "product": { "name": "Table", "inStock": true } },
            { "body": "Too expensive", "product": { "name": "Couch", "inStock": false } },
        ] } } })
    );
}

#[tokio::test]
async fn a_representation_is_sent_once_however_often_it_is_wanted() {
    let (api, log) = noted();
    let answer = run(&api, "{ reviews { id author { name } product { name } } }").await;
    assert_eq!(answer["data"]["reviews"][2]["product"]["name"], "Table");
    assert_eq!(answer["data"]["reviews"][0]["product"]["name"], "Table");
    let log = log.lock().unwrap();
    let calls: Vec<_> = log.iter().filter(|line| line.starts_with("products")).collect();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].matches("\"table\"").count(), 1, "{}", calls[0]);
}

#[tokio::test]
async fn a_missing_entity_is_null_without_an_error() {
    let answer = run(&shop(), "{ reviews { id author { id nickname } } }").await;
    assert_eq!(answer["data"]["reviews"][3]["author"], json!({ "id": "9", "nickname": null }));
    assert!(answer.get("errors").is_none(), "{answer}");
}

/// A subgraph that names people, as it says, one that defines them, and of two people one who is gone.
fn people_of_one(author: &str, named: &str) -> Supergraph {
    let posts = format!("{LINK} type Query {{ posts: [Post!]! }} type Post {{ author: {author} }} {named}");
    let people = format!(
        "{LINK} type Query {{ nobody: Person }} type Person @key(fields: \"id\") {{ id: ID! name: String! }}"
    );
    let author = |id: &str| json!({ "author": { "__typename": "Person", "id": id } });
    let answers = [("posts", json!({ "posts": [author("1"), author("2")] }))];
    let entities = [("_entities", json!({ "_entities": [{ "__typename": "Person", "name": "Ada" }, null] }))];
    let log = Log::default();
    let subgraphs = [canned("posts", &posts, &answers, &log), canned("people", &people, &entities, &log)];
    Supergraph::compose(&subgraphs).unwrap()
}

#[tokio::test]
async fn an_entity_that_nobody_has_is_null_where_it_may_be_and_that_is_no_error() {
    for named in [
        r#"type Person @key(fields: "id", resolvable: false) { id: ID! }"#,
        r#"extend type Person @key(fields: "id") { id: ID! postCount: Int }"#,
    ] {
        let answer = run(&people_of_one("Person", named), "{ posts { author { name } } }").await;
        let posts = json!([{ "author": { "name": "Ada" } }, { "author": null }]);
        assert_eq!(answer, json!({ "data": { "posts": posts } }), "{named}");
        let answer = run(&people_of_one("Person!", named), "{ posts { author { name } } }").await;
        assert_eq!(answer["data"], json!(null), "{named}");
        assert_eq!(answer["errors"][0]["path"], json!(["posts", 1, "author"]), "{named}");
    }
}

#[tokio::test]
async fn an_object_that_a_subgraph_has_without_a_key_is_there_though_another_does_not_have_it() {
    let posts = format!(
        "{LINK} type Query {{ posts: [Post!]! }} type Post {{ author: Person }} type Person {{ id: ID @shareable }}"
    );
    let people = format!(
        "{LINK} type Query {{ nobody: Person }}
         type Person @key(fields: \"id\") {{ id: ID! @shareable name: String! }}"
    );
    let posted = [("posts", json!({ "posts": [{ "author": { "__typename": "Person", "id": "1" } }] }))];
    let entities = [("_entities", json!({ "_entities": [null] }))];
    let log = Log::default();
    let subgraphs = [canned("posts", &posts, &posted, &log), canned("people", &people, &entities, &log)];
    let answer = run(&Supergraph::compose(&subgraphs).unwrap(), "{ posts { author { id name } } }").await;
    assert_eq!(answer["data"], json!({ "posts": [{ "author": null }] }));
    assert_eq!(answer["errors"][0]["path"], json!(["posts", 0, "author", "name"]));
}

#[tokio::test]
async fn a_missing_non_null_field_takes_its_parent_with_it() {
    let answer = run(&shop(), "{ products { upc shelf } }").await;
    // `[Product!]!`: nothing on the way may be null.
    assert_eq!(answer["data"], json!(null));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["products", 2, "shelf"]));
    let answer = run(&shop(), r#"{ product(upc: "chair") { upc shelf } me { name } }"#).await;
    assert_eq!(answer["data"], json!({ "product": null, "me": { "name": "Ada" } }));
    assert_eq!(answer["errors"][0]["path"], json!(["product", "shelf"]));
}

#[tokio::test]
async fn aliases_and_fragments_are_honoured() {
    let answer = run(
        &shop(),
        "query { a: product(upc: \"table\") { ...P upc: name } b: product(upc: \"couch\") { ...P } }
         fragment P on Product { stock: inStock reviews { ...R } cost: shippingCost }
         fragment R on Review { id: body who: author { id: name } }",
    )
    .await;
    assert_eq!(
        answer,
        json!({ "data": {
            "a": { "stock": true, "reviews": [
                { "id": "Love it", "who": { "id": "Ada" } },
                { "id": "Could be better", "who": { "id": "Grace" } } ], "cost": 999, "upc": "Table" },
            "b": { "stock": false, "reviews": [{ "id": "Too expensive", "who": { "id": "Ada" } }], "cost": null },
        } })
    );
}

#[tokio::test]
async fn an_alias_that_is_another_fields_name_does_not_pass_for_it() {
    let document = "{ reviews { author { id: name reviews { id: body product { upc: name name: upc stock: inStock } } } } }";
    let (api, log) = noted();
    let answer = run(&api, document).await;
    assert_eq!(
        answer["data"]["reviews"][2],
        json!({ "author": { "id": "Grace", "reviews": [
            { "id": "Could be better", "product": { "upc": "Table", "name": "table", "stock": true } }] } })
    );
    assert!(!log.lock().unwrap().iter().any(|call| call.contains(r#"id: "Grace""#)), "{log:?}");
    let answer = run(&api, "{ a: product(upc: \"couch\") { name: score } }").await;
    assert_eq!(answer["errors"][0]["path"], json!(["a", "name"]));
}

#[tokio::test]
async fn abstract_types_answer_by_their_concrete_type() {
    let answer = run(
        &shop(),
        "{ media { title ... on Book { pages } ... on Film { __typename minutes } }
           search { __typename ... on Product { upc inStock reviews { id } } ... on Book { title } } }",
    )
    .await;
    assert_eq!(
        answer,
        json!({ "data": {
            "media": [
                { "title": "Emma", "pages": 474 },
                { "title": "Alien", "__typename": "Film", "minutes": 117 } ],
            "search": [
                { "__typename": "Book", "title": "Emma" },
                { "__typename": "Product", "upc": "chair", "inStock": null, "reviews": [{ "id": "r4" }] } ],
        } })
    );
}

#[tokio::test]
async fn typename_is_answered_everywhere() {
    let answer = run(&shop(), "{ __typename t: __typename me { __typename reviews { __typename } } }").await;
    assert_eq!(
        answer["data"],
        json!({ "__typename": "Query", "t": "Query", "me": { "__typename": "User", "reviews":
            [{ "__typename": "Review" }, { "__typename": "Review" }] } })
    );
    let (api, log) = noted();
    assert_eq!(run(&api, "{ __typename }").await, json!({ "data": { "__typename": "Query" } }));
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn skip_and_include_follow_the_variables() {
    let document = "query ($a: Boolean!, $b: Boolean = true) {
        me @skip(if: $a) { name reviews @include(if: $b) { id product @skip(if: $a) { inStock } } }
        products(first: 1) { upc ... @include(if: $a) { inStock } ... on Product @skip(if: $b) { name } }
        users @include(if: false) { id }
    }";
    let (api, log) = noted();
    let answer = run_with(&api, document, json!({ "a": true, "b": true })).await;
    assert_eq!(answer, json!({ "data": { "products": [{ "upc": "table", "inStock": true }] } }));
    assert!(!log.lock().unwrap().iter().any(|call| call.starts_with("reviews")), "{log:?}");
    let answer = run_with(&api, document, json!({ "a": false, "b": false })).await;
    assert_eq!(
        answer,
        json!({ "data": { "me": { "name": "Ada" }, "products": [{ "upc": "table", "name": "Table" }] } })
    );
    let answer = run_with(&api, document, json!({ "a": false })).await;
    assert_eq!(answer["data"]["me"]["reviews"][1], json!({ "id": "r2", "product": { "inStock": false } }));
    assert_eq!(answer["data"]["products"], json!([{ "upc": "table" }]));
}

#[tokio::test]
async fn variables_reach_the_subgraph_that_uses_them() {
    let document = "query ($upc: ID!, $first: Int) {
        product(upc: $upc) { name inStock } products(first: $first) { upc } }";
    let answer = run_with(&shop(), document, json!({ "upc": "couch", "first": 1, "unknown": 1 })).await;
    assert_eq!(
        answer,
        json!({ "data": { "product": { "name": "Couch", "inStock": false }, "products": [{ "upc": "table" }] } })
    );
}

#[tokio::test]
async fn introspection_is_answered_beside_ordinary_fields() {
    let (api, log) = noted();
    let answer = run(
        &api,
        "{ me { name } __schema { queryType { name } } __type(name: \"Product\") { name fields { name } } }",
    )
    .await;
    assert_eq!(answer["data"]["me"]["name"], "Ada");
    assert_eq!(answer["data"]["__schema"]["queryType"]["name"], "Query");
    let fields = answer["data"]["__type"]["fields"].to_string();
    assert!(fields.contains("inStock") && fields.contains("reviews"), "{fields}");
    assert_eq!(log.lock().unwrap().len(), 1);
    let answer = run(&api, "{ __type(name: \"join__Graph\") { name } }").await;
    assert_eq!(answer, json!({ "data": { "__type": null } }));
}

#[tokio::test]
async fn the_context_reaches_the_resolvers() {
    assert_eq!(run(&shop(), "{ whoami }").await, json!({ "data": { "whoami": "request-1" } }));
}

#[test]
fn an_operation_says_which_subgraphs_it_touches() {
    let operation = shop().prepare("{ me { name reviews { product { inStock } } } }", None).unwrap();
    assert_eq!(operation.subgraphs().collect::<Vec<_>>(), ["accounts", "inventory", "reviews"]);
}

#[test]
fn a_prepared_operation_is_kept() {
    let api = shop();
    assert!(api.prepared("{ __typename }", None, &serde_json::Map::new()).is_none());
    let first = api.prepare("{ __typename }", None).unwrap();
    let second = api.prepared("{ __typename }", None, &serde_json::Map::new()).unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

/// A number is what the scalar makes of it; GraphQL has no largest one.
#[tokio::test]
async fn a_large_number_in_a_document_reaches_the_subgraph_as_it_is() {
    let log = Log::default();
    let sdl = format!("{LINK} scalar Big type Query {{ keep(value: Big): Int }}");
    let number = "123456789012345678901234567890";
    let api = Supergraph::compose(&[canned("a", &sdl, &[(number, json!({ "keep": 1 }))], &log)]).unwrap();
    let answer = run(&api, &format!("{{ keep(value: {number}) }}")).await;
    assert_eq!(answer, json!({ "data": { "keep": 1 } }));
}
