//! Arguments: literals and variables of every type.

use apollo_compiler::ast::{
    Argument, DirectiveList, FieldDefinition, FloatValue, InputValueDefinition, IntValue, Type, Value,
    VariableDefinition,
};
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::{Name, Node, name, ty};
use serde_json::Value as Json;

use super::Generator;
use crate::coerce;

/// A variable, and what is sent for it.
pub struct Declared {
    pub definition: Node<VariableDefinition>,
    /// `None` when nothing is sent.
    pub given: Option<Json>,
}

/// Input objects are made no deeper than this.
const DEPTH_MAX: usize = 3;

impl Generator<'_> {
    pub(super) fn arguments(&mut self, definition: &FieldDefinition) -> Vec<Node<Argument>> {
        let mut arguments = Vec::new();
        for argument in &definition.arguments {
            if argument.is_required() || self.random.chance(60) {
                let value = self.input(&argument.ty, argument.default_value.is_some(), 0);
                arguments.push(Node::new(Argument { name: argument.name.clone(), value: Node::new(value) }));
            }
        }
        self.random.shuffle(&mut arguments);
        arguments
    }

    /// The argument of `@skip` and `@include`.
    pub(super) fn boolean(&mut self, value: bool) -> Node<Argument> {
        let value = if self.random.chance(50) {
            Value::Boolean(value)
        } else {
            let name = self.new_name();
            let default = self.random.chance(30).then(|| Node::new(Value::Boolean(value)));
            // With the right default, nothing need be sent; with the wrong one, something must.
            let given = if default.is_some() && self.random.chance(50) { None } else { Some(value.into()) };
            let ty = if default.is_some() && self.random.chance(50) { ty!(Boolean) } else { ty!(Boolean!) };
            self.declare(name, ty, default, given)
        };
        Node::new(Argument { name: name!("if"), value: Node::new(value) })
    }

    /// A value for a place of a type, which may have a default of its own.
    fn input(&mut self, ty: &Type, has_default: bool, depth: usize) -> Value {
        match self.random.below(100) {
            0..30 => self.variable(ty, has_default),
            30..38 if !ty.is_non_null() => Value::Null,
            _ => self.literal(ty, depth, true),
        }
    }

    fn variable(&mut self, place: &Type, has_default: bool) -> Value {
        let usable = |declared: &&Declared| {
            let definition = &declared.definition;
            let is_null = declared.given == Some(Json::Null)
                || declared.given.is_none() && definition.default_value.as_ref().is_none_or(|v| v.is_null());
            let same = definition.ty.as_ref().clone().nullable() == place.clone().nullable();
            let fits = !place.is_non_null() || definition.ty.is_non_null() || has_default;
            same && fits && (!place.is_non_null() || !is_null)
        };
        let known: Vec<Name> =
            self.variables.iter().filter(usable).map(|declared| declared.definition.name.clone()).collect();
        if self.random.chance(30)
            && let Some(name) = self.random.pick(&known)
        {
            return Value::Variable(name.clone());
        }
        let name = self.new_name();
        let value = self.literal(place, 0, false);
        let json = coerce::plain(&value, &serde_json::Map::new()).expect("a literal");
        let (strict, open) = (place.clone().non_null(), place.clone().nullable());
        let default = Node::new(self.literal(&strict, 0, false));
        match self.random.below(6) {
            0 => self.declare(name, strict, None, Some(json)),
            1 => self.declare(name, strict, Some(default), None),
            2 => self.declare(name, open, Some(default), None),
            3 => self.declare(name, open, Some(default), Some(json)),
            4 if !place.is_non_null() || has_default => self.declare(name, open, None, None),
            5 if !place.is_non_null() => {
                let default = self.random.chance(50).then_some(default);
                self.declare(name, open, default, Some(Json::Null))
            }
            _ => self.declare(name, place.clone(), None, Some(json)),
        }
    }

    fn new_name(&self) -> Name {
        Name::new_unchecked(&format!("v{}", self.variables.len()))
    }

    fn declare(
        &mut self,
        name: Name,
        ty: Type,
        default_value: Option<Node<Value>>,
        given: Option<Json>,
    ) -> Value {
        let directives = DirectiveList::new();
        let definition =
            VariableDefinition { name: name.clone(), ty: Node::new(ty), default_value, directives };
        self.variables.push(Declared { definition: Node::new(definition), given });
        Value::Variable(name)
    }

    fn literal(&mut self, ty: &Type, depth: usize, variables: bool) -> Value {
        match ty {
            Type::List(inner) | Type::NonNullList(inner) => {
                // One element needs no brackets, unless it is a list or null itself.
                if !inner.is_list() && self.random.chance(10) {
                    return self.literal(&inner.as_ref().clone().non_null(), depth, variables);
                }
                let count = self.random.below(4);
                let element = |_| {
                    let value = if variables {
                        self.input(inner, false, depth)
                    } else {
                        self.literal(inner, depth, false)
                    };
                    Node::new(value)
                };
                Value::List((0..count).map(element).collect())
            }
            Type::Named(name) | Type::NonNullNamed(name) => match self.schema.types.get(name) {
                Some(ExtendedType::Enum(ty)) => {
                    let values: Vec<_> = ty.values.keys().cloned().collect();
                    self.random.pick(&values).cloned().map_or(Value::Null, Value::Enum)
                }
                Some(ExtendedType::InputObject(ty)) => self.object(ty, depth, variables),
                _ => self.scalar(name),
            },
        }
    }

    fn object(&mut self, ty: &InputObjectType, depth: usize, variables: bool) -> Value {
        let definitions: Vec<&Node<InputValueDefinition>> =
            ty.fields.values().map(|field| &field.node).collect();
        let one = ty.directives.has("oneOf").then(|| self.random.below(definitions.len()));
        let mut members = Vec::new();
        for (position, definition) in definitions.into_iter().enumerate() {
            let wanted = match one {
                Some(one) => position == one,
                None => definition.is_required() || depth < DEPTH_MAX && self.random.chance(50),
            };
            if !wanted {
                continue;
            }
            let value = if one.is_none() && variables {
                self.input(&definition.ty, definition.default_value.is_some(), depth + 1)
            } else {
                self.literal(&definition.ty, depth + 1, false)
            };
            members.push((definition.name.clone(), Node::new(value)));
        }
        Value::Object(members)
    }

    fn scalar(&mut self, name: &Name) -> Value {
        let int = |number: i64| Value::Int(IntValue::new_parsed(&number.to_string()));
        let float = |text: &str| Value::Float(FloatValue::new_parsed(text));
        let small = self.random.below(20) as i64 - 5;
        let choice = self.random.below(6);
        match (name.as_str(), choice) {
            ("Int", 0) => int(i64::from(i32::MAX)),
            ("Int", 1) => int(i64::from(i32::MIN)),
            ("Int", _) => int(small),
            ("Float", 0) => float("1.5e3"),
            ("Float", 1) => float("-0.25"),
            ("Float", _) => int(small),
            ("Boolean", _) => Value::Boolean(choice.is_multiple_of(2)),
            ("ID", 0) => int(small),
            ("ID", _) => Value::String(format!("id-{small}")),
            ("String", 0) => Value::String(String::new()),
            ("String", 1) => Value::String("a \"quoted\" \\ back\nslash # $x { é 😀".to_owned()),
            ("String", _) => Value::String(format!("text {small}")),
            (_, 0) => int(small),
            (_, _) => Value::String(format!("scalar {small}")),
        }
    }
}
