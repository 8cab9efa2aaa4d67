//! One thing that happens to an account.

use chrono::NaiveDate;
use graphql::choices;
use rust_decimal::{Decimal, dec};

use crate::ids::{AdjustmentId, PolicyLineId, RequestId};

choices! {
    /// What an entry of the ledger says.
    Kind "LeaveEntryKind" {
        /// A policy gave it.
        Accrue,
        /// It moved from the leave year before.
        CarryForward,
        /// It was taken.
        Take,
        /// A request that had taken it gave it back.
        Restore,
        /// Somebody gave or took it by hand: an opening balance, a correction.
        Adjust,
        /// Its time was over: what moved on of it is another entry.
        Lapse,
        /// It was left, or owed, when somebody went who came back.
        Settle,
        /// What was written before no longer follows, since something was corrected.
        Correct,
    }
}

/// What an entry follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// What a line of a policy gives from a day on.
    Grant(PolicyLineId, NaiveDate),
    /// A request; `None` for one that is only thought of.
    Request(Option<RequestId>),
    /// An adjustment.
    Adjustment(AdjustmentId),
    /// A lot whose last day this was.
    Lapse(NaiveDate),
    /// What was left on this last day of a leave year.
    CarryForward(NaiveDate),
    /// Somebody's return.
    Return,
}

impl Source {
    /// Names it, together with the day: entries of one key and day add up to what follows now.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Grant(line_id, day) => format!("grant:{line_id}:{day}"),
            Self::Request(id) => format!("request:{}", id.map(|id| id.to_string()).unwrap_or_default()),
            Self::Adjustment(id) => format!("adjustment:{id}"),
            Self::Lapse(day) => format!("lapse:{day}"),
            Self::CarryForward(day) => format!("carry:{day}"),
            Self::Return => "return".to_owned(),
        }
    }

    /// The request that it is.
    #[must_use]
    pub fn request_id(self) -> Option<RequestId> {
        if let Self::Request(id) = self { id } else { None }
    }
}

/// What happens to an account on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The kind of entry: given, taken, carried forward, …
    pub kind: Kind,
    /// The day from which on it counts.
    pub day: NaiveDate,
    /// How much, signed.
    pub days: Decimal,
    /// The last day on which what was given can be taken.
    pub expires_on: Option<NaiveDate>,
    /// What it follows from.
    pub source: Source,
}

impl Entry {
    /// Whether somebody takes something by it.
    #[must_use]
    pub fn is_taking(&self) -> bool {
        self.days < dec!(0) && matches!(self.kind, Kind::Take | Kind::Adjust)
    }
}
