//! A document in the types that limits are measured in, which the subgraphs' servers share.

use std::collections::HashMap;

use apollo_compiler::Node;
use apollo_compiler::ast::{self, Definition, Document};
use async_graphql::parser::types::{
    BaseType, Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
    InlineFragment, OperationDefinition, OperationType, Selection, SelectionSet, Type, TypeCondition,
    VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned};
use async_graphql_value::Value;

/// What of a document limits look at: selections, the types that they are about, how often there are directives, and
/// the lengths of pages. All of it is there, also what validation will refuse, such as a second operation of one name.
pub(crate) fn measured(document: &Document) -> ExecutableDocument {
    let (mut operations, mut fragments) = (HashMap::new(), HashMap::new());
    for (index, definition) in document.definitions.iter().enumerate() {
        // No name has a space.
        let unique = Name::new(format!("definition {index}"));
        match definition {
            Definition::OperationDefinition(definition) => {
                operations.insert(unique, at(operation(definition)));
            }
            Definition::FragmentDefinition(definition) => {
                let name = Name::new(&definition.name);
                let key = if fragments.contains_key(&name) { unique } else { name };
                fragments.insert(key, at(fragment(definition)));
            }
            // The types of a schema are refused by validation.
            _ => {}
        }
    }
    ExecutableDocument { operations: DocumentOperations::Multiple(operations), fragments }
}

/// Positions do not count.
fn at<T>(node: T) -> Positioned<T> {
    Positioned::new(node, Pos::default())
}

fn name(name: &apollo_compiler::Name) -> Positioned<Name> {
    at(Name::new(name))
}

fn operation(definition: &ast::OperationDefinition) -> OperationDefinition {
    let variables = definition.variables.iter().map(|variable| {
        at(VariableDefinition {
            name: name(&variable.name),
            var_type: at(Type { base: BaseType::Named(Name::new("")), nullable: true }),
            directives: directives(&variable.directives),
            default_value: None,
        })
    });
    OperationDefinition {
        ty: match definition.operation_type {
            ast::OperationType::Query => OperationType::Query,
            ast::OperationType::Mutation => OperationType::Mutation,
            ast::OperationType::Subscription => OperationType::Subscription,
        },
        variable_definitions: variables.collect(),
        directives: directives(&definition.directives),
        selection_set: selections(&definition.selection_set),
    }
}

fn fragment(definition: &ast::FragmentDefinition) -> FragmentDefinition {
    FragmentDefinition {
        type_condition: condition(&definition.type_condition),
        directives: directives(&definition.directives),
        selection_set: selections(&definition.selection_set),
    }
}

fn condition(on: &apollo_compiler::Name) -> Positioned<TypeCondition> {
    at(TypeCondition { on: name(on) })
}

fn selections(selections: &[ast::Selection]) -> Positioned<SelectionSet> {
    at(SelectionSet { items: selections.iter().map(|one| at(selection(one))).collect() })
}

fn selection(selection: &ast::Selection) -> Selection {
    match selection {
        ast::Selection::Field(field) => Selection::Field(at(Field {
            alias: field.alias.as_ref().map(name),
            name: name(&field.name),
            arguments: field.arguments.iter().map(|one| (name(&one.name), at(value(&one.value)))).collect(),
            directives: directives(&field.directives),
            selection_set: selections(&field.selection_set),
        })),
        ast::Selection::FragmentSpread(spread) => Selection::FragmentSpread(at(FragmentSpread {
            fragment_name: name(&spread.fragment_name),
            directives: directives(&spread.directives),
        })),
        ast::Selection::InlineFragment(fragment) => Selection::InlineFragment(at(InlineFragment {
            type_condition: fragment.type_condition.as_ref().map(condition),
            directives: directives(&fragment.directives),
            selection_set: selections(&fragment.selection_set),
        })),
    }
}

fn directives(directives: &ast::DirectiveList) -> Vec<Positioned<Directive>> {
    directives.iter().map(|one| at(Directive { name: name(&one.name), arguments: Vec::new() })).collect()
}

/// Numbers, variables and null as they are, for they may say how much is asked for, and what holds them; of everything
/// else only that it is there.
pub(crate) fn value(value: &Node<ast::Value>) -> Value {
    match &**value {
        ast::Value::Null => Value::Null,
        ast::Value::Variable(name) => Value::Variable(Name::new(name)),
        ast::Value::Int(int) => Value::Number(int.as_str().parse().unwrap_or(i64::MAX).into()),
        ast::Value::List(items) => Value::List(items.iter().map(self::value).collect()),
        ast::Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, field)| (Name::new(name), self::value(field))).collect())
        }
        _ => Value::Boolean(true),
    }
}
