//! What the schema library does not check of input objects: that a field stands in them once (GraphQL, section 5.6.3),
//! and that exactly one stands in those that are `@oneOf` (sections 3.10 and 5.6.5).

use apollo_compiler::ast::{self, Argument, Definition, Document, Type, Value};
use apollo_compiler::collections::HashSet;
use apollo_compiler::executable::{ExecutableDocument, Operation, Selection, SelectionSet};
use apollo_compiler::schema::{ExtendedType, Schema};
use apollo_compiler::{Name, Node};
use serde_json::Value as Json;

use crate::error::{GraphqlError, code};

/// Refuses more than so many errors at once.
const ERRORS_MAX: usize = 100;

/// An error about a value in a document, and where it stands in bytes.
pub(crate) struct Fault {
    pub message: String,
    pub offset: Option<usize>,
}

impl Fault {
    fn at(value: &Node<Value>, message: String) -> Self {
        Self { message, offset: value.location().map(|location| location.offset()) }
    }
}

/// The fields that stand twice in one object of a document.
pub(crate) fn repeated(document: &Document) -> Vec<Fault> {
    let mut faults = Vec::new();
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => {
                let variables = operation.variables.iter();
                for default in variables.filter_map(|variable| variable.default_value.as_ref()) {
                    repeated_in(default, &mut faults);
                }
                repeated_by(&operation.directives, &mut faults);
                repeated_below(&operation.selection_set, &mut faults);
            }
            Definition::FragmentDefinition(fragment) => {
                repeated_by(&fragment.directives, &mut faults);
                repeated_below(&fragment.selection_set, &mut faults);
            }
            _ => {}
        }
    }
    faults.truncate(ERRORS_MAX);
    faults
}

fn repeated_below(selections: &[ast::Selection], faults: &mut Vec<Fault>) {
    for selection in selections {
        match selection {
            ast::Selection::Field(field) => {
                field.arguments.iter().for_each(|argument| repeated_in(&argument.value, faults));
                repeated_by(&field.directives, faults);
                repeated_below(&field.selection_set, faults);
            }
            ast::Selection::InlineFragment(fragment) => {
                repeated_by(&fragment.directives, faults);
                repeated_below(&fragment.selection_set, faults);
            }
            ast::Selection::FragmentSpread(spread) => repeated_by(&spread.directives, faults),
        }
    }
}

fn repeated_by(directives: &ast::DirectiveList, faults: &mut Vec<Fault>) {
    let arguments = directives.iter().flat_map(|directive| &directive.arguments);
    arguments.for_each(|argument| repeated_in(&argument.value, faults));
}

fn repeated_in(value: &Node<Value>, faults: &mut Vec<Fault>) {
    match &**value {
        Value::List(values) => values.iter().for_each(|value| repeated_in(value, faults)),
        Value::Object(fields) => {
            let mut seen = HashSet::default();
            for (name, value) in fields {
                if !seen.insert(name) {
                    let message = format!("There can be only one input field named \"{name}\".");
                    faults.push(Fault::at(value, message));
                }
                repeated_in(value, faults);
            }
        }
        _ => {}
    }
}

/// The input objects of a schema of which exactly one field must be given.
#[derive(Debug, Default)]
pub(crate) struct OneOf(HashSet<Name>);

impl OneOf {
    /// Those of a schema.
    pub fn read(schema: &Schema) -> Self {
        let inputs = schema.types.values().filter_map(|ty| match ty {
            ExtendedType::InputObject(ty) if ty.directives.has("oneOf") => Some(ty.name.clone()),
            _ => None,
        });
        Self(inputs.collect())
    }

    /// What is wrong with the values in a document.
    pub fn faults(&self, schema: &Schema, document: &ExecutableDocument) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.0.is_empty() {
            return faults;
        }
        let operations: Vec<&Node<Operation>> = document.operations.iter().collect();
        let mut check = Check { one_of: self, schema, operations: &operations, faults: &mut faults };
        for operation in &operations {
            for variable in &operation.variables {
                if let Some(default) = &variable.default_value {
                    check.literal(default, &variable.ty);
                }
            }
            check.below(&operation.selection_set);
        }
        document.fragments.values().for_each(|fragment| check.below(&fragment.selection_set));
        faults.truncate(ERRORS_MAX);
        faults
    }

    /// Refuses a variable's value, which fits its type otherwise.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, with the variable's name.
    pub fn check_variable(
        &self,
        schema: &Schema,
        variable: &str,
        ty: &Type,
        value: &Json,
    ) -> Result<(), Box<GraphqlError>> {
        if self.0.is_empty() {
            return Ok(());
        }
        match (value, schema.types.get(ty.inner_named_type())) {
            (Json::Array(values), _) => {
                values.iter().try_for_each(|value| self.check_variable(schema, variable, ty, value))
            }
            (Json::Object(fields), Some(ExtendedType::InputObject(input))) => {
                if self.0.contains(&input.name) && (fields.len() != 1 || fields.values().any(Json::is_null)) {
                    let message =
                        format!("Variable \"${variable}\" got an invalid value: {}", needs_one(&input.name));
                    return Err(GraphqlError::new(code::BAD_USER_INPUT, message).into());
                }
                let inner =
                    fields.iter().filter_map(|(name, value)| Some((input.fields.get(name.as_str())?, value)));
                inner
                    .into_iter()
                    .try_for_each(|(field, value)| self.check_variable(schema, variable, &field.ty, value))
            }
            _ => Ok(()),
        }
    }
}

fn needs_one(input: &Name) -> String {
    format!("exactly one field of \"{input}\" must be given, and it must not be null.")
}

struct Check<'a> {
    one_of: &'a OneOf,
    schema: &'a Schema,
    operations: &'a [&'a Node<Operation>],
    faults: &'a mut Vec<Fault>,
}

impl Check<'_> {
    fn below(&mut self, set: &SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    for argument in &field.arguments {
                        self.argument(argument, &field.definition.arguments);
                    }
                    self.below(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => self.below(&fragment.selection_set),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn argument(&mut self, argument: &Argument, known: &[Node<ast::InputValueDefinition>]) {
        if let Some(definition) = known.iter().find(|known| known.name == argument.name) {
            self.literal(&argument.value, &definition.ty);
        }
    }

    fn literal(&mut self, value: &Node<Value>, ty: &Type) {
        match (&**value, self.schema.types.get(ty.inner_named_type())) {
            (Value::List(values), _) => values.iter().for_each(|value| self.literal(value, ty)),
            (Value::Object(fields), Some(ExtendedType::InputObject(input))) => {
                if self.one_of.0.contains(&input.name) {
                    self.one(value, fields, &input.name);
                }
                for (name, value) in fields {
                    if let Some(field) = input.fields.get(name) {
                        self.literal(value, &field.ty);
                    }
                }
            }
            _ => {}
        }
    }

    fn one(&mut self, value: &Node<Value>, fields: &[(Name, Node<Value>)], input: &Name) {
        let [(field, given)] = fields else {
            return self.faults.push(Fault::at(value, needs_one(input)));
        };
        match &**given {
            Value::Null => self.faults.push(Fault::at(given, needs_one(input))),
            Value::Variable(name) if self.may_be_null(name) => {
                let message = format!(
                    "Variable \"${name}\" must not be nullable to be the field \"{field}\" of \"{input}\"."
                );
                self.faults.push(Fault::at(given, message));
            }
            _ => {}
        }
    }

    fn may_be_null(&self, variable: &Name) -> bool {
        let variables = self.operations.iter().flat_map(|operation| &operation.variables);
        variables.into_iter().any(|known| known.name == *variable && !known.ty.is_non_null())
    }
}
