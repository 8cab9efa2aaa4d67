//! Stock: what is where, what came and went, what is promised, what was counted, and what is to be ordered again.

mod count;
mod ledger;
mod level;
mod line;
mod live;
mod moves;
mod reorder;
mod reservation;

pub use self::count::{Count, CountMutation, CountQuery};
pub(crate) use self::level::LevelsOf;
pub use self::level::{StockLevel, StockLevelQuery};
pub use self::line::CountLine;
pub use self::live::StockSubscription;
pub use self::moves::{StockMove, StockMoveMutation, StockMoveQuery};
pub use self::reorder::{ReorderRule, ReorderRuleMutation, ReorderRuleQuery, ReorderSuggestionQuery};
pub use self::reservation::{StockReservation, StockReservationMutation, StockReservationQuery};
pub(crate) use self::reservation::{follow_deal, lapse};
