//! What a product may be, and from which state it goes to which.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use common::{Refusal, Result};
use custom::Values;
use database::{Record, Series};
use graphql::choices;
use rust_decimal::Decimal;

use crate::ids::{AttributeId, CategoryId, ContactId, ProductId, UnitOfMeasureId};
use crate::rights::{COST, READ};

choices! {
    /// What a product is.
    ProductKind {
        /// A thing, which can be kept in stock.
        Good,
        /// Work that is done for customers.
        Service,
        /// What is paid for again and again.
        Subscription,
        /// Several other products, sold together.
        Bundle,
    }
}

choices! {
    /// How far a product has come.
    ProductStatus {
        /// It is being prepared.
        Draft,
        /// It is sold.
        Active,
        /// It is sold no more; what is left of it goes.
        Discontinued,
    }
}

choices! {
    /// How often a subscription is paid for.
    ProductBillingInterval {
        /// Every week.
        Week,
        /// Every month.
        Month,
        /// Every three months.
        Quarter,
        /// Every year.
        Year,
    }
}

/// Something that the organization sells, buys or keeps.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("product", table = "products.product", read = READ, parts = "bundle_items")]
pub struct Product {
    /// The id of the product; opaque to clients.
    pub id: ProductId,
    /// The number that the organization knows it by; of all products and variants together, none has the same.
    pub sku: String,
    /// What is printed on it as a barcode; of all products and variants together, none has the same.
    pub barcode: Option<String>,
    /// The kind of product: goods, a service, a subscription or a bundle.
    #[record(once)]
    pub kind: ProductKind,
    /// How far it has come.
    pub status: ProductStatus,
    /// The name that people know it by.
    pub name: String,
    /// What there is to say of it.
    pub description: Option<String>,
    #[graphql(skip)]
    pub(crate) category_id: Option<CategoryId>,
    #[graphql(skip)]
    pub(crate) unit_id: UnitOfMeasureId,
    #[graphql(skip)]
    pub(crate) tax_group: Option<String>,
    #[graphql(skip)]
    pub(crate) income_account: Option<String>,
    #[graphql(skip)]
    pub(crate) expense_account: Option<String>,
    #[graphql(skip)]
    #[record(right = COST)]
    pub(crate) standard_cost: Option<Decimal>,
    #[graphql(skip)]
    #[record(right = COST)]
    pub(crate) standard_cost_currency: Option<String>,
    /// Whether what comes and goes of it is written down.
    pub tracks_inventory: bool,
    /// How often a subscription is paid for; null for everything else.
    pub billing_interval: Option<ProductBillingInterval>,
    #[graphql(skip)]
    pub(crate) attribute_ids: Vec<AttributeId>,
    #[graphql(skip)]
    pub(crate) vendor_ids: Vec<ContactId>,
    /// What one of its unit weighs, in kilograms.
    pub weight_kg: Option<Decimal>,
    /// How long it is, in millimetres.
    pub length_mm: Option<i32>,
    /// How wide it is, in millimetres.
    pub width_mm: Option<i32>,
    /// How high it is, in millimetres.
    pub height_mm: Option<i32>,
    /// Whether customers see it in the catalogue while it is active.
    pub is_public: bool,
    #[graphql(skip)]
    pub(crate) custom_fields: Values,
    /// The words that people find it by.
    pub tags: Vec<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
}

pub(crate) const NUMBERS: Series = Series {
    key: "products.product",
    pattern: "P-{number:5}",
    is_yearly: false,
    place: ("products.code", "value"),
};

const INVALID_TRANSITION: Refusal = Refusal::whole("INVALID_TRANSITION", "");
pub(crate) const ARCHIVED: Refusal = Refusal::whole("ARCHIVED", "this product is archived; restore it first");

impl Product {
    /// It is sold from now on: a draft, or one that was discontinued.
    pub(crate) fn activate(&mut self) -> Result<(), Refusal> {
        self.go(
            &[ProductStatus::Draft, ProductStatus::Discontinued],
            ProductStatus::Active,
            "it is active already",
        )
    }

    /// It is sold no more.
    pub(crate) fn discontinue(&mut self) -> Result<(), Refusal> {
        self.go(
            &[ProductStatus::Active],
            ProductStatus::Discontinued,
            "only an active product is discontinued",
        )
    }

    /// Whether it may be archived: nobody sells it.
    pub(crate) fn check_archive(&self) -> Result<(), Refusal> {
        match self.status {
            ProductStatus::Active => {
                Err(INVALID_TRANSITION.saying("this product is active; discontinue it first"))
            }
            ProductStatus::Draft | ProductStatus::Discontinued => Ok(()),
        }
    }

    fn go(
        &mut self,
        from: &[ProductStatus],
        to: ProductStatus,
        otherwise: &'static str,
    ) -> Result<(), Refusal> {
        if self.archived_at.is_some() {
            return Err(ARCHIVED);
        }
        if !from.contains(&self.status) {
            return Err(INVALID_TRANSITION.saying(otherwise));
        }
        self.status = to;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(status: ProductStatus) -> Product {
        Product { status, ..Product::blank(DateTime::UNIX_EPOCH, UnitOfMeasureId::new()) }
    }

    #[test]
    fn a_product_goes_from_draft_to_active_to_discontinued_to_archived_and_no_other_way() {
        use ProductStatus::{Active, Discontinued, Draft};
        let steps =
            [(Draft, true, false, true), (Active, false, true, false), (Discontinued, true, false, true)];
        for (status, activates, discontinues, archives) in steps {
            assert_eq!(product(status).activate().is_ok(), activates, "{status:?}");
            assert_eq!(product(status).discontinue().is_ok(), discontinues, "{status:?}");
            assert_eq!(product(status).check_archive().is_ok(), archives, "{status:?}");
        }
        let mut archived = Product { archived_at: Some(DateTime::UNIX_EPOCH), ..product(Draft) };
        assert_eq!(archived.activate(), Err(ARCHIVED));
    }
}
