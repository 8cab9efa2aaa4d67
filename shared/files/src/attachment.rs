//! Attachments: files that hang on a thing.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::{Context, ID};
use chrono::{DateTime, Utc};
use common::{Error, MembershipId, Permission, Refusal, Result};
use database::{Ctx, Record, Tx};
use graphql::{App as _, Batch};
use uuid::Uuid;

use crate::Files;
use crate::claims::{Get, Receipt};

/// The most files on one thing: they are shown without pages.
const COUNT_MAX: i64 = 50;

const RECEIPT_INVALID: Refusal = Refusal::of(
    "receipt",
    "RECEIPT_INVALID",
    "give the receipt that came back when the bytes of a file were put, within a day, and once",
);
const TOO_MANY: Refusal =
    Refusal::whole("TOO_MANY_ATTACHMENTS", "50 files at most are attached to one thing; detach one first");
const ARCHIVED: Refusal =
    Refusal::whole("INVALID_TRANSITION", "nothing is attached to what is archived; restore it first");

/// A file that hangs on something. Each module makes its `Attachment` of it by [`crate::attachment!`], for each has its
/// own type for members.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its id.
    pub id: Uuid,
    /// The thing that it hangs on.
    pub record_id: Uuid,
    organization_id: Uuid,
    /// Its name.
    pub name: String,
    /// What its bytes are.
    pub media_type: String,
    /// The number of its bytes.
    pub size: i64,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// Who uploaded it; `None` for the system.
    pub membership_id: Option<MembershipId>,
    /// Since when it hangs there.
    pub attached_at: DateTime<Utc>,
}

impl Attached {
    /// The path that its bytes are got from.
    ///
    /// # Errors
    /// `INTERNAL` when it cannot be signed.
    pub fn url(&self, gql: &Context<'_>) -> Result<String> {
        gql.data_unchecked::<Files>().get_address(&Get {
            organization: self.organization_id,
            file: self.id,
            name: self.name.clone(),
            media_type: self.media_type.clone(),
        })
    }

    /// SHA-256 of its bytes in hexadecimal digits.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Attaches a file that was uploaded to a record that the right extends to.
///
/// # Errors
/// `RECEIPT_INVALID`, `TOO_MANY_ATTACHMENTS`; `INVALID_TRANSITION` for what is archived; as [`Tx::lock`].
pub async fn attach<R: Record>(
    ctx: &Ctx,
    files: &Files,
    right: &Permission,
    id: R::Id,
    receipt: &str,
) -> Result<R> {
    let mut tx = ctx.begin(right).await?;
    let record: R = tx.lock(id).await?;
    if record.is_archived() {
        return Err(ARCHIVED.into());
    }
    let receipt: Receipt = files.signer().verify(receipt, tx.now()).map_err(|_| RECEIPT_INVALID)?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from common.file
           where noun = $1 and record_id = $2 and detached_at is null"#,
        R::TABLE,
        id.into()
    );
    if count.fetch_one(tx.conn()).await? >= COUNT_MAX {
        return Err(TOO_MANY.into());
    }
    // Nobody attaches another's upload, be it of another organization or of a colleague.
    let attached = sqlx::query!(
        "update common.file
         set noun = $2, record_id = $3, media_type = $4, sha256 = decode($5, 'hex'), attached_at = $6
         where id = $1 and organization_id = $7 and uploaded_by is not distinct from core.actor_id()
             and attached_at is null",
        receipt.file,
        R::TABLE,
        id.into(),
        receipt.media_type,
        receipt.sha256,
        tx.now(),
        receipt.organization
    );
    if attached.execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(RECEIPT_INVALID.into());
    }
    tx.commit(record).await
}

/// Detaches a file from a record that the right extends to. Its bytes are kept for 30 days.
///
/// # Errors
/// `NOT_FOUND` when it does not hang there; as [`Tx::lock`].
pub async fn detach<R: Record>(ctx: &Ctx, right: &Permission, id: R::Id, attachment: &ID) -> Result<R> {
    let mut tx = ctx.begin(right).await?;
    let record: R = tx.lock(id).await?;
    let not_found = || Error::NotFound("attachment");
    let attachment = Uuid::parse_str(attachment).map_err(|_| not_found())?;
    let detached = sqlx::query!(
        "update common.file set detached_at = $4
         where id = $1 and noun = $2 and record_id = $3 and detached_at is null",
        attachment,
        R::TABLE,
        id.into(),
        tx.now()
    );
    if detached.execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(not_found());
    }
    tx.commit(record).await
}

/// Hangs everything that hangs on one record on another one, into which it is merged; answers what was moved.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn move_all<R: Record>(tx: &mut Tx, from: R::Id, to: R::Id) -> Result<Vec<Uuid>> {
    let moved = sqlx::query_scalar!(
        "update common.file set record_id = $3
         where noun = $1 and record_id = $2 and detached_at is null returning id",
        R::TABLE,
        from.into(),
        to.into()
    );
    Ok(moved.fetch_all(tx.conn()).await?)
}

/// Hangs everything that hangs on one record on one of another noun, which it becomes.
///
/// # Errors
/// As [`move_all`].
pub async fn hand_over<R: Record, T: Record>(tx: &mut Tx, from: R::Id, to: T::Id) -> Result<()> {
    let moved = sqlx::query!(
        "update common.file set noun = $3, record_id = $4
         where noun = $1 and record_id = $2 and detached_at is null",
        R::TABLE,
        from.into(),
        T::TABLE,
        to.into()
    );
    moved.execute(tx.conn()).await?;
    Ok(())
}

/// As [`hand_over`], to a record of another module's, named by its table and its id; answers what was moved.
///
/// # Errors
/// As [`move_all`].
pub async fn hand_over_to<R: Record>(
    tx: &mut Tx,
    from: R::Id,
    (table, id): (&str, Uuid),
) -> Result<Vec<Uuid>> {
    let moved = sqlx::query_scalar!(
        "update common.file set noun = $3, record_id = $4
         where noun = $1 and record_id = $2 and detached_at is null returning id",
        R::TABLE,
        from.into(),
        table,
        id
    );
    Ok(moved.fetch_all(tx.conn()).await?)
}

/// Hangs files that were handed over to another module's record back where they were; those that hang elsewhere by now, or were
/// detached, stay so.
///
/// # Errors
/// As [`move_all`].
pub async fn take_back<R: Record>(
    tx: &mut Tx,
    files: &[Uuid],
    (table, id): (&str, Uuid),
    to: R::Id,
) -> Result<()> {
    let moved = sqlx::query!(
        "update common.file set noun = $1, record_id = $2
         where id = any($3) and noun = $4 and record_id = $5 and detached_at is null",
        R::TABLE,
        to.into(),
        files,
        table,
        id
    );
    moved.execute(tx.conn()).await?;
    Ok(())
}

/// Hangs files that were moved back where they were; those that were detached since stay so.
///
/// # Errors
/// As [`move_all`].
pub async fn move_back<R: Record>(tx: &mut Tx, files: &[Uuid], to: R::Id) -> Result<()> {
    let moved = sqlx::query!(
        "update common.file set record_id = $3 where noun = $1 and id = any($2) and detached_at is null",
        R::TABLE,
        files,
        to.into()
    );
    moved.execute(tx.conn()).await?;
    Ok(())
}

/// Detaches everything that hangs on these records; answers how many files.
///
/// # Errors
/// As [`move_all`].
pub async fn detach_all<R: Record>(tx: &mut Tx, ids: &[R::Id]) -> Result<u64> {
    let ids: Vec<Uuid> = ids.iter().map(|id| (*id).into()).collect();
    let now = tx.now();
    let detached = sqlx::query!(
        "update common.file set detached_at = $3 where noun = $1 and record_id = any($2) and detached_at is null",
        R::TABLE,
        &ids,
        now
    );
    Ok(detached.execute(tx.conn()).await?.rows_affected())
}

struct AttachedTo<R>(PhantomData<fn() -> R>);

impl<R: Record> Batch for AttachedTo<R> {
    type Key = R::Id;
    type Value = Arc<Vec<Attached>>;
    const READ: &'static Permission = R::READ;

    async fn load(tx: &mut Tx, keys: &[R::Id]) -> Result<HashMap<R::Id, Self::Value>> {
        let ids: Vec<Uuid> = keys.iter().map(|key| (*key).into()).collect();
        let files = sqlx::query_as!(
            Attached,
            r#"select id, record_id as "record_id!", organization_id, name, media_type as "media_type!", size,
                   sha256 as "sha256!", uploaded_by as "membership_id: MembershipId", attached_at as "attached_at!"
               from common.file where noun = $1 and record_id = any($2) and detached_at is null
               order by attached_at, id"#,
            R::TABLE,
            &ids
        );
        let mut found: HashMap<R::Id, Vec<Attached>> = HashMap::new();
        for file in files.fetch_all(tx.conn()).await? {
            found.entry(file.record_id.into()).or_default().push(file);
        }
        Ok(found.into_iter().map(|(id, files)| (id, Arc::new(files))).collect())
    }
}

/// The files on a record, the oldest first, in a module's own type; those of a list of records are looked up together.
/// `None` when there is a right to see them and it does not extend to the record.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn attachments<R: Record, A: From<Attached>>(
    gql: &Context<'_>,
    record: &R,
    right: Option<&Permission>,
) -> Result<Option<Vec<A>>> {
    if let Some(right) = right
        && !graphql::extends_to(gql, right, record).await?
    {
        return Ok(None);
    }
    let files = gql.load::<AttachedTo<R>>(record.id()).await?.unwrap_or_default();
    Ok(Some(files.iter().cloned().map(A::from).collect()))
}

/// Declares a module's `Attachment`, over its type for members.
#[macro_export]
macro_rules! attachment {
    ($membership:ty) => {
        /// A file that hangs on something.
        pub struct Attachment($crate::Attached);

        impl From<$crate::Attached> for Attachment {
            fn from(attached: $crate::Attached) -> Self {
                Self(attached)
            }
        }

        /// A file that hangs on something.
        #[async_graphql::Object(shareable)]
        impl Attachment {
            /// The id of the attachment; opaque to clients.
            async fn id(&self) -> async_graphql::ID {
                self.0.id.into()
            }

            /// The name of the file.
            async fn name(&self) -> &str {
                &self.0.name
            }

            /// What the file is, found out from its bytes, such as application/pdf.
            async fn media_type(&self) -> &str {
                &self.0.media_type
            }

            /// The number of bytes in the file.
            async fn size(&self) -> i64 {
                self.0.size
            }

            /// The SHA-256 of the file's bytes, in hexadecimal digits.
            async fn sha256(&self) -> String {
                self.0.sha256_hex()
            }

            /// Where to get the file: a path at the router's address, which holds for 5 minutes at least.
            async fn url(&self, gql: &async_graphql::Context<'_>) -> common::Result<String> {
                self.0.url(gql)
            }

            /// When the file was attached.
            async fn attached_at(&self) -> chrono::DateTime<chrono::Utc> {
                self.0.attached_at
            }

            /// The member who attached the file; null when it was the system.
            async fn attached_by(
                &self,
                gql: &async_graphql::Context<'_>,
            ) -> common::Result<Option<$membership>> {
                match self.0.membership_id {
                    Some(id) => <$membership as ::graphql::Actor>::find(gql, id).await,
                    None => Ok(None),
                }
            }
        }
    };
}
