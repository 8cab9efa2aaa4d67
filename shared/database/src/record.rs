//! Records: what a module stores and finds by id.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use common::{EmployeeId, Error, Permission, Refusal, Result};
use serde_json::Value;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{Answer, Ctx, Tx};

/// A column of a record that its history tells of.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the table.
    pub name: &'static str,
    /// Its name in the graph.
    pub field: &'static str,
    /// The right without which nobody sees it; `None` for whoever sees the record.
    pub right: Option<&'static Permission>,
    /// Whether it is no column but the record's parts, as `core.tell_parts` writes them into the trail.
    pub are_parts: bool,
}

/// Something that a module stores and finds by its id. `derive(Record)` implements it.
pub trait Record: Clone + Debug + Send + Sync + 'static {
    /// Its id.
    type Id: Copy + Debug + Eq + Hash + Into<Uuid> + From<Uuid> + Send + Sync + 'static;
    /// What an error calls it: `work location`.
    const NAME: &'static str;
    /// The name of its type in the graph.
    const GRAPHQL: &'static str;
    /// Its table, with its schema.
    const TABLE: &'static str;
    /// The code of the refusal when another record names one that is not there: `WORK_LOCATION_NOT_FOUND`.
    const NOT_FOUND: &'static str;
    /// The right to see it.
    const READ: &'static Permission;
    /// What its history tells of.
    const COLUMNS: &'static [Column];
    /// Whether it can be archived.
    const IS_ARCHIVABLE: bool = false;

    /// Its id.
    fn id(&self) -> Self::Id;

    /// How often it was changed, for one that people edit.
    fn version(&self) -> Option<i32> {
        None
    }

    /// Counts a change, and notes when it was.
    fn touch(&mut self, now: DateTime<Utc>);

    /// Becomes the next version of another one.
    fn take_place_of(&mut self, other: &Self);

    /// Since when it is archived.
    fn archived_at(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// Archives it, or restores it.
    fn set_archived_at(&mut self, _: Option<DateTime<Utc>>) {}

    /// Whether it is archived: offered no more.
    fn is_archived(&self) -> bool {
        self.archived_at().is_some()
    }

    /// What it was merged into, so that its id leads there; `#[record(moved = …)]` names the field.
    fn moved_to(&self) -> Option<Self::Id> {
        None
    }

    /// Whether it may be archived; `#[record(archive = …)]` names the function that looks.
    fn check_archive(&self, _: &mut Tx) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// Whether it may be in use again; `#[record(restore = …)]` names the function that looks.
    fn check_restore(&self, _: &mut Tx) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// The employee whose it is, for one that not everybody with the right sees.
    fn owner(&self) -> Option<EmployeeId> {
        None
    }

    /// Those with these ids, archived ones included: what names them still does.
    fn select_many(tx: &mut Tx, ids: &[Self::Id]) -> impl Future<Output = Result<Vec<Self>>> + Send;

    /// Those with these ids, locked until the transaction ends, in the order of their ids.
    fn lock_many(tx: &mut Tx, ids: &[Self::Id]) -> impl Future<Output = Result<Vec<Self>>> + Send;

    /// Creates or changes these; answers those that were not as they are wanted already.
    fn save_many(tx: &mut Tx, rows: &[Self]) -> impl Future<Output = Result<Vec<Self::Id>>> + Send;
}

/// How often an id may lead on: as often as one was merged into another that was merged again.
const MOVES_MAX: usize = 100;

impl Tx {
    /// The record with this id.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, when it is another organization's, or not for the caller to see.
    pub async fn find<R: Record>(&mut self, id: R::Id) -> Result<R> {
        self.find_many::<R>(&[id]).await?.remove(&id).ok_or(Error::NotFound(R::NAME))
    }

    /// The records that these ids lead to, by the ids that were asked for: of what was merged into another one, that one.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn find_many<R: Record>(&mut self, ids: &[R::Id]) -> Result<HashMap<R::Id, R>> {
        let mut found: HashMap<R::Id, R> = HashMap::with_capacity(ids.len());
        // Where each id that was asked for has led so far.
        let mut leading: Vec<(R::Id, R::Id)> = ids.iter().map(|id| (*id, *id)).collect();
        for _ in 0..MOVES_MAX {
            let wanted: HashSet<R::Id> = leading.iter().map(|(_, now)| *now).collect();
            if wanted.is_empty() {
                break;
            }
            let rows = R::select_many(self, &Vec::from_iter(wanted)).await?;
            let rows: HashMap<R::Id, R> = rows.into_iter().map(|row| (row.id(), row)).collect();
            let mut further = Vec::new();
            for (asked, now) in leading {
                let Some(row) = rows.get(&now) else { continue };
                match row.moved_to() {
                    Some(next) => further.push((asked, next)),
                    None => {
                        found.insert(asked, row.clone());
                    }
                }
            }
            leading = further;
        }
        Ok(found)
    }

    /// The record with this id, locked: nobody else changes it until the transaction ends.
    ///
    /// # Errors
    /// As [`Tx::find`].
    pub async fn lock<R: Record>(&mut self, id: R::Id) -> Result<R> {
        let mut id = id;
        for _ in 0..MOVES_MAX {
            let found = R::lock_many(self, &[id]).await?.pop().ok_or(Error::NotFound(R::NAME))?;
            match found.moved_to() {
                Some(next) => id = next,
                None => return Ok(found),
            }
        }
        Err(Error::NotFound(R::NAME))
    }

    /// The record with this id, locked, if it is still as the caller saw it.
    ///
    /// # Errors
    /// As [`Tx::find`]; `VERSION_CONFLICT` when somebody changed it since.
    pub async fn lock_at<R: Record>(&mut self, id: R::Id, version: i32) -> Result<R> {
        let found: R = self.lock(id).await?;
        if found.version() == Some(version) { Ok(found) } else { Err(Error::VersionConflict(id.into())) }
    }

    /// Creates the record, or changes it: the one that was locked before. What is as it was is not written, and keeps its
    /// version.
    ///
    /// # Errors
    /// What the database refuses; see [`crate::OnConstraint`].
    pub async fn save<R: Record>(&mut self, record: &mut R) -> Result<()> {
        self.save_all(std::slice::from_mut(record)).await.map(|_| ())
    }

    /// As [`Tx::save`], for many in one statement. Answers whether any was written.
    ///
    /// # Errors
    /// As [`Tx::save`].
    pub async fn save_all<R: Record>(&mut self, records: &mut [R]) -> Result<bool> {
        if records.is_empty() {
            return Ok(false);
        }
        let (now, before) = (self.now(), records.to_vec());
        for record in &mut *records {
            record.touch(now);
        }
        let written: HashSet<R::Id> = R::save_many(self, records).await?.into_iter().collect();
        for (record, before) in records.iter_mut().zip(before) {
            if !written.contains(&record.id()) {
                *record = before;
            }
        }
        Ok(!written.is_empty())
    }

    /// As [`Tx::save`], for one whose parts were changed: that is another version of it, whatever its own fields say.
    ///
    /// # Errors
    /// As [`Tx::save`].
    pub async fn save_with_parts<R: Record>(&mut self, record: &mut R, are_changed: bool) -> Result<()> {
        let is_written = self.save_all(std::slice::from_mut(record)).await?;
        if !is_written && are_changed {
            record.touch(self.now());
            let sql = format!("update {} set version = $2, updated_at = $3 where id = $1", R::TABLE);
            let id: Uuid = record.id().into();
            sqlx::query(AssertSqlSafe(sql))
                .bind(id)
                .bind(record.version())
                .bind(self.now())
                .execute(self.conn())
                .await?;
        }
        Ok(())
    }

    /// Makes the parts of a record what they are wanted to be: one of the same key stays the one it is and is changed,
    /// others come and go. The record that they are of is locked. Answers whether anything was changed.
    ///
    /// # Errors
    /// As [`Tx::save`].
    pub async fn replace_parts<R: Record, K: Eq + Hash>(
        &mut self,
        there: Vec<R>,
        mut wanted: Vec<R>,
        key: impl Fn(&R) -> K,
    ) -> Result<bool> {
        let mut there: HashMap<K, R> = there.into_iter().map(|part| (key(&part), part)).collect();
        for part in &mut wanted {
            if let Some(before) = there.remove(&key(part)) {
                part.take_place_of(&before);
            }
        }
        let gone: Vec<Uuid> = there.values().map(|part| part.id().into()).collect();
        if !gone.is_empty() {
            let sql = format!("delete from {} where id = any($1)", R::TABLE);
            sqlx::query(AssertSqlSafe(sql)).bind(&gone).execute(self.conn()).await?;
        }
        Ok(self.save_all(&mut wanted).await? || !gone.is_empty())
    }

    /// Whether another record may begin to name this one: it is there, and not archived. One that it named before
    /// may stay.
    ///
    /// # Errors
    /// Refuses the field with the noun's code, such as `DEPARTMENT_NOT_FOUND`.
    pub async fn check_reference<R: Record>(
        &mut self,
        field: impl Into<Cow<'static, str>> + Send,
        before: Option<R::Id>,
        id: Option<R::Id>,
    ) -> Result<()> {
        match id.filter(|_| id != before) {
            Some(id) => self.reference::<R>(field, id).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// The record that another one begins to name: it is there, and not archived.
    ///
    /// # Errors
    /// As [`Tx::check_reference`].
    pub async fn reference<R: Record>(
        &mut self,
        field: impl Into<Cow<'static, str>> + Send,
        id: R::Id,
    ) -> Result<R> {
        let found = self.find_many::<R>(&[id]).await?.remove(&id).filter(|found| !found.is_archived());
        found.ok_or_else(|| {
            let message = format!("there is no such {} in use", R::NAME);
            Refusal::whole(R::NOT_FOUND, "").saying(message).at(field).into()
        })
    }
}

/// Archives a record: it is offered no more, and what names it still does. Archived already, it stays so.
///
/// # Errors
/// As [`Ctx::begin`] and [`Tx::find`].
pub async fn archive<R: Record>(ctx: &Ctx, right: &Permission, id: R::Id) -> Result<R> {
    set_archived(ctx, right, id, true).await
}

/// Restores an archived record. In use already, it stays so.
///
/// # Errors
/// As [`archive`]; what the database refuses of one more that is in use, such as a code that another has by now.
pub async fn restore<R: Record>(ctx: &Ctx, right: &Permission, id: R::Id) -> Result<R> {
    set_archived(ctx, right, id, false).await
}

/// As [`archive`], for each of a list.
///
/// # Errors
/// What would stop all of them.
pub async fn archive_many<R: Record>(
    ctx: &Ctx,
    right: &Permission,
    ids: Vec<R::Id>,
) -> Result<Vec<Result<R>>> {
    set_archived_many(ctx, right, ids, true).await
}

/// As [`restore`], for each of a list.
///
/// # Errors
/// What would stop all of them.
pub async fn restore_many<R: Record>(
    ctx: &Ctx,
    right: &Permission,
    ids: Vec<R::Id>,
) -> Result<Vec<Result<R>>> {
    set_archived_many(ctx, right, ids, false).await
}

async fn set_archived<R: Record>(ctx: &Ctx, right: &Permission, id: R::Id, is_archived: bool) -> Result<R> {
    let mut tx = ctx.begin(right).await?;
    let record = set_archived_in(&mut tx, id, is_archived).await?;
    tx.commit(record).await
}

async fn set_archived_many<R: Record>(
    ctx: &Ctx,
    right: &Permission,
    ids: Vec<R::Id>,
    is_archived: bool,
) -> Result<Vec<Result<R>>> {
    let mut tx = ctx.begin(right).await?;
    let key = |id: &R::Id| (*id).into();
    let done = tx.each(ids, key, move |tx, id| Box::pin(set_archived_in(tx, id, is_archived))).await?;
    tx.commit(done).await
}

async fn set_archived_in<R: Record>(tx: &mut Tx, id: R::Id, is_archived: bool) -> Result<R> {
    const TAKEN: Refusal =
        Refusal::whole("TAKEN_MEANWHILE", "another one in use has its name or code by now");
    let mut record: R = tx.lock(id).await?;
    if record.is_archived() != is_archived {
        match is_archived {
            true => record.check_archive(tx).await?,
            false => record.check_restore(tx).await?,
        }
        record.set_archived_at(is_archived.then_some(tx.now()));
        tx.save(&mut record).await.map_err(|error| crate::constraint::on_unique(error, TAKEN))?;
    }
    Ok(record)
}

/// A keyed request is answered again with the record that it made or changed, as it is now.
impl<R: Record> Answer for R {
    fn stored(&self) -> Value {
        Value::String(self.id().into().to_string())
    }

    async fn restore(ctx: &Ctx, stored: Value) -> Result<Self> {
        let id: Uuid = serde_json::from_value(stored)?;
        Self::current(ctx, id).await?.ok_or(Error::NotFound(R::NAME))
    }

    async fn current(ctx: &Ctx, id: Uuid) -> Result<Option<Self>> {
        let mut tx = ctx.read(R::READ).await?;
        let id = R::Id::from(id);
        Ok(tx.find_many::<R>(&[id]).await?.remove(&id))
    }
}
