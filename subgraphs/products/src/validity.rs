//! From which day on something holds, and until which.

use async_graphql::MaybeUndefined;
use chrono::NaiveDate;
use common::{Form, MembershipId, Refusal, Result};
use database::Tx;
use graphql::Date;
use uuid::Uuid;

const DAYS_TURNED: Refusal =
    Refusal::of("lastDay", "DATE_OUT_OF_RANGE", "the last day comes before the first");

/// Takes in the first and the last day of something; without one, it holds since ever or for good.
pub(crate) fn fill_in(
    form: &mut Form,
    first: MaybeUndefined<Date>,
    last: MaybeUndefined<Date>,
    (first_day, last_day): (&mut Option<Date>, &mut Option<Date>),
) {
    form.optional(first, first_day);
    form.optional(last, last_day);
    if first_day.is_some_and(|first| last_day.is_some_and(|last| last < first)) {
        form.refuse(DAYS_TURNED);
    }
}

/// Whether something holds on a day.
pub(crate) fn holds(first_day: Option<Date>, last_day: Option<Date>, on: NaiveDate) -> bool {
    first_day.is_none_or(|first| first.0 <= on) && last_day.is_none_or(|last| on <= last.0)
}

/// The day that it is where the caller works.
pub(crate) async fn today(tx: &mut Tx) -> Result<NaiveDate> {
    match tx.membership_id() {
        Some(member) => people::today(tx, member).await,
        // Of whoever is no member it is the organization's.
        None => people::today(tx, MembershipId::from(Uuid::nil())).await,
    }
}
