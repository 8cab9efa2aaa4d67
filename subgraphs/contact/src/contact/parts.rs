//! What a contact is reached by: mail addresses, phone numbers, postal addresses.

use async_graphql::{InputObject, SimpleObject};
use common::{Form, Refusal, given, text};
use graphql::choices;
use serde::{Deserialize, Serialize};

use crate::country;

/// The most of each that a contact has.
pub(crate) const PARTS_MAX: usize = 20;
const LABEL_MAX: usize = 40;

/// A mail address of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[serde(rename_all = "camelCase", default)]
pub struct ContactEmail {
    /// The address, in lower case.
    pub value: String,
    /// What it is for, such as work.
    pub label: Option<String>,
    /// Whether it is the one to write to; one of a contact's is.
    pub is_primary: bool,
    /// Whether it was seen that it is theirs.
    pub is_verified: bool,
    /// Whether mail to it comes back.
    pub is_bounced: bool,
}

/// A mail address of a contact.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ContactEmailInput {
    /// The address.
    pub value: String,
    /// What it is for, such as work: 1 to 40 characters.
    pub label: Option<String>,
    /// Whether it is the one to write to; the first one when none is said to be.
    #[graphql(default)]
    pub is_primary: bool,
    /// Whether it was seen that it is theirs; as it was when absent.
    pub is_verified: Option<bool>,
    /// Whether mail to it comes back; as it was when absent.
    pub is_bounced: Option<bool>,
}

/// A phone number of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[serde(rename_all = "camelCase", default)]
pub struct ContactPhone {
    /// The number as ITU-T E.164 has it, such as +436641234567.
    pub value: String,
    /// What is dialled once somebody has picked up.
    pub extension: Option<String>,
    /// What it is for, such as mobile.
    pub label: Option<String>,
    /// Whether it is the one to call; one of a contact's is.
    pub is_primary: bool,
}

/// A phone number of a contact.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ContactPhoneInput {
    /// The number, with the code of its country (+43 664 1234567), or as it is dialled in its country when that is said.
    pub value: String,
    /// The ISO 3166 code of the country that it is dialled in, such as AT.
    pub country: Option<String>,
    /// What it is for, such as mobile: 1 to 40 characters.
    pub label: Option<String>,
    /// Whether it is the one to call; the first one when none is said to be.
    #[graphql(default)]
    pub is_primary: bool,
}

choices! {
    /// What a postal address is for.
    ContactAddressKind {
        /// Where they work.
        Office,
        /// Where invoices go.
        Billing,
        /// Where goods go.
        Shipping,
        /// Where they live.
        Home,
        /// Something else.
        Other,
    }
}

/// A postal address of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[serde(rename_all = "camelCase", default)]
pub struct ContactAddress {
    /// What it is for.
    pub kind: ContactAddressKind,
    /// Street, number, floor: what stands above the city.
    pub lines: Vec<String>,
    /// The city.
    pub city: Option<String>,
    /// The region, province or state.
    pub region: Option<String>,
    /// The postal code.
    pub postal_code: Option<String>,
    /// The ISO 3166 code of the country, such as AT.
    pub country: Option<String>,
}

/// A postal address of a contact.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ContactAddressInput {
    /// What it is for; an office when absent.
    pub kind: Option<ContactAddressKind>,
    /// Street, number, floor: what stands above the city, 5 lines at most, each of 1 to 100 characters.
    #[graphql(default)]
    pub lines: Vec<String>,
    /// The city: 1 to 100 characters.
    pub city: Option<String>,
    /// The region, province or state: 1 to 100 characters.
    pub region: Option<String>,
    /// The postal code: 1 to 20 characters.
    pub postal_code: Option<String>,
    /// The ISO 3166 code of the country, such as AT.
    pub country: Option<String>,
}

impl From<ContactAddress> for ContactAddressInput {
    fn from(address: ContactAddress) -> Self {
        let ContactAddress { kind, lines, city, region, postal_code, country } = address;
        Self { kind: Some(kind), lines, city, region, postal_code, country }
    }
}

const EMAIL_TWICE: Refusal =
    Refusal::of("value", "EMAIL_TWICE", "this mail address stands in the list before");
const PHONE_TWICE: Refusal =
    Refusal::of("value", "PHONE_TWICE", "this phone number stands in the list before");
const PRIMARY_TWICE: Refusal =
    Refusal::of("isPrimary", "PRIMARY_TWICE", "one of them is the one to write to or to call");
const PHONE_INVALID: Refusal = Refusal::of(
    "value",
    "PHONE_INVALID",
    "give a phone number with the code of its country, such as +43 664 1234567, or say the country",
);
pub(crate) const COUNTRY_UNKNOWN: Refusal = Refusal::of(
    "country",
    "COUNTRY_UNKNOWN",
    "give a country by its ISO 3166 code of two letters, such as AT",
);
const ADDRESS_EMPTY: Refusal =
    Refusal::whole("ADDRESS_EMPTY", "give a line, a city or a postal code at least");
const LINES_MAX: usize = 5;

/// A text of one line, or none.
pub(crate) fn line(
    form: &mut Form,
    field: &'static str,
    text: Option<String>,
    max: usize,
    place: &mut Option<String>,
) {
    let mut name = String::new();
    form.name_within(field, given(text), max, &mut name);
    *place = (!name.is_empty()).then_some(name);
}

impl ContactEmail {
    /// As a form has it, beside those that were there.
    pub(super) fn filled_in(form: &mut Form, input: ContactEmailInput, before: &[Self]) -> Self {
        let mut email = Self { is_primary: input.is_primary, ..Self::default() };
        form.email("value", given(input.value), &mut email.value);
        line(form, "label", input.label, LABEL_MAX, &mut email.label);
        let was = before.iter().find(|one| one.value == email.value);
        email.is_verified = input.is_verified.unwrap_or_else(|| was.is_some_and(|was| was.is_verified));
        email.is_bounced = input.is_bounced.unwrap_or_else(|| was.is_some_and(|was| was.is_bounced));
        email
    }
}

impl ContactPhone {
    /// As a form has it.
    pub(super) fn filled_in(form: &mut Form, input: ContactPhoneInput) -> Self {
        let mut phone = Self { is_primary: input.is_primary, ..Self::default() };
        line(form, "label", input.label, LABEL_MAX, &mut phone.label);
        let country = input.country.as_deref().map(country::code);
        if country == Some(None) {
            form.refuse(COUNTRY_UNKNOWN);
        }
        match phone::number(&input.value, country.flatten().as_deref()) {
            Some(number) => (phone.value, phone.extension) = (number.value, number.extension),
            None => form.refuse(PHONE_INVALID),
        }
        phone
    }
}

impl ContactAddress {
    /// As a form has it.
    pub(super) fn filled_in(form: &mut Form, input: ContactAddressInput) -> Self {
        const TEXT_MAX: usize = 100;
        const POSTAL_CODE_MAX: usize = 20;
        let mut address = Self { kind: input.kind.unwrap_or_default(), ..Self::default() };
        form.each("lines", given(input.lines), 0..=LINES_MAX, &mut address.lines, |form, text| {
            let mut place = String::new();
            match text::name(&text, TEXT_MAX) {
                Some(line) => place = line,
                None => form.refuse(Refusal::whole(
                    "NAME_INVALID",
                    "give 1 to 100 characters that can be seen, on one line",
                )),
            }
            place
        });
        line(form, "city", input.city, TEXT_MAX, &mut address.city);
        line(form, "region", input.region, TEXT_MAX, &mut address.region);
        line(form, "postalCode", input.postal_code, POSTAL_CODE_MAX, &mut address.postal_code);
        if let Some(country) = input.country {
            address.country = country::code(&country);
            if address.country.is_none() {
                form.refuse(COUNTRY_UNKNOWN);
            }
        }
        if address.lines.is_empty() && address.city.is_none() && address.postal_code.is_none() {
            form.refuse(ADDRESS_EMPTY);
        }
        address
    }
}

/// Looks that each stands there once, and that one of them is the first choice: the first, when none is said to be.
pub(super) fn check_emails(form: &mut Form, emails: &mut [ContactEmail]) {
    check(form, "emails", emails, |one| &one.value, EMAIL_TWICE, |one| &mut one.is_primary);
}

/// As [`check_emails`].
pub(super) fn check_phones(form: &mut Form, phones: &mut [ContactPhone]) {
    check(form, "phones", phones, |one| &one.value, PHONE_TWICE, |one| &mut one.is_primary);
}

fn check<T>(
    form: &mut Form,
    field: &str,
    all: &mut [T],
    value: impl Fn(&T) -> &String,
    twice: Refusal,
    primary: impl Fn(&mut T) -> &mut bool,
) {
    let mut has_primary = false;
    for at in 0..all.len() {
        let is_twice =
            !value(&all[at]).is_empty() && all[..at].iter().any(|one| value(one) == value(&all[at]));
        if is_twice {
            form.refuse(twice.clone().below(field, at));
        }
        if *primary(&mut all[at]) && std::mem::replace(&mut has_primary, true) {
            form.refuse(PRIMARY_TWICE.below(field, at));
        }
    }
    if let Some(first) = all.first_mut().filter(|_| !has_primary) {
        *primary(first) = true;
    }
}
