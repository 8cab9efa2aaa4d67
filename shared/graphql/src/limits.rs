//! What a document may cost, decided before it is trusted: by one scan of the text, then by its shape.
//!
//! About 4 KB of nested brackets overflow the stack of a recursive parser, and 769 bytes of nested fragment
//! spreads cost seconds of expansion. So every server, the router and each subgraph, calls [`Limits::scan`]
//! before any parser sees the text and [`Limits::check`] before anything walks the parsed document.

mod scan;
mod shape;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use shape::DocumentFacts;

/// How large and how deep a request may be. Every field is a setting; none can be switched off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request's body, or of one WebSocket message. Default 1 MB.
    pub body_bytes_max: usize,
    /// Lexical tokens in the document. Default 5,000.
    pub tokens_max: usize,
    /// Open `{`, `[` and `(` at any one place, values included; also fragments within fragments. Default 64.
    pub nesting_max: usize,
    /// Fields within fields. Default 12.
    pub depth_max: usize,
    /// Fields within fields below `__schema` and `__type`. The standard tools need 15, the default.
    pub introspection_depth_max: usize,
    /// Aliases, with fragments expanded. Default 30.
    pub aliases_max: usize,
    /// Fields of the operation's root, with fragments expanded. Default 20.
    pub root_fields_max: usize,
    /// Directives, with fragments expanded. Default 50.
    pub directives_max: usize,
    /// Fields and spreads, with fragments expanded. Default 10,000.
    pub selections_max: usize,
    /// Objects that an operation may have to find, each page counted at its full length. Default 5,000.
    pub cost_max: usize,
    /// Bytes of the variables as JSON. Default 256 KB.
    pub variables_bytes_max: usize,
    /// Lists and objects within each other in the variables. Default 16.
    pub variables_depth_max: usize,
    /// Items in any one list in the variables. Default 1,000.
    pub variables_items_max: usize,
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
            variables_bytes_max: 256 * 1024,
            variables_depth_max: 16,
            variables_items_max: 1_000,
        }
    }
}

/// Why a request was refused: a code that never changes, and a sentence that names the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// What clients see in `extensions.code`.
    pub code: &'static str,
    /// What was too much, and how much is allowed.
    pub message: String,
}

impl std::fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LimitExceeded {}

impl LimitExceeded {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message }
    }

    fn of(code: &'static str, what: &str, limit: usize) -> Self {
        Self::new(code, format!("the document has more than {limit} {what}"))
    }
}

impl Limits {
    /// Refuses a text that no parser should see: too many tokens, or nested too deeply.
    ///
    /// One linear pass without recursion. It does not validate; what it lets through may still be no GraphQL.
    ///
    /// # Errors
    /// `TOO_MANY_TOKENS`, `NESTED_TOO_DEEP`, or `GRAPHQL_PARSE_FAILED` for a string that does not end.
    pub fn scan(&self, document: &str) -> Result<(), LimitExceeded> {
        scan::scan(self, document)
    }

    /// Refuses a parsed document whose expanded size is too large, without expanding it.
    ///
    /// Each fragment is measured once. Fragment cycles terminate; validation refuses them later.
    ///
    /// # Errors
    /// `QUERY_TOO_DEEP`, `TOO_MANY_ALIASES`, `TOO_MANY_ROOT_FIELDS`, `TOO_MANY_DIRECTIVES`,
    /// `TOO_MANY_SELECTIONS`, `QUERY_TOO_COSTLY`, `NESTED_TOO_DEEP` or `INTROSPECTION_TOO_DEEP`.
    pub fn check(
        &self,
        document: &async_graphql::parser::types::ExecutableDocument,
    ) -> Result<DocumentFacts, LimitExceeded> {
        shape::check(self, document)
    }

    /// Refuses variables that are too large, too deep, or carry too long a list.
    ///
    /// # Errors
    /// `VARIABLES_TOO_LARGE`, `VARIABLES_TOO_DEEP` or `VARIABLES_LIST_TOO_LONG`.
    pub fn check_variables(&self, variables: &Map<String, Value>) -> Result<(), LimitExceeded> {
        if variables.is_empty() {
            return Ok(());
        }
        let mut open: Vec<(&Value, usize)> = variables.values().map(|value| (value, 1)).collect();
        while let Some((value, depth)) = open.pop() {
            if depth > self.variables_depth_max && (value.is_array() || value.is_object()) {
                let max = self.variables_depth_max;
                return Err(LimitExceeded::new(
                    "VARIABLES_TOO_DEEP",
                    format!("the variables are nested more than {max} deep"),
                ));
            }
            match value {
                Value::Array(items) if items.len() > self.variables_items_max => {
                    let max = self.variables_items_max;
                    return Err(LimitExceeded::new(
                        "VARIABLES_LIST_TOO_LONG",
                        format!("a list in the variables has more than {max} items"),
                    ));
                }
                Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
                Value::Object(fields) => open.extend(fields.values().map(|field| (field, depth + 1))),
                _ => {}
            }
        }
        let mut bytes = CountBytes { left: self.variables_bytes_max };
        serde_json::to_writer(&mut bytes, variables).map_err(|_| {
            let max = self.variables_bytes_max;
            LimitExceeded::new("VARIABLES_TOO_LARGE", format!("the variables are larger than {max} bytes"))
        })
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
        limits.check_variables(&variables).err().map(|refused| refused.code)
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

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(serde_json::from_value::<Limits>(json!({"depth_max": 5})).is_ok());
        assert!(serde_json::from_value::<Limits>(json!({"depht_max": 5})).is_err());
    }
}
