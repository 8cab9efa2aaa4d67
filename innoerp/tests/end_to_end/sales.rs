//! Selling, across modules: each question is one request at the router.

use chrono::{Datelike as _, Days, NaiveDate, Utc};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::company::{Company, PATIENCE, membership, submit, text};
use crate::system::System;

pub async fn all(system: &System) {
    let company = Company::new(system).await;
    let sold = Sold::make(&company).await;
    a_contact_is_asked_for_with_everything_that_others_know_of_it(&company, &sold).await;
    deals_that_rot_have_an_owner_with_leave_next_week_and_lines_with_products(system, &company, &sold).await;
    a_product_says_what_it_brought_by_month(&company, &sold).await;
    a_quote_is_read_and_accepted_by_whoever_has_its_address(system, &company, &sold).await;
    with_a_module_off_the_rest_answers(&company, &sold).await;
}

/// What was made.
struct Sold {
    contact: String,
    product: String,
    deal: String,
    /// The Monday and the Friday of next week: then whoever looks after the deal is on leave.
    away: (String, String),
}

impl Sold {
    async fn make(company: &Company<'_>) -> Self {
        let (owner, create) =
            (&company.owner, |noun: &'static str, input: Value| company.create(noun, input));
        let unit = create("unitOfMeasure", json!({ "code": "PCS", "name": "Piece" })).await;
        let product = create("product", json!({ "kind": "GOOD", "name": "Camera", "unitId": unit })).await;
        let firm = create("contact", json!({ "kind": "COMPANY", "legalName": "Lovelace Ltd" })).await;
        let person =
            json!({ "kind": "PERSON", "firstName": "Ada", "lastName": "Lovelace", "parentCompanyId": firm });
        let contact = create("contact", person).await;
        create("communication", json!({ "contactId": contact, "kind": "CALL", "subject": "Hello" })).await;
        let list = json!({ "code": "KEY", "name": "Key accounts", "currency": "EUR", "audience": "CUSTOMER", "customerIds": [contact] });
        create("priceList", list).await;
        let consent = "mutation($input: ContactConsentInput!) { contactConsentRecord(input: $input) { userErrors { code } } }";
        let input = json!({ "contactId": contact, "channel": "EMAIL", "purpose": "newsletter", "isGranted": true, "source": "form" });
        owner.run_with(consent, json!({ "input": input })).await.ok();
        let (rep, away) = Self::rep_who_goes_away(company).await;
        create("pipeline", json!({ "name": "Sales", "currency": "EUR", "isDefault": true })).await;
        let lines =
            json!([{ "productId": product, "description": "Camera", "quantity": "2", "unitPrice": "249" }]);
        let deal = json!({ "title": "Cameras", "companyId": firm, "contacts": [{ "contactId": contact }],
            "lines": lines, "ownerId": rep });
        let deal = create("deal", deal).await;
        // One that does not rot.
        create("deal", json!({ "title": "Lenses", "ownerId": rep })).await;
        let task = json!({ "subject": "Call Ada", "dealId": deal, "dueAt": "2040-01-01T09:00:00Z" });
        create("activity", task).await;
        Self { contact, product, deal, away }
    }

    /// Somebody who sells, and is on leave next week; answers their membership, and from when to when.
    async fn rep_who_goes_away(company: &Company<'_>) -> (String, (String, String)) {
        let (manager, rep) = (company.join("manager", "MANAGER").await, company.join("rep", "SALES").await);
        let annual = company.create("leaveType", json!({ "name": "Annual leave", "code": "ANNUAL" })).await;
        let lines = json!([{ "leaveTypeId": annual, "daysPerYear": "25" }]);
        let policy = json!({ "name": "Standard", "isDefault": true, "lines": lines });
        company.create("leavePolicy", policy).await;
        let employee = |name: &str, membership: &str, manager: Option<&str>| {
            json!({ "firstName": "A", "lastName": name, "workEmail": format!("{name}@{}.example", company.name),
                "joinedOn": "2020-01-01", "membershipId": membership, "managerId": manager })
        };
        let lead = employee("Lead", &membership(&manager).await, None);
        let lead = company.create("employee", lead).await;
        let membership = membership(&rep).await;
        company.create("employee", employee("Rep", &membership, Some(&lead))).await;
        let (monday, friday) = next_week(Utc::now().date_naive());
        let request = submit(&rep, &annual, &monday, &friday).await;
        let approve = "mutation($id: ID!) { leaveRequestApprove(id: $id) { userErrors { code message } } }";
        manager.run_with(approve, json!({ "id": request })).await.ok();
        (membership, (monday, friday))
    }
}

/// The Monday and the Friday of the week after a day's.
fn next_week(today: NaiveDate) -> (String, String) {
    let monday = today + Days::new(7 - u64::from(today.weekday().num_days_from_monday()));
    (monday.to_string(), (monday + Days::new(4)).to_string())
}

const CONTACT: &str = "query($id: ID!) { contact(id: $id) { name parentCompany { name }
    deals { title stage { name } amount { amount } } timeline(first: 1) { nodes { subject } } nextActivity { subject dueAt }
    mayReceive(channel: EMAIL, purpose: \"newsletter\") priceList { name } } }";

async fn a_contact_is_asked_for_with_everything_that_others_know_of_it(company: &Company<'_>, sold: &Sold) {
    let answer = company.owner.run_with(CONTACT, json!({ "id": sold.contact })).await.ok();
    let expected = json!({ "name": "Ada Lovelace", "parentCompany": { "name": "Lovelace Ltd" },
        "deals": [{ "title": "Cameras", "stage": { "name": "Qualification" }, "amount": { "amount": "498.00" } }],
        "timeline": { "nodes": [{ "subject": "Hello" }] },
        "nextActivity": { "subject": "Call Ada", "dueAt": "2040-01-01T09:00:00+00:00" },
        "mayReceive": true, "priceList": { "name": "Key accounts" } });
    assert_eq!(answer["contact"], expected);
}

/// Deals that rot, with their owners, these as employees, and the products of their lines; each as far as it is asked for.
fn rotting(employee: &str, product: &str) -> String {
    format!(
        "{{ deals(filter: {{ isRotting: true }}) {{ nodes {{ title isRotting owner {{ displayName }} {employee}
            lines {{ quantity amount {{ amount }} product {{ {product} }} }} }} }} }}"
    )
}

/// An owner as an employee, with their leave from a day on.
fn with_leave(monday: &str) -> String {
    format!(
        "ownerEmployee {{ name isOnLeave(on: \"{monday}\")
            leaveRequests(first: 5) {{ nodes {{ firstDay lastDay status }} }} }}"
    )
}

/// What is answered then of the deal that rots.
fn rotten(employee: Option<Value>, product: Value) -> Value {
    let lines = json!([{ "quantity": "2", "amount": { "amount": "498.00" }, "product": product }]);
    let mut deal =
        json!({ "title": "Cameras", "isRotting": true, "owner": { "displayName": "rep" }, "lines": lines });
    if let Some(employee) = employee {
        deal["ownerEmployee"] = employee;
    }
    json!({ "deals": { "nodes": [deal] } })
}

impl Sold {
    /// Whoever looks after the deal that rots, as an employee who is away next week.
    fn away(&self) -> Value {
        let (first, last) = &self.away;
        let request = json!({ "firstDay": first, "lastDay": last, "status": "APPROVED" });
        json!({ "name": "A Rep", "isOnLeave": true, "leaveRequests": { "nodes": [request] } })
    }
}

async fn deals_that_rot_have_an_owner_with_leave_next_week_and_lines_with_products(
    system: &System,
    company: &Company<'_>,
    sold: &Sold,
) {
    let question = rotting(&with_leave(&sold.away.0), "name");
    let none = company.owner.run(&question).await.ok();
    assert_eq!(none, json!({ "deals": { "nodes": [] } }), "what was made a moment ago has not rotted");
    let stage = "query($id: ID!) { deal(id: $id) { stage { id version } } }";
    let stage = company.owner.run_with(stage, json!({ "id": sold.deal })).await.ok()["deal"]["stage"].clone();
    let update = "mutation($id: ID!, $input: StageUpdateInput!) { stageUpdate(id: $id, input: $input) { userErrors { code } } }";
    let input = json!({ "version": stage["version"], "rottingDays": 7 });
    company.owner.run_with(update, json!({ "id": stage["id"], "input": input })).await.ok();
    // As if it had been there for eight days.
    let mut admin = PgConnection::connect(&system.admin_url).await.unwrap();
    let age = "update crm.deal set entered_stage_at = entered_stage_at - interval '8 days' where id = $1";
    let aged = sqlx::query(age).bind(sold.deal.parse::<uuid::Uuid>().unwrap()).execute(&mut admin);
    assert_eq!(aged.await.unwrap().rows_affected(), 1);
    let answer = company.owner.run(&question).await.ok();
    assert_eq!(answer, rotten(Some(sold.away()), json!({ "name": "Camera" })));
}

async fn a_product_says_what_it_brought_by_month(company: &Company<'_>, sold: &Sold) {
    let query = "query($id: ID!) { product(id: $id) { name pipelineByMonth(months: 3) { month dealCount amount { amount currency }
        weighted { amount } won { amount } } } }";
    let answer = company.owner.run_with(query, json!({ "id": sold.product })).await.ok();
    let months = answer["product"]["pipelineByMonth"].as_array().unwrap();
    assert_eq!(months.len(), 1, "{months:?}");
    assert_eq!(
        (&months[0]["dealCount"], &months[0]["amount"]),
        (&json!(1), &json!({ "amount": "498.00", "currency": "EUR" }))
    );
    assert_eq!(
        (&months[0]["weighted"]["amount"], &months[0]["won"]["amount"]),
        (&json!("49.80"), &json!("0.00"))
    );
}

async fn a_quote_is_read_and_accepted_by_whoever_has_its_address(
    system: &System,
    company: &Company<'_>,
    sold: &Sold,
) {
    let quote = company.create("quote", json!({ "dealId": sold.deal, "terms": "30 days" })).await;
    let send = "mutation($id: ID!) { quoteSend(id: $id) { quote { publicPath } userErrors { code } } }";
    let sent = company.owner.run_with(send, json!({ "id": quote })).await.ok();
    let path = text(&sent, "/quoteSend/quote/publicPath");
    let url = system.url("router", &path);
    let nobody = reqwest::Client::new();
    let page = nobody.get(&url).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert!(page.text().await.unwrap().contains("498.00 EUR"));
    let form = nobody.post(&url).header("content-type", "application/x-www-form-urlencoded");
    let done = form.body("decision=accept&name=Ada+Lovelace").send().await.unwrap();
    assert_eq!(done.status(), 200);
    let now = company
        .owner
        .run_with("query($id: ID!) { quote(id: $id) { status signerName } }", json!({ "id": quote }))
        .await
        .ok();
    assert_eq!(now["quote"], json!({ "status": "ACCEPTED", "signerName": "Ada Lovelace" }));
    let (start, token) = url.split_at(url.len() - path.len() + "/public/crm/quotes/".len());
    let other = if token.starts_with('A') { "B" } else { "A" };
    let bent = format!("{start}{other}{}", &token[1..]);
    assert_eq!(nobody.get(bent).send().await.unwrap().status(), 404);
}

/// Switches modules off, each before those that it needs; asks once what they answer is gone; and switches them on again.
async fn without(company: &Company<'_>, off: &[&str], gone: &str, asked: &[(String, Value)]) -> Vec<Value> {
    for module in off {
        company.switch(module, false).await.ok();
    }
    company.owner.until(gone, PATIENCE, |answer| answer.0.get("errors").is_some()).await;
    let mut answers = Vec::new();
    for (query, variables) in asked {
        answers.push(company.owner.run_with(query, variables.clone()).await.ok());
    }
    for module in off.iter().rev() {
        company.switch(module, true).await.ok();
    }
    company.owner.until(gone, PATIENCE, |answer| answer.0.get("errors").is_none()).await;
    answers
}

async fn with_a_module_off_the_rest_answers(company: &Company<'_>, sold: &Sold) {
    let (of_contact, of_product) = (json!({ "id": sold.contact }), json!({ "id": sold.product }));
    let leave = with_leave(&sold.away.0);
    let camera = json!({ "name": "Camera" });

    let contact = CONTACT.replace("priceList { name }", "");
    let asked = [(rotting(&leave, "id"), json!({})), (contact, of_contact.clone())];
    let answers = without(company, &["products"], "{ products { nodes { id } } }", &asked).await;
    assert_eq!(answers[0], rotten(Some(sold.away()), json!({ "id": sold.product })));
    assert_eq!(answers[1]["contact"]["deals"][0]["title"], "Cameras");

    let asked = [(rotting("ownerEmployee { name }", "name"), json!({}))];
    let answers = without(company, &["leave"], "{ leaveTypes { nodes { id } } }", &asked).await;
    assert_eq!(answers[0], rotten(Some(json!({ "name": "A Rep" })), camera.clone()));

    let asked = [(rotting("", "name"), json!({})), (CONTACT.to_owned(), of_contact.clone())];
    let answers = without(company, &["leave", "employee"], "{ employees { nodes { id } } }", &asked).await;
    assert_eq!(answers[0], rotten(None, camera.clone()));
    assert_eq!(answers[1]["contact"]["priceList"]["name"], "Key accounts");

    let contact = CONTACT
        .replace("deals { title stage { name } amount { amount } }", "")
        .replace("nextActivity { subject dueAt }", "");
    let product = "query($id: ID!) { product(id: $id) { name } }".to_owned();
    let away = format!("{{ employees {{ nodes {{ name isOnLeave(on: \"{}\") }} }} }}", sold.away.0);
    let asked = [(contact, of_contact), (product.clone(), of_product.clone()), (away.clone(), json!({}))];
    let answers = without(company, &["crm"], "{ deals { nodes { id } } }", &asked).await;
    assert_eq!(
        (&answers[0]["contact"]["name"], &answers[0]["contact"]["priceList"]["name"]),
        (&json!("Ada Lovelace"), &json!("Key accounts"))
    );
    assert_eq!(answers[1]["product"], camera);
    let is_away = |answer: &Value| {
        let people = answer["employees"]["nodes"].as_array().unwrap().clone();
        people.contains(&json!({ "name": "A Rep", "isOnLeave": true }))
    };
    assert!(is_away(&answers[2]), "{:#}", answers[2]);

    // Nobody sells without contacts: both are off.
    let lists = "{ priceLists { nodes { name customers { id } } } }".to_owned();
    let asked = [(product, of_product), (lists, json!({})), (away, json!({}))];
    let answers = without(company, &["crm", "contact"], "{ contacts { nodes { id } } }", &asked).await;
    assert_eq!(answers[0]["product"], camera);
    let customers = json!([{ "name": "Key accounts", "customers": [{ "id": sold.contact }] }]);
    assert_eq!(answers[1]["priceLists"]["nodes"], customers);
    assert!(is_away(&answers[2]), "{:#}", answers[2]);
}
