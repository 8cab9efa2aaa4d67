//! What comes by web forms becomes leads: scored, and given to somebody unless it looks like spam.

use async_graphql::MaybeUndefined;
use chrono::Datelike as _;
use common::{Result, text};
use custom::Definitions;
use database::Tx;
use serde_json::Value;

use crate::assignment;
use crate::ids::WebFormId;
use crate::lead::{self, Lead, LeadUpdateInput, NUMBERS};
use crate::spam;
use crate::web_form::{WebForm, WebFormField};

/// What somebody has filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filled {
    name: String,
    email: String,
    phone: String,
    company: String,
    job_title: String,
    country: String,
    message: String,
    /// What stands in a field that people do not see.
    trap: String,
}

const MESSAGE: &str = "message";
const MESSAGE_MAX: usize = 5_000;
const LINE_MAX: usize = 200;
const NAME_MAX: usize = 100;
const NOTES_MAX: usize = 10_000;

impl Filled {
    fn place(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "name" => &mut self.name,
            "email" => &mut self.email,
            "phone" => &mut self.phone,
            "company" => &mut self.company,
            "jobTitle" => &mut self.job_title,
            "country" => &mut self.country,
            MESSAGE => &mut self.message,
            "website" => &mut self.trap,
            _ => return None,
        })
    }

    /// A form as browsers send it.
    pub(crate) fn of_form(body: &[u8]) -> Self {
        let mut filled = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            if let Some(place) = filled.place(&name) {
                *place = text::readable(&value, name != MESSAGE);
            }
        }
        filled
    }

    /// An object of texts; `None` for what is none.
    pub(crate) fn of_json(body: &[u8]) -> Option<Self> {
        let mut filled = Self::default();
        let Value::Object(object) = serde_json::from_slice(body).ok()? else { return None };
        for (name, value) in object {
            if let Some(place) = filled.place(&name) {
                *place = text::readable(value.as_str()?, name != MESSAGE);
            }
        }
        Some(filled)
    }

    /// Whether it can be anything at all, whatever the form asks for.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let lines = [&self.name, &self.email, &self.phone, &self.company, &self.job_title, &self.country];
        if lines.iter().any(|line| line.chars().count() > LINE_MAX)
            || self.message.chars().count() > MESSAGE_MAX
        {
            return Err("a field has too many characters");
        }
        if self.name.is_empty() && self.company.is_empty() {
            return Err("give a name or a company");
        }
        let has_email = text::email(&self.email).is_some();
        if !self.email.is_empty() && !has_email {
            return Err("give a mail address, such as ada@example.org");
        }
        if !has_email && self.phone.is_empty() {
            return Err("give a mail address or a phone number");
        }
        Ok(())
    }
}

/// Makes a lead of what came by a form, if it takes anything.
pub(crate) async fn enter(tx: &mut Tx, id: WebFormId, nonce: i64, filled: Filled) -> Result<()> {
    let found = tx.find_many::<WebForm>(&[id]).await?.remove(&id);
    let Some(form) = found.filter(|form| form.is_open(nonce)) else { return Ok(()) };
    let mut new = Lead { web_form_id: Some(form.id), ..Lead::blank(tx.now()) };
    let (source_id, campaign_id) = (form.source_id, form.campaign_id);
    (new.source_id, new.campaign_id, new.product_ids) = (source_id, campaign_id, form.product_ids.clone());
    new.spam_points = spam::points(&spam::Filled {
        name: &filled.name,
        email: &filled.email,
        message: &filled.message,
        trap: &filled.trap,
        before_today: count_today(tx, &filled.email).await?,
    });
    if !fill_in(&mut new, &form, filled) {
        return Ok(());
    }
    let year = tx.now().year();
    new.number = tx.next_number(&NUMBERS, year).await?;
    if new.spam_points < form.spam_limit {
        new.count_points(0);
        new.owner_membership_id = assignment::pick(tx, &new.facts()).await?;
    }
    lead::enter(tx, std::slice::from_mut(&mut new)).await?;
    lead::announce_owner(tx, None, &new).await
}

/// Takes in what the form asks for; what a field of a lead cannot be stands in the notes as it was written. Answers whether
/// anything is left that is somebody.
fn fill_in(lead: &mut Lead, form: &WebForm, filled: Filled) -> bool {
    let mut notes = Vec::new();
    if form.asks_for(WebFormField::Message) {
        notes.push(filled.message);
    }
    let (first, last) = match filled.name.rsplit_once(' ') {
        Some((first, last)) => (first.trim().to_owned(), last.to_owned()),
        None => (String::new(), filled.name.clone()),
    };
    let name = |first: &str, last: &str| LeadUpdateInput {
        first_name: given(first),
        last_name: given(last),
        ..LeadUpdateInput::default()
    };
    use WebFormField::{Company, Country, Email, JobTitle, Name, Phone};
    let is_named = !form.asks_for(Name) || filled.name.is_empty() || take_in(lead, name(&first, &last));
    if !is_named {
        let short: String = filled.name.chars().take(NAME_MAX).collect();
        take_in(lead, name("", &short));
        notes.push(format!("Name: {}", filled.name));
    }
    let none = LeadUpdateInput::default;
    // The country first: it says how a number is read.
    let fields = [
        (
            Company,
            "Company",
            &filled.company,
            LeadUpdateInput { company_name: given(&filled.company), ..none() },
        ),
        (Country, "Country", &filled.country, LeadUpdateInput { country: given(&filled.country), ..none() }),
        (Email, "Mail", &filled.email, LeadUpdateInput { email: given(&filled.email), ..none() }),
        (Phone, "Phone", &filled.phone, LeadUpdateInput { phone: given(&filled.phone), ..none() }),
        (
            JobTitle,
            "Job title",
            &filled.job_title,
            LeadUpdateInput { job_title: given(&filled.job_title), ..none() },
        ),
    ];
    for (field, label, written, input) in fields {
        if form.asks_for(field) && !written.is_empty() && !take_in(lead, input) {
            notes.push(format!("{label}: {written}"));
        }
    }
    notes.retain(|note| !note.is_empty());
    if !notes.is_empty() {
        lead.notes = text::text(&notes.join("\n"), NOTES_MAX);
    }
    lead.last_name.is_some() || lead.company_name.is_some()
}

fn given(value: &str) -> MaybeUndefined<String> {
    if value.is_empty() { MaybeUndefined::Undefined } else { MaybeUndefined::Value(value.to_owned()) }
}

/// Takes in fields, or leaves the lead as it was.
fn take_in(lead: &mut Lead, input: LeadUpdateInput) -> bool {
    let mut filled = lead.clone();
    let is_taken = filled.fill_in(input, &Definitions::default()).is_ok();
    if is_taken {
        *lead = filled;
    }
    is_taken
}

/// How many have come with a mail address since yesterday.
async fn count_today(tx: &mut Tx, email: &str) -> Result<i64> {
    let Some(email) = text::email(email) else { return Ok(0) };
    let since = tx.now() - chrono::Duration::days(1);
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from crm.lead where email = $1 and web_form_id is not null and created_at > $2"#,
        email,
        since,
    )
    .fetch_one(tx.conn())
    .await?)
}
