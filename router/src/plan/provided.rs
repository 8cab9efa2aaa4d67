//! What subgraphs may be asked of objects that are not theirs: what leads to them provides it (`@provides`), or not.
//!
//! Where a type is provided within itself, the library takes what is provided at one depth to be provided at every
//! depth. So what it planned is looked at again.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{self, Definition, Document};
use hive_router_query_planner::state::supergraph_state::SupergraphState;

use super::supergraph::own_name;
use super::{Fetch, Selection, Types};

/// Subgraph, type and field.
type Place = (String, String, String);

/// What is not a subgraph's own.
pub(super) struct Provided {
    /// Fields with parts that a subgraph declares and does not have.
    external: HashSet<Place>,
    /// What fields provide below them.
    provides: HashMap<Place, Vec<ast::Selection>>,
}

impl Provided {
    pub fn new(supergraph: &SupergraphState, types: &Types) -> Self {
        let mut found = Self { external: HashSet::new(), provides: HashMap::new() };
        for (ty, definition) in &supergraph.definitions {
            let keys: Vec<&str> =
                definition.join_types().iter().filter_map(|join| join.key.as_deref()).collect();
            for (name, field) in definition.fields() {
                for join in &field.join_field {
                    let graph =
                        join.graph_id.as_ref().and_then(|graph| supergraph.known_subgraphs.get(graph));
                    let Some(graph) = graph else { continue };
                    let place = (own_name(graph.clone()), ty.clone(), name.clone());
                    if let Some(provides) = &join.provides {
                        found.provides.insert(place, selections(provides));
                    } else if join.external
                        && types.returns(ty, name).is_some_and(|returns| types.is_object(returns.name))
                        && !keys.iter().any(|key| {
                            key.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
                        })
                    {
                        found.external.insert(place);
                    }
                }
            }
        }
        found
    }

    /// Whether a fetch asks for nothing that its subgraph does not have.
    pub fn allows(&self, fetch: &Fetch, types: &Types) -> bool {
        if self.provides.is_empty() {
            return true;
        }
        let root = types.root(fetch.kind);
        self.allows_set(&fetch.subgraph, root, &fetch.selection, &[], types)
            && fetch
                .entities
                .iter()
                .all(|entities| self.allows_set(&fetch.subgraph, "", &entities.selection, &[], types))
    }

    fn allows_set(
        &self,
        graph: &str,
        ty: &str,
        asked: &[Selection],
        provided: &[&ast::Selection],
        types: &Types,
    ) -> bool {
        asked.iter().all(|one| match one {
            Selection::Type { condition, selections, .. } => {
                self.allows_set(graph, condition, selections, provided, types)
            }
            Selection::Field { name, selections, .. } => {
                let Some(returns) = types.returns(ty, name) else { return true };
                let place = (graph.to_owned(), ty.to_owned(), name.clone());
                let mut below: Vec<&ast::Selection> = Vec::new();
                let is_provided = within(provided, name, &mut below);
                below.extend(self.provides.get(&place).into_iter().flatten());
                (is_provided || !self.external.contains(&place))
                    && self.allows_set(graph, returns.name, selections, &below, types)
            }
        })
    }
}

/// Whether a field is among those provided, and what is provided below it.
fn within<'a>(provided: &[&'a ast::Selection], name: &str, below: &mut Vec<&'a ast::Selection>) -> bool {
    let mut is_found = false;
    for one in provided {
        match one {
            ast::Selection::Field(field) if field.name == name => {
                is_found = true;
                below.extend(&field.selection_set);
            }
            ast::Selection::InlineFragment(fragment) => {
                let inner: Vec<&ast::Selection> = fragment.selection_set.iter().collect();
                is_found |= within(&inner, name, below);
            }
            ast::Selection::Field(_) | ast::Selection::FragmentSpread(_) => {}
        }
    }
    is_found
}

fn selections(field_set: &str) -> Vec<ast::Selection> {
    let document = Document::parse(format!("{{ {field_set} }}"), "provides.graphql");
    let definitions = document.into_iter().flat_map(|document| document.definitions);
    let operations = definitions.filter_map(|one| match one {
        Definition::OperationDefinition(operation) => Some(operation.selection_set.clone()),
        _ => None,
    });
    operations.flatten().collect()
}
