//! `@inaccessible`: what clients see does not need what they do not see.

use crate::{composed, refused, shown};

#[test]
fn what_is_inaccessible_is_for_the_router_only() {
    let all = composed(&[
        "type Query { x(a: Int, h: Int @inaccessible): U h: H @inaccessible } type H @inaccessible { a: Int }
         type T { a: Int } union U = T | H",
    ]);
    assert_eq!(shown(&all.api_sdl, "Query"), "type Query { x(a: Int): U }");
    assert_eq!(shown(&all.api_sdl, "U"), "union U = T");
    assert_eq!(shown(&all.api_sdl, "H"), "");
    assert!(shown(&all.supergraph_sdl, "H").contains("@inaccessible"));
}

#[test]
fn a_root_can_be_hidden_as_a_whole() {
    let all = composed(&["type Query { x: Int } type Mutation @inaccessible { m: Int }"]);
    assert_eq!(shown(&all.api_sdl, "Mutation"), "");
    assert!(!all.api_sdl.contains("mutation: Mutation"), "{}", all.api_sdl);
}

#[test]
fn what_is_seen_needs_nothing_hidden() {
    let code = |sdl: &str| refused(&[sdl]).0;
    assert_eq!(code("type Query { x: H } type H @inaccessible { a: Int }"), ["REFERENCED_INACCESSIBLE"]);
    assert_eq!(code("type Query { x: T } type T { a: Int @inaccessible }"), ["ONLY_INACCESSIBLE_CHILDREN"]);
    assert_eq!(code("type Query { x(a: Int! @inaccessible): Int }"), ["REQUIRED_INACCESSIBLE"]);
    assert_eq!(code("type Query @inaccessible { x: Int }"), ["QUERY_ROOT_TYPE_INACCESSIBLE"]);
    assert_eq!(
        code("type Query { x(e: E = H): Int } enum E { A H @inaccessible }"),
        ["DEFAULT_VALUE_USES_INACCESSIBLE"]
    );
    assert_eq!(
        code("type Query { x(i: [I!] = [{ h: 1 }]): Int } input I { a: Int h: Int @inaccessible }"),
        ["DEFAULT_VALUE_USES_INACCESSIBLE"]
    );
    assert_eq!(
        code(
            "type Query { i: I } interface I { a: Int } type T implements I { a: Int @inaccessible b: Int }"
        ),
        ["IMPLEMENTED_BY_INACCESSIBLE"]
    );
}
