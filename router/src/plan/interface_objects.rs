//! Interfaces that a subgraph takes for object types.
//!
//! Such a subgraph must be told the interface's name instead of the object's. Where a client asks several of the object
//! types for different fields, the library keeps one of them and forgets the others, or takes them all for the same,
//! and under a condition it forgets the name. The name is put right here. What is asked of whom is found out: a plan
//! that is not exact is one for want of a better one, and asks objects for more than is wanted of them.

use std::collections::HashMap;

use async_graphql::Name;
use hive_router_query_planner::state::supergraph_state::{SupergraphDefinition, SupergraphState};

use super::asked::Set;
use super::supergraph::own_name;
use super::{Entities, Fetch, Requirement, Retype, Selection, Step, Types};

/// Subgraph → the interfaces.
pub(super) struct InterfaceObjects(HashMap<String, Vec<String>>);

impl InterfaceObjects {
    pub fn new(supergraph: &SupergraphState) -> Self {
        let mut found: HashMap<String, Vec<String>> = HashMap::new();
        for (name, definition) in &supergraph.definitions {
            let SupergraphDefinition::Interface(interface) = definition else { continue };
            for join in interface.join_type.iter().filter(|join| join.is_interface_object) {
                if let Some(subgraph) = supergraph.known_subgraphs.get(&join.graph_id) {
                    found.entry(own_name(subgraph.clone())).or_default().push(name.clone());
                }
            }
        }
        Self(found)
    }

    /// Whether there are none, as in most supergraphs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Has objects of the interfaces sent under the name that a fetch's subgraph knows.
    pub fn name(&self, fetch: &mut Fetch, types: &Types) {
        for interface in self.0.get(&fetch.subgraph).into_iter().flatten() {
            let objects: Vec<&Name> = types.objects(interface).collect();
            fetch.entities.iter_mut().for_each(|entities| name(entities, interface, &objects));
        }
    }

    /// Completes a fetch; `asked` is the client's operation, and `known` what the root was asked for before. Says
    /// whether each object is asked for what is wanted of it and for nothing else.
    pub fn complete(&self, fetch: &mut Fetch, asked: &Set, known: &[Selection], types: &Types) -> bool {
        let mut is_exact = true;
        for interface in self.0.get(&fetch.subgraph).into_iter().flatten() {
            let objects: Vec<&Name> = types.objects(interface).collect();
            for position in 0..fetch.entities.len() {
                let variable = &fetch.entities[position].variable;
                let is_shared = fetch.entities.iter().filter(|other| other.variable == *variable).count() > 1;
                let wish = (!is_shared).then_some(Wish { asked, known, types });
                let entities = &mut fetch.entities[position];
                is_exact &= wish.is_none_or(|wish| wish.is_met(entities, &objects));
                complete(entities, interface, &objects, wish);
            }
        }
        is_exact
    }
}

/// What a client wants.
#[derive(Clone, Copy)]
struct Wish<'a> {
    asked: &'a Set,
    /// What the root was asked for before.
    known: &'a [Selection],
    types: &'a Types,
}

impl Wish<'_> {
    /// Whether objects of a type are wanted for some of a fetch's keys at a path, and not for what is there already.
    fn has(&self, path: &[Step], keys: &[&Name], object: &Name) -> bool {
        let is_missing = |key: &&&Name| !is_known(self.known, path, key);
        let missing: Vec<&Name> = keys.iter().filter(is_missing).copied().collect();
        self.asked.has(path, &missing, object, self.types)
    }

    /// Whether a fetch asks each object for what is wanted of it and for nothing else. What is wanted of none is for a
    /// later fetch.
    fn is_met(&self, entities: &Entities, objects: &[&Name]) -> bool {
        let keys = keys(entities);
        entities.paths.iter().all(|path| {
            let is_wanted = |key: &&&Name| objects.iter().any(|object| self.has(path, &[**key], object));
            let wanted: Vec<&Name> = keys.iter().filter(is_wanted).copied().collect();
            let is_asked = |object: &Name| match path.last() {
                Some(Step::Type(conditions)) => {
                    conditions.iter().any(|condition| self.types.objects(condition).any(|one| one == object))
                }
                _ => true,
            };
            objects.iter().all(|object| {
                let is_asked = is_asked(object);
                wanted.iter().all(|key| self.has(path, &[*key], object) == is_asked)
            })
        })
    }
}

/// Whether every object at a path has a key.
fn is_known(selections: &[Selection], path: &[Step], wanted: &Name) -> bool {
    let (name, rest) = match path {
        [Step::List | Step::Type(_), rest @ ..] => return is_known(selections, rest, wanted),
        [Step::Field(name), rest @ ..] => (name, Some(rest)),
        [] => (wanted, None),
    };
    selections.iter().any(|selection| match selection {
        Selection::Field { key, selections, .. } => {
            key == name && rest.is_none_or(|rest| is_known(selections, rest, wanted))
        }
        Selection::Type { .. } => false,
    })
}

/// The parts of a representation that go with an interface or its objects, and whether they go with all of these.
fn named<'a>(
    entities: &'a Entities,
    interface: &str,
    objects: &[&Name],
) -> Option<(bool, &'a [Requirement])> {
    entities.requires.iter().find_map(|requirement| match requirement {
        Requirement::Type { condition, selections } => {
            let is_it = condition == interface || objects.iter().any(|object| *object == condition);
            is_it.then_some((condition == interface, selections.as_slice()))
        }
        Requirement::Field { .. } => None,
    })
}

fn name(entities: &mut Entities, interface: &str, objects: &[&Name]) {
    if named(entities, interface, objects).is_none() {
        return;
    }
    let from = objects.iter().map(ToString::to_string).collect();
    match entities.retypes.iter_mut().find(|retype| retype.to == interface) {
        Some(retype) => retype.from = from,
        None => entities.retypes.push(Retype { from, to: interface.to_owned() }),
    }
}

fn complete(entities: &mut Entities, interface: &str, objects: &[&Name], wish: Option<Wish<'_>>) {
    let Some((false, selections)) = named(entities, interface, objects) else { return };
    let selections = selections.to_vec();
    let keys = keys(entities);
    let is_wanted = |object: &&&Name| {
        wish.is_some_and(|wish| entities.paths.iter().any(|path| wish.has(path, &keys, object)))
    };
    let mut wanted: Vec<&Name> = objects.iter().filter(is_wanted).copied().collect();
    if wanted.is_empty() {
        // The client asks for none of it: it is for a later fetch, of whichever objects.
        wanted = objects.to_vec();
    }
    for path in &mut entities.paths {
        if let Some(Step::Type(conditions)) = path.last_mut()
            && conditions.iter().any(|condition| objects.iter().any(|object| *object == condition))
        {
            conditions.extend(wanted.iter().map(ToString::to_string));
        }
    }
    for object in wanted {
        let is_known = |requirement: &Requirement| matches!(requirement, Requirement::Type { condition, .. } if object == condition);
        if !entities.requires.iter().any(is_known) {
            let (condition, selections) = (object.to_string(), selections.clone());
            entities.requires.push(Requirement::Type { condition, selections });
        }
    }
}

/// The keys that an entity gets in the data.
fn keys(entities: &Entities) -> Vec<&Name> {
    let mut keys = Vec::new();
    let mut sets = vec![&entities.selection];
    while let Some(selections) = sets.pop() {
        for selection in selections {
            match selection {
                Selection::Field { key, .. } => {
                    let rename = entities.renames.iter().find(|rename| rename.path == [key.clone()]);
                    keys.push(rename.map_or(key, |rename| &rename.to));
                }
                Selection::Type { selections, .. } => sets.push(selections),
            }
        }
    }
    keys
}
