//! Interfaces that a subgraph takes for object types.
//!
//! Such a subgraph must be told the interface's name instead of the object's. Where a client asks for fields of
//! several of the object types in the same words, the library keeps one of them and forgets the others, and under a
//! condition it forgets the name. Both are put right here.

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

    /// Completes a fetch; `asked` is the client's operation.
    pub fn complete(&self, fetch: &mut Fetch, asked: &Set, types: &Types) {
        for interface in self.0.get(&fetch.subgraph).into_iter().flatten() {
            let objects: Vec<&Name> = types.objects(interface).collect();
            for position in 0..fetch.entities.len() {
                let variable = &fetch.entities[position].variable;
                let is_shared = fetch.entities.iter().filter(|other| other.variable == *variable).count() > 1;
                let asked = (!is_shared).then_some(asked);
                complete(&mut fetch.entities[position], interface, &objects, asked, types);
            }
        }
    }
}

fn complete(entities: &mut Entities, interface: &str, objects: &[&Name], asked: Option<&Set>, types: &Types) {
    let is_object = |condition: &str| objects.iter().any(|object| *object == condition);
    let named = entities.requires.iter().find_map(|requirement| match requirement {
        Requirement::Type { condition, selections } => {
            let is_it = condition == interface || is_object(condition);
            is_it.then_some((condition == interface, selections.clone()))
        }
        Requirement::Field { .. } => None,
    });
    let Some((is_whole, selections)) = named else { return };
    let names = || objects.iter().map(ToString::to_string).collect();
    match entities.retypes.iter_mut().find(|retype| retype.to == interface) {
        Some(retype) => retype.from = names(),
        None => entities.retypes.push(Retype { from: names(), to: interface.to_owned() }),
    }
    if is_whole {
        return;
    }
    let keys = keys(entities);
    let is_wanted = |object: &&&Name| {
        let asked = asked.into_iter();
        let mut places = asked.flat_map(|asked| entities.paths.iter().map(move |path| (asked, path)));
        places.any(|(asked, path)| asked.has(path, &keys, object, types))
    };
    let mut wanted: Vec<&Name> = objects.iter().filter(is_wanted).copied().collect();
    if wanted.is_empty() {
        // The client asks for none of it: it is for a later fetch, of whichever objects.
        wanted = objects.to_vec();
    }
    for path in &mut entities.paths {
        if let Some(Step::Type(conditions)) = path.last_mut()
            && conditions.iter().any(|condition| is_object(condition))
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
