//! What every subgraph's GraphQL shares: how it is run, its errors, loaders, scalars and limits.

mod executable;
pub mod graphiql;
mod limits;

pub use executable::Executable;
pub use limits::{DocumentFacts, LimitExceeded, Limits};
