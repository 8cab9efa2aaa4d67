//! Directives that reach the supergraph, when several subgraphs apply them.

use crate::{composed, composed_as_is, refused, shown};
use router::Scope;

#[test]
fn tags_are_united_and_deprecations_voted_on() {
    let all = composed(&[
        "type Query { x: Int @shareable @tag(name: \"p\") @deprecated(reason: \"old\") }",
        "type Query { x: Int @shareable @tag(name: \"q\") @tag(name: \"p\") @deprecated(reason: \"older\") }",
        "type Query { x: Int @shareable @deprecated(reason: \"older\") }",
    ]);
    assert_eq!(
        shown(&all.supergraph_sdl, "Query.x"),
        "x: Int @tag(name: \"p\") @tag(name: \"q\") @deprecated(reason: \"older\")"
    );
    assert_eq!(shown(&all.api_sdl, "Query.x"), "x: Int @deprecated(reason: \"older\")");
}

#[test]
fn scalars_say_where_they_are_specified_and_inputs_that_one_field_is_wanted() {
    let all =
        composed(&["scalar S @specifiedBy(url: \"https://x.example\") input I @oneOf { a: Int b: Int }
        type Query { x(i: I): S }"]);
    assert_eq!(shown(&all.api_sdl, "S"), "scalar S @specifiedBy(url: \"https://x.example\")");
    assert_eq!(shown(&all.api_sdl, "I"), "input I @oneOf { a: Int b: Int }");
}

#[test]
fn where_one_field_is_wanted_each_may_be_absent() {
    for fields in ["a: Int! b: Int", "a: Int = 1 b: Int", "a: Int b: [Int]! = []"] {
        let sdl = format!("input I @oneOf {{ {fields} }} type Query {{ x(i: I): Int }}");
        let (codes, message) = refused(&[&sdl]);
        assert_eq!(codes, ["INVALID_GRAPHQL"], "{fields}");
        assert!(message.contains("of a @oneOf type must be nullable and have no default"), "{message}");
    }
}

#[test]
fn who_may_see_a_field_fulfils_what_every_subgraph_asks() {
    let all = composed(&[
        "type Query { x: Int @shareable @authenticated @requiresScopes(scopes: [[\"a\"], [\"b\"]]) }",
        "type Query { x: Int @shareable @requiresScopes(scopes: [[\"a\", \"c\"], [\"d\"]]) }",
    ]);
    let x = shown(&all.supergraph_sdl, "Query.x");
    let scopes = r#"@requiresScopes(scopes: [["a", "c"], ["a", "d"], ["b", "d"]])"#;
    assert_eq!(x, format!("x: Int @authenticated {scopes}"));
}

#[test]
fn an_interface_asks_what_its_objects_ask() {
    let all = composed(&[
        "type Query { i: I } interface I @key(fields: \"id\") { id: ID! a: Int }
         type T implements I @key(fields: \"id\") @authenticated { id: ID! a: Int @policy(policies: [[\"p\"]]) }",
        "type I @interfaceObject @key(fields: \"id\") { id: ID! s: Int @authenticated }",
    ]);
    assert!(shown(&all.supergraph_sdl, "I").contains("@authenticated {"), "{}", all.supergraph_sdl);
    assert!(shown(&all.supergraph_sdl, "I.a").contains("@policy(policies: [[\"p\"]])"));
    assert!(shown(&all.supergraph_sdl, "T.s").contains("@authenticated"));
}

#[test]
fn the_highest_cost_stands() {
    let with = |weight: u8| {
        format!(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@cost\", \"@listSize\", \"@shareable\"])
             type Query {{ x: [Int] @shareable @cost(weight: {weight}) @listSize(assumedSize: 5) }}"
        )
    };
    let all = composed_as_is(&[&with(1), &with(3), &with(1)], Scope::Whole).unwrap();
    let x = shown(&all.supergraph_sdl, "Query.x");
    assert_eq!(x, "x: [Int] @cost(weight: 3) @listSize(assumedSize: 5)");
    assert_eq!(shown(&all.api_sdl, "Query.x"), "x: [Int]");
}

#[test]
fn the_longest_list_stands_with_everything_that_says_how_long_it_is() {
    let with = |size: &str| {
        format!(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@listSize\", \"@shareable\"])
             type Query {{ x(a: Int, b: Int): [Int] @shareable @listSize({size}) }}"
        )
    };
    let one = with("assumedSize: 5, slicingArguments: [\"a\"]");
    let other = with("assumedSize: 9, slicingArguments: [\"b\", \"a\"], requireOneSlicingArgument: false");
    let all = composed_as_is(&[&one, &other], Scope::Whole).unwrap();
    let expected =
        "@listSize(assumedSize: 9, slicingArguments: [\"a\", \"b\"], requireOneSlicingArgument: false)";
    let x = shown(&all.supergraph_sdl, "Query.x");
    assert!(x.ends_with(expected), "{x}");
}

const OWN: &str = "extend schema @composeDirective(name: \"@own\")
    @link(url: \"https://own.example/own/v1.2\", import: [\"@own\"])
    directive @own(level: Level = LOW) on FIELD_DEFINITION enum Level { LOW HIGH }";

#[test]
fn a_directive_of_ones_own_is_taken_along_when_asked() {
    let sdl = format!(
        "{OWN} directive @other on FIELD_DEFINITION type Query {{ x: Int @own(level: HIGH) @other }}"
    );
    let all = composed(&[&sdl]);
    assert_eq!(shown(&all.supergraph_sdl, "Query.x"), "x: Int @own(level: HIGH)");
    assert!(all.supergraph_sdl.contains("directive @own(level: Level = LOW) on FIELD_DEFINITION"));
    assert!(all.supergraph_sdl.contains("@link(url: \"https://own.example/own/v1.2\", import: [\"@own\"])"));
    assert_eq!(shown(&all.api_sdl, "Query.x"), "x: Int");
    let view = composed_as_is(&[format!("{}{sdl}", crate::LINK).as_str()], Scope::View).unwrap();
    assert!(view.supergraph_sdl.contains("enum Level"), "{}", view.supergraph_sdl);
}

#[test]
fn composed_directives_are_clear() {
    let code = |sdls: &[&str]| refused(sdls).0[0];
    let unlinked =
        "extend schema @composeDirective(name: \"@own\") directive @own on OBJECT type Query { x: Int }";
    assert_eq!(code(&[unlinked]), "DIRECTIVE_COMPOSITION_ERROR");
    assert_eq!(
        code(&["extend schema @composeDirective(name: \"@key\") type Query { x: Int }"]),
        "DIRECTIVE_COMPOSITION_ERROR"
    );
    let with = |name: &str, replaced: &str, by: &str| {
        format!("{} type Query {{ {name}: Int }}", OWN.replace(replaced, by))
    };
    let first = with("x", "v1.2", "v1.0");
    composed(&[&first, &with("y", "v1.2", "v1.3")]);
    assert_eq!(code(&[&first, &with("y", "v1.2", "v2.0")]), "DIRECTIVE_COMPOSITION_ERROR");
    assert_eq!(code(&[&first, &with("y", "own.example", "other.example")]), "DIRECTIVE_COMPOSITION_ERROR");
}
