//! Own, team and all: every role, against every row of every noun that not everybody sees all of.
#![cfg(test)]

use std::collections::BTreeSet;

use async_graphql::parser::types::FieldDefinition;
use common::{Role, Scope};
use innoerp::modules;
use serde_json::{Value, json};
use service::Noun;
use sqlx::{AssertSqlSafe, PgPool};
use testing::{App, Client, Documents, Person, type_name};

/// Somebody, and the employee that they are.
struct Colleague {
    person: Person,
    role: Role,
    employee: String,
}

/// A line of three who report to each other, somebody beside it, and one of every other role.
struct Company {
    app: App,
    behind: PgPool,
    colleagues: Vec<Colleague>,
}

const ROLES: [Role; 10] = [
    Role::Owner,
    Role::Admin,
    Role::Hr,
    Role::Manager,
    Role::Accountant,
    Role::Sales,
    Role::Recruiter,
    Role::Member,
    Role::Client,
    Role::Supplier,
];

impl Company {
    /// Everybody asks for leave; the manager has the sales person under them, who has the member under them.
    async fn new() -> Self {
        let app = App::start(modules::all()).await;
        let behind = PgPool::connect(&app.admin_url).await.unwrap();
        let owner = Person::new(&[Role::Owner]);
        let hr = app.as_(&owner).on("employee");
        let leave = app.as_(&owner).on("leave");
        let leave_type = leave.create("leaveType", json!({ "name": "Annual", "code": "ANNUAL" })).await;
        let lines = json!([{ "leaveTypeId": leave_type, "daysPerYear": "25" }]);
        leave.create("leavePolicy", json!({ "name": "Standard", "isDefault": true, "lines": lines })).await;
        let mut colleagues: Vec<Colleague> = Vec::new();
        for role in ROLES {
            let person = if role == Role::Owner { owner.clone() } else { owner.colleague(&[role]) };
            app.join(&person).await;
            let of = |role| colleagues.iter().find(|one| one.role == role).map(|one| one.employee.clone());
            let manager = match role {
                Role::Sales => of(Role::Manager),
                Role::Member => of(Role::Sales),
                _ => None,
            };
            // Customers and vendors are members, and no employees.
            let is_staff = !matches!(role, Role::Client | Role::Supplier);
            let input = json!({ "firstName": "A", "lastName": role.as_str(), "joinedOn": "2026-01-01",
                "workEmail": format!("{}@example.com", role.as_str().to_lowercase()),
                "membershipId": is_staff.then_some(person.member().membership_id), "managerId": manager });
            let employee = hr.create("employee", input).await;
            colleagues.push(Colleague { person, role, employee });
        }
        app.settle().await;
        for colleague in &colleagues {
            let input = json!({ "employeeId": colleague.employee, "leaveTypeId": leave_type,
                "firstDay": "2026-03-09", "lastDay": "2026-03-10" });
            let document = "mutation($input: LeaveRequestSubmitInput!) { leaveRequestSubmit(input: $input) { userErrors { code } } }";
            leave.run_with(document, json!({ "input": input })).await.ok();
            let input = json!({ "employeeId": colleague.employee, "leaveTypeId": leave_type, "days": "1",
                "reason": "From before." });
            // Nobody enters what they are due themselves, where somebody else can.
            let office = &colleagues[usize::from(colleague.role == Role::Owner)].person;
            app.as_(office).on("leave").create("leaveAdjustment", input).await;
        }
        for colleague in &colleagues {
            Self::give_contact(&app, &owner, colleague).await;
        }
        let way = json!({ "name": "Sales", "currency": "EUR", "isDefault": true });
        app.as_(&owner).on("crm").create("pipeline", way).await;
        for colleague in &colleagues {
            Self::give_sales(&app, &behind, &owner, colleague).await;
        }
        app.settle().await;
        drop((hr, leave));
        Self { app, behind, colleagues }
    }

    /// A contact that is somebody's, and something that was said to it; nobody's as well, once.
    async fn give_contact(app: &App, owner: &Person, colleague: &Colleague) {
        let client = app.as_(owner).on("contact");
        let member = colleague.person.member().membership_id;
        let whose = match colleague.role {
            Role::Client | Role::Supplier => "membershipId",
            _ => "ownerId",
        };
        let input = json!({ "kind": "PERSON", "lastName": colleague.role.as_str(), whose: member });
        let id = client.create("contact", input).await;
        client.create("communication", json!({ "contactId": id, "kind": "CALL", "subject": "Hello" })).await;
        if colleague.role == Role::Owner {
            let id = client.create("contact", json!({ "kind": "PERSON", "lastName": "Nobody" })).await;
            client.update("contact", &id, json!({ "ownerId": null })).await.ok();
        }
    }

    /// A lead, a deal with a quote and something to do, and a target that are somebody's; nobody's lead as well, once.
    async fn give_sales(app: &App, behind: &PgPool, owner: &Person, colleague: &Colleague) {
        if matches!(colleague.role, Role::Client | Role::Supplier) {
            return;
        }
        let client = app.as_(owner).on("crm");
        let member = colleague.person.member().membership_id;
        let name = colleague.role.as_str();
        let lead = client.create("lead", json!({ "lastName": name })).await;
        let deal = client.create("deal", json!({ "title": name })).await;
        client.create("quote", json!({ "dealId": deal })).await;
        let activity = client.create("activity", json!({ "subject": name, "dealId": deal })).await;
        let days =
            json!({ "firstDay": "2026-01-01", "lastDay": "2026-12-31", "amount": "1", "currency": "EUR" });
        let target = client.create("salesTarget", days).await;
        // Behind: such things may be somebody's who sold once and may not see them any more.
        let mut giving = behind.begin().await.unwrap();
        let organization = owner.member().organization_id.to_string();
        let set = "select set_config('app.organization_id', $1, true)";
        sqlx::query(set).bind(organization).execute(&mut *giving).await.unwrap();
        for (table, column, id) in [
            ("lead", "owner_membership_id", &lead),
            ("deal", "owner_membership_id", &deal),
            ("activity", "assignee_membership_id", &activity),
            ("sales_target", "owner_membership_id", &target),
        ] {
            let sql = format!("update crm.{table} set {column} = $1 where id = $2::uuid");
            sqlx::query(AssertSqlSafe(sql)).bind(member.0).bind(id).execute(&mut *giving).await.unwrap();
        }
        giving.commit().await.unwrap();
        if colleague.role == Role::Owner {
            let id = client.create("lead", json!({ "lastName": "Nobody" })).await;
            client.update("lead", &id, json!({ "ownerId": null })).await.ok();
        }
        // Only some may convert a lead: the operation is theirs.
        let convert = "mutation($id: ID!) { leadConvert(id: $id, input: {}) { userErrors { code } } }";
        app.as_(&colleague.person).on("crm").run_with(convert, json!({ "id": lead })).await;
    }

    /// What is sold that a scope leaves to somebody: own, with a team's what is nobody's.
    async fn sales_rows(&self, noun: &Noun, colleague: &Colleague, scope: Option<Scope>) -> BTreeSet<String> {
        let owner = match noun.table {
            "crm.activity" => "t.assignee_membership_id",
            "crm.quote" => "(select d.owner_membership_id from crm.deal d where d.id = t.deal_id)",
            _ => "t.owner_membership_id",
        };
        let sql = format!("select t.id::text, {owner}::text from {} t", noun.table);
        let all: Vec<(String, Option<String>)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&self.behind).await.unwrap();
        let member = |one: &Colleague| one.person.member().membership_id.to_string();
        let below: &[Role] = match colleague.role {
            Role::Manager => &[Role::Sales, Role::Member],
            Role::Sales => &[Role::Member],
            _ => &[],
        };
        let below: Vec<String> =
            self.colleagues.iter().filter(|one| below.contains(&one.role)).map(member).collect();
        let me = member(colleague);
        let is_seen = |owner: &Option<String>| match scope {
            None => false,
            Some(Scope::All) => true,
            Some(scope) => {
                let is_teams = owner.as_ref().is_none_or(|owner| below.contains(owner));
                owner.as_ref() == Some(&me) || scope == Scope::Team && is_teams
            }
        };
        all.into_iter().filter(|(_, owner)| is_seen(owner)).map(|(id, _)| id).collect()
    }

    /// The contacts, or what belongs to them, that a scope leaves to somebody: own ones, with a team's those of nobody.
    async fn contact_rows(
        &self,
        noun: &Noun,
        colleague: &Colleague,
        scope: Option<Scope>,
    ) -> BTreeSet<String> {
        let contact = if noun.table == "contact.contact" { "t.id" } else { "t.contact_id" };
        let sql = format!(
            "select t.id::text, c.owner_membership_id::text, c.membership_id::text
             from {} t join contact.contact c on c.id = {contact}",
            noun.table
        );
        let all: Vec<(String, Option<String>, Option<String>)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&self.behind).await.unwrap();
        let member = |one: &Colleague| one.person.member().membership_id.to_string();
        let below: &[Role] = match colleague.role {
            Role::Manager => &[Role::Sales, Role::Member],
            Role::Sales => &[Role::Member],
            _ => &[],
        };
        let below: Vec<String> =
            self.colleagues.iter().filter(|one| below.contains(&one.role)).map(member).collect();
        let me = member(colleague);
        let is_seen = |owner: &Option<String>, itself: &Option<String>| match scope {
            None => false,
            Some(Scope::All) => true,
            Some(scope) => {
                let is_teams = owner.as_ref().is_none_or(|owner| below.contains(owner));
                owner.as_ref() == Some(&me)
                    || itself.as_ref() == Some(&me)
                    || (scope == Scope::Team && is_teams)
            }
        };
        all.into_iter().filter(|(_, owner, itself)| is_seen(owner, itself)).map(|(id, ..)| id).collect()
    }

    /// Every row of a noun.
    async fn all(&self, noun: &Noun) -> BTreeSet<String> {
        let sql = format!("select id::text from {}", noun.table);
        let all: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&self.behind).await.unwrap();
        assert!(!all.is_empty(), "nobody has any {}: make one for everybody in Company::new()", noun.name);
        all.into_iter().collect()
    }

    /// The rows of a noun that a scope leaves to somebody, by the column that says whose they are.
    async fn rows(&self, noun: &Noun, colleague: &Colleague, scope: Option<Scope>) -> BTreeSet<String> {
        if noun.table.starts_with("contact.") {
            return self.contact_rows(noun, colleague, scope).await;
        }
        if noun.table.starts_with("crm.") {
            return self.sales_rows(noun, colleague, scope).await;
        }
        if noun.table == "leave.policy" {
            // Everybody has the default one, and sees it as far as they see anybody who has it.
            let has_one = !matches!(colleague.role, Role::Client | Role::Supplier);
            let sees = scope == Some(Scope::All) || scope.is_some() && has_one;
            return if sees { self.all(noun).await } else { BTreeSet::new() };
        }
        let column = match noun.table {
            "notification.notification" => "recipient_membership_id",
            _ => "employee_id",
        };
        let sql = format!("select id::text, {column}::text from {}", noun.table);
        let all: Vec<(String, String)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&self.behind).await.unwrap();
        let membership = colleague.person.member().membership_id.to_string();
        let of = |role| self.colleagues.iter().find(|one| one.role == role).map(|one| one.employee.clone());
        let below: Vec<String> = match colleague.role {
            Role::Manager => [of(Role::Sales), of(Role::Member)].into_iter().flatten().collect(),
            Role::Sales => of(Role::Member).into_iter().collect(),
            _ => Vec::new(),
        };
        let is_seen = |whose: &String| match scope {
            None => false,
            // What a member was told is nobody else's, whatever their rights.
            Some(Scope::All) if column == "employee_id" => true,
            Some(scope) => {
                *whose == membership
                    || *whose == colleague.employee
                    || (scope == Scope::Team && below.contains(whose))
            }
        };
        // Whoever is to decide on something sees it as well, and the balance that it draws on.
        let column = if noun.table == "leave.adjustment" { "employee_id" } else { "subject_id" };
        let waiting: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "select a.{column}::text from approval.approval a join approval.assignee w on w.approval_id = a.id
             where w.membership_id = $1"
        )))
        .bind(colleague.person.member().membership_id)
        .fetch_all(&self.behind)
        .await
        .unwrap();
        let is_seen = |id: &String, whose: &String| {
            is_seen(whose) || (scope.is_some() && (waiting.contains(id) || waiting.contains(whose)))
        };
        all.into_iter().filter(|(id, whose)| is_seen(id, whose)).map(|(id, _)| id).collect()
    }
}

fn field<'s>(schema: &'s Documents, ty: &str, argument: &str) -> Option<&'s FieldDefinition> {
    schema.fields("Query").into_iter().find(|field| {
        type_name(&field.ty.node) == ty
            && field.arguments.iter().any(|known| known.node.name.node == argument)
    })
}

fn ids(nodes: &Value) -> BTreeSet<String> {
    let nodes = nodes.as_array().into_iter().flatten();
    nodes.filter_map(|node| node["id"].as_str()).map(str::to_owned).collect()
}

/// What somebody finds of a noun in its list, by ids and as entities; and how many its list says there are.
async fn found(
    client: &Client<'_>,
    schema: &Documents,
    noun: &Noun,
    all: &BTreeSet<String>,
) -> [BTreeSet<String>; 3] {
    let name = noun.graphql;
    let list = field(schema, &format!("{name}Connection"), "filter").unwrap().name.node.as_str();
    let by_id = field(schema, name, "id").unwrap().name.node.as_str();
    let page = client.run(&format!("{{ {list}(first: 100) {{ totalCount nodes {{ id }} }} }}")).await.0;
    let listed = ids(&page["data"][list]["nodes"]);
    let total = page["data"][list]["totalCount"].as_u64().unwrap_or_default();
    assert_eq!(total, listed.len() as u64, "{list}: totalCount");
    let mut one_by_one = BTreeSet::new();
    for id in all {
        let answer = client.run(&format!("{{ {by_id}(id: \"{id}\") {{ id }} }}")).await.0;
        one_by_one.extend(answer["data"][by_id]["id"].as_str().map(str::to_owned));
    }
    let representations: Vec<_> = all.iter().map(|id| json!({ "__typename": name, "id": id })).collect();
    let entities =
        format!("query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on {name} {{ id }} }} }}");
    let entities = client.run_with(&entities, json!({ "r": representations })).await.0;
    [listed, one_by_one, ids(&entities["data"]["_entities"])]
}

#[tokio::test]
async fn everybody_finds_the_rows_that_their_right_extends_to_in_every_way_and_no_others() {
    let company = Company::new().await;
    let mut nouns = 0;
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        for noun in module.nouns.iter().filter(|noun| field(&schema, noun.graphql, "id").is_some()) {
            let is_narrow = noun.read.grants.iter().any(|(_, scope)| *scope != Scope::All);
            if !is_narrow || noun.table.starts_with("approval.") {
                continue;
            }
            nouns += 1;
            let all = company.all(noun).await;
            for colleague in &company.colleagues {
                let roles = &colleague.person.member().roles;
                let expected = company.rows(noun, colleague, noun.read.scope(roles)).await;
                let client = company.app.as_(&colleague.person).on(module.id);
                for (way, found) in
                    ["list", "by id", "entity"].iter().zip(found(&client, &schema, noun, &all).await)
                {
                    assert_eq!(found, expected, "{}: {} by {way}", noun.name, colleague.role.as_str());
                }
            }
        }
    }
    assert!(nouns >= 2, "only {nouns} nouns");
}

#[tokio::test]
async fn nobody_acts_on_a_row_that_they_do_not_see_one_by_one_or_among_many() {
    let company = Company::new().await;
    let module = modules::all().into_iter().find(|module| module.id == "leave").unwrap();
    let request = module.nouns.iter().find(|noun| noun.graphql == "LeaveRequest").unwrap();
    let all = company.all(request).await;
    for colleague in &company.colleagues {
        let roles = &colleague.person.member().roles;
        let Some(scope) = request.read.scope(roles) else { continue };
        let seen = company.rows(request, colleague, Some(scope)).await;
        let client = company.app.as_(&colleague.person).on("leave");
        let hidden: Vec<&String> = all.difference(&seen).collect();
        for id in &hidden {
            for verb in ["Cancel", "Approve", "Reject"] {
                let answer = client.act("leaveRequest", verb, id).await;
                let refused = answer.codes() == ["NOT_FOUND"] || answer.codes() == ["FORBIDDEN"];
                assert!(refused, "{} {verb}s {id}: {answer:?}", colleague.role.as_str());
            }
        }
        let rows: Vec<_> = hidden.iter().map(|id| json!({ "id": id })).collect();
        let document = "mutation($rows: [LeaveRequestRow!]!) { leaveRequestRejectBulk(rows: $rows) {
            results { leaveRequest { id } userErrors { code } } userErrors { code } } }";
        let answer = client.run_with(document, json!({ "rows": rows })).await.0;
        for result in answer["data"]["leaveRequestRejectBulk"]["results"].as_array().into_iter().flatten() {
            assert_eq!(result, &json!({ "leaveRequest": null, "userErrors": [{ "code": "NOT_FOUND" }] }));
        }
    }
    let undecided: i64 = sqlx::query_scalar("select count(*) from leave.request where status = 'PENDING'")
        .fetch_one(&company.behind)
        .await
        .unwrap();
    assert_eq!(undecided, 10);
}
