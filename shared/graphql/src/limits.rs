//! What a document may cost, decided before it is trusted: by one scan of the text, then by its shape.
//!
//! About 4 KB of nested brackets overflow the stack of a recursive parser, and 769 bytes of nested fragment
//! spreads cost seconds of expansion. So every server, the router and each subgraph, calls [`Limits::scan`]
//! before any parser sees the text and [`Limits::check`] before anything walks the parsed document.

mod cost;
mod mode;
mod scan;
mod shape;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use cost::{FieldCost, InputCost, Slicing, first_step};
pub use mode::{Hits, Limit, Mode, Modes};
pub use scan::without_ignored;
pub use shape::{DocumentFacts, FieldShape, PAGE_MAX, Said, Schema};

/// Brackets within brackets, and fragments within fragments, that are refused whatever the settings say.
pub const NESTING_HARD_MAX: usize = 128;

/// Tokens of a document that are refused whatever the settings say.
pub const TOKENS_HARD_MAX: usize = 100_000;

/// How large and how deep a request may be. Every field is a setting, and so is how strictly it is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request's body, or of one WebSocket message. Default 1,000,000; 1,000–100,000,000.
    #[schemars(range(min = 1_000, max = 100_000_000))]
    pub body_bytes_max: usize,
    /// Lexical tokens in the document; a longer one, such as a string, counts once for each 64 bytes. Default 5,000;
    /// 100–100,000.
    #[schemars(range(min = 100, max = 100_000))]
    pub tokens_max: usize,
    /// Open `{`, `[` and `(` at any one place, values included; also fragments within fragments. Default 64; 8–128.
    #[schemars(range(min = 8, max = 128))]
    pub nesting_max: usize,
    /// Fields within fields. Default 12; 1–64.
    #[schemars(range(min = 1, max = 64))]
    pub depth_max: usize,
    /// Fields within fields below `__schema` and `__type`. Default 15, which the standard tools need; 1–64.
    #[schemars(range(min = 1, max = 64))]
    pub introspection_depth_max: usize,
    /// Aliases, with fragments expanded. Default 30; 0–10,000.
    #[schemars(range(min = 0, max = 10_000))]
    pub aliases_max: usize,
    /// Fields of the operation's root, with fragments expanded. Default 20; 1–1,000.
    #[schemars(range(min = 1, max = 1_000))]
    pub root_fields_max: usize,
    /// Directives, with fragments expanded. Default 50; 0–10,000.
    #[schemars(range(min = 0, max = 10_000))]
    pub directives_max: usize,
    /// Fields and spreads, with fragments expanded. Default 10,000; 10–1,000,000.
    #[schemars(range(min = 10, max = 1_000_000))]
    pub selections_max: usize,
    /// Objects that an operation may have to find, each page counted at its full length. Default 5,000; 10–10,000,000.
    #[schemars(range(min = 10, max = 10_000_000))]
    pub cost_max: usize,
    /// How many entries a list of objects counts for when the document asks for no number of them and the schema states
    /// none by `@listSize`; 1 counts lists as single objects. Default 5; 1–1,000.
    #[schemars(range(min = 1, max = 1_000))]
    pub list_size_assumed: usize,
    /// Bytes of the variables as JSON. Default 262,144; 100–100,000,000.
    #[schemars(range(min = 100, max = 100_000_000))]
    pub variables_bytes_max: usize,
    /// Lists and objects within each other in the variables. Default 16; 1–100.
    #[schemars(range(min = 1, max = 100))]
    pub variables_depth_max: usize,
    /// Items in any one list in the variables. Default 1,000; 1–1,000,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub variables_items_max: usize,
    /// How many times larger a packed body may become. Default 20; 1–1,000.
    #[schemars(range(min = 1, max = 1_000))]
    pub body_ratio_max: usize,
    /// Errors in an answer; more are left out. Default 1,000; 1–1,000.
    #[schemars(range(min = 1, max = 1_000))]
    pub errors_max: usize,
    /// What is not refused: `{ "depth_max": "measure" }` lets deeper documents pass and counts them, `"off"` does not
    /// even count them. Default `enforce` for every limit.
    pub modes: Modes,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1_000_000,
            tokens_max: 5_000,
            nesting_max: 64,
            depth_max: 12,
            introspection_depth_max: 15,
            aliases_max: 30,
            root_fields_max: 20,
            directives_max: 50,
            selections_max: 10_000,
            cost_max: 5_000,
            list_size_assumed: 5,
            variables_bytes_max: 256 * 1024,
            variables_depth_max: 16,
            variables_items_max: 1_000,
            body_ratio_max: 20,
            errors_max: 1_000,
            modes: Modes::default(),
        }
    }
}

/// Why a request was refused: a code that never changes, and a sentence that names the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// Which limit; `None` for what no setting allows.
    pub limit: Option<Limit>,
    /// What clients see in `extensions.code`.
    pub code: &'static str,
    /// What was too much, and how much is allowed.
    pub message: String,
    /// Where in the document, in bytes, if it is about one place.
    pub offset: Option<usize>,
}

impl std::fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LimitExceeded {}

impl LimitExceeded {
    fn new(limit: Limit, code: &'static str, message: String) -> Self {
        Self { limit: Some(limit), code, message, offset: None }
    }

    fn at(self, offset: usize) -> Self {
        Self { offset: Some(offset), ..self }
    }

    fn of(limit: Limit, code: &'static str, what: &str, max: usize) -> Self {
        Self::new(limit, code, format!("the document has more than {max} {what}"))
    }
}

impl Limits {
    /// Whether something past a limit is to be refused; when it is only measured, it is added to the hits.
    fn refuses(&self, limit: Limit, hits: &mut Hits) -> bool {
        let mode = self.modes.of(limit);
        if mode == Mode::Measure {
            hits.add(limit);
        }
        mode == Mode::Enforce
    }

    /// Refuses a text that no parser should see: too many tokens, or nested too deeply.
    ///
    /// One linear pass without recursion. It does not validate; what it lets through may still be no GraphQL.
    ///
    /// # Errors
    /// `TOO_MANY_TOKENS`, `NESTED_TOO_DEEP`, or `GRAPHQL_PARSE_FAILED` for a string that does not end.
    pub fn scan(&self, document: &str, hits: &mut Hits) -> Result<(), LimitExceeded> {
        scan::scan(self, document, hits)
    }

    /// Refuses a parsed document whose expanded size is too large, without expanding it.
    ///
    /// Each fragment is measured once. Fragment cycles terminate; validation refuses them later.
    ///
    /// # Errors
    /// `QUERY_TOO_DEEP`, `TOO_MANY_ALIASES`, `TOO_MANY_ROOT_FIELDS`, `TOO_MANY_DIRECTIVES`,
    /// `TOO_MANY_SELECTIONS`, `QUERY_TOO_COSTLY`, `SLICING_ARGUMENT_NEEDED`, `NESTED_TOO_DEEP` or
    /// `INTROSPECTION_TOO_DEEP`.
    pub fn check(
        &self,
        document: &async_graphql::parser::types::ExecutableDocument,
        hits: &mut Hits,
    ) -> Result<DocumentFacts, LimitExceeded> {
        shape::check(self, document, None, hits)
    }

    /// As [`Limits::check`], by somebody who knows the schema: lists that are no pages count as such.
    ///
    /// # Errors
    /// As [`Limits::check`].
    pub fn check_in(
        &self,
        schema: Schema<'_>,
        document: &async_graphql::parser::types::ExecutableDocument,
        hits: &mut Hits,
    ) -> Result<DocumentFacts, LimitExceeded> {
        shape::check(self, document, Some(schema), hits)
    }

    /// Refuses variables that are too large, too deep, or carry too long a list.
    ///
    /// # Errors
    /// `VARIABLES_TOO_LARGE`, `VARIABLES_TOO_DEEP` or `VARIABLES_LIST_TOO_LONG`.
    pub fn check_variables(
        &self,
        variables: &Map<String, Value>,
        hits: &mut Hits,
    ) -> Result<(), LimitExceeded> {
        if variables.is_empty() {
            return Ok(());
        }
        let mut open: Vec<(&Value, usize)> = variables.values().map(|value| (value, 1)).collect();
        while let Some((value, depth)) = open.pop() {
            let is_too_deep = depth > self.variables_depth_max && (value.is_array() || value.is_object());
            if is_too_deep && self.refuses(Limit::VariablesDepth, hits) {
                let max = self.variables_depth_max;
                let message = format!("the variables are nested more than {max} deep");
                return Err(LimitExceeded::new(Limit::VariablesDepth, "VARIABLES_TOO_DEEP", message));
            }
            let is_too_long = value.as_array().is_some_and(|items| items.len() > self.variables_items_max);
            if is_too_long && self.refuses(Limit::VariablesItems, hits) {
                let max = self.variables_items_max;
                let message = format!("a list in the variables has more than {max} items");
                return Err(LimitExceeded::new(Limit::VariablesItems, "VARIABLES_LIST_TOO_LONG", message));
            }
            match value {
                Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
                Value::Object(fields) => open.extend(fields.values().map(|field| (field, depth + 1))),
                _ => {}
            }
        }
        let mut bytes = CountBytes { left: self.variables_bytes_max };
        let is_too_large = serde_json::to_writer(&mut bytes, variables).is_err();
        if is_too_large && self.refuses(Limit::VariablesBytes, hits) {
            let message = format!("the variables are larger than {} bytes", self.variables_bytes_max);
            return Err(LimitExceeded::new(Limit::VariablesBytes, "VARIABLES_TOO_LARGE", message));
        }
        Ok(())
    }
}

/// A sink that fails once more has been written than it has room for.
struct CountBytes {
    left: usize,
}

impl std::io::Write for CountBytes {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        match self.left.checked_sub(buffer.len()) {
            Some(left) => self.left = left,
            None => return Err(std::io::ErrorKind::FileTooLarge.into()),
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(limits: &Limits, variables: Value) -> Option<&'static str> {
        let Value::Object(variables) = variables else { panic!("variables are an object") };
        limits.check_variables(&variables, &mut Hits::default()).err().map(|refused| refused.code)
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |inner, _| json!([inner]))
    }

    #[test]
    fn variables_are_refused_one_past_each_limit() {
        let limits = Limits::default();
        assert_eq!(code(&limits, json!({"a": nested(16)})), None);
        assert_eq!(code(&limits, json!({"a": nested(17)})), Some("VARIABLES_TOO_DEEP"));
        assert_eq!(code(&limits, json!({"a": vec![1; 1_000]})), None);
        assert_eq!(code(&limits, json!({"a": vec![1; 1_001]})), Some("VARIABLES_LIST_TOO_LONG"));
        // {"a":"…"} is eight bytes around the text.
        assert_eq!(code(&limits, json!({"a": "x".repeat(256 * 1024 - 8)})), None);
        assert_eq!(code(&limits, json!({"a": "x".repeat(256 * 1024 - 7)})), Some("VARIABLES_TOO_LARGE"));
    }

    /// What a request comes to when every limit but one is wide open.
    fn held(limit: Limit, mode: Mode, document: &str, variables: &Value) -> (Option<Limit>, Vec<Limit>) {
        let mut limits = Limits::default();
        for (other, _) in Limit::ALL.into_iter().filter(|(other, _)| *other != limit) {
            limits.modes.set(other, Mode::Off);
        }
        limits.modes.set(limit, mode);
        let mut hits = Hits::default();
        let judged = limits.scan(document, &mut hits).and_then(|()| {
            let parsed = async_graphql::parser::parse_query(document).expect("the test's document parses");
            limits.check(&parsed, &mut hits)?;
            limits.check_variables(variables.as_object().expect("an object"), &mut hits)
        });
        (judged.err().and_then(|refused| refused.limit), hits.iter().collect())
    }

    /// For each limit a document and variables that are as large as it allows, and others that are one larger.
    fn at_and_past() -> Vec<(Limit, [(String, Value); 2])> {
        let documents = |at: String, past: String| [(at, json!({})), (past, json!({}))];
        let variables = |at: Value, past: Value| [at, past].map(|a| ("{ a }".to_owned(), json!({ "a": a })));
        let deep = |levels: usize| format!("{}a{}", "{a".repeat(levels - 1) + "{", "}".repeat(levels));
        let of = |what: &str, count: usize| format!("{{ r {{ {} }} }}", what.repeat(count));
        let introspect = |levels: usize| {
            let of_type = "{kind ofType".repeat(levels) + "{kind}" + &"}".repeat(levels);
            format!("{{ __schema {{ types {{ fields {{ args {{ type {of_type} }} }} }} }} }}")
        };
        let page =
            |rest: usize| format!("{{ list(first: 100) {{ nodes {{ {} }} }} }}", "f { id } ".repeat(rest));
        vec![
            (Limit::Tokens, documents(of("a ", 4_995), of("a ", 4_996))),
            (Limit::Nesting, documents(deep(64), deep(65))),
            (Limit::Depth, documents(deep(12), deep(13))),
            (Limit::IntrospectionDepth, documents(introspect(9), introspect(10))),
            (Limit::Aliases, documents(of("a: b ", 30), of("a: b ", 31))),
            (
                Limit::RootFields,
                documents(format!("{{ {} }}", "a ".repeat(20)), format!("{{ {} }}", "a ".repeat(21))),
            ),
            (Limit::Directives, documents(of("a @b ", 50), of("a @b ", 51))),
            (Limit::Selections, documents(of("a ", 9_999), of("a ", 10_000))),
            (Limit::Cost, documents(page(48), page(49))),
            (Limit::VariablesDepth, variables(nested(16), nested(17))),
            (Limit::VariablesItems, variables(json!(vec![1; 1_000]), json!(vec![1; 1_001]))),
            // {"a":"…"} is eight bytes around the text.
            (
                Limit::VariablesBytes,
                variables(json!("x".repeat(256 * 1024 - 8)), json!("x".repeat(256 * 1024 - 7))),
            ),
        ]
    }

    #[test]
    fn each_limit_holds_at_its_number_as_strictly_as_its_mode_says() {
        for (limit, [(at, at_variables), (past, past_variables)]) in at_and_past() {
            for mode in [Mode::Off, Mode::Measure, Mode::Enforce] {
                let fits = held(limit, mode, &at, &at_variables);
                assert_eq!(fits, (None, vec![]), "{limit:?} in {mode:?} refuses what it allows");
            }
            let past = |mode| held(limit, mode, &past, &past_variables);
            assert_eq!(past(Mode::Off), (None, vec![]), "{limit:?}");
            assert_eq!(past(Mode::Measure), (None, vec![limit]), "{limit:?}");
            assert_eq!(past(Mode::Enforce), (Some(limit), vec![]), "{limit:?}");
        }
    }

    #[test]
    fn no_mode_lets_through_what_would_overflow_a_stack() {
        // The braces and the parenthesis around the list are two.
        let lists =
            |levels: usize| format!("{{ a(b: {}{}) }}", "[".repeat(levels - 2), "]".repeat(levels - 2));
        let fragments = |levels: usize| {
            let link = |i: usize| format!("fragment F{i} on Q {{ ...F{} }} ", i + 1);
            let chain: String = (0..levels).map(link).collect();
            format!("{{ ...F0 }} {chain} fragment F{levels} on Q {{ a }}")
        };
        let judged = |mode, document: String| held(Limit::Nesting, mode, &document, &json!({})).0;
        for mode in [Mode::Off, Mode::Measure] {
            assert_eq!(judged(mode, lists(NESTING_HARD_MAX)), None);
            assert_eq!(judged(mode, lists(NESTING_HARD_MAX + 1)), Some(Limit::Nesting));
            assert_eq!(judged(mode, fragments(NESTING_HARD_MAX + 1)), Some(Limit::Nesting));
        }
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(serde_json::from_value::<Limits>(json!({"depth_max": 5})).is_ok());
        assert!(serde_json::from_value::<Limits>(json!({"depht_max": 5})).is_err());
    }
}
