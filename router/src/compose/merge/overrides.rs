//! `@override`: a field that moved from one subgraph to another.

use apollo_compiler::Name;

use super::Merger;
use super::fields::FieldSource;
use crate::compose::error::code;
use crate::compose::subgraph::Kind;

/// What became of a subgraph's field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Override {
    #[default]
    No,
    /// Another subgraph resolves it now, but a key or an interface of its own still names it.
    Used,
    /// Another subgraph resolves it now.
    Unused,
}

impl<'a> Merger<'a> {
    /// What became of each part in a field; empty when nothing moved.
    pub fn overrides(&mut self, ty: &'a Name, given: &[FieldSource<'a>]) -> Vec<Override> {
        if given.iter().all(|one| one.field.overrides.is_none()) {
            return Vec::new();
        }
        let mut states = vec![Override::No; given.len()];
        for one in given {
            let Some(from) = &one.field.overrides else { continue };
            let source = given.iter().position(|other| self.name_of(other.graph) == from);
            if !self.may_override(ty, one, source.map(|at| given[at])) {
                continue;
            }
            // A subgraph that is not there, or has lost the field, has nothing left to be taken from it.
            let Some(at) = source.filter(|at| !given[*at].field.is_external) else { continue };
            states[at] = if given[at].field.is_used { Override::Used } else { Override::Unused };
            self.overridden.insert((given[at].graph, ty, given[at].field.name()));
        }
        states
    }

    fn may_override(&mut self, ty: &Name, one: &FieldSource, from: Option<FieldSource>) -> bool {
        let place = format!("{ty}.{}", one.field.name());
        let own = self.name_of(one.graph);
        let holder = self.parts[one.graph].types.get(ty);
        let refusal = if holder.is_some_and(|ty| ty.kind == Kind::Interface) {
            Some((code::OVERRIDE_ON_INTERFACE, "it is a field of an interface".to_owned()))
        } else if holder.is_some_and(|ty| ty.is_interface_object) {
            let why = "it is a field of an @interfaceObject".to_owned();
            Some((code::OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE, why))
        } else if one.field.overrides.as_deref() == Some(own) {
            Some((code::OVERRIDE_FROM_SELF_ERROR, "it is taken from the subgraph itself".to_owned()))
        } else if let Some(from) = from {
            let other = self.name_of(from.graph);
            if from.field.overrides.is_some() {
                let why = format!("subgraph \"{other}\" overrides it, too");
                Some((code::OVERRIDE_SOURCE_HAS_OVERRIDE, why))
            } else if one.field.is_external {
                let why = "it is marked @external".to_owned();
                Some((code::OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE, why))
            } else if from.field.requires.is_some() || from.field.provides.is_some() {
                let why = format!("it has @requires or @provides in subgraph \"{other}\"");
                Some((code::OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE, why))
            } else {
                None
            }
        } else {
            None
        };
        let is_fine = refusal.is_none();
        if let Some((code, why)) = refusal {
            self.refuse(code, format!("field \"{place}\" cannot be overridden in subgraph \"{own}\": {why}"));
        }
        is_fine
    }
}
