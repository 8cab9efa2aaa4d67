//! Subgraphs of Federation 1: no link, and rules of their own.

use router::Scope;

use crate::{LINK, composed_as_is, shown};

fn composed(sdls: &[&str]) -> String {
    composed_as_is(sdls, Scope::Whole).unwrap_or_else(|conflicts| panic!("{conflicts:#?}")).supergraph_sdl
}

#[test]
fn value_types_and_keys_are_shared_without_a_word() {
    let all = composed(&[
        "type Query { t: T } type T @key(fields: \"id\") { id: ID! v: V x: Int } type V { n: Int }",
        "type Query { u: V } extend type T @key(fields: \"id\") { id: ID! @external y: Int } type V { n: Int }",
    ]);
    assert_eq!(shown(&all, "V.n"), "n: Int");
    assert_eq!(shown(&all, "T.id"), "id: ID!");
    assert_eq!(shown(&all, "T.y"), "y: Int @join__field(graph: B)");
}

#[test]
fn a_subgraph_of_federation_2_still_says_what_it_shares() {
    let first = "type Query { v: V } type V { n: Int }";
    let second = format!("{LINK} type V {{ n: Int }}");
    let conflicts = composed_as_is(&[first, &second], Scope::Whole).err().unwrap();
    assert_eq!(conflicts[0].code, "INVALID_FIELD_SHARING");
    composed(&[first, &format!("{LINK} type V @shareable {{ n: Int }}")]);
}

#[test]
fn external_fields_that_nobody_needs_are_dropped() {
    let owner = "type Query { t: T } type T @key(fields: \"id\") { id: ID! x: Int z: Int }";
    let all = composed(&[
        owner,
        "extend type T @key(fields: \"id\") {
           id: ID! @external x: Int @external z: Int @external y: Int @requires(fields: \"x\") }",
    ]);
    assert_eq!(shown(&all, "T.z"), "z: Int @join__field(graph: A)");
    let x = shown(&all, "T.x");
    assert_eq!(x, "x: Int @join__field(graph: A) @join__field(graph: B, external: true)");
}

#[test]
fn what_is_required_or_provided_idly_is_left_out() {
    let all = composed(&[
        "type Query { t: T } type T @key(fields: \"id\") { id: ID! x: Int }",
        "type Query { p: T @provides(fields: \"own\") }
         extend type T @key(fields: \"id\") {
           id: ID! @external own: Int x: Int @external y: Int @requires(fields: \"own x\") }",
    ]);
    assert_eq!(shown(&all, "Query.p"), "p: T @join__field(graph: B)");
    assert_eq!(shown(&all, "T.y"), "y: Int @join__field(graph: B, requires: \"x\")");
}

#[test]
fn marks_at_interfaces_mean_nothing() {
    let all = composed(&["type Query { i: I } interface I @key(fields: \"id\") { id: ID! @external a: Int }
        type T implements I { id: ID! a: Int }"]);
    assert_eq!(shown(&all, "I"), "interface I @join__type(graph: A) { id: ID! a: Int }");
}

#[test]
fn an_extension_without_a_key_has_its_owners_key() {
    let all = composed(&[
        "type Query { t: T } type T @key(fields: \"id\") { id: ID! x: Int }",
        "type Query { u: T } extend type T { id: ID! @external }",
    ]);
    assert_eq!(shown(&all, "T.id"), "id: ID!");
}

#[test]
fn extensions_may_be_marked_by_a_directive() {
    let all = composed(&[
        "type Query { t: T } type T @key(fields: \"id\") { id: ID! }",
        "extend type Query { u: T } type T @extends @key(fields: \"id\") { id: ID! @external y: Int }",
    ]);
    assert!(shown(&all, "T").contains("@join__type(graph: B, key: \"id\", extension: true)"), "{all}");
}

#[test]
fn lists_of_key_fields_and_what_servers_print_of_federation_are_understood() {
    let all = composed(&[
        "type Query { t: T _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }
        scalar _Any union _Entity = T type _Service { sdl: String }
        type T @key(fields: [\"id\", \"code\"]) { id: ID! code: ID! }",
    ]);
    assert!(shown(&all, "T").contains("key: \"id code\""), "{all}");
    assert_eq!(shown(&all, "Query"), "type Query @join__type(graph: A) { t: T }");
    assert!(!all.contains("_Any") && !all.contains("_Entity") && !all.contains("_Service"), "{all}");
}

#[test]
fn a_directive_of_federation_2_is_not_taken_for_granted() {
    let conflicts =
        composed_as_is(&["type Query { x: Int @override(from: \"b\") }"], Scope::Whole).err().unwrap();
    assert_eq!(conflicts[0].code, "INVALID_GRAPHQL");
    assert!(conflicts[0].message.contains("\"@override\""), "{}", conflicts[0].message);
}
