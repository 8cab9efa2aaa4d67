//! Closed sets of choices.

/// Declares a closed set of choices, one and the same in the graph, in the database and in events: upper snake. The
/// first one is the default. `Status "LeaveRequestStatus"` gives it another name in the graph.
///
/// ```text
/// choices! {
///     /// The terms on which somebody works.
///     EmploymentType {
///         /// For good, the whole week.
///         FullTime,
///     }
/// }
/// ```
#[macro_export]
macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($body:tt)+ }) => {
        $crate::choices!(@as [] $(#[$doc])* $name { $($body)+ });
    };
    ($(#[$doc:meta])* $name:ident $graphql:literal { $($body:tt)+ }) => {
        $crate::choices!(@as [#[graphql(name = $graphql)]] $(#[$doc])* $name { $($body)+ });
    };
    (@as [$($named:tt)*] $(#[$doc:meta])* $name:ident {
        $(#[$first_doc:meta])* $first:ident $(, $(#[$other_doc:meta])* $other:ident)* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, async_graphql::Enum, sqlx::Type,
            ::common::reexport::serde::Serialize, ::common::reexport::serde::Deserialize,
        )]
        #[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE", crate = "::common::reexport::serde")]
        $($named)*
        pub enum $name {
            $(#[$first_doc])*
            #[default]
            $first,
            $( $(#[$other_doc])* $other, )*
        }
    };
}
