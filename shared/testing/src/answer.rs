//! What a test looks at: an answer, read by path.

use serde_json::Value;

/// The answer to one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer(pub Value);

impl Answer {
    /// The data, of an answer that must have no errors and no `userErrors`.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.0.get("errors").is_none(), "unexpected errors: {:#}", self.0);
        let data = self.0.get("data").cloned().unwrap_or_default();
        for (name, field) in data.as_object().into_iter().flatten() {
            let refused =
                field.get("userErrors").and_then(Value::as_array).is_some_and(|errors| !errors.is_empty());
            assert!(!refused, "{name} was refused: {field:#}");
        }
        data
    }

    /// The codes of the GraphQL errors, in order.
    #[must_use]
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.0["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("(no code)")).collect()
    }

    /// The codes of the `userErrors` of the only mutation in the answer, in order.
    #[track_caller]
    #[must_use]
    pub fn refusals(&self) -> Vec<&str> {
        let data = self.0["data"].as_object().unwrap_or_else(|| panic!("no data: {:#}", self.0));
        let payload = data.values().next().unwrap();
        let errors = payload["userErrors"].as_array().unwrap_or_else(|| panic!("no userErrors: {payload:#}"));
        errors.iter().map(|error| error["code"].as_str().unwrap()).collect()
    }
}
