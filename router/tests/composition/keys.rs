//! Entities: keys, and what `@requires`, `@provides` and `@external` say of their fields.

use crate::{composed, refused, shown};

const OWNER: &str =
    "type Query { t: T } type T @key(fields: \"id\") { id: ID! x: Int u: U } type U { n: Int m: Int }";

#[test]
fn every_key_is_told_with_what_holds_for_it() {
    let all = composed(&[
        OWNER,
        "type T @key(fields: \"id u { n }\") @key(fields: \"id\", resolvable: false) { id: ID! u: U @external y: Int }
         type U { n: Int @external }",
    ]);
    let t = shown(&all.supergraph_sdl, "T");
    assert!(t.contains("@join__type(graph: A, key: \"id\")"), "{t}");
    assert!(t.contains("@join__type(graph: B, key: \"id u { n }\")"), "{t}");
    assert!(t.contains("@join__type(graph: B, key: \"id\", resolvable: false)"), "{t}");
    let extended = composed(&[OWNER, "extend type T @key(fields: \"id\") { id: ID! @external y: Int }"]);
    let t = shown(&extended.supergraph_sdl, "T");
    assert!(t.contains("@join__type(graph: B, key: \"id\", extension: true)"), "{t}");
    // Its subgraph has the key, whatever it is marked.
    assert_eq!(shown(&extended.supergraph_sdl, "T.id"), "id: ID!");
}

#[test]
fn a_key_names_fields_that_exist() {
    let code = |key: &str| {
        let sdl = format!(
            "type Query {{ t: T }} type T @key(fields: {key}) {{ id: ID! a(b: Int): Int u: U i: I }}
             type U {{ n: Int }} interface I {{ n: Int }}"
        );
        refused(&[&sdl]).0[0]
    };
    assert_eq!(code("\"nope\""), "KEY_INVALID_FIELDS");
    assert_eq!(code("\"id {\""), "KEY_INVALID_FIELDS");
    assert_eq!(code("\"u\""), "KEY_INVALID_FIELDS");
    assert_eq!(code("\"id { n }\""), "KEY_INVALID_FIELDS");
    assert_eq!(code("\"id } query Other { t\""), "KEY_INVALID_FIELDS");
    assert_eq!(code("[\"id\"]"), "KEY_INVALID_FIELDS_TYPE");
    assert_eq!(code("\"a\""), "KEY_FIELDS_HAS_ARGS");
    assert_eq!(code("\"i { n }\""), "KEY_FIELDS_SELECT_INVALID_TYPE");
    assert_eq!(code("\"id @skip(if: true)\""), "KEY_DIRECTIVE_IN_FIELDS_ARG");
}

#[test]
fn requirements_are_told_to_the_planner() {
    let all = composed(&[
        OWNER,
        "type T @key(fields: \"id\") { id: ID! u: U @external y: Int @requires(fields: \"u { n }\") }
         type U { n: Int @external }",
    ]);
    assert_eq!(shown(&all.supergraph_sdl, "T.y"), "y: Int @join__field(graph: B, requires: \"u { n }\")");
    let u = shown(&all.supergraph_sdl, "U.n");
    assert_eq!(u, "n: Int @join__field(graph: A) @join__field(graph: B, external: true)");
}

#[test]
fn a_requirement_names_what_others_have() {
    let code = |field: &str| {
        let sdl = format!("type T @key(fields: \"id\") {{ id: ID! own: Int x: Int @external {field} }}");
        refused(&[OWNER, &sdl]).0
    };
    assert!(code("y: Int @requires(fields: \"nope\")").contains(&"REQUIRES_INVALID_FIELDS"));
    assert!(code("y: Int @requires(fields: \"own x\")").contains(&"REQUIRES_FIELDS_MISSING_EXTERNAL"));
    assert!(code("y: Int @requires(fields: \"x x: own\")").contains(&"REQUIRES_INVALID_FIELDS"));
    assert_eq!(code("y: Int"), ["EXTERNAL_UNUSED"]);
}

#[test]
fn an_argument_in_a_requirement_is_known_to_who_answers_it() {
    let requiring = |call: &str| {
        format!(
            "type T @key(fields: \"id\") {{ id: ID! y: Int @requires(fields: \"{call}\")
               price(in: String!, and: Int): Int @external }}"
        )
    };
    let owner = "type Query { t: T } type T @key(fields: \"id\") { id: ID! price(in: String!): Int }";
    composed(&[owner, &requiring(r#"price(in: \"EUR\")"#)]);
    assert_eq!(refused(&[owner, &requiring(r#"price(in: \"EUR\", and: 1)"#)]).0, ["REQUIRES_INVALID_FIELDS"]);
    assert_eq!(refused(&[owner, &requiring("price")]).0, ["REQUIRES_INVALID_FIELDS"]);
}

#[test]
fn what_is_provided_is_external() {
    let all = composed(&[
        "type Query { t: T @shareable } type T @key(fields: \"id\") { id: ID! x: Int @shareable }",
        "type Query { t: T @shareable @provides(fields: \"x\") } type T @key(fields: \"id\") { id: ID! x: Int @external }",
    ]);
    let t = shown(&all.supergraph_sdl, "Query.t");
    assert_eq!(t, "t: T @join__field(graph: A) @join__field(graph: B, provides: \"x\")");
    let own = "type Query { p: T @provides(fields: \"x\") } type T @key(fields: \"id\") { id: ID! x: Int @shareable }";
    assert_eq!(refused(&[own]).0, ["PROVIDES_FIELDS_MISSING_EXTERNAL"]);
    assert_eq!(
        refused(&["type Query { p: Int @provides(fields: \"x\") }"]).0,
        ["PROVIDES_ON_NON_OBJECT_FIELD"]
    );
    // Resolved on that path by one, and everywhere by the other: both must know.
    let alone = "type Query { s: T @provides(fields: \"x\") } type T @key(fields: \"id\") { id: ID! x: Int @external }";
    assert_eq!(
        refused(&[OWNER, &format!("{alone} type U {{ n: Int @shareable }}")]).0[0],
        "INVALID_FIELD_SHARING"
    );
}

#[test]
fn an_external_field_is_resolved_by_somebody_who_means_the_same() {
    let external = |ty: &str| {
        format!("type T @key(fields: \"id\") {{ id: ID! {ty} @external y: Int @requires(fields: \"x\") }}")
    };
    assert_eq!(refused(&[OWNER, &external("x: String")]).0, ["EXTERNAL_TYPE_MISMATCH"]);
    assert_eq!(refused(&[OWNER, &external("x: Int!")]).0, ["EXTERNAL_TYPE_MISMATCH"]);
    let owner = "type Query { t: T } type T @key(fields: \"id\") { id: ID! }";
    let (codes, message) = refused(&[owner, &external("x: Int")]);
    assert_eq!(codes, ["EXTERNAL_MISSING_ON_BASE"]);
    assert_eq!(message, "field \"T.x\" is marked @external wherever it is: in subgraph \"b\"");
    let owner =
        |field: &str| format!("type Query {{ t: T }} type T @key(fields: \"id\") {{ id: ID! {field} }}");
    let code = |owned: &str, ty: &str| {
        let requiring = external(ty).replace("fields: \"x\"", r#"fields: "x(a: 1)""#);
        refused(&[&owner(owned), &requiring]).0[0]
    };
    assert_eq!(code("x(a: Int, b: Int): Int", "x(a: Int): Int"), "EXTERNAL_ARGUMENT_MISSING");
    assert_eq!(code("x(a: Int): Int", "x(a: Int!): Int"), "EXTERNAL_ARGUMENT_TYPE_MISMATCH");
    assert_eq!(code("x(a: Int = 1): Int", "x(a: Int = 2): Int"), "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH");
    // Being ready for null where there never is one does no harm.
    composed(&[&owner("x: Int!"), &external("x: Int")]);
}

#[test]
fn what_is_said_of_an_external_field_has_no_effect_and_is_refused() {
    let sdl = "type T @key(fields: \"id\") { id: ID! x: Int @external @deprecated y: Int @requires(fields: \"x\") }";
    assert_eq!(refused(&[OWNER, sdl]).0, ["MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL"]);
}

#[test]
fn a_whole_type_can_be_external() {
    let all = composed(&[
        OWNER,
        "type T @key(fields: \"id\") { id: ID! u: U @external y: Int @requires(fields: \"u { n m }\") }
         type U @external { n: Int m: Int }",
    ]);
    let m = shown(&all.supergraph_sdl, "U.m");
    assert_eq!(m, "m: Int @join__field(graph: A) @join__field(graph: B, external: true)");
}
