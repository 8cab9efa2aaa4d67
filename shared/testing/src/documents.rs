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

/// The name of a type, whatever lists of it there are.
#[must_use]
pub fn type_name(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => type_name(inner),
    }
}

/// Which of the optional ids are filled in.
struct Filling<'i> {
    id: &'i str,
    /// All of them, or the one at this position.
    only: Option<usize>,
    seen: usize,
}

impl Filling<'_> {
    fn takes_next(&mut self) -> bool {
        self.seen += 1;
        self.only.is_none_or(|only| only + 1 == self.seen)
    }
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
        self.each_root_field(id, None)
    }

    /// Operations for every root field that takes an id: with every id, and with each optional one alone, so
    /// that the refusal of one does not hide what becomes of another.
    #[must_use]
    pub fn root_fields_by_id(&self, id: &str) -> Vec<RootField> {
        let mut all = self.each_root_field(id, None);
        let positions_max = 8;
        all.extend((0..positions_max).flat_map(|position| self.each_root_field(id, Some(position))));
        all.retain(|field| field.takes_ids);
        all.sort_by(|one, other| one.document.cmp(&other.document));
        all.dedup_by(|one, other| one.document == other.document);
        all
    }

    fn each_root_field(&self, id: &str, only: Option<usize>) -> Vec<RootField> {
        let roots = [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")];
        let mut all = Vec::new();
        for (operation, root) in roots {
            for field in self.fields(root).into_iter().filter(|field| !field.name.node.starts_with('_')) {
                let mut filling = Filling { id, only, seen: 0 };
                let arguments =
                    field.arguments.iter().filter_map(|a| self.argument(&a.node, &mut filling, 0));
                let arguments = arguments.collect::<Vec<_>>().join(", ");
                let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
                let selection = match operation {
                    "mutation" => " { userErrors { field code message } }",
                    _ if self.is_leaf(&field.ty.node) => "",
                    _ => " { __typename }",
                };
                let name = field.name.node.to_string();
                let takes_ids = arguments.contains(id);
                let document = format!("{operation} {{ {name}{arguments}{selection} }}");
                all.push(RootField { operation, name, document, takes_ids });
            }
        }
        all
    }

    fn argument(
        &self,
        argument: &InputValueDefinition,
        filling: &mut Filling<'_>,
        depth: usize,
    ) -> Option<String> {
        let name = argument.name.node.as_str();
        // A key that is sent twice with another request would be refused for that alone.
        if name == "idempotencyKey" || name == "after" || depth >= INPUT_DEPTH_MAX {
            return None;
        }
        let is_optional = argument.ty.node.nullable || argument.default_value.is_some();
        if is_optional {
            if !self.takes_an_id(&argument.ty.node, depth) {
                return None;
            }
            let is_id = matches!(&argument.ty.node.base, BaseType::Named(name) if name == "ID");
            if is_id && !filling.takes_next() {
                return None;
            }
        }
        Some(format!("{name}: {}", self.value(&argument.ty.node, filling, depth)))
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

    fn value(&self, ty: &Type, filling: &mut Filling<'_>, depth: usize) -> String {
        let name = match &ty.base {
            BaseType::List(inner) => return format!("[{}]", self.value(inner, filling, depth)),
            BaseType::Named(name) => name.as_str(),
        };
        match name {
            "ID" => format!("\"{}\"", filling.id),
            "Int" | "Float" => "1".to_owned(),
            "Boolean" => "true".to_owned(),
            "Date" => "\"2026-03-09\"".to_owned(),
            "DateTime" => "\"2026-03-09T09:00:00Z\"".to_owned(),
            "Decimal" => "\"1\"".to_owned(),
            _ => match self.types.get(name).map(|definition| &definition.kind) {
                Some(TypeKind::Enum(choices)) => choices.values[0].node.value.node.to_string(),
                Some(TypeKind::InputObject(input)) => {
                    let fields =
                        input.fields.iter().filter_map(|f| self.argument(&f.node, filling, depth + 1));
                    format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
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
