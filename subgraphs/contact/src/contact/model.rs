//! What a contact may be.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use common::MembershipId;
use database::{Record, Series};
use graphql::{Date, choices};
use rust_decimal::Decimal;
use sqlx::types::Json;

use super::parts::{ContactAddress, ContactEmail, ContactPhone};
use crate::ids::ContactId;
use crate::rights::{ERASE, INTERNAL, READ};

choices! {
    /// What a contact is.
    ContactKind {
        /// Somebody.
        Person,
        /// A company, an office, a club.
        Company,
    }
}

choices! {
    /// What a contact is to the organization.
    ContactRole {
        /// Buys.
        Customer,
        /// Sells.
        Vendor,
        /// May buy one day.
        Lead,
        /// Works along.
        Partner,
        /// Wants to work here.
        Applicant,
        /// Something else.
        Other,
    }
}

choices! {
    /// Whether one deals with a contact.
    ContactStatus {
        /// One does.
        Active,
        /// Not at present.
        Inactive,
        /// One must not.
        Blocked,
    }
}

choices! {
    /// How many people work for a company.
    ContactEmployeeBand {
        /// 1 to 9.
        Micro,
        /// 10 to 49.
        Small,
        /// 50 to 249.
        Medium,
        /// 250 and more.
        Large,
    }
}

/// A person or a company that the organization deals with.
#[derive(Clone, Debug, PartialEq, SimpleObject, Record)]
#[graphql(complex)]
#[record("contact", table = "contact.contact", read = READ, moved = merged_into_id, parts = "external_ids")]
pub struct Contact {
    /// The id of the contact; opaque to clients. One that was merged into another is found by the ids of both.
    pub id: ContactId,
    /// The number that the organization knows them by, such as C-00001.
    #[record(once)]
    pub number: String,
    /// Whether it is a person or a company.
    #[record(once)]
    pub kind: ContactKind,
    /// What stands before the name of a person, such as Dr.
    pub name_prefix: Option<String>,
    /// The first name of a person.
    pub first_name: Option<String>,
    /// The last name of a person.
    pub last_name: Option<String>,
    /// The name of a company as it is registered.
    pub legal_name: Option<String>,
    /// The name that a company trades under; null when it is the registered one.
    pub trade_name: Option<String>,
    #[graphql(skip)]
    pub(crate) parent_company_id: Option<ContactId>,
    /// What a person does at their company.
    pub job_title: Option<String>,
    #[graphql(skip)]
    pub(crate) emails: Json<Vec<ContactEmail>>,
    #[graphql(skip)]
    pub(crate) phones: Json<Vec<ContactPhone>>,
    #[graphql(skip)]
    pub(crate) addresses: Json<Vec<ContactAddress>>,
    /// The address of their website.
    pub website: Option<String>,
    /// The addresses of their pages elsewhere.
    pub profiles: Vec<String>,
    /// Their tax id, without blanks and signs.
    pub tax_id: Option<String>,
    /// The number that a company is registered by.
    pub registration_number: Option<String>,
    /// What a company does.
    pub industry: Option<String>,
    /// How many people work for a company.
    pub employee_band: Option<ContactEmployeeBand>,
    #[graphql(skip)]
    pub(crate) annual_revenue: Option<Decimal>,
    #[graphql(skip)]
    pub(crate) annual_revenue_currency: Option<String>,
    /// The language that they are written to in, such as de or de-AT.
    pub language: Option<String>,
    /// Their IANA time zone.
    pub time_zone: Option<String>,
    /// The ISO 4217 code of the currency that they pay in.
    pub currency: Option<String>,
    /// What they are to the organization.
    pub roles: Vec<ContactRole>,
    #[graphql(skip)]
    #[record(right = INTERNAL)]
    pub(crate) owner_membership_id: Option<MembershipId>,
    #[graphql(skip)]
    pub(crate) membership_id: Option<MembershipId>,
    /// Where they were met first, such as a fair.
    pub source: Option<String>,
    /// Whether one deals with them.
    pub status: ContactStatus,
    /// Whether they want to hear nothing.
    pub is_do_not_contact: bool,
    /// The birthday of a person.
    pub birthday: Option<Date>,
    #[graphql(skip)]
    #[record(right = INTERNAL)]
    pub(crate) notes: Option<String>,
    #[graphql(skip)]
    pub(crate) granted: Vec<String>,
    /// When one last talked or wrote to them; null when never.
    pub last_contacted_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    #[record(right = ERASE)]
    pub(crate) legal_hold_reason: Option<String>,
    #[graphql(skip)]
    pub(crate) merged_into_id: Option<ContactId>,
    /// When what was known of the person was erased; null while it is not.
    pub erased_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub(crate) custom_fields: custom::Values,
    #[graphql(skip)]
    #[record(right = INTERNAL)]
    pub(crate) tags: Vec<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
    /// When the record was last changed.
    pub updated_at: DateTime<Utc>,
    #[graphql(skip)]
    #[record(read)]
    pub(crate) sort_name: String,
}

/// The numbers of contacts, until the organization chooses another pattern.
pub(crate) const NUMBERS: Series = Series {
    key: "contact.contact",
    pattern: "C-{number:5}",
    is_yearly: false,
    place: ("contact.contact", "number"),
};

impl Contact {
    /// What people read: the name that a company trades under, or somebody's first and last name.
    pub(crate) fn name(&self) -> String {
        let names = match self.kind {
            ContactKind::Company => [self.trade_name.as_deref().or(self.legal_name.as_deref()), None],
            ContactKind::Person => [self.first_name.as_deref(), self.last_name.as_deref()],
        };
        names.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The mail address to write to.
    pub(crate) fn email(&self) -> Option<&str> {
        let primary = self.emails.iter().find(|email| email.is_primary).or(self.emails.first());
        primary.map(|email| email.value.as_str())
    }

    /// The city that they are in.
    pub(crate) fn city(&self) -> Option<&str> {
        self.addresses.first().and_then(|address| address.city.as_deref())
    }

    /// Whether they may be sent what they have allowed.
    pub(crate) fn is_open_to(&self, grant: &str) -> bool {
        let is_open =
            self.erased_at.is_none() && !self.is_do_not_contact && self.status != ContactStatus::Blocked;
        is_open && self.granted.iter().any(|one| one == grant)
    }
}
