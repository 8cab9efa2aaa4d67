//! Uploads: the first of the three steps.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Permission, Refusal, Result, STAFF, given, text};
use database::{Answer, Ctx};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Files;
use crate::claims::Put;

/// The right to upload files.
pub const UPLOAD: Permission =
    Permission::new("files.file.upload", "Upload files, to attach them to something.", STAFF);

/// The most characters in a file's name.
pub const NAME_MAX: usize = 255;
/// The most bytes in a file.
pub const SIZE_MAX: i32 = 25 * 1024 * 1024;

const NAME_INVALID: Refusal = Refusal::of(
    "name",
    "NAME_INVALID",
    "give the file's name without its folder: 1 to 255 characters that can be seen, on one line",
);
const STORAGE_FULL: Refusal = Refusal::whole(
    "STORAGE_FULL",
    "your organization has no room left for this file; detach what is needed no more, or ask for more room",
);

/// A file that is about to come.
#[derive(Clone, Debug)]
pub struct Upload {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    size: i64,
}

/// Makes room for a file, which [`crate::routes`] then takes.
///
/// # Errors
/// What is wrong with the form; `STORAGE_FULL`; `DEPENDENCY_UNAVAILABLE` where no files are kept.
pub async fn upload(ctx: &Ctx, files: &Files, input: FileUploadInput) -> Result<Upload> {
    let mut tx = ctx.begin(&UPLOAD).await?;
    files.store()?;
    let (mut form, mut name, mut size) = (Form::default(), String::new(), 0);
    form.checked("name", given(input.name), file_name, &mut name);
    form.number("size", given(input.size), 1..=SIZE_MAX, &mut size);
    form.check()?;
    let size = i64::from(size);
    let has_room = sqlx::query_scalar!(
        r#"insert into common.file_usage as u (size) values ($1)
           on conflict on constraint file_usage_pkey do update set size = u.size + $1
           where u.size + $1 <= u.size_max
           returning true as "has_room!""#,
        size
    );
    if has_room.fetch_optional(tx.conn()).await?.is_none() {
        return Err(STORAGE_FULL.into());
    }
    let upload = sqlx::query_as!(
        Upload,
        "insert into common.file (name, size, uploaded_by, created_at) values ($1, $2, core.actor_id(), $3)
         returning id, organization_id, name, size",
        name,
        size,
        tx.now()
    );
    let upload = upload.fetch_one(tx.conn()).await?;
    tx.commit(upload).await
}

impl Answer for Upload {
    fn stored(&self) -> Value {
        json!(self.id)
    }

    async fn restore(ctx: &Ctx, stored: Value) -> Result<Self> {
        let id: Uuid = serde_json::from_value(stored)?;
        let mut tx = ctx.read(&UPLOAD).await?;
        let upload = sqlx::query_as!(
            Self,
            "select id, organization_id, name, size from common.file where id = $1",
            id
        );
        upload.fetch_optional(tx.conn()).await?.ok_or(common::Error::NotFound("upload"))
    }
}

/// A name as it is stored: that of a file and not of a folder, nor one that leads out of it.
fn file_name(given: String) -> Result<String, Refusal> {
    let name = text::name(&given, NAME_MAX).filter(|name| !name.contains(['/', '\\']));
    name.filter(|name| name.chars().any(|c| c != '.')).ok_or(NAME_INVALID)
}

/// A file to upload.
#[derive(Clone, Debug, InputObject)]
pub struct FileUploadInput {
    /// The name of the file, without its folder: 1 to 255 characters.
    pub name: String,
    /// The exact number of bytes in the file: 1 to 26214400 (25 MiB).
    pub size: i32,
}

/// A place for a file that is about to come.
#[derive(Clone, Debug, SimpleObject)]
pub struct FileUpload {
    /// Where to put the bytes: send them as the body of an HTTP PUT to this path at the router's address. The answer is
    /// JSON, { "receipt": "…" }, and the receipt is what a mutation such as leaveRequestAttach takes.
    pub url: String,
    /// Until when the bytes are taken there.
    pub expires_at: DateTime<Utc>,
}

graphql::payload!(
    /// The result of fileUpload.
    FileUploadPayload {
        /// Where to put the bytes; null when the file is refused.
        upload: FileUpload
    }
);

/// Mutations of files.
#[derive(Default)]
pub struct FileUploadMutation;

#[Object]
impl FileUploadMutation {
    /// Begins to upload a file: names it, and answers where its bytes are to be put. A file that is attached to nothing
    /// within a day is forgotten.
    async fn file_upload(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The file.")] input: FileUploadInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same \
                    arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<FileUploadPayload>> {
        let files = gql.data_unchecked::<Files>();
        let ctx = graphql::once(gql, idempotency_key)?;
        let (upload, user_errors) = graphql::answer(gql, upload(&ctx, files, input).await).await?;
        let upload = upload.map(|upload| upload.place(files)).transpose()?;
        Ok(Some(FileUploadPayload { upload, user_errors }))
    }
}

impl Upload {
    fn place(&self, files: &Files) -> Result<FileUpload> {
        let put = Put {
            organization: self.organization_id,
            file: self.id,
            name: self.name.clone(),
            size: self.size.unsigned_abs(),
        };
        let (url, expires_at) = files.put_address(&put)?;
        Ok(FileUpload { url, expires_at })
    }
}
