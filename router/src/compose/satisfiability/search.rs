//! From subgraph to subgraph by keys: who can be asked for a field of an object.

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Selection};
use apollo_compiler::collections::{HashMap, IndexMap};

use crate::compose::Part;
use crate::compose::merge::Merged;
use crate::compose::subgraph::{Field, Kind, TypeDef};

/// How many selections are followed at most, and how deeply they may be nested.
const STEPS_MAX: usize = 2_000_000;
const DEPTH_MAX: usize = 32;

/// A subgraph that an object may be asked of.
#[derive(Clone)]
pub(super) struct At<'a> {
    pub graph: usize,
    /// The selections that its parents provide there.
    provided: Vec<&'a [Selection]>,
    /// The interface that it is known as there, when its own type is not known there.
    interface: Option<&'a Name>,
    /// It was got there by a key, which can be used again.
    is_entered: bool,
}

impl<'a> At<'a> {
    pub fn new(graph: usize) -> Self {
        Self { graph, provided: Vec::new(), interface: None, is_entered: false }
    }

    /// Equal for equal situations: selections are told apart by where they are.
    pub fn id(&self) -> (usize, Vec<usize>, Option<&'a Name>) {
        let provided = self.provided.iter().map(|selections| selections.as_ptr().addr());
        (self.graph, provided.collect(), self.interface)
    }
}

/// Finds who can be asked for what.
pub(super) struct Search<'a> {
    pub parts: &'a [Part<'a>],
    merged: &'a Merged<'a>,
    /// The fields of each object that clients see.
    pub visible: HashMap<&'a Name, Vec<&'a Name>>,
    /// The objects that implement an interface, with the subgraph that says so.
    implementers: HashMap<&'a Name, Vec<(usize, &'a Name)>>,
    has_interface_objects: bool,
    /// The requirements that are being looked at, so that none is taken to fulfil itself.
    pending: Vec<(usize, &'a Name, &'a Name)>,
    steps: usize,
}

impl<'a> Search<'a> {
    pub fn new(parts: &'a [Part<'a>], merged: &'a Merged<'a>) -> Self {
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
        Self { parts, merged, visible, implementers, has_interface_objects, pending: Vec::new(), steps: 0 }
    }

    /// An object's type as a subgraph knows it: by itself, or by an object that stands for its interface.
    pub fn holders(&self, graph: usize, ty: &Name) -> impl Iterator<Item = &'a TypeDef> + use<'a> {
        let types = &self.parts[graph].types;
        let supertypes = self.merged.supertypes.get(ty).filter(|_| self.has_interface_objects);
        let interfaces = supertypes.into_iter().flatten().filter_map(|name| types.get(*name));
        types.get(ty).into_iter().chain(interfaces.filter(|ty| ty.is_interface_object)).map(|ty| &**ty)
    }

    /// All subgraphs that can be asked for an object which `from` can be asked for.
    pub fn reach(&mut self, ty: &'a Name, from: &[At<'a>], depth: usize) -> Vec<At<'a>> {
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
    pub fn step(
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
    pub fn objects(&self, next: &[(At<'a>, &'a Field)]) -> Vec<(&'a Name, Vec<At<'a>>)> {
        let mut objects = self.runtime_types(next);
        objects.retain(|_, from| from.len() == next.len());
        objects.into_iter().collect()
    }

    pub fn runtime_types(&self, next: &[(At<'a>, &'a Field)]) -> IndexMap<&'a Name, Vec<At<'a>>> {
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
}
