//! What GraphQL shares in the router and in every subgraph: how it is run, errors and limits; and, with the feature
//! `subgraph`, what nouns are written with: loaders, pages, payloads, histories, scalars.

#[cfg(feature = "subgraph")]
mod choices;
#[cfg(feature = "subgraph")]
mod connection;
#[cfg(feature = "subgraph")]
mod context;
pub mod error;
mod executable;
pub mod graphiql;
#[cfg(feature = "subgraph")]
mod history;
mod limits;
#[cfg(feature = "subgraph")]
mod money;
#[cfg(feature = "subgraph")]
mod optional_variables;
#[cfg(feature = "subgraph")]
mod payload;
mod places;
#[cfg(feature = "subgraph")]
mod scalar;
#[cfg(feature = "subgraph")]
mod weight;

#[cfg(feature = "subgraph")]
pub use connection::{Page, connection, listed, page};
#[cfg(feature = "subgraph")]
pub use context::{App, Batch, Loaders};
pub use executable::Executable;
#[cfg(feature = "subgraph")]
pub use history::{
    Actor, Entry, HistoryAction, HistoryChange, Offer, Offered, extends_to, history, history_without, holds,
    viewer_permissions,
};
pub use limits::{
    DocumentFacts, FieldCost, FieldShape, Hits, InputCost, Limit, LimitExceeded, Limits, Mode, Modes,
    NESTING_HARD_MAX, PAGE_MAX, Said, Schema, Slicing, TOKENS_HARD_MAX, first_step, without_ignored,
};
#[cfg(feature = "subgraph")]
pub use macros::{inputs, mutations, noun, queries, sorts};
#[cfg(feature = "subgraph")]
pub use money::{Money, MoneyInput};
#[cfg(feature = "subgraph")]
pub use optional_variables::leave_out_what_is_not_given;
#[cfg(feature = "subgraph")]
pub use payload::{BULK_MAX, FromRow, UserError, answer, apart, check_bulk, once};
pub use places::{InputTypes, name_places};
#[cfg(feature = "subgraph")]
pub use scalar::Date;
#[cfg(feature = "subgraph")]
pub use weight::cost;
