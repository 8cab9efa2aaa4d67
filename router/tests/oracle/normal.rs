//! The plainest operation that means the same: fragments in place, variables as literals, conditions decided, fields
//! merged.

use apollo_compiler::ast::{
    self, Argument, Definition, DirectiveList, Document, Field, InlineFragment, OperationDefinition,
    OperationType, Selection, Type,
};
use apollo_compiler::schema::{ExtendedType, Schema};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::executor::{self, is_composite};
use crate::generate::{Query, field};
use crate::sdl;

/// Operations that grow larger than this by saying everything for each type are not written so.
const SELECTIONS_MAX: usize = 150;

/// The normal form of a query.
pub fn normalise(schema: &Valid<Schema>, query: &Query) -> Query {
    let by_type = Normaliser::new(schema, query, true).query();
    // Types may differ in what a field may be: then it cannot be asked for of each type.
    match by_type.filter(|query| query.document.to_executable_validate(schema).is_ok()) {
        Some(query) => query,
        None => Normaliser::new(schema, query, false).query().expect("no limit"),
    }
}

struct Normaliser<'a> {
    schema: &'a Schema,
    document: &'a Document,
    operation: &'a OperationDefinition,
    /// Variables that have a value.
    variables: IndexMap<&'a Name, ast::Value>,
    /// Whether interfaces and unions are taken apart.
    by_type: bool,
    left: usize,
}

impl<'a> Normaliser<'a> {
    fn new(schema: &'a Schema, query: &'a Query, by_type: bool) -> Self {
        let operation = executor::operation(&query.document, query.operation.as_deref());
        let value = |definition: &'a Node<ast::VariableDefinition>| {
            let given = query.variables.get(definition.name.as_str());
            let given = given.map(|given| literal(schema, &definition.ty, given));
            let default = definition.default_value.as_ref().map(|value| value.as_ref().clone());
            Some((&definition.name, given.or(default)?))
        };
        let variables = operation.variables.iter().filter_map(value).collect();
        let left = if by_type { SELECTIONS_MAX } else { usize::MAX };
        Self { schema, document: &query.document, operation, variables, by_type, left }
    }

    fn query(mut self) -> Option<Query> {
        let root = self.schema.root_operation(self.operation.operation_type)?;
        let selection_set = self.set(root, &[&self.operation.selection_set])?;
        let operation = OperationDefinition {
            operation_type: self.operation.operation_type,
            name: None,
            variables: Vec::new(),
            directives: DirectiveList::new(),
            selection_set,
        };
        let mut document = Document::new();
        document.definitions.push(Definition::OperationDefinition(Node::new(operation)));
        Some(Query { document, operation: None, variables: Map::new() })
    }

    fn set(&mut self, on: &Name, sets: &[&'a [Selection]]) -> Option<Vec<Selection>> {
        let mut made = Vec::new();
        if self.schema.get_object(on).is_some() {
            made = self.fields(on, sets)?;
        } else if self.by_type {
            for object in sdl::possible(self.schema, on) {
                let fields = self.fields(&object, sets)?;
                if !fields.is_empty() {
                    made.push(inline(object, fields));
                }
            }
        } else {
            for set in sets {
                made.extend(self.in_place(on, set)?);
            }
        }
        if made.is_empty() {
            // The grammar knows no empty selection.
            let is_skipped = Document::parse("{ __typename @skip(if: true) }", "nothing");
            let nothing = is_skipped.ok()?.definitions;
            made.clone_from(&nothing[0].as_operation_definition()?.selection_set);
        }
        Some(made)
    }

    /// The fields of an object type, merged. `None` when there are too many.
    fn fields(&mut self, on: &Name, sets: &[&'a [Selection]]) -> Option<Vec<Selection>> {
        let mut collected: IndexMap<&Name, Vec<&'a Field>> = IndexMap::new();
        for set in sets {
            self.collect(on, set, &mut collected);
        }
        let mut made = Vec::new();
        for fields in collected.into_values() {
            made.push(self.field(on, &fields)?);
        }
        Some(made)
    }

    fn collect(&self, on: &Name, set: &'a [Selection], collected: &mut IndexMap<&'a Name, Vec<&'a Field>>) {
        for selection in set.iter().filter(|selection| self.is_wanted(selection)) {
            match selection {
                Selection::Field(field) => collected.entry(field.response_name()).or_default().push(field),
                other => {
                    let (condition, inner) = self.fragment(other);
                    if condition.is_none_or(|ty| sdl::possible(self.schema, ty).contains(on)) {
                        self.collect(on, inner, collected);
                    }
                }
            }
        }
    }

    /// The selections of an interface or a union as they stand.
    fn in_place(&mut self, on: &Name, set: &'a [Selection]) -> Option<Vec<Selection>> {
        let mut made = Vec::new();
        for selection in set {
            if !self.is_wanted(selection) {
                continue;
            }
            match selection {
                Selection::Field(field) => made.push(self.field(on, &[field.as_ref()])?),
                other => {
                    let (condition, inner) = self.fragment(other);
                    let condition = condition.unwrap_or(on);
                    let inner = self.set(condition, &[inner])?;
                    made.push(inline(condition.clone(), inner));
                }
            }
        }
        Some(made)
    }

    fn field(&mut self, on: &Name, fields: &[&'a Field]) -> Option<Selection> {
        self.left = self.left.checked_sub(1)?;
        let first = fields[0];
        let definition = self.schema.type_field(on, &first.name).ok()?;
        let ty = definition.ty.inner_named_type().clone();
        let inner = if is_composite(self.schema, &ty) {
            let sets: Vec<&[Selection]> = fields.iter().map(|field| field.selection_set.as_slice()).collect();
            self.set(&ty, &sets)?
        } else {
            Vec::new()
        };
        let arguments = first.arguments.iter().filter_map(|argument| {
            let value = Node::new(self.value(&argument.value)?);
            Some(Node::new(Argument { name: argument.name.clone(), value }))
        });
        Some(field(first.alias.clone(), first.name.clone(), arguments.collect(), inner))
    }

    fn fragment(&self, selection: &'a Selection) -> (Option<&'a Name>, &'a [Selection]) {
        match selection {
            Selection::FragmentSpread(spread) => {
                let fragment = executor::fragment(self.document, &spread.fragment_name);
                (Some(&fragment.type_condition), &fragment.selection_set)
            }
            Selection::InlineFragment(fragment) => {
                (fragment.type_condition.as_ref(), &fragment.selection_set)
            }
            Selection::Field(field) => panic!("{field} is no fragment"),
        }
    }

    fn is_wanted(&self, selection: &Selection) -> bool {
        let directives = match selection {
            Selection::Field(field) => &field.directives,
            Selection::FragmentSpread(spread) => &spread.directives,
            Selection::InlineFragment(fragment) => &fragment.directives,
        };
        directives.iter().all(|directive| {
            let value = directive.specified_argument_by_name("if").and_then(|value| self.value(value));
            value.and_then(|value| value.to_bool()) == Some(directive.name == "include")
        })
    }

    /// A value without variables; `None` for a variable that has none.
    fn value(&self, value: &ast::Value) -> Option<ast::Value> {
        Some(match value {
            ast::Value::Variable(name) => return self.variables.get(name).cloned(),
            ast::Value::List(list) => {
                let element = |value: &Node<ast::Value>| self.value(value).unwrap_or(ast::Value::Null);
                ast::Value::List(list.iter().map(|value| Node::new(element(value))).collect())
            }
            ast::Value::Object(members) => {
                let member = |(name, value): &(Name, Node<ast::Value>)| {
                    Some((name.clone(), Node::new(self.value(value)?)))
                };
                ast::Value::Object(members.iter().filter_map(member).collect())
            }
            other => other.clone(),
        })
    }
}

fn inline(condition: Name, selection_set: Vec<Selection>) -> Selection {
    let directives = DirectiveList::new();
    Selection::InlineFragment(Node::new(InlineFragment {
        type_condition: Some(condition),
        directives,
        selection_set,
    }))
}

/// A variable's value as the literal that means the same.
fn literal(schema: &Schema, ty: &Type, value: &Value) -> ast::Value {
    let of = |ty: &Type, value: &Value| Node::new(literal(schema, ty, value));
    match (ty, value) {
        (_, Value::Null) => ast::Value::Null,
        (Type::List(inner) | Type::NonNullList(inner), Value::Array(list)) => {
            ast::Value::List(list.iter().map(|value| of(inner, value)).collect())
        }
        (Type::List(inner) | Type::NonNullList(inner), value) => literal(schema, inner, value),
        (Type::Named(name) | Type::NonNullNamed(name), value) => match (schema.types.get(name), value) {
            (Some(ExtendedType::InputObject(input)), Value::Object(members)) => {
                let member = |(name, value): (&String, &Value)| {
                    let field = input.fields.get(name.as_str()).expect("a known field");
                    (field.name.clone(), of(&field.ty, value))
                };
                ast::Value::Object(members.iter().map(member).collect())
            }
            (Some(ExtendedType::Enum(_)), Value::String(name)) => ast::Value::Enum(Name::new_unchecked(name)),
            (_, Value::String(text)) => ast::Value::String(text.clone()),
            (_, Value::Bool(value)) => ast::Value::Boolean(*value),
            (_, Value::Number(number)) if number.is_i64() => {
                ast::Value::Int(ast::IntValue::new_parsed(&number.to_string()))
            }
            (_, Value::Number(number)) => ast::Value::Float(ast::FloatValue::new_parsed(&number.to_string())),
            (_, other) => panic!("no literal for {other}"),
        },
    }
}

/// What kind of operation a query is.
pub fn kind(query: &Query) -> OperationType {
    executor::operation(&query.document, query.operation.as_deref()).operation_type
}
