//! Which keys the gathered data has.
//!
//! A client may call a field by the name of another: `{ user { id: name } }`. The plan needs `id` itself, to ask
//! the next subgraph for this very user, and would find the name there. Such aliases are replaced before planning.

use std::collections::HashSet;

use apollo_compiler::Name;
use apollo_compiler::executable::Field;

/// Begins the replacement of an alias.
const PREFIX: &str = "_a_";

/// The names that aliases must not take in the data.
#[derive(Debug)]
pub(crate) struct Aliases {
    fields: HashSet<Name>,
}

impl Aliases {
    /// With the names of all fields of the supergraph.
    pub fn new(fields: HashSet<Name>) -> Self {
        Self { fields }
    }

    /// The alias that a field gets for planning and in the gathered data; `None` when it keeps its response key.
    pub fn replacement(&self, field: &Field) -> Option<String> {
        let alias = field.alias.as_ref().filter(|alias| **alias != field.name)?;
        // A leading underscore is where planner and federation have their own names.
        (alias.starts_with('_') || self.fields.contains(alias)).then(|| format!("{PREFIX}{alias}"))
    }
}
