//! Satisfiability: whether everything that clients may ask for can be reached: by root fields, and from there by keys.
//!
//! Every object type is looked at in every situation that a query can bring about: a situation is the set of subgraphs
//! which the object may be asked of at once, with what `@provides` adds there. From these, keys lead to others. A field
//! is lost where no subgraph within reach resolves it. Interfaces and unions are looked at through their objects, since
//! that is how they can always be asked.
//!
//! Where the search grows out of hand it assumes that all is well.

mod search;

use std::collections::VecDeque;

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;
use apollo_compiler::collections::{HashMap, HashSet, IndexMap};

use super::Part;
use super::error::{Conflict, code};
use super::merge::Merged;
use super::subgraph::{Field, Kind, ROOTS, root_name};
use search::{At, Search};

/// A field that cannot be reached on some path.
pub(super) struct Lost {
    pub ty: Name,
    pub field: Name,
    /// On which path, and why.
    pub message: String,
}

impl Lost {
    pub fn conflict(self) -> Conflict {
        Conflict::new(code::SATISFIABILITY_ERROR, self.message)
    }
}

/// Looks for what is lost. None when all is well; the second list is of contradictions, whatever is lost.
pub(super) fn check(parts: &[Part<'_>], merged: &Merged<'_>) -> (Vec<Lost>, Vec<Conflict>) {
    let search = Search::new(parts, merged);
    let mut walk = Walk { search, seen: Seen::default(), contradictions: IndexMap::default() };
    let mut lost: IndexMap<(Name, Name), Lost> = IndexMap::default();
    for root in ROOTS {
        let Some((ty, sources)) = merged.sources.get_key_value(&root_name(root)) else { continue };
        let from: Vec<_> = sources.iter().map(|source| At::new(source.graph)).collect();
        let found = if root == OperationType::Mutation {
            walk.mutations(ty, &from)
        } else {
            walk.explore(vec![State { ty, from, parent: None, field: None }])
        };
        lost.extend(found.into_iter().map(|lost| ((lost.ty.clone(), lost.field.clone()), lost)));
    }
    (lost.into_values().collect(), walk.contradictions.into_values().collect())
}

/// An object type in one situation, and how it came about.
struct State<'a> {
    ty: &'a Name,
    from: Vec<At<'a>>,
    parent: Option<usize>,
    field: Option<&'a Name>,
}

/// The situations that each type was looked at in.
type Seen<'a> = HashMap<&'a Name, Vec<HashSet<(usize, Vec<usize>, Option<&'a Name>)>>>;

struct Walk<'a> {
    search: Search<'a>,
    seen: Seen<'a>,
    /// Shared fields that can never come to the same object.
    contradictions: IndexMap<(&'a Name, &'a Name), Conflict>,
}

impl<'a> Walk<'a> {
    /// Whether a situation is new. With more subgraphs to ask, no less can be answered.
    fn is_new(&mut self, state: &State<'a>) -> bool {
        let ids: HashSet<_> = state.from.iter().map(At::id).collect();
        let before = self.seen.entry(state.ty).or_default();
        let is_new = !before.iter().any(|fewer| fewer.is_subset(&ids));
        if is_new {
            before.push(ids);
        }
        is_new
    }

    /// Follows every field from the states given.
    fn explore(&mut self, start: Vec<State<'a>>) -> Vec<Lost> {
        let (mut states, mut lost) = (Vec::new(), IndexMap::default());
        let mut queue = VecDeque::from(start);
        while let Some(state) = queue.pop_front() {
            if !self.is_new(&state) {
                continue;
            }
            let reached = self.search.reach(state.ty, &state.from, 0);
            let (ty, at) = (state.ty, states.len());
            states.push(state);
            for field in self.search.visible.get(ty).cloned().unwrap_or_default() {
                let next = self.search.step(ty, &reached, field, 0);
                if next.is_empty() {
                    let message = || self.describe(&states, at, &reached, field);
                    let new = || Lost { ty: ty.clone(), field: field.clone(), message: message() };
                    lost.entry((ty, field)).or_insert_with(new);
                }
                self.check_runtime_types(ty, field, &next);
                queue.extend(self.next_states(&next, Some(at), field));
            }
        }
        lost.into_values().collect()
    }

    fn next_states(
        &self,
        next: &[(At<'a>, &'a Field)],
        parent: Option<usize>,
        field: &'a Name,
    ) -> Vec<State<'a>> {
        let objects = self.search.objects(next).into_iter();
        let visible = objects.filter(|(ty, _)| self.search.visible.contains_key(ty));
        visible.map(|(ty, from)| State { ty, from, parent, field: Some(field) }).collect()
    }

    /// A mutation runs once: one of the subgraphs that share it must do for all that can be asked of it.
    fn mutations(&mut self, ty: &'a Name, from: &[At<'a>]) -> Vec<Lost> {
        let (mut start, mut lost) = (Vec::new(), Vec::new());
        for field in self.search.visible.get(ty).cloned().unwrap_or_default() {
            let next = self.search.step(ty, from, field, 0);
            if next.len() < 2 {
                start.extend(self.next_states(&next, None, field));
                continue;
            }
            let mut best: Option<Vec<Lost>> = None;
            for one in next {
                let seen = self.seen.clone();
                let found = self.explore(self.next_states(&[one], None, field));
                self.seen = seen;
                best = Some(best.filter(|best| best.len() <= found.len()).unwrap_or(found));
            }
            lost.extend(best.into_iter().flatten());
        }
        lost.extend(self.explore(start));
        lost
    }

    /// What several subgraphs answer alike must be able to be the same object.
    fn check_runtime_types(&mut self, ty: &'a Name, field: &'a Name, next: &[(At<'a>, &'a Field)]) {
        let is_abstract = |(at, field): &&(At, &Field)| {
            let ty = self.search.parts[at.graph].types.get(field.ty().inner_named_type());
            ty.is_some_and(|ty| matches!(ty.kind, Kind::Interface | Kind::Union))
        };
        if next.iter().filter(is_abstract).count() < 2 {
            return;
        }
        if self.search.objects(next).is_empty() && !self.search.runtime_types(next).is_empty() {
            let graphs = next.iter().map(|(at, _)| at.graph);
            let message = format!(
                "field \"{ty}.{field}\" is shared by {}, but no type of object can come from all of them",
                self.quoted(graphs)
            );
            let conflict = Conflict::new(code::SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES, message);
            self.contradictions.entry((ty, field)).or_insert(conflict);
        }
    }

    fn describe(&self, states: &[State], at: usize, reached: &[At], field: &Name) -> String {
        let ty = states[at].ty;
        let mut path = vec![field.as_str()];
        let mut state = &states[at];
        while let (Some(parent), Some(field)) = (state.parent, state.field) {
            path.push(field);
            state = &states[parent];
        }
        path.extend(state.field.map(|field| field.as_str()));
        path.push(if state.field.is_some() { "Mutation" } else { state.ty });
        path.reverse();
        let has_field =
            |graph: &usize| self.search.holders(*graph, ty).any(|holder| holder.fields.contains_key(field));
        let owners = self.quoted((0..self.search.parts.len()).filter(has_field));
        let reached = self.quoted(reached.iter().map(|at| at.graph));
        format!(
            "\"{}\" cannot be answered: field \"{ty}.{field}\" is in {owners}; there, only {reached} can be asked, \
             and what a key or @requires names is not to be had",
            path.join(".")
        )
    }

    fn quoted(&self, graphs: impl Iterator<Item = usize>) -> String {
        graphs.map(|graph| format!("\"{}\"", self.search.parts[graph].name)).collect::<Vec<_>>().join(", ")
    }
}
