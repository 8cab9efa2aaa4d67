//! Reads from a supergraph's join directives what each subgraph knows.

use std::collections::{BTreeSet, HashMap};

use apollo_compiler::Name;
use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, FieldDefinition, Selection, Type,
};
use async_graphql::Name as Key;

use super::super::asked_fields::{Ask, Asked, Shared, inside};
use super::super::{PlanError, TypeSet, Types, failed};
use super::{Graph, Known, Own};

/// Begins the key of what is required with arguments.
const PREFIX: &str = "_r";

/// Reads all subgraphs.
pub(super) fn graphs(document: &Document, types: &Types) -> Result<Vec<Graph>, PlanError> {
    let mut reader = Reader { types, graphs: named(document), required: Vec::new() };
    for definition in &document.definitions {
        reader.definition(definition)?;
    }
    reader.members(document);
    reader.keys()?;
    reader.object_keys()?;
    Ok(reader.graphs.into_iter().map(|(_, graph)| graph).collect())
}

/// The subgraphs, as the join directives call them, with nothing known yet.
fn named(document: &Document) -> Vec<(Name, Graph)> {
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
                if let Some(known) = self.known(graph, &ty) {
                    let keys = if is_resolvable { &mut known.keys } else { &mut known.closed_keys };
                    keys.push(set.paths().into_iter().map(Shared::new).collect());
                }
            }
        }
        Ok(())
    }

    /// Finds the keys that all objects of an interface have, so that these can be asked for together.
    fn object_keys(&mut self) -> Result<(), PlanError> {
        for graph in 0..self.graphs.len() {
            let types = &self.graphs[graph].1.types;
            let interfaces = types.iter().filter(|(_, known)| known.is_abstract && known.keys.is_empty());
            let common = |known: &Known| {
                let own = self.types.names_of(&known.objects).map(|object| {
                    let texts = types.get(object.as_str()).map(|object| &object.key_texts);
                    let texts = texts.into_iter().flatten().filter(|(_, is_resolvable)| *is_resolvable);
                    texts.map(|(key, _)| key.clone()).collect::<BTreeSet<String>>()
                });
                own.reduce(|common, next| &common & &next).unwrap_or_default()
            };
            let found: Vec<(Name, BTreeSet<String>)> =
                interfaces.map(|(name, known)| (name.clone(), common(known))).collect();
            for (name, keys) in found {
                for key in keys {
                    let set = self.field_set(&name, &key)?;
                    let has_all =
                        set.items().all(|(asked, _)| self.types.returns(&name, &asked.name).is_some());
                    if let Some(known) = self.known(graph, &name).filter(|_| has_all) {
                        known.object_keys.push(set.paths().into_iter().map(Shared::new).collect());
                    }
                }
            }
        }
        Ok(())
    }

    fn field_set(&mut self, ty: &Name, set: &str) -> Result<Ask, PlanError> {
        let selections = selections(set).ok_or_else(|| failed(format!("a field set: {set}")))?;
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

/// Whether a directive has an argument that is true.
pub(in crate::plan) fn flag(directive: &Directive, argument: &str) -> bool {
    directive.specified_argument_by_name(argument).and_then(|value| value.to_bool()) == Some(true)
}

fn selections(set: &str) -> Option<Vec<Selection>> {
    let document = Document::parse(format!("{{ {set} }}"), "set.graphql").ok()?;
    let operation = document.definitions.into_iter().find_map(|one| one.as_operation_definition().cloned());
    Some(operation?.selection_set.clone())
}
