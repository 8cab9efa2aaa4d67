//! Two subgraphs that are not there. One knows of every entity its keys and nothing else; the other, given any of its
//! keys, what fields require of it and nothing else, under names of its own (see `stand_ins`).
//!
//! With them, the planner library plans what is asked of an entity from the entity on, wherever that has come from: see
//! `stages`. Were they one, it would take the way through it from one key to another.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::{
    Argument, Definition, Directive, DirectiveList, Document, EnumValueDefinition, FieldDefinition,
    Selection, Type, Value,
};
use apollo_compiler::{Name, Node, name};

use super::super::stand_ins::StandIns;
use super::argument_name;

/// The subgraphs, as the join directives call them.
const GRAPHS: [Name; 2] = [KEYS, REQUIRED];
const KEYS: Name = name!("_KEYS");
const REQUIRED: Name = name!("_REQUIRED");

/// Whether a subgraph, by its own name, is one of them.
pub fn is_entry(subgraph: &str) -> bool {
    GRAPHS.iter().any(|graph| graph.as_str() == subgraph)
}

/// The root field that gives an entity.
pub fn root_field(ty: &str) -> String {
    format!("_{ty}")
}

/// Adds the subgraphs to a supergraph whose root type for queries is named `query`; gives the entities that they know,
/// and what they call that which is required of them.
pub fn add(document: &mut Document, query: &str) -> (BTreeSet<String>, StandIns) {
    let mut keys = keys(document);
    let has_keys = keys.iter().filter(|(_, known)| !known.keys.is_empty());
    let entities: BTreeSet<String> = has_keys.map(|(ty, _)| ty.to_string()).collect();
    keys.entry(Name::new_unchecked(query)).or_default();
    let mut stand_ins = StandIns::default();
    for definition in &mut document.definitions {
        match definition {
            Definition::EnumTypeDefinition(ty) if ty.name == "join__Graph" => {
                ty.make_mut().values.extend(GRAPHS.iter().map(graph));
            }
            Definition::ObjectTypeDefinition(ty) => {
                let Some(known) = keys.get(&ty.name) else { continue };
                let ty = ty.make_mut();
                let graphs = graphs(&ty.directives);
                let is_entity = entities.contains(ty.name.as_str());
                let own = if is_entity {
                    require(&mut ty.fields, &known.fields, &mut stand_ins)
                } else {
                    BTreeSet::new()
                };
                // Where nothing is required, it would only be one more way that leads nowhere.
                let joined = if is_entity && own.is_empty() { &GRAPHS[..1] } else { &GRAPHS };
                ty.directives.extend(known.join_types(joined));
                for field in &mut ty.fields {
                    let joined = if known.fields.contains(&field.name) { joined } else { &[] };
                    join(&mut field.make_mut().directives, &graphs, joined);
                }
                ty.fields.extend(own.into_iter().map(|name| own_field(REQUIRED, name, name!("String"))));
                if ty.name == query {
                    ty.directives.push(join_type(KEYS, None));
                    let name = |entity: &String| Name::new_unchecked(&root_field(entity));
                    let entry = |ty| own_field(KEYS, name(ty), Name::new_unchecked(ty));
                    ty.fields.extend(entities.iter().map(entry));
                }
            }
            _ => {}
        }
    }
    (entities, stand_ins)
}

/// Has fields require stand-ins in place of what is not among their entity's keys; gives these.
fn require(
    fields: &mut [Node<FieldDefinition>],
    keys: &BTreeSet<Name>,
    stand_ins: &mut StandIns,
) -> BTreeSet<Name> {
    let mut found = BTreeSet::new();
    let directives = fields.iter_mut().flat_map(|field| field.make_mut().directives.iter_mut());
    for join in directives.filter(|directive| directive.name == "join__field") {
        let arguments = join.make_mut().arguments.iter_mut();
        for requires in arguments.filter(|argument| argument.name == "requires") {
            let required = requires.value.as_str().and_then(selections).unwrap_or_default();
            let names = required.iter().filter_map(|selection| selection.as_field()).map(|field| {
                if keys.contains(&field.name) {
                    return field.serialize().no_indent().to_string();
                }
                let name = stand_ins.name(field);
                found.insert(name.clone());
                name.to_string()
            });
            let names: Vec<String> = names.collect();
            // Fragments of an entity's own type would be among the fields: what has any is left as it is.
            if names.len() == required.len() {
                requires.make_mut().value = Node::new(Value::String(names.join(" ")));
            }
        }
    }
    found
}

/// What the subgraph knows of a type.
#[derive(Default)]
struct Known {
    keys: BTreeSet<String>,
    fields: BTreeSet<Name>,
}

impl Known {
    fn join_types(&self, graphs: &[Name]) -> Vec<Node<Directive>> {
        let of = |graph: &Name| -> Vec<_> {
            // What keys are made of, within them.
            let own = (self.keys.is_empty() && !self.fields.is_empty()).then_some(None);
            let keys = own.into_iter().chain(self.keys.iter().map(Some));
            keys.map(|key| join_type(graph.clone(), key)).collect()
        };
        graphs.iter().flat_map(of).collect()
    }
}

fn graph(graph: &Name) -> Node<EnumValueDefinition> {
    let told = [("name", graph.to_string()), ("url", String::new())];
    let arguments = told.map(|(name, text)| argument(name, Value::String(text))).into();
    let directive = Directive { name: name!("join__graph"), arguments };
    let directives = DirectiveList(vec![Node::new(directive)]);
    Node::new(EnumValueDefinition { description: None, value: graph.clone(), directives })
}

fn join_type(graph: Name, key: Option<&String>) -> Node<Directive> {
    let is_resolvable = graph == REQUIRED;
    let mut arguments = vec![argument("graph", Value::Enum(graph))];
    if let Some(key) = key {
        arguments.push(argument("key", Value::String(key.clone())));
        arguments.push(argument("resolvable", Value::Boolean(is_resolvable)));
    }
    Node::new(Directive { name: name!("join__type"), arguments })
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
fn join(directives: &mut DirectiveList, graphs: &BTreeSet<Name>, joined: &[Name]) {
    if !directives.has("join__field") {
        directives.extend(graphs.iter().map(|graph| join_field(graph.clone(), false)));
    }
    directives.extend(joined.iter().map(|graph| join_field(graph.clone(), *graph == REQUIRED)));
}

fn join_field(graph: Name, is_external: bool) -> Node<Directive> {
    let mut arguments = vec![argument("graph", Value::Enum(graph))];
    if is_external {
        arguments.push(argument("external", Value::Boolean(true)));
    }
    Node::new(Directive { name: name!("join__field"), arguments })
}

/// A field of one subgraph alone.
fn own_field(graph: Name, name: Name, ty: Name) -> Node<FieldDefinition> {
    let directives = DirectiveList(vec![join_field(graph, false)]);
    let (arguments, ty) = (Vec::new(), Type::Named(ty));
    Node::new(FieldDefinition { description: None, name, arguments, ty, directives })
}

fn argument(name: &str, value: Value) -> Node<Argument> {
    Node::new(Argument { name: Name::new_unchecked(name), value: Node::new(value) })
}
