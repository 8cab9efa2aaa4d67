//! Contacts: the people and companies that the organization deals with.

mod filter;
mod form;
mod graphql;
mod hold;
mod live;
mod model;
mod parts;
mod repo;

use chrono::Datelike as _;
use common::{Error, MembershipId, Page, Refusal, Result, Scope, Slice};
use custom::Definitions;
use database::{Ctx, OnConstraint as _, Record as _, Tx};

pub(crate) use self::filter::conditions;
pub use self::filter::{ContactFilter, ContactGrantInput};
pub(crate) use self::form::{
    COMPANY_CYCLE, MEMBERSHIP_TAKEN, NUMBER_TAKEN, OWN_PARENT, TAX_ID_TAKEN, tax_id, web_address,
};
pub use self::form::{ContactCreateInput, ContactUpdateInput};
use self::form::{MEMBER_NOT_FOUND, NO_COMPANY, OWNER_OUT_OF_SIGHT};
pub use self::graphql::{ContactByEmailQuery, ContactMutation, ContactQuery, ContactSort, ContactUpdateRow};
pub use self::hold::ContactHoldInput;
pub use self::live::ContactSubscription;
pub use self::model::{Contact, ContactKind, ContactRole, ContactStatus};
pub(crate) use self::model::{NUMBERS, select_contact};
pub use self::parts::{
    ContactAddress, ContactAddressInput, ContactAddressKind, ContactEmail, ContactEmailInput, ContactPhone,
    ContactPhoneInput,
};
pub(crate) use self::repo::{count, select_line, select_page};
use crate::events::{ContactAssigned, ContactCreated, ContactUpdated};
use crate::ids::ContactId;
use crate::rights::{INTERNAL, MANAGE, READ};
use crate::{external_id, family};

/// Creates a contact, whom the caller looks after unless somebody else is named.
pub async fn create(ctx: &Ctx, input: ContactCreateInput) -> Result<Contact> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut contact = Contact { kind: input.kind, ..Contact::blank(tx.now()) };
    let before = contact.clone();
    contact.owner_membership_id = tx.membership_id();
    let fields = Definitions::of::<Contact>(&mut tx).await?;
    let mut input = ContactUpdateInput::from(input);
    let external_ids = std::mem::take(&mut input.external_ids).take().unwrap_or_default();
    let external_ids = external_id::filled_in(contact.id, external_ids);
    let ((), external_ids) = both(contact.fill_in(input, &fields, tx.now()), external_ids)?;
    check_references(&mut tx, &before, &mut contact).await?;
    let year = tx.now().year();
    contact.number = tx.next_number(&NUMBERS, year).await?;
    save_all(&mut tx, std::slice::from_mut(&mut contact)).await?;
    external_id::replace(&mut tx, contact.id, external_ids).await?;
    tx.emit(&contact.created()).await?;
    announce_owner(&mut tx, &before, &contact).await?;
    tx.commit(contact).await
}

/// Changes a contact.
pub async fn update(ctx: &Ctx, id: ContactId, input: ContactUpdateInput) -> Result<Contact> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let contact = update_in(&mut tx, id, input).await?;
    tx.commit(contact).await
}

/// Changes many contacts; what is refused of one, the others are not.
pub async fn update_bulk(ctx: &Ctx, rows: Vec<ContactUpdateRow>) -> Result<Vec<Result<Contact>>> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let done = tx.each(rows, |row| row.id, |tx, row| Box::pin(update_in(tx, row.id, row.input))).await?;
    tx.commit(done).await
}

async fn update_in(tx: &mut Tx, id: ContactId, mut input: ContactUpdateInput) -> Result<Contact> {
    if input.parent_company_id.is_value() {
        family::lock(tx).await?;
    }
    let mut contact: Contact = tx.lock_at(id, input.version).await?;
    let before = contact.clone();
    let fields = match input.custom_fields.is_undefined() {
        true => Definitions::default(),
        false => Definitions::of::<Contact>(tx).await?,
    };
    let wanted = std::mem::take(&mut input.external_ids).take();
    let wanted = wanted.map(|wanted| external_id::filled_in(contact.id, wanted)).transpose();
    let ((), wanted) = both(contact.fill_in(input, &fields, tx.now()), wanted)?;
    check_references(tx, &before, &mut contact).await?;
    let mut are_changed = false;
    if let Some(wanted) = wanted {
        are_changed = external_id::replace(tx, contact.id, wanted).await?;
    }
    save(tx, &mut contact, are_changed).await?;
    if contact.version != before.version {
        tx.emit(&contact.updated()).await?;
    }
    announce_owner(tx, &before, &contact).await?;
    Ok(contact)
}

/// Whoever looks after a contact from now on hears of it.
async fn announce_owner(tx: &mut Tx, before: &Contact, now: &Contact) -> Result<()> {
    let Some(owner_membership_id) = now.owner_membership_id else { return Ok(()) };
    if before.owner_membership_id == now.owner_membership_id || tx.membership_id() == now.owner_membership_id
    {
        return Ok(());
    }
    let (kind, number) = (exchange::print(&now.kind), now.number.clone());
    tx.emit(&ContactAssigned { contact_id: now.id, kind, number, owner_membership_id }).await
}

/// Both, or everything that is wrong with either.
fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(Error::Refused(one)), Err(Error::Refused(other))) => Err(Error::Refused([one, other].concat())),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// Archives a contact: offered no more, and what refers to it still does.
pub async fn archive(ctx: &Ctx, id: ContactId) -> Result<Contact> {
    set_archived(ctx, id, true).await
}

/// Restores an archived contact.
pub async fn restore(ctx: &Ctx, id: ContactId) -> Result<Contact> {
    set_archived(ctx, id, false).await
}

/// Archives many contacts; what is refused of one, the others are not.
pub async fn archive_bulk(ctx: &Ctx, ids: Vec<ContactId>) -> Result<Vec<Result<Contact>>> {
    set_archived_bulk(ctx, ids, true).await
}

/// Restores many archived contacts; what is refused of one, the others are not.
pub async fn restore_bulk(ctx: &Ctx, ids: Vec<ContactId>) -> Result<Vec<Result<Contact>>> {
    set_archived_bulk(ctx, ids, false).await
}

async fn set_archived(ctx: &Ctx, id: ContactId, is_archived: bool) -> Result<Contact> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let contact = set_archived_in(&mut tx, id, is_archived).await?;
    tx.commit(contact).await
}

async fn set_archived_bulk(
    ctx: &Ctx,
    ids: Vec<ContactId>,
    is_archived: bool,
) -> Result<Vec<Result<Contact>>> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let done = tx.each(ids, |id| *id, move |tx, id| Box::pin(set_archived_in(tx, id, is_archived))).await?;
    tx.commit(done).await
}

async fn set_archived_in(tx: &mut Tx, id: ContactId, is_archived: bool) -> Result<Contact> {
    let mut contact: Contact = tx.lock(id).await?;
    if contact.is_archived() != is_archived {
        contact.archived_at = is_archived.then_some(tx.now());
        save(tx, &mut contact, false).await?;
        tx.emit(&contact.updated()).await?;
    }
    Ok(contact)
}

/// The contacts that the filter lets through.
pub async fn list(ctx: &Ctx, filter: ContactFilter, sort: ContactSort, page: Page) -> Result<Slice<Contact>> {
    // Whoever may not know finds nothing out by asking who carries a tag.
    if filter.tag.is_some() || filter.owner_id.is_some() || filter.is_owned.is_some() {
        ctx.scope(&INTERNAL)?;
    }
    let mut tx = ctx.read_list(&READ).await?;
    select_page(&mut tx, &filter, sort, page).await
}

/// The contacts that a mail address belongs to, by name; none for what is no address.
pub async fn by_email(ctx: &Ctx, email: &str) -> Result<Vec<Contact>> {
    let mut tx = ctx.read(&READ).await?;
    let Some(email) = common::text::email(email) else { return Ok(Vec::new()) };
    repo::select_by_email(&mut tx, &email).await
}

/// Whether what a contact begins to refer to is there, in use, and no circle.
pub(crate) async fn check_references(tx: &mut Tx, before: &Contact, now: &mut Contact) -> Result<()> {
    if let Some(id) = now.parent_company_id.filter(|_| now.parent_company_id != before.parent_company_id) {
        let company: Contact = tx.reference("parentCompanyId", id).await?;
        if company.kind != ContactKind::Company || company.erased_at.is_some() {
            return Err(NO_COMPANY.into());
        }
        now.parent_company_id = Some(company.id);
        check_line(now.id, &select_line(tx, company.id).await?)?;
    }
    if let Some(owner) =
        now.owner_membership_id.filter(|_| now.owner_membership_id != before.owner_membership_id)
    {
        if !people::works_here(tx, owner).await? && tx.membership_id() != Some(owner) {
            return Err(MEMBER_NOT_FOUND.at("ownerId").into());
        }
        check_owner(tx, owner).await?;
    }
    if let Some(member) = now.membership_id.filter(|_| now.membership_id != before.membership_id)
        && people::members_among(tx, &[member]).await?.is_empty()
    {
        return Err(MEMBER_NOT_FOUND.at("membershipId").into());
    }
    Ok(())
}

/// Nobody gives a contact where they would not see it any more: the database would refuse it without a word.
async fn check_owner(tx: &mut Tx, owner: MembershipId) -> Result<()> {
    if tx.scope() == Scope::All || repo::is_member_in_scope(tx, owner).await? {
        Ok(())
    } else {
        Err(OWNER_OUT_OF_SIGHT.into())
    }
}

/// Whether something may belong to the first of `line`, a company and all that it belongs to.
pub(crate) fn check_line(id: ContactId, line: &[ContactId]) -> Result<(), Refusal> {
    match line {
        [] => Err(NO_COMPANY),
        [company, ..] if *company == id => Err(OWN_PARENT),
        _ if line.contains(&id) => Err(COMPANY_CYCLE),
        _ => Ok(()),
    }
}

/// Saves one, with what is unique told as refusals.
pub(crate) async fn save(tx: &mut Tx, contact: &mut Contact, are_parts_changed: bool) -> Result<()> {
    refusals(tx.save_with_parts(contact, are_parts_changed).await)
}

/// As [`save`], for many in one statement.
pub(crate) async fn save_all(tx: &mut Tx, contacts: &mut [Contact]) -> Result<()> {
    refusals(tx.save_all(contacts).await.map(|_| ()))
}

fn refusals(saved: Result<()>) -> Result<()> {
    saved
        .on_constraint("contact_tax_id_key", TAX_ID_TAKEN)
        .on_constraint("contact_membership_key", MEMBERSHIP_TAKEN)
        .on_constraint("contact_number_key", NUMBER_TAKEN)
}

impl Contact {
    /// What is announced of a new one.
    pub(crate) fn created(&self) -> ContactCreated {
        let state = self.updated();
        ContactCreated {
            contact_id: state.contact_id,
            kind: state.kind,
            status: state.status,
            roles: state.roles,
            parent_company_id: state.parent_company_id,
            owner_membership_id: state.owner_membership_id,
            is_do_not_contact: state.is_do_not_contact,
        }
    }

    /// What is announced of a changed one.
    pub(crate) fn updated(&self) -> ContactUpdated {
        ContactUpdated {
            contact_id: self.id,
            kind: exchange::print(&self.kind),
            status: exchange::print(&self.status),
            roles: self.roles.iter().map(exchange::print).collect(),
            parent_company_id: self.parent_company_id,
            owner_membership_id: self.owner_membership_id,
            is_do_not_contact: self.is_do_not_contact,
            is_archived: self.is_archived(),
        }
    }
}
