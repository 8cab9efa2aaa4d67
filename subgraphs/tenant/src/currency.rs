//! Currencies: those of ISO 4217 that people pay with, the same for everybody.

use async_graphql::{Context, Object, SimpleObject};
use common::Result;
use graphql::App as _;

use crate::organization::READ;

/// A currency of ISO 4217 that people pay with.
#[derive(Clone, Debug, SimpleObject)]
pub struct Currency {
    /// The three letters of the currency, such as EUR.
    pub code: &'static str,
    /// The English name of the currency.
    pub name: String,
    /// The number of decimals of an amount that can be paid: 2 for EUR, 0 for JPY.
    pub decimals: u32,
}

/// Queries about currencies.
#[derive(Default)]
pub struct CurrencyQuery;

#[Object]
impl CurrencyQuery {
    /// Every currency that people pay with, by code; the same in every organization.
    #[graphql(directive = graphql::cost::apply(20))]
    async fn currencies(&self, gql: &Context<'_>) -> Result<Vec<Currency>> {
        gql.app().scope(&READ)?;
        let currency = |of: common::Currency| Currency {
            code: of.code(),
            name: of.name().to_owned(),
            decimals: of.decimals(),
        };
        Ok(common::Currency::all().map(currency).collect())
    }
}
