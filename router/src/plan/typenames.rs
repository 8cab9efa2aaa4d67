//! Has every fetch say what its objects are, wherever the schema leaves that open.

use hive_router_query_planner::ast::operation::SubgraphFetchOperation;
use hive_router_query_planner::ast::selection_item::SelectionItem;
use hive_router_query_planner::ast::selection_set::{FieldSelection, SelectionSet};
use hive_router_query_planner::planner::plan_nodes::PlanNode;

use super::{FetchKind, Types};

/// Adds `__typename` to what a plan asks below fields that return interfaces and unions.
pub(super) fn ask(node: &mut PlanNode, types: &Types) {
    match node {
        PlanNode::Fetch(fetch) => ask_operation(&mut fetch.operation, types),
        PlanNode::BatchFetch(fetch) => ask_operation(&mut fetch.operation, types),
        PlanNode::Subscription(node) => ask_operation(&mut node.primary.operation, types),
        PlanNode::Flatten(node) => ask(&mut node.node, types),
        PlanNode::Sequence(node) => node.nodes.iter_mut().for_each(|node| ask(node, types)),
        PlanNode::Parallel(node) => node.nodes.iter_mut().for_each(|node| ask(node, types)),
        // Refused when the plan is converted.
        PlanNode::Condition(_) | PlanNode::Defer(_) => {}
    }
}

fn ask_operation(operation: &mut SubgraphFetchOperation, types: &Types) {
    let document = &mut operation.document;
    let kind = document.operation.operation_kind.as_ref().map_or(FetchKind::Query, FetchKind::from);
    let mut is_changed = ask_set(&mut document.operation.selection_set, types.root(kind), types);
    for fragment in &mut document.fragments {
        is_changed |= ask_set(&mut fragment.selection_set, &fragment.type_condition, types);
    }
    if is_changed {
        operation.document_str = document.to_string();
    }
}

/// Whether anything was added. `ty` is the type that the selection is on; any other name where it does not matter.
fn ask_set(set: &mut SelectionSet, ty: &str, types: &Types) -> bool {
    let mut is_changed = false;
    for item in &mut set.items {
        match item {
            SelectionItem::Field(field) if field.selections.items.is_empty() => {}
            SelectionItem::Field(field) => {
                let returned = types.returns(ty, &field.name).map(|returns| returns.name);
                let returned = returned.unwrap_or_default();
                if types.is_abstract(returned) && !says(&field.selections) {
                    field.selections.items.insert(0, SelectionItem::Field(FieldSelection::new_typename()));
                    is_changed = true;
                }
                is_changed |= ask_set(&mut field.selections, returned, types);
            }
            SelectionItem::InlineFragment(fragment) => {
                is_changed |= ask_set(&mut fragment.selections, &fragment.type_condition, types);
            }
            SelectionItem::FragmentSpread(_) => {}
        }
    }
    is_changed
}

/// Whether `__typename` is asked for.
fn says(set: &SelectionSet) -> bool {
    set.items.iter().any(|item| match item {
        SelectionItem::Field(field) => field.name == "__typename" && field.alias.is_none(),
        SelectionItem::InlineFragment(_) | SelectionItem::FragmentSpread(_) => false,
    })
}
