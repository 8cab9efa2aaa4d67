//! What counts, and how.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn pages_within_pages_are_counted_at_their_full_length() {
    // 100 × (1 + 1 + 49): the page, its nodes, and what each of them leads to.
    let page = |first: &str, rest: usize| {
        let fields: String = (0..rest).map(|n| format!("f{n} {{ id }} ")).collect();
        format!("{{ list{first} {{ nodes {{ {fields} }} }} }}")
    };
    assert!(check_text(&page("(first: 100)", 48)).is_ok());
    assert_eq!(check_text(&page("(first: 100)", 49)).unwrap_err().code, "QUERY_TOO_COSTLY");
    assert_eq!(check_text(&page("(first: $n)", 49)).unwrap_err().code, "QUERY_TOO_COSTLY");
    assert!(check_text(&page("", 49)).is_ok());
    let twice =
        "{ list(first: 100) { nodes { list(first: 50) { ...page } } } } fragment page on C { nodes { id } }";
    assert_eq!(check_text(twice).unwrap_err().code, "QUERY_TOO_COSTLY");
    let message = check_text(twice).unwrap_err().message;
    for wanted in ["10200 objects", "5000 are allowed", "`list`"] {
        assert!(message.contains(wanted), "{message}");
    }
    let unsaid = "{ a { nodes { b { nodes { c { ...page } } } } } } fragment page on C { nodes { id } }";
    assert_eq!(check_text(unsaid).unwrap_err().code, "QUERY_TOO_COSTLY");
}

fn check_text(document: &str) -> Result<DocumentFacts, LimitExceeded> {
    let limits = Limits::default();
    let hits = &mut Hits::default();
    limits.scan(document, hits)?;
    limits.check(&async_graphql::parser::parse_query(document).expect("the test's document parses"), hits)
}

fn code(document: &str) -> Option<&'static str> {
    check_text(document).err().map(|refused| refused.code)
}

fn deep(levels: usize) -> String {
    format!("{}a{}", "{a".repeat(levels - 1) + "{", "}".repeat(levels))
}

#[test]
fn depth_is_refused_one_past_the_limit() {
    assert_eq!(code(&deep(12)), None);
    assert_eq!(code(&deep(13)), Some("QUERY_TOO_DEEP"));
    assert_eq!(code(&deep(40)), Some("QUERY_TOO_DEEP"));
    let through_fragment = |levels| format!("{{ a {{ ...F }} }} fragment F on T {}", deep(levels));
    assert_eq!(code(&through_fragment(11)), None);
    assert_eq!(code(&through_fragment(12)), Some("QUERY_TOO_DEEP"));
}

#[test]
fn aliases_are_refused_one_past_the_limit_fragments_expanded() {
    let flat = |count: usize| {
        format!("{{ r {{ {} }} }}", (0..count).map(|i| format!("a{i}: a ")).collect::<String>())
    };
    assert_eq!(code(&flat(30)), None);
    assert_eq!(code(&flat(31)), Some("TOO_MANY_ALIASES"));
    let spread = |times: usize| {
        let spreads = (0..times).map(|i| format!("f{i} {{ ...F }} ")).collect::<String>();
        format!("{{ {spreads} }} fragment F on T {{ a: x b: x c: x }}")
    };
    assert_eq!(code(&spread(10)), None);
    assert_eq!(code(&spread(11)), Some("TOO_MANY_ALIASES"));
}

#[test]
fn root_fields_are_refused_one_past_the_limit_fragments_expanded() {
    assert_eq!(code(&format!("{{ {} }}", "a ".repeat(20))), None);
    assert_eq!(code(&format!("{{ {} }}", "a ".repeat(21))), Some("TOO_MANY_ROOT_FIELDS"));
    let spread = |times: usize| format!("{{ {} }} fragment F on T {{ x y }}", "...F ".repeat(times));
    assert_eq!(code(&spread(10)), None);
    assert_eq!(code(&spread(11)), Some("TOO_MANY_ROOT_FIELDS"));
}

#[test]
fn directives_are_refused_one_past_the_limit_wherever_they_stand() {
    assert_eq!(code(&format!("{{ a {} }}", "@a ".repeat(50))), None);
    assert_eq!(code(&format!("{{ a {} }}", "@a ".repeat(51))), Some("TOO_MANY_DIRECTIVES"));
    assert_eq!(code(&format!("query {} {{ a }}", "@a ".repeat(51))), Some("TOO_MANY_DIRECTIVES"));
    assert_eq!(code(&format!("query ($a: Int {}) {{ a }}", "@a ".repeat(51))), Some("TOO_MANY_DIRECTIVES"));
    let fragment = format!("{{ ...F }} fragment F on T {} {{ a }}", "@a ".repeat(51));
    assert_eq!(code(&fragment), Some("TOO_MANY_DIRECTIVES"));
}

#[test]
fn expanded_selections_are_refused_one_past_the_limit() {
    // One spread and 99 fields make 100 of each `x`; `b` is 10 of those with its own spreads, and so on.
    let document = |fields: usize, more: &str| {
        format!(
            "{{ ...C {more} }} fragment A on T {{ {} }} fragment B on T {{ {} }} fragment C on T {{ r {{ {} }} }}",
            "a ".repeat(fields),
            "...A ".repeat(9),
            "...B ".repeat(10),
        )
    };
    // ...C + r + 10 × (1 + 9 × (1 + 109)) = 9,912
    assert_eq!(code(&document(109, "")), None);
    assert_eq!(code(&document(110, "")), Some("TOO_MANY_SELECTIONS"));
    let with = |rest: usize| document(109, &format!("q {{ {} }}", "a ".repeat(rest)));
    assert_eq!(code(&with(10_000 - 9_912 - 1)), None);
    assert_eq!(code(&with(10_000 - 9_912)), Some("TOO_MANY_SELECTIONS"));
}

#[test]
fn doubling_fragments_are_refused_at_once() {
    let mut document = "{ ...F0 } ".to_owned();
    for i in 0..25 {
        document += &format!("fragment F{i} on Q{{...F{0} ...F{0}}}", i + 1);
    }
    document += "fragment F25 on Q{a}";
    assert!(document.len() >= 769);
    let begin = Instant::now();
    assert_eq!(code(&document), Some("TOO_MANY_SELECTIONS"));
    assert!(begin.elapsed() < Duration::from_millis(250));
}

#[test]
fn long_chains_of_fragments_are_refused_without_deep_recursion() {
    let chain = |length: usize| {
        let links = (0..length).map(|i| format!("fragment F{i} on Q{{...F{}}}", i + 1)).collect::<String>();
        format!("{{ ...F0 }} {links} fragment F{length} on Q {{ a }}")
    };
    assert_eq!(code(&chain(30)), None);
    assert_eq!(code(&chain(550)), Some("NESTED_TOO_DEEP"));
}

#[test]
fn cycles_of_fragments_terminate() {
    assert_eq!(code("{ ...A } fragment A on Q { a ...B } fragment B on Q { b ...A }"), None);
    assert_eq!(code("{ ...A } fragment A on Q { ...A ...A }"), None);
    assert_eq!(code("{ ...Missing }"), None);
}

#[test]
fn introspection_may_go_deeper_than_queries_but_not_multiply() {
    let of_type = "{kind ofType".repeat(9) + "{kind}" + &"}".repeat(9);
    let standard = format!("{{ __schema {{ types {{ fields {{ args {{ type {of_type} }} }} }} }} }}");
    assert_eq!(check_text(&standard), Ok(DocumentFacts { introspects: true, cost: 0 }));
    let of_type = "{kind ofType".repeat(10) + "{kind}" + &"}".repeat(10);
    let deeper = format!("{{ __schema {{ types {{ fields {{ args {{ type {of_type} }} }} }} }} }}");
    assert_eq!(code(&deeper), Some("INTROSPECTION_TOO_DEEP"));
    let lists = |times: usize| {
        format!(
            "{{ __schema {{ types {}{} }} }}",
            "{ fields { type ".repeat(times) + "{ name }",
            "}}".repeat(times)
        )
    };
    assert_eq!(code(&lists(2)), None);
    assert_eq!(code(&lists(3)), Some("INTROSPECTION_TOO_DEEP"));
}

#[test]
fn the_introspection_of_the_usual_tools_passes() {
    let of_type = "ofType { kind name ".repeat(9) + &"}".repeat(9);
    let document = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name kind }} types {{ ...FullType }}
         directives {{ name args(includeDeprecated: true) {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind fields(includeDeprecated: true) {{ args {{ ...InputValue }}
         type {{ ...TypeRef }} }} inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }}
         enumValues {{ name }} possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name type {{ ...TypeRef }} }}
         fragment TypeRef on __Type {{ kind name {of_type} }}"
    );
    assert_eq!(check_text(&document), Ok(DocumentFacts { introspects: true, cost: 0 }));
}

#[test]
fn introspection_is_noticed_through_fragments_and_not_in_a_typename() {
    let facts = |document: &str| check_text(document).expect("small enough").introspects;
    assert!(facts("{ ...F } fragment F on Query { __type(name: \"A\") { name } }"));
    assert!(!facts("{ __typename a { __typename } }"));
}
