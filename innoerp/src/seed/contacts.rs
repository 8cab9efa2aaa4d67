//! Whom Alpine Works deals with: customers, vendors, and the people there.

use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};

use super::asking::{Caller, Mutation};
use super::people;
use crate::Failure;

/// A company, and how many people of it are known.
struct Partner {
    name: &'static str,
    role: &'static str,
    industry: &'static str,
    city: (&'static str, &'static str, &'static str),
    people: usize,
}

const fn partner(
    name: &'static str,
    role: &'static str,
    industry: &'static str,
    city: (&'static str, &'static str, &'static str),
    people: usize,
) -> Partner {
    Partner { name, role, industry, city, people }
}

const VIENNA: (&str, &str, &str) = ("1010", "Vienna", "AT");
const GRAZ: (&str, &str, &str) = ("8010", "Graz", "AT");
const LISBON: (&str, &str, &str) = ("1100-148", "Lisbon", "PT");
const BERLIN: (&str, &str, &str) = ("10115", "Berlin", "DE");

const PARTNERS: [Partner; 12] = [
    partner("Summit Cable Cars GmbH", "CUSTOMER", "Cable cars", VIENNA, 2),
    partner("Valley Hospital", "CUSTOMER", "Health", GRAZ, 2),
    partner("Old Town Hotels AG", "CUSTOMER", "Hotels", VIENNA, 1),
    partner("Riverside Brewery GmbH", "CUSTOMER", "Food and drink", GRAZ, 1),
    partner("Tagus Ferries Lda", "CUSTOMER", "Shipping", LISBON, 1),
    partner("Linden Bookshops GmbH", "CUSTOMER", "Retail", BERLIN, 1),
    partner("Ridge Timber GmbH", "VENDOR", "Timber", GRAZ, 1),
    partner("Clearwater Hosting GmbH", "VENDOR", "Hosting", BERLIN, 1),
    partner("Lantern Office Supplies", "VENDOR", "Office supplies", VIENNA, 1),
    partner("Quarry Print GmbH", "VENDOR", "Printing", BERLIN, 0),
    partner("Northlight Museums", "LEAD", "Museums", VIENNA, 1),
    partner("Harbour Trading", "PARTNER", "Trade", LISBON, 1),
];

/// From which name on the people there are called.
const FIRST_NAME: usize = 80;

/// Makes the companies and their people, what some of them have allowed, what was said to others, and a segment.
pub(super) async fn make(owner: &Caller, today: NaiveDate) -> Result<(), Failure> {
    let companies = owner.create_all("contact", PARTNERS.iter().enumerate().map(company).collect()).await?;
    let known = PARTNERS
        .iter()
        .zip(&companies)
        .flat_map(|(partner, id)| (0..partner.people).map(move |_| (partner, id)));
    let known = known.enumerate().map(|(at, (partner, id))| person(at, partner, id)).collect();
    let people = owner.create_all("contact", known).await?;
    let consent =
        Mutation::new("contactConsentRecord", &[("input", "ContactConsentInput!")], "contact { id }");
    let allowed = people.iter().enumerate().map(|(at, id)| {
        json!({ "input": { "contactId": id, "channel": "EMAIL", "purpose": "newsletter", "isGranted": at % 3 != 2,
            "source": if at % 2 == 0 { "web form" } else { "fair" } } })
    });
    owner.each(&consent, allowed.collect()).await?;
    owner.create_all("communication", talks(&companies, &people, today)).await?;
    let conditions =
        json!({ "kind": "PERSON", "mayReceive": { "channel": "EMAIL", "purpose": "newsletter" } });
    let segment = json!({ "name": "Newsletter", "kind": "FILTER", "conditions": conditions,
        "description": "Who has allowed us to send the newsletter." });
    owner.create("segment", segment).await.map(drop)
}

fn company((at, partner): (usize, &Partner)) -> Value {
    let (postal_code, city, country) = partner.city;
    let host = partner.name.split(' ').take(2).collect::<String>().to_lowercase();
    json!({
        "kind": "COMPANY",
        "legalName": partner.name,
        "roles": [partner.role],
        "industry": partner.industry,
        "employeeBand": (["SMALL", "MEDIUM", "MICRO"][at % 3]),
        "emails": [{ "value": format!("office@{host}.example"), "label": "office" }],
        "phones": [{ "value": format!("+43 1 5550{:03}", 100 + at), "label": "office" }],
        "addresses": [{ "lines": [format!("Main Street {}", at + 1)], "postalCode": postal_code, "city": city, "country": country }],
        "taxId": (partner.role != "LEAD").then(|| format!("{country}U{:08}", 10_000_000 + at)),
        "website": format!("https://{host}.example"),
        "externalIds": [{ "system": "books", "value": format!("{}", 70_000 + at) }],
        "tags": (at % 4 == 0).then_some(["Key account"]),
    })
}

fn person(at: usize, partner: &Partner, company: &str) -> Value {
    let (first, last) = people::name(FIRST_NAME + at);
    let host = partner.name.split(' ').take(2).collect::<String>().to_lowercase();
    json!({
        "kind": "PERSON",
        "firstName": first,
        "lastName": last,
        "parentCompanyId": company,
        "jobTitle": (["Managing director", "Head of purchasing", "Bookkeeper"][at % 3]),
        "emails": [{ "value": format!("{first}.{last}@{host}.example").to_lowercase(), "label": "work" }],
        "phones": [{ "value": format!("+43 664 5550{:03}", 100 + at), "label": "mobile" }],
        "language": if partner.city.2 == "PT" { "pt" } else { "de" },
        "roles": [partner.role],
    })
}

/// Calls, mails and meetings of the last months; to some nobody has talked for long.
fn talks(companies: &[String], people: &[String], today: NaiveDate) -> Vec<Value> {
    const TALKS: [(&str, &str, &str, i64); 6] = [
        ("CALL", "OUT", "Asked how the first weeks went", 4),
        ("EMAIL", "IN", "Question about the last invoice", 9),
        ("MEETING", "NONE", "Plans for next year", 20),
        ("EMAIL", "OUT", "Offer for the second site", 33),
        ("CALL", "IN", "Wants to be called back in spring", 75),
        ("NOTE", "NONE", "Prefers mornings", 200),
    ];
    let of = companies.iter().take(3).chain(people.iter().take(6)).enumerate();
    of.map(|(at, id)| {
        let (kind, direction, subject, days) = TALKS[at % TALKS.len()];
        let day = today - Duration::days(days + i64::try_from(at).unwrap_or_default());
        json!({ "contactId": id, "kind": kind, "direction": direction, "subject": subject,
            "occurredAt": format!("{day}T09:00:00Z") })
    })
    .collect()
}
