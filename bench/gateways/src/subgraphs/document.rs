//! Operations as a subgraph runs them: fragments inlined, fields of one response key merged, names resolved.

use std::collections::HashMap;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Field as FieldNode, Selection as Item, SelectionSet};
use async_graphql_value::Value as Ast;
use serde_json::{Map, Value};

use super::schema::{Field, Object, Part};

/// What is wrong with a request, in a sentence.
pub type Wrong = String;

/// A parsed operation.
pub struct Operation {
    /// What is asked of the query root.
    pub root: Selection,
}

/// The fields that are asked of an object, in the order in which they are answered.
#[derive(Default)]
pub struct Selection(pub Vec<Selected>);

/// One of them.
pub struct Selected {
    /// The response key as JSON, with its colon.
    pub key: String,
    /// Which field.
    pub field: Field,
    /// Its arguments.
    pub arguments: Vec<(String, Argument)>,
    /// What is asked of its value: one selection, or for entities one per type.
    pub nested: Nested,
}

/// What is asked of a field's value.
pub enum Nested {
    /// Nothing: it has no fields.
    Leaf,
    /// These, of an object.
    Object(Selection),
    /// These, by what an entity turns out to be.
    Entities(Vec<(Object, Selection)>),
}

/// An argument's value: a JSON value, or one with variables in it.
pub struct Argument(Ast);

impl Argument {
    /// The value, with variables put in.
    pub fn value(&self, variables: &Map<String, Value>) -> Value {
        value(&self.0, variables)
    }

    /// The variable that it is, if it is no more than that.
    pub fn variable<'v>(&self, variables: &'v Map<String, Value>) -> Option<&'v Value> {
        match &self.0 {
            Ast::Variable(name) => variables.get(name.as_str()),
            _ => None,
        }
    }
}

fn value(ast: &Ast, variables: &Map<String, Value>) -> Value {
    match ast {
        Ast::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or_default(),
        Ast::Number(number) => Value::Number(number.clone()),
        Ast::String(text) => Value::String(text.clone()),
        Ast::Boolean(is_true) => Value::Bool(*is_true),
        Ast::Enum(name) => Value::String(name.to_string()),
        Ast::List(items) => items.iter().map(|item| value(item, variables)).collect(),
        Ast::Object(fields) => {
            fields.iter().map(|(name, field)| (name.to_string(), value(field, variables))).collect()
        }
        Ast::Null | Ast::Binary(_) => Value::Null,
    }
}

impl Operation {
    /// Reads the one operation of a document, and resolves it against what a part of the shop offers.
    pub fn parse(part: Part, text: &str) -> Result<Self, Wrong> {
        let document = parse_query(text).map_err(|error| error.to_string())?;
        let mut operations = document.operations.iter();
        let (Some((_, operation)), None) = (operations.next(), operations.next()) else {
            return Err("a document is to have one operation".to_owned());
        };
        let reader = Reader { part, document: &document };
        Ok(Self { root: reader.selection(Object::Query, &[&operation.node.selection_set.node])? })
    }
}

struct Reader<'d> {
    part: Part,
    document: &'d ExecutableDocument,
}

/// The fields of an object by their response key: those of one key are one field.
type Fields<'d> = Vec<(&'d str, Vec<&'d FieldNode>)>;

impl<'d> Reader<'d> {
    fn selection(&self, on: Object, sets: &[&'d SelectionSet]) -> Result<Selection, Wrong> {
        let mut fields = Fields::new();
        let mut places = HashMap::new();
        for set in sets {
            self.collect(on, set, &mut fields, &mut places)?;
        }
        let selected = fields.into_iter().map(|(key, nodes)| self.selected(on, key, &nodes));
        Ok(Selection(selected.collect::<Result<_, _>>()?))
    }

    fn collect(
        &self,
        on: Object,
        set: &'d SelectionSet,
        fields: &mut Fields<'d>,
        places: &mut HashMap<&'d str, usize>,
    ) -> Result<(), Wrong> {
        for item in &set.items {
            if !item.node.directives().is_empty() {
                return Err("directives are not known here".to_owned());
            }
            let (condition, nested) = match &item.node {
                Item::Field(field) => {
                    let key = field.node.response_key().node.as_str();
                    let place = *places.entry(key).or_insert(fields.len());
                    match fields.get_mut(place) {
                        Some((_, nodes)) => nodes.push(&field.node),
                        None => fields.push((key, vec![&field.node])),
                    }
                    continue;
                }
                Item::InlineFragment(fragment) => {
                    (fragment.node.type_condition.as_ref(), &fragment.node.selection_set.node)
                }
                Item::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.document.fragments.get(name);
                    let fragment = &fragment.ok_or_else(|| format!("there is no fragment {name}"))?.node;
                    (Some(&fragment.type_condition), &fragment.selection_set.node)
                }
            };
            if condition.is_none_or(|condition| on.is(condition.node.on.node.as_str())) {
                self.collect(on, nested, fields, places)?;
            }
        }
        Ok(())
    }

    fn selected(&self, on: Object, key: &str, nodes: &[&'d FieldNode]) -> Result<Selected, Wrong> {
        let [first, others @ ..] = nodes else { return Err("no field".to_owned()) };
        let name = first.name.node.as_str();
        if others.iter().any(|other| other.name.node != name || other.arguments != first.arguments) {
            return Err(format!("{key} is asked for in two ways"));
        }
        let field = self.part.field(on, name).ok_or_else(|| format!("{on:?} has no field {name} here"))?;
        let sets: Vec<_> = nodes.iter().map(|node| &node.selection_set.node).collect();
        let nested = match field.object() {
            Some(Object::Entity) => Nested::Entities(
                Object::ENTITIES
                    .into_iter()
                    .map(|entity| Ok((entity, self.selection(entity, &sets)?)))
                    .collect::<Result<_, Wrong>>()?,
            ),
            Some(object) => Nested::Object(self.selection(object, &sets)?),
            None => Nested::Leaf,
        };
        let arguments = first.arguments.iter();
        let arguments = arguments.map(|(name, value)| (name.node.to_string(), Argument(value.node.clone())));
        Ok(Selected { key: format!("{}:", Value::from(key)), field, arguments: arguments.collect(), nested })
    }
}
