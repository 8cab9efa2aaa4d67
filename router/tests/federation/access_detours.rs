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

/// A supergraph of another composer, in which something stands at interfaces and at some objects.
fn given() -> Federation {
    let sdl = r#"
        schema @link(url: "https://specs.apollo.dev/link/v1.0")
          @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
          @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
          @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY) { query: Query }
        enum join__Graph { A @join__graph(name: "a", url: "") }
        type Query @join__type(graph: A) { nodes: [Node!] any: [Any!] kept: [Kept!] raised: [Raised!] }
        interface Node @join__type(graph: A) { id: ID! secret: String @authenticated }
        interface Kept @join__type(graph: A) @requiresScopes(scopes: [["k"]]) { id: ID! }
        interface Raised @join__type(graph: A) { id: ID! label: String @requiresScopes(scopes: [["a", "b"]]) }
        type User implements Node & Kept @join__type(graph: A) @join__implements(graph: A, interface: "Node")
          @join__implements(graph: A, interface: "Kept") { id: ID! secret: String }
        type Shut implements Raised @join__type(graph: A) @join__implements(graph: A, interface: "Raised") {
          id: ID! label: String @requiresScopes(scopes: [["a"]])
        }
        type Closed implements Raised @join__type(graph: A) @join__implements(graph: A, interface: "Raised") {
          id: ID! label: String @requiresScopes(scopes: [["b"]])
        }
        type Open implements Raised @join__type(graph: A) @join__implements(graph: A, interface: "Raised") {
          id: ID! label: String
        }
        union Any @join__type(graph: A) @join__unionMember(graph: A, member: "User")
          @join__unionMember(graph: A, member: "Open") @join__unionMember(graph: A, member: "Shut") =
          User | Open | Shut
    "#;
    let a = Toy {
        name: "a",
        sdl: r#"
            type Query { nodes: [Node!] any: [Any!] kept: [Kept!] raised: [Raised!] }
            interface Node { id: ID! secret: String }
            interface Kept { id: ID! }
            interface Raised { id: ID! label: String }
            type User implements Node & Kept { id: ID! secret: String }
            type Shut implements Raised { id: ID! label: String }
            type Closed implements Raised { id: ID! label: String }
            type Open implements Raised { id: ID! label: String }
            union Any = User | Open | Shut
        "#,
        data: json!({ "Query": {
            "nodes": [{ "__typename": "User", "id": "1", "secret": "s" }],
            "any": [{ "__typename": "Open", "id": "2", "label": "o" }],
            "raised": [{ "__typename": "Open", "id": "2", "label": "o" }],
        } }),
    };
    Federation::ready(sdl, &[a])
}

#[tokio::test]
async fn what_another_composer_left_at_an_interface_holds_for_its_objects_and_what_it_raised_does_not() {
    let api = given();
    let user = "{ nodes { ... on User { secret } } }";
    let refused = api.ask(user).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHORIZED_FIELD_OR_TYPE", "{refused}");
    let answer = api.ask_as(&member(&[], &[]), user, json!({})).await;
    assert_eq!(answer, json!({ "data": { "nodes": [{ "secret": "s" }] } }));
    // Its other interface demands a scope for the fields that it has.
    for (scopes, is_shown) in [(&[][..], false), (&["k"], true)] {
        let answer = api.ask_as(&member(scopes, &[]), "{ nodes { ... on User { id } } }", json!({})).await;
        assert_eq!(answer.get("errors").is_none(), is_shown, "{scopes:?} {answer}");
    }
    // An object that demands nothing by itself demands nothing for what the others do.
    let open = "{ any { ... on Open { label } } }";
    let answer = api.ask_as(&member(&["k"], &[]), open, json!({})).await;
    assert_eq!(answer, json!({ "data": { "any": [{ "label": "o" }] } }));
    // Whichever object it may be: all that any of them demands.
    let any = "{ raised { label } }";
    let answer = api.ask_as(&member(&["a"], &[]), any, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHORIZED_FIELD_OR_TYPE", "{answer}");
}
