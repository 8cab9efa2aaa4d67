//! What this module adds to contacts.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, Object};
use common::{Permission, Result};
use database::Tx;
use graphql::{App as _, Batch, Money, cost};

use crate::activity::{Activity, select_activity};
use crate::deal::{Deal, DealStatus};
use crate::ids::{ActivityId, ContactId, DealId, LeadId};
use crate::lead::Lead;
use crate::others::Contact;
use crate::rights::{ACTIVITY_READ, DEAL_READ, LEAD_READ};

#[ComplexObject]
impl Contact {
    /// The deals that they, or those who are one with them, have to do with, as a company or otherwise, the latest first, 100
    /// at most; null to whoever may see no deals.
    #[graphql(directive = cost::apply(5))]
    async fn deals(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Whether they go on; of all when absent.")] status: Option<DealStatus>,
    ) -> Result<Option<Vec<Deal>>> {
        if gql.app().scope(&DEAL_READ).is_err() {
            return Ok(None);
        }
        let deals = gql.load::<DealsOf>(self.id).await?.unwrap_or_default();
        let is_shown =
            |deal: &Deal| deal.archived_at.is_none() && status.is_none_or(|wanted| deal.status == wanted);
        Ok(Some(deals.into_iter().filter(is_shown).collect()))
    }

    /// The leads that have become them, the latest first, 100 at most; null to whoever may see no leads.
    #[graphql(directive = cost::apply(3))]
    async fn leads(&self, gql: &Context<'_>) -> Result<Option<Vec<Lead>>> {
        if gql.app().scope(&LEAD_READ).is_err() {
            return Ok(None);
        }
        Ok(Some(gql.load::<LeadsOf>(self.id).await?.unwrap_or_default()))
    }

    /// What the deals came to that were won with them, in each currency that there is; null to whoever may see no deals.
    #[graphql(directive = cost::apply(5))]
    async fn lifetime_value(&self, gql: &Context<'_>) -> Result<Option<Vec<Money>>> {
        if gql.app().scope(&DEAL_READ).is_err() {
            return Ok(None);
        }
        let mut sums: Vec<Money> = Vec::new();
        for deal in gql.load::<DealsOf>(self.id).await?.unwrap_or_default() {
            if deal.status != DealStatus::Won {
                continue;
            }
            match sums.iter_mut().find(|sum| sum.currency == deal.currency) {
                Some(sum) => sum.amount += deal.amount,
                None => sums.push(Money::new(deal.amount, &deal.currency)),
            }
        }
        Ok(Some(sums))
    }

    /// What is to be done next with them: of what is due the earliest; null for nothing, and to whoever may not see it.
    #[graphql(directive = cost::apply(3))]
    async fn next_activity(&self, gql: &Context<'_>) -> Result<Option<Activity>> {
        if gql.app().scope(&ACTIVITY_READ).is_err() {
            return Ok(None);
        }
        gql.load::<NextOf>(self.id).await
    }
}

/// The deals of contacts and of those who are one with them: those in use, and those that were won.
struct DealsOf;

impl Batch for DealsOf {
    type Key = ContactId;
    type Value = Vec<Deal>;
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, Vec<Deal>>> {
        let rows = sqlx::query!(
            r#"select w.id as "contact_id!: ContactId", d.id as "id!: DealId" from unnest($1::uuid[]) w (id)
               cross join lateral (
                   select x.id, x.created_at from crm.deal x where (x.archived_at is null or x.status = 'WON') and (
                       x.company_id in (select f.id from crm.contact_family(w.id) f)
                       or x.id in (select c.deal_id from crm.deal_contact c
                           where c.contact_id in (select f.id from crm.contact_family(w.id) f)))
                   order by x.created_at desc, x.id desc limit 100) d
               order by d.created_at desc, d.id desc"#,
            keys as &[ContactId],
        );
        let rows: Vec<(ContactId, DealId)> =
            rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.contact_id, row.id)).collect();
        let ids: Vec<DealId> = rows.iter().map(|(_, id)| *id).collect();
        let deals = tx.find_many::<Deal>(&ids).await?;
        let mut found: HashMap<ContactId, Vec<Deal>> = HashMap::new();
        for (contact, id) in rows {
            found.entry(contact).or_default().extend(deals.get(&id).cloned());
        }
        Ok(found)
    }
}

/// The leads that have become contacts.
struct LeadsOf;

impl Batch for LeadsOf {
    type Key = ContactId;
    type Value = Vec<Lead>;
    const READ: &'static Permission = &LEAD_READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, Vec<Lead>>> {
        let rows = sqlx::query!(
            r#"select w.id as "contact_id!: ContactId", l.id as "id!: LeadId" from unnest($1::uuid[]) w (id)
               cross join lateral (
                   select x.id, x.created_at from crm.lead x
                   where x.contact_id in (select f.id from crm.contact_family(w.id) f)
                       or x.company_id in (select f.id from crm.contact_family(w.id) f)
                   order by x.created_at desc, x.id desc limit 100) l
               order by l.created_at desc, l.id desc"#,
            keys as &[ContactId],
        );
        let rows: Vec<(ContactId, LeadId)> =
            rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.contact_id, row.id)).collect();
        let ids: Vec<LeadId> = rows.iter().map(|(_, id)| *id).collect();
        let leads = tx.find_many::<Lead>(&ids).await?;
        let mut found: HashMap<ContactId, Vec<Lead>> = HashMap::new();
        for (contact, id) in rows {
            found.entry(contact).or_default().extend(leads.get(&id).cloned());
        }
        Ok(found)
    }
}

/// What is to be done next with contacts: what is about them, or about an open deal of theirs.
struct NextOf;

impl Batch for NextOf {
    type Key = ContactId;
    type Value = Activity;
    const READ: &'static Permission = &ACTIVITY_READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, Activity>> {
        let rows = sqlx::query!(
            r#"select w.id as "contact_id!: ContactId", a.id as "id!: ActivityId" from unnest($1::uuid[]) w (id)
               cross join lateral (
                   select x.id from crm.activity x
                   where x.done_at is null and x.archived_at is null and x.due_at is not null and (
                       x.contact_id in (select f.id from crm.contact_family(w.id) f)
                       or x.deal_id in (select d.id from crm.deal d where d.status = 'OPEN'
                           and d.company_id in (select f.id from crm.contact_family(w.id) f))
                       or x.deal_id in (select c.deal_id from crm.deal_contact c
                           where c.contact_id in (select f.id from crm.contact_family(w.id) f)))
                   order by x.due_at, x.id limit 1) a"#,
            keys as &[ContactId],
        );
        let rows: Vec<(ContactId, ActivityId)> =
            rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.contact_id, row.id)).collect();
        let ids: Vec<ActivityId> = rows.iter().map(|(_, id)| *id).collect();
        let activities =
            select_activity!("where id = any($1)", &ids as &[ActivityId]).fetch_all(tx.conn()).await?;
        let find = |id: ActivityId| activities.iter().find(|activity| activity.id == id).cloned();
        Ok(rows.into_iter().filter_map(|(contact, id)| Some((contact, find(id)?))).collect())
    }
}

/// Which contacts this module knows anything of that the caller sees.
struct KnownContact;

impl Batch for KnownContact {
    type Key = ContactId;
    type Value = ();
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, ()>> {
        let known = sqlx::query_scalar!(
            r#"select id as "id!: ContactId" from contact.parties($1) id"#,
            keys as &[ContactId],
        );
        Ok(known.fetch_all(tx.conn()).await?.into_iter().map(|id| (id, ())).collect())
    }
}

/// Contacts, as far as crm answers for them.
#[derive(Default)]
pub struct ContactQuery;

#[Object]
impl ContactQuery {
    /// One contact, for what crm adds to them.
    #[graphql(entity)]
    async fn contact_by_id(&self, gql: &Context<'_>, id: ContactId) -> Result<Option<Contact>> {
        if gql.app().scope(&DEAL_READ).is_err() {
            return Ok(None);
        }
        Ok(gql.load::<KnownContact>(id).await?.map(|()| Contact { id }))
    }
}
