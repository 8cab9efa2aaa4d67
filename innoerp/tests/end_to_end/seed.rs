//! The demo: what `innoerp seed` makes, as the people in it meet it.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};

use crate::TURN;
use crate::client::Client;
use crate::company::text;
use crate::system::{Mode, System};

/// The documents of the README's first question, in their order.
fn documents() -> Vec<&'static str> {
    let readme = include_str!("../../../README.md");
    readme.split("```graphql").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

async fn seed(system: &System) {
    let begun = Instant::now();
    let output = system.command(&["seed"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("seeding took {:?}", begun.elapsed());
}

/// Logs in; whoever belongs to several organizations, to the one with this name.
async fn log_in<'s>(system: &'s System, email: &str, organization: &str) -> Client<'s> {
    let log_in = "mutation($input: LogInInput!) { logIn(input: $input) {
        session { accessToken } organizations { id name } userErrors { message } } }";
    let mut input = json!({ "email": email, "password": innoerp::seed::PASSWORD });
    let mut data = Client::anonymous(system).run_with(log_in, json!({ "input": input })).await.ok();
    let organizations = data["logIn"]["organizations"].take();
    if let Some(named) = organizations.as_array().unwrap().iter().find(|each| each["name"] == organization) {
        input["organizationId"] = named["id"].clone();
        data = Client::anonymous(system).run_with(log_in, json!({ "input": input })).await.ok();
    }
    Client::with_token(system, &text(&data, "/logIn/session/accessToken"))
}

fn rows<'v>(data: &'v Value, pointer: &str) -> &'v [Value] {
    data.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no {pointer} in {data:#}"))
}

/// Notifications follow what was done: waits until there is an unread one of all that waits for a decision.
async fn everything_that_waits_is_told(client: &Client<'_>) {
    let question = "{ myApprovals(first: 100) { nodes { step } } notificationUnreadCount }";
    for _ in 0..200 {
        let data = client.run(question).await.ok();
        if data["notificationUnreadCount"].as_u64() >= Some(rows(&data, "/myApprovals/nodes").len() as u64) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("something waits of which nobody was told");
}

/// Everything that is the same in every demo that is made on one day.
async fn digest(system: &System) -> Vec<String> {
    let hr = log_in(system, "hr@alpine.example", "Alpine Works").await;
    everything_that_waits_is_told(&hr).await;
    let question = "query($after: String) {
        employees(first: 100, sort: NUMBER) { nodes { number name workEmail status joinedOn lastWorkingDay
            department { code } manager { name } location { name } workSchedule { name } holidayCalendar { name }
            leaveBalances { leaveType { code } balance planned pending } } }
        leaveTypes { nodes { code backdateDaysMax noticeDaysMin } }
        notificationUnreadCount notifications { totalCount }
        leaveRequests(first: 100, after: $after) { totalCount pageInfo { endCursor hasNextPage } nodes {
            employee { name } leaveType { code } firstDay lastDay days status reason decidedBy { displayName } } } }";
    let mut data = hr.run(question).await.ok();
    let mut lines = BTreeSet::new();
    while data["leaveRequests"]["pageInfo"]["hasNextPage"] == true {
        lines.extend(rows(&data, "/leaveRequests/nodes").iter().map(ToString::to_string));
        let after = data["leaveRequests"]["pageInfo"]["endCursor"].clone();
        data = hr.run_with(question, json!({ "after": after })).await.ok();
    }
    lines.extend(rows(&data, "/leaveRequests/nodes").iter().map(ToString::to_string));
    assert_eq!(Some(lines.len() as u64), data["leaveRequests"]["totalCount"].as_u64());
    let mut employees = data["employees"]["nodes"].take();
    for employee in employees.as_array_mut().unwrap() {
        // In the order of ids, which is not told.
        let balances = employee["leaveBalances"].as_array_mut().unwrap();
        balances.sort_by_key(ToString::to_string);
        lines.insert(employee.to_string());
    }
    lines.extend([data["leaveTypes"].to_string(), data["notificationUnreadCount"].to_string()]);
    lines.insert(data["notifications"].to_string());
    lines.into_iter().collect()
}

#[tokio::test]
async fn the_demo_is_whole_and_the_same_wherever_it_is_made() {
    let _turn = TURN.lock().await;
    let (one, other) = (System::start(Mode::OneProcess).await, System::start(Mode::OneProcess).await);
    seed(&one).await;
    its_readme_is_answered(&one).await;
    its_office_has_something_to_do(&one).await;
    its_owner_has_two_organizations(&one).await;
    let made = digest(&one).await;
    // Asked for once more, nothing is made.
    seed(&one).await;
    assert_eq!(digest(&one).await, made);
    seed(&other).await;
    assert_eq!(digest(&other).await, made);
}

#[tokio::test]
async fn a_demo_that_was_begun_is_not_begun_again() {
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    // The first thing that is done, and nothing after it.
    let sign_up = "mutation($input: SignUpInput!) { signUp(input: $input) { userErrors { message } } }";
    let input = json!({ "organizationName": "Alpine Works", "subdomain": "alpine", "ownerName": "Demo Owner",
        "email": "owner@alpine.example", "password": innoerp::seed::PASSWORD, "industryCode": "services" });
    Client::anonymous(&system).run_with(sign_up, json!({ "input": input })).await.ok();
    let output = system.command(&["seed"]).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains(innoerp::seed::INTERRUPTED), "{said}");
}

async fn its_readme_is_answered(system: &System) {
    let [log_in, question] = documents()[..] else { panic!("the README asks two things first") };
    let data = Client::anonymous(system).run(log_in).await.ok();
    let manager = Client::with_token(system, &text(&data, "/logIn/session/accessToken"));
    let data = manager.run(question).await.ok();
    assert_eq!(data["me"]["organization"]["name"], "Alpine Works");
    assert_eq!((&data["employees"]["totalCount"], rows(&data, "/employees/nodes").len()), (&json!(40), 20));
    for employee in rows(&data, "/employees/nodes") {
        assert!(employee["department"]["name"].is_string(), "{employee}");
        assert!(employee["manager"]["name"].is_string() || employee["name"] == "Demo Owner", "{employee}");
        assert!(employee["isOnLeave"].is_boolean(), "{employee}");
    }
    let reports = rows(&data, "/myEmployee/reports/nodes");
    assert!(reports.len() >= 5, "{reports:?}");
    for report in reports {
        let balances = rows(report, "/leaveBalances");
        let annual = balances.iter().find(|balance| balance["leaveType"]["name"] == "Annual leave");
        assert!(annual.is_some_and(|balance| balance["available"].is_string()), "{report}");
    }
    let waiting = rows(&data, "/myApprovals/nodes");
    assert!(waiting.len() >= 3 && waiting.iter().any(|approval| approval["stepCount"] == 2), "{waiting:?}");
    assert!(waiting.iter().all(|approval| approval["requester"]["displayName"].is_string()), "{waiting:?}");
    let told = &data["notifications"]["nodes"][0];
    assert!(told["actor"]["displayName"].is_string() && told["link"]["id"].is_string(), "{told}");
    let counts = "{ notificationUnreadCount notifications { totalCount } }";
    let data = manager.run(counts).await.ok();
    let (unread, all) = (&data["notificationUnreadCount"], &data["notifications"]["totalCount"]);
    assert!(unread.as_u64() == Some(waiting.len() as u64) && unread.as_u64() < all.as_u64(), "{data}");
}

async fn its_office_has_something_to_do(system: &System) {
    let hr = log_in(system, "hr@alpine.example", "Alpine Works").await;
    let question = "{
        myApprovals { nodes { step stepCount } }
        approvalRules { nodes { name steps { position } } }
        delegations { nodes { from { displayName } to { displayName } } }
        departments { nodes { name head { name } parent { name } } }
        workLocations { nodes { timeZone holidayCalendar { name } } }
        gone: employees(filter: { status: TERMINATED }) { nodes { lastWorkingDay } }
        here: employees(filter: { status: ACTIVE }, first: 100) { nodes { lastWorkingDay } }
        leavePolicies { nodes { isDefault lines { accrual carryForwardDaysMax } } }
        leaveRequests(first: 100) { nodes { status firstDay leaveType { code } } } }";
    let data = hr.run(question).await.ok();
    let waiting = rows(&data, "/myApprovals/nodes");
    assert!(waiting.len() >= 2 && waiting.iter().any(|approval| approval["step"] == 2), "{waiting:?}");
    assert_eq!(data["approvalRules"]["nodes"][0]["steps"].as_array().map(Vec::len), Some(2));
    assert_eq!(rows(&data, "/delegations/nodes").len(), 1);
    let departments = rows(&data, "/departments/nodes");
    assert!(departments.iter().all(|department| department["head"]["name"].is_string()), "{departments:?}");
    assert_eq!(departments.iter().filter(|department| department["parent"].is_null()).count(), 1);
    let zones: BTreeSet<_> =
        rows(&data, "/workLocations/nodes").iter().map(|each| each["timeZone"].to_string()).collect();
    assert_eq!(zones.len(), 3);
    assert_eq!(rows(&data, "/gone/nodes").len(), 2);
    let here = rows(&data, "/here/nodes");
    let in_notice = here.iter().filter(|employee| !employee["lastWorkingDay"].is_null()).count();
    assert_eq!(in_notice, 1, "until the last day is over somebody works here");
    let policies = rows(&data, "/leavePolicies/nodes");
    assert_eq!(policies.iter().filter(|policy| policy["isDefault"] == true).count(), 1);
    let requests = rows(&data, "/leaveRequests/nodes");
    for status in ["APPROVED", "REJECTED", "CANCELLED", "PENDING"] {
        assert!(requests.iter().any(|request| request["status"] == status), "none is {status}");
    }
}

async fn its_owner_has_two_organizations(system: &System) {
    let owner = log_in(system, "owner@alpine.example", "Alpine Works").await;
    let question = "{ me { organizations { name } } invitations(filter: { status: PENDING }) { totalCount }
        members(filter: { status: SUSPENDED }) { totalCount }
        contacts { totalCount } segments { nodes { count } } products { totalCount } catalog { totalCount }
        stockLevels { totalCount } reorderSuggestions { quantity } deals { totalCount } leads { totalCount }
        quotes { nodes { status } } operations { nodes { state } } }";
    let data = owner.run(question).await.ok();
    assert_eq!(
        data["me"]["organizations"],
        json!([{ "name": "Alpine Works" }, { "name": "Harbour Trading" }])
    );
    assert_eq!((&data["invitations"]["totalCount"], &data["members"]["totalCount"]), (&json!(3), &json!(1)));
    assert_eq!(data["contacts"]["totalCount"], 25);
    assert!(data["segments"]["nodes"][0]["count"].as_u64() > Some(5), "{data}");
    assert_eq!((&data["products"]["totalCount"], &data["catalog"]["totalCount"]), (&json!(12), &json!(9)));
    assert_eq!(data["stockLevels"]["totalCount"], 8);
    assert_eq!(rows(&data, "/reorderSuggestions").len(), 1, "one thing runs low");
    assert_eq!((&data["deals"]["totalCount"], &data["leads"]["totalCount"]), (&json!(8), &json!(5)));
    assert_eq!(data["quotes"]["nodes"], json!([{ "status": "SENT" }]));
    assert_eq!(data["operations"]["nodes"], json!([{ "state": "DONE" }]));
    let owner = log_in(system, "owner@alpine.example", "Harbour Trading").await;
    let question = "{ employees { totalCount nodes { name leaveBalances { available } } }
        myApprovals { totalCount } leaveRequests { totalCount } }";
    let data = owner.run(question).await.ok();
    assert_eq!(
        (&data["employees"]["totalCount"], &data["leaveRequests"]["totalCount"]),
        (&json!(7), &json!(3))
    );
    assert!(rows(&data, "/employees/nodes").iter().all(|each| !rows(each, "/leaveBalances").is_empty()));
}
