//! Lists filtered by tags and values of custom fields, along an index in spite of row-level security.

use async_graphql::InputObject;
use common::{Error, Result, Scope};
use database::{Record, Tx};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::tags::{TAG_MAX, tag};
use crate::{CONFIDENTIAL, Definitions};

/// How many ids are looked up at most. What matches more rows is found sooner by walking the list itself.
const IDS_MAX: i32 = 1_000;

/// A value of a custom field that every row of a list must have.
#[derive(Clone, Debug, InputObject)]
pub struct CustomFieldCondition {
    /// The key of the custom field.
    pub key: String,
    /// The value, as the field shows it; of a field with several options, one or more of them.
    pub value: String,
}

/// What a list is filtered by when tags or values of custom fields are asked for: `page!` takes all three, as
/// `($n::uuid[] is null or id = any($n)) and ($m::text[] is null or tags @> $m) and
/// ($k::jsonb is null or custom_fields @> $k)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Carrying {
    /// The rows that match, when they are few.
    pub ids: Option<Vec<Uuid>>,
    /// The tags that they carry, when they are many.
    pub tags: Option<Vec<String>>,
    /// The values that they carry, when they are many.
    pub fields: Option<Value>,
}

/// Looks for records that carry a tag, and a value of a custom field.
///
/// # Errors
/// `VALIDATION_FAILED` when the tag could not be one.
pub async fn carrying<R: Record>(
    tx: &mut Tx,
    wanted_tag: Option<&str>,
    condition: Option<&CustomFieldCondition>,
) -> Result<Carrying> {
    let invalid = || {
        Error::validation(format!("tag must have 1 to {TAG_MAX} characters that can be seen, and no comma"))
    };
    let tags = match wanted_tag {
        Some(wanted) => Some(vec![tag(wanted).ok_or_else(invalid)?]),
        None => None,
    };
    let sees_all = tx.scope_of(&CONFIDENTIAL) == Some(Scope::All);
    let fields = match condition {
        // What no field is called has no value anywhere.
        Some(wanted) => match Definitions::of::<R>(tx).await?.canonical(&wanted.key, &wanted.value, sees_all)
        {
            Some(value) => Some(json!({ &wanted.key: value })),
            None => return Ok(Carrying { ids: Some(Vec::new()), ..Carrying::default() }),
        },
        None => None,
    };
    if tags.is_none() && fields.is_none() {
        return Ok(Carrying::default());
    }
    let sql = format!("select core.carriers('{}'::regclass, $1, $2, $3)", R::TABLE);
    let ids: Option<Vec<Uuid>> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(&tags)
        .bind(&fields)
        .bind(IDS_MAX)
        .fetch_one(tx.conn())
        .await?;
    Ok(match ids {
        Some(ids) => Carrying { ids: Some(ids), ..Carrying::default() },
        None => Carrying { ids: None, tags, fields },
    })
}
