//! What two contacts that are one become, field by field.

use std::collections::HashMap;

use async_graphql::{Enum, InputObject, SimpleObject};
use common::{Refusal, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::contact::{Contact, ContactStatus};

/// Whose value of a field the one that stays has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ContactMergeSide {
    /// The one's that stays.
    Winner,
    /// The other one's.
    Loser,
    /// Both: of lists and of notes.
    Both,
}

/// A choice for one field.
#[derive(Clone, Debug, InputObject)]
pub struct ContactMergeChoice {
    /// The field.
    pub field: ContactMergeField,
    /// Whose value of it stays.
    pub side: ContactMergeSide,
}

/// What a merge changes of a field of the one that stays.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct ContactMergeChange {
    /// The field, as its choice names it.
    pub field: ContactMergeField,
    /// What it is before, as text; null when it is nothing.
    pub before: Option<String>,
    /// What it is afterwards, as text; null when it is nothing.
    pub after: Option<String>,
}

/// One field before a merge and after it, as it is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    before: Value,
    after: Value,
}

/// How two values become one: the chosen side's; without a choice the winner's, or the loser's where there is none, or both
/// of lists.
trait Join: Sized + Clone {
    fn is_nothing(&self) -> bool;
    fn both(&self, other: &Self) -> Option<Self>;

    fn united(&self, other: &Self, side: Option<ContactMergeSide>) -> Result<Self, ()> {
        match side {
            Some(ContactMergeSide::Winner) => Ok(self.clone()),
            Some(ContactMergeSide::Loser) => Ok(other.clone()),
            Some(ContactMergeSide::Both) => self.both(other).ok_or(()),
            None => Ok(self.unchosen(other)),
        }
    }

    fn unchosen(&self, other: &Self) -> Self {
        match self.both(other) {
            Some(both) => both,
            None if self.is_nothing() => other.clone(),
            None => self.clone(),
        }
    }
}

/// A value, or none.
impl<T: Clone> Join for Option<T> {
    fn is_nothing(&self) -> bool {
        self.is_none()
    }
    fn both(&self, _: &Self) -> Option<Self> {
        None
    }
}

/// A list: what both have, each once.
impl<T: Clone + PartialEq> Join for Vec<T> {
    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
    fn both(&self, other: &Self) -> Option<Self> {
        let more = other.iter().filter(|one| !self.contains(one)).cloned();
        Some(self.iter().cloned().chain(more).collect())
    }
}

/// What restricts whoever deals with a contact: without a choice, what restricts more is never lost.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Bound<T>(T);

impl Join for Bound<ContactStatus> {
    fn is_nothing(&self) -> bool {
        false
    }
    fn both(&self, _: &Self) -> Option<Self> {
        None
    }
    fn unchosen(&self, other: &Self) -> Self {
        let strictness = |status: ContactStatus| match status {
            ContactStatus::Active => 0,
            ContactStatus::Inactive => 1,
            ContactStatus::Blocked => 2,
        };
        if strictness(other.0) > strictness(self.0) { other.clone() } else { self.clone() }
    }
}

/// Who wanted to hear nothing does not hear anything by becoming one with somebody who did.
impl Join for Bound<bool> {
    fn is_nothing(&self) -> bool {
        false
    }
    fn both(&self, _: &Self) -> Option<Self> {
        None
    }
    fn unchosen(&self, other: &Self) -> Self {
        Self(self.0 || other.0)
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident $key:literal => $get:expr, $set:expr;)+) => {
        /// A field of two contacts that become one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
        pub enum ContactMergeField {
            $($(#[$doc])* $variant,)+
        }

        impl ContactMergeField {
            fn key(self) -> &'static str {
                match self { $(Self::$variant => $key),+ }
            }

            fn of(key: &str) -> Option<Self> {
                match key { $($key => Some(Self::$variant),)+ _ => None }
            }
        }

        /// Makes one of two.
        pub(super) fn join(winner: &mut Contact, loser: &Contact, choices: &[ContactMergeChoice]) -> Result<()> {
            let sides: HashMap<_, _> = choices.iter().map(|choice| (choice.field, choice.side)).collect();
            $({
                let (mine, theirs) = ($get(&*winner), $get(loser));
                let side = sides.get(&ContactMergeField::$variant).copied();
                let joined = Join::united(&mine, &theirs, side).map_err(|()| {
                    let at = choices.iter().position(|choice| choice.field == ContactMergeField::$variant);
                    BOTH_REFUSED.below("choices", at.unwrap_or_default())
                })?;
                $set(&mut *winner, joined);
            })+
            Ok(())
        }

        /// What is another, as it is kept.
        pub(super) fn changes(before: &Contact, after: &Contact) -> Map<String, Value> {
            let mut changes = Map::new();
            $({
                let (before, after) = (json!($get(before)), json!($get(after)));
                if before != after {
                    changes.insert($key.to_owned(), json!(Kept { before, after }));
                }
            })+
            changes
        }

        /// Gives back what a merge changed of the winner, of what nobody has changed since.
        pub(super) fn part(winner: &mut Contact, changes: &Map<String, Value>) -> Result<()> {
            $(if let Some(kept) = changes.get($key) {
                let kept: Kept = serde_json::from_value(kept.clone())?;
                if json!($get(&*winner)) == kept.after {
                    $set(&mut *winner, read(kept.before)?);
                }
            })+
            Ok(())
        }
    };
}

const BOTH_REFUSED: Refusal = Refusal::of("side", "ONE_SIDE", "a contact has one of this; choose whose");

fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    Ok(serde_json::from_value(value)?)
}

macro_rules! field {
    ($field:ident) => {
        |contact: &Contact| contact.$field.clone()
    };
    (set $field:ident) => {
        |contact: &mut Contact, value| contact.$field = value
    };
}

macro_rules! list {
    ($field:ident) => {
        |contact: &Contact| contact.$field.0.clone()
    };
    (set $field:ident) => {
        |contact: &mut Contact, value| contact.$field.0 = value
    };
}

fields! {
    /// What stands before the name.
    NamePrefix "name_prefix" => field!(name_prefix), field!(set name_prefix);
    /// The first name.
    FirstName "first_name" => field!(first_name), field!(set first_name);
    /// The last name.
    LastName "last_name" => field!(last_name), field!(set last_name);
    /// The registered name.
    LegalName "legal_name" => field!(legal_name), field!(set legal_name);
    /// The name that a company trades under.
    TradeName "trade_name" => field!(trade_name), field!(set trade_name);
    /// The company that they belong to.
    ParentCompany "parent_company_id" => field!(parent_company_id), field!(set parent_company_id);
    /// What a person does at their company.
    JobTitle "job_title" => field!(job_title), field!(set job_title);
    /// The mail addresses.
    Emails "emails" => list!(emails), list!(set emails);
    /// The phone numbers.
    Phones "phones" => list!(phones), list!(set phones);
    /// The postal addresses.
    Addresses "addresses" => list!(addresses), list!(set addresses);
    /// The website.
    Website "website" => field!(website), field!(set website);
    /// The pages elsewhere.
    Profiles "profiles" => field!(profiles), field!(set profiles);
    /// The tax id.
    TaxId "tax_id" => field!(tax_id), field!(set tax_id);
    /// The number that a company is registered by.
    RegistrationNumber "registration_number" => field!(registration_number), field!(set registration_number);
    /// What a company does.
    Industry "industry" => field!(industry), field!(set industry);
    /// How many people work for a company.
    EmployeeBand "employee_band" => field!(employee_band), field!(set employee_band);
    /// What a company earns in a year.
    AnnualRevenue "annual_revenue" => |contact: &Contact| contact.annual_revenue.zip(contact.annual_revenue_currency.clone()),
        |contact: &mut Contact, value: Option<_>| {
            (contact.annual_revenue, contact.annual_revenue_currency) = value.unzip();
        };
    /// The language.
    Language "language" => field!(language), field!(set language);
    /// The time zone.
    TimeZone "time_zone" => field!(time_zone), field!(set time_zone);
    /// The currency that they pay in.
    Currency "currency" => field!(currency), field!(set currency);
    /// What they are to the organization.
    Roles "roles" => field!(roles), field!(set roles);
    /// Who looks after them.
    Owner "owner_membership_id" => field!(owner_membership_id), field!(set owner_membership_id);
    /// The membership that they log in with.
    Membership "membership_id" => field!(membership_id), field!(set membership_id);
    /// Where they were met first.
    Source "source" => field!(source), field!(set source);
    /// Whether one deals with them; without a choice the one of the two that restricts more.
    Status "status" => |contact: &Contact| Bound(contact.status),
        |contact: &mut Contact, value: Bound<_>| contact.status = value.0;
    /// Whether they want to hear nothing; without a choice they do when one of the two does.
    IsDoNotContact "is_do_not_contact" => |contact: &Contact| Bound(contact.is_do_not_contact),
        |contact: &mut Contact, value: Bound<_>| contact.is_do_not_contact = value.0;
    /// The birthday.
    Birthday "birthday" => field!(birthday), field!(set birthday);
    /// What else is known of them.
    Notes "notes" => |contact: &Contact| Text(contact.notes.clone()),
        |contact: &mut Contact, value: Text| contact.notes = value.0;
    /// The words that people find them by.
    Tags "tags" => field!(tags), field!(set tags);
}

/// A text of several lines: both are one after the other, as far as there is room.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Text(Option<String>);

impl Join for Text {
    fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    fn both(&self, other: &Self) -> Option<Self> {
        const MAX: usize = 10_000;
        let (mine, theirs) = match (&self.0, &other.0) {
            (Some(mine), Some(theirs)) if mine != theirs => (mine, theirs),
            (None, theirs) => return Some(Self(theirs.clone())),
            (mine, _) => return Some(Self(mine.clone())),
        };
        Some(Self(Some(format!("{mine}\n\n{theirs}").chars().take(MAX).collect())))
    }
}

/// What was changed, for people.
pub(super) fn shown(changes: &Map<String, Value>) -> Vec<ContactMergeChange> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::Array(list) if list.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let shown = changes.iter().filter_map(|(key, value)| {
        let field = ContactMergeField::of(key)?;
        debug_assert_eq!(field.key(), key);
        let kept: Kept = serde_json::from_value(value.clone()).ok()?;
        Some(ContactMergeChange { field, before: text(&kept.before), after: text(&kept.after) })
    });
    shown.collect()
}
