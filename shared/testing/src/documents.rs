//! Operations made up from a schema: one for every root field, with arguments of the right types.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};

/// A schema, for making up operations and for reading off its shape.
pub struct Documents {
    types: HashMap<String, TypeDefinition>,
}

/// A root field, and an operation that asks it.
#[derive(Clone, Debug)]
pub struct RootField {
    /// `query`, `mutation` or `subscription`.
    pub operation: &'static str,
    /// The field.
    pub name: String,
    /// The operation, every id in it the one that was given.
    pub document: String,
    /// Whether it takes an id at all.
    pub takes_ids: bool,
}

/// How deep inputs are filled; recursive ones end here.
const INPUT_DEPTH_MAX: usize = 6;

impl Documents {
    /// Reads a federation SDL.
    #[must_use]
    pub fn new(sdl: &str) -> Self {
        let document = parse_schema(sdl).unwrap_or_else(|error| panic!("the SDL does not parse: {error}"));
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => {
                Some((definition.node.name.node.to_string(), definition.node))
            }
            _ => None,
        });
        Self { types: types.collect() }
    }

    /// Every type, by name.
    #[must_use]
    pub fn types(&self) -> &HashMap<String, TypeDefinition> {
        &self.types
    }

    /// The fields of an object type.
    #[must_use]
    pub fn fields(&self, object: &str) -> Vec<&FieldDefinition> {
        match self.types.get(object).map(|definition| &definition.kind) {
            Some(TypeKind::Object(object)) => object.fields.iter().map(|field| &field.node).collect(),
            _ => Vec::new(),
        }
    }

    /// The types that can be asked for by `_entities`.
    #[must_use]
    pub fn entities(&self) -> Vec<&str> {
        let is_resolvable_entity = |definition: &&TypeDefinition| {
            matches!(definition.kind, TypeKind::Object(_))
                && definition.directives.iter().any(|directive| {
                    let resolvable =
                        directive.node.get_argument("resolvable").map(|value| value.node.to_string());
                    directive.node.name.node == "key" && resolvable.as_deref() != Some("false")
                })
        };
        self.types
            .values()
            .filter(is_resolvable_entity)
            .map(|definition| definition.name.node.as_str())
            .collect()
    }

    /// An operation for every root field, with `id` wherever an id goes, optional ones included.
    #[must_use]
    pub fn root_fields(&self, id: &str) -> Vec<RootField> {
        let roots = [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")];
        let mut all = Vec::new();
        for (operation, root) in roots {
            for field in self.fields(root) {
                let name = field.name.node.to_string();
                if name.starts_with('_') {
                    continue;
                }
                let arguments: Vec<_> =
                    field.arguments.iter().filter_map(|a| self.argument(&a.node, id, 0)).collect();
                let arguments =
                    if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
                let selection = if self.is_leaf(&field.ty.node) { "" } else { " { __typename }" };
                let selection = if operation == "mutation" {
                    " { userErrors { field code message } }"
                } else {
                    selection
                };
                let takes_ids = arguments.contains(id);
                let document = format!("{operation} {{ {name}{arguments}{selection} }}");
                all.push(RootField { operation, name, document, takes_ids });
            }
        }
        all
    }

    fn argument(&self, argument: &InputValueDefinition, id: &str, depth: usize) -> Option<String> {
        // A key that is sent twice with another request would be refused for that alone.
        let name = argument.name.node.as_str();
        if name == "idempotencyKey" || name == "after" {
            return None;
        }
        let is_optional = argument.ty.node.nullable || argument.default_value.is_some();
        if is_optional && !self.takes_an_id(&argument.ty.node, depth) {
            return None;
        }
        (depth < INPUT_DEPTH_MAX).then(|| format!("{name}: {}", self.value(&argument.ty.node, id, depth)))
    }

    fn takes_an_id(&self, ty: &Type, depth: usize) -> bool {
        match &ty.base {
            BaseType::List(inner) => self.takes_an_id(inner, depth),
            BaseType::Named(name) if name == "ID" => true,
            BaseType::Named(name) => match self.types.get(name.as_str()).map(|definition| &definition.kind) {
                Some(TypeKind::InputObject(input)) if depth < INPUT_DEPTH_MAX => {
                    input.fields.iter().any(|field| self.takes_an_id(&field.node.ty.node, depth + 1))
                }
                _ => false,
            },
        }
    }

    fn value(&self, ty: &Type, id: &str, depth: usize) -> String {
        let name = match &ty.base {
            BaseType::List(inner) => return format!("[{}]", self.value(inner, id, depth)),
            BaseType::Named(name) => name.as_str(),
        };
        match name {
            "ID" => format!("\"{id}\""),
            "Int" | "Float" => "1".to_owned(),
            "Boolean" => "true".to_owned(),
            "Date" => "\"2026-03-09\"".to_owned(),
            "DateTime" => "\"2026-03-09T09:00:00Z\"".to_owned(),
            "Decimal" => "\"1\"".to_owned(),
            _ => match self.types.get(name).map(|definition| &definition.kind) {
                Some(TypeKind::Enum(choices)) => choices.values[0].node.value.node.to_string(),
                Some(TypeKind::InputObject(input)) => {
                    let fields: Vec<_> = input
                        .fields
                        .iter()
                        .filter_map(|field| self.argument(&field.node, id, depth + 1))
                        .collect();
                    format!("{{ {} }}", fields.join(", "))
                }
                _ => "\"X\"".to_owned(),
            },
        }
    }

    fn is_leaf(&self, ty: &Type) -> bool {
        match &ty.base {
            BaseType::List(inner) => self.is_leaf(inner),
            BaseType::Named(name) => !matches!(
                self.types.get(name.as_str()).map(|definition| &definition.kind),
                Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_))
            ),
        }
    }
}
