//! Custom fields and tags: what an organization wants to know of a noun beside the noun's own fields.
//!
//! A definition is a [`CustomField`], which one module serves for all by merging [`CustomFieldQuery`] and
//! [`CustomFieldMutation`]. A value stands with the row that it is of, in columns that
//! `core.carry_custom_fields('module.noun')` adds. The noun's form takes values by [`Definitions::fill_in`] and tags by
//! [`tags`], its type in the graph shows values by [`shown`], and its list is filtered by [`carrying`].

mod carrying;
mod field;
mod tags;
mod values;

pub use carrying::{Carrying, CustomFieldCondition, carrying};
pub use field::{
    CONFIDENTIAL, CustomField, CustomFieldCreateInput, CustomFieldFilter, CustomFieldId, CustomFieldKind,
    CustomFieldMutation, CustomFieldQuery, CustomFieldSort, CustomFieldUpdateInput, FIELDS_MAX, MANAGE, READ,
    create, list, noun_name, update,
};
pub use tags::{TAG_MAX, TAGS_MAX, tags};
pub use values::{CustomFieldInput, CustomFieldValue, Definitions, Values, hidden, shown, take_in_cell};

// A module that serves custom fields takes these for its own: a schema has one type of each name.
graphql::history_entry!(stub);
