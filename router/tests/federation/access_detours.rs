//! Ways around what a caller may not see: another type's name for it, and what is worked out from it.

use serde_json::json;

use crate::Federation;
use crate::access::member;
use crate::toy::Toy;

#[tokio::test]
async fn there_is_no_way_around_an_interface_nor_through_what_is_worked_out() {
    let one = Toy {
        name: "one",
        sdl: r#"
            type Query { nodes: [Node!] any: [Any!] person: Person }
            interface Node { id: ID! secret: String @authenticated }
            interface Kept @authenticated { word: String }
            type User implements Node & Kept @key(fields: "id") { id: ID! secret: String word: String name: String }
            union Any = User
            type Person @key(fields: "id") { id: ID! salary: Int @authenticated }
        "#,
        data: json!({
            "Query": {
                "nodes": [{ "__typename": "User", "id": "1", "secret": "s", "word": "w", "name": "n" }],
                "any": [{ "__typename": "User", "id": "1", "secret": "s", "word": "w", "name": "n" }],
                "person": { "id": "1", "salary": 5 }
            },
            "User": [{ "id": "1", "secret": "s", "word": "w", "name": "n" }],
            "Person": [{ "id": "1", "salary": 5 }]
        }),
    };
    let two = Toy {
        name: "two",
        sdl: r#"type Person @key(fields: "id") { id: ID! salary: Int @external bonus: Int @requires(fields: "salary") }"#,
        data: json!({ "Person": [{ "id": "1", "bonus": 10 }] }),
    };
    let api = Federation::composed(&[one, two]);
    for query in [
        "{ nodes { secret } }",
        "{ nodes { ... on User { secret } } }",
        "{ any { ... on User { secret } } }",
        "{ any { ... on User { word } } }",
        "{ person { bonus } }",
    ] {
        let answer = api.ask(query).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "UNAUTHORIZED_FIELD_OR_TYPE",
            "{query}: {answer}"
        );
        let as_member = api.ask_as(&member(&[], &[]), query, json!({})).await;
        assert!(as_member.get("errors").is_none(), "{query}: {as_member}");
    }
    let open = api.ask("{ any { ... on User { name } } }").await;
    assert_eq!(open, json!({ "data": { "any": [{ "name": "n" }] } }));
}
