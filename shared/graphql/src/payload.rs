//! What mutations answer: the thing, or the reasons why not.

use std::pin::Pin;

use async_graphql::{Context, ID, SimpleObject};
use common::{Error, Refusal, Result};
use database::{Answer, Ctx};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::App as _;

/// A business rule's no, for the form that was filled in.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
#[graphql(shareable)]
pub struct UserError {
    /// The path of the input field that it is about, such as `name` or `lines.3.quantity`; null when it is about the
    /// whole.
    pub field: Option<String>,
    /// A code that never changes; schema/refusals.json lists all of them.
    pub code: String,
    /// A sentence that the user can act on.
    pub message: String,
}

impl From<Refusal> for UserError {
    fn from(refusal: Refusal) -> Self {
        Self {
            field: refusal.field.map(Into::into),
            code: refusal.code.into(),
            message: refusal.message.into(),
        }
    }
}

/// The caller's context, in which the next transaction is done once for this key: for this field of this caller, with
/// these arguments.
///
/// # Errors
/// `VALIDATION_FAILED` when the key is empty or too long.
pub fn once(gql: &Context<'_>, key: Option<ID>) -> Result<Ctx> {
    let Some(key) = key else { return Ok(gql.app().clone()) };
    let field = gql.field();
    let arguments = field.arguments().map_err(|error| Error::validation(error.message))?;
    let arguments = arguments.into_iter().map(|(name, value)| Ok((name.to_string(), value.into_json()?)));
    let arguments = arguments.collect::<Result<serde_json::Map<_, _>, serde_json::Error>>()?;
    let request = serde_json::to_vec(&(field.name(), in_order(arguments.into())))?;
    gql.app().once(&key, Sha256::digest(request).to_vec())
}

/// The same value with the keys of its objects in order: clients write them in whatever order they have them.
fn in_order(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.into_iter().map(|(key, value)| (key, in_order(value))).collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(list) => list.into_iter().map(in_order).collect(),
        other => other,
    }
}

/// What a use-case answered, as a payload has it. A request that was done before is answered again; one that came
/// from an older version is refused beside the thing as it is now.
///
/// # Errors
/// Every error but these and refusals.
pub async fn answer<A: Answer>(gql: &Context<'_>, done: Result<A>) -> Result<(Option<A>, Vec<UserError>)> {
    match done {
        Ok(answer) => Ok((Some(answer), Vec::new())),
        Err(Error::Replayed(stored)) => Ok((Some(A::restore(gql.app(), stored).await?), Vec::new())),
        Err(error @ Error::VersionConflict(id)) => {
            let refused = Refusal::of("version", Error::VERSION_CONFLICT, "").saying(error.to_string());
            Ok((A::current(gql.app(), id).await?, vec![refused.into()]))
        }
        Err(Error::Refused(refusals)) => Ok((None, refusals.into_iter().map(Into::into).collect())),
        Err(error) => Err(error),
    }
}

/// Begins work on the heap. An unoptimised build keeps room on the stack for everything that an object's resolvers may begin,
/// side by side: the mutations of a large noun together took a thread's whole stack.
#[inline(never)]
pub fn apart<F: Future>(begin: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(begin())
}

/// The most rows in one mutation.
pub const BULK_MAX: usize = 500;

/// Whether a list of rows can be taken at once.
///
/// # Errors
/// `VALIDATION_FAILED` when it is empty or has more than 500.
pub fn check_bulk(count: usize) -> Result<()> {
    if (1..=BULK_MAX).contains(&count) {
        return Ok(());
    }
    Err(Error::validation(format!("give 1 to {BULK_MAX} rows at once, not {count}")))
}

/// Declares what a mutation answers: one nullable field, and `userErrors`. [`macro@crate::mutations`] writes these; by
/// hand where a mutation is written by hand.
///
/// ```text
/// payload!(/// The result of organizationUpdate. OrganizationUpdatePayload { /// The organization. organization: Organization });
/// OrganizationUpdatePayload::answer(gql, update(gql.app(), input).await).await
/// ```
#[macro_export]
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $type:ty $(,)? }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$field_doc])*
            pub $field: Option<$type>,
            /// Why nothing was done; empty when it was.
            pub user_errors: Vec<$crate::UserError>,
        }

        impl $name {
            /// The payload of a use-case's result.
            ///
            /// # Errors
            /// Every error that is no refusal.
            pub async fn answer<A: database::Answer + Into<$type>>(
                gql: &async_graphql::Context<'_>,
                done: common::Result<A>,
            ) -> common::Result<Self> {
                let (answer, user_errors) = $crate::answer(gql, done).await?;
                Ok(Self { $field: answer.map(Into::into), user_errors })
            }

        }

        impl<A: Into<$type>> $crate::FromRow<A> for $name {
            fn from_row(done: common::Result<A>) -> Self {
                match done {
                    Ok(done) => Self { $field: Some(done.into()), user_errors: Vec::new() },
                    Err(error) => Self {
                        $field: None,
                        user_errors: database::refusals(&error).into_iter().map(Into::into).collect(),
                    },
                }
            }
        }
    };
}

/// Declares what a mutation of many rows answers: for each row what the mutation of one answers.
#[macro_export]
macro_rules! bulk_payload {
    ($(#[$doc:meta])* $name:ident of $row:ident) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            /// One answer for each row, in the order of the rows; what one row is refused, the others are not.
            pub results: Vec<$row>,
            /// Why no row was looked at; empty when they were.
            pub user_errors: Vec<$crate::UserError>,
        }

        impl $name {
            /// The payload of a use-case's results.
            ///
            /// # Errors
            /// Every error that is no refusal.
            pub async fn answer<T>(
                gql: &async_graphql::Context<'_>,
                done: common::Result<Vec<common::Result<T>>>,
            ) -> common::Result<Self>
            where
                Vec<common::Result<T>>: database::Answer,
                $row: $crate::FromRow<T>,
            {
                let (rows, user_errors) = $crate::answer(gql, done).await?;
                let rows = rows.unwrap_or_default().into_iter();
                Ok(Self { results: rows.map(<$row as $crate::FromRow<T>>::from_row).collect(), user_errors })
            }
        }
    };
}

/// A payload that can be one row of many.
pub trait FromRow<T> {
    /// The payload of one row: whatever stopped it is a refusal of this row alone.
    fn from_row(done: Result<T>) -> Self;
}
