//! What Alpine Works is about to sell, to whom, and what it has sold.

use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};

use super::asking::{Caller, Mutation, text};
use crate::Failure;

/// A deal: what it is, which customer's, the stage that it is in, its product, how many of it, and after how many days it is
/// expected to be decided.
struct Chance {
    title: &'static str,
    customer: usize,
    stage: usize,
    product: usize,
    price: &'static str,
    count: u32,
    days: i64,
}

const fn chance(
    title: &'static str,
    (customer, stage): (usize, usize),
    (product, price, count): (usize, &'static str, u32),
    days: i64,
) -> Chance {
    Chance { title, customer, stage, product, price, count, days }
}

const CHANCES: [Chance; 8] = [
    chance("Cameras for the upper station", (0, 1), (0, "225", 24), 20),
    chance("Radios for the lift crew", (0, 2), (1, "110", 40), 12),
    chance("Cameras for the car park", (1, 0), (0, "249", 6), 45),
    chance("Training of the night shift", (1, 2), (2, "140", 16), 9),
    chance("Cameras for four hotels", (2, 1), (0, "239", 32), 30),
    chance("Batteries for a year", (3, 0), (3, "21.50", 200), 60),
    chance("Radios for two ferries", (4, 1), (1, "119", 12), 25),
    chance("Cable reels", (5, 0), (4, "58", 10), 15),
];

/// Makes the pipeline, sources and reasons, leads, deals in all its stages, a quote, something to do, a target and a form.
pub(super) async fn make(owner: &Caller, today: NaiveDate) -> Result<(), Failure> {
    let way = json!({ "name": "Sales", "currency": "EUR", "isDefault": true });
    let way = owner.create("pipeline", way).await?;
    let stages =
        owner.ask("query($id: ID!) { pipeline(id: $id) { stages { id } } }", json!({ "id": way })).await?;
    let reasons = ["Too dear", "No budget", "Somebody else was quicker"].map(|name| json!({ "name": name }));
    let reasons = owner.create_all("lostReason", reasons.to_vec()).await?;
    let sources = [
        json!({ "name": "Website", "points": 5, "firstResponseHours": 8 }),
        json!({ "name": "Fair", "points": 10, "firstResponseHours": 48 }),
        json!({ "name": "Recommendation", "points": 20 }),
    ];
    let sources = owner.create_all("leadSource", sources.to_vec()).await?;
    let campaign = json!({ "name": "Spring fair", "currency": "EUR", "budget": "5000", "cost": "4200",
        "firstDay": today - Duration::days(40), "lastDay": today - Duration::days(37) });
    let campaign = owner.create("campaign", campaign).await?;
    leads(owner, &sources, &campaign).await?;
    let deals = deals(owner, &stages, today).await?;
    ends(owner, &deals, &reasons).await?;
    let quote =
        json!({ "dealId": deals[0], "validUntil": today + Duration::days(30), "terms": "30 days net." });
    let quote = owner.create("quote", quote).await?;
    let send = Mutation::new("quoteSend", &[("id", "ID!")], "quote { id }");
    owner.each(&send, vec![json!({ "id": quote })]).await?;
    let target = json!({ "firstDay": today, "lastDay": today + Duration::days(90), "amount": "50000", "currency": "EUR" });
    owner.create("salesTarget", target).await?;
    let form = json!({ "name": "Contact us", "sourceId": sources[0], "fields": ["NAME", "EMAIL", "COMPANY", "MESSAGE"] });
    owner.create("webForm", form).await.map(drop)
}

async fn leads(owner: &Caller, sources: &[String], campaign: &str) -> Result<(), Failure> {
    let known = [
        ("Marta", "Stein", "Stein Logistics", 1),
        ("Jonas", "Weiss", "Weiss & Daughters", 1),
        ("Lena", "Brandt", "Brandt Clinics", 0),
        ("Paulo", "Reis", "Reis Marinas", 2),
        ("Nina", "Vogel", "Vogel Parks", 0),
    ];
    let inputs = known.iter().map(|(first, last, company, source)| {
        json!({ "firstName": first, "lastName": last, "companyName": company, "sourceId": sources[*source],
            "campaignId": (*source == 1).then_some(campaign), "country": "AT",
            "email": format!("{}@{}.example", first.to_lowercase(), last.to_lowercase()),
            "estimatedValue": { "amount": "3000", "currency": "EUR" } })
    });
    let leads = owner.create_all("lead", inputs.collect()).await?;
    let qualify = Mutation::new("leadQualify", &[("id", "ID!")], "lead { id }");
    owner.each(&qualify, vec![json!({ "id": leads[0] })]).await?;
    let call = json!({ "kind": "CALL", "subject": "Ask what they need", "leadId": leads[1] });
    owner.create("activity", call).await.map(drop)
}

async fn deals(owner: &Caller, stages: &Value, today: NaiveDate) -> Result<Vec<String>, Failure> {
    let names = ["Trail camera", "Field radio", "Training", "Battery pack", "Cable reel"];
    let mut products = Vec::new();
    for name in names {
        let found = "query($name: String!) { products(first: 1, filter: { search: $name, status: ACTIVE }) { nodes { id } } }";
        let found = owner.ask(found, json!({ "name": name })).await?;
        products.push(found["products"]["nodes"][0]["id"].clone());
    }
    let customers = "{ contacts(first: 6, filter: { kind: COMPANY, role: CUSTOMER }) { nodes { id } } }";
    let customers = owner.ask(customers, json!({})).await?;
    let mut inputs = Vec::new();
    for chance in &CHANCES {
        let line = json!({ "productId": products[chance.product], "description": names[chance.product],
            "quantity": chance.count.to_string(), "unitPrice": chance.price });
        inputs.push(json!({
            "title": chance.title,
            "companyId": text(&customers, &format!("/contacts/nodes/{}/id", chance.customer))?,
            "stageId": text(stages, &format!("/pipeline/stages/{}/id", chance.stage))?,
            "expectedClose": today + Duration::days(chance.days),
            "lines": [line],
            "nextStep": (chance.stage > 0).then_some("Call them"),
        }));
    }
    let deals = owner.create_all("deal", inputs).await?;
    let call = json!({ "kind": "MEETING", "subject": "Walk the site", "dealId": deals[0],
        "dueAt": format!("{}T09:00:00Z", today + Duration::days(3)) });
    owner.create("activity", call).await?;
    Ok(deals)
}

/// One is won, and one is lost.
async fn ends(owner: &Caller, deals: &[String], reasons: &[String]) -> Result<(), Failure> {
    let win = Mutation::new("dealWin", &[("id", "ID!"), ("input", "DealWinInput!")], "operation { id }");
    owner.each(&win, vec![json!({ "id": deals[3], "input": {} })]).await?;
    let lose = Mutation::new("dealLose", &[("id", "ID!"), ("input", "DealLoseInput!")], "deal { id }");
    owner.each(&lose, vec![json!({ "id": deals[7], "input": { "reasonId": reasons[0] } })]).await?;
    Ok(())
}
