//! What belongs to other modules: contacts, products, employees. What this module adds to them is in the links.

use async_graphql::SimpleObject;
use common::EmployeeId;

use crate::ids::{ContactId, ProductId, VariantId};

// Somebody outside; the contact module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex, extends)]
pub struct Contact {
    /// The id of the contact; opaque to clients.
    pub id: ContactId,
}

// Something that is sold; the products module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex, extends)]
pub struct Product {
    /// The id of the product; opaque to clients.
    pub id: ProductId,
}

/// A product in one of its forms; the products module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct ProductVariant {
    /// The id of the variant; opaque to clients.
    pub id: VariantId,
}

// Somebody who works here; the employee module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex, extends)]
pub struct Employee {
    /// The id of the employee; opaque to clients.
    pub id: EmployeeId,
}
