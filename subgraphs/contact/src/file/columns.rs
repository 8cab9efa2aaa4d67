//! The columns of contacts in a file.

use std::collections::HashMap;

use ::exchange::{Cell, Column, Exchange, Family, parse, print};
use async_graphql::MaybeUndefined::{self, Null, Undefined, Value};
use common::{Refusal, Result, text};
use custom::Definitions;
use graphql::MoneyInput;

use super::Draft;
use crate::contact::{Contact, ContactAddressInput, ContactEmailInput, ContactRole};
use crate::external_id::{ContactExternalId, ContactExternalIdInput};
use crate::ids::ContactId;

pub(super) const NUMBER: &str = "number";
pub(super) const KIND: &str = "kind";
pub(super) const EMAILS: &str = "emails";
pub(super) const PHONES: &str = "phones";
pub(super) const EXTERNAL_IDS: &str = "externalIds";
pub(super) const COUNTRY: &str = "country";
pub(super) const CITY: &str = "city";
pub(super) const STREET: &str = "street";
pub(super) const REGION: &str = "region";
pub(super) const POSTAL_CODE: &str = "postalCode";
pub(super) const PARENT_COMPANY: &str = "parentCompany";
pub(super) const FIRST_NAME: &str = "firstName";
pub(super) const LAST_NAME: &str = "lastName";
pub(super) const LEGAL_NAME: &str = "legalName";
pub(super) const TRADE_NAME: &str = "tradeName";

/// What Outlook writes for a day that nobody knows.
const NO_DAY: &str = "0/0/00";
const NUMBER_INVALID: Refusal =
    Refusal::of("number", "NUMBER_INVALID", "give 1 to 40 characters that can be seen, or nothing");
const CHOICE_UNKNOWN: Refusal =
    Refusal::whole("CHOICE_UNKNOWN", "give one of the words that the field has, in capitals");
const BOOLEAN_INVALID: Refusal = Refusal::whole("BOOLEAN_INVALID", "give true or false");
const DATE_INVALID: Refusal = Refusal::whole("DATE_INVALID", "give a day such as 2026-12-31");
const MONEY_INVALID: Refusal =
    Refusal::whole("MONEY_INVALID", "give an amount and a currency, such as 250000 EUR");
const EXTERNAL_ID_INVALID: Refusal = Refusal::whole(
    "EXTERNAL_ID_INVALID",
    "give the system and the id with a colon between them, such as shop:4711",
);

/// What cells and contacts are read and written by.
pub struct Names {
    pub(super) fields: Definitions,
    /// The numbers of companies.
    pub(super) companies: HashMap<ContactId, String>,
    pub(super) external_ids: HashMap<ContactId, Vec<ContactExternalId>>,
}

/// A number as a cell has it.
pub(super) fn number(cell: &str) -> Result<String, Refusal> {
    const NUMBER_MAX: usize = 40;
    text::name(cell, NUMBER_MAX).ok_or(NUMBER_INVALID)
}

/// `ada@example.org (work), ada@example.com`: each with its label.
pub(super) fn labelled(cell: &str) -> Vec<(String, Option<String>)> {
    let parts = cell.split([',', ';', '\n']).map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| match part.strip_suffix(')').and_then(|part| part.rsplit_once('(')) {
            // "+43 (0) 664 …" ends in no bracket; "(212)" alone is no label.
            Some((value, label)) if !value.trim().is_empty() && !label.trim().is_empty() => {
                (value.trim().to_owned(), Some(label.trim().to_owned()))
            }
            _ => (part.to_owned(), None),
        })
        .collect()
}

fn with_label(value: &str, label: Option<&String>) -> String {
    // What would part the label from others is left out of it.
    let label = label.map(|label| label.replace([',', ';', '(', ')'], " ").trim().to_owned());
    match label.filter(|label| !label.is_empty()) {
        Some(label) => format!("{value} ({label})"),
        None => value.to_owned(),
    }
}

pub(super) fn external_ids(cell: &str) -> Result<Vec<ContactExternalIdInput>, Refusal> {
    let parts = cell.split(',').map(str::trim).filter(|part| !part.is_empty());
    let one = |part: &str| {
        let (system, value) = part.split_once(':').ok_or(EXTERNAL_ID_INVALID)?;
        let input =
            ContactExternalIdInput { system: system.trim().to_owned(), value: value.trim().to_owned() };
        input.spelt().map_err(|refusal| refusal.at("externalIds"))
    };
    parts.map(one).collect()
}

/// A column of a text that may be nothing.
macro_rules! text_column {
    ($name:expr, $field:ident) => {
        Column {
            name: $name,
            field: $name,
            is_required: false,
            read: |cell, draft| {
                draft.input.$field = exchange::text(cell.text);
                Ok(())
            },
            write: |_, contact| contact.$field.clone(),
        }
    };
}

/// A column of one of some words; an empty cell of what is never nothing says nothing.
macro_rules! choice_column {
    ($name:literal, $field:ident, $empty:ident, $write:expr) => {
        Column {
            name: $name,
            field: $name,
            is_required: false,
            read: |cell, draft| {
                draft.input.$field = match cell.text {
                    Some(text) => Value(parse(&text.to_ascii_uppercase()).ok_or(CHOICE_UNKNOWN)?),
                    None => $empty,
                };
                Ok(())
            },
            write: $write,
        }
    };
}

/// A column of the first address.
macro_rules! address_column {
    ($name:expr, $read:expr, $write:expr) => {
        Column {
            name: $name,
            field: "addresses",
            is_required: false,
            read: |cell, draft| {
                let first =
                    || cell.before.and_then(|before| before.addresses.first().cloned()).map(Into::into);
                let text = cell.text.map(ToOwned::to_owned);
                $read(draft.address.get_or_insert_with(|| first().unwrap_or_default()), text);
                Ok(())
            },
            write: |_, contact| contact.addresses.first().and_then($write),
        }
    };
}

fn boolean(cell: Cell<'_, Contact>) -> Result<MaybeUndefined<bool>, Refusal> {
    match cell.text.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None => Ok(Undefined),
        Some("true" | "1" | "yes") => Ok(Value(true)),
        Some("false" | "0" | "no") => Ok(Value(false)),
        Some(_) => Err(BOOLEAN_INVALID),
    }
}

fn money(cell: &str) -> Option<MoneyInput> {
    let (amount, currency) = cell.trim().rsplit_once(char::is_whitespace)?;
    Some(MoneyInput { amount: amount.trim().parse().ok()?, currency: currency.to_owned() })
}

impl Exchange for Contact {
    type Draft = Draft;
    type Names = Names;

    const IN_FILE: &'static [Column<Self>] = &[
        Column {
            name: NUMBER,
            field: NUMBER,
            is_required: false,
            // It says whom the row is about, and is read before the row.
            read: |_, _| Ok(()),
            write: |_, contact| Some(contact.number.clone()),
        },
        Column {
            name: KIND,
            field: KIND,
            is_required: false,
            read: |cell, draft| {
                draft.kind = match cell.text {
                    Some(text) => Some(parse(&text.to_ascii_uppercase()).ok_or(CHOICE_UNKNOWN)?),
                    None => None,
                };
                Ok(())
            },
            write: |_, contact| Some(print(&contact.kind)),
        },
        text_column!("namePrefix", name_prefix),
        text_column!(FIRST_NAME, first_name),
        text_column!(LAST_NAME, last_name),
        text_column!(LEGAL_NAME, legal_name),
        text_column!(TRADE_NAME, trade_name),
        Column {
            name: PARENT_COMPANY,
            field: "parentCompanyId",
            is_required: false,
            read: |cell, draft| {
                draft.company = Some(cell.text.map(ToOwned::to_owned));
                Ok(())
            },
            write: |names, contact| names.companies.get(&contact.parent_company_id?).cloned(),
        },
        text_column!("jobTitle", job_title),
        Column {
            name: EMAILS,
            field: EMAILS,
            is_required: false,
            read: |cell, draft| {
                let all = labelled(cell.text.unwrap_or_default()).into_iter();
                let email =
                    |(value, label)| ContactEmailInput { value, label, ..ContactEmailInput::default() };
                draft.input.emails = Value(all.map(email).collect());
                Ok(())
            },
            write: |_, contact| {
                let mut all: Vec<_> = contact.emails.iter().collect();
                all.sort_by_key(|email| !email.is_primary);
                let all: Vec<_> =
                    all.iter().map(|email| with_label(&email.value, email.label.as_ref())).collect();
                Some(all.join(", "))
            },
        },
        Column {
            name: PHONES,
            field: PHONES,
            is_required: false,
            read: |cell, draft| {
                draft.phones = Some(labelled(cell.text.unwrap_or_default()));
                Ok(())
            },
            write: |_, contact| {
                let mut all: Vec<_> = contact.phones.iter().collect();
                all.sort_by_key(|phone| !phone.is_primary);
                let number = |extension: Option<&String>, value: &str| match extension {
                    Some(extension) => format!("{value} ext. {extension}"),
                    None => value.to_owned(),
                };
                let all = all.iter().map(|phone| {
                    with_label(&number(phone.extension.as_ref(), &phone.value), phone.label.as_ref())
                });
                Some(all.collect::<Vec<_>>().join(", "))
            },
        },
        address_column!(
            STREET,
            |address: &mut ContactAddressInput, text: Option<String>| {
                address.lines =
                    text.map(|text| text.lines().map(ToOwned::to_owned).collect()).unwrap_or_default();
            },
            |address| Some(address.lines.join("\n"))
        ),
        address_column!(CITY, |address: &mut ContactAddressInput, text| address.city = text, |address| {
            address.city.clone()
        }),
        address_column!(REGION, |address: &mut ContactAddressInput, text| address.region = text, |address| {
            address.region.clone()
        }),
        address_column!(
            POSTAL_CODE,
            |address: &mut ContactAddressInput, text| address.postal_code = text,
            |address| address.postal_code.clone()
        ),
        address_column!(
            COUNTRY,
            |address: &mut ContactAddressInput, text: Option<String>| {
                address.country = text.map(|text| crate::country::named(&text).unwrap_or(text));
            },
            |address| address.country.clone()
        ),
        text_column!("website", website),
        Column {
            name: "profiles",
            field: "profiles",
            is_required: false,
            read: |cell, draft| {
                draft.input.profiles = Value(exchange::words(cell.text));
                Ok(())
            },
            write: |_, contact| Some(contact.profiles.join(",")),
        },
        text_column!("taxId", tax_id),
        text_column!("registrationNumber", registration_number),
        text_column!("industry", industry),
        choice_column!("employeeBand", employee_band, Null, |_, contact| contact
            .employee_band
            .as_ref()
            .map(print)),
        Column {
            name: "annualRevenue",
            field: "annualRevenue",
            is_required: false,
            read: |cell, draft| {
                draft.input.annual_revenue = match cell.text {
                    Some(text) => Value(money(text).ok_or(MONEY_INVALID)?),
                    None => Null,
                };
                Ok(())
            },
            write: |_, contact| {
                Some(format!(
                    "{} {}",
                    contact.annual_revenue?.normalize(),
                    contact.annual_revenue_currency.as_deref()?
                ))
            },
        },
        text_column!("language", language),
        text_column!("timeZone", time_zone),
        text_column!("currency", currency),
        Column {
            name: "roles",
            field: "roles",
            is_required: false,
            read: |cell, draft| {
                let roles = exchange::words(cell.text).into_iter();
                let role =
                    |word: String| parse::<ContactRole>(&word.to_ascii_uppercase()).ok_or(CHOICE_UNKNOWN);
                draft.input.roles = Value(roles.map(role).collect::<Result<_, _>>()?);
                Ok(())
            },
            write: |_, contact| Some(contact.roles.iter().map(print).collect::<Vec<_>>().join(",")),
        },
        choice_column!("status", status, Undefined, |_, contact| Some(print(&contact.status))),
        Column {
            name: "isDoNotContact",
            field: "isDoNotContact",
            is_required: false,
            read: |cell, draft| {
                draft.input.is_do_not_contact = boolean(cell)?;
                Ok(())
            },
            write: |_, contact| Some(contact.is_do_not_contact.to_string()),
        },
        text_column!("source", source),
        Column {
            name: "birthday",
            field: "birthday",
            is_required: false,
            read: |cell, draft| {
                draft.input.birthday = match cell.text {
                    None | Some(NO_DAY) => Null,
                    Some(text) => Value(parse(text).ok_or(DATE_INVALID)?),
                };
                Ok(())
            },
            write: |_, contact| contact.birthday.as_ref().map(print),
        },
        text_column!("notes", notes),
        Column {
            name: EXTERNAL_IDS,
            field: EXTERNAL_IDS,
            is_required: false,
            // What a file does not name is not taken away: another system may have put it there.
            read: |cell, draft| {
                draft.external_ids = external_ids(cell.text.unwrap_or_default())?;
                Ok(())
            },
            write: |names, contact| {
                let all = names.external_ids.get(&contact.id).into_iter().flatten();
                Some(all.map(|id| format!("{}:{}", id.system, id.value)).collect::<Vec<_>>().join(", "))
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
            write: |_, contact| Some(contact.tags.join(",")),
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
        write: |_, contact, key| contact.custom_fields.get(key),
    });

    fn is_number(names: &Names, key: &str) -> bool {
        names.fields.is_number(key)
    }
}
