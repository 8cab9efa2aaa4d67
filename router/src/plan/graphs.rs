//! What each subgraph knows: a supergraph's join directives (<https://specs.apollo.dev/join/v0.5>), read.

use std::collections::{HashMap, HashSet};

use apollo_compiler::Name;
use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, FieldDefinition, Selection, Type,
};
use async_graphql::Name as Key;

use super::ask::{Ask, Asked, Shared, inside};
use super::{PlanError, TypeSet, Types};

/// Begins the key of what is required with arguments.
const PREFIX: &str = "_r";

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
    /// What it has.
    pub fields: HashMap<Name, Own>,
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
        let mut reader = Reader { types, graphs: graphs(document), required: Vec::new() };
        for definition in &document.definitions {
            reader.definition(definition)?;
        }
        reader.members(document);
        reader.keys()?;
        let all: Vec<Graph> = reader.graphs.into_iter().map(|(_, graph)| graph).collect();
        let mut knowing: HashMap<Name, Vec<usize>> = HashMap::new();
        let mut interfaces = Vec::new();
        for (number, graph) in all.iter().enumerate() {
            for (name, known) in &graph.types {
                knowing.entry(name.clone()).or_default().push(number);
                if (known.is_abstract || known.is_interface_object) && !known.keys.is_empty() {
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

    /// The interfaces that have keys somewhere, with the subgraph.
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

/// The subgraphs, as the join directives call them, with nothing known yet.
fn graphs(document: &Document) -> Vec<(Name, Graph)> {
    let graphs = document.definitions.iter().filter_map(Definition::as_enum_type_definition);
    let values = graphs.filter(|ty| ty.name == "join__Graph").flat_map(|ty| &ty.values);
    let graphs = values.filter_map(|value| {
        let name = text(value.directives.get("join__graph")?, "name")?.to_owned();
        Some((value.value.clone(), Graph { name, types: HashMap::new() }))
    });
    graphs.collect()
}

struct Reader<'a> {
    types: &'a Types,
    graphs: Vec<(Name, Graph)>,
    /// What is required with arguments.
    required: Vec<(Name, String)>,
}

impl Reader<'_> {
    fn number(&self, join: &Directive) -> Option<usize> {
        let name = join.specified_argument_by_name("graph")?.as_enum()?;
        self.graphs.iter().position(|(graph, _)| graph == name)
    }

    fn known(&mut self, graph: usize, ty: &Name) -> Option<&mut Known> {
        self.graphs.get_mut(graph)?.1.types.get_mut(ty)
    }

    fn definition(&mut self, definition: &Definition) -> Result<(), PlanError> {
        let (name, directives, fields): (_, _, &[_]) = match definition {
            Definition::ObjectTypeDefinition(ty) => (&ty.name, &ty.directives, &ty.fields),
            Definition::InterfaceTypeDefinition(ty) => (&ty.name, &ty.directives, &ty.fields),
            Definition::UnionTypeDefinition(ty) => (&ty.name, &ty.directives, &[]),
            _ => return Ok(()),
        };
        let mut graphs = Vec::new();
        for join in directives.get_all("join__type") {
            let Some(graph) = self.number(join) else { continue };
            let known = self.graphs[graph].1.types.entry(name.clone()).or_default();
            known.is_interface_object |= flag(join, "isInterfaceObject");
            known.is_abstract = self.types.is_abstract(name) && !known.is_interface_object;
            if !known.is_abstract {
                known.objects = self.types.object_set(name);
            }
            if let Some(key) = text(join, "key") {
                let is_resolvable =
                    join.specified_argument_by_name("resolvable").and_then(|given| given.to_bool());
                known.key_texts.push((key.to_owned(), is_resolvable != Some(false)));
            }
            if !graphs.contains(&graph) {
                graphs.push(graph);
            }
        }
        fields.iter().try_for_each(|field| self.field(name, field, &graphs))
    }

    fn field(&mut self, ty: &Name, field: &FieldDefinition, graphs: &[usize]) -> Result<(), PlanError> {
        if !field.directives.has("join__field") {
            for graph in graphs {
                let own = Own { ty: field.ty.clone(), is_external: false, requires: None, provides: None };
                self.own(*graph, ty, field, own);
            }
            return Ok(());
        }
        let joins = || field.directives.get_all("join__field");
        let overridden: Vec<&str> = joins()
            .filter(|join| text(join, "overrideLabel").is_none())
            .filter_map(|join| text(join, "override"))
            .collect();
        for join in joins() {
            let Some(graph) = self.number(join) else { continue };
            let is_overridden =
                is_overridden(join) || overridden.contains(&self.graphs[graph].1.name.as_str());
            let returned = field.ty.inner_named_type();
            let requires = text(join, "requires").map(|set| self.field_set(ty, set)).transpose()?;
            let provides = text(join, "provides").map(|set| self.field_set(returned, set)).transpose()?;
            let given = text(join, "type").and_then(|ty| Type::parse(ty, "type.graphql").ok());
            let own = Own {
                ty: given.unwrap_or_else(|| field.ty.clone()),
                is_external: flag(join, "external") || is_overridden,
                requires: requires.filter(|set| !set.is_empty()).map(Shared::new),
                provides: provides.map(Shared::new),
            };
            self.own(graph, ty, field, own);
        }
        Ok(())
    }

    fn own(&mut self, graph: usize, ty: &Name, field: &FieldDefinition, own: Own) {
        if let Some(known) = self.known(graph, ty) {
            known.fields.insert(field.name.clone(), own);
        }
    }

    /// Who is what: the objects of interfaces and unions.
    fn members(&mut self, document: &Document) {
        let mut members: Vec<(Name, Name, usize)> = Vec::new();
        for definition in &document.definitions {
            match definition {
                Definition::ObjectTypeDefinition(ty) => {
                    members.extend(
                        self.joined(&ty.directives, "join__implements", "interface")
                            .map(|(graph, interface)| (interface, ty.name.clone(), graph)),
                    );
                }
                Definition::UnionTypeDefinition(ty) => {
                    members.extend(
                        self.joined(&ty.directives, "join__unionMember", "member")
                            .map(|(graph, member)| (ty.name.clone(), member, graph)),
                    );
                }
                _ => {}
            }
        }
        for (_, graph) in &mut self.graphs {
            for (name, known) in
                graph.types.iter_mut().filter(|(name, _)| self.types.objects(name).next().is_none())
            {
                known.objects = self.types.object_set(name);
            }
        }
        for (abstracted, member, graph) in members {
            let object = self.types.object_set(&member);
            if let Some(known) = self.known(graph, &abstracted).filter(|known| known.is_abstract) {
                known.objects = known.objects.union(&object);
            }
        }
    }

    fn joined<'a>(
        &'a self,
        directives: &'a DirectiveList,
        directive: &'a str,
        argument: &'a str,
    ) -> impl Iterator<Item = (usize, Name)> + use<'a> {
        directives
            .get_all(directive)
            .filter_map(move |join| Some((self.number(join)?, Name::new(text(join, argument)?).ok()?)))
    }

    /// Reads the keys.
    fn keys(&mut self) -> Result<(), PlanError> {
        for graph in 0..self.graphs.len() {
            let types = &self.graphs[graph].1.types;
            let keys: Vec<(Name, String, bool)> = types
                .iter()
                .flat_map(|(ty, known)| {
                    known.key_texts.iter().map(|(key, resolvable)| (ty.clone(), key.clone(), *resolvable))
                })
                .collect();
            for (ty, key, is_resolvable) in keys {
                let set = self.field_set(&ty, &key)?;
                if let Some(known) = self.known(graph, &ty).filter(|_| is_resolvable) {
                    known.keys.push(set.paths().into_iter().map(Shared::new).collect());
                }
            }
        }
        Ok(())
    }

    fn field_set(&mut self, ty: &Name, set: &str) -> Result<Ask, PlanError> {
        let selections = selections(set).ok_or_else(|| super::failed(format!("a field set: {set}")))?;
        let objects = self.types.object_set(ty);
        let mut ask = Ask::default();
        self.selections(ty, &objects, &selections, &mut ask);
        Ok(ask.unite())
    }

    fn selections(&mut self, ty: &Name, objects: &TypeSet, selections: &[Selection], ask: &mut Ask) {
        for selection in selections {
            match selection {
                // What an object is, is said in any case.
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => {
                    let arguments = field
                        .arguments
                        .iter()
                        .map(|given| format!("{}: {}", given.name, given.value.serialize().no_indent()));
                    let arguments = arguments.collect::<Vec<_>>().join(" ");
                    let key = self.key(&field.name, &arguments);
                    let below = (!field.selection_set.is_empty()).then(|| {
                        let returned = self.types.returns(ty, &field.name).map(|returns| returns.name);
                        let returned = Name::new_unchecked(returned.unwrap_or_default());
                        let mut below = Ask::default();
                        let objects = self.types.object_set(&returned);
                        self.selections(&returned, &objects, &field.selection_set, &mut below);
                        Shared::new(below.unite())
                    });
                    let (name, of) = (field.name.clone(), objects.clone());
                    ask.add(Asked { key, name, arguments, variables: Vec::new(), of }, below);
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    let inside = inside(objects, condition, self.types);
                    self.selections(condition.unwrap_or(ty), &inside, &fragment.selection_set, ask);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// What a field goes by in the data: its own name, unless it has arguments.
    fn key(&mut self, name: &Name, arguments: &str) -> Key {
        if arguments.is_empty() {
            return Key::new(name);
        }
        let known = self.required.iter().position(|(n, a)| n == name && a == arguments);
        let number = known.unwrap_or_else(|| {
            self.required.push((name.clone(), arguments.to_owned()));
            self.required.len() - 1
        });
        Key::new(format!("{PREFIX}{number}_{name}"))
    }
}

/// Whether a field is another subgraph's now. A progressive override (`overrideLabel`) is not in force: then it is
/// the new owner who does not have the field yet.
fn is_overridden(join: &Directive) -> bool {
    match text(join, "overrideLabel") {
        Some(_) => text(join, "override").is_some(),
        None => flag(join, "usedOverridden"),
    }
}

fn text<'a>(directive: &'a Directive, argument: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(argument)?.as_str()
}

fn flag(directive: &Directive, argument: &str) -> bool {
    directive.specified_argument_by_name(argument).and_then(|value| value.to_bool()) == Some(true)
}

fn selections(set: &str) -> Option<Vec<Selection>> {
    let document = Document::parse(format!("{{ {set} }}"), "set.graphql").ok()?;
    let operation = document.definitions.into_iter().find_map(|one| one.as_operation_definition().cloned());
    Some(operation?.selection_set.clone())
}
