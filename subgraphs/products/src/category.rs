//! Categories of products: a tree, with what holds for products that say nothing else.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Permission, Refusal, Result, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{App as _, Batch, inputs, mutations, noun, queries, sorts};

use crate::ids::{CategoryId, UnitOfMeasureId};
use crate::rights::{MANAGE, READ};
use crate::structure;
use crate::unit_of_measure::UnitOfMeasure;

/// Products of one kind, as the organization sees them.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "ProductCategory", complex)]
#[record("product category", table = "products.category", read = READ, graphql = "ProductCategory")]
pub struct Category {
    /// The id of the category; opaque to clients.
    pub id: CategoryId,
    /// The name that people know it by.
    pub name: String,
    #[graphql(skip)]
    pub(crate) parent_id: Option<CategoryId>,
    #[graphql(skip)]
    pub(crate) unit_id: Option<UnitOfMeasureId>,
    /// The group that decides on taxes, for products that name none; null for what the category above it says.
    pub tax_group: Option<String>,
    /// The account of what is earned, for products that name none; null for what the category above it says.
    pub income_account: Option<String>,
    /// The account of what is spent, for products that name none; null for what the category above it says.
    pub expense_account: Option<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

/// What holds for the products of a category that say nothing else: the nearest category that says something does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defaults {
    pub unit_id: Option<UnitOfMeasureId>,
    pub tax_group: Option<String>,
    pub income_account: Option<String>,
    pub expense_account: Option<String>,
}

// Use-cases.

/// Creates a category.
pub async fn create(ctx: &Ctx, input: ProductCategoryCreateInput) -> Result<Category> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut category = Category::blank(tx.now());
    fill_in(&mut tx, &mut category, input.into()).await?;
    tx.save(&mut category).await?;
    tx.commit(category).await
}

/// Changes a category, or moves it in the tree.
pub async fn update(ctx: &Ctx, id: CategoryId, input: ProductCategoryUpdateInput) -> Result<Category> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut category: Category = tx.lock_at(id, input.version).await?;
    fill_in(&mut tx, &mut category, input).await?;
    tx.save(&mut category).await?;
    tx.commit(category).await
}

/// The categories that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: ProductCategoryFilter,
    sort: ProductCategorySort,
    page: Page,
) -> Result<Slice<Category>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<Category>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Category, page, sort: ProductCategorySort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::uuid is null or parent_id = $6)",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref(), filter.parent_id as Option<CategoryId>],
    ))
}

// Rules.

const CYCLE: Refusal = Refusal::of(
    "parentId",
    "CATEGORY_CYCLE",
    "a category cannot be part of itself or of one of its own parts",
);
const TOO_DEEP: Refusal = Refusal::of("parentId", "TOO_DEEP", "a tree of categories is 20 deep at most");
const DEPTH_MAX: usize = 20;

async fn fill_in(tx: &mut Tx, category: &mut Category, input: ProductCategoryUpdateInput) -> Result<()> {
    let before = category.clone();
    let mut form = Form::default();
    form.name("name", input.name, &mut category.name);
    form.optional(input.parent_id, &mut category.parent_id);
    form.optional(input.unit_id, &mut category.unit_id);
    form.optional_name_within("taxGroup", input.tax_group, 40, &mut category.tax_group);
    form.optional_name_within("incomeAccount", input.income_account, 40, &mut category.income_account);
    form.optional_name_within("expenseAccount", input.expense_account, 40, &mut category.expense_account);
    form.check()?;
    tx.check_reference::<UnitOfMeasure>("unitId", before.unit_id, category.unit_id).await?;
    tx.check_reference::<Category>("parentId", before.parent_id, category.parent_id).await?;
    if let Some(parent_id) = category.parent_id {
        check_parent(category.id, &select_line(tx, parent_id).await?)?;
    }
    Ok(())
}

/// Whether a category may be put under the first of `line`, a category and all that it is part of.
fn check_parent(id: CategoryId, line: &[CategoryId]) -> Result<(), Refusal> {
    match line {
        line if line.contains(&id) => Err(CYCLE),
        line if line.len() >= DEPTH_MAX => Err(TOO_DEEP),
        _ => Ok(()),
    }
}

// SQL.

/// A category and all that it is part of, the nearest first.
pub(crate) async fn select_line(tx: &mut Tx, id: CategoryId) -> Result<Vec<CategoryId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id!: CategoryId" from products.line($1) order by height"#,
        id as CategoryId
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What holds by categories.
pub(crate) struct DefaultsOf;

impl Batch for DefaultsOf {
    type Key = CategoryId;
    type Value = Defaults;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[CategoryId]) -> Result<HashMap<CategoryId, Defaults>> {
        let rows = sqlx::query!(
            r#"select w.id as "of!: CategoryId", c.unit_id as "unit_id: UnitOfMeasureId", c.tax_group, c.income_account,
                   c.expense_account
               from unnest($1::uuid[]) w (id) cross join lateral products.line(w.id) l
               join products.category c on c.id = l.id order by l.height"#,
            keys as &[CategoryId],
        );
        let mut found: HashMap<CategoryId, Defaults> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            let defaults = found.entry(row.of).or_default();
            defaults.unit_id = defaults.unit_id.or(row.unit_id);
            defaults.tax_group = defaults.tax_group.take().or(row.tax_group);
            defaults.income_account = defaults.income_account.take().or(row.income_account);
            defaults.expense_account = defaults.expense_account.take().or(row.expense_account);
        }
        Ok(found)
    }
}

// GraphQL.

#[noun]
impl Category {
    /// The category that it is part of; null for the top.
    async fn parent(&self, gql: &Context<'_>) -> Result<Option<Category>> {
        gql.find(self.parent_id).await
    }

    /// The unit that new products of it are counted in unless they say otherwise; null for what the category above it says.
    async fn unit(&self, gql: &Context<'_>) -> Result<Option<UnitOfMeasure>> {
        gql.find(self.unit_id).await
    }
}

inputs! {
    /// The fields of a new category of products.
    ProductCategoryCreateInput,
    /// The fields of a category of products to change; those that are absent stay as they are.
    ProductCategoryUpdateInput {
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// The id of the category that it is part of; null for the top.
        nullable parent_id: CategoryId,
        /// The id of the unit that new products of it are counted in unless they say otherwise; null for what the category
        /// above it says.
        nullable unit_id: UnitOfMeasureId,
        /// The group that decides on taxes, for products that name none: 1 to 40 characters; null for what the category above
        /// it says.
        nullable tax_group: String,
        /// The account of what is earned, for products that name none: 1 to 40 characters; null for what the category above
        /// it says.
        nullable income_account: String,
        /// The account of what is spent, for products that name none: 1 to 40 characters; null for what the category above
        /// it says.
        nullable expense_account: String,
    }
}

/// Which categories a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct ProductCategoryFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// The id of the category that they are part of, not counting parts of parts.
    pub parent_id: Option<CategoryId>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of categories is ordered.
    ProductCategorySort {
        /// By the name of the product category.
        Name,
    }
}

queries! {
    Category;
    /// The categories of products; those in use, by name, unless the arguments say otherwise.
    product_categories(ProductCategoryFilter, ProductCategorySort) = list;
    /// One category of products, archived or not; null when there is none of that id.
    product_category;
}

mutations! {
    Category as product_category;
    /// Creates a category of products.
    product_category_create(input: ProductCategoryCreateInput) = create for MANAGE;
    /// Changes a category of products, or moves it in the tree.
    product_category_update(id: CategoryId, input: ProductCategoryUpdateInput) = update for MANAGE;
    archive and restore for MANAGE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_never_part_of_itself() {
        let [top, middle, own] = [(); 3].map(|()| CategoryId::new());
        assert_eq!(check_parent(own, &[middle, top]), Ok(()));
        assert_eq!(check_parent(own, &[own, middle, top]), Err(CYCLE));
        assert_eq!(check_parent(top, &[own, middle, top]), Err(CYCLE));
        assert_eq!(check_parent(own, &[(); DEPTH_MAX].map(|()| CategoryId::new())), Err(TOO_DEEP));
    }
}
