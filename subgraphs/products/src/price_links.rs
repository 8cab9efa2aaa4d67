//! How prices lead to products and to one another, and what this module adds to contacts. They stand above the nouns, so that
//! no noun needs one that needs it.

use async_graphql::{ComplexObject, Context, Object};
use common::Result;
use graphql::{App as _, cost, noun};

use crate::category::Category;
use crate::contact::Contact;
use crate::discount::DiscountRule;
use crate::ids::ContactId;
use crate::price::Price;
use crate::price_list::{CustomersOf, ListOfCustomer, PriceList};
use crate::product::Product;
use crate::rights::PRICE_READ;
use crate::variant::Variant;

#[noun]
impl PriceList {
    /// The contacts that it is for; nothing unless it is for customers, 500 at most.
    #[graphql(directive = cost::apply(5))]
    async fn customers(&self, gql: &Context<'_>) -> Result<Vec<Option<Contact>>> {
        let ids = gql.load::<CustomersOf>(self.id).await?.unwrap_or_default();
        Ok(ids.into_iter().map(|id| Some(Contact { id })).collect())
    }
}

#[noun]
impl Price {
    /// The price list that it stands in.
    async fn price_list(&self, gql: &Context<'_>) -> Result<Option<PriceList>> {
        gql.find(self.price_list_id).await
    }

    /// The product that the price is for.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// The variant that it is for; null when it is for all of them.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }

    /// What one of the product's unit costs.
    async fn amount(&self, gql: &Context<'_>) -> Result<Option<graphql::Money>> {
        let list: Option<PriceList> = gql.find(self.price_list_id).await?;
        Ok(list.map(|list| graphql::Money::new(self.amount, &list.currency)))
    }
}

#[noun]
impl DiscountRule {
    /// The price list that it is for; null for all of them.
    async fn price_list(&self, gql: &Context<'_>) -> Result<Option<PriceList>> {
        gql.find(self.price_list_id).await
    }

    /// The category that it is for, and those below; null for all.
    async fn category(&self, gql: &Context<'_>) -> Result<Option<Category>> {
        gql.find(self.category_id).await
    }

    /// The product that it is for; null for all.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }
}

#[ComplexObject]
impl Contact {
    /// The price list that names them and holds today, the one of the highest priority of several; null for none, and to
    /// whoever may not see prices.
    #[graphql(directive = cost::apply(2))]
    async fn price_list(&self, gql: &Context<'_>) -> Result<Option<PriceList>> {
        if gql.app().scope(&PRICE_READ).is_err() {
            return Ok(None);
        }
        gql.find(gql.load::<ListOfCustomer>(self.id).await?.flatten()).await
    }
}

/// Contacts, as far as products answers for them.
#[derive(Default)]
pub struct ContactQuery;

#[Object]
impl ContactQuery {
    /// One contact, for what products adds to them: one that some price list names.
    #[graphql(entity)]
    async fn contact_by_id(&self, gql: &Context<'_>, id: ContactId) -> Result<Option<Contact>> {
        if gql.app().scope(&PRICE_READ).is_err() {
            return Ok(None);
        }
        Ok(gql.load::<ListOfCustomer>(id).await?.map(|_| Contact { id }))
    }
}
