//! The columns of products in a file.

use std::collections::HashMap;

use ::exchange::{Column, Exchange, Family, parse, print};
use async_graphql::MaybeUndefined::{Null, Undefined, Value};
use common::Refusal;
use custom::Definitions;
use graphql::MoneyInput;

use super::attributes::{is_same, names, print_names};
use crate::ids::{AttributeId, CategoryId, UnitOfMeasureId};
use crate::product::{Product, ProductKind, ProductStatus, ProductUpdateInput};

pub(super) const SKU: &str = "sku";
pub(super) const BARCODE: &str = "barcode";
pub(super) const NAME: &str = "name";

const CHOICE_UNKNOWN: Refusal =
    Refusal::whole("CHOICE_UNKNOWN", "give one of the words that the field has, in capitals");
const BOOLEAN_INVALID: Refusal = Refusal::whole("BOOLEAN_INVALID", "give true or false");
pub(super) const NUMBER_INVALID: Refusal =
    Refusal::whole("NUMBER_INVALID", "give a number with a point before its decimals, such as 1234.5");
const MONEY_INVALID: Refusal =
    Refusal::whole("MONEY_INVALID", "give an amount and a currency, such as 12.50 EUR");
const CATEGORY_NOT_FOUND: Refusal = Refusal::whole(
    "PRODUCT_CATEGORY_NOT_FOUND",
    "there is no such category in use; name it as it is, or with those above it: Tools > Saws",
);
const CATEGORY_AMBIGUOUS: Refusal = Refusal::whole(
    "NAME_AMBIGUOUS",
    "there is more than one category of this name; name those above it as well: Tools > Saws",
);
const ATTRIBUTE_NOT_FOUND: Refusal = Refusal::whole(
    "PRODUCT_ATTRIBUTE_NOT_FOUND",
    "there is no such attribute; name it as it is: Colour; Size",
);
const UNIT_NOT_FOUND: Refusal =
    Refusal::whole("UNIT_OF_MEASURE_NOT_FOUND", "there is no such unit in use, by code or by name");

/// What a row says.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub(super) input: ProductUpdateInput,
    pub(super) kind: Option<ProductKind>,
    pub(super) status: Option<ProductStatus>,
}

/// What cells and products are read and written by.
#[derive(Default)]
pub struct Names {
    pub(super) fields: Definitions,
    /// Units in use by code and by name, in lower case.
    pub(super) units: HashMap<String, UnitOfMeasureId>,
    /// Categories in use by name, and by name with those above it; in lower case. Nothing where there is more than one.
    pub(super) categories: HashMap<String, Option<CategoryId>>,
    /// Attributes in use by name, as it is spelt and in lower case.
    pub(super) attributes: HashMap<String, AttributeId>,
    /// The names of attributes.
    pub(super) attribute_names: HashMap<AttributeId, String>,
    /// The codes of units.
    pub(super) unit_codes: HashMap<UnitOfMeasureId, String>,
    /// The names of categories with those above them.
    pub(super) category_names: HashMap<CategoryId, String>,
}

/// A name as names are compared: parts with `>` between them, whatever stands around these.
pub(super) fn key(name: &str) -> String {
    let parts = name.split('>').map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    parts.collect::<Vec<_>>().join(" > ").to_lowercase()
}

impl Names {
    /// The attribute of a name: one of those that a product has already, or one in use.
    fn attribute(&self, name: &str, there: &[AttributeId]) -> Option<AttributeId> {
        let its = |id: &AttributeId| self.attribute_names.get(id).map_or("", String::as_str);
        let exactly = there.iter().find(|id| its(id) == name);
        let alike = || there.iter().find(|id| is_same(its(id), name));
        let in_use = || self.attributes.get(name).or_else(|| self.attributes.get(&name.to_lowercase()));
        exactly.or_else(alike).or_else(in_use).copied()
    }
}

/// A cell of yes or no; nothing when it is empty.
pub(super) fn boolean(cell: Option<&str>) -> Result<Option<bool>, Refusal> {
    match cell.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None => Ok(None),
        Some("true" | "1" | "yes") => Ok(Some(true)),
        Some("false" | "0" | "no") => Ok(Some(false)),
        Some(_) => Err(BOOLEAN_INVALID),
    }
}

fn money(cell: &str) -> Option<MoneyInput> {
    let (amount, currency) = cell.trim().rsplit_once(char::is_whitespace)?;
    Some(MoneyInput { amount: amount.trim().parse().ok()?, currency: currency.to_owned() })
}

/// A column of a text that may be nothing, or, with `given`, of one that never is: an empty cell of such a one says nothing.
macro_rules! text_column {
    ($name:expr, $field:ident) => {
        text_column!($name, $field, Null, |_, product| product.$field.clone())
    };
    ($name:expr, $field:ident, given) => {
        text_column!($name, $field, Undefined, |_, product| Some(product.$field.clone()))
    };
    ($name:expr, $field:ident, $empty:ident, $write:expr) => {
        Column {
            name: $name,
            field: $name,
            is_required: false,
            read: |cell, draft| {
                draft.input.$field = cell.text.map_or($empty, |text| Value(text.trim().to_owned()));
                Ok(())
            },
            write: $write,
        }
    };
}

/// A column of a number that may be nothing.
macro_rules! number_column {
    ($name:literal, $field:ident) => {
        Column {
            name: $name,
            field: $name,
            is_required: false,
            read: |cell, draft| {
                draft.input.$field = match cell.text {
                    Some(text) => Value(text.trim().parse().map_err(|_| NUMBER_INVALID)?),
                    None => Null,
                };
                Ok(())
            },
            write: |_, product| product.$field.map(|number| number.to_string()),
        }
    };
}

/// A column of yes or no; an empty cell says nothing.
macro_rules! boolean_column {
    ($name:literal, $field:ident) => {
        Column {
            name: $name,
            field: $name,
            is_required: false,
            read: |cell, draft| {
                draft.input.$field = boolean(cell.text)?.map_or(Undefined, Value);
                Ok(())
            },
            write: |_, product| Some(product.$field.to_string()),
        }
    };
}

/// A column of one of some words; an empty cell says nothing.
macro_rules! choice_column {
    ($name:literal, |$draft:ident| $place:expr, $some:path, $write:expr) => {
        Column {
            name: $name,
            field: $name,
            is_required: false,
            read: |cell, $draft| {
                if let Some(text) = cell.text {
                    $place = $some(parse(&text.to_ascii_uppercase()).ok_or(CHOICE_UNKNOWN)?);
                }
                Ok(())
            },
            write: $write,
        }
    };
}

impl Exchange for Product {
    type Draft = Draft;
    type Names = Names;

    const IN_FILE: &'static [Column<Self>] = &[
        text_column!(SKU, sku, given),
        choice_column!("kind", |draft| draft.kind, Some, |_, product| Some(print(&product.kind))),
        text_column!(NAME, name, given),
        text_column!("description", description),
        Column {
            name: "category",
            field: "categoryId",
            is_required: false,
            read: |cell, draft| {
                draft.input.category_id = match cell.text {
                    Some(text) => Value(match cell.names.categories.get(&key(text)) {
                        Some(Some(id)) => *id,
                        Some(None) => return Err(CATEGORY_AMBIGUOUS),
                        None => return Err(CATEGORY_NOT_FOUND),
                    }),
                    None => Null,
                };
                Ok(())
            },
            write: |names, product| names.category_names.get(&product.category_id?).cloned(),
        },
        Column {
            name: "unit",
            field: "unitId",
            is_required: false,
            read: |cell, draft| {
                if let Some(text) = cell.text {
                    let unit = cell.names.units.get(&key(text)).ok_or(UNIT_NOT_FOUND)?;
                    draft.input.unit_id = Value(*unit);
                }
                Ok(())
            },
            write: |names, product| names.unit_codes.get(&product.unit_id).cloned(),
        },
        choice_column!("status", |draft| draft.status, Some, |_, product| Some(print(&product.status))),
        text_column!(BARCODE, barcode),
        text_column!("taxGroup", tax_group),
        text_column!("incomeAccount", income_account),
        text_column!("expenseAccount", expense_account),
        Column {
            name: "standardCost",
            field: "standardCost",
            is_required: false,
            read: |cell, draft| {
                draft.input.standard_cost = match cell.text {
                    Some(text) => Value(money(text).ok_or(MONEY_INVALID)?),
                    None => Null,
                };
                Ok(())
            },
            write: |_, product| {
                let currency = product.standard_cost_currency.as_deref()?;
                Some(format!("{} {currency}", product.standard_cost?.normalize()))
            },
        },
        boolean_column!("tracksInventory", tracks_inventory),
        choice_column!("billingInterval", |draft| draft.input.billing_interval, Value, |_, product| product
            .billing_interval
            .as_ref()
            .map(print)),
        number_column!("weightKg", weight_kg),
        number_column!("lengthMm", length_mm),
        number_column!("widthMm", width_mm),
        number_column!("heightMm", height_mm),
        boolean_column!("isPublic", is_public),
        Column {
            name: "attributes",
            field: "attributeIds",
            is_required: false,
            read: |cell, draft| {
                let there = cell.before.map(|before| before.attribute_ids.as_slice()).unwrap_or_default();
                let given = names(cell.text.unwrap_or_default()).into_iter();
                let ids = given.map(|name| cell.names.attribute(&name, there).ok_or(ATTRIBUTE_NOT_FOUND));
                draft.input.attribute_ids = Value(ids.collect::<Result<_, _>>()?);
                Ok(())
            },
            write: |names, product| {
                let ids = product.attribute_ids.iter();
                Some(print_names(ids.filter_map(|id| names.attribute_names.get(id)).map(String::as_str)))
            },
        },
        Column {
            name: "tags",
            field: "tags",
            is_required: false,
            read: |cell, draft| {
                draft.input.tags = Value(exchange::words(cell.text));
                Ok(())
            },
            write: |_, product| Some(product.tags.join(",")),
        },
    ];

    const FAMILY: Option<Family<Self>> = Some(Family {
        prefix: "custom.",
        field: "customFields",
        keys: |names| names.fields.keys().map(ToOwned::to_owned).collect(),
        read: |cell, draft| {
            let before = cell.before.map(|before| &before.custom_fields);
            custom::take_in_cell(&mut draft.input.custom_fields, before, cell.key, cell.text);
            Ok(())
        },
        write: |_, product, key| product.custom_fields.get(key),
    });

    fn is_number(names: &Names, key: &str) -> bool {
        names.fields.is_number(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_named_by_its_path_whatever_stands_around_its_parts() {
        assert_eq!(key("Tools>Hand  saws "), "tools > hand saws");
        assert_eq!(key(" Saws"), "saws");
    }
}
