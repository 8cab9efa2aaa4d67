//! Subgraphs that take an interface for an object type (`@interfaceObject`).

use serde_json::json;

use crate::Federation;
use crate::toy::Toy;

/// The shelves know what things are; the scales weigh things without knowing, and may not ask.
fn shelves(resolvable: &str) -> Federation {
    let shelves = Toy {
        name: "shelves",
        sdl: r#"
            type Query { first: Thing }
            interface Thing @key(fields: "id") { id: ID! }
            type Book implements Thing @key(fields: "id") { id: ID! title: String }
            type Vase implements Thing @key(fields: "id") { id: ID! }
        "#,
        data: json!({
            "Query": { "first": { "__typename": "Book", "id": "b1", "title": "Dune" } },
            "Book": [{ "id": "b1", "title": "Dune" }],
            "Vase": [{ "id": "v1" }],
        }),
    };
    let scales = Toy {
        name: "scales",
        sdl: r#"
            type Query { lightest: Thing heaviest: Thing! }
            type Thing @key(fields: "id") @interfaceObject { id: ID! grams: Int }
        "#,
        data: json!({
            "Query": { "lightest": { "id": "b1", "grams": 5 }, "heaviest": { "id": "v1", "grams": 9 } },
            "Thing": [{ "id": "b1", "grams": 5 }, { "id": "v1", "grams": 9 }],
        }),
    };
    let sdl = r#"
        enum join__Graph { SHELVES @join__graph(name: "shelves", url: "") SCALES @join__graph(name: "scales", url: "") }
        type Query @join__type(graph: SHELVES) @join__type(graph: SCALES) {
          first: Thing @join__field(graph: SHELVES)
          lightest: Thing @join__field(graph: SCALES)
          heaviest: Thing! @join__field(graph: SCALES)
        }
        interface Thing @join__type(graph: SHELVES, key: "id" RESOLVABLE)
          @join__type(graph: SCALES, key: "id", isInterfaceObject: true) {
          id: ID!
          grams: Int @join__field(graph: SCALES)
        }
        type Book implements Thing @join__implements(graph: SHELVES, interface: "Thing")
          @join__type(graph: SHELVES, key: "id" RESOLVABLE) {
          id: ID!
          title: String
          grams: Int @join__field
        }
        type Vase implements Thing @join__implements(graph: SHELVES, interface: "Thing")
          @join__type(graph: SHELVES, key: "id" RESOLVABLE) {
          id: ID!
          grams: Int @join__field
        }
    "#;
    Federation::ready(&sdl.replace("RESOLVABLE", resolvable), &[shelves, scales])
}

#[tokio::test]
async fn what_an_object_is_need_not_be_known_where_nothing_depends_on_it() {
    for resolvable in ["", ", resolvable: false"] {
        let shelves = shelves(resolvable);
        let answer =
            shelves.ask("{ lightest { id grams } heaviest { ...T } } fragment T on Thing { g: grams }").await;
        let expected = json!({ "data": { "lightest": { "id": "b1", "grams": 5 }, "heaviest": { "g": 9 } } });
        assert_eq!(answer, expected);
        assert_eq!(shelves.called(), ["scales"]);
    }
}

#[tokio::test]
async fn what_an_object_is_comes_from_whoever_knows() {
    let shelves = shelves("");
    let answer = shelves.ask("{ lightest { __typename grams } heaviest { id ... on Book { title } } }").await;
    let expected =
        json!({ "data": { "lightest": { "__typename": "Book", "grams": 5 }, "heaviest": { "id": "v1" } } });
    assert_eq!(answer, expected);
    let answer = shelves.ask("{ lightest { ... on Book { title } } }").await;
    assert_eq!(answer, json!({ "data": { "lightest": { "title": "Dune" } } }));
}

#[tokio::test]
async fn objects_are_named_by_their_interface_to_whoever_knows_no_more() {
    let shelves = shelves("");
    let answer = shelves.ask("{ first { __typename id grams } }").await;
    assert_eq!(answer, json!({ "data": { "first": { "__typename": "Book", "id": "b1", "grams": 5 } } }));
    assert_eq!(shelves.representations("scales"), [json!({ "__typename": "Thing", "id": "b1" })]);
}

#[tokio::test]
async fn what_is_asked_of_every_object_is_asked_of_the_interface() {
    let api = shelves("");
    let each = "... on Book { grams id } ... on Vase { grams id }";
    let answer = api.ask(&format!("{{ lightest {{ {each} }} first {{ {each} }} }}")).await;
    let book = json!({ "grams": 5, "id": "b1" });
    assert_eq!(answer, json!({ "data": { "lightest": book, "first": book } }));
}

#[tokio::test]
async fn whether_an_object_is_of_a_type_is_asked_for_its_name_alone() {
    let named = "grams ... on Book { __typename }";
    let answer = shelves("").ask(&format!("{{ lightest {{ {named} }} heaviest {{ {named} }} }}")).await;
    let book = json!({ "grams": 5, "__typename": "Book" });
    assert_eq!(answer, json!({ "data": { "lightest": book, "heaviest": { "grams": 9 } } }));
}

#[tokio::test]
async fn an_interface_without_objects_has_fields_all_the_same() {
    let none = Toy {
        name: "none",
        sdl: r#"type Query { none: Int } interface Thing @key(fields: "id") { id: ID! }"#,
        data: json!({}),
    };
    let all = Toy {
        name: "all",
        sdl: r#"
            type Query { thing: Thing }
            type Thing @key(fields: "id") @interfaceObject { id: ID! grams: Int }
        "#,
        data: json!({ "Query": { "thing": { "id": "t1", "grams": 5 } } }),
    };
    let more = Toy {
        name: "more",
        sdl: r#"
            type Query { other: Thing }
            type Thing @key(fields: "id", resolvable: false) @interfaceObject { id: ID! litres: Int }
        "#,
        data: json!({ "Query": { "other": { "id": "t2", "litres": 9 } } }),
    };
    let api = Federation::composed(&[none, all, more]);
    let answer = api.ask("{ thing { id grams } other { id litres } }").await;
    let expected = json!({ "thing": { "id": "t1", "grams": 5 }, "other": { "id": "t2", "litres": 9 } });
    assert_eq!(answer, json!({ "data": expected }));
}

/// Each of two subgraphs takes the other's interface for an object type.
#[tokio::test]
async fn two_subgraphs_may_take_each_others_interfaces_for_object_types() {
    let zoo = Toy {
        name: "zoo",
        sdl: r#"
            type Query { guest: Person }
            interface Animal @key(fields: "id") { id: ID! }
            type Cat implements Animal @key(fields: "id") { id: ID! lives: Int }
            type Dog implements Animal @key(fields: "id") { id: ID! }
            type Person @key(fields: "id") @interfaceObject { id: ID! }
        "#,
        data: json!({ "Query": { "guest": { "id": "p1" } }, "Cat": [{ "id": "c1", "lives": 9 }] }),
    };
    let office = Toy {
        name: "office",
        sdl: r#"
            type Query { mascot: Animal }
            interface Person @key(fields: "id") { id: ID! }
            type Boss implements Person @key(fields: "id") { id: ID! car: String }
            type Clerk implements Person @key(fields: "id") { id: ID! }
            type Animal @key(fields: "id") @interfaceObject { id: ID! }
        "#,
        data: json!({ "Query": { "mascot": { "id": "c1" } }, "Boss": [{ "id": "p1", "car": "red" }] }),
    };
    let api = Federation::ready(
        r#"
        enum join__Graph { ZOO @join__graph(name: "zoo", url: "") OFFICE @join__graph(name: "office", url: "") }
        type Query @join__type(graph: ZOO) @join__type(graph: OFFICE) {
          guest: Person @join__field(graph: ZOO)
          mascot: Animal @join__field(graph: OFFICE)
        }
        interface Animal @join__type(graph: ZOO, key: "id")
          @join__type(graph: OFFICE, key: "id", isInterfaceObject: true) { id: ID! }
        type Cat implements Animal @join__implements(graph: ZOO, interface: "Animal")
          @join__type(graph: ZOO, key: "id") { id: ID! lives: Int }
        type Dog implements Animal @join__implements(graph: ZOO, interface: "Animal")
          @join__type(graph: ZOO, key: "id") { id: ID! }
        interface Person @join__type(graph: OFFICE, key: "id")
          @join__type(graph: ZOO, key: "id", isInterfaceObject: true) { id: ID! }
        type Boss implements Person @join__implements(graph: OFFICE, interface: "Person")
          @join__type(graph: OFFICE, key: "id") { id: ID! car: String }
        type Clerk implements Person @join__implements(graph: OFFICE, interface: "Person")
          @join__type(graph: OFFICE, key: "id") { id: ID! }
        "#,
        &[zoo, office],
    );
    let answer = api.ask("{ guest { ... on Boss { car } } }").await;
    assert_eq!(answer, json!({ "data": { "guest": { "car": "red" } } }));
    let answer = api.ask("{ mascot { id ... on Cat { lives } } }").await;
    assert_eq!(answer, json!({ "data": { "mascot": { "id": "c1", "lives": 9 } } }));
}

/// Films and books; who counts the views takes both for media, and knows some of them at the root.
fn media() -> Federation {
    let archive = Toy {
        name: "archive",
        sdl: r#"
            type Query { any: Media @shareable }
            interface Media @key(fields: "id") { id: ID! label: String }
            type Film implements Media @key(fields: "id") { id: ID! label: String }
            type Book implements Media @key(fields: "id") { id: ID! label: String }
        "#,
        data: json!({
            "Query": { "any": { "__typename": "Book", "id": "b1", "label": "Dune" } },
            "Book": [{ "id": "b1", "label": "Dune" }],
            "Film": [{ "id": "f1", "label": "Heat" }],
            "Media": [{ "__typename": "Book", "id": "b1", "label": "Dune" },
                { "__typename": "Film", "id": "f1", "label": "Heat" }],
        }),
    };
    let counter = Toy {
        name: "counter",
        sdl: r#"
            type Query { any: Media @shareable all: [Media!]! }
            type Media @key(fields: "id") @interfaceObject {
              id: ID! views: Int stars: Int label: String @external rank: String @requires(fields: "label")
            }
        "#,
        data: json!({
            "Query": { "any": { "id": "b1", "views": 5 }, "all": [{ "id": "b1", "views": 5 }, { "id": "f1", "views": 7 }] },
            "Media": [{ "id": "b1", "stars": 5, "views": 5, "rank": "=label" },
                { "id": "f1", "stars": { "error": "none" }, "views": 7, "rank": { "error": "none" } }],
        }),
    };
    Federation::composed(&[archive, counter])
}

#[tokio::test]
async fn fields_of_the_interface_and_of_its_objects_may_be_mixed() {
    let answer = media().ask("{ any { ... on Film { id } label views ... on Book { id } } }").await;
    assert_eq!(answer, json!({ "data": { "any": { "label": "Dune", "views": 5, "id": "b1" } } }));
}

#[tokio::test]
async fn an_object_is_asked_for_what_is_wanted_of_it_alone() {
    let media = media();
    let answer = media.ask("{ all { id ... on Book { id stars } } }").await;
    let expected = json!({ "data": { "all": [{ "id": "b1", "stars": 5 }, { "id": "f1" }] } });
    assert_eq!(answer, expected);
    let answer = media.ask("{ all { id ... on Book { id rank } ... on Film { v: views } } }").await;
    let expected = json!({ "data": { "all": [{ "id": "b1", "rank": "\"Dune\"" }, { "id": "f1", "v": 7 }] } });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn what_is_asked_of_every_object_may_stand_in_several_places() {
    let answer = media().ask("{ any { ... on Film { id } label views } any { ... on Book { id } } }").await;
    assert_eq!(answer, json!({ "data": { "any": { "id": "b1", "label": "Dune", "views": 5 } } }));
}

/// The shop knows products by two keys, and so do all their kinds; who says what is hot knows one of the keys.
fn products() -> Federation {
    let movie = json!({ "__typename": "Movie", "id": "p4", "sku": "s", "rank": 4 });
    let shop = Toy {
        name: "shop",
        sdl: r#"
            type Query { product: Product movie: Movie }
            interface Product @key(fields: "id") @key(fields: "sku") { id: ID! sku: String! rank: Int }
            type Book implements Product @key(fields: "id") @key(fields: "sku") { id: ID! sku: String! rank: Int }
            type Movie implements Product @key(fields: "id") @key(fields: "sku") { id: ID! sku: String! rank: Int }
        "#,
        data: json!({ "Query": { "product": movie, "movie": movie }, "Movie": [{ "id": "p4", "sku": "s", "rank": 4 }] }),
    };
    let trends = Toy {
        name: "trends",
        sdl: r#"
            type Query { top: Product }
            type Product @key(fields: "id") @interfaceObject {
              id: ID! rank: Int @external hot: String @requires(fields: "rank") stars: Int
            }
        "#,
        data: json!({ "Query": { "top": { "id": "p4", "stars": 5 } }, "Product": [{ "id": "p4", "hot": "=rank", "stars": 5 }] }),
    };
    Federation::composed(&[shop, trends])
}

#[tokio::test]
async fn a_key_that_a_subgraph_does_not_have_is_not_its_key() {
    for (question, expected) in [
        ("movie { hot }", json!({ "movie": { "hot": "4" } })),
        ("movie { stars }", json!({ "movie": { "stars": 5 } })),
        ("product { ... on Movie { hot } }", json!({ "product": { "hot": "4" } })),
        ("top { hot }", json!({ "top": { "hot": "4" } })),
        ("top { id hot }", json!({ "top": { "id": "p4", "hot": "4" } })),
        ("top { hot sku }", json!({ "top": { "hot": "4", "sku": "s" } })),
        ("top { ... on Book { sku } ... on Movie { id sku } }", json!({ "top": { "id": "p4", "sku": "s" } })),
        ("top { ... on Movie { stars } }", json!({ "top": { "stars": 5 } })),
    ] {
        let answer = products().ask(&format!("{{ {question} }}")).await;
        assert_eq!(answer, json!({ "data": expected }), "{question}");
    }
}
