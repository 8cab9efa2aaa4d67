//! Selling, across modules: each question is one request at the router.

use serde_json::{Value, json};

use crate::company::{Company, PATIENCE, membership, text};
use crate::system::System;

pub async fn all(system: &System) {
    let company = Company::new(system).await;
    let sold = Sold::make(&company).await;
    a_contact_is_asked_for_with_everything_that_others_know_of_it(&company, &sold).await;
    deals_that_rot_have_an_owner_with_leave_and_lines_with_products(&company, &sold).await;
    a_product_says_what_it_brought_by_month(&company, &sold).await;
    a_quote_is_read_and_accepted_by_whoever_has_its_address(system, &company, &sold).await;
    with_a_module_off_the_rest_answers(&company, &sold).await;
}

/// What was made.
struct Sold {
    contact: String,
    product: String,
    deal: String,
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
        let me = json!({ "firstName": "The", "lastName": "Owner", "workEmail": format!("o@{}.example", company.name),
            "joinedOn": "2020-01-01", "membershipId": membership(owner).await });
        create("employee", me).await;
        create("leaveType", json!({ "name": "Annual leave", "code": "ANNUAL" })).await;
        create("pipeline", json!({ "name": "Sales", "currency": "EUR", "isDefault": true })).await;
        let lines =
            json!([{ "productId": product, "description": "Camera", "quantity": "2", "unitPrice": "249" }]);
        let deal = json!({ "title": "Cameras", "companyId": firm, "contacts": [{ "contactId": contact }], "lines": lines });
        let deal = create("deal", deal).await;
        let task = json!({ "subject": "Call Ada", "dealId": deal, "dueAt": "2040-01-01T09:00:00Z" });
        create("activity", task).await;
        Self { contact, product, deal }
    }
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

const ROTTING: &str = "{ deals(filter: { isRotting: false }) { nodes { title isRotting owner { displayName }
    ownerEmployee { name isOnLeave(on: \"2039-12-30\") leaveRequests(first: 5) { nodes { firstDay } } }
    lines { quantity amount { amount } product { name sku } } } } }";

async fn deals_that_rot_have_an_owner_with_leave_and_lines_with_products(company: &Company<'_>, _: &Sold) {
    // Nothing has rotted yet in a company that was founded a moment ago: the same question, the other way round.
    let answer = company.owner.run(ROTTING).await.ok();
    let deal = &answer["deals"]["nodes"][0];
    assert_eq!(
        (&deal["title"], &deal["isRotting"], &deal["owner"]["displayName"]),
        (&json!("Cameras"), &json!(false), &json!("The Owner"))
    );
    assert_eq!(
        deal["ownerEmployee"],
        json!({ "name": "The Owner", "isOnLeave": false, "leaveRequests": { "nodes": [] } })
    );
    assert_eq!(deal["lines"][0]["product"]["name"], "Camera");
    let none = company.owner.run(&ROTTING.replace("isRotting: false", "isRotting: true")).await.ok();
    assert_eq!(none["deals"]["nodes"], json!([]));
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

async fn with_a_module_off_the_rest_answers(company: &Company<'_>, sold: &Sold) {
    company.switch("products", false).await.ok();
    let without = CONTACT.replace("priceList { name }", "");
    let ask =
        |query: String| async move { company.owner.run_with(&query, json!({ "id": sold.contact })).await };
    let gone = "query($id: ID!) { contact(id: $id) { priceList { name } } }";
    company.owner.until(gone, PATIENCE, |answer| answer.0.get("errors").is_some()).await;
    let answer = ask(without).await.ok();
    assert_eq!(answer["contact"]["deals"][0]["title"], "Cameras");
    let lines = "{ deals { nodes { lines { description product { id } } } } }";
    let answer = company.owner.run(lines).await.ok();
    assert_eq!(
        answer["deals"]["nodes"][0]["lines"][0],
        json!({ "description": "Camera", "product": { "id": sold.product } })
    );
    company.switch("products", true).await.ok();
    company.switch("crm", false).await.ok();
    let no_deals = CONTACT
        .replace("deals { title stage { name } amount { amount } }", "")
        .replace("nextActivity { subject dueAt }", "");
    company
        .owner
        .until("{ deals { nodes { id } } }", PATIENCE, |answer| answer.0.get("errors").is_some())
        .await;
    let answer = ask(no_deals).await.ok();
    assert_eq!(
        (&answer["contact"]["name"], &answer["contact"]["priceList"]["name"]),
        (&json!("Ada Lovelace"), &json!("Key accounts"))
    );
    company.switch("crm", true).await.ok();
}
