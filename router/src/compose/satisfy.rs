//! Whether everything that clients may ask for can be reached: by root fields, and from there by keys.
//!
//! Every object type is looked at in every situation that a query can bring about: a situation is the set of subgraphs
//! which the object may be asked of at once, with what `@provides` adds there. From these, keys lead to others. A field
//! is lost where no subgraph within reach resolves it. Interfaces and unions are looked at through their objects, since
//! that is how they can always be asked.
//!
//! Where the search grows out of hand it assumes that all is well.

use std::collections::VecDeque;

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, OperationType, Selection};
use apollo_compiler::collections::{HashMap, HashSet, IndexMap};

use super::Part;
use super::error::{Conflict, code};
use super::merge::Merged;
use super::subgraph::{Field, Kind, ROOTS, TypeDef, root_name};

/// How many selections are followed at most, and how deeply they may be nested.
const STEPS_MAX: usize = 2_000_000;
const DEPTH_MAX: usize = 32;

/// A field that cannot be reached on some path.
pub(super) struct Lost {
    pub ty: Name,
    pub field: Name,
    /// On which path, and why.
    pub message: String,
}

/// A subgraph that an object may be asked of.
#[derive(Clone)]
struct At<'a> {
    graph: usize,
    /// The selections that its parents provide there.
    provided: Vec<&'a [Selection]>,
    /// The interface that it is known as there, when its own type is not known there.
    interface: Option<&'a Name>,
    /// It was got there by a key, which can be used again.
    is_entered: bool,
}

impl<'a> At<'a> {
    fn new(graph: usize) -> Self {
        Self { graph, provided: Vec::new(), interface: None, is_entered: false }
    }

    /// Equal for equal situations: selections are told apart by where they are.
    fn id(&self) -> (usize, Vec<usize>, Option<&'a Name>) {
        let provided = self.provided.iter().map(|selections| selections.as_ptr().addr());
        (self.graph, provided.collect(), self.interface)
    }
}

/// An object type in one situation, and how it came about.
struct State<'a> {
    ty: &'a Name,
    from: Vec<At<'a>>,
    parent: Option<usize>,
    field: Option<&'a Name>,
}

/// Looks for what is lost. None when all is well; the second list is of contradictions, whatever is lost.
pub(super) fn check(parts: &[Part<'_>], merged: &Merged<'_>) -> (Vec<Lost>, Vec<Conflict>) {
    let mut search = Search::new(parts, merged);
    let mut lost: IndexMap<(Name, Name), Lost> = IndexMap::default();
    for root in ROOTS {
        let Some((ty, sources)) = merged.sources.get_key_value(&root_name(root)) else { continue };
        let from: Vec<_> = sources.iter().map(|source| At::new(source.graph)).collect();
        let found = if root == OperationType::Mutation {
            search.mutations(ty, &from)
        } else {
            search.explore(vec![State { ty, from, parent: None, field: None }])
        };
        lost.extend(found.into_iter().map(|lost| ((lost.ty.clone(), lost.field.clone()), lost)));
    }
    (lost.into_values().collect(), search.contradictions.into_values().collect())
}

struct Search<'a> {
    parts: &'a [Part<'a>],
    merged: &'a Merged<'a>,
    /// The fields of each object that clients see.
    visible: HashMap<&'a Name, Vec<&'a Name>>,
    /// The objects that implement an interface, with the subgraph that says so.
    implementers: HashMap<&'a Name, Vec<(usize, &'a Name)>>,
    has_interface_objects: bool,
    /// The requirements that are being looked at, so that none is taken to fulfil itself.
    pending: Vec<(usize, &'a Name, &'a Name)>,
    steps: usize,
    /// Shared fields that can never come to the same object.
    contradictions: IndexMap<(&'a Name, &'a Name), Conflict>,
}

impl<'a> Search<'a> {
    fn new(parts: &'a [Part<'a>], merged: &'a Merged<'a>) -> Self {
        let objects = merged.definitions.iter().filter_map(Definition::as_object_type_definition);
        let visible = objects.filter(|ty| !ty.directives.has("inaccessible")).map(|ty| {
            let fields = ty.fields.iter().filter(|field| !field.directives.has("inaccessible"));
            (&ty.name, fields.map(|field| &field.name).collect())
        });
        let visible = visible.collect();
        let mut implementers: HashMap<&Name, Vec<(usize, &Name)>> = HashMap::default();
        let mut has_interface_objects = false;
        for source in merged.sources.values().flatten() {
            has_interface_objects |= source.ty.is_interface_object;
            if source.ty.merged_kind() == Kind::Object {
                for interface in &source.ty.interfaces {
                    implementers.entry(interface).or_default().push((source.graph, &source.ty.name));
                }
            }
        }
        Self {
            parts,
            merged,
            visible,
            implementers,
            has_interface_objects,
            pending: Vec::new(),
            steps: 0,
            contradictions: IndexMap::default(),
        }
    }

    /// Follows every field from the states given.
    fn explore(&mut self, start: Vec<State<'a>>) -> Vec<Lost> {
        let (mut states, mut lost) = (Vec::new(), IndexMap::default());
        let mut seen: HashMap<&Name, Vec<HashSet<_>>> = HashMap::default();
        let mut queue = VecDeque::from(start);
        while let Some(state) = queue.pop_front() {
            let ids: HashSet<_> = state.from.iter().map(At::id).collect();
            let before = seen.entry(state.ty).or_default();
            // With more subgraphs to ask, no less can be answered.
            if before.iter().any(|fewer| fewer.is_subset(&ids)) {
                continue;
            }
            before.push(ids);
            let reached = self.reach(state.ty, &state.from, 0);
            let (ty, at) = (state.ty, states.len());
            states.push(state);
            for field in self.visible.get(ty).cloned().unwrap_or_default() {
                let next = self.step(ty, &reached, field, 0);
                if next.is_empty() {
                    let message = || self.describe(&states, at, &reached, field);
                    let new = || Lost { ty: ty.clone(), field: field.clone(), message: message() };
                    lost.entry((ty, field)).or_insert_with(new);
                }
                self.check_runtime_types(ty, field, &next);
                for (ty, from) in self.objects(&next) {
                    if self.visible.contains_key(ty) {
                        queue.push_back(State { ty, from, parent: Some(at), field: Some(field) });
                    }
                }
            }
        }
        lost.into_values().collect()
    }

    /// A mutation runs once: one of the subgraphs that share it must do for all that can be asked of it.
    fn mutations(&mut self, ty: &'a Name, from: &[At<'a>]) -> Vec<Lost> {
        let mut lost = Vec::new();
        for field in self.visible.get(ty).cloned().unwrap_or_default() {
            let mut best: Option<Vec<Lost>> = None;
            for one in self.step(ty, from, field, 0) {
                let objects =
                    self.objects(&[one]).into_iter().filter(|(ty, _)| self.visible.contains_key(ty));
                let start = objects.map(|(ty, from)| State { ty, from, parent: None, field: Some(field) });
                let found = self.explore(start.collect());
                best = Some(best.filter(|best| best.len() <= found.len()).unwrap_or(found));
            }
            lost.extend(best.into_iter().flatten());
        }
        lost
    }

    /// What several subgraphs answer alike must be able to be the same object.
    fn check_runtime_types(&mut self, ty: &'a Name, field: &'a Name, next: &[(At<'a>, &'a Field)]) {
        let is_abstract = |(at, field): &&(At, &Field)| {
            let ty = self.parts[at.graph].types.get(field.ty().inner_named_type());
            ty.is_some_and(|ty| matches!(ty.kind, Kind::Interface | Kind::Union))
        };
        if next.iter().filter(is_abstract).count() < 2 {
            return;
        }
        if self.objects(next).is_empty() && !self.runtime_types(next).is_empty() {
            let graphs = next.iter().map(|(at, _)| at.graph);
            let message = format!(
                "field \"{ty}.{field}\" is shared by {}, but no type of object can come from all of them",
                self.quoted(graphs)
            );
            let conflict = Conflict::new(code::SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES, message);
            self.contradictions.entry((ty, field)).or_insert(conflict);
        }
    }

    /// An object's type as a subgraph knows it: by itself, or by an object that stands for its interface.
    fn holders(&self, graph: usize, ty: &Name) -> impl Iterator<Item = &'a TypeDef> + use<'a> {
        let types = &self.parts[graph].types;
        let supertypes = self.merged.supertypes.get(ty).filter(|_| self.has_interface_objects);
        let interfaces = supertypes.into_iter().flatten().filter_map(|name| types.get(*name));
        types.get(ty).into_iter().chain(interfaces.filter(|ty| ty.is_interface_object)).map(|ty| &**ty)
    }

    /// All subgraphs that can be asked for an object which `from` can be asked for.
    fn reach(&mut self, ty: &'a Name, from: &[At<'a>], depth: usize) -> Vec<At<'a>> {
        let mut reached = from.to_vec();
        let is_root = matches!(ty.as_str(), "Query" | "Mutation" | "Subscription");
        let mut rest: Vec<usize> = (0..self.parts.len())
            .filter(|graph| !reached.iter().any(|at| at.graph == *graph))
            .filter(|graph| self.holders(*graph, ty).any(|holder| is_root || !holder.keys.is_empty()))
            .collect();
        loop {
            let found =
                rest.iter().position(|graph| is_root || self.has_way_into(*graph, ty, &reached, depth));
            let Some(found) = found else { return reached };
            let graph = rest.swap_remove(found);
            let is_known = self.parts[graph].types.contains_key(ty);
            let interface = self.holders(graph, ty).map(|holder| &holder.name).next().filter(|_| !is_known);
            reached.push(At { interface, is_entered: true, ..At::new(graph) });
        }
    }

    /// Whether a key of the subgraph can be resolved by those reached.
    ///
    /// As long as the object is only known by an interface, what it is must be asked by a key of that interface.
    fn has_way_into(&mut self, graph: usize, ty: &'a Name, reached: &[At<'a>], depth: usize) -> bool {
        let interface = reached.iter().map(|at| at.interface).reduce(|all, next| all.and(next)).flatten();
        let types = &self.parts[graph].types;
        let holders: Vec<&TypeDef> = match interface.filter(|_| types.contains_key(ty)) {
            Some(interface) => types.get(interface).into_iter().map(|ty| &**ty).collect(),
            None => self.holders(graph, ty).collect(),
        };
        let keys = holders.into_iter().flat_map(|holder| &holder.keys).filter(|key| key.is_resolvable);
        keys.collect::<Vec<_>>()
            .into_iter()
            .any(|key| self.answers(ty, reached, &key.fields.selections, depth + 1))
    }

    /// Whether selections on an object can be answered by the subgraphs that it was traced to.
    fn answers(
        &mut self,
        ty: &'a Name,
        reached: &[At<'a>],
        selections: &'a [Selection],
        depth: usize,
    ) -> bool {
        self.steps += 1;
        if depth > DEPTH_MAX || self.steps > STEPS_MAX {
            return true;
        }
        selections.iter().all(|selection| match selection {
            Selection::Field(field) if field.name == "__typename" => true,
            Selection::Field(field) => {
                let next = self.step(ty, reached, &field.name, depth);
                let objects = if field.selection_set.is_empty() { Vec::new() } else { self.objects(&next) };
                !next.is_empty()
                    && objects.into_iter().all(|(ty, from)| {
                        let reached = self.reach(ty, &from, depth + 1);
                        self.answers(ty, &reached, &field.selection_set, depth + 1)
                    })
            }
            Selection::InlineFragment(fragment) => {
                let applies = self.applies(fragment.type_condition.as_ref(), ty);
                !applies || self.answers(ty, reached, &fragment.selection_set, depth + 1)
            }
            Selection::FragmentSpread(_) => false,
        })
    }

    fn applies(&self, condition: Option<&Name>, ty: &Name) -> bool {
        condition.is_none_or(|condition| {
            condition == ty || self.merged.supertypes.get(ty).is_some_and(|all| all.contains(condition))
        })
    }

    /// The subgraphs among those reached that answer a field.
    fn step(
        &mut self,
        ty: &'a Name,
        reached: &[At<'a>],
        name: &'a Name,
        depth: usize,
    ) -> Vec<(At<'a>, &'a Field)> {
        let mut next = Vec::new();
        for at in reached {
            let field = self.holders(at.graph, ty).find_map(|holder| holder.fields.get(name));
            let Some(field) = field else { continue };
            let mut provided = Vec::new();
            let mut is_provided = false;
            for selections in &at.provided {
                self.provided(selections, ty, name, &mut |inner| {
                    is_provided = true;
                    provided.extend((!inner.is_empty()).then_some(inner));
                });
            }
            let is_own = !field.is_external && !self.merged.overridden.contains(&(at.graph, ty, name));
            if is_provided || (is_own && self.is_fulfilled(ty, at, field, depth)) {
                provided.extend(field.provides.as_ref().map(|set| set.selections.as_slice()));
                next.push((At { provided, ..At::new(at.graph) }, field));
            }
        }
        next
    }

    /// Shows what provided selections select below a field.
    fn provided(
        &self,
        selections: &'a [Selection],
        ty: &Name,
        name: &Name,
        see: &mut impl FnMut(&'a [Selection]),
    ) {
        for selection in selections {
            match selection {
                Selection::Field(field) if field.name == *name => see(&field.selection_set),
                Selection::InlineFragment(fragment) if self.applies(fragment.type_condition.as_ref(), ty) => {
                    self.provided(&fragment.selection_set, ty, name, see);
                }
                _ => {}
            }
        }
    }

    /// Whether what a field requires can be had by keys that its own subgraph has, and brought back by one of them.
    fn is_fulfilled(&mut self, ty: &'a Name, at: &At<'a>, field: &'a Field, depth: usize) -> bool {
        let Some(required) = &field.requires else { return true };
        let this = (at.graph, ty, field.name());
        if self.pending.contains(&this) {
            return false;
        }
        self.pending.push(this);
        let own = std::slice::from_ref(at);
        let keys: Vec<_> = self.holders(at.graph, ty).flat_map(|holder| &holder.keys).collect();
        let reached = self.reach(ty, own, depth + 1);
        let is_fulfilled = self.answers(ty, &reached, &required.selections, depth + 1)
            && (at.is_entered
                || keys.into_iter().any(|key| self.answers(ty, own, &key.fields.selections, depth + 1)));
        self.pending.pop();
        is_fulfilled
    }

    /// The objects that a field may come to, each with the subgraphs that may be asked for it.
    ///
    /// Subgraphs that share a field answer alike: what one of them never answers, none does.
    fn objects(&self, next: &[(At<'a>, &'a Field)]) -> Vec<(&'a Name, Vec<At<'a>>)> {
        let mut objects = self.runtime_types(next);
        objects.retain(|_, from| from.len() == next.len());
        objects.into_iter().collect()
    }

    fn runtime_types(&self, next: &[(At<'a>, &'a Field)]) -> IndexMap<&'a Name, Vec<At<'a>>> {
        let mut objects: IndexMap<&Name, Vec<At>> = IndexMap::default();
        for (at, field) in next {
            let Some(ty) = self.parts[at.graph].types.get(field.ty().inner_named_type()) else { continue };
            let interface = ty.is_interface_object.then_some(&ty.name);
            let mut add = |object: &'a Name| {
                objects.entry(object).or_default().push(At { interface, ..at.clone() });
            };
            match ty.kind {
                Kind::Object if !ty.is_interface_object => add(&ty.name),
                Kind::Object | Kind::Interface => {
                    let all = self.implementers.get(&ty.name).into_iter().flatten();
                    let mut known: Vec<&Name> = all
                        .filter(|(graph, _)| ty.is_interface_object || *graph == at.graph)
                        .map(|(_, object)| *object)
                        .collect();
                    known.sort_unstable();
                    known.dedup();
                    known.into_iter().for_each(add);
                }
                Kind::Union => ty.members.iter().for_each(add),
                Kind::Scalar | Kind::Enum | Kind::Input => {}
            }
        }
        objects
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
            |graph: &usize| self.holders(*graph, ty).any(|holder| holder.fields.contains_key(field));
        let owners = self.quoted((0..self.parts.len()).filter(has_field));
        let reached = self.quoted(reached.iter().map(|at| at.graph));
        format!(
            "\"{}\" cannot be answered: field \"{ty}.{field}\" is in {owners}; there, only {reached} can be asked, \
             and what a key or @requires names is not to be had",
            path.join(".")
        )
    }

    fn quoted(&self, graphs: impl Iterator<Item = usize>) -> String {
        graphs.map(|graph| format!("\"{}\"", self.parts[graph].name)).collect::<Vec<_>>().join(", ")
    }
}
