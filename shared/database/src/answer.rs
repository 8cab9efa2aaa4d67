//! What a use-case answers, stored for a request that is sent again.

use common::{Error, Refusal, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Ctx, Record};

/// What [`crate::Tx::commit`] takes and gives back: the result of a use-case.
pub trait Answer: Sized + Send {
    /// Enough of it to answer the same again.
    fn stored(&self) -> Value;

    /// The answer to a request that was done before.
    ///
    /// # Errors
    /// `NOT_FOUND` when what it did something with is gone.
    fn restore(ctx: &Ctx, stored: Value) -> impl Future<Output = Result<Self>> + Send;

    /// What a version conflict is about, as it is now.
    ///
    /// # Errors
    /// As [`Ctx::read`].
    fn current(_: &Ctx, _: Uuid) -> impl Future<Output = Result<Option<Self>>> + Send {
        std::future::ready(Ok(None))
    }
}

impl Answer for () {
    fn stored(&self) -> Value {
        Value::Null
    }

    async fn restore(_: &Ctx, _: Value) -> Result<Self> {
        Ok(())
    }
}

impl Answer for i32 {
    fn stored(&self) -> Value {
        json!(self)
    }

    async fn restore(_: &Ctx, stored: Value) -> Result<Self> {
        Ok(serde_json::from_value(stored)?)
    }
}

/// Each row's record by its id, or its refusals; all records are found again in one query.
impl<R: Record> Answer for Vec<Result<R>> {
    fn stored(&self) -> Value {
        let rows = self.iter().map(|row| match row {
            Ok(record) => json!({ "id": record.id().into() }),
            Err(error) => json!({ "refused": refusals(error) }),
        });
        rows.collect()
    }

    async fn restore(ctx: &Ctx, stored: Value) -> Result<Self> {
        let rows: Vec<Row> = serde_json::from_value(stored)?;
        let ids: Vec<R::Id> = rows.iter().filter_map(|row| row.id).map(Into::into).collect();
        let mut tx = ctx.read(R::READ).await?;
        let found = tx.find_many::<R>(&ids).await?;
        let row = |row: Row| match row.id {
            Some(id) => found.get(&R::Id::from(id)).cloned().ok_or(Error::NotFound(R::NAME)),
            None => Err(Error::Refused(row.refused)),
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

#[derive(Deserialize)]
struct Row {
    id: Option<Uuid>,
    #[serde(default)]
    refused: Vec<Refusal>,
}

/// Why one row of many was not done: what a mutation of that one alone would say, as refusals.
#[must_use]
pub fn refusals(error: &Error) -> Vec<Refusal> {
    match error {
        Error::Refused(refusals) => refusals.clone(),
        other => vec![Refusal::whole(other.code(), "").saying(other.to_string())],
    }
}
