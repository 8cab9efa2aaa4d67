//! The SQL of contacts.

use common::{Error, MembershipId, Page, Result, Slice};
use database::{Tx, page};
use serde_json::Value;
use uuid::Uuid;

use super::filter::{ContactFilter, IDS_MAX, conditions, invalid};
use super::graphql::ContactSort;
use super::model::{Contact, select_contact};
use crate::family;
use crate::ids::{ContactId, SegmentId};

/// A page of contacts: those that were merged into others are not there.
pub(crate) async fn select_page(
    tx: &mut Tx,
    filter: &ContactFilter,
    sort: ContactSort,
    page: Page,
) -> Result<Slice<Contact>> {
    let looked = Looked::up(tx, filter).await?;
    Ok(page!(
        tx, Contact, page, sort: ContactSort { Name => "sort_name", CreatedAt => "created_at", UpdatedAt => "updated_at" },
        "merged_into_id is null and (archived_at is not null) = $3 and contact.fits(contact, $4)
         and ($5::jsonb is null or contact.fits(contact, $5))
         and ($6::uuid is null or id in (select contact.current_id(m.contact_id) from contact.segment_member m
                                         where m.segment_id = $6))
         and ($7::uuid[] is null or id = any($7)) and ($8::uuid[] is null or parent_company_id = any($8))
         and ($9::uuid[] is null or id = any($9)) and ($10::text[] is null or search_text like all($10))
         and ($11::uuid[] is null or id = any($11)) and ($12::text[] is null or tags @> $12)
         and ($13::jsonb is null or custom_fields @> $13)",
        [
            filter.is_archived,
            looked.fits.clone(),
            looked.segment_fits.clone(),
            looked.segment_id as Option<SegmentId>,
            looked.ids.as_deref() as Option<&[ContactId]>,
            looked.companies.as_deref() as Option<&[ContactId]>,
            looked.search.ids.as_deref(),
            looked.search.patterns.as_deref(),
            looked.carrying.ids.as_deref(),
            looked.carrying.tags.as_deref(),
            looked.carrying.fields.clone(),
        ],
    ))
}

/// What a filter says, as the query takes it.
struct Looked {
    fits: Value,
    segment_fits: Option<Value>,
    segment_id: Option<SegmentId>,
    ids: Option<Vec<ContactId>>,
    companies: Option<Vec<ContactId>>,
    search: database::Search,
    carrying: custom::Carrying,
}

impl Looked {
    async fn up(tx: &mut Tx, filter: &ContactFilter) -> Result<Self> {
        let ids = match &filter.ids {
            Some(ids) if ids.len() > IDS_MAX => {
                return Err(Error::validation(format!("give {IDS_MAX} ids at most, not {}", ids.len())));
            }
            Some(ids) => {
                Some(tx.find_many::<Contact>(ids).await?.into_values().map(|contact| contact.id).collect())
            }
            None => None,
        };
        let companies = match filter.parent_company_id {
            Some(id) => {
                let company =
                    tx.find_many::<Contact>(&[id]).await?.remove(&id).map_or(id, |company| company.id);
                Some(family::ids(tx, company).await?)
            }
            None => None,
        };
        let (segment_id, segment_fits) = match filter.segment_id {
            Some(id) => select_segment(tx, id).await?,
            None => (None, None),
        };
        // A phone number is found in whatever spelling somebody has it.
        let number =
            filter.search.as_deref().and_then(|text| phone::number(text, None)).map(|number| number.value);
        let search = tx.search::<Contact>(number.as_deref().or(filter.search.as_deref())).await?;
        let carrying =
            custom::carrying::<Contact>(tx, filter.tag.as_deref(), filter.custom_field.as_ref()).await?;
        Ok(Self {
            fits: conditions(filter).map_err(invalid)?,
            segment_fits,
            segment_id,
            ids,
            companies,
            search,
            carrying,
        })
    }
}

/// How many contacts in use fit conditions.
pub(crate) async fn count(tx: &mut Tx, fits: &Value) -> Result<i64> {
    tx.plan_afresh().await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from contact.contact
           where merged_into_id is null and archived_at is null and contact.fits(contact, $1)"#,
        fits,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What a segment has: those that were put there, or those that fit its conditions.
async fn select_segment(tx: &mut Tx, id: SegmentId) -> Result<(Option<SegmentId>, Option<Value>)> {
    let row = sqlx::query!("select kind, conditions from contact.segment where id = $1", id as SegmentId)
        .fetch_optional(tx.conn())
        .await?;
    Ok(match row {
        Some(row) if row.kind == "FILTER" => (None, Some(row.conditions)),
        _ => (Some(id), None),
    })
}

/// A company and all that it belongs to, one above the other, also those that the caller does not see.
pub(crate) async fn select_line(tx: &mut Tx, id: ContactId) -> Result<Vec<ContactId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id!: ContactId" from contact.line($1) order by height"#,
        id as ContactId
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Whether the caller would see what a member owns.
pub(super) async fn is_member_in_scope(tx: &mut Tx, id: MembershipId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select $1 = any (contact.members_in_scope('contact.contact.read')) as "is_in_scope!""#,
        Uuid::from(id),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Whom a mail address belongs to, by name.
pub(super) async fn select_by_email(tx: &mut Tx, email: &str) -> Result<Vec<Contact>> {
    Ok(select_contact!(
        "where id in (select h.id from contact.holders('email', array[$1::text]) h) and merged_into_id is null
         order by sort_name, id limit 100",
        email,
    )
    .fetch_all(tx.conn())
    .await?)
}
