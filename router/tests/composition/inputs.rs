//! Arguments and input objects: what every subgraph can take.

use crate::{composed, refused, shown};

#[test]
fn an_argument_is_offered_when_all_subgraphs_take_it() {
    let all = composed(&[
        "type Query { x(both: Int, some: Int): Int @shareable }",
        "type Query { x(both: Int): Int @shareable }",
    ]);
    assert_eq!(shown(&all.api_sdl, "Query.x"), "x(both: Int): Int");
    let (codes, message) =
        refused(&["type Query { x(some: Int!): Int @shareable }", "type Query { x: Int @shareable }"]);
    assert_eq!(codes, ["REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH"]);
    assert_eq!(message, "\"Query.x(some:)\" is required in subgraph \"a\", but is not in subgraph \"b\"");
}

#[test]
fn the_narrowest_type_of_an_argument_is_what_clients_must_give() {
    let all = composed(&[
        "type Query { x(a: [Int]!): Int @shareable }",
        "type Query { x(a: [Int!]!): Int @shareable }",
        "type Query { x(a: [Int]): Int @shareable }",
    ]);
    assert_eq!(shown(&all.api_sdl, "Query.x"), "x(a: [Int!]!): Int");
    let (codes, _) =
        refused(&["type Query { x(a: Int): Int @shareable }", "type Query { x(a: ID): Int @shareable }"]);
    assert_eq!(codes, ["FIELD_ARGUMENT_TYPE_MISMATCH"]);
}

#[test]
fn a_default_is_kept_when_all_subgraphs_have_it() {
    let all = composed(&[
        "type Query { x(a: Int = 1, b: Int = 1): Int @shareable }",
        "type Query { x(a: Int = 1, b: Int): Int @shareable }",
    ]);
    assert_eq!(shown(&all.api_sdl, "Query.x"), "x(a: Int = 1, b: Int): Int");
    let (codes, _) = refused(&[
        "type Query { x(a: Int = 1): Int @shareable }",
        "type Query { x(a: Int = 2): Int @shareable }",
    ]);
    assert_eq!(codes, ["FIELD_ARGUMENT_DEFAULT_MISMATCH"]);
}

#[test]
fn an_input_object_has_the_fields_that_all_subgraphs_know() {
    let all = composed(&[
        "type Query { x(i: I): Int } input I { both: Int! some: Int hidden: Int @inaccessible }",
        "type Query { y(i: I): Int } input I { both: Int }",
    ]);
    assert_eq!(shown(&all.api_sdl, "I"), "input I { both: Int! }");
    let both = shown(&all.supergraph_sdl, "I.both");
    assert_eq!(
        both,
        "both: Int! @join__field(graph: A, type: \"Int!\") @join__field(graph: B, type: \"Int\")"
    );
    let hidden = shown(&all.supergraph_sdl, "I.hidden");
    assert_eq!(hidden, "hidden: Int @inaccessible @join__field(graph: A)");
}

#[test]
fn an_input_object_of_contradictions_is_a_conflict() {
    let with =
        |fields: &str, name: &str| format!("type Query {{ {name}(i: I): Int }} input I {{ {fields} }}");
    let code = |a: &str, b: &str| refused(&[&with(a, "x"), &with(b, "y")]).0;
    assert_eq!(code("both: Int some: Int!", "both: Int"), ["REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH"]);
    assert_eq!(code("one: Int", "other: Int"), ["EMPTY_MERGED_INPUT_TYPE"]);
    assert_eq!(code("a: Int = 1", "a: Int = 2"), ["INPUT_FIELD_DEFAULT_MISMATCH"]);
    assert_eq!(code("a: Int", "a: String"), ["FIELD_TYPE_MISMATCH"]);
}
