//! Duplicates: contacts that may be one, found while somebody types, of one contact, and among all.

use std::collections::HashMap;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use common::{Error, Page, Permission, Place, Result};
use database::{Ctx, Record as _, Tx};
use graphql::{App as _, Batch, cost};

use crate::contact::{self, Contact, select_contact};
use crate::ids::ContactId;
use crate::rights::{MANAGE, READ};

/// Why two contacts may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
pub enum ContactDuplicateReason {
    /// They have the same tax id.
    TaxId,
    /// They have the same mail address.
    Email,
    /// They have the same phone number.
    Phone,
    /// Their names and cities look alike.
    Name,
}

/// A contact that may be the same as another one.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ContactDuplicate {
    #[graphql(skip)]
    id: ContactId,
    /// Why it may be the same, the strongest reason first.
    pub reasons: Vec<ContactDuplicateReason>,
    /// How sure that is, in percent: 100 for the same tax id, mail address or phone number, else how alike they look.
    pub score: i32,
}

#[async_graphql::ComplexObject]
impl ContactDuplicate {
    /// The contact; null when there is one that the caller may not see.
    async fn contact(&self, gql: &Context<'_>) -> Result<Option<Contact>> {
        gql.find(self.id).await
    }
}

/// Two contacts that may be one.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactDuplicatePair {
    /// The one that was made first.
    pub contact: Contact,
    /// The other one.
    pub duplicate: ContactDuplicate,
}

/// Contacts that may be one, among those that were looked at.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactDuplicatePage {
    /// The pairs, in the order in which the first of each was made.
    pub pairs: Vec<ContactDuplicatePair>,
    /// The number of contacts that were looked at.
    pub looked_at: i32,
    /// The cursor of the last contact that was looked at, to continue after; null when there was none.
    pub end_cursor: Option<String>,
    /// Whether more contacts are to be looked at.
    pub has_next_page: bool,
}

/// What is known of a contact that somebody is about to make.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ContactDuplicateInput {
    /// The name of the company, or the first and last name of the person, as far as it is typed.
    pub name: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// Mail addresses, 20 at most.
    #[graphql(default)]
    pub emails: Vec<String>,
    /// Phone numbers, 20 at most, with the code of their country unless the country is given.
    #[graphql(default)]
    pub phones: Vec<String>,
    /// The ISO 3166 code of the country that the numbers are dialled in.
    pub country: Option<String>,
    /// The tax id.
    pub tax_id: Option<String>,
    /// How alike names must look, in percent, 30 to 100; 55 when absent.
    pub score_min: Option<i32>,
}

/// How many are told of one contact.
const FOUND_MAX: usize = 10;
const SCORE_MIN: i32 = 55;

/// What duplicates are looked for by.
#[derive(Clone, Debug)]
struct Probe {
    /// Whose duplicates are looked for; nothing is its own.
    id: Option<ContactId>,
    name: String,
    city: String,
    emails: Vec<String>,
    phones: Vec<String>,
    tax_id: Option<String>,
}

impl From<&Contact> for Probe {
    fn from(contact: &Contact) -> Self {
        Self {
            id: Some(contact.id),
            name: contact.name(),
            city: contact.city().unwrap_or_default().to_owned(),
            emails: contact.emails.iter().map(|email| email.value.clone()).collect(),
            phones: contact.phones.iter().map(|phone| phone.value.clone()).collect(),
            tax_id: contact.tax_id.clone(),
        }
    }
}

// Use-cases.

/// Whom what somebody types may be about already.
pub async fn look(ctx: &Ctx, input: ContactDuplicateInput) -> Result<Vec<ContactDuplicate>> {
    const VALUES_MAX: usize = 20;
    const TEXT_MAX: usize = 200;
    if input.emails.len() > VALUES_MAX || input.phones.len() > VALUES_MAX {
        return Err(Error::validation(format!("give {VALUES_MAX} mail addresses and phone numbers at most")));
    }
    let text =
        |text: Option<String>| text.and_then(|text| common::text::name(&text, TEXT_MAX)).unwrap_or_default();
    let country = input.country.as_deref().and_then(crate::country::code);
    let probe = Probe {
        id: None,
        name: text(input.name),
        city: text(input.city),
        emails: input.emails.iter().filter_map(|email| common::text::email(email)).collect(),
        phones: input
            .phones
            .iter()
            .filter_map(|text| phone::number(text, country.as_deref()))
            .map(|number| number.value)
            .collect(),
        tax_id: input.tax_id.as_deref().and_then(contact::tax_id),
    };
    let score_min = score_min(input.score_min)?;
    let mut tx = ctx.read(&MANAGE).await?;
    Ok(find(&mut tx, &[probe], score_min).await?.pop().unwrap_or_default())
}

/// Pairs among the contacts in use, some at a time, in the order in which they were made.
pub async fn report(ctx: &Ctx, page: Page, score: Option<i32>) -> Result<ContactDuplicatePage> {
    const PLACE: Place = Place::new("contact.duplicates", "Id");
    let score_min = score_min(score)?;
    let mut tx = ctx.read_list(&MANAGE).await?;
    let rows = select_contact!(
        "where merged_into_id is null and archived_at is null and erased_at is null and ($1::uuid is null or id > $1)
         order by id limit $2",
        page.after(PLACE)?,
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?;
    let slice = page.slice(PLACE, rows, |contact| contact.id.into());
    let contacts: Vec<Contact> = slice.rows.iter().map(|(_, contact)| contact.clone()).collect();
    let probes: Vec<Probe> = contacts.iter().map(Probe::from).collect();
    let found = find(&mut tx, &probes, score_min).await?;
    let pairs = contacts.iter().zip(found).flat_map(|(contact, found)| {
        // Each pair once, at the one that was made first.
        let later = found.into_iter().filter(|other| other.id.0 > contact.id.0);
        later
            .map(|duplicate| ContactDuplicatePair { contact: contact.clone(), duplicate })
            .collect::<Vec<_>>()
    });
    Ok(ContactDuplicatePage {
        pairs: pairs.collect(),
        looked_at: i32::try_from(contacts.len()).unwrap_or(i32::MAX),
        end_cursor: slice.rows.last().map(|(cursor, _)| cursor.clone()),
        has_next_page: slice.has_next,
    })
}

fn score_min(given: Option<i32>) -> Result<i32> {
    let score = given.unwrap_or(SCORE_MIN);
    if (30..=100).contains(&score) { Ok(score) } else { Err(Error::validation("scoreMin must be 30 to 100")) }
}

// SQL.

/// What of a probe is looked for exactly.
type Values = fn(&Probe) -> Vec<String>;

/// For each of these the contacts that may be the same, the surest first.
async fn find(tx: &mut Tx, probes: &[Probe], score_min: i32) -> Result<Vec<Vec<ContactDuplicate>>> {
    use ContactDuplicateReason::{Email, Name, Phone, TaxId};
    let mut found: Vec<HashMap<ContactId, ContactDuplicate>> =
        probes.iter().map(|_| HashMap::new()).collect();
    let mut add = |at: usize, id: ContactId, reason: ContactDuplicateReason, score: i32| {
        if probes[at].id == Some(id) {
            return;
        }
        let new = || ContactDuplicate { id, reasons: Vec::new(), score };
        let one = found[at].entry(id).or_insert_with(new);
        one.score = one.score.max(score);
        if !one.reasons.contains(&reason) {
            one.reasons.push(reason);
        }
    };
    let kinds: [(&str, ContactDuplicateReason, Values); 3] = [
        ("tax_id", TaxId, |probe| probe.tax_id.iter().cloned().collect()),
        ("email", Email, |probe| probe.emails.clone()),
        ("phone", Phone, |probe| probe.phones.clone()),
    ];
    for (column, reason, values) in kinds {
        let mut by_value: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, probe) in probes.iter().enumerate() {
            values(probe).into_iter().for_each(|value| by_value.entry(value).or_default().push(at));
        }
        for (value, id) in holders(tx, column, &by_value.keys().cloned().collect::<Vec<_>>()).await? {
            by_value.get(&value).into_iter().flatten().for_each(|at| add(*at, id, reason, 100));
        }
    }
    let names: Vec<String> = probes.iter().map(|probe| probe.name.clone()).collect();
    let cities: Vec<String> = probes.iter().map(|probe| probe.city.clone()).collect();
    let alike = sqlx::query!(
        r#"select w.at as "at!", l.id as "id!: ContactId", l.similarity as "similarity!"
           from unnest($1::text[], $2::text[]) with ordinality w (name, city, at)
           cross join lateral contact.look_alikes(w.name, w.city, $3, $4) l"#,
        &names,
        &cities,
        score_min as f32 / 100.0,
        i32::try_from(FOUND_MAX).unwrap_or(i32::MAX),
    );
    for row in alike.fetch_all(tx.conn()).await? {
        let at = usize::try_from(row.at - 1).map_err(Error::internal)?;
        // Names are alike, or even the same, without being one's.
        add(at, row.id, Name, ((row.similarity * 100.0).round() as i32).min(99));
    }
    let sorted = |found: HashMap<ContactId, ContactDuplicate>| {
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_by_key(|one| (-one.score, one.id.0));
        found.truncate(FOUND_MAX);
        found.iter_mut().for_each(|one| one.reasons.sort());
        found
    };
    Ok(found.into_iter().map(sorted).collect())
}

/// The contacts, in the whole organization, that have these values: mail addresses, phone numbers, tax ids.
pub(crate) async fn holders(
    tx: &mut Tx,
    column: &str,
    values: &[String],
) -> Result<Vec<(String, ContactId)>> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"select value as "value!", id as "id!: ContactId" from contact.holders($1, $2)"#,
        column,
        values,
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.value, row.id)).collect())
}

/// The contacts that may be the same as one that is there.
pub(crate) struct DuplicatesOf;

impl Batch for DuplicatesOf {
    type Key = ContactId;
    type Value = Vec<ContactDuplicate>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, Vec<ContactDuplicate>>> {
        let contacts = Contact::select_many(tx, keys).await?;
        let contacts: Vec<_> = contacts.into_iter().filter(|contact| contact.erased_at.is_none()).collect();
        let probes: Vec<Probe> = contacts.iter().map(Probe::from).collect();
        let found = find(tx, &probes, SCORE_MIN).await?;
        Ok(contacts.iter().map(|contact| contact.id).zip(found).collect())
    }
}

// GraphQL.

/// Contacts that may be one.
#[derive(Default)]
pub struct ContactDuplicateQuery;

#[Object]
impl ContactDuplicateQuery {
    /// Whom what somebody types may be about already, the surest first, 10 at most. What is no mail address, phone number
    /// or tax id yet is not looked for.
    #[graphql(directive = cost::apply(50))]
    async fn contact_duplicates(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What is known so far.")] input: ContactDuplicateInput,
    ) -> Result<Vec<ContactDuplicate>> {
        look(gql.app(), input).await
    }

    /// Contacts in use that may be one, some at a time: continue after endCursor until there is no next page.
    #[graphql(directive = cost::apply(30))]
    async fn contact_duplicate_pairs(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of contacts to look at, 1 to 100; 50 when absent.")] first: Option<i32>,
        #[graphql(desc = "The endCursor of the page to continue after.")] after: Option<String>,
        #[graphql(desc = "How alike names must look, in percent, 30 to 100; 55 when absent.")]
        score_min: Option<i32>,
    ) -> Result<ContactDuplicatePage> {
        const FIRST_DEFAULT: i32 = 50;
        let page = Page::within(first.unwrap_or(FIRST_DEFAULT), after.as_deref(), Page::FIRST_MAX)?;
        let done = report(gql.app(), page, score_min).await;
        if done.is_err() {
            gql.app().end_reading().await;
        }
        done
    }
}
