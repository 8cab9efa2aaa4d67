//! Fields that a subgraph has at one place only (`@provides`).

use serde_json::json;

use crate::Federation;
use crate::toy::Toy;

/// The library has every medium's tracks, the radio those of what is on the air.
fn radio() -> Federation {
    let radio = Toy {
        name: "radio",
        sdl: r#"
            type Query { onAir: Record @provides(fields: "tracks { id title }") }
            type Record @key(fields: "id") { id: ID! tracks: [Track] @external }
            interface Track { id: ID! title: String }
            type Song implements Track @key(fields: "id") { id: ID! title: String @external }
            type Jingle implements Track @key(fields: "id") { id: ID! title: String @external }
        "#,
        data: json!({ "Query": { "onAir": { "id": "r1", "tracks": [
            { "__typename": "Song", "id": "s1", "title": "One" },
            { "__typename": "Jingle", "id": "j1", "title": "Ding" },
        ] } } }),
    };
    let library = Toy {
        name: "library",
        sdl: r#"
            type Record @key(fields: "id") { id: ID! tracks: [Track] }
            interface Track { id: ID! title: String }
            type Song implements Track @key(fields: "id") { id: ID! title: String seconds: Int }
            type Jingle implements Track @key(fields: "id") { id: ID! title: String }
        "#,
        data: json!({
            "Record": [{ "id": "r1", "tracks": { "error": "the library is closed" } }],
            "Song": [{ "id": "s1", "seconds": 200 }],
        }),
    };
    Federation::ready(
        r#"
        enum join__Graph { RADIO @join__graph(name: "radio", url: "") LIBRARY @join__graph(name: "library", url: "") }
        type Query @join__type(graph: RADIO) @join__type(graph: LIBRARY) {
          onAir: Record @join__field(graph: RADIO, provides: "tracks { __typename id title }")
        }
        type Record @join__type(graph: RADIO, key: "id") @join__type(graph: LIBRARY, key: "id") {
          id: ID!
          tracks: [Track] @join__field(graph: RADIO, external: true) @join__field(graph: LIBRARY)
        }
        interface Track @join__type(graph: RADIO) @join__type(graph: LIBRARY) { id: ID! title: String }
        type Song implements Track @join__implements(graph: RADIO, interface: "Track")
          @join__implements(graph: LIBRARY, interface: "Track")
          @join__type(graph: RADIO, key: "id") @join__type(graph: LIBRARY, key: "id") {
          id: ID!
          title: String @join__field(graph: RADIO, external: true) @join__field(graph: LIBRARY)
          seconds: Int @join__field(graph: LIBRARY)
        }
        type Jingle implements Track @join__implements(graph: RADIO, interface: "Track")
          @join__implements(graph: LIBRARY, interface: "Track")
          @join__type(graph: RADIO, key: "id") @join__type(graph: LIBRARY, key: "id") {
          id: ID!
          title: String @join__field(graph: RADIO, external: true) @join__field(graph: LIBRARY)
        }
        "#,
        &[radio, library],
    )
}

#[tokio::test]
async fn what_is_provided_below_an_interface_is_not_asked_for_again() {
    let radio = radio();
    let answer = radio.ask("{ onAir { tracks { id title } } }").await;
    let tracks = json!([{ "id": "s1", "title": "One" }, { "id": "j1", "title": "Ding" }]);
    assert_eq!(answer, json!({ "data": { "onAir": { "tracks": tracks } } }));
    assert_eq!(radio.called(), ["radio"]);
}

#[tokio::test]
async fn asking_for_the_type_does_not_make_what_is_provided_absent() {
    let radio = radio();
    let answer = radio.ask("{ onAir { tracks { __typename id ... on Song { kind: __typename } } } }").await;
    let tracks =
        json!([{ "__typename": "Song", "id": "s1", "kind": "Song" }, { "__typename": "Jingle", "id": "j1" }]);
    assert_eq!(answer, json!({ "data": { "onAir": { "tracks": tracks } } }));
    assert_eq!(radio.called(), ["radio"]);
}

#[tokio::test]
async fn what_is_not_provided_is_added_by_the_entitys_own_subgraph() {
    let radio = radio();
    let answer = radio.ask("{ onAir { tracks { title ... on Song { seconds } } } }").await;
    let tracks = json!([{ "title": "One", "seconds": 200 }, { "title": "Ding" }]);
    assert_eq!(answer, json!({ "data": { "onAir": { "tracks": tracks } } }));
    assert_eq!(radio.called(), ["radio", "library"]);
    assert_eq!(radio.representations("library"), [json!({ "__typename": "Song", "id": "s1" })]);
}

/// Rooms within rooms: the hall gives those of a house and those within these, and none further in.
#[tokio::test]
async fn what_is_provided_at_one_depth_is_not_provided_at_the_next() {
    let hall = Toy {
        name: "hall",
        sdl: r#"
            type Query { house: Room @provides(fields: "rooms { id rooms { id } }") }
            type Room @key(fields: "id") { id: ID! rooms: [Room] @external }
        "#,
        data: json!({ "Query": { "house": { "id": "1", "rooms": [{ "id": "2", "rooms": [{ "id": "3" }] }] } } }),
    };
    let plan = Toy {
        name: "plan",
        sdl: r#"type Room @key(fields: "id") { id: ID! rooms: [Room] @shareable }"#,
        data: json!({ "Room": [
            { "id": "1", "rooms": [{ "id": "2" }] },
            { "id": "2", "rooms": [{ "id": "3" }] },
            { "id": "3", "rooms": [{ "id": "4" }] },
        ] }),
    };
    let api = Federation::composed(&[hall, plan]);
    let answer = api.ask("{ house { rooms { rooms { rooms { id } } } } }").await;
    let rooms = json!([{ "rooms": [{ "rooms": [{ "id": "4" }] }] }]);
    assert_eq!(answer, json!({ "data": { "house": { "rooms": rooms } } }));
}
