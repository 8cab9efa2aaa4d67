//! What every subgraph's GraphQL shares: how it is run, its errors, loaders, scalars and limits.

mod connection;
mod context;
pub mod error;
mod executable;
pub mod graphiql;
mod limits;
mod payload;
mod scalar;

pub use connection::{Page, connection};
pub use context::{App, Batch, Loaders};
pub use executable::Executable;
pub use limits::{
    DocumentFacts, FieldShape, Hits, Limit, LimitExceeded, Limits, Mode, Modes, NESTING_HARD_MAX, Schema,
    TOKENS_HARD_MAX, without_ignored,
};
pub use payload::UserError;
pub use scalar::Date;
