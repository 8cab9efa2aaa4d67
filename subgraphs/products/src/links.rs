//! How the nouns of the catalogue lead to one another. They stand above the nouns, so that no noun needs one that needs it.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, SimpleObject};
use common::{Permission, Result};
use database::Tx;
use graphql::{App as _, Batch, Money, cost, noun};

use crate::attribute::Attribute;
use crate::bundle::{self, BundleItem};
use crate::category::{Category, DefaultsOf};
use crate::contact::Contact;
use crate::ids::{AttributeId, ProductId};
use crate::product::Product;
use crate::rights::{COST, READ};
use crate::stock::{LevelsOf, StockLevel};
use crate::unit_of_measure::UnitOfMeasure;
use crate::variant::{Variant, VariantsOf};

/// What holds for a product in the books: what it says itself, or else the nearest category that says something.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProductTerms {
    /// The group that decides on taxes; null when nobody says.
    pub tax_group: Option<String>,
    /// The account of what is earned; null when nobody says.
    pub income_account: Option<String>,
    /// The account of what is spent; null when nobody says.
    pub expense_account: Option<String>,
}

#[noun(custom_fields, attachments)]
impl Product {
    /// The category that it belongs to; null for none.
    async fn category(&self, gql: &Context<'_>) -> Result<Option<Category>> {
        gql.find(self.category_id).await
    }

    /// The unit that it is counted in.
    async fn unit(&self, gql: &Context<'_>) -> Result<Option<UnitOfMeasure>> {
        gql.find(self.unit_id).await
    }

    /// The group that decides on taxes, where it says one itself.
    async fn tax_group(&self) -> Option<&str> {
        self.tax_group.as_deref()
    }

    /// The account of what is earned, where it says one itself.
    async fn income_account(&self) -> Option<&str> {
        self.income_account.as_deref()
    }

    /// The account of what is spent, where it says one itself.
    async fn expense_account(&self) -> Option<&str> {
        self.expense_account.as_deref()
    }

    /// What holds for it in the books: what it says itself, or else the nearest category that says something.
    #[graphql(directive = cost::apply(2))]
    async fn terms(&self, gql: &Context<'_>) -> Result<ProductTerms> {
        let defaults = match self.category_id {
            Some(id) => gql.load::<DefaultsOf>(id).await?.unwrap_or_default(),
            None => Default::default(),
        };
        Ok(ProductTerms {
            tax_group: self.tax_group.clone().or(defaults.tax_group),
            income_account: self.income_account.clone().or(defaults.income_account),
            expense_account: self.expense_account.clone().or(defaults.expense_account),
        })
    }

    /// What one of it costs the organization; null when nobody says, and to whoever may not know.
    async fn standard_cost(&self, gql: &Context<'_>) -> Option<Money> {
        gql.app().scope(&COST).ok()?;
        Some(Money::new(self.standard_cost?, self.standard_cost_currency.as_deref()?))
    }

    /// The attributes that its variants differ by.
    #[graphql(directive = cost::apply(1))]
    async fn attributes(&self, gql: &Context<'_>) -> Result<Vec<Attribute>> {
        let mut found = Vec::with_capacity(self.attribute_ids.len());
        for attribute in
            futures::future::join_all(self.attribute_ids.iter().map(|id| gql.find::<Attribute>(*id))).await
        {
            found.extend(attribute?);
        }
        Ok(found)
    }

    /// Its variants in use, by number; 500 at most.
    #[graphql(directive = cost::apply(5))]
    async fn variants(&self, gql: &Context<'_>) -> Result<Vec<Variant>> {
        Ok(gql.load::<VariantsOf>(self.id).await?.unwrap_or_default())
    }

    /// What a bundle is made of; nothing for everything else.
    #[graphql(directive = cost::apply(2))]
    async fn bundle_items(&self, gql: &Context<'_>) -> Result<Vec<BundleItem>> {
        Ok(gql.load::<ItemsOf>(self.id).await?.unwrap_or_default())
    }

    /// What there is of it, and of its variants, in all warehouses where it was ever.
    #[graphql(directive = cost::apply(5))]
    async fn stock_levels(&self, gql: &Context<'_>) -> Result<Vec<StockLevel>> {
        Ok(gql.load::<LevelsOf>(self.id).await?.unwrap_or_default())
    }

    /// The contacts that it is bought from, the most important first.
    async fn vendors(&self) -> Vec<Option<Contact>> {
        self.vendor_ids.iter().map(|id| Some(Contact { id: *id })).collect()
    }
}

/// What a variant is in one attribute.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ProductVariantOption {
    #[graphql(skip)]
    attribute_id: AttributeId,
    /// What the variant is in it.
    pub choice: String,
}

#[ComplexObject]
impl ProductVariantOption {
    /// The attribute.
    async fn attribute(&self, gql: &Context<'_>) -> Result<Option<Attribute>> {
        gql.find(self.attribute_id).await
    }
}

#[noun]
impl Variant {
    /// The product that it is of.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// What it is in each attribute of the product, in their order.
    #[graphql(directive = cost::apply(1))]
    async fn options(&self, gql: &Context<'_>) -> Result<Vec<ProductVariantOption>> {
        let product: Option<Product> = gql.find(self.product_id).await?;
        let ids = product.map(|product| product.attribute_ids).unwrap_or_default();
        let option = |id: AttributeId| {
            let choice = self.options.get(&id.to_string())?.clone();
            Some(ProductVariantOption { attribute_id: id, choice })
        };
        Ok(ids.into_iter().filter_map(option).collect())
    }

    /// What people read: the product's name, and what it is in each attribute.
    #[graphql(directive = cost::apply(1))]
    async fn name(&self, gql: &Context<'_>) -> Result<String> {
        let product: Option<Product> = gql.find(self.product_id).await?;
        let Some(product) = product else { return Ok(self.sku.clone()) };
        let choices = product.attribute_ids.iter().filter_map(|id| self.options.get(&id.to_string()));
        let choices: Vec<&str> = choices.map(String::as_str).collect();
        Ok(format!("{}, {}", product.name, choices.join(", ")))
    }
}

#[ComplexObject]
impl BundleItem {
    /// The product that is part of the bundle.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// Its variant; null for a product without variants.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }
}

/// What bundles are made of.
struct ItemsOf;

impl Batch for ItemsOf {
    type Key = ProductId;
    type Value = Vec<BundleItem>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[ProductId]) -> Result<HashMap<ProductId, Vec<BundleItem>>> {
        let mut found: HashMap<ProductId, Vec<BundleItem>> = HashMap::new();
        for item in bundle::select_of(tx, keys).await? {
            found.entry(item.bundle_id).or_default().push(item);
        }
        Ok(found)
    }
}
