//! Supergraphs that were composed elsewhere: what they need that is not here is refused.

use router::Supergraph;

use crate::subgraphs;

fn taken(links: &str, field: &str) -> Result<Supergraph, String> {
    let sdl = format!(
        r#"
        schema @link(url: "https://specs.apollo.dev/link/v1.0")
          @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) {links} {{ query: Query }}
        enum join__Graph {{ A @join__graph(name: "a", url: "") }}
        type Query @join__type(graph: A) {{ x(y: Int): Int {field} }}
        "#
    );
    let supergraph = Supergraph::from_supergraph_sdl(&sdl, &subgraphs([("a", "")]));
    supergraph.map_err(|error| error.to_string())
}

#[track_caller]
fn refused(links: &str, field: &str, named: &str) {
    let said = taken(links, field).err().unwrap_or_default();
    assert!(said.starts_with("the supergraph cannot be served: ") && said.contains(named), "{said}");
}

#[test]
fn a_feature_that_must_be_understood_and_is_not_known_is_named() {
    refused(
        r#"@link(url: "https://example.org/lock/v1.0", for: SECURITY)"#,
        "",
        "https://example.org/lock v1.0",
    );
    refused(
        r#"@link(url: "https://example.org/run/v1.0", for: EXECUTION)"#,
        "",
        "https://example.org/run v1.0",
    );
    refused(r#"@core(feature: "https://example.org/lock/v1.0", for: SECURITY)"#, "", "is for SECURITY");
    refused(r#"@link(url: "https://specs.apollo.dev/authenticated/v9.0", for: SECURITY)"#, "", "v9.0");
    refused(r#"@link(url: "https://specs.apollo.dev/join/v0.9", for: EXECUTION)"#, "", "join v0.9");
    refused(r#"@link(url: "https://example.org/a/v1", for: LATER)"#, "", "is for LATER");
}

#[test]
fn what_apollos_router_does_and_this_one_does_not_is_named() {
    refused(r#"@link(url: "https://specs.apollo.dev/connect/v0.1", for: EXECUTION)"#, "", "connectors");
    refused(r#"@link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)"#, "", "contexts");
    refused(
        "",
        r#"@join__directive(graphs: [A], name: "connect", args: { http: { GET: "/x" } })"#,
        "connectors",
    );
    refused("", r#"@join__field(graph: A, overrideLabel: "percent(100)")"#, "progressive override");
    refused(
        "",
        r#"@join__field(graph: A, contextArguments: [{ context: "a__c", name: "y", type: "Int", selection: "{ z }" }])"#,
        "contexts",
    );
}

#[test]
fn what_is_known_or_need_not_be_is_taken() {
    for links in [
        "",
        r#"@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)"#,
        r#"@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)"#,
        r#"@link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost", "@listSize"])"#,
        r#"@link(url: "https://example.org/note/v1.0")"#,
        r#"@link(url: "https://example.org/note/v1.0", for: null)"#,
    ] {
        assert!(taken(links, "@join__field(graph: A, overrideLabel: null)").is_ok(), "{links}");
    }
}

#[test]
fn a_hidden_field_is_hidden_whatever_the_directive_is_called() {
    let links = r#"@link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "secret", for: SECURITY)"#;
    let supergraph = taken(links, "hidden: Int @secret").unwrap();
    assert!(!supergraph.api_sdl().contains("hidden"), "{}", supergraph.api_sdl());
}
