//! A supergraph as the planner library has to be given it: works round what the library gets wrong.
//!
//! **The order of subgraphs.** On the way from an interface object (`@interfaceObject`) to one of the types that it may
//! be, the library keeps the first way that it finds, by the subgraphs' names. When that leads back to the subgraph
//! that does not know the types, there is no plan. So each name is given a number in front, which puts those who know
//! an interface before those who take it for an object type.
//!
//! **`@provides` below interfaces and unions**: see `provides`.

mod entries;
mod provides;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, FieldDefinition, OperationType, Value,
};
use apollo_compiler::{Name, Node, name};

use super::stand_ins::StandIns;
pub(super) use entries::{is_entry, root_field};
use provides::Types;

/// How many digits are put in front of a name.
const DIGITS: usize = 4;

/// A supergraph for the library.
pub(super) struct Prepared {
    pub sdl: String,
    /// Whether no order suits everybody: subgraphs take each other's interfaces for object types.
    pub is_circular: bool,
}

/// Rewrites a supergraph. `is_reversed` gives those whom no order suits the other order.
pub(super) fn prepare(supergraph_sdl: &str, is_reversed: bool) -> Result<Prepared, String> {
    Ok(rewrite(parse(supergraph_sdl)?, is_reversed))
}

/// Rewrites a supergraph to which the entities' own subgraphs are added; the entities besides, and what stands for that
/// which is required of them.
pub(super) fn with_entries(supergraph_sdl: &str) -> Result<(String, BTreeSet<String>, StandIns), String> {
    let mut document = parse(supergraph_sdl)?;
    let schemas = document.definitions.iter().filter_map(Definition::as_schema_definition);
    let mut roots = schemas.flat_map(|schema| &schema.root_operations);
    let query = roots.find(|root| root.0 == OperationType::Query).map(|root| root.1.clone());
    let (entities, stand_ins) = entries::add(&mut document, &query.unwrap_or(name!("Query")));
    Ok((rewrite(document, false).sdl, entities, stand_ins))
}

fn parse(supergraph_sdl: &str) -> Result<Document, String> {
    Document::parse(supergraph_sdl, "supergraph.graphql").map_err(|error| error.errors.to_string())
}

fn rewrite(mut document: Document, is_reversed: bool) -> Prepared {
    let Levels { levels, is_circular } = levels(&document, is_reversed);
    let names: HashMap<String, String> = graphs(&document)
        .map(|(graph, name)| (name.clone(), format!("{:0DIGITS$}{name}", levels.get(&graph).unwrap_or(&0))))
        .collect();
    let types = Types::new(&document);
    let fields = |fields: &mut Vec<Node<FieldDefinition>>| {
        for field in fields.iter_mut().filter(|field| field.directives.has("join__field")) {
            let field = field.make_mut();
            rename(&mut field.directives, "join__field", "override", &names);
            types.spell_out(field);
        }
    };
    for definition in &mut document.definitions {
        match definition {
            Definition::EnumTypeDefinition(ty) if ty.name == "join__Graph" => {
                for value in &mut ty.make_mut().values {
                    rename(&mut value.make_mut().directives, "join__graph", "name", &names);
                }
            }
            Definition::ObjectTypeDefinition(ty) => fields(&mut ty.make_mut().fields),
            Definition::InterfaceTypeDefinition(ty) => {
                let ty = ty.make_mut();
                keep_common_keys(&mut ty.directives);
                fields(&mut ty.fields);
            }
            _ => {}
        }
    }
    Prepared { sdl: document.to_string(), is_circular }
}

/// Leaves an interface only the keys by which it is known to those who take it for an object type, where there are any:
/// the library takes every other key for theirs as well. The objects keep all of theirs.
fn keep_common_keys(directives: &mut DirectiveList) {
    let key = |join: &Directive| {
        join.specified_argument_by_name("key").and_then(|key| key.as_str()).map(str::to_owned)
    };
    let joins = || directives.get_all("join__type");
    let common: BTreeSet<String> =
        joins().filter(|join| is_interface_object(join)).filter_map(|join| key(join)).collect();
    let is_common = |join: &Directive| key(join).is_none_or(|key| common.contains(&key));
    let known: BTreeSet<Name> =
        joins().filter(|join| is_common(join)).filter_map(|join| argument_name(join, "graph")).collect();
    let is_kept = |join: &Directive| {
        let is_known = argument_name(join, "graph").is_some_and(|graph| known.contains(&graph));
        common.is_empty() || join.name != "join__type" || is_common(join) || !is_known
    };
    directives.retain(|join| is_kept(join));
}

/// Whether a `join__type` says that its subgraph takes the interface for an object type.
fn is_interface_object(join: &Directive) -> bool {
    join.specified_argument_by_name("isInterfaceObject").and_then(|value| value.to_bool()) == Some(true)
}

/// A subgraph's own name.
pub(super) fn own_name(mut name: String) -> String {
    // Digits are of one byte each.
    name.drain(..DIGITS.min(name.len()));
    name
}

/// The subgraphs, as the join directives call them, with their names.
fn graphs(document: &Document) -> impl Iterator<Item = (Name, String)> {
    let graphs = document.definitions.iter().filter_map(Definition::as_enum_type_definition);
    let values = graphs.filter(|ty| ty.name == "join__Graph").flat_map(|ty| &ty.values);
    values.filter_map(|value| {
        let name = value.directives.get("join__graph")?.specified_argument_by_name("name")?;
        Some((value.value.clone(), name.as_str()?.to_owned()))
    })
}

/// When each subgraph comes.
struct Levels {
    levels: HashMap<Name, usize>,
    is_circular: bool,
}

fn levels(document: &Document, is_reversed: bool) -> Levels {
    let mut waiting = waiting(document);
    let mut found = Levels { levels: HashMap::new(), is_circular: false };
    for level in 0.. {
        let is_free = |others: &BTreeSet<Name>| others.iter().all(|other| found.levels.contains_key(other));
        let mut free: Vec<Name> =
            waiting.iter().filter(|(_, others)| is_free(others)).map(|(graph, _)| graph.clone()).collect();
        if free.is_empty() {
            let mut left = waiting.keys();
            let Some(next) = (if is_reversed { left.next_back() } else { left.next() }) else { break };
            free.push(next.clone());
            found.is_circular = true;
        }
        for graph in free {
            waiting.remove(&graph);
            found.levels.insert(graph, level);
        }
    }
    found
}

/// Which subgraphs take interfaces for object types, and of whom.
fn waiting(document: &Document) -> BTreeMap<Name, BTreeSet<Name>> {
    let mut waiting: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    for interface in document.definitions.iter().filter_map(Definition::as_interface_type_definition) {
        let joins = || interface.directives.get_all("join__type");
        let graph = |join: &Directive| argument_name(join, "graph");
        let knowing: BTreeSet<Name> =
            joins().filter(|join| !is_interface_object(join)).filter_map(|join| graph(join)).collect();
        for graph in &knowing {
            waiting.entry(graph.clone()).or_default();
        }
        for graph in joins().filter(|join| is_interface_object(join)).filter_map(|join| graph(join)) {
            let others = knowing.iter().filter(|other| **other != graph).cloned();
            waiting.entry(graph.clone()).or_default().extend(others);
        }
    }
    waiting
}

/// An argument that names something.
fn argument_name(directive: &Directive, argument: &str) -> Option<Name> {
    directive.specified_argument_by_name(argument)?.as_enum().cloned()
}

/// Replaces a text that some directives have as an argument.
fn rename(directives: &mut DirectiveList, directive: &str, argument: &str, names: &HashMap<String, String>) {
    for used in directives.iter_mut().filter(|used| used.name == directive) {
        for given in used.make_mut().arguments.iter_mut().filter(|given| given.name == argument) {
            if let Some(renamed) = given.value.as_str().and_then(|name| names.get(name)) {
                given.make_mut().value = Node::new(Value::String(renamed.clone()));
            }
        }
    }
}
