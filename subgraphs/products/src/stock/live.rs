//! Stock as it changes.

use async_graphql::{Context, SimpleObject, Subscription};
use common::Result;
use futures::{Stream, StreamExt as _};
use graphql::{App as _, check_bulk};
use kafka::Changes;
use service::{Seen, look_at_what_is_told_of};

use crate::ids::ProductId;
use crate::product::Product;
use crate::rights::STOCK_READ;

/// A product of which something came, went or was promised a moment ago, or, without an id, the news that there are many.
#[derive(Debug, SimpleObject)]
pub struct StockChange {
    /// The id of the product of which there is more or less than before. Null where many changed at once or a moment was
    /// missed: whoever shows stock loads it again.
    pub product_id: Option<ProductId>,
    /// The product with its levels as they are now; null where it is gone.
    pub product: Option<Product>,
}

/// Subscriptions to stock.
#[derive(Default)]
pub struct StockSubscription;

#[Subscription]
impl StockSubscription {
    /// The products of which something came, went, was promised or was valued anew, each when it did. It does not say what
    /// happened before: first subscribe, then load.
    async fn stock_changed(
        &self,
        gql: &Context<'_>,
        #[graphql(
            desc = "The ids of the products that are shown, 1 to 500: only of these the caller is told. Of all when absent."
        )]
        product_ids: Option<Vec<ProductId>>,
    ) -> Result<impl Stream<Item = Result<StockChange>> + use<>> {
        if let Some(ids) = &product_ids {
            check_bulk(ids.len())?;
        }
        let app = gql.app();
        app.scope(&STOCK_READ)?;
        let changes = gql.data_unchecked::<Changes>();
        let seen = look_at_what_is_told_of::<Product>(app, changes, "products.stock", product_ids).await?;
        Ok(seen.map(|seen| {
            seen.map(|seen| match seen {
                Seen::Changed(product) => {
                    StockChange { product_id: Some(product.id), product: Some(product) }
                }
                Seen::Gone(id) => StockChange { product_id: Some(id), product: None },
                Seen::Anything => StockChange { product_id: None, product: None },
            })
        }))
    }
}
