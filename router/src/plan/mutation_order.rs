//! The root fields of a mutation: which run together, and in which order. Each runs once, however often it stands in
//! the operation (GraphQL, sections 6.2.2 and 6.3.2).

use super::asked_fields::{Ask, Item, Shared};

/// Puts the root fields of a mutation in order, each response key once. Neighbours of the same subgraph go together,
/// since that subgraph keeps their order itself; `owner` is the subgraph that runs a field.
pub(super) fn runs(fields: Vec<Item>, owner: impl Fn(&Item) -> Option<usize>) -> Vec<Ask> {
    let mut merged: Vec<Item> = Vec::new();
    for (asked, below) in fields {
        match merged.iter_mut().find(|(known, _)| known.key == asked.key) {
            Some((_, Some(known))) => {
                let mut all = Ask::clone(known);
                below.iter().for_each(|below| all.merge(below));
                *known = Shared::new(all);
            }
            Some(_) => {}
            None => merged.push((asked, below)),
        }
    }
    let mut runs: Vec<Ask> = Vec::new();
    let mut last = None;
    for item in merged {
        let owner = owner(&item);
        match runs.last_mut() {
            Some(run) if owner.is_some() && owner == last => run.add(item.0, item.1),
            _ => runs.push(Ask::from_iter([item])),
        }
        last = owner;
    }
    runs
}
