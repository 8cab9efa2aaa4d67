//! What a quote may be, and from which state it goes to which.

use async_graphql::SimpleObject;
use chrono::{DateTime, NaiveDate, Utc};
use common::Refusal;
use database::{Record, Series};
use graphql::{Date, choices};
use rust_decimal::Decimal;
use sqlx::types::Json;

use crate::deal::Line;
use crate::ids::{DealId, QuoteId};
use crate::rights::DEAL_READ;

choices! {
    /// How far a quote has come.
    QuoteStatus {
        /// It is being written.
        Draft,
        /// The customer has its address.
        Sent,
        /// The customer has looked at it.
        Viewed,
        /// The customer has accepted it; it is frozen.
        Accepted,
        /// The customer has declined it.
        Declined,
        /// Nobody has decided in time.
        Expired,
        /// Another one has taken its place.
        Superseded,
    }
}

/// What is offered to a customer, as it is offered.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("quote", table = "crm.quote", read = DEAL_READ)]
pub struct Quote {
    /// The id of the quote; opaque to clients.
    pub id: QuoteId,
    /// The number that the organization knows it by, such as Q-2026-00001.
    #[record(once)]
    pub number: String,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) deal_id: DealId,
    /// Which one of the deal's quotes it is, from 1 on.
    #[record(once)]
    pub revision: i32,
    /// How far it has come.
    pub status: QuoteStatus,
    #[graphql(skip)]
    pub(crate) lines: Json<Vec<Line>>,
    #[graphql(skip)]
    pub(crate) total: Decimal,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) currency: String,
    /// The last day on which it can be accepted; null for whenever.
    pub valid_until: Option<Date>,
    /// Whom it is for, in the words that they read.
    pub recipient: Option<String>,
    /// On which terms.
    pub terms: Option<String>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) nonce: i64,
    /// Since when a price of something that it offers is another by some price list than when its lines were written, of a draft.
    /// Its own amounts stay as they are; null when no price has changed, once its lines are written anew, and once it is sent.
    pub prices_changed_at: Option<DateTime<Utc>>,
    /// When it was sent; null while it was not.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the customer looked at it first; null while they have not.
    pub viewed_at: Option<DateTime<Utc>>,
    /// When it was accepted or declined; null while it is neither.
    pub decided_at: Option<DateTime<Utc>>,
    /// Who has accepted or declined it, as they wrote it.
    pub signer_name: Option<String>,
    /// The address of the network that they did it from.
    pub signer_address: Option<String>,
    /// Why it was declined, as they wrote it.
    pub decline_reason: Option<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
}

pub(super) const NUMBERS: Series = Series {
    key: "crm.quote",
    pattern: "Q-{year}-{number:5}",
    is_yearly: true,
    place: ("crm.quote", "number"),
};

const INVALID_TRANSITION: Refusal = Refusal::whole("INVALID_TRANSITION", "");
const EXPIRED: Refusal =
    Refusal::whole("QUOTE_EXPIRED", "this quote could be accepted until a day that is over");
const EMPTY: Refusal = Refusal::of("lines", "QUOTE_EMPTY", "say what is offered before you send it");

impl Quote {
    /// Whether the customer may still decide on it.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status, QuoteStatus::Sent | QuoteStatus::Viewed)
    }

    /// Whether another one may take its place without anybody missing it.
    pub(crate) fn is_undecided(&self) -> bool {
        self.is_open() || self.status == QuoteStatus::Draft
    }

    /// Whether it can be accepted no more on a day.
    pub(crate) fn is_over(&self, today: NaiveDate) -> bool {
        self.valid_until.is_some_and(|last| last.0 < today)
    }

    /// Only what nobody has seen is changed.
    pub(crate) fn check_draft(&self) -> Result<(), Refusal> {
        match self.status {
            QuoteStatus::Draft => Ok(()),
            _ => Err(INVALID_TRANSITION.saying("what was sent stays as it was; make another version of it")),
        }
    }

    /// The customer gets its address.
    pub(crate) fn send(&mut self, now: DateTime<Utc>, today: NaiveDate) -> Result<(), Refusal> {
        self.check_draft()?;
        if self.lines.is_empty() {
            return Err(EMPTY);
        }
        if self.is_over(today) {
            return Err(EXPIRED.at("validUntil"));
        }
        (self.status, self.sent_at) = (QuoteStatus::Sent, Some(now));
        // Whoever sends it stands by what it says.
        self.prices_changed_at = None;
        Ok(())
    }

    /// The customer looks at it.
    pub(crate) fn view(&mut self, now: DateTime<Utc>) {
        if self.status == QuoteStatus::Sent {
            (self.status, self.viewed_at) = (QuoteStatus::Viewed, Some(now));
        }
    }

    /// The customer decides.
    pub(crate) fn decide(
        &mut self,
        is_accepted: bool,
        (name, address): (String, Option<String>),
        now: DateTime<Utc>,
        today: NaiveDate,
    ) -> Result<(), Refusal> {
        if !self.is_open() {
            return Err(INVALID_TRANSITION.saying("this quote cannot be decided on any more"));
        }
        if self.is_over(today) {
            return Err(EXPIRED);
        }
        self.status = if is_accepted { QuoteStatus::Accepted } else { QuoteStatus::Declined };
        self.viewed_at.get_or_insert(now);
        (self.decided_at, self.signer_name, self.signer_address) = (Some(now), Some(name), address);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [QuoteStatus; 7] = [
        QuoteStatus::Draft,
        QuoteStatus::Sent,
        QuoteStatus::Viewed,
        QuoteStatus::Accepted,
        QuoteStatus::Declined,
        QuoteStatus::Expired,
        QuoteStatus::Superseded,
    ];

    fn quote(status: QuoteStatus) -> Quote {
        let line = Line {
            product_id: None,
            variant_id: None,
            description: "Saw".to_owned(),
            quantity: Decimal::ONE,
            unit_price: Decimal::ONE,
            discount_percent: Decimal::ZERO,
            amount: Decimal::ONE,
        };
        Quote { status, lines: Json(vec![line]), ..Quote::blank(DateTime::UNIX_EPOCH, DealId::new()) }
    }

    #[test]
    fn a_quote_is_sent_once_and_decided_once() {
        let (now, today) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH.date_naive());
        for status in ALL {
            let is_draft = status == QuoteStatus::Draft;
            assert_eq!(quote(status).send(now, today).is_ok(), is_draft, "{status:?}");
            let is_open = matches!(status, QuoteStatus::Sent | QuoteStatus::Viewed);
            for is_accepted in [true, false] {
                let signed = ("Ada".to_owned(), None);
                assert_eq!(
                    quote(status).decide(is_accepted, signed, now, today).is_ok(),
                    is_open,
                    "{status:?}"
                );
            }
        }
    }

    #[test]
    fn nothing_is_sent_empty_and_nothing_is_accepted_when_its_time_is_over() {
        let (now, today) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH.date_naive());
        let mut empty = quote(QuoteStatus::Draft);
        empty.lines.clear();
        assert_eq!(empty.send(now, today), Err(EMPTY));
        let mut over = quote(QuoteStatus::Sent);
        over.valid_until = today.pred_opt().map(Date);
        assert_eq!(over.decide(true, ("Ada".to_owned(), None), now, today), Err(EXPIRED));
        over.valid_until = Some(Date(today));
        assert!(over.decide(true, ("Ada".to_owned(), None), now, today).is_ok());
    }
}
