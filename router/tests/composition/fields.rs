//! Fields that several subgraphs have, and the types that they are of.

use crate::{composed, refused, shown};

#[test]
fn a_field_of_everybody_needs_no_word_and_one_of_some_says_whose_it_is() {
    let all = composed(&[
        "type Query { x: T @shareable } type T @shareable { both: Int onlyA: Int }",
        "type Query { x: T @shareable y: Int } type T @shareable { both: Int onlyB: Int }",
    ]);
    assert_eq!(shown(&all.supergraph_sdl, "T.both"), "both: Int");
    assert_eq!(shown(&all.supergraph_sdl, "T.onlyA"), "onlyA: Int @join__field(graph: A)");
    assert_eq!(shown(&all.supergraph_sdl, "Query.y"), "y: Int @join__field(graph: B)");
    assert_eq!(shown(&all.api_sdl, "T"), "type T { both: Int onlyA: Int onlyB: Int }");
}

#[test]
fn every_subgraph_has_the_query_type() {
    let all = composed(&["type Query { x: Int }", "type T @key(fields: \"id\") { id: ID! }"]);
    let query = shown(&all.supergraph_sdl, "Query");
    assert_eq!(
        query,
        "type Query @join__type(graph: A) @join__type(graph: B) { x: Int @join__field(graph: A) }"
    );
}

#[test]
fn the_widest_type_of_a_field_is_what_clients_see() {
    let all = composed(&[
        "type Query { x: T! @shareable } interface I { id: ID! } type T implements I { id: ID! @shareable }",
        "type Query { x: I @shareable l: [I] } interface I { id: ID! } type T implements I { id: ID! @shareable }",
    ]);
    assert_eq!(
        shown(&all.supergraph_sdl, "Query.x"),
        "x: I @join__field(graph: A, type: \"T!\") @join__field(graph: B, type: \"I\")"
    );
    let all = composed(&[
        "type Query { x: [[Int!]!]! @shareable }",
        "type Query { x: [[Int]] @shareable }",
        "type Query { x: [[Int]!]! @shareable }",
    ]);
    assert_eq!(shown(&all.api_sdl, "Query.x"), "x: [[Int]]");
}

#[test]
fn the_order_of_subgraphs_does_not_decide_whether_types_agree() {
    let all = composed(
        &["[Int!]", "[Int]!", "[Int]"]
            .map(|ty| -> &str { format!("type Query {{ x: {ty} @shareable }}").leak() }),
    );
    assert_eq!(shown(&all.api_sdl, "Query.x"), "x: [Int]");
}

#[test]
fn a_union_contains_its_members_whoever_says_so() {
    let all = composed(&[
        "type Query { x: T @shareable } type T { a: Int @shareable }",
        "type Query { x: U @shareable } union U = T type T { a: Int @shareable }",
    ]);
    assert_eq!(shown(&all.api_sdl, "Query.x"), "x: U");
}

#[test]
fn types_that_do_not_contain_each_other_are_a_conflict() {
    let (codes, message) =
        refused(&["type Query { x: Int @shareable }", "type Query { x: String @shareable }"]);
    assert_eq!(codes, ["FIELD_TYPE_MISMATCH"]);
    assert_eq!(
        message,
        "field \"Query.x\" has type \"Int\" in subgraph \"a\" and type \"String\" in subgraph \"b\""
    );
    let (codes, _) = refused(&["type Query { x: [Int] @shareable }", "type Query { x: Int @shareable }"]);
    assert_eq!(codes, ["FIELD_TYPE_MISMATCH"]);
}

#[test]
fn a_kind_is_the_same_everywhere() {
    let (codes, message) =
        refused(&["type Query { x: T } type T { a: Int }", "interface T { a: Int } scalar Other"]);
    assert_eq!(codes, ["TYPE_KIND_MISMATCH"]);
    assert_eq!(message, "type \"T\" is object type in subgraph \"a\" and interface in subgraph \"b\"");
}

#[test]
fn who_resolves_a_field_together_with_others_says_so() {
    let (codes, message) =
        refused(&["type Query { x: Int @shareable }", "type Query { x: Int }", "type Query { y: Int }"]);
    assert_eq!(codes, ["INVALID_FIELD_SHARING"]);
    assert!(
        message.contains("\"Query.x\"") && message.ends_with("not @shareable in subgraph \"b\""),
        "{message}"
    );
}

#[test]
fn sharing_said_at_a_type_holds_for_that_definition_only() {
    let fine = "type Query { x: T } type T @shareable { a: Int } extend type T { b: Int }";
    assert_eq!(refused(&[fine, "type T @shareable { b: Int }"]).0, ["INVALID_FIELD_SHARING"]);
    composed(&[fine, "type T @shareable { a: Int }"]);
}

#[test]
fn events_are_never_shared() {
    let sdl = "type Query { x: Int @shareable } type Subscription { e: Int @shareable }";
    assert!(refused(&[sdl, sdl]).0.contains(&"INVALID_FIELD_SHARING"));
}

#[test]
fn descriptions_stay_and_most_subgraphs_agree_on_them() {
    let one = "\"Asks.\" type Query { \"One.\" x(\"Two.\" a: Int): E @shareable } \"Three.\" enum E { \"Four.\" V }";
    let all =
        composed(&["\"Other.\" type Query { \"Other.\" x(a: Int): E @shareable } enum E { V }", one, one]);
    for text in ["Asks.", "One.", "Two.", "Three.", "Four."] {
        assert!(all.api_sdl.contains(&format!("\"\"\"{text}\"\"\"")), "{text} in {}", all.api_sdl);
    }
    assert!(!all.api_sdl.contains("Other."));
}

#[test]
fn unions_are_united_and_say_who_knows_which_member() {
    let all = composed(&[
        "type Query { x: U } union U = S | A type S @shareable { i: Int } type A { i: Int }",
        "type Query { y: U } union U = S | B type S @shareable { i: Int } type B { i: Int }",
    ]);
    assert_eq!(shown(&all.api_sdl, "U"), "union U = S | A | B");
    let union = shown(&all.supergraph_sdl, "U");
    assert!(union.contains("@join__unionMember(graph: B, member: \"S\")"), "{union}");
    assert!(!union.contains("@join__unionMember(graph: A, member: \"B\")"), "{union}");
}

#[test]
fn a_query_is_needed() {
    let (codes, _) = refused(&["type T @key(fields: \"id\") { id: ID! }"]);
    assert_eq!(codes, ["NO_QUERIES"]);
}

#[test]
fn what_a_field_refers_to_must_exist_and_fit() {
    let (codes, message) = refused(&["type Query { x: Missing }"]);
    assert_eq!(codes, ["INVALID_GRAPHQL"]);
    assert_eq!(message, "[a] field \"Query.x\" refers to \"Missing\", which does not exist");
    let (codes, _) = refused(&["type Query { x(t: T): T } type T { a: Int }"]);
    assert_eq!(codes, ["INVALID_GRAPHQL"]);
    let (codes, _) = refused(&["type Query { x: Int } type Query { y: Int }"]);
    assert_eq!(codes, ["INVALID_GRAPHQL"]);
    let (codes, message) = refused(&["type Query { x: Int", "type Query { y: Int }"]);
    assert_eq!(codes, ["INVALID_GRAPHQL"]);
    assert!(message.starts_with("[a] "), "{message}");
}

#[test]
fn a_type_that_is_only_extended_has_nobody_to_define_it() {
    let (codes, message) = refused(&["type Query { t: T } extend type T { a: Int }"]);
    assert_eq!(codes, ["EXTENSION_WITH_NO_BASE"]);
    assert!(message.contains("\"T\"") && message.contains("\"a\""), "{message}");
}

#[test]
fn names_of_subgraphs_differ_and_become_names_of_graphql() {
    use router::{Scope, Sdl, compose};
    let sdl = Sdl::from("type Query { x: Int }");
    let all = compose([("my-shop", &sdl), ("my.shop", &sdl), ("1st", &sdl)], Scope::Whole).unwrap();
    let graphs = shown(&all.supergraph_sdl, "join__Graph");
    assert!(graphs.contains("MY_SHOP @join__graph(name: \"my-shop\""), "{graphs}");
    assert!(graphs.contains("MY_SHOP_1 @join__graph(name: \"my.shop\""), "{graphs}");
    assert!(graphs.contains("_1ST @join__graph(name: \"1st\""), "{graphs}");
    let error = compose([("a", &sdl), ("a", &sdl)], Scope::Whole).err().unwrap();
    assert_eq!(error.conflicts()[0].code, "INVALID_SUBGRAPH_NAME");
}
