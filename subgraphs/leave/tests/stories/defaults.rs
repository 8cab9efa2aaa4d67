//! Stories of the default policy: who has it, which one, and from when on.

use serde_json::json;
use uuid::Uuid;

use crate::office::{Office, day};

async fn make_default(office: &Office, policy: &str, from: Option<&str>) {
    let input = match from {
        Some(from) => json!({ "isDefault": true, "defaultFrom": from }),
        None => json!({ "isDefault": true }),
    };
    office.update_policy(policy, input).await.ok();
}

#[tokio::test]
async fn another_default_is_that_of_employments_that_begin_later_and_who_has_one_keeps_it() {
    let mut office = Office::new().await;
    let (p, p2) = (office.p().await, office.p2().await);
    make_default(&office, &p, Some("2020-01-01")).await;
    office.employee = Uuid::now_v7();
    office.hire("2026-01-01").await;
    make_default(&office, &p2, None).await;
    assert_eq!(office.balance("2026-11-29").await, "24");
    for (joined_on, balance) in [("2026-11-28", "24"), ("2026-11-29", "30")] {
        office.employee = Uuid::now_v7();
        office.hire(joined_on).await;
        // On 1 January 2027 all of it, and what moves on of 2026.
        let whole: i32 = office.balance("2027-12-31").await.parse().unwrap();
        assert_eq!(whole.to_string(), balance, "joined on {joined_on}");
    }
    let query = "{ leavePolicies { nodes { name isDefault defaultFrom } } }";
    let shown = office.hr().run(query).await.ok()["leavePolicies"]["nodes"].clone();
    let defaults: Vec<_> =
        shown.as_array().unwrap().iter().filter(|policy| policy["isDefault"] == true).collect();
    assert_eq!(defaults, [&json!({ "name": "P2", "isDefault": true, "defaultFrom": "2026-11-29" })]);
    let alone = office.update_policy(&p, json!({ "defaultFrom": "2026-01-01" })).await;
    assert_eq!(alone.refusals(), ["DEFAULT_FROM_ALONE"]);
}

#[tokio::test]
async fn the_default_yields_to_what_is_assigned_and_begins_with_the_leave_year_in_which_somebody_was_entered()
{
    let mut office = Office::new().await;
    let line = json!({ "leaveTypeId": office.company.annual, "daysPerYear": "24" });
    let april = json!({ "name": "April", "yearStartMonth": 4, "isDefault": true, "defaultFrom": "2020-01-01",
        "lines": [line] });
    office.hr().create("leavePolicy", april).await;
    office.employee = Uuid::now_v7();
    office.hire("2026-01-01").await;
    assert_eq!(office.balance("2026-11-29").await, "24");
    office.assign(&office.p().await, "2026-01-01").await;
    assert_eq!(office.balance("2026-11-29").await, "24", "one policy, and not both");
    let query = "query($id: ID!) { _entities(representations: [{ __typename: \"Employee\", id: $id }]) {
        ... on Employee { leavePolicyAssignments { id firstDay policy { name } } } } }";
    let shown = async |office: &Office| {
        let data = office.hr().run_with(query, json!({ "id": office.employee })).await.ok();
        data["_entities"][0]["leavePolicyAssignments"].as_array().unwrap().clone()
    };
    let own = shown(&office).await;
    assert_eq!((own.len(), &own[0]["policy"]["name"]), (1, &json!("P")));
    // What was assigned is taken back, and the default is there again.
    office.hr().act("leavePolicyAssignment", "Withdraw", own[0]["id"].as_str().unwrap()).await.ok();
    let by_default = shown(&office).await;
    assert_eq!((by_default.len(), &by_default[0]["policy"]["name"]), (1, &json!("April")));
    assert_eq!(by_default[0]["firstDay"], "2026-04-01");
    // Whatever the first day turns out to be, the default gives what it would have given.
    office.employee = Uuid::now_v7();
    office.hire("2026-07-01").await;
    assert_eq!(office.balance("2026-11-29").await, "18");
    office.correct(office.entry("2020-07-01")).await;
    assert_eq!(office.balance("2026-11-29").await, "24");
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn a_default_that_is_made_after_somebody_was_hired_is_theirs_and_the_ledger_has_it() {
    let mut office = Office::new().await;
    office.employee = Uuid::now_v7();
    office.hire("2026-01-01").await;
    make_default(&office, &office.p().await, Some("2026-01-01")).await;
    assert_eq!(office.balance("2026-11-29").await, "24");
    office.company.app.settle().await;
    let written: String = sqlx::query_scalar(
        "select sum(days)::text from leave.ledger_entry where employee_id = $1 and effective_on <= $2",
    )
    .bind(office.employee)
    .bind(day("2026-11-29"))
    .fetch_one(&sqlx::PgPool::connect(&office.company.app.admin_url).await.unwrap())
    .await
    .unwrap();
    assert_eq!(written, "24");
    let mine = office.me().run("{ leavePolicies { nodes { name } } }").await.ok();
    assert_eq!(mine["leavePolicies"]["nodes"], json!([{ "name": "P" }]), "and theirs to read");
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Entry {
    Hire,
    Default,
    NextDefault,
    Assign,
    FirstDay,
}

const ALL: [Entry; 5] = [Entry::Hire, Entry::Default, Entry::NextDefault, Entry::Assign, Entry::FirstDay];

/// All orders in which somebody is hired before anything else is said of them.
fn orders() -> Vec<Vec<Entry>> {
    let mut orders = vec![Vec::new()];
    for _ in ALL {
        let longer = |order: &Vec<Entry>| {
            let order = order.clone();
            let is_next = move |next: &Entry| {
                let needs_hire = matches!(next, Entry::Assign | Entry::FirstDay);
                !order.contains(next) && (!needs_hire || order.contains(&Entry::Hire))
            };
            ALL.into_iter().filter(is_next).collect::<Vec<_>>()
        };
        orders = orders
            .iter()
            .flat_map(|order| longer(order).into_iter().map(|next| [&order[..], &[next]].concat()))
            .collect();
    }
    orders
}

#[tokio::test]
async fn whatever_is_entered_first_the_same_facts_come_to_the_same_balances() {
    let mut office = Office::new().await;
    let (none, p, p2, monthly) = (
        office.policy("None", json!({ "daysPerYear": "0" })).await,
        office.p().await,
        office.p2().await,
        office.monthly().await,
    );
    /// What a member has on one day after another.
    type Balances = Vec<(String, String)>;
    let mut seen: Vec<(Vec<Entry>, Balances)> = Vec::new();
    for order in orders() {
        // Nothing is the default, of whatever day it was before.
        for from in ["2026-01-01", "2026-07-01"] {
            make_default(&office, &none, Some(from)).await;
        }
        office.employee = Uuid::now_v7();
        for entry in &order {
            match entry {
                Entry::Hire => office.hire("2026-03-01").await,
                Entry::Default => make_default(&office, &p, Some("2026-01-01")).await,
                Entry::NextDefault => make_default(&office, &p2, Some("2026-07-01")).await,
                Entry::Assign => office.assign(&monthly, "2026-10-01").await,
                Entry::FirstDay => office.correct(office.entry("2026-08-01")).await,
            }
        }
        let mut balances = Vec::new();
        for on in ["2026-07-31", "2026-09-30", "2026-11-29", "2027-01-01", "2027-08-01"] {
            balances.push(office.has(on).await);
        }
        seen.push((order, balances));
    }
    assert_eq!(seen.len(), 40);
    let (first_order, expected) = &seen[0];
    for (order, balances) in &seen {
        assert_eq!(balances, expected, "{order:?} and {first_order:?}");
    }
    // Two months of 30 days a year, and then two days a month.
    assert_eq!(expected[1].0, "5");
}
