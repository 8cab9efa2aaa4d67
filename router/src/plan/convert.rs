//! The planner library's plan → ours.

use std::sync::OnceLock;

use async_graphql::Name;
use hive_router_query_planner::ast::operation::SubgraphFetchOperation;
use hive_router_query_planner::ast::selection_item::SelectionItem;
use hive_router_query_planner::ast::selection_set::SelectionSet;
use hive_router_query_planner::planner::plan_nodes::{
    BatchFetchNode, FetchNode, FetchNodePathSegment, FetchRewrite, FlattenNodePath, FlattenNodePathSegment,
    PlanNode,
};
use hive_router_query_planner::state::supergraph_state::OperationKind;

use super::{
    Entities, Fetch, FetchKind, Plan, PlanError, Planned, Rename, Requirement, Retype, Selection, Step,
    Types, supergraph, typenames,
};

/// How the library's own aliases begin.
const ALIAS: &str = "_internal_qp_alias_";

pub(super) fn plan(mut node: PlanNode, types: &Types) -> Result<Planned, PlanError> {
    typenames::ask(&mut node, types);
    let mut primary = None;
    let rest = convert(node, &mut primary)?;
    let planned = Planned { primary, rest };
    let mut is_certain = true;
    planned.primary.iter().for_each(|fetch| is_certain &= !mixes(fetch));
    planned.rest.visit(&mut |fetch| is_certain &= !mixes(fetch));
    if is_certain {
        Ok(planned)
    } else {
        Err(PlanError::Failed("a field is required in two ways".to_owned()))
    }
}

/// Whether a fetch asks for a field twice, because fields that come later require it with different arguments.
///
/// The library gives one of the two an alias, and does not always have the later ones find theirs again. The aliases
/// that are taken back as the answer comes in are another matter.
fn mixes(fetch: &Fetch) -> bool {
    has_alias(&fetch.selection, &mut Vec::new(), &fetch.renames)
        || fetch.entities.iter().any(|one| has_alias(&one.selection, &mut Vec::new(), &one.renames))
}

fn has_alias(selections: &[Selection], path: &mut Vec<Name>, renames: &[Rename]) -> bool {
    selections.iter().any(|selection| match selection {
        Selection::Type { selections, .. } => has_alias(selections, path, renames),
        Selection::Field { key, selections, .. } => {
            path.push(key.clone());
            let is_kept = key.starts_with(ALIAS) && !renames.iter().any(|rename| rename.path == *path);
            let is_found = is_kept || has_alias(selections, path, renames);
            path.pop();
            is_found
        }
    })
}

impl From<&OperationKind> for FetchKind {
    fn from(kind: &OperationKind) -> Self {
        match kind {
            OperationKind::Query => Self::Query,
            OperationKind::Mutation => Self::Mutation,
            OperationKind::Subscription => Self::Subscription,
        }
    }
}

fn convert(node: PlanNode, primary: &mut Option<Box<Fetch>>) -> Result<Plan, PlanError> {
    Ok(match node {
        PlanNode::Fetch(node) => Plan::Fetch(Box::new(root(node)?)),
        PlanNode::BatchFetch(node) => Plan::Fetch(Box::new(batch(node)?)),
        PlanNode::Flatten(node) => flatten(&node.path, *node.node)?,
        PlanNode::Sequence(node) => Plan::Sequence(all(node.nodes, primary)?),
        PlanNode::Parallel(node) => Plan::Parallel(all(node.nodes, primary)?),
        PlanNode::Subscription(node) => {
            *primary = Some(Box::new(root(node.primary)?));
            Plan::Nothing
        }
        // Neither is asked for.
        PlanNode::Condition(_) | PlanNode::Defer(_) => {
            return Err(PlanError::Failed("an unexpected node".to_owned()));
        }
    })
}

fn all(nodes: Vec<PlanNode>, primary: &mut Option<Box<Fetch>>) -> Result<Vec<Plan>, PlanError> {
    nodes.into_iter().map(|node| convert(node, primary)).collect()
}

fn flatten(path: &FlattenNodePath, node: PlanNode) -> Result<Plan, PlanError> {
    Ok(match node {
        PlanNode::Fetch(node) => Plan::Fetch(Box::new(entity(path, node)?)),
        PlanNode::Sequence(node) => Plan::Sequence(flatten_all(path, node.nodes)?),
        PlanNode::Parallel(node) => Plan::Parallel(flatten_all(path, node.nodes)?),
        _ => return Err(PlanError::Failed("an unexpected node below a path".to_owned())),
    })
}

fn flatten_all(path: &FlattenNodePath, nodes: Vec<PlanNode>) -> Result<Vec<Plan>, PlanError> {
    nodes.into_iter().map(|node| flatten(path, node)).collect()
}

fn root(node: FetchNode) -> Result<Fetch, PlanError> {
    let kind = node.operation_kind.as_ref().map_or(FetchKind::Query, FetchKind::from);
    let set = &node.operation.document.operation.selection_set;
    Ok(Fetch {
        kind,
        variables: names(node.variable_usages),
        outputs: outputs(set, &node.operation),
        selection: selections(set, &node.operation),
        renames: renames(node.output_rewrites)?,
        ..blank(node.service_name, &node.operation)
    })
}

/// A query that brings nothing yet.
fn blank(subgraph: String, operation: &SubgraphFetchOperation) -> Fetch {
    let text = operation.document_str.clone();
    Fetch {
        id: 0,
        subgraph: supergraph::own_name(subgraph),
        kind: FetchKind::Query,
        text_json: serde_json::Value::from(text.as_str()).to_string(),
        text,
        document: OnceLock::new(),
        variables: Vec::new(),
        outputs: Vec::new(),
        selection: Vec::new(),
        path: Vec::new(),
        entities: Vec::new(),
        renames: Vec::new(),
    }
}

fn entity(path: &FlattenNodePath, node: FetchNode) -> Result<Fetch, PlanError> {
    let Some(required) = node.requires else {
        // Root fields that are asked for further down.
        return Ok(Fetch { path: steps(path), ..root(node)? });
    };
    let selection = selection_of(&node.operation, "_entities");
    let entities = Entities {
        key: Name::new("_entities"),
        variable: Name::new("representations"),
        paths: vec![steps(path)],
        requires: requirements(&required),
        selection,
        retypes: retypes(node.input_rewrites)?,
        renames: renames(node.output_rewrites)?,
    };
    Ok(Fetch {
        variables: names(node.variable_usages),
        outputs: entity_outputs(&node.operation),
        entities: vec![entities],
        ..blank(node.service_name, &node.operation)
    })
}

fn batch(node: BatchFetchNode) -> Result<Fetch, PlanError> {
    let entities = node.entity_batch.aliases.into_iter().map(|alias| {
        let mut paths: Vec<_> = alias.merge_paths.iter().map(steps).collect();
        // The library's order differs from run to run.
        paths.sort();
        Ok(Entities {
            selection: selection_of(&node.operation, &alias.alias),
            key: Name::new(alias.alias),
            variable: Name::new(alias.representations_variable_name),
            paths,
            requires: requirements(&alias.requires),
            retypes: retypes(alias.input_rewrites)?,
            renames: renames(alias.output_rewrites)?,
        })
    });
    let entities: Vec<Entities> = entities.collect::<Result<_, PlanError>>()?;
    let representations = |name: &Name| entities.iter().any(|entities| entities.variable == *name);
    let mut variables = names(node.variable_usages);
    variables.retain(|name| !representations(name));
    Ok(Fetch {
        variables,
        outputs: entity_outputs(&node.operation),
        entities,
        ..blank(node.service_name, &node.operation)
    })
}

/// What is asked below the root field with a response key.
fn selection_of(operation: &SubgraphFetchOperation, key: &str) -> Vec<Selection> {
    let items = &operation.document.operation.selection_set.items;
    let found = items.iter().find_map(|item| match item {
        SelectionItem::Field(field) if field.selection_identifier() == key => Some(&field.selections),
        _ => None,
    });
    found.map(|set| selections(set, operation)).unwrap_or_default()
}

fn selections(set: &SelectionSet, operation: &SubgraphFetchOperation) -> Vec<Selection> {
    let selection = |item: &SelectionItem| match item {
        SelectionItem::Field(field) => Some(Selection::Field {
            key: Name::new(field.selection_identifier()),
            name: field.name.clone(),
            arguments: field.arguments.as_ref().map(ToString::to_string).unwrap_or_default(),
            selections: selections(&field.selections, operation),
        }),
        SelectionItem::InlineFragment(fragment) => Some(Selection::Type {
            condition: fragment.type_condition.clone(),
            selections: selections(&fragment.selections, operation),
        }),
        SelectionItem::FragmentSpread(name) => {
            let fragment = operation.document.fragments.iter().find(|fragment| fragment.name == *name)?;
            Some(Selection::Type {
                condition: fragment.type_condition.clone(),
                selections: selections(&fragment.selection_set, operation),
            })
        }
    };
    set.items.iter().filter_map(selection).collect()
}

fn names(usages: Option<impl IntoIterator<Item = String>>) -> Vec<Name> {
    usages.into_iter().flatten().map(Name::new).collect()
}

/// The response keys of the entities, whatever their type.
fn entity_outputs(operation: &SubgraphFetchOperation) -> Vec<Name> {
    let mut keys = Vec::new();
    for item in &operation.document.operation.selection_set.items {
        if let SelectionItem::Field(field) = item {
            keys.extend(outputs(&field.selections, operation));
        }
    }
    keys
}

fn outputs(set: &SelectionSet, operation: &SubgraphFetchOperation) -> Vec<Name> {
    let mut keys = Vec::new();
    for item in &set.items {
        match item {
            SelectionItem::Field(field) if field.name == "__typename" => {}
            SelectionItem::Field(field) => keys.push(Name::new(field.selection_identifier())),
            SelectionItem::InlineFragment(fragment) => keys.extend(outputs(&fragment.selections, operation)),
            SelectionItem::FragmentSpread(name) => {
                let fragments = &operation.document.fragments;
                let fragment = fragments.iter().find(|fragment| fragment.name == *name);
                keys.extend(fragment.iter().flat_map(|fragment| outputs(&fragment.selection_set, operation)));
            }
        }
    }
    keys
}

fn steps(path: &FlattenNodePath) -> Vec<Step> {
    let step = |segment: &FlattenNodePathSegment| match segment {
        FlattenNodePathSegment::Field(name) => Step::Field(Name::new(name)),
        FlattenNodePathSegment::TypeCondition(names) => Step::Type(names.iter().cloned().collect()),
        FlattenNodePathSegment::List => Step::List,
    };
    path.as_slice().iter().map(step).collect()
}

fn requirements(set: &SelectionSet) -> Vec<Requirement> {
    let requirement = |item: &SelectionItem| match item {
        SelectionItem::Field(field) => Some(Requirement::Field {
            name: Name::new(&field.name),
            key: Name::new(field.selection_identifier()),
            selections: requirements(&field.selections),
        }),
        SelectionItem::InlineFragment(fragment) => Some(Requirement::Type {
            condition: fragment.type_condition.clone(),
            selections: requirements(&fragment.selections),
        }),
        SelectionItem::FragmentSpread(_) => None,
    };
    set.items.iter().filter_map(requirement).collect()
}

fn renames(list: Option<Vec<FetchRewrite>>) -> Result<Vec<Rename>, PlanError> {
    let rename = |rewrite| match rewrite {
        FetchRewrite::KeyRenamer(rename) => {
            let path = rename.path.into_iter().filter_map(|segment| match segment {
                FetchNodePathSegment::Key(name) => Some(Name::new(name)),
                FetchNodePathSegment::TypenameEquals(_) => None,
            });
            Ok(Rename { path: path.collect(), to: Name::new(rename.rename_key_to) })
        }
        FetchRewrite::ValueSetter(_) => {
            Err(PlanError::Failed("an unexpected change to an answer".to_owned()))
        }
    };
    list.into_iter().flatten().map(rename).collect()
}

fn retypes(list: Option<Vec<FetchRewrite>>) -> Result<Vec<Retype>, PlanError> {
    let retype = |rewrite| match rewrite {
        FetchRewrite::ValueSetter(setter) => match setter.path.as_slice() {
            [FetchNodePathSegment::TypenameEquals(from), FetchNodePathSegment::Key(key)]
                if key == "__typename" =>
            {
                Ok(Retype { from: from.iter().cloned().collect(), to: setter.set_value_to })
            }
            _ => Err(PlanError::Failed("an unexpected change to a representation".to_owned())),
        },
        FetchRewrite::KeyRenamer(_) => {
            Err(PlanError::Failed("an unexpected name in a representation".to_owned()))
        }
    };
    list.into_iter().flatten().map(retype).collect()
}
