//! Fields that move from one subgraph to another (`@override`).

use serde_json::json;

use crate::Federation;
use crate::toy::Toy;

#[tokio::test]
async fn a_field_comes_from_whoever_overrides_it() {
    let old = Toy {
        name: "old",
        sdl: r#"type Query { bill: Bill } type Bill @key(fields: "id") { id: ID! cents: Int }"#,
        data: json!({ "Query": { "bill": { "id": "1", "cents": { "error": "moved" } } } }),
    };
    let new = Toy {
        name: "new",
        sdl: r#"type Bill @key(fields: "id") { id: ID! cents: Int @override(from: "old") }"#,
        data: json!({ "Bill": [{ "id": "1", "cents": 5 }] }),
    };
    let api = Federation::ready(
        r#"
        enum join__Graph { OLD @join__graph(name: "old", url: "") NEW @join__graph(name: "new", url: "") }
        type Query @join__type(graph: OLD) @join__type(graph: NEW) { bill: Bill @join__field(graph: OLD) }
        type Bill @join__type(graph: OLD, key: "id") @join__type(graph: NEW, key: "id") {
          id: ID!
          cents: Int @join__field(graph: OLD) @join__field(graph: NEW, override: "old")
        }
        "#,
        &[old, new],
    );
    assert_eq!(api.ask("{ bill { cents } }").await, json!({ "data": { "bill": { "cents": 5 } } }));
}
