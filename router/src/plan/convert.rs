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
    Change, Entities, Fetch, FetchKind, Plan, PlanError, Planned, Requirement, Rewrite, RewriteStep, Step,
};

pub(super) fn plan(node: PlanNode) -> Result<Planned, PlanError> {
    let mut primary = None;
    let rest = convert(node, &mut primary)?;
    Ok(Planned { primary, rest })
}

fn convert(node: PlanNode, primary: &mut Option<Box<Fetch>>) -> Result<Plan, PlanError> {
    Ok(match node {
        PlanNode::Fetch(node) => Plan::Fetch(Box::new(root(node))),
        PlanNode::BatchFetch(node) => Plan::Fetch(Box::new(batch(node))),
        PlanNode::Flatten(node) => flatten(&node.path, *node.node)?,
        PlanNode::Sequence(node) => Plan::Sequence(all(node.nodes, primary)?),
        PlanNode::Parallel(node) => Plan::Parallel(all(node.nodes, primary)?),
        PlanNode::Condition(node) => {
            let mut branch = |clause: Option<Box<PlanNode>>| {
                clause.map(|node| convert(*node, primary).map(Box::new)).transpose()
            };
            Plan::Condition {
                variable: node.condition,
                then: branch(node.if_clause)?,
                otherwise: branch(node.else_clause)?,
            }
        }
        PlanNode::Subscription(node) => {
            *primary = Some(Box::new(root(node.primary)));
            Plan::Nothing
        }
        PlanNode::Defer(_) => return Err(PlanError::Failed("a deferred fetch".to_owned())),
    })
}

fn all(nodes: Vec<PlanNode>, primary: &mut Option<Box<Fetch>>) -> Result<Vec<Plan>, PlanError> {
    nodes.into_iter().map(|node| convert(node, primary)).collect()
}

fn flatten(path: &FlattenNodePath, node: PlanNode) -> Result<Plan, PlanError> {
    Ok(match node {
        PlanNode::Fetch(node) => Plan::Fetch(Box::new(entity(path, node))),
        PlanNode::Condition(node) => {
            let branch = |clause: Option<Box<PlanNode>>| {
                clause.map(|node| flatten(path, *node).map(Box::new)).transpose()
            };
            Plan::Condition {
                variable: node.condition,
                then: branch(node.if_clause)?,
                otherwise: branch(node.else_clause)?,
            }
        }
        PlanNode::Sequence(node) => Plan::Sequence(flatten_all(path, node.nodes)?),
        PlanNode::Parallel(node) => Plan::Parallel(flatten_all(path, node.nodes)?),
        _ => return Err(PlanError::Failed("an unexpected node below a path".to_owned())),
    })
}

fn flatten_all(path: &FlattenNodePath, nodes: Vec<PlanNode>) -> Result<Vec<Plan>, PlanError> {
    nodes.into_iter().map(|node| flatten(path, node)).collect()
}

fn root(node: FetchNode) -> Fetch {
    let kind = match node.operation_kind {
        None | Some(OperationKind::Query) => FetchKind::Query,
        Some(OperationKind::Mutation) => FetchKind::Mutation,
        Some(OperationKind::Subscription) => FetchKind::Subscription,
    };
    let outputs = outputs(&node.operation.document.operation.selection_set, &node.operation);
    Fetch {
        subgraph: node.service_name,
        kind,
        variables: names(node.variable_usages),
        outputs,
        text: node.operation.document_str,
        document: OnceLock::new(),
        entities: Vec::new(),
        output_rewrites: rewrites(node.output_rewrites),
    }
}

fn entity(path: &FlattenNodePath, node: FetchNode) -> Fetch {
    let Some(required) = node.requires else {
        // Root fields that are asked for again further down; the answer is the same object.
        return root(node);
    };
    let entities = Entities {
        key: Name::new("_entities"),
        variable: Name::new("representations"),
        paths: vec![steps(path)],
        requires: requirements(&required),
        input_rewrites: rewrites(node.input_rewrites),
        output_rewrites: rewrites(node.output_rewrites),
    };
    Fetch {
        subgraph: node.service_name,
        kind: FetchKind::Query,
        variables: names(node.variable_usages),
        outputs: entity_outputs(&node.operation),
        text: node.operation.document_str,
        document: OnceLock::new(),
        entities: vec![entities],
        output_rewrites: Vec::new(),
    }
}

fn batch(node: BatchFetchNode) -> Fetch {
    let entities = node.entity_batch.aliases.into_iter().map(|alias| {
        let mut paths: Vec<_> = alias.merge_paths.iter().map(steps).collect();
        // The library's order differs from run to run.
        paths.sort();
        Entities {
            key: Name::new(alias.alias),
            variable: Name::new(alias.representations_variable_name),
            paths,
            requires: requirements(&alias.requires),
            input_rewrites: rewrites(alias.input_rewrites),
            output_rewrites: rewrites(alias.output_rewrites),
        }
    });
    let entities: Vec<Entities> = entities.collect();
    let representations = |name: &Name| entities.iter().any(|entities| entities.variable == *name);
    let mut variables = names(node.variable_usages);
    variables.retain(|name| !representations(name));
    Fetch {
        subgraph: node.service_name,
        kind: FetchKind::Query,
        variables,
        outputs: entity_outputs(&node.operation),
        text: node.operation.document_str,
        document: OnceLock::new(),
        entities,
        output_rewrites: Vec::new(),
    }
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

fn rewrites(list: Option<Vec<FetchRewrite>>) -> Vec<Rewrite> {
    let steps = |path: Vec<FetchNodePathSegment>| {
        let step = |segment| match segment {
            FetchNodePathSegment::Key(name) => RewriteStep::Key(Name::new(name)),
            FetchNodePathSegment::TypenameEquals(names) => RewriteStep::Type(names.into_iter().collect()),
        };
        path.into_iter().map(step).collect()
    };
    let rewrite = |rewrite| match rewrite {
        FetchRewrite::ValueSetter(setter) => {
            Rewrite { path: steps(setter.path), change: Change::Set(setter.set_value_to) }
        }
        FetchRewrite::KeyRenamer(renamer) => {
            Rewrite { path: steps(renamer.path), change: Change::Rename(Name::new(renamer.rename_key_to)) }
        }
    };
    list.into_iter().flatten().map(rewrite).collect()
}
