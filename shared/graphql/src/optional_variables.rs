//! Variables that are not given (GraphQL, sections 3.10 and 6.4.1): an argument or a field of an input object that has one
//! stands there as if nobody had written it. The library takes it for null, which in an update means to clear.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition};
use async_graphql::parser::types::{Selection, SelectionSet};
use async_graphql::{Name, Positioned, Request};
use async_graphql_value::Value;

/// Takes what has a variable that is not given out of a request's document. What cannot be parsed is left as it is, to be
/// refused where it would be run.
pub fn leave_out_what_is_not_given(request: &mut Request) {
    let name = request.operation_name.clone();
    let name = name.as_deref();
    let Ok(document) = request.parsed_query() else { return };
    let mut missing = optional(document, name);
    missing.retain(|variable| !request.variables.contains_key(variable));
    if missing.is_empty() {
        return;
    }
    // Parsed already.
    let Ok(document) = request.parsed_query() else { return };
    let mut document = document.clone();
    Missing(&missing).leave_out(&mut document, name);
    request.set_parsed_query(document);
}

/// The variables of the operation that is meant which may be missing.
fn optional(document: &ExecutableDocument, name: Option<&str>) -> Vec<Name> {
    let operations = document.operations.iter();
    let meant =
        operations.filter(|(own, _)| name.is_none() || own.is_none_or(|own| Some(own.as_str()) == name));
    let variables = meant.flat_map(|(_, operation)| &operation.node.variable_definitions);
    let optional = variables.filter(|it| it.node.var_type.node.nullable && it.node.default_value.is_none());
    optional.map(|variable| variable.node.name.node.clone()).collect()
}

/// Variables that are not given.
struct Missing<'a>(&'a [Name]);

impl Missing<'_> {
    fn leave_out(&self, document: &mut ExecutableDocument, name: Option<&str>) {
        match &mut document.operations {
            DocumentOperations::Single(operation) => self.keep_operation(&mut operation.node),
            DocumentOperations::Multiple(operations) => {
                // Others are not run; what fragments say for them is of no matter.
                operations.retain(|own, _| name.is_none_or(|name| own == name));
                operations.values_mut().for_each(|operation| self.keep_operation(&mut operation.node));
            }
        }
        for fragment in document.fragments.values_mut() {
            self.keep(&mut fragment.node.selection_set.node);
        }
    }

    fn keep_operation(&self, operation: &mut OperationDefinition) {
        operation.variable_definitions.retain(|variable| !self.0.contains(&variable.node.name.node));
        self.keep(&mut operation.selection_set.node);
    }

    fn keep(&self, set: &mut SelectionSet) {
        for selection in &mut set.items {
            let (directives, inner) = match &mut selection.node {
                Selection::Field(field) => {
                    let field = &mut field.node;
                    self.keep_arguments(&mut field.arguments);
                    (&mut field.directives, Some(&mut field.selection_set))
                }
                Selection::InlineFragment(fragment) => {
                    let fragment = &mut fragment.node;
                    (&mut fragment.directives, Some(&mut fragment.selection_set))
                }
                Selection::FragmentSpread(spread) => (&mut spread.node.directives, None),
            };
            for directive in directives {
                self.keep_arguments(&mut directive.node.arguments);
            }
            if let Some(inner) = inner {
                self.keep(&mut inner.node);
            }
        }
    }

    fn keep_arguments(&self, arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>) {
        arguments.retain(|(_, value)| !self.is_missing(&value.node));
        arguments.iter_mut().for_each(|(_, value)| self.keep_in(&mut value.node));
    }

    fn keep_in(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|_, value| !self.is_missing(value));
                fields.values_mut().for_each(|value| self.keep_in(value));
            }
            Value::List(values) => {
                for value in values {
                    // An item of a list has its place.
                    if self.is_missing(value) {
                        *value = Value::Null;
                    }
                    self.keep_in(value);
                }
            }
            _ => {}
        }
    }

    fn is_missing(&self, value: &Value) -> bool {
        matches!(value, Value::Variable(name) if self.0.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{
        EmptyMutation, EmptySubscription, InputObject, MaybeUndefined, Object, Schema, Variables,
    };
    use serde_json::{Value as Json, json};

    use super::*;

    #[derive(InputObject)]
    struct Filter {
        #[graphql(default)]
        is_archived: bool,
        name: MaybeUndefined<String>,
    }

    struct Query;

    #[Object]
    impl Query {
        async fn told(
            &self,
            #[graphql(default = 20)] first: i32,
            filter: Option<Filter>,
            ids: Option<Vec<Option<i32>>>,
        ) -> String {
            let filter = filter.map(|filter| (filter.is_archived, filter.name));
            format!("{first} {filter:?} {ids:?}")
        }
    }

    async fn run(document: &str, name: Option<&str>, variables: Json) -> Result<String, String> {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let mut request = Request::new(document).variables(Variables::from_json(variables));
        request.operation_name = name.map(str::to_owned);
        leave_out_what_is_not_given(&mut request);
        let response = schema.execute(request).await;
        let error = response.errors.first().map(|error| error.message.clone());
        error.map_or_else(
            || Ok(response.data.into_json().expect("JSON")["told"].as_str().unwrap_or_default().to_owned()),
            Err,
        )
    }

    #[tokio::test]
    async fn what_is_not_given_has_its_default_or_is_undefined() {
        let document = "query ($n: Int, $x: Boolean, $name: String, $id: Int) {
            ...F } fragment F on Query { told(first: $n, filter: { isArchived: $x, name: $name }, ids: [$id, 1]) }";
        let told = run(document, None, json!({})).await;
        assert_eq!(told.as_deref(), Ok("20 Some((false, Undefined)) Some([None, Some(1)])"));
        let given = json!({ "n": 1, "x": true, "name": null, "id": 2 });
        let told = run(document, None, given).await;
        assert_eq!(told.as_deref(), Ok("1 Some((true, Null)) Some([Some(2), Some(1)])"));
    }

    #[tokio::test]
    async fn of_several_operations_the_one_that_is_meant_counts() {
        let document = "query a($n: Int) { told(first: $n) } query b($n: Int!) { told(first: $n) }";
        assert_eq!(run(document, Some("a"), json!({})).await.as_deref(), Ok("20 None None"));
        assert!(run(document, Some("b"), json!({})).await.is_err());
    }

    #[tokio::test]
    async fn null_stays_null_and_what_must_be_given_is_asked_for() {
        assert!(run("query ($n: Int) { told(first: $n) }", None, json!({ "n": null })).await.is_err());
        assert!(run("query ($n: Int!) { told(first: $n) }", None, json!({})).await.is_err());
        assert!(run("query ($n: Int) {", None, json!({})).await.is_err());
    }
}
