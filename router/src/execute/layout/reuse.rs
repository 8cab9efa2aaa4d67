//! Which entities need not be asked for, because an earlier fetch from the same subgraph brought them with all that
//! is wanted: a user's name for the reviews' authors, when the users themselves were asked for first.
//!
//! Only what can be seen in the plan is decided here; that the values are really there, and that the earlier answer
//! had no error, is looked at when it runs.

use std::collections::HashMap;

use async_graphql::Name;

use super::places::Places;
use crate::plan::{Entities, Fetch, Plan, Planned, Selection, Step, Types};

/// Objects further down than this are not looked at.
const DEPTH_MAX: usize = 16;
/// More objects than this are not looked at.
const OBJECTS_MAX: usize = 256;

/// By fetch, by position among its entities.
pub(super) type Sources = HashMap<usize, HashMap<usize, Vec<Found>>>;

/// Where objects with everything that is wanted are.
pub(super) struct Found {
    /// The fetch that brings them.
    pub fetch: usize,
    /// Where they are.
    pub path: Vec<Step>,
    /// The keys that are wanted.
    pub keys: Vec<Name>,
}

/// Objects that an earlier fetch brings.
#[derive(Clone)]
struct Brought<'a> {
    fetch: &'a Fetch,
    path: Vec<Step>,
    /// An object type.
    ty: &'a str,
    selections: Vec<&'a [Selection]>,
}

/// Finds the sources of all entities of a plan, and makes their places one with those of the entities.
pub(super) fn sources<'a>(planned: &'a Planned, types: &'a Types, places: &mut Places) -> Sources {
    let mut finder = Finder { types, places, sources: Sources::new() };
    let mut brought = Vec::new();
    if let Some(primary) = &planned.primary {
        finder.fetch(primary, &mut brought);
    }
    finder.plan(&planned.rest, &mut brought);
    finder.sources
}

struct Finder<'a, 'd> {
    types: &'a Types,
    places: &'d mut Places,
    sources: Sources,
}

impl<'a> Finder<'a, '_> {
    fn plan(&mut self, plan: &'a Plan, brought: &mut Vec<Brought<'a>>) {
        match plan {
            Plan::Nothing => {}
            Plan::Fetch(fetch) => self.fetch(fetch, brought),
            Plan::Sequence(plans) => plans.iter().for_each(|plan| self.plan(plan, brought)),
            Plan::Parallel(plans) => {
                // Neighbours know nothing of each other.
                let before = brought.clone();
                for plan in plans {
                    let mut branch = before.clone();
                    self.plan(plan, &mut branch);
                    brought.extend(branch.drain(before.len()..));
                }
            }
        }
    }

    fn fetch(&mut self, fetch: &'a Fetch, brought: &mut Vec<Brought<'a>>) {
        for (index, entities) in fetch.entities.iter().enumerate() {
            let sharing = fetch.entities.iter().filter(|other| other.variable == entities.variable);
            if entities.renames.is_empty() && sharing.count() == 1 {
                self.entities(fetch, index, entities, brought);
            }
        }
        if brought.len() >= OBJECTS_MAX || !fetch.renames.is_empty() {
            return;
        }
        let ty = self.types.root(fetch.kind);
        if fetch.entities.is_empty() {
            self.bring(fetch, &fetch.path, ty, vec![&fetch.selection], brought);
        }
        for entities in fetch.entities.iter().filter(|entities| entities.renames.is_empty()) {
            for path in &entities.paths {
                for selection in &entities.selection {
                    if let Selection::Type { condition, selections } = selection {
                        self.bring(fetch, path, condition, vec![selections], brought);
                    }
                }
            }
        }
    }

    /// Notes the objects of a selection and those below it.
    fn bring(
        &self,
        fetch: &'a Fetch,
        path: &[Step],
        ty: &'a str,
        selections: Vec<&'a [Selection]>,
        brought: &mut Vec<Brought<'a>>,
    ) {
        if path.len() > DEPTH_MAX || brought.len() >= OBJECTS_MAX || !self.types.is_object(ty) {
            return;
        }
        let mut below: Vec<(&'a Name, &'a str, Vec<&'a [Selection]>)> = Vec::new();
        for field in fields(&selections, ty, self.types) {
            if let Selection::Field { key, name, selections, .. } = field
                && !selections.is_empty()
                && let Some(returns) = self.types.returns(ty, name)
            {
                match below.iter_mut().find(|(known, ..)| *known == key) {
                    Some((.., known)) => known.push(selections),
                    None => below.push((key, returns.name, vec![selections])),
                }
            }
        }
        brought.push(Brought { fetch, path: path.to_vec(), ty, selections });
        for (key, ty, selections) in below {
            let mut path = path.to_vec();
            path.push(Step::Field(key.clone()));
            self.bring(fetch, &path, ty, selections, brought);
        }
    }

    fn entities(&mut self, fetch: &Fetch, index: usize, entities: &Entities, brought: &[Brought<'a>]) {
        let mut found = Vec::new();
        for source in brought.iter().filter(|source| source.fetch.subgraph == fetch.subgraph) {
            let Some(keys) = self.covers(source, &entities.selection) else { continue };
            found.push(Found { fetch: source.fetch.id, path: source.path.clone(), keys });
        }
        if let Some(target) = entities.paths.first() {
            let target = self.places.path(target);
            for source in &found {
                let place = self.places.path(&source.path);
                self.places.unite(target, place);
            }
        }
        if !found.is_empty() {
            self.sources.entry(fetch.id).or_default().insert(index, found);
        }
    }

    /// The keys that are wanted of a source's type, when it has all of them.
    fn covers(&self, source: &Brought<'_>, wanted: &[Selection]) -> Option<Vec<Name>> {
        let brought = fields(&source.selections, source.ty, self.types);
        let mut keys = Vec::new();
        for field in fields(&[wanted], source.ty, self.types) {
            let Selection::Field { key, .. } = field else { continue };
            if key == "__typename" {
                continue;
            }
            if !brought.iter().any(|brought| is_same(brought, field)) {
                return None;
            }
            keys.push(key.clone());
        }
        (!keys.is_empty()).then_some(keys)
    }
}

/// The fields that selections have for an object type.
fn fields<'a>(selections: &[&'a [Selection]], ty: &str, types: &Types) -> Vec<&'a Selection> {
    let mut found = Vec::new();
    for selection in selections.iter().copied().flatten() {
        match selection {
            Selection::Field { .. } => found.push(selection),
            Selection::Type { condition, selections, .. } => {
                if types.satisfying([condition.as_str()]).contains(types.id(ty)) {
                    found.extend(fields(&[selections], ty, types));
                }
            }
        }
    }
    found
}

/// Whether two selections are the same leaf. Objects are not taken over: the same one at two places could contain
/// itself.
fn is_same(brought: &Selection, wanted: &Selection) -> bool {
    match (brought, wanted) {
        (
            Selection::Field { key, name, arguments, selections, .. },
            Selection::Field { key: k, name: n, arguments: a, selections: wanted, .. },
        ) => key == k && name == n && arguments == a && selections.is_empty() && wanted.is_empty(),
        _ => false,
    }
}
