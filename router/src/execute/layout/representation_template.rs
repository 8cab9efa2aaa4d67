//! How the representations that `_entities` is asked with are written from slots.

use async_graphql::Name;

use super::Compiler;
use crate::plan::{Entities, Requirement, TypeId, TypeSet};

/// What a representation consists of.
pub(in crate::execute) struct Template {
    /// Types that the subgraph knows by another name.
    pub retypes: Vec<(TypeSet, Name)>,
    /// The parts, after `__typename`.
    pub parts: Vec<Part>,
}

/// One part of a representation.
pub(in crate::execute) enum Part {
    /// A field.
    Field {
        /// Its key and the colon, as JSON.
        key: String,
        /// The slot that holds it; `None` when nobody brings it.
        slot: Option<usize>,
        /// Its own parts, unless it is a leaf.
        parts: Vec<Part>,
    },
    /// Parts of objects of some types.
    Type {
        /// The types, in both directions: an interface stands for its members, too, since a subgraph may take it for
        /// an object type.
        types: TypeSet,
        /// What an object is taken to be that does not say.
        name: Name,
        /// The parts.
        parts: Vec<Part>,
    },
}

impl Part {
    /// Whether it is a part of objects of a type.
    pub fn applies(&self, ty: TypeId) -> bool {
        match self {
            Self::Field { .. } => true,
            Self::Type { types, .. } => ty == TypeId::UNSAID || types.contains(ty),
        }
    }
}

impl Compiler<'_> {
    pub(super) fn template(&self, place: usize, entities: &Entities) -> Template {
        let retypes = entities.retypes.iter().map(|retype| {
            (self.types.satisfying(retype.from.iter().map(String::as_str)), Name::new(&retype.to))
        });
        Template { retypes: retypes.collect(), parts: self.parts(place, &entities.requires) }
    }

    fn parts(&self, place: usize, requires: &[Requirement]) -> Vec<Part> {
        let mut parts = Vec::with_capacity(requires.len());
        for requirement in requires {
            match requirement {
                Requirement::Field { name, key, selections } => {
                    let known = self.places[place].get_full(name);
                    let below = known.and_then(|(_, _, below)| *below);
                    let inner = below.map(|below| self.parts(below, selections)).unwrap_or_default();
                    let slot = known.map(|(slot, ..)| slot);
                    parts.push(Part::Field { key: format!("\"{key}\":"), slot, parts: inner });
                }
                Requirement::Type { condition, selections } => parts.push(Part::Type {
                    types: self.types.related(condition),
                    name: Name::new(condition),
                    parts: self.parts(place, selections),
                }),
            }
        }
        parts
    }
}
