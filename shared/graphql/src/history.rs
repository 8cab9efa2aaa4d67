//! Histories of nouns, and what the caller may do with one.

use std::collections::HashMap;

use async_graphql::{Context, Enum, SimpleObject};
use common::{EmployeeId, MembershipId, Permission, Result, Scope, Slice};
use database::{Change, Column, HistoryKey, Record, Tx};
use serde_json::{Map, Value};

use crate::{App as _, Batch, Page, connection};

/// What was done to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum HistoryAction {
    /// The thing was created.
    Created,
    /// Some of the thing's fields were changed.
    Updated,
    /// The thing was archived: it is offered no more.
    Archived,
    /// The thing was taken back from the archive.
    Restored,
    /// The thing was deleted.
    Deleted,
}

/// One field that was changed.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
#[graphql(shareable)]
pub struct HistoryChange {
    /// The name of the field, as in this graph; of a reference, the name with `Id`; of one custom field, `customFields.`
    /// and its key.
    pub field: String,
    /// What it was before, as text; null when it was empty or the thing was not there.
    pub before: Option<String>,
    /// What it is after, as text; null when it is empty or the thing is gone.
    pub after: Option<String>,
}

/// One change, as far as the caller may see it. Each module makes its `HistoryEntry` of it by
/// [`crate::history_entry!`], for each has its own type for members.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number, as an id.
    pub id: String,
    /// When it was made.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Who made it; `None` for the system.
    pub membership_id: Option<MembershipId>,
    /// What was done.
    pub action: HistoryAction,
    /// The fields that were changed.
    pub changes: Vec<HistoryChange>,
}

/// A module's type for members, who made changes.
pub trait Actor: Sized + Send {
    /// The member with this id.
    fn find(gql: &Context<'_>, id: MembershipId) -> impl Future<Output = Result<Option<Self>>> + Send;
}

/// Declares a module's `HistoryEntry`, and with `stub` its type for members, which the user module owns.
#[macro_export]
macro_rules! history_entry {
    (stub) => {
        /// A person's place in the organization; the user module owns it.
        #[derive(Clone, Debug, async_graphql::SimpleObject)]
        #[graphql(unresolvable = "id")]
        pub struct Membership {
            /// The id of the membership; opaque to clients.
            pub id: common::MembershipId,
        }

        impl $crate::Actor for Membership {
            async fn find(
                _: &async_graphql::Context<'_>,
                id: common::MembershipId,
            ) -> common::Result<Option<Self>> {
                Ok(Some(Self { id }))
            }
        }

        $crate::history_entry!(Membership);
    };
    ($membership:ty) => {
        /// One change that was made to a thing.
        pub struct HistoryEntry($crate::Entry);

        impl From<$crate::Entry> for HistoryEntry {
            fn from(entry: $crate::Entry) -> Self {
                Self(entry)
            }
        }

        /// One change that was made to a thing.
        #[async_graphql::Object(shareable)]
        impl HistoryEntry {
            /// The id of the entry; opaque to clients.
            async fn id(&self) -> async_graphql::ID {
                async_graphql::ID(self.0.id.clone())
            }

            /// When the change was made.
            async fn at(&self) -> chrono::DateTime<chrono::Utc> {
                self.0.at
            }

            /// The member who made the change; null when it was the system.
            async fn actor(&self, gql: &async_graphql::Context<'_>) -> common::Result<Option<$membership>> {
                match self.0.membership_id {
                    Some(id) => <$membership as $crate::Actor>::find(gql, id).await,
                    None => Ok(None),
                }
            }

            /// What was done to the thing.
            async fn action(&self) -> $crate::HistoryAction {
                self.0.action
            }

            /// The fields that were changed, those aside that the caller may not see.
            async fn changes(&self) -> &[$crate::HistoryChange] {
                &self.0.changes
            }
        }
    };
}

struct Histories<R>(std::marker::PhantomData<fn() -> R>);

impl<R: Record> Batch for Histories<R> {
    type Key = HistoryKey<R::Id>;
    type Value = Slice<Change>;
    const READ: &'static Permission = R::READ;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Slice<Change>>> {
        tx.histories::<R>(keys).await
    }
}

/// A page of a record's history; the histories of a list of records are looked up together. Of fields that the caller
/// has no right to it tells nothing.
///
/// # Errors
/// As [`common::Page::new`].
pub async fn history<R: Record, H: From<Entry> + async_graphql::OutputType>(
    gql: &Context<'_>,
    record: &R,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<Page<H>> {
    history_without(gql, record, &[], first, after).await
}

/// As [`history`], which tells nothing of `hidden` fields either: `customFields.birth_date`.
///
/// # Errors
/// As [`history`].
pub async fn history_without<R: Record, H: From<Entry> + async_graphql::OutputType>(
    gql: &Context<'_>,
    record: &R,
    hidden: &[String],
    first: Option<i32>,
    after: Option<&str>,
) -> Result<Page<H>> {
    let mut seen = Vec::with_capacity(R::COLUMNS.len());
    for column in R::COLUMNS {
        let may_see = match column.right {
            Some(right) => extends_to(gql, right, record).await?,
            None => true,
        };
        if may_see {
            seen.push(column);
        }
    }
    let key = (record.id(), common::Page::new(first, after)?);
    let slice = gql.load::<Histories<R>>(key).await?.unwrap_or_default();
    Ok(connection(slice.map(|change| H::from(entry(&seen, hidden, change)))))
}

fn entry(seen: &[&Column], hidden: &[String], change: Change) -> Entry {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let value = |row: Option<&Map<String, Value>>, name: &str| {
        row.and_then(|row| row.get(name)).filter(|value| !is_nothing(value)).cloned()
    };
    let changes = seen.iter().flat_map(|column| {
        let value = |row| match value(row, column.name) {
            Some(parts) if column.are_parts => Some(by_field(parts)),
            value => value,
        };
        changed(column.field, value(before), value(after))
    });
    let is_archived = |row| value(row, "archived_at").is_some();
    let action = match (before, after) {
        (None, _) => HistoryAction::Created,
        (_, None) => HistoryAction::Deleted,
        _ if !is_archived(before) && is_archived(after) => HistoryAction::Archived,
        _ if is_archived(before) && !is_archived(after) => HistoryAction::Restored,
        _ => HistoryAction::Updated,
    };
    Entry {
        id: change.id.to_string(),
        at: change.at,
        membership_id: change.membership_id,
        action,
        changes: changes.filter(|change| !hidden.contains(&change.field)).collect(),
    }
}

/// Parts by their keys, each with its columns named as its fields are.
fn by_field(parts: Value) -> Value {
    let Value::Object(parts) = parts else { return parts };
    let named = |part| match part {
        Value::Object(columns) => {
            columns.into_iter().map(|(column, value)| (camel(&column), value)).collect::<Map<_, _>>().into()
        }
        other => other,
    };
    parts.into_iter().map(|(key, part)| (key, named(part))).collect::<Map<_, _>>().into()
}

/// `is_half_day` → `isHalfDay`.
fn camel(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        name + &letters.next().map(|first| first.to_ascii_uppercase()).map_or_else(String::new, String::from)
            + letters.as_str()
    })
}

/// What is no value to a reader: a list without entries, too.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// What was changed of a field; of a map, by its keys.
fn changed(field: &str, was: Option<Value>, is: Option<Value>) -> Vec<HistoryChange> {
    let something = |value: &Value| !is_nothing(value);
    let (was, is) = (was.filter(something), is.filter(something));
    let is_map = |value: &Option<Value>| matches!(value, Some(Value::Object(_)));
    if !is_map(&was) && !is_map(&is) {
        let change = || HistoryChange {
            field: field.to_owned(),
            before: was.clone().map(text),
            after: is.clone().map(text),
        };
        return (was != is).then(change).into_iter().collect();
    }
    let map = |value| match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let (was, mut is) = (map(was), map(is));
    let mut changes = Vec::new();
    for (key, was) in was {
        let is = is.remove(&key);
        changes.extend(changed(&format!("{field}.{key}"), Some(was), is));
    }
    for (key, is) in is {
        changes.extend(changed(&format!("{field}.{key}"), None, Some(is)));
    }
    changes
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A mutation, by its name in the graph, and the right that it takes.
pub type Offer = (&'static str, &'static Permission);

/// A record that something can be done with. [`macro@crate::mutations`] implements it.
pub trait Offered: Record {
    /// The mutations that its state allows.
    fn offered(&self) -> Vec<Offer>;
}

/// Whether a condition holds for a record: lets a closure be written without its type.
pub fn holds<R>(record: &R, condition: impl FnOnce(&R) -> bool) -> bool {
    condition(record)
}

struct Relations;

impl Batch for Relations {
    type Key = EmployeeId;
    type Value = Scope;
    /// How one stands to others is asked by whoever may do something with what is theirs.
    const READ: &'static Permission = &Permission::PUBLIC;

    async fn load(tx: &mut Tx, keys: &[EmployeeId]) -> Result<HashMap<EmployeeId, Scope>> {
        people::relations(tx, keys).await
    }
}

/// How the caller stands to whom a record is of: the scope that a right must have at least to extend to it. Looked up
/// together for all records of an operation.
async fn relation<R: Record>(gql: &Context<'_>, record: &R) -> Result<Scope> {
    match record.owner() {
        Some(owner) => Ok(gql.load::<Relations>(owner).await?.unwrap_or(Scope::All)),
        // What belongs to nobody in particular is everybody's who sees it.
        None => Ok(Scope::Own),
    }
}

/// Whether the caller holds a right, and it extends to this record.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn extends_to<R: Record>(gql: &Context<'_>, right: &Permission, record: &R) -> Result<bool> {
    Ok(match gql.app().scope(right) {
        Err(_) => false,
        Ok(Scope::All) => true,
        Ok(scope) => scope >= relation(gql, record).await?,
    })
}

/// The names of the mutations that the caller may use on a record now: its state allows them, and the right extends to
/// it. How the caller stands to the employees of a list of records is looked up together, and only when it matters.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn viewer_permissions<R: Offered>(gql: &Context<'_>, record: &R) -> Result<Vec<&'static str>> {
    let ctx = gql.app();
    let held: Vec<_> = record
        .offered()
        .into_iter()
        .filter_map(|(name, right)| ctx.scope(right).ok().map(|scope| (name, scope)))
        .collect();
    let relation = match held.iter().any(|(_, scope)| *scope < Scope::All) {
        true => relation(gql, record).await?,
        false => Scope::All,
    };
    Ok(held.into_iter().filter(|(_, scope)| *scope >= relation).map(|(name, _)| name).collect())
}
