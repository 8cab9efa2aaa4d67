//! How this module's nouns lead to one another. They stand above the nouns, so that no noun needs one that needs it.

use std::collections::HashMap;

use async_graphql::Context;
use common::{Permission, Result};
use database::Tx;
use graphql::{App as _, Batch, Money, cost, noun};

use crate::Membership;
use crate::communication::{Communication, TimelineOf};
use crate::consent::{Consent, ConsentsOf};
use crate::consent_key::{ConsentChannel, grant};
use crate::contact::{Contact, ContactAddress, ContactEmail, ContactPhone};
use crate::duplicate::{ContactDuplicate, DuplicatesOf};
use crate::external_id::{self, ContactExternalId};
use crate::ids::ContactId;
use crate::merge::{Merge, MergesOf};
use crate::relation::{Relation, RelationsOf};
use crate::rights::{ERASE, INTERNAL, MANAGE, MERGE, READ, TALK_READ};
use crate::segment::{CountOf, Segment, SegmentCondition};

#[noun(custom_fields, attachments for TALK_READ, history for INTERNAL)]
impl Contact {
    /// What people read: the name that a company trades under, or somebody's first and last name.
    #[graphql(name = "name")]
    async fn full_name(&self) -> String {
        self.name()
    }

    /// The company that a person works for, or that a company belongs to; null for none.
    async fn parent_company(&self, gql: &Context<'_>) -> Result<Option<Contact>> {
        gql.find(self.parent_company_id).await
    }

    /// Their mail addresses.
    async fn emails(&self) -> &[ContactEmail] {
        &self.emails
    }

    /// The mail address to write to; null when there is none.
    async fn primary_email(&self) -> Option<&str> {
        self.email()
    }

    /// Their phone numbers.
    async fn phones(&self) -> &[ContactPhone] {
        &self.phones
    }

    /// Their postal addresses, the most important first.
    async fn addresses(&self) -> &[ContactAddress] {
        &self.addresses
    }

    /// What a company earns in a year.
    async fn annual_revenue(&self) -> Option<Money> {
        Some(Money::new(self.annual_revenue?, self.annual_revenue_currency.as_deref()?))
    }

    /// The member who looks after them; null for nobody, and to whoever sees only themselves.
    async fn owner(&self, gql: &Context<'_>) -> Option<Membership> {
        gql.app().scope(&INTERNAL).ok()?;
        self.owner_membership_id.map(|id| Membership { id })
    }

    /// What else is known of them; null when nothing is, and to whoever sees only themselves.
    async fn notes(&self, gql: &Context<'_>) -> Option<&str> {
        gql.app().scope(&INTERNAL).ok()?;
        self.notes.as_deref()
    }

    /// The words that people find them by; nothing to whoever sees only themselves.
    async fn tags(&self, gql: &Context<'_>) -> &[String] {
        if gql.app().scope(&INTERNAL).is_ok() { &self.tags } else { &[] }
    }

    /// The membership that they log in with as a client or supplier; null for none.
    async fn membership(&self) -> Option<Membership> {
        self.membership_id.map(|id| Membership { id })
    }

    /// What they are called in other systems.
    #[graphql(directive = cost::apply(1))]
    async fn external_ids(&self, gql: &Context<'_>) -> Result<Vec<ContactExternalId>> {
        Ok(gql.load::<ExternalIdsOf>(self.id).await?.unwrap_or_default())
    }

    /// How they stand to others, and others to them, the oldest first; 200 at most.
    #[graphql(directive = cost::apply(2))]
    async fn relations(&self, gql: &Context<'_>) -> Result<Vec<Relation>> {
        Ok(gql.load::<RelationsOf>(self.id).await?.unwrap_or_default())
    }

    /// What they have allowed and taken back, the latest first.
    #[graphql(directive = cost::apply(2))]
    async fn consents(&self, gql: &Context<'_>) -> Result<Vec<Consent>> {
        Ok(gql.load::<ConsentsOf>(self.id).await?.unwrap_or_default())
    }

    /// Whether they may be sent something now: they have allowed it, and have not said that they want to hear nothing, nor
    /// are they blocked or erased.
    #[graphql(directive = cost::apply(1))]
    async fn may_receive(
        &self,
        #[graphql(desc = "The way to reach them.")] channel: ConsentChannel,
        #[graphql(desc = "What for, such as newsletter.")] purpose: String,
    ) -> bool {
        grant(channel, &purpose).is_some_and(|key| self.is_open_to(&key))
    }

    /// What was said and written to them, and by them, the latest first; null to whoever may not see any.
    #[graphql(directive = cost::apply(3))]
    async fn timeline(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of rows, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row to continue after, from the same list.")] after: Option<
            String,
        >,
    ) -> Result<Option<graphql::Page<Communication>>> {
        if gql.app().scope(&TALK_READ).is_err() {
            return Ok(None);
        }
        let page = common::Page::new(first, after.as_deref())?;
        let talks = gql.load::<TimelineOf>((self.id, page)).await?;
        Ok(Some(graphql::connection(talks.unwrap_or_default())))
    }

    /// Contacts that may be the same, the surest first, 10 at most; null to whoever may not change contacts.
    #[graphql(directive = cost::apply(50))]
    async fn duplicates(&self, gql: &Context<'_>) -> Result<Option<Vec<ContactDuplicate>>> {
        if gql.app().scope(&MANAGE).is_err() {
            return Ok(None);
        }
        Ok(Some(gql.load::<DuplicatesOf>(self.id).await?.unwrap_or_default()))
    }

    /// The contacts that were merged into this one, the latest first, those that were parted again included; null to whoever
    /// may not merge any.
    #[graphql(directive = cost::apply(1))]
    async fn merges(&self, gql: &Context<'_>) -> Result<Option<Vec<Merge>>> {
        if gql.app().scope(&MERGE).is_err() {
            return Ok(None);
        }
        Ok(Some(gql.load::<MergesOf>(self.id).await?.unwrap_or_default()))
    }

    /// Why nothing about them may be erased at present; null when it may, and to whoever may not know.
    async fn legal_hold_reason(&self, gql: &Context<'_>) -> Option<&str> {
        let may_know = gql.app().scope(&ERASE).is_ok();
        self.legal_hold_reason.as_deref().filter(|_| may_know)
    }
}

#[noun]
impl Relation {
    /// The contact that it is said of; null when the caller may not see it.
    async fn from(&self, gql: &Context<'_>) -> Result<Option<Contact>> {
        gql.find(self.from_contact_id).await
    }

    /// The contact that the first one stands to; null when the caller may not see it.
    async fn to(&self, gql: &Context<'_>) -> Result<Option<Contact>> {
        gql.find(self.to_contact_id).await
    }
}

#[noun(attachments)]
impl Communication {
    /// The contact that it is about; null when the caller may not see it.
    async fn contact(&self, gql: &Context<'_>) -> Result<Option<Contact>> {
        gql.find(self.contact_id).await
    }

    /// The members who took part.
    async fn participants(&self) -> Vec<Option<Membership>> {
        self.participants.iter().map(|id| Some(Membership { id: *id })).collect()
    }
}

#[noun]
impl Segment {
    /// What contacts must be to be part of it; nothing for a static one.
    async fn conditions(&self) -> Vec<SegmentCondition> {
        self.conditions_shown()
    }

    /// How many contacts in use are in it at present, as far as the caller sees them.
    #[graphql(directive = cost::apply(100))]
    async fn count(&self, gql: &Context<'_>) -> Result<i64> {
        Ok(gql.load::<CountOf>(self.id).await?.unwrap_or_default())
    }
}

/// What contacts are called in other systems.
struct ExternalIdsOf;

impl Batch for ExternalIdsOf {
    type Key = ContactId;
    type Value = Vec<ContactExternalId>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, Vec<ContactExternalId>>> {
        let mut found: HashMap<ContactId, Vec<ContactExternalId>> = HashMap::new();
        for (root, one) in external_id::select_of(tx, keys).await? {
            found.entry(root).or_default().push(one);
        }
        Ok(found)
    }
}
