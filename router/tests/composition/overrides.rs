//! Fields that move from one subgraph to another.

use crate::{composed, refused, shown};

const OLD: &str = "type Query { t: T } type T @key(fields: \"id\") { id: ID! x: Int }";

fn taking(what: &str) -> String {
    format!("type T @key(fields: \"id\") {{ id: ID! {what} }}")
}

#[test]
fn a_field_that_moved_is_asked_of_its_new_subgraph_only() {
    let all = composed(&[OLD, &taking("x: Int @override(from: \"a\")")]);
    assert_eq!(shown(&all.supergraph_sdl, "T.x"), "x: Int @join__field(graph: B, override: \"a\")");
}

#[test]
fn a_field_that_its_old_subgraph_still_names_is_known_there() {
    let old = "type Query { t: T } interface I { x: Int } type T implements I @key(fields: \"id\") { id: ID! x: Int }";
    let all = composed(&[old, &taking("x: Int @override(from: \"a\")")]);
    let x = shown(&all.supergraph_sdl, "T.x");
    assert_eq!(
        x,
        "x: Int @join__field(graph: A, usedOverridden: true) @join__field(graph: B, override: \"a\")"
    );
}

#[test]
fn taking_from_who_is_not_there_changes_nothing() {
    let all = composed(&[
        "type Query { t: T }  type T @key(fields: \"id\") { id: ID! }",
        &taking("x: Int @override(from: \"gone\")"),
    ]);
    assert_eq!(shown(&all.supergraph_sdl, "T.x"), "x: Int @join__field(graph: B, override: \"gone\")");
}

#[test]
fn a_field_moves_once_and_alone() {
    let code = |sdls: &[&str]| refused(sdls).0[0];
    assert_eq!(code(&[OLD, &taking("x: Int @override(from: \"b\")")]), "OVERRIDE_FROM_SELF_ERROR");
    let chain = ["x: Int @override(from: \"c\")", "x: Int @override(from: \"b\")"].map(taking);
    assert_eq!(code(&[OLD, &chain[0], &chain[1]]), "OVERRIDE_SOURCE_HAS_OVERRIDE");
    let requiring = taking("y: Int @external x: Int @requires(fields: \"y\")");
    let new =
        "type Query { t: T } type T @key(fields: \"id\") { id: ID! y: Int x: Int @override(from: \"b\") }";
    assert_eq!(code(&[new, &requiring]), "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE");
    let interface = "interface I { x: Int @override(from: \"a\") }";
    assert_eq!(code(&["type Query { i: I } interface I { x: Int }", interface]), "OVERRIDE_ON_INTERFACE");
}

#[test]
fn moving_by_and_by_is_refused_in_so_many_words() {
    let (codes, message) = refused(&[OLD, &taking("x: Int @override(from: \"a\", label: \"percent(5)\")")]);
    assert_eq!(codes, ["UNSUPPORTED_FEATURE"]);
    assert!(message.contains("\"T.x\"") && message.contains("@override with a label"), "{message}");
}
