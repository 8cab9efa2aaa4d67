//! Interfaces, and objects that stand for them.

use crate::{composed, refused, shown};

const OWNER: &str = "type Query { i: I } interface I @key(fields: \"id\") { id: ID! a: Int }
    type T implements I @key(fields: \"id\") { id: ID! a: Int }
    type S implements I @key(fields: \"id\") { id: ID! a: Int }";

#[test]
fn an_interface_has_the_fields_of_all_and_its_objects_say_where_they_implement_it() {
    let all = composed(&[
        "type Query { i: I } interface I { a: Int } type T implements I @key(fields: \"id\") { id: ID! a: Int }",
        "interface J { b: Int } type T implements J @key(fields: \"id\") { id: ID! b: Int }",
    ]);
    assert_eq!(shown(&all.api_sdl, "T"), "type T implements I & J { id: ID! a: Int b: Int }");
    let t = shown(&all.supergraph_sdl, "T");
    assert!(t.contains("@join__implements(graph: A, interface: \"I\")"), "{t}");
    assert!(t.contains("@join__implements(graph: B, interface: \"J\")"), "{t}");
    let (codes, message) = refused(&[
        "type Query { i: I } interface I { a: Int } type T implements I @key(fields: \"id\") { id: ID! a: Int }",
        "type Query { j: I } interface I { b: Int } type S implements I { b: Int }",
    ]);
    assert_eq!(codes, ["INTERFACE_FIELD_NO_IMPLEM", "INTERFACE_FIELD_NO_IMPLEM"]);
    assert!(message.contains("\"I.a\"") || message.contains("\"I.b\""), "{message}");
}

#[test]
fn fields_of_an_interface_object_reach_every_implementation() {
    let all = composed(&[
        OWNER,
        "type I @interfaceObject @key(fields: \"id\") { id: ID! \"Stars.\" rating(of: Int = 5): Int! @tag(name: \"x\") }",
    ]);
    assert!(shown(&all.api_sdl, "T").contains("rating(of: Int = 5): Int!"), "{}", all.api_sdl);
    let rating = shown(&all.supergraph_sdl, "S.rating");
    assert_eq!(rating, "\"Stars.\" rating(of: Int = 5): Int! @tag(name: \"x\") @join__field");
    let rating = shown(&all.supergraph_sdl, "I.rating");
    assert!(rating.ends_with("@tag(name: \"x\") @join__field(graph: B)"), "{rating}");
    let interface = shown(&all.supergraph_sdl, "I");
    assert!(interface.contains("@join__type(graph: B, key: \"id\", isInterfaceObject: true)"), "{interface}");
}

#[test]
fn an_interface_object_is_used_as_it_should() {
    let object = "type I @interfaceObject @key(fields: \"id\") { id: ID! r: Int }";
    assert_eq!(refused(&["type Query { x: Int }", object]).0, ["INTERFACE_OBJECT_USAGE_ERROR"]);
    let with_member = format!("{object} type T @key(fields: \"id\") {{ id: ID! }}");
    assert_eq!(refused(&[OWNER, &with_member]).0, ["INTERFACE_OBJECT_USAGE_ERROR"]);
    assert_eq!(
        refused(&[OWNER, "type I @interfaceObject { id: ID! r: Int }"]).0[0],
        "INTERFACE_OBJECT_USAGE_ERROR"
    );
    let shared = "type I @interfaceObject @key(fields: \"id\") { id: ID! a: Int }";
    assert_eq!(refused(&[OWNER, shared]).0[0], "INVALID_FIELD_SHARING");
}

#[test]
fn who_has_the_key_of_an_interface_knows_all_its_objects_by_that_key() {
    let other = "interface I { id: ID! a: Int } type R implements I @key(fields: \"id\") { id: ID! a: Int }";
    let (codes, message) = refused(&[OWNER, other]);
    assert_eq!(codes, ["INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE"]);
    assert!(message.contains("\"R\""), "{message}");
    let (codes, _) = refused(&["type Query { i: I } interface I @key(fields: \"id\") { id: ID! }
        type T implements I { id: ID! }"]);
    assert_eq!(codes, ["INTERFACE_KEY_NOT_ON_IMPLEMENTATION"]);
}

#[test]
fn a_key_is_the_same_in_whatever_order() {
    composed(&["type Query { i: I } interface I @key(fields: \"a b { c d }\") { a: Int b: B }
        type T implements I @key(fields: \"b { d c } a\") { a: Int b: B } type B { c: Int d: Int }"]);
}

#[test]
fn an_interfaces_fields_are_resolved_by_nobody() {
    let code =
        |field: &str| refused(&[&format!("type Query {{ i: I }} interface I {{ id: ID! {field} }}")]).0[0];
    assert_eq!(code("a: Int @external"), "EXTERNAL_ON_INTERFACE");
    assert_eq!(code("a: Int @shareable"), "INVALID_SHAREABLE_USAGE");
    assert_eq!(code("a: Int @requires(fields: \"id\")"), "REQUIRES_UNSUPPORTED_ON_INTERFACE");
}
