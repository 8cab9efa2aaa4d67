//! The root fields of a mutation: which run together, and in which order. Each runs once, however often it stands in
//! the operation (GraphQL, sections 6.2.2 and 6.3.2).

use super::asked::{Field, Set};

/// Puts the root fields of a mutation in order, each response key once. Neighbours of the same subgraph go together,
/// since that subgraph keeps their order itself; `owner` is the subgraph that runs a field.
pub(super) fn runs<'a>(fields: Vec<Field>, owner: impl Fn(&Field) -> Option<&'a str>) -> Vec<Set> {
    let mut merged: Vec<Field> = Vec::new();
    for field in fields {
        match merged.iter_mut().find(|known| known.data_key == field.data_key) {
            Some(known) => known.set.merge(field.set),
            None => merged.push(field),
        }
    }
    let mut runs: Vec<Set> = Vec::new();
    let mut last = None;
    for field in merged {
        let owner = owner(&field);
        match runs.last_mut() {
            Some(run) if owner.is_some() && owner == last => run.field(field),
            _ => {
                let mut run = Set::default();
                run.field(field);
                runs.push(run);
            }
        }
        last = owner;
    }
    runs
}
