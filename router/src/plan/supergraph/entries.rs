//! A subgraph that is not there, which knows of every entity its keys and nothing else.
//!
//! With it, the planner library plans what is asked of an entity from the entity on, wherever that has come from: see
//! `stages`.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::{
    Argument, Definition, Directive, DirectiveList, Document, EnumValueDefinition, FieldDefinition,
    Selection, Type, Value,
};
use apollo_compiler::{Name, Node, name};

use super::argument_name;

/// The subgraph, as the join directives call it.
const GRAPH: Name = name!("_ENTRIES");
/// Its own name.
pub const ENTRIES: &str = "_entries";

/// The root field that gives an entity.
pub fn root_field(ty: &str) -> String {
    format!("_{ty}")
}

/// Adds the subgraph to a supergraph whose root type for queries is named `query`; gives the entities that it knows.
pub fn add(document: &mut Document, query: &str, own_name: &str) -> BTreeSet<String> {
    let mut keys = keys(document);
    let has_keys = keys.iter().filter(|(_, known)| !known.keys.is_empty());
    let entities: BTreeSet<String> = has_keys.map(|(ty, _)| ty.to_string()).collect();
    keys.insert(Name::new_unchecked(query), Known::default());
    for definition in &mut document.definitions {
        match definition {
            Definition::EnumTypeDefinition(ty) if ty.name == "join__Graph" => {
                let told = [("name", own_name), ("url", "")]
                    .map(|(name, text)| argument(name, Value::String(text.to_owned())));
                let directive = Directive { name: name!("join__graph"), arguments: told.into() };
                let directives = DirectiveList(vec![Node::new(directive)]);
                let value = EnumValueDefinition { description: None, value: GRAPH, directives };
                ty.make_mut().values.push(Node::new(value));
            }
            Definition::ObjectTypeDefinition(ty) => {
                let Some(known) = keys.get(&ty.name) else { continue };
                let ty = ty.make_mut();
                let graphs = graphs(&ty.directives);
                ty.directives.extend(known.join_types());
                for field in &mut ty.fields {
                    let is_known = known.fields.contains(&field.name);
                    join(&mut field.make_mut().directives, &graphs, is_known);
                }
                if ty.name == query {
                    ty.fields.extend(entities.iter().map(|entity| entry(entity)));
                }
            }
            _ => {}
        }
    }
    entities
}

/// What the subgraph knows of a type.
#[derive(Default)]
struct Known {
    keys: BTreeSet<String>,
    fields: BTreeSet<Name>,
}

impl Known {
    fn join_types(&self) -> Vec<Node<Directive>> {
        let join = |key: Option<&String>| {
            let mut arguments = vec![argument("graph", Value::Enum(GRAPH))];
            if let Some(key) = key {
                arguments.push(argument("key", Value::String(key.clone())));
                arguments.push(argument("resolvable", Value::Boolean(false)));
            }
            Node::new(Directive { name: name!("join__type"), arguments })
        };
        if self.keys.is_empty() {
            vec![join(None)]
        } else {
            self.keys.iter().map(|key| join(Some(key))).collect()
        }
    }
}

/// The object types with keys, and what their keys are made of.
fn keys(document: &Document) -> BTreeMap<Name, Known> {
    let mut known: BTreeMap<Name, Known> = BTreeMap::new();
    let returns: BTreeMap<(Name, Name), Name> = objects(document)
        .flat_map(|(ty, _, fields)| {
            fields.iter().map(|field| ((ty.clone(), field.name.clone()), field.ty.inner_named_type().clone()))
        })
        .collect();
    for (ty, directives, _) in objects(document) {
        for join in directives.get_all("join__type") {
            let Some(key) = join.specified_argument_by_name("key").and_then(|key| key.as_str()) else {
                continue;
            };
            let Some(selections) = selections(key) else { continue };
            known.entry(ty.clone()).or_default().keys.insert(key.to_owned());
            note(ty, &selections, &returns, &mut known);
        }
    }
    known.retain(|_, known| !known.keys.is_empty() || !known.fields.is_empty());
    known
}

fn note(
    ty: &Name,
    selections: &[Selection],
    returns: &BTreeMap<(Name, Name), Name>,
    known: &mut BTreeMap<Name, Known>,
) {
    for field in selections.iter().filter_map(|selection| selection.as_field()) {
        known.entry(ty.clone()).or_default().fields.insert(field.name.clone());
        if let Some(returned) = returns.get(&(ty.clone(), field.name.clone())) {
            note(returned, &field.selection_set, returns, known);
        }
    }
}

fn objects(
    document: &Document,
) -> impl Iterator<Item = (&Name, &DirectiveList, &Vec<Node<FieldDefinition>>)> {
    let objects = document.definitions.iter().filter_map(|definition| definition.as_object_type_definition());
    objects.map(|ty| (&ty.name, &ty.directives, &ty.fields))
}

fn selections(key: &str) -> Option<Vec<Selection>> {
    let document = Document::parse(format!("{{ {key} }}"), "key.graphql").ok()?;
    let operation = document.definitions.into_iter().find_map(|one| one.as_operation_definition().cloned());
    Some(operation?.selection_set.clone())
}

fn graphs(directives: &DirectiveList) -> BTreeSet<Name> {
    directives.get_all("join__type").filter_map(|join| argument_name(join, "graph")).collect()
}

/// Says who has a field: it was everybody who has the type where nothing is said.
fn join(directives: &mut DirectiveList, graphs: &BTreeSet<Name>, is_known: bool) {
    let join = |graph: &Name| {
        let arguments = vec![argument("graph", Value::Enum(graph.clone()))];
        Node::new(Directive { name: name!("join__field"), arguments })
    };
    if !directives.has("join__field") {
        directives.extend(graphs.iter().map(join));
    }
    if is_known {
        directives.push(join(&GRAPH));
    }
}

fn entry(entity: &str) -> Node<FieldDefinition> {
    let arguments = vec![argument("graph", Value::Enum(GRAPH))];
    let directives = DirectiveList(vec![Node::new(Directive { name: name!("join__field"), arguments })]);
    Node::new(FieldDefinition {
        description: None,
        name: Name::new_unchecked(&root_field(entity)),
        arguments: Vec::new(),
        ty: Type::Named(Name::new_unchecked(entity)),
        directives,
    })
}

fn argument(name: &str, value: Value) -> Node<Argument> {
    Node::new(Argument { name: Name::new_unchecked(name), value: Node::new(value) })
}
