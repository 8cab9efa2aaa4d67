//! What directives are called: imports, renames, prefixes.

use router::Scope;

use crate::{LINK, composed_as_is, shown};

const FEDERATION: &str = "https://specs.apollo.dev/federation/v2.5";

fn composed(sdls: &[&str]) -> String {
    composed_as_is(sdls, Scope::Whole).unwrap_or_else(|conflicts| panic!("{conflicts:#?}")).supergraph_sdl
}

fn code(sdl: &str) -> &'static str {
    composed_as_is(&[sdl], Scope::Whole).err().unwrap()[0].code
}

#[test]
fn a_directive_may_be_renamed_or_used_by_its_prefix() {
    let key = "@join__type(graph: A, key: \"id\")";
    for (link, name) in [
        (format!("@link(url: \"{FEDERATION}\", import: [{{ name: \"@key\", as: \"@id\" }}])"), "@id"),
        (format!("@link(url: \"{FEDERATION}\", import: [{{ name: \"@key\" }}])"), "@key"),
        (format!("@link(url: \"{FEDERATION}\")"), "@federation__key"),
        (format!("@link(url: \"{FEDERATION}\", as: \"fed\")"), "@fed__key"),
    ] {
        let sdl =
            format!("extend schema {link} type Query {{ t: T }} type T {name}(fields: \"id\") {{ id: ID! }}");
        let all = composed(&[&sdl]);
        assert!(shown(&all, "T").contains(key), "{name}: {all}");
    }
}

#[test]
fn the_link_itself_may_be_renamed() {
    let sdl = format!(
        "schema @l(url: \"https://specs.apollo.dev/link/v1.0\", as: \"l\")
           @l(url: \"{FEDERATION}\", import: [\"@key\"]) {{ query: Root }}
         type Root {{ t: T self: Root }} type T @key(fields: \"id\") {{ id: ID! }}"
    );
    let all = composed(&[&sdl]);
    assert!(shown(&all, "T").contains("key: \"id\""), "{all}");
    // A root type has its usual name in the supergraph, wherever it is named.
    assert_eq!(shown(&all, "Query"), "type Query @join__type(graph: A) { t: T self: Query }");
}

#[test]
fn root_types_of_different_names_are_one() {
    let all = composed(&[
        "schema { query: Q mutation: M } type Q { x: Int } type M { m: Int }",
        "type Query { y: Int } type Mutation { n: Int }",
    ]);
    assert!(shown(&all, "Query").contains("x: Int") && shown(&all, "Query").contains("y: Int"), "{all}");
    assert!(
        shown(&all, "Mutation").contains("m: Int") && shown(&all, "Mutation").contains("n: Int"),
        "{all}"
    );
    assert_eq!(code("schema { query: Q } type Q { x: Int } type Query { y: Int }"), "ROOT_QUERY_USED");
}

#[test]
fn what_reaches_the_supergraph_has_its_canonical_name_there() {
    let link =
        format!("extend schema @link(url: \"{FEDERATION}\", import: [{{ name: \"@tag\", as: \"@mark\" }}])");
    let alone = "extend schema @link(url: \"https://specs.apollo.dev/inaccessible/v0.2\", import: [\"@inaccessible\"])";
    let sdl = format!("{link} {alone} type Query {{ x: Int @mark(name: \"n\") y: Int @inaccessible }}");
    let all = composed(&[&sdl]);
    assert_eq!(shown(&all, "Query.x"), "x: Int @tag(name: \"n\")");
    assert_eq!(shown(&all, "Query.y"), "y: Int @inaccessible");
    assert!(all.contains("@link(url: \"https://specs.apollo.dev/tag/v0.3\")"), "{all}");
    assert!(
        all.contains("@link(url: \"https://specs.apollo.dev/inaccessible/v0.2\", for: SECURITY)"),
        "{all}"
    );
}

#[test]
fn a_link_is_read_with_care() {
    let with = |link: &str| code(&format!("extend schema {link} type Query {{ x: Int }}"));
    let federation = |rest: &str| with(&format!("@link(url: \"{FEDERATION}\"{rest})"));
    assert_eq!(with("@link(as: \"x\")"), "INVALID_LINK_DIRECTIVE_USAGE");
    assert_eq!(federation(", import: [\"@keey\"]"), "INVALID_LINK_DIRECTIVE_USAGE");
    assert_eq!(federation(", import: [1]"), "INVALID_LINK_DIRECTIVE_USAGE");
    assert_eq!(federation(", import: [{ name: \"@key\", as: \"key\" }]"), "INVALID_LINK_DIRECTIVE_USAGE");
    let newer = "@link(url: \"https://specs.apollo.dev/federation/v3.0\")";
    assert_eq!(with(newer), "UNKNOWN_FEDERATION_LINK_VERSION");
}

#[test]
fn a_directive_that_was_not_imported_is_missed() {
    let sdl = format!(
        "extend schema @link(url: \"{FEDERATION}\") type Query {{ t: T }} type T @key(fields: \"id\") {{ id: ID! }}"
    );
    assert_eq!(code(&sdl), "INVALID_GRAPHQL");
    // One's own of the same name is one's own.
    composed(&[&format!("{sdl} directive @key(fields: String) on OBJECT")]);
}

#[test]
fn types_of_specifications_stay_out() {
    let sdl = format!(
        "extend schema @link(url: \"{FEDERATION}\", import: [\"@key\", \"FieldSet\"])
         scalar FieldSet scalar federation__Scope scalar My__Own type Query {{ x: My__Own }}"
    );
    let all = composed(&[&sdl]);
    assert_eq!(shown(&all, "FieldSet"), "");
    assert_eq!(shown(&all, "federation__Scope"), "");
    assert!(!shown(&all, "My__Own").is_empty());
    let api = composed_as_is(&[&sdl], Scope::Whole).unwrap().api_sdl;
    assert!(!shown(&api, "My__Own").is_empty(), "{api}");
}

#[test]
fn contexts_are_refused_in_so_many_words() {
    let sdl = format!(
        "{LINK} extend schema @link(url: \"{FEDERATION}\", as: \"f\") type Query {{ x(a: Int @f__fromContext(field: \"$c\")): Int }}"
    );
    assert_eq!(code(&sdl), "UNSUPPORTED_FEATURE");
}

#[test]
fn a_feature_that_must_be_understood_is_refused_and_another_is_not() {
    let with = |link: &str| {
        let sdl = format!("{LINK} extend schema {link} type Query {{ x: Int }}");
        composed_as_is(&[&sdl], Scope::Whole).err().map(|conflicts| conflicts[0].to_string())
    };
    let refused = |link: &str, named: &str| {
        let said = with(link).unwrap_or_default();
        assert!(said.starts_with("UNSUPPORTED_FEATURE: ") && said.contains(named), "{link}: {said}");
    };
    refused("@link(url: \"https://example.org/lock/v1.0\", for: SECURITY)", "https://example.org/lock v1.0");
    refused("@link(url: \"https://example.org/run/v1.0\", for: EXECUTION)", "for EXECUTION");
    refused("@link(url: \"https://specs.apollo.dev/connect/v0.1\", import: [\"@connect\"])", "connectors");
    assert_eq!(with("@link(url: \"https://example.org/note/v1.0\")"), None);
    assert_eq!(with("@link(url: \"https://specs.apollo.dev/inaccessible/v0.2\", for: SECURITY)"), None);
}
