//! What fields cost, said where they stand: `#[graphql(directive = cost::apply(2))]`.
#![expect(missing_docs, reason = "what the macro makes has no place for them; this page says it")]

use async_graphql::TypeDirective;

/// What each entry of a field costs, or giving an argument; the router adds it up before anything runs, and refuses what
/// is past `cost_max`. The unit is what it takes to show one more row of a page, some 10 µs. Objects of which nothing is
/// said cost 1, other fields nothing: a field that does more than read its row says so.
/// (<https://specs.apollo.dev/cost/v0.1>)
#[TypeDirective(
    location = "FieldDefinition",
    location = "InputFieldDefinition",
    composable = "https://specs.apollo.dev/cost/v0.1"
)]
pub fn cost(weight: i32) {}
