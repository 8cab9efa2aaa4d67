//! What fields require of their entity, under names of its own.
//!
//! The planner library merges what several fields require before it looks for it, and loses track where they want the
//! same field with different arguments, or something that requires something itself. In stages, each thing required is
//! a leaf with a name that nothing else has, known of the entity beforehand: so the library has nothing to mistake.
//! Under that name it is asked for one stage earlier, and goes into a representation under the field's own.

use std::collections::HashSet;

use apollo_compiler::ast::{self, Selection};
use apollo_compiler::{Name, Node};
use async_graphql::Name as Key;
use indexmap::IndexMap;

use super::asked::{Field, Set};
use super::document::typename;
use super::{Requirement, Types};

/// Begins every name.
const PREFIX: &str = "_r";

/// All that is required, by the name that stands for it.
#[derive(Default)]
pub(super) struct StandIns(IndexMap<Name, Node<ast::Field>>);

impl StandIns {
    /// The name for a field of a `@requires`: the same for the same arguments and parts.
    pub fn name(&mut self, field: &Node<ast::Field>) -> Name {
        let known = self.0.iter().find(|(_, known)| *known == field).map(|(name, _)| name.clone());
        known.unwrap_or_else(|| {
            let name = Name::new_unchecked(&format!("{PREFIX}{}_{}", self.0.len(), field.name));
            self.0.insert(name.clone(), field.clone());
            name
        })
    }

    /// What a name of an entity's stands for, as it is asked for.
    pub fn asked(&self, name: &str, ty: &str, types: &Types) -> Option<Field> {
        let (name, required) = self.0.get_key_value(name)?;
        let field = field(required, ty, types);
        Some(Field { head: format!("{name}:{}", field.head), data_key: Key::new(name.as_str()), ..field })
    }

    /// Spells out a representation; whether it has room for all of it.
    pub fn spell_out(&self, representation: &mut [Requirement], ty: &str, types: &Types) -> bool {
        let mut keys = HashSet::new();
        representation.iter_mut().all(|part| match part {
            Requirement::Type { condition, selections } => self.spell_out(selections, condition, types),
            Requirement::Field { name, key, selections } => {
                if let Some(required) = self.0.get(name.as_str()) {
                    *key = Key::new(required.name.as_str());
                    *selections = below(required, ty, types);
                }
                keys.insert(key.clone())
            }
        })
    }
}

fn field(required: &ast::Field, ty: &str, types: &Types) -> Field {
    let arguments: Vec<String> = required
        .arguments
        .iter()
        .map(|one| format!("{}: {}", one.name, one.value.serialize().no_indent()))
        .collect();
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(" ")) };
    let returned = types.returns(ty, &required.name).map(|returns| returns.name).unwrap_or_default();
    Field {
        name: required.name.clone(),
        head: format!("{}{arguments}", required.name),
        data_key: Key::new(required.name.as_str()),
        is_leaf: required.selection_set.is_empty(),
        set: set(&required.selection_set, returned, types),
    }
}

fn set(required: &[Selection], ty: &str, types: &Types) -> Set {
    let mut found = Set::default();
    if types.is_abstract(ty) {
        found.field(typename());
    }
    for selection in required {
        match selection {
            Selection::Field(inner) => found.field(field(inner, ty, types)),
            Selection::InlineFragment(fragment) => match &fragment.type_condition {
                Some(condition) => {
                    found.fragment(condition.clone(), set(&fragment.selection_set, condition, types));
                }
                None => found.merge(set(&fragment.selection_set, ty, types)),
            },
            // A field set has no fragments with names.
            Selection::FragmentSpread(_) => {}
        }
    }
    found
}

/// The parts of a field in a representation.
fn below(required: &ast::Field, ty: &str, types: &Types) -> Vec<Requirement> {
    let returned = types.returns(ty, &required.name).map(|returns| returns.name).unwrap_or_default();
    parts(&required.selection_set, returned, types)
}

fn parts(required: &[Selection], ty: &str, types: &Types) -> Vec<Requirement> {
    let mut found = Vec::new();
    if types.is_abstract(ty) {
        let name = Key::new(typename().name.as_str());
        found.push(Requirement::Field { key: name.clone(), name, selections: Vec::new() });
    }
    for selection in required {
        match selection {
            Selection::Field(inner) => {
                let name = Key::new(inner.name.as_str());
                let selections = below(inner, ty, types);
                found.push(Requirement::Field { key: name.clone(), name, selections });
            }
            Selection::InlineFragment(fragment) => match &fragment.type_condition {
                Some(condition) => found.push(Requirement::Type {
                    condition: condition.to_string(),
                    selections: parts(&fragment.selection_set, condition, types),
                }),
                None => found.extend(parts(&fragment.selection_set, ty, types)),
            },
            // A field set has no fragments with names.
            Selection::FragmentSpread(_) => {}
        }
    }
    found
}
