//! Links by which whoever is not logged in sees the catalogue.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Result, Slice};
use database::{Ctx, Record, page};
use graphql::{inputs, mutations, noun, queries, sorts};

use crate::ids::CatalogLinkId;
use crate::rights::MANAGE;

/// A link by which whoever has it sees the catalogue without being logged in.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("catalog link", table = "products.catalog_link", read = MANAGE)]
pub struct CatalogLink {
    /// The id of the link; opaque to clients.
    pub id: CatalogLinkId,
    /// The name that people know it by, such as where it was put.
    pub name: String,
    /// What publicCatalog is asked with; nobody guesses it.
    #[record(once)]
    pub key: String,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived, and stopped to open anything; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
}

// Use-cases.

/// Creates a link.
pub async fn create(ctx: &Ctx, input: CatalogLinkCreateInput) -> Result<CatalogLink> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut link = CatalogLink::blank(tx.now());
    link.key = format!("{:032x}", rand::random::<u128>());
    link.fill_in(input.into())?;
    tx.save(&mut link).await?;
    tx.commit(link).await
}

/// Changes what a link is called.
pub async fn update(ctx: &Ctx, id: CatalogLinkId, input: CatalogLinkUpdateInput) -> Result<CatalogLink> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut link: CatalogLink = tx.lock_at(id, input.version).await?;
    link.fill_in(input)?;
    tx.save(&mut link).await?;
    tx.commit(link).await
}

/// The links that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: CatalogLinkFilter,
    sort: CatalogLinkSort,
    page: Page,
) -> Result<Slice<CatalogLink>> {
    let mut tx = ctx.read_list(&MANAGE).await?;
    let search = tx.search::<CatalogLink>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, CatalogLink, page, sort: CatalogLinkSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

impl CatalogLink {
    fn fill_in(&mut self, input: CatalogLinkUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.name("name", input.name, &mut self.name);
        form.check()
    }
}

// GraphQL.

#[noun]
impl CatalogLink {}

inputs! {
    /// The fields of a new link to the catalogue.
    CatalogLinkCreateInput,
    /// The fields of a link to the catalogue to change; those that are absent stay as they are.
    CatalogLinkUpdateInput {
        /// The name that people know it by, such as where it was put: 1 to 100 characters.
        required name: String,
    }
}

/// Which links to the catalogue a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct CatalogLinkFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of links to the catalogue is ordered.
    CatalogLinkSort {
        /// By the name of the catalog link.
        Name,
    }
}

queries! {
    CatalogLink;
    /// The links to the catalogue; those in use, by name, unless the arguments say otherwise.
    catalog_links(CatalogLinkFilter, CatalogLinkSort) = list;
    /// One link to the catalogue, archived or not; null when there is none of that id.
    catalog_link;
}

mutations! {
    CatalogLink as catalog_link;
    /// Creates a link: whoever has its key sees the products that are meant for customers, and the prices for everybody.
    catalog_link_create(input: CatalogLinkCreateInput) = create for MANAGE;
    /// Changes what a link is called.
    catalog_link_update(id: CatalogLinkId, input: CatalogLinkUpdateInput) = update for MANAGE;
    archive and restore for MANAGE;
}
