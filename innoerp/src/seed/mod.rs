//! Two demo organizations, made by asking the router as anybody would: *Alpine Works*, with forty people and a year
//! behind it, and *Harbour Trading*, which has just begun. On the same day, the same is made.

mod alpine;
mod asking;
mod calendar;
mod contacts;
mod harbour;
mod leave;
mod log_in;
mod people;
mod products;
mod sales;
mod year;

use chrono::Utc;
use router::Router;
use serde_json::json;

use self::asking::Caller;
use crate::Failure;

/// The password of every demo log-in.
pub const PASSWORD: &str = "innoerp-demo-2026";

/// The demo log-ins, and who they are.
pub const LOG_INS: [(&str, &str); 4] = [
    ("owner@alpine.example", "owner of Alpine Works, and of Harbour Trading"),
    ("hr@alpine.example", "looks after people at Alpine Works"),
    ("manager@alpine.example", "manages a team at Alpine Works"),
    ("member@alpine.example", "works in that team"),
];

/// What the larger demo organization is called.
pub(crate) const NAME: &str = "Alpine Works";
/// The first part of its host name.
pub(crate) const SUBDOMAIN: &str = "alpine";

/// What is said of a demo that is there in part.
pub const INTERRUPTED: &str = "the demo organizations are not whole: making them was interrupted, or an earlier \
     version made them; to have all of them, begin with an empty database";

/// Makes the demo organizations, unless they are there.
///
/// # Errors
/// A sentence with the first answer that was not as it should be; [`INTERRUPTED`].
pub async fn run(router: &Router) -> Result<(), Failure> {
    let (nobody, today) = (Caller::anonymous(router), Utc::now().date_naive());
    let Some(owner) = log_in::sign_up(&nobody, NAME, SUBDOMAIN).await? else {
        return if is_whole(&nobody).await? { Ok(()) } else { Err(Failure(INTERRUPTED.into())) };
    };
    let alpine = async {
        let company = alpine::Company::found(&nobody, owner, today).await?;
        company.live_through_the_year().await?;
        Ok(company)
    };
    let (company, ()) = tokio::try_join!(alpine, harbour::make(&nobody, today))?;
    company.arrive_at_today().await?;
    contacts::make(&company.owner.caller, today).await?;
    products::make(&company.owner.caller).await?;
    sales::make(&company.owner.caller, today).await?;
    finish(&company.owner.caller).await
}

/// Sets the time zone. It is done last: an organization without one is the demo in part.
async fn finish(owner: &Caller) -> Result<(), Failure> {
    const SET: &str = "mutation($input: OrganizationUpdateInput!) {
        organizationUpdate(input: $input) { userErrors { message } } }";
    let data = owner.ask("{ organization { version } }", json!({})).await?;
    let input = json!({ "version": data["organization"]["version"], "timezone": "Europe/Vienna" });
    owner.ask(SET, json!({ "input": input })).await.map(drop)
}

/// Whether the organization that has the demo's name is the demo, to its end.
async fn is_whole(nobody: &Caller) -> Result<bool, Failure> {
    let Some(owner) = log_in::log_in_at(nobody, SUBDOMAIN).await? else { return Ok(false) };
    let data = owner.ask("{ organization { timezone } }", json!({})).await?;
    Ok(data["organization"]["timezone"].is_string())
}
