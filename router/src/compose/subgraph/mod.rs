//! One subgraph as composition sees it: read once from its SDL, its directives resolved, its extensions folded in.

mod check;
mod field_roles;
mod link;
mod read;
mod root_types;

use std::sync::Arc;

use apollo_compiler::ast::{DirectiveDefinition, EnumValueDefinition, FieldDefinition, InputValueDefinition};
use apollo_compiler::ast::{DirectiveList, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::{Name, Node};

use super::error::Conflict;
use super::field_set::FieldSet;

pub(super) use field_roles::{key_places, used};
pub(super) use link::Links;
pub(super) use root_types::{ROOTS, root_name};

/// Types by name. Shared, so that a view copies only what it changes.
pub(super) type Types = IndexMap<Name, Arc<TypeDef>>;

/// A subgraph's SDL, understood.
#[derive(Debug)]
pub(super) struct SubgraphSchema {
    /// Without those of specifications; root types under their default names.
    pub types: Types,
    /// It does not link to Federation 2.
    pub is_fed1: bool,
    /// The directives of its own that `@composeDirective` takes along.
    pub composed: Vec<ComposedDirective>,
    /// What is wrong with it, whoever it is composed with.
    pub problems: Vec<Conflict>,
}

/// A directive of the subgraph's own that reaches the supergraph.
#[derive(Clone, Debug)]
pub(super) struct ComposedDirective {
    pub definition: Node<DirectiveDefinition>,
    /// What its specification calls it.
    pub original: String,
    /// The specification's address without the version.
    pub identity: String,
    pub version: (u32, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    pub fn is_input(self) -> bool {
        matches!(self, Self::Scalar | Self::Enum | Self::Input)
    }

    pub fn is_output(self) -> bool {
        self != Self::Input
    }

    pub fn is_composite(self) -> bool {
        matches!(self, Self::Object | Self::Interface | Self::Union)
    }

    pub fn noun(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Object => "object type",
            Self::Interface => "interface",
            Self::Union => "union",
            Self::Enum => "enum",
            Self::Input => "input object",
        }
    }
}

/// One type with all its extensions. What a kind does not have is empty.
#[derive(Clone, Debug)]
pub(super) struct TypeDef {
    pub name: Name,
    pub kind: Kind,
    pub description: Option<Node<str>>,
    /// Those that reach the supergraph, under their canonical names; so everywhere below.
    pub directives: DirectiveList,
    /// Only `extend type`, or marked `@extends`.
    pub is_extension: bool,
    pub is_interface_object: bool,
    pub keys: Vec<Key>,
    pub interfaces: Vec<Name>,
    pub fields: IndexMap<Name, Field>,
    pub inputs: IndexMap<Name, Node<InputValueDefinition>>,
    pub members: Vec<Name>,
    pub values: IndexMap<Name, Node<EnumValueDefinition>>,
}

impl TypeDef {
    pub fn new(name: Name, kind: Kind) -> Self {
        Self {
            name,
            kind,
            description: None,
            directives: DirectiveList::new(),
            is_extension: true,
            is_interface_object: false,
            keys: Vec::new(),
            interfaces: Vec::new(),
            fields: IndexMap::default(),
            inputs: IndexMap::default(),
            members: Vec::new(),
            values: IndexMap::default(),
        }
    }

    /// What it is in the supergraph: an object that stands for an interface is the interface.
    pub fn merged_kind(&self) -> Kind {
        if self.is_interface_object { Kind::Interface } else { self.kind }
    }

    /// The types that it names, but for the interfaces it implements.
    pub fn references(&self) -> impl Iterator<Item = &Name> {
        let fields = self.fields.values().flat_map(|field| {
            let arguments = field.definition.arguments.iter().map(|argument| argument.ty.inner_named_type());
            arguments.chain([field.ty().inner_named_type()])
        });
        let inputs = self.inputs.values().map(|input| input.ty.inner_named_type());
        fields.chain(inputs).chain(&self.members)
    }
}

/// `@key`.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub fields: FieldSet,
    pub is_resolvable: bool,
    /// It stands at an `extend type`, or at a type with `@extends`.
    pub is_extension: bool,
}

/// A field of an object or an interface.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// With the directives that reach the supergraph.
    pub definition: Node<FieldDefinition>,
    /// It is not resolved here, but by others.
    pub is_external: bool,
    /// It is external, but resolved here on the paths that `@provides` names.
    pub is_provided: bool,
    pub is_shareable: bool,
    /// A key, `@requires`, `@provides` or an interface of this subgraph names it.
    pub is_used: bool,
    pub requires: Option<FieldSet>,
    pub provides: Option<FieldSet>,
    /// `@override(from:)`: the subgraph that it is taken from.
    pub overrides: Option<String>,
}

impl Field {
    pub fn name(&self) -> &Name {
        &self.definition.name
    }

    pub fn ty(&self) -> &Type {
        &self.definition.ty
    }
}

/// The scalars that every GraphQL schema has.
pub(super) fn is_built_in(name: &str) -> bool {
    matches!(name, "ID" | "String" | "Int" | "Float" | "Boolean")
}

impl SubgraphSchema {
    /// Reads a federation SDL.
    ///
    /// # Errors
    /// When it is not GraphQL. Everything else that is wrong is noted in `problems`.
    pub fn read(sdl: &str) -> Result<Self, Conflict> {
        read::schema(sdl)
    }
}
