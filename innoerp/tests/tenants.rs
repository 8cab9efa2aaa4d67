//! Two tenants: whatever one tries with the other's ids, it learns nothing and changes nothing.
#![cfg(test)]

#[path = "tenants/inputs.rs"]
mod inputs;

use innoerp::modules;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use testing::{App, Documents, Person};
use uuid::Uuid;

/// Two organizations in one system; the victim has something of everything.
struct Tenants {
    app: App,
    victim: Person,
    attacker: Person,
    behind: PgPool,
}

impl Tenants {
    async fn new() -> Self {
        let app = App::start(modules::all()).await;
        let behind = PgPool::connect(&app.admin_url).await.unwrap();
        let victim = sign_up(&app, "victim").await;
        let attacker = sign_up(&app, "attacker").await;
        let tenants = Self { app, victim, attacker, behind };
        tenants.furnish().await;
        tenants
    }

    /// Gives the victim something of everything.
    async fn furnish(&self) {
        let calendar = json!({ "name": "Holidays", "isDefault": true, "holidays": [{ "date": "2026-05-01", "name": "May Day", "isHalfDay": false }] });
        let calendar = self.create("employee", "holidayCalendar", calendar).await;
        let schedule = json!({ "name": "Week", "dayFractions": ["1", "1", "1", "1", "1", "0", "0"], "hoursPerWeek": "40" });
        let schedule = self.create("employee", "workSchedule", schedule).await;
        let location =
            json!({ "name": "Office", "timeZone": "Europe/Vienna", "holidayCalendarId": calendar });
        let location = self.create("employee", "workLocation", location).await;
        let department =
            self.create("employee", "department", json!({ "name": "Engineering", "code": "ENG" })).await;
        let employee = json!({ "firstName": "A", "lastName": "B", "workEmail": "a@victim.example", "joinedOn": "2026-01-01",
            "departmentId": department, "workLocationId": location, "workScheduleId": schedule,
            "membershipId": self.victim.member().membership_id });
        self.create("employee", "employee", employee).await;
        let leaver = json!({ "firstName": "L", "lastName": "M", "workEmail": "l@victim.example", "joinedOn": "2026-01-01" });
        let leaver = self.create("employee", "employee", leaver).await;
        let gone = r#"mutation($id: ID!) { employeeTerminate(id: $id, input: { lastWorkingDay: "2026-02-01", terminationType: RESIGNATION }) { userErrors { code } } }"#;
        self.app.as_(&self.victim).on("employee").run_with(gone, json!({ "id": leaver })).await.ok();
        let leave_type =
            self.create("leave", "leaveType", json!({ "name": "Annual", "code": "ANNUAL" })).await;
        let lines = json!([{ "leaveTypeId": leave_type, "daysPerYear": "25" }]);
        self.create("leave", "leavePolicy", json!({ "name": "Standard", "isDefault": true, "lines": lines }))
            .await;
        self.app.settle().await;
        let colleague =
            r#"mutation { memberInvite(input: { email: "c@victim.example", roles: [HR] }) { token } }"#;
        let invited = self.app.as_(&self.victim).on("user").run(colleague).await.ok();
        let accept = "mutation($input: InvitationAcceptInput!) { invitationAccept(input: $input) { session { accessToken } } }";
        let input = json!({ "token": invited["memberInvite"]["token"], "displayName": "C", "password": "correct horse battery" });
        let joined = self.app.as_nobody().on("auth").run_with(accept, json!({ "input": input })).await.ok();
        let colleague =
            Person::of_token(joined["invitationAccept"]["session"]["accessToken"].as_str().unwrap());
        let employee = json!({ "firstName": "C", "lastName": "D", "workEmail": "c@victim.example", "joinedOn": "2026-01-01",
            "membershipId": colleague.member().membership_id });
        let employee = self.create("employee", "employee", employee).await;
        self.app.settle().await;
        let adjustment =
            json!({ "employeeId": employee, "leaveTypeId": leave_type, "days": "1", "reason": "Before." });
        self.create("leave", "leaveAdjustment", adjustment).await;
        let ask = format!(
            r#"mutation {{ leaveRequestSubmit(input: {{ leaveTypeId: "{leave_type}", firstDay: "2026-03-09", lastDay: "2026-03-13" }}) {{ userErrors {{ code }} }} }}"#
        );
        self.app.as_(&colleague).on("leave").run(&ask).await.ok();
        let field = json!({ "noun": "Employee", "key": "shirt", "label": "Shirt", "kind": "TEXT" });
        self.create("tenant", "customField", field).await;
        let field = json!({ "noun": "Contact", "key": "shirt", "label": "Shirt", "kind": "TEXT" });
        self.create("tenant", "customField", field).await;
        let field = json!({ "noun": "Product", "key": "shirt", "label": "Shirt", "kind": "TEXT" });
        self.create("tenant", "customField", field).await;
        for noun in ["Lead", "Deal"] {
            let field = json!({ "noun": noun, "key": "shirt", "label": "Shirt", "kind": "TEXT" });
            self.create("tenant", "customField", field).await;
        }
        self.furnish_contacts().await;
        self.furnish_products().await;
        self.furnish_sales().await;
        let view = json!({ "noun": "Employee", "name": "Joined lately", "settings": {} });
        self.create("tenant", "savedView", view).await;
        let steps = json!([{ "who": "ROLE", "role": "HR" }]);
        let rule = json!({ "kind": "leave.request", "name": "Long leave", "priority": 100, "amountMin": "10", "steps": steps });
        self.create("user", "approvalRule", rule).await;
        let delegation = json!({ "toId": colleague.member().membership_id, "firstDay": "2026-03-02", "lastDay": "2026-03-31" });
        self.create("user", "delegation", delegation).await;
        let invite = r#"mutation { memberInvite(input: { email: "b@victim.example", roles: [MEMBER] }) { userErrors { code } } }"#;
        self.app.as_(&self.victim).on("user").run(invite).await.ok();
        self.app.settle().await;
    }

    /// Contacts that are two, two that are one, and what is said of them.
    async fn furnish_contacts(&self) {
        let client = self.app.as_(&self.victim).on("contact");
        let mut ids = Vec::new();
        for name in ["A", "B", "C"] {
            let input = json!({ "kind": "PERSON", "lastName": name, "externalIds": [{ "system": "shop", "value": name }] });
            ids.push(self.create("contact", "contact", input).await);
        }
        let talk = json!({ "contactId": ids[0], "kind": "CALL", "subject": "Hello" });
        self.create("contact", "communication", talk).await;
        self.create("contact", "segment", json!({ "name": "Fair", "kind": "STATIC" })).await;
        let relate = r#"mutation($a: ID!, $b: ID!, $c: ID!) {
            contactRelationAdd(input: { fromContactId: $b, toContactId: $c, kind: SPOUSE }) { userErrors { code } }
            contactConsentRecord(input: { contactId: $a, channel: EMAIL, purpose: "news", isGranted: true, source: "form" }) { userErrors { code } }
            contactMerge(input: { winnerId: $b, loserId: $a }) { userErrors { code } } }"#;
        client.run_with(relate, json!({ "a": ids[0], "b": ids[1], "c": ids[2] })).await.ok();
        client.run("{ contactsExport { count } }").await.ok();
    }

    /// Products, what they cost whom, and what is in stock. The latest product is one of which something may be moved.
    async fn furnish_products(&self) {
        let client = self.app.as_(&self.victim).on("products");
        let unit = self.create("products", "unitOfMeasure", json!({ "code": "PCS", "name": "Piece" })).await;
        let category = self.create("products", "productCategory", json!({ "name": "Tools" })).await;
        let size = json!({ "name": "Size", "choices": ["S", "L"] });
        let size = self.create("products", "productAttribute", size).await;
        let shirt = json!({ "kind": "GOOD", "name": "Shirt", "unitId": unit, "categoryId": category, "attributeIds": [size] });
        let shirt = self.create("products", "product", shirt).await;
        let variant = json!({ "productId": shirt, "options": [{ "attributeId": size, "choice": "S" }] });
        let variant = self.create("products", "productVariant", variant).await;
        let bundle = json!({ "kind": "BUNDLE", "name": "Kit", "unitId": unit,
            "bundleItems": [{ "productId": shirt, "variantId": variant, "quantity": "1" }] });
        self.create("products", "product", bundle).await;
        let saw = json!({ "kind": "GOOD", "name": "Saw", "unitId": unit, "isPublic": true });
        let saw = self.create("products", "product", saw).await;
        client.act("product", "Activate", &saw).await.ok();
        let customers: Vec<Uuid> =
            sqlx::query_scalar("select id from contact.contact where organization_id = $1")
                .bind(self.victim.member().organization_id)
                .fetch_all(&self.behind)
                .await
                .unwrap();
        let list = json!({ "code": "OWN", "name": "Own", "currency": "EUR", "audience": "CUSTOMER", "customerIds": customers });
        let list = self.create("products", "priceList", list).await;
        self.create("products", "price", json!({ "priceListId": list, "productId": saw, "amount": "1" }))
            .await;
        self.create("products", "discountRule", json!({ "name": "Spring", "percent": "5" })).await;
        let rate = json!({ "name": "Advice", "role": "Senior", "currency": "EUR", "amount": "1" });
        self.create("products", "serviceRate", rate).await;
        let place = json!({ "code": "MAIN", "name": "Main", "currency": "EUR" });
        let place = self.create("products", "warehouse", place).await;
        let there = json!({ "warehouseId": place, "productId": saw, "quantity": "5" });
        let mut came = there.clone();
        came["unitCost"] = json!("1");
        client.mutate("stockMoveReceive", "stockMove", json!({ "input": came })).await.ok();
        self.create("products", "stockReservation", there).await;
        let lines = json!([{ "productId": saw, "counted": "5" }]);
        self.create("products", "stockCount", json!({ "warehouseId": place, "lines": lines })).await;
        let rule =
            json!({ "warehouseId": place, "productId": saw, "minQuantity": "1", "targetQuantity": "9" });
        self.create("products", "reorderRule", rule).await;
        self.create("products", "catalogLink", json!({ "name": "Website" })).await;
    }

    /// What is sold, to whom. The latest lead and deal are open, the latest quote is a draft.
    async fn furnish_sales(&self) {
        let client = self.app.as_(&self.victim).on("crm");
        let way = json!({ "name": "Sales", "currency": "EUR", "isDefault": true });
        self.create("crm", "pipeline", way).await;
        self.create("crm", "lostReason", json!({ "name": "Too dear" })).await;
        let source = self.create("crm", "leadSource", json!({ "name": "Fair" })).await;
        let campaign = self.create("crm", "campaign", json!({ "name": "Spring", "currency": "EUR" })).await;
        let member = self.victim.member().membership_id;
        self.create("crm", "assignmentRule", json!({ "name": "All", "memberIds": [member] })).await;
        let form = json!({ "name": "Contact us", "sourceId": source, "campaignId": campaign });
        self.create("crm", "webForm", form).await;
        let days =
            json!({ "firstDay": "2026-01-01", "lastDay": "2026-12-31", "amount": "1", "currency": "EUR" });
        self.create("crm", "salesTarget", days).await;
        let lead = self.create("crm", "lead", json!({ "lastName": "Converted", "companyName": "Ltd" })).await;
        let convert = "mutation($id: ID!) { leadConvert(id: $id, input: {}) { userErrors { code } } }";
        client.run_with(convert, json!({ "id": lead })).await.ok();
        let any_of = async |table: &'static str| -> Uuid {
            let sql = format!("select id from {table} and organization_id = $1 limit 1");
            let organization = self.victim.member().organization_id;
            let any = sqlx::query_scalar(AssertSqlSafe(sql)).bind(organization);
            any.fetch_one(&self.behind).await.unwrap()
        };
        let contact = any_of("contact.contact where merged_into_id is null").await;
        let product = any_of("products.product where kind = 'GOOD'").await;
        self.create("crm", "lead", json!({ "lastName": "Open" })).await;
        let lines =
            json!([{ "productId": product, "description": "Saw", "quantity": "1", "unitPrice": "1" }]);
        let deal = json!({ "title": "Saws", "lines": lines, "contacts": [{ "contactId": contact }] });
        let deal = self.create("crm", "deal", deal).await;
        self.create("crm", "activity", json!({ "subject": "Call", "dealId": deal })).await;
        self.create("crm", "quote", json!({ "dealId": deal })).await;
    }

    async fn create(&self, module: &'static str, noun: &str, input: Value) -> String {
        let mut name = noun.to_owned();
        name[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {name}CreateInput!) {{ {noun}Create(input: $input) {{ {noun} {{ id }} userErrors {{ field code message }} }} }}"
        );
        let client = self.app.as_(&self.victim).on(module);
        let data = client.run_with(&query, json!({ "input": input })).await.ok();
        data[format!("{noun}Create")][noun]["id"].as_str().unwrap().to_owned()
    }

    /// Every table of every module that holds a tenant's rows.
    async fn tables(&self) -> Vec<String> {
        let modules = modules::all();
        let shared = ["people", "common", "approval"];
        let schemas: Vec<_> = modules.iter().map(|module| module.id).chain(shared).collect();
        sqlx::query_scalar(
            "select format('%I.%I', table_schema, table_name) from information_schema.columns
             where table_schema = any($1) and column_name = 'organization_id' order by 1",
        )
        .bind(schemas)
        .fetch_all(&self.behind)
        .await
        .unwrap()
    }

    /// Two ids from each of the victim's tables, of what was told to the victim if anything was, and the ids of what it is.
    async fn ids_of_victim(&self) -> Vec<Uuid> {
        let member = self.victim.member();
        let mut ids =
            vec![member.organization_id.0, member.membership_id.0, member.identity_id.0, member.session_id.0];
        for table in self.tables().await {
            let sql = format!(
                "select to_jsonb(t) ->> 'id' from {table} t where organization_id = $1
                 order by coalesce(to_jsonb(t) ->> 'recipient_membership_id' = $2, false) desc limit 2"
            );
            let found: Vec<Option<String>> = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(member.organization_id)
                .bind(member.membership_id.to_string())
                .fetch_all(&self.behind)
                .await
                .unwrap();
            ids.extend(found.into_iter().flatten().filter_map(|id| id.parse::<Uuid>().ok()));
        }
        ids.sort_unstable();
        ids.dedup();
        assert!(ids.len() > 15, "the victim has too little to lose: {ids:?}");
        ids
    }

    /// A fingerprint of everything that the victim has.
    async fn belongings(&self) -> Vec<(String, Option<String>)> {
        let mut belongings = Vec::new();
        for table in self.tables().await {
            let sql = format!(
                "select md5(string_agg(t::text, ',' order by t::text)) from {table} t where organization_id = $1"
            );
            let hash = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(self.victim.member().organization_id)
                .fetch_one(&self.behind)
                .await
                .unwrap();
            belongings.push((table, hash));
        }
        belongings
    }
}

async fn sign_up(app: &App, name: &str) -> Person {
    let query = format!(
        r#"mutation {{ signUp(input: {{ organizationName: "{name}", subdomain: "{name}", ownerName: "Owner", email: "owner@{name}.example",
            password: "correct horse battery", industryCode: "services" }}) {{ session {{ accessToken }} userErrors {{ code message }} }} }}"#
    );
    let data = app.as_nobody().on("auth").run(&query).await.ok();
    Person::of_token(data["signUp"]["session"]["accessToken"].as_str().unwrap())
}

/// Plays something on a stack of a quarter of what a thread has that answers: no request of any module may need more, in a
/// build without optimisation either.
fn on_a_small_stack<F: Future<Output = ()>>(play: impl FnOnce() -> F + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let thread = std::thread::Builder::new().stack_size(1024 * 1024);
    thread.spawn(move || runtime.block_on(Box::pin(play()))).unwrap().join().unwrap();
}

#[test]
fn the_others_ids_answer_as_ids_that_never_were() {
    on_a_small_stack(others_ids);
}

async fn others_ids() {
    let tenants = Tenants::new().await;
    let before = tenants.belongings().await;
    let (ids, unknown) = (tenants.ids_of_victim().await, Uuid::now_v7().to_string());
    let mut tried = 0;
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        let client = tenants.app.as_(&tenants.attacker).on(module.id);
        for field in schema.root_fields_by_id(&unknown) {
            // A subscription waits and says nothing; a log-in counts its tries, and that is told elsewhere.
            if field.operation == "subscription" || field.name == "logIn" {
                continue;
            }
            // What is made has a name of its own each time.
            let named = |at: usize| field.document.replace(r#"name: "X""#, &format!(r#"name: "X{at}""#));
            let never_was = client.run(&named(ids.len())).await.0.to_string();
            for (at, id) in ids.iter().map(Uuid::to_string).enumerate() {
                let foreign = client.run(&named(at).replace(&unknown, &id)).await.0.to_string();
                assert_eq!(foreign.replace(&id, &unknown), never_was, "{}: {}", module.id, field.document);
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "only {tried} tries");
    assert_eq!(before, tenants.belongings().await);
}

#[tokio::test]
async fn the_others_entities_are_missing() {
    let tenants = Tenants::new().await;
    let ids = tenants.ids_of_victim().await;
    let query = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }";
    let mut entities = 0;
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        for entity in schema.entities() {
            let representations: Vec<_> =
                ids.iter().map(|id| json!({ "__typename": entity, "id": id })).collect();
            let client = tenants.app.as_(&tenants.attacker).on(module.id);
            let data = client.run_with(query, json!({ "r": representations })).await.ok();
            let found: Vec<_> =
                data["_entities"].as_array().unwrap().iter().filter(|found| !found.is_null()).collect();
            assert!(found.is_empty(), "{}: {entity}: {found:?}", module.id);
            let as_victim = tenants.app.as_(&tenants.victim).on(module.id);
            let data = as_victim.run_with(query, json!({ "r": representations })).await.ok();
            let is_there = data["_entities"].as_array().unwrap().iter().any(|found| !found.is_null());
            assert!(is_there, "{}: the victim has no {entity} to lose: give it one in furnish()", module.id);
            entities += 1;
        }
    }
    assert!(entities >= 10, "only {entities} entities");
}
