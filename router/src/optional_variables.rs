//! Variables that need not be given (GraphQL, sections 3.10 and 6.4.1): an argument with a default, or a field of an input
//! object, whose variable is not given stands there as if nobody had written it. That is not the same as null.
//!
//! Servers do not agree on it, so what is not given is taken out of the document before anything else looks at it, as for
//! `@skip` and `@include`: an operation is planned once for each set of variables that are given.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Argument, FieldDefinition, Value};
use apollo_compiler::executable::{ExecutableDocument, Operation, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node};
use serde_json::{Map, Value as Json};

/// The variables of an operation without which something stands as if it was not written.
#[derive(Debug, Default)]
pub(crate) struct Optional(BTreeSet<Name>);

/// Which of them are given.
#[derive(Debug, Default)]
pub(crate) struct Given(Vec<(Name, bool)>);

impl Optional {
    /// Those of an operation.
    pub fn of(document: &ExecutableDocument, operation: &Operation) -> Self {
        let is_optional = |name: &Name| {
            let variable = operation.variables.iter().find(|known| known.name == *name);
            variable.is_some_and(|known| known.default_value.is_none() && !known.ty.is_non_null())
        };
        let mut found = BTreeSet::new();
        look(&operation.selection_set, &mut found);
        document.fragments.values().for_each(|fragment| look(&fragment.selection_set, &mut found));
        found.retain(is_optional);
        Self(found)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which of them are given.
    pub fn given(&self, variables: &Map<String, Json>) -> Given {
        Given(self.0.iter().map(|name| (name.clone(), variables.contains_key(name.as_str()))).collect())
    }
}

impl Given {
    /// One letter for each of the variables, in the order of their names.
    pub fn key(&self) -> String {
        self.0.iter().map(|(_, is)| if *is { 'g' } else { 'n' }).collect()
    }

    /// Variables of which the same are given.
    pub fn variables(&self) -> impl Iterator<Item = (String, Json)> {
        self.0.iter().filter(|(_, is)| *is).map(|(name, _)| (name.to_string(), Json::Null))
    }

    /// Whether the same are given; `is_given` tells of each of them.
    pub fn is(&self, is_given: impl Fn(&str) -> bool) -> bool {
        self.0.iter().all(|(name, is)| is_given(name) == *is)
    }

    /// The document without what is not given.
    pub fn apply(&self, document: Valid<ExecutableDocument>) -> Valid<ExecutableDocument> {
        if self.0.iter().all(|(_, is)| *is) {
            return document;
        }
        let mut document = document.into_inner();
        for operation in document.operations.anonymous.iter_mut() {
            self.keep(&mut operation.make_mut().selection_set);
        }
        for operation in document.operations.named.values_mut() {
            self.keep(&mut operation.make_mut().selection_set);
        }
        for fragment in document.fragments.values_mut() {
            self.keep(&mut fragment.make_mut().selection_set);
        }
        // A variable may be unused now; nobody minds any more.
        Valid::assume_valid(document)
    }

    fn keep(&self, set: &mut SelectionSet) {
        for selection in &mut set.selections {
            match selection {
                Selection::Field(field) => {
                    let field = field.make_mut();
                    let definition = field.definition.clone();
                    field.arguments.retain(|it| !(has_default(&definition, it) && self.lacks(&it.value)));
                    field.arguments.iter_mut().for_each(|it| self.keep_in(&mut it.make_mut().value));
                    self.keep(&mut field.selection_set);
                }
                Selection::InlineFragment(fragment) => self.keep(&mut fragment.make_mut().selection_set),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn keep_in(&self, value: &mut Node<Value>) {
        match &**value {
            Value::Object(_) | Value::List(_) => {}
            _ => return,
        }
        match value.make_mut() {
            Value::Object(fields) => {
                fields.retain(|(_, value)| !self.lacks(value));
                fields.iter_mut().for_each(|(_, value)| self.keep_in(value));
            }
            Value::List(values) => values.iter_mut().for_each(|value| self.keep_in(value)),
            _ => {}
        }
    }

    /// Whether a value is a variable that is not given.
    fn lacks(&self, value: &Value) -> bool {
        let Value::Variable(name) = value else { return false };
        self.0.iter().any(|(known, is)| known == name && !is)
    }
}

/// Whether an argument has a default. One without is null for every server when its variable is not given.
fn has_default(definition: &FieldDefinition, argument: &Argument) -> bool {
    let known = definition.arguments.iter().find(|known| known.name == argument.name);
    known.is_some_and(|known| known.default_value.is_some())
}

/// The variables that stand where they may be left out.
fn look(set: &SelectionSet, found: &mut BTreeSet<Name>) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                for argument in &field.arguments {
                    match &*argument.value {
                        Value::Variable(name) if has_default(&field.definition, argument) => {
                            found.insert(name.clone());
                        }
                        value => look_in(value, found),
                    }
                }
                look(&field.selection_set, found);
            }
            Selection::InlineFragment(fragment) => look(&fragment.selection_set, found),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn look_in(value: &Value, found: &mut BTreeSet<Name>) {
    match value {
        Value::Object(fields) => {
            for (_, value) in fields {
                match &**value {
                    Value::Variable(name) => {
                        found.insert(name.clone());
                    }
                    value => look_in(value, found),
                }
            }
        }
        Value::List(values) => values.iter().for_each(|value| look_in(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use apollo_compiler::Schema;
    use serde_json::json;

    use super::*;

    fn given(text: &str, variables: Json) -> (String, String) {
        let schema = "type Query { a(n: Int! = 1, m: Int, l: [Int], in: In, ins: [In!]): Query }
            input In { x: Boolean! = false, y: Int, in: In, l: [Int] }";
        let schema = Schema::parse_and_validate(schema, "schema").unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, text, "document").unwrap();
        let operation = document.operations.iter().next().unwrap();
        let given = Optional::of(&document, operation).given(variables.as_object().unwrap());
        assert!(given.is(|name| variables.get(name).is_some()));
        let (key, document) = (given.key(), given.apply(document.clone()));
        let text = document.serialize().no_indent().to_string();
        (key, text.split_once(") ").map(|(_, rest)| rest.to_owned()).unwrap_or(text))
    }

    #[test]
    fn what_is_not_given_stands_nowhere() {
        let text =
            "query ($x: Boolean, $n: Int, $m: Int) { a(n: $n, m: $m, in: { x: $x, y: 2 }) { __typename } }";
        let (key, document) = given(text, json!({}));
        assert_eq!((&*key, &*document), ("nn", "{ a(m: $m, in: {y: 2}) { __typename } }"));
        let (key, document) = given(text, json!({ "n": null, "x": true }));
        assert_eq!((&*key, &*document), ("gg", "{ a(n: $n, m: $m, in: {x: $x, y: 2}) { __typename } }"));
    }

    #[test]
    fn what_stands_within_others_is_found_and_items_of_lists_stay() {
        let text = "query ($y: Int) { a(ins: [{ in: { y: $y } }, { l: [$y] }], l: [$y]) { ...F } }
            fragment F on Query { a(in: { y: $y }) { __typename } }";
        let (key, document) = given(text, json!({}));
        assert_eq!(key, "n");
        assert!(document.starts_with("{ a(ins: [{in: {}}, {l: [$y]}], l: [$y]) { ...F } }"), "{document}");
        assert!(document.ends_with("fragment F on Query { a(in: {}) { __typename } }"), "{document}");
    }

    #[test]
    fn what_has_to_be_given_or_has_a_default_decides_nothing() {
        for text in [
            "query ($x: Boolean!) { a(in: { x: $x }) { __typename } }",
            "query ($x: Boolean = true) { a(in: { x: $x }) { __typename } }",
            "query ($m: Int) { a(m: $m, l: [$m]) { __typename } }",
        ] {
            assert_eq!(given(text, json!({ "x": true })).0, "", "{text}");
        }
    }
}
