//! What a field costs stands in its schema, and what screens ask is far from what is refused.

use async_graphql::Positioned;
use async_graphql::parser::types::{ConstDirective, TypeKind};
use innoerp::{catalogue, modules};
use testing::Documents;

/// What lists and look-ups by id are asked with: what they cost follows from how much is asked for.
const USUAL_ARGUMENTS: [&str; 5] = ["first", "after", "filter", "sort", "id"];
/// What every noun has that takes more than reading its row.
const WORK: [&str; 3] = ["history", "totalCount", "viewerPermissions"];
/// Of the 5,000 that are allowed by default.
const ROOM: usize = 3_000;

fn says_its_cost(directives: &[Positioned<ConstDirective>]) -> bool {
    directives.iter().any(|directive| directive.node.name.node == "cost")
}

#[test]
fn what_takes_more_than_reading_a_row_says_what_it_costs() {
    let (mut silent, mut count) = (Vec::new(), 0);
    for module in modules::all() {
        let documents = Documents::new(&(module.sdl)());
        for (ty, definition) in documents.types() {
            if let TypeKind::InputObject(input) = &definition.kind {
                let searches = input.fields.iter().filter(|field| field.node.name.node == "search");
                silent.extend(
                    searches
                        .filter(|field| !says_its_cost(&field.node.directives))
                        .map(|_| format!("{}: {ty}.search", module.id)),
                );
            }
            for field in documents.fields(ty).into_iter().filter(|_| ty != "Mutation" && ty != "Subscription")
            {
                let name = field.name.node.as_str();
                let is_usual = |name: &str| ty == "Query" && USUAL_ARGUMENTS.contains(&name);
                let mut arguments = field.arguments.iter().map(|argument| argument.node.name.node.as_str());
                if WORK.contains(&name) || arguments.any(|argument| !is_usual(argument)) {
                    count += 1;
                    if !says_its_cost(&field.directives) {
                        silent.push(format!("{}: {ty}.{name}", module.id));
                    }
                }
            }
        }
    }
    assert!(silent.is_empty(), "these want `#[graphql(directive = cost::apply(…))]`: {silent:#?}");
    assert!(count > 60, "only {count} fields were looked at");
}

#[test]
fn what_screens_ask_is_far_from_what_is_refused() {
    let ids: Vec<_> = modules::all().iter().map(|module| module.id).collect();
    let supergraph = catalogue::compose(&ids).unwrap();
    for document in [
        "query($filter: EmployeeFilter) { employees(first: 20, filter: $filter) { totalCount nodes { id name
            department { name } manager { name } isOnLeave viewerPermissions
            leaveBalances { leaveType { name } balance available } } pageInfo { hasNextPage endCursor } } }",
        "query($first: Int, $after: String) { employees(first: $first, after: $after) { totalCount nodes { id name
            department { name } manager { name } location { name } isOnLeave } } }",
        "{ leaveRequests(first: 100) { totalCount nodes { id firstDay lastDay days status employee { id name }
            leaveType { id name } waitsFor { displayName } viewerPermissions } } }",
        "query($id: ID!) { employee(id: $id) { name department { name } manager { name } workSchedule { name }
            holidayCalendar { name } customFields { key value } attachments { name } viewerPermissions
            reports(first: 50) { nodes { name } } leaveBalances { leaveType { name } balance }
            leaveRequests(first: 50) { nodes { firstDay lastDay status leaveType { name } } }
            history(first: 50) { nodes { at changes { field before after } } } } }",
        "query($input: LeaveRequestSubmitInput!) { leaveRequestPreview(input: $input) { preview { days balanceAfter
            conflicts { employee { name } } dayBreakdown { day } } userErrors { message } } }",
        "{ me { membership { permissions } organization { modules { id } } } notificationUnreadCount
            myApprovals(first: 20) { nodes { requester { displayName } step } }
            notifications(first: 20) { totalCount nodes { id } } }",
    ] {
        let cost = supergraph.cost(document).unwrap_or_else(|errors| panic!("{document}: {errors:?}"));
        assert!((1..=ROOM).contains(&cost), "costs {cost}: {document}");
    }
}

#[test]
fn what_is_asked_of_many_by_many_names_is_refused() {
    let ids: Vec<_> = modules::all().iter().map(|module| module.id).collect();
    let supergraph = catalogue::compose(&ids).unwrap();
    let of_each = |field: &str| {
        let names: String = (0..29).map(|name| format!("a{name}: {field} ")).collect();
        format!("{{ employees(first: 100) {{ nodes {{ {names} }} }} }}")
    };
    for document in [
        of_each("isOnLeave(on: \"2026-03-09\")"),
        of_each("leaveBalances { balance }"),
        of_each("history(first: 1) { nodes { at } }"),
    ] {
        let cost = supergraph.cost(&document).unwrap();
        assert!(cost > 5_000, "costs {cost}: {document}");
    }
}

/// What a list or an export says of its `first`: "The number of rows, 1 to 5000."
fn most_of(said: &str) -> Option<usize> {
    let (_, most) = said.split_once("1 to ")?;
    most.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[test]
fn each_list_and_each_export_may_be_asked_for_as_many_as_it_says() {
    let ids: Vec<_> = modules::all().iter().map(|module| module.id).collect();
    let supergraph = catalogue::compose(&ids).unwrap();
    let (mut refused, mut count) = (Vec::new(), 0);
    for module in modules::all() {
        let documents = Documents::new(&(module.sdl)());
        for field in documents.fields("Query") {
            let name = field.name.node.as_str();
            let Some(first) = field.arguments.iter().find(|argument| argument.node.name.node == "first")
            else {
                continue;
            };
            let said = first.node.description.as_ref().map_or("", |said| said.node.as_str());
            let most =
                most_of(said).unwrap_or_else(|| panic!("{name}(first:) does not say how many: {said}"));
            for document in [
                format!("{{ {name}(first: {most}) {{ __typename }} }}"),
                format!("query($first: Int) {{ {name}(first: $first) {{ __typename }} }}"),
                format!("{{ {name} {{ __typename }} }}"),
            ] {
                count += 1;
                let cost = supergraph.cost(&document).unwrap();
                if cost > 5_000 {
                    refused.push(format!("costs {cost}: {document}"));
                }
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(count > 100, "only {count} were looked at");
}
