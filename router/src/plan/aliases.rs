//! Which keys the gathered data has.
//!
//! A client may call a field by the name of another: `{ user { id: name } }`. The plan needs `id` itself, to ask
//! the next subgraph for this very user, and would find the name there. Such aliases are replaced before planning.
//!
//! A client may also ask for a field with other arguments than some `@requires` does. Then it is asked for under an
//! alias, so that the requirement finds its own value under the field's name.

use std::collections::HashSet;

use apollo_compiler::Name;
use apollo_compiler::executable::Field;
use async_graphql::Name as Key;

/// Begins the replacement of an alias.
const PREFIX: &str = "_a_";

/// The names that aliases must not take in the data.
#[derive(Debug)]
pub(crate) struct Aliases {
    fields: HashSet<Name>,
    needed: HashSet<String>,
}

impl Aliases {
    /// With the names of all fields of the supergraph, and of those that are needed without arguments.
    pub fn new(fields: HashSet<Name>, needed: HashSet<String>) -> Self {
        Self { fields, needed }
    }

    /// The alias that a field gets for planning and in the gathered data; `None` when it keeps its response key.
    pub fn replacement(&self, field: &Field) -> Option<String> {
        let key = field.response_key();
        if *key == field.name {
            let may_differ = !field.arguments.is_empty() && self.needed.contains(key.as_str());
            return may_differ.then(|| format!("{PREFIX}{key}"));
        }
        // A leading underscore is where planner and federation have their own names.
        (key.starts_with('_') || self.fields.contains(key)).then(|| format!("{PREFIX}{key}"))
    }

    /// The key that a field has in the gathered data.
    pub fn data_key(&self, field: &Field) -> Key {
        self.replacement(field).map_or_else(|| Key::new(field.response_key().as_str()), Key::new)
    }
}
