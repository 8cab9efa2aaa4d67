//! Price lists: in one currency, for everybody, for a segment of customers or for some of them, from a day to a day.

use std::collections::HashMap;

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Permission, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{Batch, Date, choices, inputs, mutations, queries, sorts};

use crate::ids::{ContactId, PriceListCustomerId, PriceListId, SegmentId};
use crate::rights::{PRICE_MANAGE, PRICE_READ};
use crate::{contact, validity};

choices! {
    /// Whom a price list is for.
    PriceListAudience {
        /// Whoever buys.
        Everybody,
        /// A segment of customers.
        Segment,
        /// The customers that it names.
        Customer,
    }
}

/// What things cost, in one currency.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("price list", table = "products.price_list", read = PRICE_READ, parts = "customers")]
pub struct PriceList {
    /// The id of the price list; opaque to clients.
    pub id: PriceListId,
    /// The short code that people name it by.
    pub code: String,
    /// The name that people know it by.
    pub name: String,
    /// The ISO 4217 code of its currency.
    #[record(once)]
    pub currency: String,
    /// Whom it is for.
    #[record(once)]
    pub audience: PriceListAudience,
    /// The id of the segment of contacts that it is for; null unless it is for one.
    pub segment_id: Option<SegmentId>,
    /// Of several lists for the same people the one with the highest priority counts: 0 to 1,000.
    pub priority: i32,
    /// The first day that it holds; null for since ever.
    pub first_day: Option<Date>,
    /// The last day that it holds; null for good.
    pub last_day: Option<Date>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

/// A customer of a price list.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "PriceListCustomer")]
#[record("price list customer", table = "products.price_list_customer", read = PRICE_READ, graphql = "PriceListCustomer")]
pub struct PriceListCustomer {
    /// The id of the entry; opaque to clients.
    pub id: PriceListCustomerId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) price_list_id: PriceListId,
    /// The id of the contact.
    #[record(once)]
    pub contact_id: ContactId,
}

// Use-cases.

/// Creates a price list.
pub async fn create(ctx: &Ctx, input: PriceListCreateInput) -> Result<PriceList> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let mut list = PriceList { audience: input.audience, ..PriceList::blank(tx.now()) };
    let mut form = Form::default();
    form.currency("currency", MaybeUndefined::Value(input.currency.clone()), &mut list.currency);
    let customers = list.fill_in(form, input.into())?;
    contact::check_segment(&mut tx, None, list.segment_id).await?;
    tx.save(&mut list).await.on_constraint("price_list_code_key", CODE_TAKEN)?;
    if let Some(customers) = customers {
        replace_customers(&mut tx, list.id, customers).await?;
    }
    tx.commit(list).await
}

/// Changes a price list.
pub async fn update(ctx: &Ctx, id: PriceListId, input: PriceListUpdateInput) -> Result<PriceList> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let mut list: PriceList = tx.lock_at(id, input.version).await?;
    let before = list.segment_id;
    let customers = list.fill_in(Form::default(), input)?;
    contact::check_segment(&mut tx, before, list.segment_id).await?;
    let mut are_changed = false;
    if let Some(customers) = customers {
        are_changed = replace_customers(&mut tx, id, customers).await?;
    }
    let saved = tx.save_with_parts(&mut list, are_changed).await;
    saved.on_constraint("price_list_code_key", CODE_TAKEN)?;
    tx.commit(list).await
}

/// The price lists that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: PriceListFilter,
    sort: PriceListSort,
    page: Page,
) -> Result<Slice<PriceList>> {
    let mut tx = ctx.read_list(&PRICE_READ).await?;
    let search = tx.search::<PriceList>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, PriceList, page, sort: PriceListSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::text is null or audience = $6)
         and ($7::uuid is null or id in (select c.price_list_id from products.price_list_customer c
                 where c.contact_id in (select f.id from products.contact_family($7) f)))",
        [
            filter.is_archived,
            search.ids.as_deref(),
            search.patterns.as_deref(),
            filter.audience as Option<PriceListAudience>,
            filter.customer_id as Option<ContactId>,
        ],
    ))
}

// Rules.

const PRIORITY_MAX: i32 = 1_000;
const CUSTOMERS_MAX: usize = 500;
const CODE_TAKEN: Refusal = Refusal::of("code", "CODE_TAKEN", "another price list in use has this code");
const SEGMENT_REQUIRED: Refusal =
    Refusal::of("segmentId", "REQUIRED", "name the segment of contacts that the list is for");
const ONLY_SEGMENTS: Refusal =
    Refusal::of("segmentId", "ONLY_SEGMENTS", "this list is not for a segment; make one that is");
const ONLY_CUSTOMERS: Refusal =
    Refusal::of("customerIds", "ONLY_CUSTOMERS", "this list is not for single customers; make one that is");

impl PriceList {
    /// Takes in a form; answers the customers, when it names them.
    fn fill_in(&mut self, mut form: Form, input: PriceListUpdateInput) -> Result<Option<Vec<ContactId>>> {
        form.code("code", input.code, &mut self.code);
        form.name("name", input.name, &mut self.name);
        form.optional(input.segment_id, &mut self.segment_id);
        form.number("priority", input.priority, 0..=PRIORITY_MAX, &mut self.priority);
        validity::fill_in(
            &mut form,
            input.first_day,
            input.last_day,
            (&mut self.first_day, &mut self.last_day),
        );
        match (self.audience, self.segment_id) {
            (PriceListAudience::Segment, None) => form.refuse(SEGMENT_REQUIRED),
            (PriceListAudience::Segment, _) | (_, None) => {}
            (_, Some(_)) => form.refuse(ONLY_SEGMENTS),
        }
        let is_given = input.customer_ids.is_value();
        let mut customers = Vec::new();
        form.each_once("customerIds", input.customer_ids, 0..=CUSTOMERS_MAX, &mut customers);
        if is_given && self.audience != PriceListAudience::Customer {
            form.refuse(ONLY_CUSTOMERS);
        }
        form.check()?;
        Ok(is_given.then_some(customers))
    }

    /// The same list's rank among those for other people: those that name customers come first.
    pub(crate) fn rank(&self) -> u8 {
        match self.audience {
            PriceListAudience::Customer => 0,
            PriceListAudience::Segment => 1,
            PriceListAudience::Everybody => 2,
        }
    }
}

// SQL.

async fn replace_customers(tx: &mut Tx, id: PriceListId, wanted: Vec<ContactId>) -> Result<bool> {
    let there = select_price_list_customer!("where price_list_id = $1", id as PriceListId);
    let there = there.fetch_all(tx.conn()).await?;
    let before: Vec<ContactId> = there.iter().map(|customer| customer.contact_id).collect();
    contact::check(tx, "customerIds", &before, &wanted).await?;
    let now = tx.now();
    let wanted = wanted.into_iter().map(|contact| PriceListCustomer::blank(now, id, contact)).collect();
    tx.replace_parts(there, wanted, |customer| customer.contact_id).await
}

/// Names contacts no more that were erased.
pub(crate) async fn forget_customers(tx: &mut Tx, contacts: &[ContactId]) -> Result<()> {
    let mut lists = select_price_list!(
        "where id in (select c.price_list_id from products.price_list_customer c where c.contact_id = any($1))
         order by id for update",
        contacts as &[ContactId],
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!(
        "delete from products.price_list_customer where contact_id = any($1)",
        contacts as &[ContactId]
    )
    .execute(tx.conn())
    .await?;
    for list in &mut lists {
        tx.save_with_parts(list, true).await?;
    }
    Ok(())
}

/// Price lists in use that hold for whoever asks: those for everybody, for these segments, and for a customer.
pub(crate) async fn select_concerning(
    tx: &mut Tx,
    customer: Option<ContactId>,
    segments: &[SegmentId],
) -> Result<Vec<PriceList>> {
    Ok(select_price_list!(
        "where archived_at is null and (audience = 'EVERYBODY' or audience = 'SEGMENT' and segment_id = any($1)
             or audience = 'CUSTOMER' and id in (select c.price_list_id from products.price_list_customer c
                 where c.contact_id in (select f.id from products.contact_family($2) f)))",
        segments as &[SegmentId],
        customer as Option<ContactId>,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The customers of price lists.
pub(crate) struct CustomersOf;

impl Batch for CustomersOf {
    type Key = PriceListId;
    type Value = Vec<ContactId>;
    const READ: &'static Permission = &PRICE_READ;

    async fn load(tx: &mut Tx, keys: &[PriceListId]) -> Result<HashMap<PriceListId, Vec<ContactId>>> {
        let rows =
            select_price_list_customer!("where price_list_id = any($1) order by id", keys as &[PriceListId]);
        let mut found: HashMap<PriceListId, Vec<ContactId>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            found.entry(row.price_list_id).or_default().push(row.contact_id);
        }
        Ok(found)
    }
}

/// The price list of a customer: of those that name them and hold today, the one of the highest priority; none when no such
/// list holds today. A contact that no list names has no entry.
pub(crate) struct ListOfCustomer;

impl Batch for ListOfCustomer {
    type Key = ContactId;
    type Value = Option<PriceListId>;
    const READ: &'static Permission = &PRICE_READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, Option<PriceListId>>> {
        let today = validity::today(tx).await?;
        let rows = sqlx::query!(
            r#"select w.id as "contact_id!: ContactId", l.id as "id!: PriceListId",
                   (l.archived_at is null and daterange(l.first_day, l.last_day, '[]') @> $2::date) as "holds!"
               from unnest($1::uuid[]) w (id) cross join lateral products.contact_family(w.id) f
               join products.price_list_customer c on c.contact_id = f.id
               join products.price_list l on l.id = c.price_list_id
               order by l.priority desc, l.first_day desc nulls last, l.code, l.id"#,
            keys as &[ContactId],
            today,
        );
        let mut found: HashMap<ContactId, Option<PriceListId>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            let list = found.entry(row.contact_id).or_default();
            if row.holds {
                list.get_or_insert(row.id);
            }
        }
        Ok(found)
    }
}

// GraphQL.

inputs! {
    /// The fields of a new price list.
    PriceListCreateInput,
    /// The fields of a price list to change; those that are absent stay as they are.
    PriceListUpdateInput {
        /// The ISO 4217 code of its currency; it stays so.
        once currency: String,
        /// Whom it is for; it stays so.
        once audience: PriceListAudience,
        /// The short code that people name it by, unique among those in use: 1 to 20 of A to Z, 0 to 9, _ and -.
        required code: String,
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// The id of the segment of contacts that it is for; given for those for a segment, and for no others.
        nullable segment_id: SegmentId,
        /// The ids of the contacts that it is for, 500 at most, in place of those before; given for those for customers, and
        /// for no others.
        defaulted customer_ids: Vec<ContactId>,
        /// Of several lists for the same people the one with the highest priority counts: 0 to 1,000; 0 when absent from a
        /// new one.
        defaulted priority: i32,
        /// The first day that it holds; null for since ever.
        nullable first_day: Date,
        /// The last day that it holds; null for good.
        nullable last_day: Date,
    }
}

/// Which price lists a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct PriceListFilter {
    /// Part of the name or of the code.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// Whom they are for.
    pub audience: Option<PriceListAudience>,
    /// The id of a contact that they name.
    pub customer_id: Option<ContactId>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of price lists is ordered.
    PriceListSort {
        /// By the name of the price list.
        Name,
    }
}

queries! {
    PriceList;
    /// The price lists; those in use, by name, unless the arguments say otherwise.
    price_lists(PriceListFilter, PriceListSort) = list;
    /// One price list, archived or not; null when there is none of that id.
    price_list;
}

mutations! {
    PriceList as price_list;
    /// Creates a price list.
    price_list_create(input: PriceListCreateInput) = create for PRICE_MANAGE;
    /// Changes a price list.
    price_list_update(id: PriceListId, input: PriceListUpdateInput) = update for PRICE_MANAGE;
    archive and restore for PRICE_MANAGE;
}
