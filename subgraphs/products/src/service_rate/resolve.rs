//! What an hour of work costs on a day, and why: every rate that was looked at, in order.

use std::cmp::Reverse;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use common::{Currency, Error, Form, Result, text};
use database::Ctx;
use graphql::{App as _, Date, cost};

use super::{ServiceRate, select_service_rate};
use crate::ids::ProductId;
use crate::product::Product;
use crate::resolve::{Looked, PriceStepOutcome, chosen, first_of};
use crate::rights::PRICE_READ;
use crate::validity::{self, holds};

/// What a rate is wanted for.
#[derive(Clone, Debug, InputObject)]
pub struct ServiceRateResolveInput {
    /// The role of whoever works, whatever the case: 1 to 100 characters. Absent for somebody without one: then rates for any
    /// role count alone.
    pub role: Option<String>,
    /// The id of the service that the work is sold as. Absent for none: then rates for any service count alone.
    pub product_id: Option<ProductId>,
    /// The ISO 4217 code of the currency that it is to be paid in, such as EUR.
    pub currency: String,
    /// The day of the work; today when absent.
    pub on: Option<Date>,
}

/// What an hour of work costs.
#[derive(Clone, Debug, SimpleObject)]
pub struct ServiceRateResolution {
    /// The rate that counts; null when none does.
    pub service_rate: Option<ServiceRate>,
    /// Every rate of the role and of the service that was looked at, in the order of their rank, and what became of each; 200
    /// at most.
    pub steps: Vec<ServiceRateStep>,
}

/// A rate that was looked at.
#[derive(Clone, Debug, SimpleObject)]
pub struct ServiceRateStep {
    /// What became of it.
    pub outcome: PriceStepOutcome,
    /// The rate.
    pub service_rate: ServiceRate,
    /// The same in a sentence.
    pub reason: String,
}

const STEPS_MAX: usize = 200;

/// What an hour of work costs on a day, and why.
///
/// # Errors
/// `NOT_FOUND` when there is no such product; `VALIDATION_FAILED` for a currency or a role that is none.
pub async fn resolve(ctx: &Ctx, input: ServiceRateResolveInput) -> Result<ServiceRateResolution> {
    let mut tx = ctx.read(&PRICE_READ).await?;
    let invalid = |message: &'static str| Error::validation(message);
    let currency = Currency::parse(&input.currency)
        .ok_or_else(|| invalid("currency: give a currency by its ISO 4217 code, such as EUR"))?;
    let role = input.role.as_deref().map(|given| {
        text::name(given, Form::NAME_MAX)
            .ok_or_else(|| invalid("role: give 1 to 100 characters that can be seen, on one line"))
    });
    let role = role.transpose()?;
    if let Some(id) = input.product_id {
        tx.find::<Product>(id).await?;
    }
    let on = match input.on {
        Some(day) => day.0,
        None => validity::today(&mut tx).await?,
    };
    let rates = select_service_rate!(
        "where archived_at is null and (role is null or lower(role) = lower($1::text))
             and (product_id is null or product_id = $2)",
        role.as_deref(),
        input.product_id as Option<ProductId>,
    );
    let looked = judge(rates.fetch_all(tx.conn()).await?, currency.code(), on);
    let service_rate = chosen(&looked).cloned();
    let steps = looked.into_iter().take(STEPS_MAX);
    Ok(ServiceRateResolution {
        service_rate,
        steps: steps.map(|(rate, outcome)| ServiceRateStep::of(rate, outcome)).collect(),
    })
}

/// Ranks the rates: those for the role before those for any, among these those for the service before those for any, and of one
/// kind the one that holds since the latest day.
fn judge(mut rates: Vec<ServiceRate>, currency: &str, on: NaiveDate) -> Looked<ServiceRate> {
    rates.sort_by_key(rank);
    first_of(rates, |rate| {
        if rate.currency != currency {
            PriceStepOutcome::OtherCurrency
        } else if !holds(rate.first_day, rate.last_day, on) {
            PriceStepOutcome::NotValid
        } else {
            PriceStepOutcome::Chosen
        }
    })
}

fn rank(rate: &ServiceRate) -> impl Ord + use<> {
    (
        (Reverse(rate.role.is_some()), Reverse(rate.product_id.is_some()), Reverse(rate.first_day)),
        // Of one kind and currency no two hold at once; the rest is to be shown in one order all the same.
        (rate.currency.clone(), rate.last_day, rate.name.clone()),
    )
}

impl ServiceRateStep {
    fn of(rate: ServiceRate, outcome: PriceStepOutcome) -> Self {
        let words = match outcome {
            PriceStepOutcome::OtherCurrency => "it is in another currency",
            other => other.words(),
        };
        let (amount, currency) = (rate.amount.normalize(), &rate.currency);
        let reason = format!("{amount} {currency} an hour, by rate {}: {words}.", rate.name);
        Self { outcome, service_rate: rate, reason }
    }
}

/// What an hour of work costs.
#[derive(Default)]
pub struct ServiceRateResolveQuery;

#[Object]
impl ServiceRateResolveQuery {
    /// What an hour of work costs on a day, and why: the rate that counts, and every one that was looked at. One for the role
    /// counts before one for any, and one for the service before one for any.
    #[graphql(directive = cost::apply(20))]
    async fn service_rate_resolve(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What the rate is wanted for.")] input: ServiceRateResolveInput,
    ) -> Result<ServiceRateResolution> {
        resolve(gql.app(), input).await
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn rate(name: &str, role: Option<&str>, product_id: Option<ProductId>) -> ServiceRate {
        let (name, role, currency) = (name.to_owned(), role.map(str::to_owned), "EUR".to_owned());
        ServiceRate { name, role, product_id, currency, ..ServiceRate::blank(DateTime::UNIX_EPOCH) }
    }

    fn found(rates: &[ServiceRate], on: &str) -> Option<String> {
        chosen(&judge(rates.to_vec(), "EUR", on.parse().unwrap())).map(|rate| rate.name.clone())
    }

    #[test]
    fn the_role_comes_before_the_service_before_what_is_for_any() {
        let advice = Some(ProductId::new());
        let mut rates = vec![
            rate("any", None, None),
            rate("service", None, advice),
            rate("role", Some("Senior"), None),
            rate("both", Some("Senior"), advice),
        ];
        for name in ["both", "role", "service", "any"] {
            assert_eq!(found(&rates, "2026-03-02").as_deref(), Some(name));
            rates.pop();
        }
        assert_eq!(found(&rates, "2026-03-02"), None);
    }

    #[test]
    fn what_does_not_hold_that_day_or_is_in_another_currency_is_told_and_does_not_count() {
        let day = |text: &str| Some(Date(text.parse().unwrap()));
        let late = ServiceRate { first_day: day("2026-07-01"), ..rate("late", Some("Senior"), None) };
        let early = ServiceRate { last_day: day("2026-06-30"), ..rate("early", Some("Senior"), None) };
        let dollars = ServiceRate { currency: "USD".to_owned(), ..rate("dollars", Some("Senior"), None) };
        let rates = [early, dollars, late, rate("any", None, None)];
        assert_eq!(found(&rates, "2026-06-30").as_deref(), Some("early"));
        assert_eq!(found(&rates, "2026-07-01").as_deref(), Some("late"));
        let looked = judge(rates.to_vec(), "EUR", "2026-07-01".parse().unwrap());
        let outcomes: Vec<_> = looked.iter().map(|(rate, outcome)| (rate.name.as_str(), *outcome)).collect();
        use PriceStepOutcome::{Chosen, NotValid, OtherCurrency, Outranked};
        assert_eq!(
            outcomes,
            [("late", Chosen), ("early", NotValid), ("dollars", OtherCurrency), ("any", Outranked)]
        );
    }
}
