//! SDL → [`SubgraphSchema`].

use std::sync::Arc;

use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, EnumValueDefinition, FieldDefinition,
    InputValueDefinition, Type, Value,
};
use apollo_compiler::collections::{HashMap, IndexMap};
use apollo_compiler::{Name, Node};

use super::link::{Known, Links, is_federated, schema_directives};
use super::{ComposedDirective, Field, Key, Kind, SubgraphSchema, TypeDef, check, field_roles, root_types};
use crate::compose::diagnostics::told;
use crate::compose::error::{Conflict, code};
use crate::compose::field_set::FieldSet;

/// The fields that federation itself adds to `Query`, and some servers print.
const FEDERATION_FIELDS: [&str; 2] = ["_service", "_entities"];

/// Reads a subgraph.
pub(super) fn schema(sdl: &str) -> Result<SubgraphSchema, Conflict> {
    let document = Document::parse(sdl, "subgraph.graphql")
        .map_err(|failed| Conflict::new(code::INVALID_GRAPHQL, told(&failed.errors)))?;
    let mut problems = Vec::new();
    let links = Links::read(&document, &mut problems);
    let not_understood = links.not_understood();
    problems.extend(not_understood.map(|message| Conflict::new(code::UNSUPPORTED_FEATURE, message)));
    let (renames, root_problems) = root_types::renamed(&document);
    problems.extend(root_problems);
    let composed = composed_directives(&document, &links, &mut problems);
    let mut reader =
        Reader { links: &links, composed: &composed, renames, types: IndexMap::default(), problems };
    for definition in &document.definitions {
        reader.definition(definition);
    }
    let Reader { types, mut problems, .. } = reader;
    let mut types = types.into_iter().map(|(name, ty)| (name, Arc::new(ty))).collect();
    field_roles::all(&mut types, links.is_fed1);
    check::forgotten_imports(&document, &links, &mut problems);
    check::all(&types, links.is_fed1, &mut problems);
    Ok(SubgraphSchema { types, is_fed1: links.is_fed1, composed, problems })
}

/// The directives that `@composeDirective` names.
fn composed_directives(
    document: &Document,
    links: &Links,
    problems: &mut Vec<Conflict>,
) -> Vec<ComposedDirective> {
    let mut composed = Vec::new();
    for used in schema_directives(document) {
        if links.known(&used.name) != Some(Known::ComposeDirective) {
            continue;
        }
        let name = string(used, "name").unwrap_or_default();
        if let Some(Known::Merged(_)) = name.strip_prefix('@').and_then(|name| links.known(name)) {
            // It reaches the supergraph anyway.
            continue;
        }
        let definition = name.strip_prefix('@').and_then(|name| {
            document
                .definitions
                .iter()
                .filter_map(Definition::as_directive_definition)
                .find(|definition| definition.name == name && !is_reserved(name))
        });
        match definition.and_then(|definition| Some((definition, links.origin(&definition.name)?))) {
            Some((definition, (identity, version, original))) => composed.push(ComposedDirective {
                definition: definition.clone(),
                original: original.to_owned(),
                identity: identity.to_owned(),
                version,
            }),
            None => problems.push(Conflict::new(
                code::DIRECTIVE_COMPOSITION_ERROR,
                format!("\"{name}\" cannot be composed: it must be \"@\" and a directive of an own specification that is \
                     defined and linked"),
            )),
        }
    }
    composed
}

/// Names that directives of the supergraph's own have, or may get.
fn is_reserved(directive: &str) -> bool {
    directive.starts_with("join__") || is_federated(directive)
}

/// A string argument of a directive.
fn string<'a>(directive: &'a Directive, argument: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(argument)?.as_str()
}

struct Reader<'a> {
    links: &'a Links,
    composed: &'a [ComposedDirective],
    renames: HashMap<Name, Name>,
    types: IndexMap<Name, TypeDef>,
    problems: Vec<Conflict>,
}

/// What the directives at a type say of all that stands in the same definition.
#[derive(Default)]
struct Block {
    is_shareable: bool,
    is_external: bool,
}

impl Reader<'_> {
    fn definition(&mut self, definition: &Definition) {
        use Definition as D;
        let (kind, description) = match definition {
            D::ScalarTypeDefinition(ty) => (Kind::Scalar, &ty.description),
            D::ObjectTypeDefinition(ty) => (Kind::Object, &ty.description),
            D::InterfaceTypeDefinition(ty) => (Kind::Interface, &ty.description),
            D::UnionTypeDefinition(ty) => (Kind::Union, &ty.description),
            D::EnumTypeDefinition(ty) => (Kind::Enum, &ty.description),
            D::InputObjectTypeDefinition(ty) => (Kind::Input, &ty.description),
            D::ScalarTypeExtension(_) => (Kind::Scalar, &None),
            D::ObjectTypeExtension(_) => (Kind::Object, &None),
            D::InterfaceTypeExtension(_) => (Kind::Interface, &None),
            D::UnionTypeExtension(_) => (Kind::Union, &None),
            D::EnumTypeExtension(_) => (Kind::Enum, &None),
            D::InputObjectTypeExtension(_) => (Kind::Input, &None),
            _ => return,
        };
        let Some(name) = definition.name().filter(|name| !self.links.owns_type(name)) else { return };
        if super::is_built_in(name) {
            return;
        }
        let name = self.renamed(name);
        let is_extension = definition.is_extension_definition();
        let mut types = std::mem::take(&mut self.types);
        let ty = types.entry(name.clone()).or_insert_with(|| TypeDef::new(name, kind));
        if ty.kind != kind {
            let message = format!("type \"{}\" is both {} and {}", ty.name, ty.kind.noun(), kind.noun());
            self.problems.push(Conflict::new(code::INVALID_GRAPHQL, message));
        } else {
            self.fold(ty, definition, description, is_extension);
        }
        self.types = types;
    }

    /// Adds one definition or extension to its type.
    fn fold(
        &mut self,
        ty: &mut TypeDef,
        definition: &Definition,
        description: &Option<Node<str>>,
        is_extension: bool,
    ) {
        use Definition as D;
        if !is_extension {
            if !ty.is_extension {
                self.duplicate(&format!("type \"{}\"", ty.name));
            }
            ty.is_extension = false;
            ty.description = description.clone();
        }
        let block = self.type_directives(ty, definition.directives(), is_extension);
        match definition {
            D::ObjectTypeDefinition(new) => self.fields(ty, &new.implements_interfaces, &new.fields, &block),
            D::ObjectTypeExtension(new) => self.fields(ty, &new.implements_interfaces, &new.fields, &block),
            D::InterfaceTypeDefinition(new) => {
                self.fields(ty, &new.implements_interfaces, &new.fields, &block)
            }
            D::InterfaceTypeExtension(new) => {
                self.fields(ty, &new.implements_interfaces, &new.fields, &block)
            }
            D::UnionTypeDefinition(new) => self.members(ty, &new.members),
            D::UnionTypeExtension(new) => self.members(ty, &new.members),
            D::EnumTypeDefinition(new) => self.values(ty, &new.values),
            D::EnumTypeExtension(new) => self.values(ty, &new.values),
            D::InputObjectTypeDefinition(new) => self.inputs(ty, &new.fields),
            D::InputObjectTypeExtension(new) => self.inputs(ty, &new.fields),
            _ => {}
        }
    }

    fn type_directives(&mut self, ty: &mut TypeDef, used: &DirectiveList, is_extension: bool) -> Block {
        let has = |known| used.iter().any(|one| self.links.known(&one.name) == Some(known));
        let is_marked_extension = has(Known::Extends);
        ty.is_extension |= is_marked_extension;
        ty.is_interface_object |= has(Known::InterfaceObject);
        let block = Block {
            is_shareable: has(Known::Shareable),
            // Federation 1 ignores the mark on a type.
            is_external: has(Known::External) && !self.links.is_fed1,
        };
        for key in used.iter().filter(|one| self.links.known(&one.name) == Some(Known::Key)) {
            let on = format!("type \"{}\"", ty.name);
            let Some(fields) = self.field_set(key, "KEY", &on) else { continue };
            let resolvable = key.specified_argument_by_name("resolvable").and_then(|value| value.to_bool());
            // Federation 1 knows an entity's owner otherwise; there, `extend` says nothing of its own.
            let is_extension = is_marked_extension || (is_extension && !self.links.is_fed1);
            ty.keys.push(Key { fields, is_resolvable: resolvable != Some(false), is_extension });
        }
        ty.directives.extend(self.merged(used));
        block
    }

    fn fields(
        &mut self,
        ty: &mut TypeDef,
        interfaces: &[Name],
        fields: &[Node<FieldDefinition>],
        block: &Block,
    ) {
        ty.interfaces.extend(interfaces.iter().cloned());
        for field in fields {
            if ty.name == "Query" && FEDERATION_FIELDS.contains(&field.name.as_str()) {
                continue;
            }
            let new = self.field(&ty.name, field, block);
            if ty.kind == Kind::Interface && new.is_shareable {
                let message = format!("interface field \"{}.{}\" is marked @shareable", ty.name, field.name);
                self.problems.push(Conflict::new(code::INVALID_SHAREABLE_USAGE, message));
            }
            if ty.fields.insert(field.name.clone(), new).is_some() {
                self.duplicate(&format!("field \"{}.{}\"", ty.name, field.name));
            }
        }
    }

    fn field(&mut self, ty: &Name, field: &Node<FieldDefinition>, block: &Block) -> Field {
        let at = format!("field \"{ty}.{}\"", field.name);
        let (mut requires, mut provides, mut overrides) = (None, None, None);
        let (mut is_external, mut is_shareable) = (block.is_external, block.is_shareable);
        for used in &field.directives {
            match self.links.known(&used.name) {
                Some(Known::Requires) => requires = self.field_set(used, "REQUIRES", &at),
                Some(Known::Provides) => provides = self.field_set(used, "PROVIDES", &at),
                Some(Known::External) => is_external = true,
                Some(Known::Shareable) => is_shareable = true,
                Some(Known::Override) => {
                    overrides = string(used, "from").map(str::to_owned);
                    if used.specified_argument_by_name("label").is_some_and(|label| !label.is_null()) {
                        self.unsupported(&at, "@override with a label");
                    }
                }
                _ => {}
            }
        }
        for argument in &field.arguments {
            if argument.directives.iter().any(|used| self.links.known(&used.name) == Some(Known::FromContext))
            {
                self.unsupported(&at, "@fromContext");
            }
        }
        let definition = self.field_definition(field);
        Field {
            definition,
            is_external,
            is_provided: false,
            is_shareable,
            is_used: false,
            requires,
            provides,
            overrides,
        }
    }

    /// The definition with nothing but what may reach the supergraph.
    fn field_definition(&self, field: &Node<FieldDefinition>) -> Node<FieldDefinition> {
        let mut field = field.clone();
        if !field.directives.is_empty() {
            field.make_mut().directives = self.merged(&field.directives);
        }
        if let Some(name) = self.renames.get(field.ty.inner_named_type()) {
            let field = field.make_mut();
            rename(&mut field.ty, name);
        }
        if field.arguments.iter().any(|argument| !argument.directives.is_empty()) {
            for argument in &mut field.make_mut().arguments {
                *argument = self.input(argument);
            }
        }
        field
    }

    fn input(&self, input: &Node<InputValueDefinition>) -> Node<InputValueDefinition> {
        let mut input = input.clone();
        if !input.directives.is_empty() {
            input.make_mut().directives = self.merged(&input.directives);
        }
        input
    }

    fn inputs(&mut self, ty: &mut TypeDef, fields: &[Node<InputValueDefinition>]) {
        for field in fields {
            if ty.inputs.insert(field.name.clone(), self.input(field)).is_some() {
                self.duplicate(&format!("input field \"{}.{}\"", ty.name, field.name));
            }
        }
    }

    fn values(&mut self, ty: &mut TypeDef, values: &[Node<EnumValueDefinition>]) {
        for value in values {
            let mut new = value.clone();
            if !value.directives.is_empty() {
                new.make_mut().directives = self.merged(&value.directives);
            }
            if ty.values.insert(value.value.clone(), new).is_some() {
                self.duplicate(&format!("enum value \"{}.{}\"", ty.name, value.value));
            }
        }
    }

    fn members(&self, ty: &mut TypeDef, members: &[Name]) {
        ty.members.extend(members.iter().map(|member| self.renamed(member)));
    }

    /// The directives that reach the supergraph, under their canonical names.
    fn merged(&self, used: &DirectiveList) -> DirectiveList {
        used.iter()
            .filter_map(|one| match self.links.known(&one.name) {
                Some(Known::Merged(name)) if one.name == name => Some(one.clone()),
                Some(Known::Merged(name)) => {
                    let mut one = one.clone();
                    one.make_mut().name = Name::new_static_unchecked(name);
                    Some(one)
                }
                Some(_) => None,
                None => self.composed.iter().any(|it| it.definition.name == one.name).then(|| one.clone()),
            })
            .collect()
    }

    fn field_set(&mut self, used: &Directive, directive: &str, at: &str) -> Option<FieldSet> {
        let codes = check::codes(directive);
        let mut refuse = |code, message: &str| {
            let problem = format!("{at} has `{}`: {message}", used.serialize().no_indent());
            self.problems.push(Conflict::new(code, problem));
        };
        let text = match used.specified_argument_by_name("fields").map(|fields| &**fields) {
            Some(Value::String(text)) => text.clone(),
            // Federation 1 took lists of names, and names without quotes.
            Some(Value::List(texts)) if self.links.is_fed1 => {
                texts.iter().filter_map(|text| text.as_str()).collect::<Vec<_>>().join(" ")
            }
            Some(Value::Enum(text)) if self.links.is_fed1 => text.to_string(),
            _ => {
                refuse(codes.invalid_type, "\"fields\" is not a string");
                return None;
            }
        };
        FieldSet::read(&text).map_err(|message| refuse(codes.invalid, &message)).ok()
    }

    fn renamed(&self, name: &Name) -> Name {
        self.renames.get(name).unwrap_or(name).clone()
    }

    fn duplicate(&mut self, what: &str) {
        self.problems.push(Conflict::new(code::INVALID_GRAPHQL, format!("{what} is defined twice")));
    }

    fn unsupported(&mut self, at: &str, what: &str) {
        let message = format!("{at} uses {what}, which this router does not support");
        self.problems.push(Conflict::new(code::UNSUPPORTED_FEATURE, message));
    }
}

fn rename(ty: &mut Type, to: &Name) {
    match ty {
        Type::Named(name) | Type::NonNullNamed(name) => *name = to.clone(),
        Type::List(inner) | Type::NonNullList(inner) => rename(inner, to),
    }
}
