//! What every subgraph's GraphQL shares: how it is run, its errors, loaders, scalars and limits.

mod executable;

pub use executable::Executable;
