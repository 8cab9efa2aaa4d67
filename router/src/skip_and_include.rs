//! `@skip` and `@include` (GraphQL, section 3.13): decided before anything else looks at an operation.
//!
//! What is left out is taken out of the document, so that nobody further on knows of conditions. An operation is
//! therefore planned once for each way in which the variables decide it, when it is first asked for in that way.

use std::collections::BTreeMap;

use apollo_compiler::Name;
use apollo_compiler::ast::{DirectiveList, Value};
use apollo_compiler::executable::{ExecutableDocument, Operation, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use serde_json::{Map, Value as Json};

/// The variables that an operation's conditions look at, with their defaults.
#[derive(Debug, Default)]
pub(crate) struct Switches(BTreeMap<Name, bool>);

/// What variables decide.
#[derive(Debug, Default)]
pub(crate) struct Decided(Vec<(Name, bool)>);

impl Switches {
    /// Those of an operation.
    pub fn of(document: &ExecutableDocument, operation: &Operation) -> Self {
        let mut found = Self::default();
        found.read(&operation.selection_set, operation);
        for fragment in document.fragments.values() {
            found.read(&fragment.selection_set, operation);
        }
        found
    }

    /// Whether there are none: then the operation is the same whatever the variables are.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a client's variables decide. Anything but a Boolean is refused later, where variables are checked.
    pub fn decide(&self, variables: &Map<String, Json>) -> Decided {
        let value = |(name, default): (&Name, &bool)| {
            let given = variables.get(name.as_str()).map(|value| value == &Json::Bool(true));
            (name.clone(), given.unwrap_or(*default))
        };
        Decided(self.0.iter().map(value).collect())
    }

    fn read(&mut self, set: &SelectionSet, operation: &Operation) {
        for selection in &set.selections {
            for (variable, _) in conditions(selection.directives())
                .filter_map(|(value, is)| value.as_variable().map(|variable| (variable, is)))
            {
                // Fragments of other operations may look at other variables.
                if let Some(definition) = operation.variables.iter().find(|known| known.name == *variable) {
                    let default = definition.default_value.as_ref().and_then(|value| value.to_bool());
                    self.0.insert(variable.clone(), default == Some(true));
                }
            }
            match selection {
                Selection::Field(field) => self.read(&field.selection_set, operation),
                Selection::InlineFragment(fragment) => self.read(&fragment.selection_set, operation),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}

impl Decided {
    /// One letter for each of the variables, in the order of their names.
    pub fn key(&self) -> String {
        self.0.iter().map(|(_, is)| if *is { '1' } else { '0' }).collect()
    }

    /// Variables that decide it so.
    pub fn variables(&self) -> Map<String, Json> {
        self.0.iter().map(|(name, is)| (name.to_string(), Json::Bool(*is))).collect()
    }

    /// Whether it is what some variables decide; `is_true` tells of each of them.
    pub fn is(&self, is_true: impl Fn(&str) -> bool) -> bool {
        self.0.iter().all(|(name, is)| is_true(name) == *is)
    }

    /// The document without what is left out.
    pub fn apply(&self, document: &Valid<ExecutableDocument>) -> Valid<ExecutableDocument> {
        let mut document = document.clone().into_inner();
        for operation in document.operations.anonymous.iter_mut() {
            self.keep(&mut operation.make_mut().selection_set);
        }
        for operation in document.operations.named.values_mut() {
            self.keep(&mut operation.make_mut().selection_set);
        }
        for fragment in document.fragments.values_mut() {
            self.keep(&mut fragment.make_mut().selection_set);
        }
        // A selection may be empty now, and a variable unused; nobody minds any more.
        Valid::assume_valid(document)
    }

    fn keep(&self, set: &mut SelectionSet) {
        set.selections.retain_mut(|selection| {
            if !self.wants(selection.directives()) {
                return false;
            }
            match selection {
                Selection::Field(field) => {
                    let field = field.make_mut();
                    drop_conditions(&mut field.directives);
                    self.keep(&mut field.selection_set);
                }
                Selection::InlineFragment(fragment) => {
                    let fragment = fragment.make_mut();
                    drop_conditions(&mut fragment.directives);
                    self.keep(&mut fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => drop_conditions(&mut spread.make_mut().directives),
            }
            true
        });
    }

    fn wants(&self, directives: &DirectiveList) -> bool {
        conditions(directives).all(|(value, is)| match value {
            Value::Boolean(value) => *value == is,
            Value::Variable(variable) => {
                let known = self.0.iter().find(|(name, _)| name == variable);
                known.is_some_and(|(_, value)| *value) == is
            }
            _ => true,
        })
    }
}

/// The values of conditions, and what they have to be.
fn conditions(directives: &DirectiveList) -> impl Iterator<Item = (&Value, bool)> {
    [("skip", false), ("include", true)].into_iter().filter_map(|(name, is)| {
        let value = directives.get(name)?.specified_argument_by_name("if")?;
        Some((value.as_ref(), is))
    })
}

fn drop_conditions(directives: &mut DirectiveList) {
    directives.retain(|directive| directive.name != "skip" && directive.name != "include");
}

#[cfg(test)]
mod tests {
    use apollo_compiler::Schema;
    use serde_json::json;

    use super::*;

    fn decided(text: &str, variables: Json) -> (String, String) {
        let schema = Schema::parse_and_validate("type Query { a: Int b: Int q: Query }", "schema").unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, text, "document").unwrap();
        let operation = document.operations.iter().next().unwrap();
        let decided = Switches::of(&document, operation).decide(variables.as_object().unwrap());
        (decided.key(), decided.apply(&document).serialize().no_indent().to_string())
    }

    #[test]
    fn what_variables_leave_out_is_taken_out() {
        let text = "query ($x: Boolean!, $y: Boolean! = true) {
            a @skip(if: $x) q @include(if: $y) { ...F @include(if: $x) b @skip(if: true) } }
            fragment F on Query { b @include(if: $y) }";
        let (key, document) = decided(text, json!({ "x": true }));
        assert_eq!(key, "11");
        assert!(
            document.starts_with("query($x: Boolean!, $y: Boolean! = true) { q { ...F } }"),
            "{document}"
        );
        assert!(document.ends_with("fragment F on Query { b }"), "{document}");
        let (key, document) = decided(text, json!({ "x": false, "y": false }));
        assert_eq!(key, "00");
        assert!(document.starts_with("query($x: Boolean!, $y: Boolean! = true) { a }"), "{document}");
    }

    #[test]
    fn a_document_without_conditions_has_no_switches() {
        assert_eq!(decided("{ a q { b @skip(if: false) } }", json!({ "x": true })).0, "");
    }
}
