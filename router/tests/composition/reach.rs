//! Whether everything that is offered can be had.

use crate::{composed, refused};

#[test]
fn a_field_without_a_way_to_it_is_a_conflict() {
    let (codes, message) = refused(&[
        "type Query { t: T } type T { a: Int @shareable u: U } type U @shareable { a: Int }",
        "type T { a: Int @shareable b: Int } type U @shareable { a: Int c: Int }",
    ]);
    assert_eq!(codes, ["SATISFIABILITY_ERROR", "SATISFIABILITY_ERROR"]);
    assert!(message.starts_with("\"Query.t.b\" cannot be answered: field \"T.b\" is in \"b\""), "{message}");
}

#[test]
fn keys_lead_from_one_subgraph_to_the_next() {
    let start = "type Query { t: T } type T @key(fields: \"id\") { id: ID! }";
    let bridge = "type T @key(fields: \"id\") @key(fields: \"code { n }\") { id: ID! code: Code } type Code @shareable { n: Int }";
    let end = "type T @key(fields: \"code { n }\") { code: Code z: Int } type Code @shareable { n: Int }";
    composed(&[start, bridge, end]);
    assert_eq!(refused(&[start, end]).0[0], "SATISFIABILITY_ERROR");
    let closed = bridge.replace("@key(fields: \"id\")", "@key(fields: \"id\", resolvable: false)");
    assert_eq!(refused(&[start, &closed, end]).0[0], "SATISFIABILITY_ERROR");
}

#[test]
fn an_external_key_is_not_given_by_its_subgraph() {
    let owner = "type Query { all: [T] } type T @key(fields: \"id\") { id: ID! x: Int }";
    let guest = "type Query { one: T } type T @key(fields: \"id\") { id: ID! @external y: Int }";
    let (codes, message) = refused(&[owner, guest]);
    assert!(codes.iter().all(|code| *code == "SATISFIABILITY_ERROR"));
    assert!(message.contains("Query.one"), "{message}");
    composed(&[owner, &guest.replace("type Query { one: T }", "")]);
    composed(&[owner, &guest.replace(" @external", "")]);
}

#[test]
fn requirements_must_be_had_and_may_not_wait_for_each_other() {
    let owner = "type Query { t: T } type T @key(fields: \"id\") { id: ID! }";
    let requiring = |own: &str, other: &str| {
        format!(
            "type T @key(fields: \"id\") {{ id: ID! {other}: Int @external {own}: Int @requires(fields: \"{other}\") }}"
        )
    };
    assert_eq!(
        refused(&[owner, &requiring("x", "y"), &requiring("y", "x")]).0,
        ["SATISFIABILITY_ERROR", "SATISFIABILITY_ERROR"]
    );
    composed(&[owner, &requiring("x", "y"), "type T @key(fields: \"id\") { id: ID! y: Int }"]);
    // Nothing brings what is required back without a key.
    let unreachable =
        "type Query { u: T } type T { id: ID! @shareable y: Int @external x: Int @requires(fields: \"y\") }";
    assert_eq!(
        refused(&[owner, unreachable, "type T @key(fields: \"id\") { id: ID! y: Int }"]).0[0],
        "SATISFIABILITY_ERROR"
    );
}

#[test]
fn what_is_provided_can_be_had_on_that_path_alone() {
    let owner = "type Query { x: Int } type T @key(fields: \"id\") { id: ID! y: Int @shareable }";
    let provider = |id: &str| {
        format!(
            "type Query {{ p: T @provides(fields: \"y\") q: T }} type T @key(fields: \"id\") {{ id: ID! {id} y: Int @external }}"
        )
    };
    composed(&[owner, &provider("")]);
    let (codes, message) = refused(&[owner, &provider("@external")]);
    assert_eq!(codes, ["SATISFIABILITY_ERROR"; 2]);
    assert!(message.contains("Query.p.id"), "{message}");
}

#[test]
fn a_shared_mutation_is_asked_once() {
    let with = |field: &str| {
        format!(
            "type Query {{ x: Int @shareable }} type Mutation {{ m: P @shareable }} type P {{ {field}: Int }}"
        )
    };
    assert_eq!(refused(&[&with("a"), &with("b")]).0, ["SATISFIABILITY_ERROR"]);
    let all = "type Query { x: Int @shareable } type Mutation { m: P @shareable } type P @shareable { a: Int b: Int }";
    composed(&[all, &with("a").replace("a: Int }", "a: Int @shareable }")]);
}

#[test]
fn the_type_behind_an_interface_object_must_be_asked_for() {
    let by_interface = "type Query { x: Int } interface I @key(fields: \"id\") { id: ID! a: Int }
        type T implements I @key(fields: \"id\") { id: ID! a: Int }";
    let object = "type Query { i: I } type I @interfaceObject @key(fields: \"id\") { id: ID! b: Int }";
    composed(&[by_interface, object]);
    let (codes, _) = refused(&[&by_interface.replacen(" @key(fields: \"id\")", "", 1), object]);
    assert_eq!(codes, ["SATISFIABILITY_ERROR"]);
}

#[test]
fn what_is_shared_can_be_the_same_object() {
    let with = |member: &str| {
        format!("type Query {{ u: U @shareable }} union U = {member} type {member} {{ a: Int }}")
    };
    assert_eq!(refused(&[&with("A"), &with("B")]).0, ["SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES"]);
}
