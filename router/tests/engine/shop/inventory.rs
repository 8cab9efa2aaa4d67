//! The shop's inventory.

use super::*;

pub struct Product {
    upc: ID,
    price: Option<i32>,
    weight: Option<i32>,
}
#[Object]
impl Product {
    async fn upc(&self) -> &ID {
        &self.upc
    }
    #[graphql(external)]
    async fn price(&self) -> Option<i32> {
        self.price
    }
    #[graphql(external)]
    async fn weight(&self) -> Option<i32> {
        self.weight
    }
    async fn in_stock(&self) -> Option<bool> {
        Some(self.upc.as_str() != "couch")
    }
    #[graphql(requires = "price weight")]
    async fn shipping_cost(&self) -> Option<i32> {
        Some(self.price? + self.weight?)
    }
    /// The chair has no shelf: its entity is missing.
    async fn shelf(&self) -> i32 {
        7
    }
}

pub struct Entities;
#[Object]
impl Entities {
    #[graphql(entity)]
    async fn find_product(&self, #[graphql(key)] upc: ID) -> Option<Product> {
        Some(Product { upc, price: None, weight: None })
    }
}

pub struct Query;
#[Object]
impl Query {
    async fn stock_count(&self) -> i32 {
        2
    }
    #[graphql(entity)]
    async fn find_product(
        &self,
        #[graphql(key)] upc: ID,
        price: Option<i32>,
        weight: Option<i32>,
    ) -> Option<Product> {
        (upc.as_str() != "chair").then_some(Product { upc, price, weight })
    }
}

pub fn executable() -> Executable {
    super::executable(Schema::build(Query, EmptyMutation, EmptySubscription))
}
