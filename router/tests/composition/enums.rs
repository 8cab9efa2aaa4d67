//! Enums: what may be answered by somebody, and what can be taken by everybody.

use crate::{composed, refused, shown};

#[test]
fn an_enum_that_is_answered_has_the_values_of_all() {
    let all = composed(&["type Query { x: E } enum E { A B }", "type Query { y: E } enum E { B C }"]);
    assert_eq!(shown(&all.api_sdl, "E"), "enum E { A B C }");
    let e = shown(&all.supergraph_sdl, "E");
    assert!(e.contains("B @join__enumValue(graph: A) @join__enumValue(graph: B)"), "{e}");
}

#[test]
fn an_enum_that_is_taken_has_the_values_that_all_know() {
    let all = composed(&[
        "type Query { x(e: E): Int } enum E { A B }",
        "type Query { y(i: I): Int } input I { e: E } enum E { B C }",
    ]);
    assert_eq!(shown(&all.api_sdl, "E"), "enum E { B }");
    let (codes, _) =
        refused(&["type Query { x(e: E): Int } enum E { A }", "type Query { y(e: E): Int } enum E { B }"]);
    assert_eq!(codes, ["EMPTY_MERGED_ENUM_TYPE"]);
}

#[test]
fn an_enum_that_goes_both_ways_is_the_same_everywhere() {
    let (codes, message) =
        refused(&["type Query { x(e: E): Int } enum E { A B }", "type Query { y: E } enum E { A }"]);
    assert_eq!(codes, ["ENUM_VALUE_MISMATCH"]);
    assert!(message.contains("\"Query.x(e:)\"") && message.contains("\"Query.y\""), "{message}");
    assert!(message.contains("\"B\" is in subgraph \"a\" and not in subgraph \"b\""), "{message}");
    composed(&[
        "type Query { x(e: E): Int } enum E { A B @inaccessible }",
        "type Query { y: E } enum E { A }",
    ]);
}

#[test]
fn an_argument_that_not_all_subgraphs_take_does_not_narrow_its_enum() {
    let all = composed(&[
        "type Query { x(e: E): E @shareable } enum E { A B }",
        "type Query { x: E @shareable } enum E { B }",
    ]);
    assert_eq!(shown(&all.api_sdl, "E"), "enum E { A B }");
}
