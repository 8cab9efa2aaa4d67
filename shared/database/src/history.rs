//! Histories: what the audit trail says of one record.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use common::{MembershipId, Page, Place, Result, Slice};
use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{Record, Tx};

/// One change to one record.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its number in the module's trail.
    pub id: i64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it; `None` for the system.
    pub membership_id: Option<MembershipId>,
    /// The row before it, by column; `None` when it was made.
    pub before: Option<Map<String, Value>>,
    /// The row after it, by column; `None` when it was deleted.
    pub after: Option<Map<String, Value>>,
}

/// A page of one record's history.
pub type HistoryKey<Id> = (Id, Page);

impl Tx {
    /// Pages of the histories of records, the latest change first; one query for records that are asked for the same
    /// page.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when a page continues another list.
    pub async fn histories<R: Record>(
        &mut self,
        keys: &[HistoryKey<R::Id>],
    ) -> Result<HashMap<HistoryKey<R::Id>, Slice<Change>>> {
        let place = Place::new(R::TABLE, "history");
        let mut by_page: HashMap<Page, Vec<R::Id>> = HashMap::new();
        for (id, page) in keys {
            by_page.entry(page.clone()).or_default().push(*id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (page, ids) in by_page {
            // A change is numbered, a cursor names a row by its id: the one is written as the other.
            let before = page.after(place)?.map(|id| i64::try_from(id.as_u128()).unwrap_or(i64::MAX));
            let mut changes = self.changes::<R>(&ids, before, page.limit()).await?;
            for id in ids {
                let rows = changes.remove(&id.into()).unwrap_or_default();
                let number = |change: &Change| Uuid::from_u128(u128::try_from(change.id).unwrap_or_default());
                found.insert((id, page.clone()), page.slice(place, rows, number));
            }
        }
        Ok(found)
    }

    async fn changes<R: Record>(
        &mut self,
        ids: &[R::Id],
        before: Option<i64>,
        limit: i64,
    ) -> Result<HashMap<Uuid, Vec<Change>>> {
        type Row = (Uuid, i64, DateTime<Utc>, Option<Uuid>, Option<Value>, Option<Value>);
        let (schema, table) = R::TABLE.split_once('.').unwrap_or(("", R::TABLE));
        let sql = format!(
            "select w.id, l.id, l.occurred_at, l.actor_id, l.before, l.after
             from unnest($1::uuid[]) as w (id) cross join lateral (
                 select * from {schema}.audit_log a
                 where a.table_name = $2 and a.row_id = w.id and ($3::bigint is null or a.id < $3)
                 order by a.id desc limit $4) as l
             order by l.id desc"
        );
        let ids: Vec<Uuid> = ids.iter().map(|id| (*id).into()).collect();
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(ids)
            .bind(table.trim_matches('"'))
            .bind(before)
            .bind(limit)
            .fetch_all(self.conn())
            .await?;
        let mut changes: HashMap<Uuid, Vec<Change>> = HashMap::new();
        let object = |row: Option<Value>| match row {
            Some(Value::Object(columns)) => Some(columns),
            _ => None,
        };
        for (of, id, at, actor, before, after) in rows {
            let membership_id = actor.map(Into::into);
            let change = Change { id, at, membership_id, before: object(before), after: object(after) };
            changes.entry(of).or_default().push(change);
        }
        Ok(changes)
    }
}
