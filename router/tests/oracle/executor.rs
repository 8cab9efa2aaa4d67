//! A GraphQL server in the plainest words: one schema, every field resolved where it stands (GraphQL, section 6).

use apollo_compiler::ast::{
    Document, Field, FieldDefinition, FragmentDefinition, OperationDefinition, OperationType, Selection, Type,
};
use apollo_compiler::schema::{ExtendedType, Schema};
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::coerce;
use crate::universe::{Made, Object};

/// What answers fields.
pub trait World {
    /// What the schema calls an object.
    fn type_of(&self, object: &Object) -> Name;
    /// The value of a field.
    fn resolve(&mut self, call: Call<'_>) -> Made;
}

/// One field of one object.
pub struct Call<'a> {
    pub object: &'a Object,
    /// The type, as the schema calls it.
    pub on: &'a Name,
    pub definition: &'a FieldDefinition,
    pub arguments: Map<String, Value>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub data: Value,
    pub errors: Vec<Failure>,
}

/// Something that went wrong at a place of the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Failure {
    pub path: Vec<Segment>,
    pub code: String,
}

/// A step from the answer's root to a place in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    Index(usize),
    Key(String),
}

/// A value that must not be null is.
struct Nulled;

/// The code of an error about a null where there must be none.
pub const NULLED: &str = "INTERNAL";

/// Picks an operation as the specification says.
pub fn operation<'a>(document: &'a Document, name: Option<&str>) -> &'a Node<OperationDefinition> {
    let operations = document.definitions.iter().filter_map(|one| one.as_operation_definition());
    let mut chosen = operations.filter(|operation| name.is_none() || operation.name.as_deref() == name);
    chosen.next().expect("an operation of this name")
}

/// Runs an operation of a valid document; `root` is the object of its root type.
pub fn execute(
    schema: &Schema,
    document: &Document,
    operation: &OperationDefinition,
    given: &Map<String, Value>,
    root: &Object,
    world: &mut dyn World,
) -> Answer {
    let variables = match coerce::variables(schema, &operation.variables, given) {
        Ok(variables) => variables,
        Err(error) => panic!("{error}: {given:?} for {operation}"),
    };
    let mut executor = Executor { schema, document, variables, world, path: Vec::new(), errors: Vec::new() };
    let on = schema.root_operation(operation.operation_type).expect("a root type");
    let data = executor.object(on, root, &[&operation.selection_set]);
    Answer { data: data.unwrap_or(Value::Null), errors: executor.errors }
}

/// The object that an operation begins with.
pub fn root(operation_type: OperationType) -> Object {
    Object::new(
        Name::new_unchecked(match operation_type {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        }),
        0,
    )
}

struct Executor<'a> {
    schema: &'a Schema,
    document: &'a Document,
    variables: Map<String, Value>,
    world: &'a mut dyn World,
    path: Vec<Segment>,
    errors: Vec<Failure>,
}

type Collected<'a> = IndexMap<&'a Name, Vec<&'a Field>>;

impl<'a> Executor<'a> {
    fn object(&mut self, on: &Name, object: &Object, sets: &[&'a Vec<Selection>]) -> Result<Value, Nulled> {
        let mut collected = Collected::new();
        for set in sets {
            self.collect(on, set, &mut collected);
        }
        let mut map = Map::new();
        let mut nulled = false;
        for (key, fields) in collected {
            self.path.push(Segment::Key(key.to_string()));
            // Everything is run, whatever has become of its neighbours.
            match self.field(on, object, &fields) {
                Ok(value) => {
                    map.insert(key.to_string(), value);
                }
                Err(Nulled) => nulled = true,
            }
            self.path.pop();
        }
        if nulled { Err(Nulled) } else { Ok(Value::Object(map)) }
    }

    /// Section 6.3.2.
    fn collect(&self, on: &Name, set: &'a [Selection], collected: &mut Collected<'a>) {
        for selection in set {
            let directives = match selection {
                Selection::Field(field) => &field.directives,
                Selection::FragmentSpread(spread) => &spread.directives,
                Selection::InlineFragment(fragment) => &fragment.directives,
            };
            let condition = |name: &str| {
                let value = directives.get(name)?.specified_argument_by_name("if")?;
                match value.as_ref() {
                    apollo_compiler::ast::Value::Variable(name) => {
                        self.variables.get(name.as_str())?.as_bool()
                    }
                    value => value.to_bool(),
                }
            };
            if condition("skip") == Some(true) || condition("include") == Some(false) {
                continue;
            }
            let (ty, inner) = match selection {
                Selection::Field(field) => {
                    collected.entry(field.response_name()).or_default().push(field);
                    continue;
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = fragment(self.document, &spread.fragment_name);
                    (Some(&fragment.type_condition), &fragment.selection_set)
                }
                Selection::InlineFragment(fragment) => {
                    (fragment.type_condition.as_ref(), &fragment.selection_set)
                }
            };
            if ty.is_none_or(|ty| ty == on || self.schema.is_subtype(ty, on)) {
                self.collect(on, inner, collected);
            }
        }
    }

    fn field(&mut self, on: &Name, object: &Object, fields: &[&'a Field]) -> Result<Value, Nulled> {
        let field = fields[0];
        if field.name == "__typename" {
            return Ok(on.as_str().into());
        }
        let definition = self.schema.type_field(on, &field.name);
        let definition = definition.unwrap_or_else(|_| panic!("no field {on}.{}", field.name)).node.clone();
        let arguments =
            coerce::arguments(self.schema, &definition.arguments, &field.arguments, &self.variables);
        let arguments = arguments.unwrap_or_else(|error| panic!("{error}: {field}"));
        let made = self.world.resolve(Call { object, on, definition: &definition, arguments });
        self.complete(&definition.ty, made, fields)
    }

    fn complete(&mut self, ty: &Type, made: Made, fields: &[&'a Field]) -> Result<Value, Nulled> {
        let completed = match (made, ty) {
            (Made::Error(code), _) => self.fail(&code),
            (Made::Null, _) if ty.is_non_null() => self.fail(NULLED),
            (Made::Null, _) => Ok(Value::Null),
            (Made::List(list), Type::List(inner) | Type::NonNullList(inner)) => {
                self.list(inner, list, fields)
            }
            (Made::Leaf(value), Type::Named(_) | Type::NonNullNamed(_)) => Ok(value),
            (Made::Object(object), Type::Named(_) | Type::NonNullNamed(_)) => {
                let on = self.world.type_of(&object);
                let sets: Vec<_> = fields.iter().map(|field| &field.selection_set).collect();
                self.object(&on, &object, &sets)
            }
            (made, ty) => panic!("{made:?} for {ty}"),
        };
        match completed {
            Err(Nulled) if !ty.is_non_null() => Ok(Value::Null),
            completed => completed,
        }
    }

    fn list(&mut self, inner: &Type, list: Vec<Made>, fields: &[&'a Field]) -> Result<Value, Nulled> {
        let mut values = Vec::with_capacity(list.len());
        let mut nulled = false;
        for (index, made) in list.into_iter().enumerate() {
            self.path.push(Segment::Index(index));
            match self.complete(inner, made, fields) {
                Ok(value) => values.push(value),
                Err(Nulled) => nulled = true,
            }
            self.path.pop();
        }
        if nulled { Err(Nulled) } else { Ok(Value::Array(values)) }
    }

    fn fail(&mut self, code: &str) -> Result<Value, Nulled> {
        self.errors.push(Failure { path: self.path.clone(), code: code.to_owned() });
        Err(Nulled)
    }
}

/// A document's fragment.
pub fn fragment<'a>(document: &'a Document, name: &Name) -> &'a FragmentDefinition {
    let fragments = document.definitions.iter().filter_map(|one| one.as_fragment_definition());
    let mut named = fragments.filter(|fragment| fragment.name == *name);
    named.next().unwrap_or_else(|| panic!("no fragment {name}"))
}

/// Whether a type has fields of its own.
pub fn is_composite(schema: &Schema, ty: &str) -> bool {
    matches!(
        schema.types.get(ty),
        Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_))
    )
}
