//! Pages of a list as Relay connections (the GraphQL Cursor Connections Specification).

use async_graphql::OutputType;
use async_graphql::connection::{Connection, Edge};
use common::Slice;

/// A page of `T`: edges with cursors, nodes, and whether more follows.
pub type Page<T> = Connection<String, T>;

/// The connection of one slice of rows.
pub fn connection<R, T: From<R> + OutputType>(slice: Slice<R>) -> Page<T> {
    let mut connection = Connection::new(slice.has_previous, slice.has_next);
    connection.edges.extend(slice.rows.into_iter().map(|(cursor, row)| Edge::new(cursor, T::from(row))));
    connection
}
