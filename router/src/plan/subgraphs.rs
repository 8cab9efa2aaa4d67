//! What each subgraph knows: a supergraph's join directives (<https://specs.apollo.dev/join/v0.5>), read.

mod join_directives;

use std::collections::{HashMap, HashSet};

use apollo_compiler::Name;
use apollo_compiler::ast::{Document, Type};

use super::asked_fields::{Ask, Shared};
use super::{PlanError, TypeSet, Types};
pub(super) use join_directives::flag;

/// All subgraphs of a supergraph.
pub(super) struct Graphs {
    all: Vec<Graph>,
    /// Type → the subgraphs that know it.
    knowing: HashMap<Name, Vec<usize>>,
    /// Which subgraphs give objects of which interfaces when told a key of the interface.
    interfaces: Vec<(usize, Name)>,
    /// Whether the objects of some interface or union are not the same for all subgraphs.
    are_objects_partial: bool,
}

/// A subgraph.
pub(super) struct Graph {
    /// Its name.
    pub name: String,
    types: HashMap<Name, Known>,
}

impl Graph {
    /// The interfaces and unions that it knows.
    pub fn interfaces(&self) -> impl Iterator<Item = (&Name, &Known)> {
        self.types.iter().filter(|(_, known)| known.is_abstract)
    }
}

/// A type, as a subgraph knows it.
#[derive(Default)]
pub(super) struct Known {
    /// Whether it is an interface or a union there.
    pub is_abstract: bool,
    /// Whether it is an object type there, and an interface elsewhere.
    pub is_interface_object: bool,
    /// What its objects may be.
    pub objects: TypeSet,
    /// By what it can be asked for: each part of a key with what leads to it.
    pub keys: Vec<Vec<Shared<Ask>>>,
    /// By what it cannot be asked for by others (`resolvable: false`).
    pub closed_keys: Vec<Vec<Shared<Ask>>>,
    /// By what all objects of an interface can be asked for, each as what it is.
    pub object_keys: Vec<Vec<Shared<Ask>>>,
    /// What it has.
    pub fields: HashMap<Name, Own>,
    /// The keys as they stand there, and whether it can be asked by them.
    key_texts: Vec<(String, bool)>,
}

/// A field, as a subgraph knows it.
pub(super) struct Own {
    /// What it returns there.
    pub ty: Type,
    /// Whether the subgraph only mentions it, or did have it before another took it over.
    pub is_external: bool,
    /// What the subgraph has to be told before.
    pub requires: Option<Shared<Ask>>,
    /// What the subgraph knows below it, whoever else's it is.
    pub provides: Option<Shared<Ask>>,
}

impl Graphs {
    /// Reads a supergraph. Fails on field sets that cannot be read.
    pub fn try_new(document: &Document, types: &Types) -> Result<Self, PlanError> {
        let all = join_directives::graphs(document, types)?;
        let mut knowing: HashMap<Name, Vec<usize>> = HashMap::new();
        let mut interfaces = Vec::new();
        for (number, graph) in all.iter().enumerate() {
            for (name, known) in &graph.types {
                knowing.entry(name.clone()).or_default().push(number);
                let has_keys = !known.keys.is_empty() || !known.object_keys.is_empty();
                if (known.is_abstract || known.is_interface_object) && has_keys {
                    interfaces.push((number, name.clone()));
                }
            }
        }
        interfaces.sort();
        let are_objects_partial = knowing.iter().any(|(name, graphs)| {
            let mut known = graphs.iter().filter_map(|graph| all[*graph].types.get(name));
            let first = known.next().map(|known| &known.objects);
            known.any(|known| Some(&known.objects) != first)
        });
        Ok(Self { all, knowing, interfaces, are_objects_partial })
    }

    /// The subgraph with a number.
    pub fn graph(&self, number: usize) -> Option<&Graph> {
        self.all.get(number)
    }

    /// A type, as a subgraph knows it.
    pub fn known(&self, graph: usize, ty: &str) -> Option<&Known> {
        self.all.get(graph)?.types.get(ty)
    }

    /// The subgraphs that know a type.
    pub fn knowing(&self, ty: &str) -> &[usize] {
        self.knowing.get(ty).map_or(&[], Vec::as_slice)
    }

    /// The interfaces of which a subgraph gives objects by a key, with the subgraph.
    pub fn interfaces(&self) -> &[(usize, Name)] {
        &self.interfaces
    }

    /// Whether the objects of some interface or union are not the same for all subgraphs.
    pub fn are_objects_partial(&self) -> bool {
        self.are_objects_partial
    }

    /// The names of the fields that are keys, or required, without arguments.
    pub fn needed(&self) -> HashSet<String> {
        fn names(ask: &Ask, found: &mut HashSet<String>) {
            for (asked, below) in ask.items() {
                if asked.key == asked.name.as_str() {
                    found.insert(asked.name.to_string());
                }
                below.iter().for_each(|below| names(below, found));
            }
        }
        let mut found = HashSet::new();
        for known in self.all.iter().flat_map(|graph| graph.types.values()) {
            known.keys.iter().flatten().for_each(|key| names(key, &mut found));
            known
                .fields
                .values()
                .filter_map(|own| own.requires.as_ref())
                .for_each(|ask| names(ask, &mut found));
        }
        found
    }

    /// The only subgraph that has a field of its own, if it is only one.
    pub fn owner(&self, ty: &str, field: &str) -> Option<usize> {
        let mut owners = self.knowing(ty).iter().copied().filter(|graph| {
            let own = self.known(*graph, ty).and_then(|known| known.fields.get(field));
            own.is_some_and(|own| !own.is_external)
        });
        owners.next().filter(|_| owners.next().is_none())
    }
}
