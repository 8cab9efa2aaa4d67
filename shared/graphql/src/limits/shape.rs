//! The shape of a parsed document: depth, aliases, directives and selections as if fragments were expanded.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value};

use super::{LimitExceeded, Limits};

/// The introspection fields whose lists refer back to types; nesting them multiplies the answer.
const INTROSPECTION_LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];
/// How often those may occur within each other. The standard tools need one.
const INTROSPECTION_LISTS_MAX: usize = 2;

/// What a check learns about a document besides that it is small enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentFacts {
    /// Whether an operation in it asks for `__schema` or `__type`.
    pub introspects: bool,
}

/// The expanded size of a selection set.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    /// Fields within fields.
    depth: usize,
    /// Nested selection sets and spreads: how far a recursive reader descends.
    levels: usize,
    /// The most introspection lists within each other.
    lists: usize,
    aliases: usize,
    directives: usize,
    selections: usize,
    /// Fields at this level.
    fields: usize,
    /// Objects that may have to be found: each as often as the pages that it is in have entries.
    cost: usize,
    /// Whether entries of a page are asked for at this level.
    is_page: bool,
    introspects: bool,
}

impl Size {
    /// Adds what stands beside it.
    fn beside(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.levels = self.levels.max(other.levels);
        self.lists = self.lists.max(other.lists);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.selections = self.selections.saturating_add(other.selections);
        self.fields = self.fields.saturating_add(other.fields);
        self.cost = self.cost.saturating_add(other.cost);
        self.is_page |= other.is_page;
        self.introspects |= other.introspects;
    }
}

/// Refuses the document if any of its operations is too large.
pub(super) fn check(limits: &Limits, document: &ExecutableDocument) -> Result<DocumentFacts, LimitExceeded> {
    let mut measure = Measure { limits, fragments: &document.fragments, known: HashMap::new() };
    let mut facts = DocumentFacts::default();
    for (_, operation) in document.operations.iter() {
        let size = measure.operation(&operation.node)?;
        facts.introspects |= size.introspects;
    }
    // Fragments that no operation uses are walked by validators all the same. Not from the top: those that one
    // uses below `__schema` may be deeper than a query.
    for name in document.fragments.keys() {
        measure.fragment(name, 1)?;
    }
    Ok(facts)
}

struct Measure<'a> {
    limits: &'a Limits,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// `None` while a fragment is being measured: meeting it then is a cycle, which counts as nothing.
    known: HashMap<&'a str, Option<Size>>,
}

impl<'a> Measure<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, LimitExceeded> {
        let limits = self.limits;
        let mut size = self.selection_set(&operation.selection_set.node, 0)?;
        let on_variables: usize =
            operation.variable_definitions.iter().map(|variable| variable.node.directives.len()).sum();
        size.directives = size.directives.saturating_add(operation.directives.len() + on_variables);
        self.refuse(&size, 0)?;
        if size.fields > limits.root_fields_max {
            return Err(LimitExceeded::of("TOO_MANY_ROOT_FIELDS", "root fields", limits.root_fields_max));
        }
        Ok(size)
    }

    fn selection_set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Size, LimitExceeded> {
        let mut size = Size::default();
        if set.items.is_empty() {
            return Ok(size);
        }
        self.refuse(&size, level)?;
        for selection in &set.items {
            let mut one = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(fragment) => {
                    self.selection_set(&fragment.node.selection_set.node, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str(), level + 1)?
                }
            };
            one.selections = one.selections.saturating_add(1);
            one.directives = one.directives.saturating_add(selection.node.directives().len());
            size.beside(one);
            self.refuse(&size, level)?;
        }
        size.levels += 1;
        Ok(size)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Size, LimitExceeded> {
        let inner = self.selection_set(&field.selection_set.node, level + 1)?;
        let name = field.name.node.as_str();
        let is_page = name == "nodes" || name == "edges";
        let mut size =
            Size { fields: 1, depth: inner.depth + 1, cost: cost(field, &inner), is_page, ..inner };
        size.aliases = size.aliases.saturating_add(usize::from(field.alias.is_some()));
        size.lists += usize::from(INTROSPECTION_LISTS.contains(&name));
        if name == "__schema" || name == "__type" {
            let max = self.limits.introspection_depth_max;
            if size.depth > max || size.lists > INTROSPECTION_LISTS_MAX {
                return Err(LimitExceeded::new(
                    "INTROSPECTION_TOO_DEEP",
                    format!(
                        "the introspection is more than {max} fields deep, or more than \
                         {INTROSPECTION_LISTS_MAX} lists of types deep"
                    ),
                ));
            }
            size = Size { depth: 1, introspects: true, cost: 0, ..size };
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &str, level: usize) -> Result<Size, LimitExceeded> {
        let Some((name, fragment)) = self.fragments.get_key_value(name) else {
            return Ok(Size::default());
        };
        if let Some(known) = self.known.get(name.as_str()) {
            let size = known.unwrap_or_default();
            self.refuse(&size, level)?;
            return Ok(size);
        }
        self.known.insert(name.as_str(), None);
        let mut size = self.selection_set(&fragment.node.selection_set.node, level + 1)?;
        size.directives = size.directives.saturating_add(fragment.node.directives.len());
        size.levels += 1;
        self.refuse(&size, level)?;
        self.known.insert(name.as_str(), Some(size));
        Ok(size)
    }

    /// Refuses what is too large already. Called at each step, so that the walk itself stays shallow.
    fn refuse(&self, size: &Size, level: usize) -> Result<(), LimitExceeded> {
        let limits = self.limits;
        if level + size.levels > limits.nesting_max {
            let max = limits.nesting_max;
            return Err(LimitExceeded::new(
                "NESTED_TOO_DEEP",
                format!("the document nests fragments and selections more than {max} deep"),
            ));
        }
        // Below `__schema` more is allowed; which of the two applies is known further up only.
        if size.depth > limits.depth_max.max(limits.introspection_depth_max)
            || level == 0 && size.depth > limits.depth_max
        {
            let max = limits.depth_max;
            return Err(LimitExceeded::new(
                "QUERY_TOO_DEEP",
                format!("the document nests fields more than {max} deep"),
            ));
        }
        for (code, what, count, max) in [
            ("TOO_MANY_ALIASES", "aliases", size.aliases, limits.aliases_max),
            ("TOO_MANY_DIRECTIVES", "directives", size.directives, limits.directives_max),
            ("TOO_MANY_SELECTIONS", "fields and spreads", size.selections, limits.selections_max),
            ("QUERY_TOO_COSTLY", "objects, each page at its full length", size.cost, limits.cost_max),
        ] {
            if count > max {
                return Err(LimitExceeded::of(code, &format!("{what}, fragments expanded"), max));
            }
        }
        Ok(())
    }
}

/// How many entries a page has when the document does not say.
const PAGE_DEFAULT: usize = 20;
/// How many a page has at most; what a variable may say is not known here.
const PAGE_MAX: usize = 100;

/// The objects that a field may have to find: itself and what is below it, for every entry of its page.
fn cost(field: &Field, inner: &Size) -> usize {
    if field.selection_set.node.items.is_empty() {
        return 0;
    }
    let asked = field.arguments.iter().find(|(name, _)| name.node == "first" || name.node == "last");
    let entries = match asked.map(|(_, value)| value.node.clone().into_const()) {
        Some(Some(Value::Number(number))) => {
            usize::try_from(number.as_u64().unwrap_or_default()).unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX)
        }
        Some(Some(Value::Null)) | None if inner.is_page => PAGE_DEFAULT,
        Some(Some(Value::Null)) | None => 1,
        Some(_) => PAGE_MAX,
    };
    entries.saturating_mul(inner.cost.saturating_add(1))
}

#[cfg(test)]
mod tests {
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
        let twice = "{ list(first: 100) { nodes { list(first: 50) { ...page } } } } fragment page on C { nodes { id } }";
        assert_eq!(check_text(twice).unwrap_err().code, "QUERY_TOO_COSTLY");
        let unsaid = "{ a { nodes { b { nodes { c { ...page } } } } } } fragment page on C { nodes { id } }";
        assert_eq!(check_text(unsaid).unwrap_err().code, "QUERY_TOO_COSTLY");
    }

    fn check_text(document: &str) -> Result<DocumentFacts, LimitExceeded> {
        let limits = Limits::default();
        limits.scan(document)?;
        limits.check(&async_graphql::parser::parse_query(document).expect("the test's document parses"))
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
        assert_eq!(
            code(&format!("query ($a: Int {}) {{ a }}", "@a ".repeat(51))),
            Some("TOO_MANY_DIRECTIVES")
        );
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
            let links =
                (0..length).map(|i| format!("fragment F{i} on Q{{...F{}}}", i + 1)).collect::<String>();
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
        assert_eq!(check_text(&standard), Ok(DocumentFacts { introspects: true }));
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
        assert_eq!(check_text(&document), Ok(DocumentFacts { introspects: true }));
    }

    #[test]
    fn introspection_is_noticed_through_fragments_and_not_in_a_typename() {
        let facts = |document: &str| check_text(document).expect("small enough").introspects;
        assert!(facts("{ ...F } fragment F on Query { __type(name: \"A\") { name } }"));
        assert!(!facts("{ __typename a { __typename } }"));
    }
}
