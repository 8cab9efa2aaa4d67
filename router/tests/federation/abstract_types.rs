//! Interfaces and unions whose parts several subgraphs know.

use serde_json::json;

use crate::Federation;
use crate::toy::Toy;

/// The archive keeps everything, the shop sells books and films, the critics know films only.
fn media() -> Federation {
    let archive = Toy {
        name: "archive",
        sdl: r#"
            type Query { newest: Medium shelf: [Item] node(id: ID!): Node }
            union Medium = Book | Film | Tape
            interface Item { id: ID! }
            interface Node { id: ID! }
            type Book implements Item & Node @key(fields: "id") { id: ID! title: String @shareable }
            type Film implements Item & Node @key(fields: "id") { id: ID! title: String @shareable sequel: Item }
            type Tape implements Item { id: ID! metres: Int }
        "#,
        data: json!({ "Query": {
            "newest": { "__typename": "Film", "id": "f1", "title": "Alien" },
            "shelf": [
                { "__typename": "Book", "id": "b1", "title": "Dune" },
                { "__typename": "Film", "id": "f1", "title": "Alien",
                    "sequel": { "__typename": "Film", "id": "f2", "title": "Aliens" } },
                { "__typename": "Tape", "id": "t1", "metres": 90 },
                null,
            ],
            "node{\"id\":\"b1\"}": { "__typename": "Book", "id": "b1", "title": "Dune" },
        }, "Book": [{ "id": "b1", "title": "Dune" }] }),
    };
    let shop = Toy {
        name: "shop",
        sdl: r#"
            type Query { bestseller: Offer }
            union Offer = Book | Film
            interface Priced { cents: Int }
            type Book implements Priced @key(fields: "id") { id: ID! cents: Int }
            type Film implements Priced @key(fields: "id") { id: ID! cents: Int }
        "#,
        data: json!({
            "Query": { "bestseller": { "__typename": "Book", "id": "b1", "cents": 900 } },
            "Book": [{ "id": "b1", "cents": 900 }],
            "Film": [{ "id": "f1", "cents": 500 }, { "id": "f2", "cents": 600 }],
        }),
    };
    let critics = Toy {
        name: "critics",
        sdl: r#"type Film @key(fields: "id") { id: ID! stars: Int }"#,
        data: json!({ "Film": [{ "id": "f1", "stars": 5 }, { "id": "f2", "stars": 4 }] }),
    };
    Federation::composed(&[archive, shop, critics])
}

#[tokio::test]
async fn each_object_of_a_list_is_completed_as_what_it_is() {
    let api = media();
    let answer = api
        .ask(
            "{ shelf { id ... on Book { cents title } ... on Film { stars cents } ... on Tape { metres } } }",
        )
        .await;
    let shelf = json!([
        { "id": "b1", "cents": 900, "title": "Dune" },
        { "id": "f1", "stars": 5, "cents": 500 },
        { "id": "t1", "metres": 90 },
        null,
    ]);
    assert_eq!(answer, json!({ "data": { "shelf": shelf } }));
    assert_eq!(api.representations("critics"), [json!({ "__typename": "Film", "id": "f1" })]);
}

#[tokio::test]
async fn an_interface_of_another_subgraph_is_a_condition_here_too() {
    let answer = media()
        .ask("{ shelf { ... on Priced { cents } ... on Node { id } } newest { ... on Priced { cents } } }")
        .await;
    let shelf = json!([{ "cents": 900, "id": "b1" }, { "cents": 500, "id": "f1" }, {}, null]);
    assert_eq!(answer, json!({ "data": { "shelf": shelf, "newest": { "cents": 500 } } }));
}

#[tokio::test]
async fn a_type_that_a_subgraph_does_not_know_is_not_mentioned_to_it() {
    let api = media();
    let answer =
        api.ask("{ bestseller { __typename ... on Book { title cents } ... on Film { stars } } }").await;
    let bestseller = json!({ "__typename": "Book", "title": "Dune", "cents": 900 });
    assert_eq!(answer, json!({ "data": { "bestseller": bestseller } }));
    assert!(!api.log.lock().unwrap().iter().any(|(name, query, _)| name == "shop" && query.contains("Tape")));
}

#[tokio::test]
async fn an_object_says_what_it_is_under_any_name_and_at_any_depth() {
    let answer = media()
        .ask(
            "{ __typename a: __typename node(id: \"b1\") { __typename kind: __typename }
               shelf { ... on Film { it: __typename sequel { __typename ... on Film { cents __typename } } } } }",
        )
        .await;
    let sequel = json!({ "__typename": "Film", "cents": 600 });
    assert_eq!(
        answer,
        json!({ "data": {
            "__typename": "Query", "a": "Query", "node": { "__typename": "Book", "kind": "Book" },
            "shelf": [{}, { "it": "Film", "sequel": sequel }, {}, null],
        } })
    );
}

#[tokio::test]
async fn a_condition_on_a_variable_holds_for_everything_in_the_fragment() {
    let document = "query($films: Boolean!) { shelf { ... on Film @include(if: $films) { __typename stars }
        ... on Item @skip(if: $films) { id } } }";
    let api = media();
    let answer = api.ask_with(document, json!({ "films": false })).await;
    let ids = json!([{ "id": "b1" }, { "id": "f1" }, { "id": "t1" }, null]);
    assert_eq!(answer, json!({ "data": { "shelf": ids } }));
    assert_eq!(api.called(), ["archive"]);
    let answer = api.ask_with(document, json!({ "films": true })).await;
    let films = json!([{}, { "__typename": "Film", "stars": 5 }, {}, null]);
    assert_eq!(answer, json!({ "data": { "shelf": films } }));
}

#[tokio::test]
async fn a_union_in_one_subgraph_may_be_one_of_its_objects_in_another() {
    let wide = Toy {
        name: "wide",
        sdl: r#"
            type Query { best: Thing @shareable }
            union Thing = Cup | Jug
            type Cup @key(fields: "id") { id: ID! }
            type Jug @key(fields: "id") { id: ID! litres: Int }
        "#,
        data: json!({ "Query": { "best": { "__typename": "Cup", "id": "c1" } } }),
    };
    let narrow = Toy {
        name: "narrow",
        sdl: r#"type Query { cup: Cup } type Cup @key(fields: "id") { id: ID! glaze: String }"#,
        data: json!({ "Query": { "cup": { "id": "c1", "glaze": "blue" } }, "Cup": [{ "id": "c1", "glaze": "blue" }] }),
    };
    let api = Federation::composed(&[wide, narrow]);
    let answer = api.ask("{ best { ... on Cup { glaze } ... on Jug { litres } } cup { id } }").await;
    assert_eq!(answer, json!({ "data": { "best": { "glaze": "blue" }, "cup": { "id": "c1" } } }));
}

/// Two subgraphs share what was played; each knows a kind of its own besides songs.
#[tokio::test]
async fn what_one_who_shares_a_field_never_returns_is_asked_of_none() {
    let evening = Toy {
        name: "evening",
        sdl: r#"
            type Query { played: [Played] @shareable late: [Played] }
            union Played = Song | News
            type Song @shareable { title: String }
            type News { headline: String }
        "#,
        data: json!({ "Query": {
            "played": [{ "__typename": "Song", "title": "One" }, { "__typename": "News", "headline": "x" }],
            "late": [{ "__typename": "News", "headline": "x" }],
        } }),
    };
    let morning = Toy {
        name: "morning",
        sdl: r#"
            type Query { played: [Played] @shareable }
            union Played = Song | Weather
            type Song @shareable { title: String }
            type Weather { degrees: Int }
        "#,
        data: json!({ "Query": { "played": [{ "__typename": "Song", "title": "One" }] } }),
    };
    let api = Federation::composed(&[evening, morning]);
    let all = "{ __typename ... on Song { title } ... on News { headline } ... on Weather { degrees } }";
    let answer = api.ask(&format!("{{ played {all} late {all} }}")).await;
    assert_eq!(answer["data"]["late"], json!([{ "__typename": "News", "headline": "x" }]));
    assert_eq!(answer["data"]["played"][0], json!({ "__typename": "Song", "title": "One" }));
    let plan = api.supergraph.prepare(&format!("{{ played {all} late {all} }}"), None).unwrap().plan();
    assert_eq!(plan.matches("headline").count(), 1, "{plan}");
    assert_eq!(plan.matches("degrees").count(), 0, "{plan}");
}

/// Two subgraphs know the same many kinds of things, and only together all of each.
#[tokio::test]
async fn objects_of_an_interface_are_asked_for_together_however_many_kinds_there_are() {
    let side = |name: &'static str, field: &str, next: &str| {
        let fields = format!("id: ID! {field}: String {next}: Thing");
        let kinds: Vec<String> = (0..30)
            .map(|kind| format!("type T{kind} implements Thing @key(fields: \"id\") {{ {fields} }}"))
            .collect();
        let sdl =
            format!("type Query {{ {name}: Thing }} interface Thing {{ {fields} }} {}", kinds.join(" "));
        let thing = |id: &str| json!({ "__typename": "T7", "id": id, field: format!("{name}{id}") });
        let mut first = thing("1");
        first[next] = thing("2");
        Toy {
            name,
            sdl: sdl.leak(),
            data: json!({ "Query": { name: first.clone() }, "T7": [first, thing("2")] }),
        }
    };
    let api = Federation::composed(&[side("left", "l", "nextLeft"), side("right", "r", "nextRight")]);
    let query = "{ left { l r nextRight { l r nextLeft { r nextRight { l nextLeft { r } } } } } }";
    let plan = api.supergraph.prepare(query, None).unwrap().plan();
    assert!(plan.matches("Fetch").count() <= 6, "{plan}");
    assert!(plan.len() < 20_000, "{plan}");
    let answer = api.ask("{ left { l r nextRight { l r } } }").await;
    let next = json!({ "l": "left2", "r": "right2" });
    assert_eq!(answer, json!({ "data": { "left": { "l": "left1", "r": "right1", "nextRight": next } } }));
}
