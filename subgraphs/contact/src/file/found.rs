//! Whom rows of files are about, looked up for all of them at once.

use std::collections::{HashMap, HashSet};

use common::{Refusal, Result};
use database::Tx;

use super::Companies;
use crate::contact::{Contact, ContactKind, select_contact};
use crate::duplicate::holders;
use crate::external_id::ContactExternalIdInput;
use crate::ids::ContactId;

pub(super) const IS_THERE: Refusal = Refusal::whole("ALREADY_THERE", "this contact is there already");
const OUT_OF_SIGHT: Refusal = Refusal::whole(
    "CONTACT_OUT_OF_SIGHT",
    "this contact is there already, and not yours to see; ask whoever looks after them",
);
const EMAIL_AMBIGUOUS: Refusal = Refusal::of(
    "emails",
    "EMAIL_AMBIGUOUS",
    "more than one contact has this mail address; name the contact by its number or by an id of another system",
);
const EXTERNAL_ID_AMBIGUOUS: Refusal = Refusal::of(
    "externalIds",
    "EXTERNAL_ID_AMBIGUOUS",
    "these ids are those of different contacts; merge them, or leave one out",
);

/// What tells whom a row is about, the first that is there: its number, an id in another system, a mail address, a phone
/// number and the name, or nothing but the name and the city.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// Its own id, where a card that was exported says so.
    pub(super) id: Option<ContactId>,
    pub(super) number: Option<String>,
    pub(super) external_ids: Vec<ContactExternalIdInput>,
    pub(super) emails: Vec<String>,
    pub(super) phones: Vec<String>,
    /// Nothing when the row does not say.
    pub(super) kind: Option<ContactKind>,
    pub(super) name: String,
    pub(super) city: String,
}

impl Keys {
    /// Whether it has nothing but a name.
    fn is_name_alone(&self) -> bool {
        self.number.is_none()
            && self.external_ids.is_empty()
            && self.emails.is_empty()
            && self.phones.is_empty()
    }

    /// Claims whom a new row is about; `false` when a row before has.
    pub(super) fn claim(&self, claimed: &mut HashSet<String>) -> bool {
        let name = self.name.to_lowercase();
        let mut all: Vec<String> = self.number.iter().map(|number| format!("number {number}")).collect();
        all.extend(self.external_ids.iter().map(|id| format!("id {} {}", id.system, id.value)));
        all.extend(self.emails.first().map(|email| format!("email {email}")));
        if all.is_empty() {
            all.extend(self.phones.first().map(|phone| format!("phone {phone} {name}")));
        }
        if all.is_empty() && !name.is_empty() {
            all.push(format!("name {name} {}", self.city.to_lowercase()));
        }
        let is_new = all.iter().all(|key| !claimed.contains(key));
        claimed.extend(all);
        is_new
    }
}

/// The contacts that rows may be about.
pub(super) struct Found {
    /// Those that are for the caller to see, by every id that leads to them.
    contacts: HashMap<ContactId, Contact>,
    numbers: HashMap<String, ContactId>,
    external_ids: HashMap<(String, String), ContactId>,
    emails: HashMap<String, Vec<ContactId>>,
    phones: HashMap<String, Vec<ContactId>>,
    /// Of rows with nothing but a name, by their place.
    names: HashMap<usize, Vec<ContactId>>,
}

impl Found {
    pub(super) async fn look_up(tx: &mut Tx, rows: &[Keys]) -> Result<Self> {
        let numbers: Vec<String> = rows.iter().filter_map(|keys| keys.number.clone()).collect();
        let numbered = select_contact!("where number = any($1)", &numbers).fetch_all(tx.conn()).await?;
        let numbers = numbered.into_iter().map(|contact| (contact.number.clone(), contact.id)).collect();
        let (systems, values): (Vec<String>, Vec<String>) = rows
            .iter()
            .flat_map(|keys| keys.external_ids.iter().map(|id| (id.system.clone(), id.value.clone())))
            .unzip();
        let called = sqlx::query!(
            r#"select system as "system!", value as "value!", contact_id as "contact_id!: ContactId"
               from contact.called($1, $2)"#,
            &systems,
            &values,
        );
        let called = called.fetch_all(tx.conn()).await?;
        let external_ids = called.into_iter().map(|row| ((row.system, row.value), row.contact_id)).collect();
        let emails = by_value(tx, "email", rows.iter().flat_map(|keys| &keys.emails)).await?;
        let phones = by_value(tx, "phone", rows.iter().flat_map(|keys| &keys.phones)).await?;
        let names = Self::namesakes(tx, rows).await?;
        let mut found = Self { contacts: HashMap::new(), numbers, external_ids, emails, phones, names };
        let lists = found.emails.values().chain(found.phones.values()).chain(found.names.values());
        let single = found.numbers.values().chain(found.external_ids.values());
        let named = rows.iter().filter_map(|keys| keys.id.as_ref());
        let ids: HashSet<ContactId> = lists.flatten().chain(single).chain(named).copied().collect();
        found.contacts = tx.find_many(&Vec::from_iter(ids)).await?;
        Ok(found)
    }

    async fn namesakes(tx: &mut Tx, rows: &[Keys]) -> Result<HashMap<usize, Vec<ContactId>>> {
        let alone: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].is_name_alone()).collect();
        let names: Vec<String> = alone.iter().map(|at| rows[*at].name.clone()).collect();
        let cities: Vec<String> = alone.iter().map(|at| rows[*at].city.clone()).collect();
        let found = sqlx::query!(
            r#"select at as "at!", id as "id!: ContactId" from contact.namesakes($1, $2)"#,
            &names,
            &cities,
        );
        let mut namesakes: HashMap<usize, Vec<ContactId>> = HashMap::new();
        for row in found.fetch_all(tx.conn()).await? {
            let at = usize::try_from(row.at - 1).ok().and_then(|at| alone.get(at));
            if let Some(at) = at {
                namesakes.entry(*at).or_default().push(row.id);
            }
        }
        Ok(namesakes)
    }

    /// Whom a row is about; nobody when it is about somebody new.
    pub(super) fn about(&self, at: usize, keys: &Keys) -> Result<Option<&Contact>, Refusal> {
        if let Some(number) = &keys.number {
            return self.numbers.get(number).map(|id| self.seen(*id)).transpose();
        }
        if let Some(one) = keys.id.and_then(|id| self.contacts.get(&id)).filter(|one| one.erased_at.is_none())
        {
            return Ok(Some(one));
        }
        let called = keys
            .external_ids
            .iter()
            .filter_map(|id| self.external_ids.get(&(id.system.clone(), id.value.clone())).copied());
        if let Some(one) = self.one(called, keys, EXTERNAL_ID_AMBIGUOUS)? {
            return Ok(Some(one));
        }
        let mailed = keys.emails.iter().filter_map(|email| self.emails.get(email)).flatten().copied();
        if let Some(one) = self.one(mailed, keys, EMAIL_AMBIGUOUS)? {
            return Ok(Some(one));
        }
        // A mail address that nobody has is somebody new's, whatever their phone number is.
        if !keys.emails.is_empty() {
            return Ok(None);
        }
        let named = |contact: &&Contact| contact.name().to_lowercase() == keys.name.to_lowercase();
        let called = keys.phones.iter().filter_map(|phone| self.phones.get(phone)).flatten();
        let called: Vec<_> = called.filter_map(|id| self.contacts.get(id)).filter(named).collect();
        let alone = self.names.get(&at).into_iter().flatten().filter_map(|id| self.contacts.get(id));
        let is_of_kind = |contact: &&Contact| keys.kind.is_none_or(|kind| contact.kind == kind);
        Ok(called.into_iter().chain(alone).find(is_of_kind))
    }

    fn seen(&self, id: ContactId) -> Result<&Contact, Refusal> {
        self.contacts.get(&id).ok_or(OUT_OF_SIGHT)
    }

    /// The one contact of these; another kind than the row says is another one.
    fn one(
        &self,
        ids: impl Iterator<Item = ContactId>,
        keys: &Keys,
        ambiguous: Refusal,
    ) -> Result<Option<&Contact>, Refusal> {
        let mut one: Option<&Contact> = None;
        for id in ids {
            let contact = self.seen(id)?;
            if contact.erased_at.is_some() || keys.kind.is_some_and(|kind| contact.kind != kind) {
                continue;
            }
            if one.is_some_and(|other| other.id != contact.id) {
                return Err(ambiguous);
            }
            one = Some(contact);
        }
        Ok(one)
    }
}

async fn by_value(
    tx: &mut Tx,
    column: &str,
    values: impl Iterator<Item = &String>,
) -> Result<HashMap<String, Vec<ContactId>>> {
    let values: HashSet<&String> = values.collect();
    let values: Vec<String> = values.into_iter().cloned().collect();
    let mut found: HashMap<String, Vec<ContactId>> = HashMap::new();
    for (value, id) in holders(tx, column, &values).await? {
        found.entry(value).or_default().push(id);
    }
    Ok(found)
}

/// The companies in use that cells name, by number or name.
pub(super) async fn companies(tx: &mut Tx, wanted: &HashSet<String>) -> Result<Companies> {
    let mut companies = Companies::default();
    if wanted.is_empty() {
        return Ok(companies);
    }
    let names: Vec<String> = wanted.iter().map(|name| Companies::key(name)).collect();
    let rows = select_contact!(
        "where kind = 'COMPANY' and merged_into_id is null and archived_at is null
         and (lower(number) = any($1) or lower(legal_name) = any($1) or lower(trade_name) = any($1))",
        &names,
    );
    for company in rows.fetch_all(tx.conn()).await? {
        companies.add(&company);
    }
    Ok(companies)
}

/// What companies are called in a file, by their ids.
pub(super) async fn company_names(
    tx: &mut Tx,
    contacts: impl Iterator<Item = &Contact>,
) -> Result<HashMap<ContactId, String>> {
    let ids: HashSet<ContactId> = contacts.filter_map(|contact| contact.parent_company_id).collect();
    let found = tx.find_many::<Contact>(&Vec::from_iter(ids)).await?;
    Ok(found.into_iter().map(|(id, company)| (id, company.number)).collect())
}
