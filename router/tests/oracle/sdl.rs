//! What a subgraph's SDL says, read without any of the router's code.

use apollo_compiler::ast::{self, Document, FieldDefinition, Selection, Type};
use apollo_compiler::schema::{Component, DirectiveList, ExtendedType, Schema};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node};

/// Fields that a directive names, as a selection set.
pub type FieldSet = Vec<Selection>;

/// A key, and whether the subgraph finds entities by it.
pub struct Key {
    pub fields: FieldSet,
    pub is_resolvable: bool,
}

/// One subgraph's schema.
pub struct Sdl {
    pub name: String,
    pub text: String,
    /// With federation's directives.
    pub schema: Schema,
    /// As the subgraph serves it: without them, and with `_entities`.
    pub served: Valid<Schema>,
}

impl Sdl {
    pub fn new(name: &str, text: &str) -> Self {
        let schema = Schema::builder().adopt_orphan_extensions().parse(text, name).build();
        let schema = schema.unwrap_or_else(|errors| errors.partial);
        let served = served(name, &schema);
        Self { name: name.to_owned(), text: text.to_owned(), schema, served }
    }

    /// The object types and interfaces, with their fields.
    pub fn types(&self) -> impl Iterator<Item = (&Name, &ExtendedType)> {
        self.schema.types.iter().filter(|(name, ty)| !name.contains("__") && !ty.is_built_in())
    }

    pub fn keys(&self, ty: &str) -> Vec<Key> {
        let used = self.schema.types.get(ty).map(ExtendedType::directives);
        used.into_iter().flat_map(|used| named(used, "key")).filter_map(key).collect()
    }

    pub fn is_interface_object(&self, ty: &str) -> bool {
        self.schema.types.get(ty).is_some_and(|ty| named(ty.directives(), "interfaceObject").next().is_some())
    }

    pub fn field(&self, ty: &str, field: &str) -> Option<&Component<FieldDefinition>> {
        fields(self.schema.types.get(ty)?)?.get(field)
    }

    /// Whether others resolve the field.
    pub fn is_external(&self, ty: &str, field: &str) -> bool {
        let on_type = self.schema.types.get(ty).map(ExtendedType::directives);
        on_type.is_some_and(|used| named(used, "external").next().is_some())
            || self.field(ty, field).is_some_and(|field| of_field(field, "external").is_some())
    }

    /// The fields that a field needs.
    pub fn requires(&self, ty: &str, field: &str) -> Option<FieldSet> {
        field_set(of_field(self.field(ty, field)?, "requires")?)
    }

    /// The fields below a field that others resolve otherwise.
    pub fn provides(&self, ty: &str, field: &str) -> Option<FieldSet> {
        field_set(of_field(self.field(ty, field)?, "provides")?)
    }

    /// The subgraph that a field was taken from.
    pub fn overrides(&self, ty: &str, field: &str) -> Option<&str> {
        of_field(self.field(ty, field)?, "override")?.specified_argument_by_name("from")?.as_str()
    }

    /// The object types that a type stands for.
    pub fn objects(&self, ty: &str) -> Vec<Name> {
        possible(&self.schema, ty)
    }
}

/// The object types that a type of a schema stands for: itself, or those that are it; in order.
pub fn possible(schema: &Schema, ty: &str) -> Vec<Name> {
    match schema.types.get(ty) {
        Some(ExtendedType::Object(object)) => vec![object.name.clone()],
        Some(ExtendedType::Union(union)) => union.members.iter().map(|member| member.name.clone()).collect(),
        Some(ExtendedType::Interface(interface)) => {
            let objects = schema.types.values().filter_map(ExtendedType::as_object);
            let implements = objects.filter(|object| object.implements_interfaces.contains(&interface.name));
            implements.map(|object| object.name.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// A type's fields.
pub fn fields(
    ty: &ExtendedType,
) -> Option<&apollo_compiler::collections::IndexMap<Name, Component<FieldDefinition>>> {
    match ty {
        ExtendedType::Object(ty) => Some(&ty.fields),
        ExtendedType::Interface(ty) => Some(&ty.fields),
        _ => None,
    }
}

fn is_named(directive: &ast::Directive, name: &str) -> bool {
    directive.name.strip_prefix("federation__").unwrap_or(&directive.name) == name
}

fn named<'a>(used: &'a DirectiveList, name: &'a str) -> impl Iterator<Item = &'a ast::Directive> {
    used.iter().map(|directive| directive.node.as_ref()).filter(move |directive| is_named(directive, name))
}

fn of_field<'a>(field: &'a FieldDefinition, name: &'a str) -> Option<&'a Node<ast::Directive>> {
    field.directives.iter().find(|directive| is_named(directive, name))
}

fn key(directive: &ast::Directive) -> Option<Key> {
    let resolvable = directive.specified_argument_by_name("resolvable").and_then(|value| value.to_bool());
    Some(Key { fields: field_set(directive)?, is_resolvable: resolvable.unwrap_or(true) })
}

fn field_set(directive: &ast::Directive) -> Option<FieldSet> {
    let text = directive.specified_argument_by_name("fields")?.as_str()?;
    let document = Document::parse(format!("{{ {text} }}"), "field set").ok()?;
    Some(document.definitions.first()?.as_operation_definition()?.selection_set.clone())
}

/// The schema that a subgraph validates requests against.
fn served(name: &str, schema: &Schema) -> Valid<Schema> {
    let mut served = schema.clone();
    served.schema_definition.make_mut().directives.0.clear();
    let specified = |name: &Name| matches!(name.as_str(), "skip" | "include" | "deprecated" | "specifiedBy");
    served.directive_definitions.retain(|name, _| specified(name));
    served.types.retain(|name, ty| ty.is_built_in() || !name.contains("__") && !name.starts_with('_'));
    let entities: Vec<&str> = schema
        .types
        .iter()
        .filter(|(_, ty)| ty.is_object() && named(ty.directives(), "key").next().is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    for ty in served.types.values_mut() {
        strip(ty);
    }
    let mut text = served.to_string();
    if !entities.is_empty() {
        let query = served.schema_definition.query.as_ref().map_or("Query", |query| query.name.as_str());
        let extends = if served.types.contains_key(query) { "extend " } else { "" };
        text.push_str(&format!(
            "scalar _Any union _Entity = {} {extends}type {query} {{ \
             _entities(representations: [_Any!]!): [_Entity]! }}",
            entities.join(" | "),
        ));
    }
    if !text.contains("type Query") {
        text.push_str(" type Query { _service: ID }");
    }
    Schema::parse_and_validate(text, name).unwrap_or_else(|errors| panic!("{name}: {}", errors.errors))
}

fn strip(ty: &mut ExtendedType) {
    match ty {
        ExtendedType::Scalar(ty) => ty.make_mut().directives.0.clear(),
        ExtendedType::Union(ty) => ty.make_mut().directives.0.clear(),
        ExtendedType::Object(ty) => {
            let ty = ty.make_mut();
            ty.directives.0.clear();
            ty.fields.values_mut().for_each(strip_field);
        }
        ExtendedType::Interface(ty) => {
            let ty = ty.make_mut();
            ty.directives.0.clear();
            ty.fields.values_mut().for_each(strip_field);
        }
        ExtendedType::Enum(ty) => {
            let ty = ty.make_mut();
            ty.directives.0.clear();
            ty.values.values_mut().for_each(|value| value.make_mut().directives.0.clear());
        }
        ExtendedType::InputObject(ty) => {
            let ty = ty.make_mut();
            ty.directives.0.clear();
            ty.fields.values_mut().for_each(|field| field.make_mut().directives.0.clear());
        }
    }
}

fn strip_field(field: &mut Component<FieldDefinition>) {
    let field = field.make_mut();
    field.directives.0.clear();
    for argument in &mut field.arguments {
        argument.make_mut().directives.0.clear();
    }
}

/// The stricter of two types that differ in what may be null.
pub fn stricter(one: &Type, other: &Type) -> Type {
    let (inner, is_list) = match (one, other) {
        (Type::List(a) | Type::NonNullList(a), Type::List(b) | Type::NonNullList(b)) => {
            (stricter(a, b), true)
        }
        (one, _) => (one.clone().nullable(), false),
    };
    let ty = if is_list { inner.list() } else { inner };
    if one.is_non_null() || other.is_non_null() { ty.non_null() } else { ty }
}

/// The names of all fields of a schema.
pub fn field_names(schema: &Schema) -> Vec<Name> {
    let types = schema.types.iter().filter(|(name, _)| !name.starts_with("__"));
    let mut names: Vec<Name> =
        types.filter_map(|(_, ty)| fields(ty)).flat_map(|fields| fields.keys().cloned()).collect();
    names.sort();
    names.dedup();
    names
}
