//! Pages of a list as Relay connections (the GraphQL Cursor Connections Specification).

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Context, OutputType, SimpleObject};
use common::{Result, Slice};

use crate::App as _;

/// A page of `T`: edges with cursors, nodes, whether more follows, and how many there are in all.
pub type Page<T> = Connection<String, T, Total>;

/// What a connection has beside the specification's fields.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(fake)]
pub struct Total {
    /// The number of rows that the filter lets through, on all pages together. Counted only when it is selected; null
    /// where a list does not count.
    #[graphql(directive = crate::cost::apply(10))]
    pub total_count: Option<i64>,
}

/// The page that a connection field's arguments ask for, counted when its total is selected.
///
/// # Errors
/// As [`common::Page::new`].
pub fn page(gql: &Context<'_>, first: Option<i32>, after: Option<&str>) -> Result<common::Page> {
    Ok(common::Page::new(first, after)?.counted(gql.look_ahead().field("totalCount").exists()))
}

/// The connection of one slice of rows.
pub fn connection<T: OutputType>(slice: Slice<T>) -> Page<T> {
    let total = Total { total_count: slice.total };
    let mut connection = Connection::with_additional_fields(slice.has_previous, slice.has_next, total);
    connection.edges.extend(slice.rows.into_iter().map(|(cursor, row)| Edge::new(cursor, row)));
    connection
}

/// The connection of what a list's use-case answered. When it failed, what else of the operation is read begins
/// another transaction: a failed one answers nothing more.
///
/// # Errors
/// As the use-case.
pub async fn listed<T: OutputType>(gql: &Context<'_>, done: Result<Slice<T>>) -> Result<Page<T>> {
    if done.is_err() {
        gql.app().end_reading().await;
    }
    done.map(connection)
}
