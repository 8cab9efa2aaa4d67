//! The declarative pieces that a noun is written with. ARCHITECTURE.md says how they go together.
//!
//! | piece | says once | writes |
//! |---|---|---|
//! | [`macro@Record`] | how a struct is stored | finding, locking, saving, and `select_<noun>!` for other queries |
//! | [`macro@noun`] | which fields of a noun need more than its row | those, `history` and `viewerPermissions` |
//! | [`inputs!`] | what creating and changing take | two input objects, one of them a case of the other |
//! | [`sorts!`], [`page!`] | in which orders a list comes | an enum, and a query for each order along its own index |
//! | [`queries!`] | how a noun is read | its list, one by its id, and the entity for other subgraphs |
//! | [`mutations!`] | how a noun is changed, and with which right | fields, payloads, idempotency, what is offered to whom |
//!
//! What they write is what was written by hand before. None of them decides anything: use-cases, rules and
//! conditions stay in the noun's own file.

mod inputs;
mod list;
mod mutations;
mod noun;
mod queries;
mod record;
mod record_attribute;
mod words;

use proc_macro::TokenStream;

/// Implements `database::Record` for a struct, from its fields, and defines `select_<noun>!`.
///
/// ```text
/// #[derive(Clone, Debug, SimpleObject, Record)]
/// #[graphql(complex)]
/// #[record("work location", table = "employee.work_location", read = READ)]
/// pub struct WorkLocation { pub id: WorkLocationId, … }
/// ```
///
/// On the struct: `view` names where it is read from when that is not the table; `owner` the field with the
/// employee whose it is; `graphql` its type in the graph when that is named otherwise; `parts` what its lines are called
/// in its history; `restore` the function that looks whether it may be in use again; `moved` the field with the id of what
/// it was merged into.
/// On a field: `column` names the column when it is named otherwise; `once` is written with the row and never
/// again; `read` is never written; `right = RIGHT` hides it in histories from whoever lacks the right.
///
/// Fields with a meaning of their own, by their names: `id`; `version` counts the changes; `archived_at`;
/// `created_at` and `updated_at`. A row is written whole, as JSON, and read by a checked query.
///
/// Defines as well `blank(now, …)`, a new one with everything at its default, which takes the ids of others that
/// it cannot be without; and for this file's other queries
/// `select_work_location!("where name = $1", name).fetch_optional(tx.conn())`, each checked when compiled.
#[proc_macro_derive(Record, attributes(record))]
pub fn record(input: TokenStream) -> TokenStream {
    write(record::derive(syn::parse_macro_input!(input)))
}

/// The fields of a noun that need more than its row: as `async_graphql::ComplexObject`, with `history` and
/// `viewerPermissions` added. `#[noun(no_mutations)]` where nothing can be done with one; `#[noun(attachments)]` adds the
/// files that hang on it, for whoever sees it, `#[noun(attachments for RIGHT)]` for those to whom a right extends,
/// `#[noun(history for RIGHT)]` leaves the history empty for all others.
#[proc_macro_attribute]
pub fn noun(arguments: TokenStream, item: TokenStream) -> TokenStream {
    write(noun::expand(syn::parse_macro_input!(arguments), syn::parse_macro_input!(item)))
}

/// Declares the two inputs of a noun from one list of fields, and makes the first one a case of the second:
/// creating is changing a blank. The second one also takes the `version` that the change was made from.
///
/// ```text
/// inputs! {
///     /// The fields of a new department.
///     DepartmentCreateInput,
///     /// The fields of a department to change; those that are absent stay as they are.
///     DepartmentUpdateInput {
///         /// The name that people know it by: 1 to 100 characters.
///         required name: String,
///         /// The department that it is part of; null for none.
///         nullable parent_id: DepartmentId,
///     }
/// }
/// ```
///
/// | word | when creating | when changing |
/// |---|---|---|
/// | `once` | as its type says; the use-case reads it from the first input | never: the second input has no such field |
/// | `required` | must be given | may be given; null is refused |
/// | `defaulted` | may be given; the blank's value holds otherwise | may be given; null is refused |
/// | `nullable` | may be given | may be given; null clears it |
#[proc_macro]
pub fn inputs(input: TokenStream) -> TokenStream {
    write(inputs::expand(syn::parse_macro_input!(input)))
}

/// Declares the orders of a list: each one, and the same from its end. The first one is the default; `desc` before
/// its name makes it the default from its end.
///
/// ```text
/// sorts! {
///     /// How a list of departments is ordered.
///     DepartmentSort {
///         /// By the name of the department.
///         Name,
///     }
/// }
/// ```
#[proc_macro]
pub fn sorts(input: TokenStream) -> TokenStream {
    write(list::sorts(syn::parse_macro_input!(input)))
}

/// One page of a list in one of its orders, and how many rows it has in all if that was asked for.
///
/// ```text
/// page!(tx, Department, page, sort: DepartmentSort { Name => "name", Code => "code" },
///     "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))",
///     [filter.is_archived, search.ids])
/// ```
///
/// Each order is a query of its own, so that it goes along its own index. `$1` and `$2` are the page's own: the
/// filter's parameters begin at `$3`. A list is ordered by fields that are never null, so that a cursor can have their
/// values; one that the database works out, such as a name for sorting, is a field that is `#[record(read)]`.
#[proc_macro]
pub fn page(input: TokenStream) -> TokenStream {
    write(list::page(syn::parse_macro_input!(input)))
}

/// Declares how a noun is read: a list with filter and sort, one by its id, and the entity for other subgraphs.
///
/// ```text
/// queries! {
///     Department;
///     /// The departments in use, by name, unless the arguments say otherwise.
///     departments(DepartmentFilter, DepartmentSort) = list;
///     /// One department, archived or not; null when there is none of that id.
///     department;
/// }
/// ```
///
/// Defines `DepartmentQuery`.
#[proc_macro]
pub fn queries(input: TokenStream) -> TokenStream {
    write(queries::expand(syn::parse_macro_input!(input)))
}

/// Declares how a noun is changed: for each mutation its arguments, the use-case, the right that it checks, and
/// the state in which it is offered.
///
/// ```text
/// mutations! {
///     Department as department;
///     /// Creates a department.
///     department_create(input: DepartmentCreateInput) = create for MANAGE;
///     /// Changes a department, or moves it in the tree.
///     department_update(id: DepartmentId, input: DepartmentUpdateInput) = update for MANAGE if |d| !d.is_archived();
///     archive and restore for MANAGE;
/// }
/// ```
///
/// A mutation answers the noun, or what `-> field: Type` before the `=` says. `bulk` before its name makes the
/// use-case answer a result for each element of its list, with payloads like those of the mutation without
/// `_bulk`. Every one takes an `idempotencyKey`. Defines `DepartmentMutation` and the payloads.
#[proc_macro]
pub fn mutations(input: TokenStream) -> TokenStream {
    write(mutations::expand(syn::parse_macro_input!(input)))
}

fn write(expanded: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded.unwrap_or_else(syn::Error::into_compile_error).into()
}
