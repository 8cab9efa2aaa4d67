//! Many subgraphs' types → one type each, with join directives that say who resolves what.
//!
//! The rules are those of Federation 2: output types are widened and united, input types narrowed and intersected.

mod access_control;
mod directives;
mod enums;
mod fields;
mod inputs;
mod interfaces;
mod overrides;
mod type_references;

use apollo_compiler::ast::{
    Definition, DirectiveList, EnumTypeDefinition, InputObjectTypeDefinition, InterfaceTypeDefinition,
    ObjectTypeDefinition, ScalarTypeDefinition, UnionTypeDefinition,
};
use apollo_compiler::collections::{HashMap, HashSet, IndexMap, IndexSet};
use apollo_compiler::{Name, Node};

use super::Part;
use super::error::{Conflict, code};
use super::join::Graph;
use super::subgraph::{Kind, TypeDef};
use enums::Usage;

/// One subgraph's part in a type.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub graph: usize,
    pub ty: &'a TypeDef,
}

/// Every type with its sources, by name.
pub(super) type Sources<'a> = IndexMap<&'a Name, Vec<Source<'a>>>;

/// A field that its subgraph has, but must not be asked for any more.
pub(super) type Overridden<'a> = HashSet<(usize, &'a Name, &'a Name)>;

/// What merging came to.
pub(super) struct Merged<'a> {
    pub definitions: Vec<Definition>,
    pub sources: Sources<'a>,
    /// The interfaces and unions that a type may stand for.
    pub supertypes: HashMap<&'a Name, IndexSet<&'a Name>>,
    pub overridden: Overridden<'a>,
    /// The names of all directives that are used anywhere.
    pub directives: HashSet<Name>,
    pub conflicts: Vec<Conflict>,
}

/// Merges all types.
pub(super) fn merge<'a>(parts: &'a [Part<'_>], graphs: &'a [Graph]) -> Merged<'a> {
    let mut sources = Sources::default();
    for (graph, part) in parts.iter().enumerate() {
        for (name, ty) in &part.types {
            sources.entry(name).or_default().push(Source { graph, ty });
        }
    }
    sources.sort_unstable_keys();
    let mut merger = Merger::new(parts, graphs, &sources);
    let mut definitions = Vec::with_capacity(sources.len());
    // What enums are used for is known once everything else is merged.
    let is_enum = |sources: &[Source]| sources[0].ty.kind == Kind::Enum;
    for (name, sources) in sources.iter().filter(|(_, sources)| !is_enum(sources)) {
        definitions.extend(merger.ty(name, sources));
    }
    for (name, sources) in sources.iter().filter(|(_, sources)| is_enum(sources)) {
        definitions.extend(merger.ty(name, sources));
    }
    merger.add_abstracted_fields(&mut definitions);
    merger.propagate_access(&mut definitions);
    definitions.sort_unstable_by(|a, b| a.name().cmp(&b.name()));
    let directives = directives::names(&definitions);
    let Merger { supertypes, overridden, conflicts, .. } = merger;
    Merged { definitions, sources, supertypes, overridden, directives, conflicts }
}

struct Merger<'a> {
    parts: &'a [Part<'a>],
    graphs: &'a [Graph],
    supertypes: HashMap<&'a Name, IndexSet<&'a Name>>,
    /// Interfaces that stand as an object in some subgraph.
    interface_objects: Vec<Source<'a>>,
    /// The composed directives that may stand more than once at one element.
    repeatable: HashSet<&'a Name>,
    /// How the enums that several subgraphs have are used.
    enums: HashMap<&'a Name, Usage>,
    overridden: Overridden<'a>,
    conflicts: Vec<Conflict>,
}

impl<'a> Merger<'a> {
    fn new(parts: &'a [Part<'a>], graphs: &'a [Graph], sources: &Sources<'a>) -> Self {
        let mut supertypes: HashMap<&Name, IndexSet<&Name>> = HashMap::default();
        let all = || sources.values().flatten().copied();
        for Source { ty, .. } in all() {
            if !ty.interfaces.is_empty() {
                supertypes.entry(&ty.name).or_default().extend(&ty.interfaces);
            }
            for member in &ty.members {
                supertypes.entry(member).or_default().insert(&ty.name);
            }
        }
        let enums = sources
            .iter()
            .filter(|(_, sources)| sources.len() > 1 && sources[0].ty.kind == Kind::Enum)
            .map(|(name, _)| (*name, Usage::default()))
            .collect();
        Self {
            parts,
            graphs,
            supertypes,
            repeatable: parts
                .iter()
                .flat_map(|part| part.composed)
                .filter(|composed| composed.definition.repeatable)
                .map(|composed| &composed.definition.name)
                .collect(),
            interface_objects: all().filter(|source| source.ty.is_interface_object).collect(),
            enums,
            overridden: Overridden::default(),
            conflicts: Vec::new(),
        }
    }

    /// Merges one type; `None` when its subgraphs do not agree what it is.
    fn ty(&mut self, name: &'a Name, sources: &[Source<'a>]) -> Option<Definition> {
        let kind = sources[0].ty.merged_kind();
        if sources.iter().any(|source| source.ty.merged_kind() != kind) {
            let told = self.told(sources.iter().map(|source| {
                let mark = if source.ty.is_interface_object { " with @interfaceObject" } else { "" };
                (source.graph, format!("{}{mark}", source.ty.kind.noun()))
            }));
            self.refuse(code::TYPE_KIND_MISMATCH, format!("type \"{name}\" is {told}"));
            return None;
        }
        let description = self.description(sources.iter().map(|source| source.ty.description.as_ref()));
        let mut directives = self.joined(name, sources);
        directives.extend(self.applied(sources.iter().map(|source| &source.ty.directives)));
        let name = name.clone();
        Some(match kind {
            Kind::Scalar => ScalarTypeDefinition { description, name, directives }.into(),
            Kind::Object => ObjectTypeDefinition {
                implements_interfaces: self.implements(sources, &mut directives),
                fields: self.fields(sources),
                description,
                name,
                directives,
            }
            .into(),
            Kind::Interface => {
                self.check_interface(sources);
                InterfaceTypeDefinition {
                    implements_interfaces: self.implements(sources, &mut directives),
                    fields: self.fields(sources),
                    description,
                    name,
                    directives,
                }
                .into()
            }
            Kind::Union => {
                let members = self.members(sources, &mut directives);
                UnionTypeDefinition { description, name, directives, members }.into()
            }
            Kind::Enum => {
                let values = self.values(sources);
                EnumTypeDefinition { description, name, directives, values }.into()
            }
            Kind::Input => {
                let fields = self.input_fields(sources);
                InputObjectTypeDefinition { description, name, directives, fields }.into()
            }
        })
    }

    /// `@join__type` for every subgraph that has the type, once per key. Every subgraph has `Query`, if only for the
    /// entities that it resolves there.
    fn joined(&self, name: &Name, sources: &[Source]) -> DirectiveList {
        let mut directives = DirectiveList::new();
        for source in sources {
            let graph = &self.graphs[source.graph];
            let is_interface_object = source.ty.is_interface_object;
            directives.extend(source.ty.keys.iter().map(|key| graph.key(key, is_interface_object)));
            if source.ty.keys.is_empty() {
                directives.push(graph.owns_type.clone());
            }
        }
        if name == "Query" {
            let others =
                (0..self.graphs.len()).filter(|graph| !sources.iter().any(|one| one.graph == *graph));
            directives.extend(others.map(|graph| self.graphs[graph].owns_type.clone()));
        }
        directives
    }

    fn implements(&self, sources: &[Source<'a>], directives: &mut DirectiveList) -> Vec<Name> {
        let mut interfaces = IndexSet::default();
        for source in sources {
            for interface in &source.ty.interfaces {
                interfaces.insert(interface);
                directives.push(self.graphs[source.graph].implements(interface));
            }
        }
        interfaces.into_iter().cloned().collect()
    }

    fn members(&self, sources: &[Source<'a>], directives: &mut DirectiveList) -> Vec<Name> {
        let mut members = IndexSet::default();
        for source in sources {
            for member in &source.ty.members {
                members.insert(member);
                directives.push(self.graphs[source.graph].member(member));
            }
        }
        members.into_iter().cloned().collect()
    }

    /// The description that most subgraphs give; the first of them, when several are given equally often.
    fn description<'n>(&self, given: impl Iterator<Item = Option<&'n Node<str>>>) -> Option<Node<str>> {
        most_frequent(given.flatten().filter(|text| !text.is_empty())).cloned()
    }

    fn refuse(&mut self, code: &'static str, message: String) {
        self.conflicts.push(Conflict::new(code, message));
    }

    fn name_of(&self, graph: usize) -> &'a str {
        self.parts[graph].name
    }

    /// `subgraph "a"`, or `subgraphs "a", "b"`.
    fn subgraphs(&self, graphs: impl IntoIterator<Item = usize>) -> String {
        let names: Vec<_> = graphs.into_iter().map(|graph| format!("\"{}\"", self.name_of(graph))).collect();
        let noun = if names.len() == 1 { "subgraph" } else { "subgraphs" };
        format!("{noun} {}", names.join(", "))
    }

    /// Who says what: `X in subgraph "a" and Y in subgraphs "b", "c"`.
    fn told(&self, given: impl Iterator<Item = (usize, String)>) -> String {
        let mut groups: IndexMap<String, Vec<usize>> = IndexMap::default();
        for (graph, what) in given {
            groups.entry(what).or_default().push(graph);
        }
        let groups = groups.into_iter().map(|(what, graphs)| format!("{what} in {}", self.subgraphs(graphs)));
        groups.collect::<Vec<_>>().join(" and ")
    }
}

/// The most frequent of some values, the first of them when several are equally frequent.
fn most_frequent<'v, T: PartialEq + ?Sized>(values: impl Iterator<Item = &'v T>) -> Option<&'v T> {
    let mut counts: Vec<(&T, usize)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    counts.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(value, _)| value)
}
