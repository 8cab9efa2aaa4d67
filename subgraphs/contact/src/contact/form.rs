//! Contacts as forms have them.

use std::mem::take;

use async_graphql::MaybeUndefined;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use common::{Currency, Form, MembershipId, Refusal, Result, text};
use custom::{CustomFieldInput, Definitions};
use graphql::{Date, MoneyInput, inputs};
use rust_decimal::Decimal;

use super::model::{Contact, ContactEmployeeBand, ContactKind, ContactRole, ContactStatus};
use super::parts::{
    ContactAddress, ContactAddressInput, ContactEmail, ContactEmailInput, ContactPhone, ContactPhoneInput,
    PARTS_MAX, check_emails, check_phones,
};
use crate::external_id::ContactExternalIdInput;
use crate::ids::ContactId;

inputs! {
    /// The fields of a new contact.
    ContactCreateInput,
    /// The fields of a contact to change; those that are absent stay as they are.
    ContactUpdateInput {
        /// Whether it is a person or a company; it stays one.
        once kind: ContactKind,
        /// What stands before the name of a person: 1 to 40 characters.
        nullable name_prefix: String,
        /// The first name of a person: 1 to 100 characters. A person has a first or a last name.
        nullable first_name: String,
        /// The last name of a person: 1 to 100 characters.
        nullable last_name: String,
        /// The registered name of a company, which every one has: 1 to 200 characters.
        nullable legal_name: String,
        /// The name that a company trades under: 1 to 200 characters.
        nullable trade_name: String,
        /// The id of the company that a person works for, or that a company belongs to; null for none.
        nullable parent_company_id: ContactId,
        /// What a person does at their company: 1 to 100 characters.
        nullable job_title: String,
        /// All their mail addresses, 20 at most; they take the place of those before.
        defaulted emails: Vec<ContactEmailInput>,
        /// All their phone numbers, 20 at most; they take the place of those before.
        defaulted phones: Vec<ContactPhoneInput>,
        /// All their postal addresses, 20 at most, the most important first; they take the place of those before.
        defaulted addresses: Vec<ContactAddressInput>,
        /// The address of their website, with or without https: 1 to 500 characters.
        nullable website: String,
        /// The addresses of their pages elsewhere, 20 at most; they take the place of those before.
        defaulted profiles: Vec<String>,
        /// Their tax id: 3 to 20 letters and digits; blanks, dots, hyphens and slashes do not count. No two have the same.
        nullable tax_id: String,
        /// The number that a company is registered by: 1 to 60 characters.
        nullable registration_number: String,
        /// What a company does: 1 to 100 characters.
        nullable industry: String,
        /// How many people work for a company.
        nullable employee_band: ContactEmployeeBand,
        /// What a company earns in a year.
        nullable annual_revenue: MoneyInput,
        /// The language that they are written to in, such as de or de-AT.
        nullable language: String,
        /// Their IANA time zone, such as Europe/Vienna.
        nullable time_zone: String,
        /// The ISO 4217 code of the currency that they pay in, such as EUR.
        nullable currency: String,
        /// What they are to the organization, in place of what they were.
        defaulted roles: Vec<ContactRole>,
        /// The id of the membership of whoever looks after them; whoever creates them when absent from a new one, null for
        /// nobody.
        nullable owner_id: MembershipId,
        /// The id of the membership that they log in with as a client or supplier; null for none.
        nullable membership_id: MembershipId,
        /// Where they were met first: 1 to 100 characters.
        nullable source: String,
        /// Whether one deals with them; active when absent from a new one.
        defaulted status: ContactStatus,
        /// Whether they want to hear nothing; false when absent from a new one.
        defaulted is_do_not_contact: bool,
        /// The birthday of a person; it does not lie ahead.
        nullable birthday: Date,
        /// What else is known of them: 1 to 10,000 characters.
        nullable notes: String,
        /// What they are called in other systems, one id for each; they take the place of those before.
        defaulted external_ids: Vec<ContactExternalIdInput>,
        /// The values of custom fields to set or to clear, each field once; those that are not named stay as they are.
        defaulted custom_fields: Vec<CustomFieldInput>,
        /// The words that people find them by, in place of those before: 20 at most, each of 1 to 40 characters without
        /// a comma.
        defaulted tags: Vec<String>,
    }
}

const NOTES_MAX: usize = 10_000;
const PROFILES_MAX: usize = 20;

pub(crate) const TAX_ID_TAKEN: Refusal = Refusal::of(
    "taxId",
    "TAX_ID_TAKEN",
    "another contact has this tax id, be it archived or not for you to see; they are one: change or merge that one",
);
pub(crate) const NUMBER_TAKEN: Refusal =
    Refusal::of("number", "NUMBER_TAKEN", "another contact has this number");
pub(crate) const MEMBERSHIP_TAKEN: Refusal =
    Refusal::of("membershipId", "MEMBERSHIP_TAKEN", "this membership belongs to another contact");
pub(super) const MEMBER_NOT_FOUND: Refusal =
    Refusal::whole("MEMBER_NOT_FOUND", "there is no such active member who works here");
pub(super) const OWNER_OUT_OF_SIGHT: Refusal = Refusal::of(
    "ownerId",
    "OWNER_OUT_OF_SIGHT",
    "give the contact to yourself, to somebody of your team or to nobody; whoever sees all contacts may give it to others",
);
const ERASED: Refusal = Refusal::whole("CONTACT_ERASED", "what was known of this contact was erased");
const NAME_REQUIRED: Refusal = Refusal::of("lastName", "REQUIRED", "give a first or a last name");
const COMPANY_NAME_REQUIRED: Refusal = Refusal::of("legalName", "REQUIRED", "this cannot be left empty");
const ONLY_PERSON: Refusal = Refusal::whole("ONLY_PERSON", "a company has none of this");
const ONLY_COMPANY: Refusal = Refusal::whole("ONLY_COMPANY", "a person has none of this");
const TAX_ID_INVALID: Refusal =
    Refusal::of("taxId", "TAX_ID_INVALID", "give a tax id of 3 to 20 letters and digits");
const IN_FUTURE: Refusal = Refusal::of("birthday", "DATE_OUT_OF_RANGE", "this day lies ahead");
const LANGUAGE_INVALID: Refusal = Refusal::of(
    "language",
    "LANGUAGE_INVALID",
    "give a language such as de, or with its country such as de-AT",
);
const WEB_ADDRESS: &str =
    "give an address of the web, such as https://example.org, of 500 characters at most";
pub(crate) const OWN_PARENT: Refusal =
    Refusal::of("parentCompanyId", "OWN_PARENT", "no company belongs to itself");
pub(crate) const COMPANY_CYCLE: Refusal = Refusal::of(
    "parentCompanyId",
    "COMPANY_CYCLE",
    "this company belongs to the other one already, directly or through others",
);
pub(super) const NO_COMPANY: Refusal =
    Refusal::of("parentCompanyId", "CONTACT_NOT_FOUND", "there is no such company in use");

impl Contact {
    /// Takes in a form: a new one into a blank, a changed one into what there was.
    pub(crate) fn fill_in(
        &mut self,
        mut input: ContactUpdateInput,
        fields: &Definitions,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if self.erased_at.is_some() {
            return Err(ERASED.into());
        }
        let mut form = Form::default();
        self.fill_in_names(&mut form, &mut input);
        let birthday = |day: Date| if day.0 <= latest_day(now) { Ok(Some(day)) } else { Err(IN_FUTURE) };
        form.optional_checked(take(&mut input.birthday), birthday, &mut self.birthday);
        self.fill_in_reach(&mut form, &mut input);
        self.fill_in_business(&mut form, &mut input);
        form.optional(input.parent_company_id, &mut self.parent_company_id);
        form.optional(input.owner_id, &mut self.owner_membership_id);
        form.optional(input.membership_id, &mut self.membership_id);
        form.set("status", input.status, &mut self.status);
        form.set("isDoNotContact", input.is_do_not_contact, &mut self.is_do_not_contact);
        form.optional_text("notes", input.notes, NOTES_MAX, &mut self.notes);
        fields.fill_in(&mut form, input.custom_fields, self.version == 0, &mut self.custom_fields);
        custom::tags(&mut form, "tags", input.tags, &mut self.tags);
        form.check()
    }

    fn fill_in_names(&mut self, form: &mut Form, input: &mut ContactUpdateInput) {
        const NAME_MAX: usize = 100;
        const COMPANY_NAME_MAX: usize = 200;
        form.optional_name_within("namePrefix", take(&mut input.name_prefix), 40, &mut self.name_prefix);
        form.optional_name_within("firstName", take(&mut input.first_name), NAME_MAX, &mut self.first_name);
        form.optional_name_within("lastName", take(&mut input.last_name), NAME_MAX, &mut self.last_name);
        form.optional_name_within(
            "legalName",
            take(&mut input.legal_name),
            COMPANY_NAME_MAX,
            &mut self.legal_name,
        );
        form.optional_name_within(
            "tradeName",
            take(&mut input.trade_name),
            COMPANY_NAME_MAX,
            &mut self.trade_name,
        );
        form.optional_name_within("jobTitle", take(&mut input.job_title), NAME_MAX, &mut self.job_title);
        let of_person = [
            ("namePrefix", self.name_prefix.is_some()),
            ("firstName", self.first_name.is_some()),
            ("lastName", self.last_name.is_some()),
            ("jobTitle", self.job_title.is_some()),
            ("birthday", self.birthday.is_some() || input.birthday.is_value()),
        ];
        let of_company = [("legalName", self.legal_name.is_some()), ("tradeName", self.trade_name.is_some())];
        let (wrong, refusal) = match self.kind {
            ContactKind::Person => (of_company.as_slice(), ONLY_COMPANY),
            ContactKind::Company => (of_person.as_slice(), ONLY_PERSON),
        };
        for (field, _) in wrong.iter().filter(|(_, is_there)| *is_there) {
            form.refuse(refusal.clone().at(*field));
        }
        match self.kind {
            ContactKind::Person if self.first_name.is_none() && self.last_name.is_none() => {
                form.refuse(NAME_REQUIRED)
            }
            ContactKind::Company if self.legal_name.is_none() => form.refuse(COMPANY_NAME_REQUIRED),
            _ => {}
        }
    }

    fn fill_in_reach(&mut self, form: &mut Form, input: &mut ContactUpdateInput) {
        let before = self.emails.0.clone();
        form.each("emails", take(&mut input.emails), 0..=PARTS_MAX, &mut self.emails.0, |form, email| {
            ContactEmail::filled_in(form, email, &before)
        });
        check_emails(form, &mut self.emails.0);
        form.each(
            "phones",
            take(&mut input.phones),
            0..=PARTS_MAX,
            &mut self.phones.0,
            ContactPhone::filled_in,
        );
        check_phones(form, &mut self.phones.0);
        let addresses = take(&mut input.addresses);
        form.each("addresses", addresses, 0..=PARTS_MAX, &mut self.addresses.0, ContactAddress::filled_in);
        let website = |text: String| {
            web_address(&text).map(Some).ok_or(Refusal::of("website", "URL_INVALID", WEB_ADDRESS))
        };
        form.optional_checked(take(&mut input.website), website, &mut self.website);
        form.each(
            "profiles",
            take(&mut input.profiles),
            0..=PROFILES_MAX,
            &mut self.profiles,
            |form, text| {
                let address = web_address(&text);
                if address.is_none() {
                    form.refuse(Refusal::whole("URL_INVALID", WEB_ADDRESS));
                }
                address.unwrap_or_default()
            },
        );
        let language = |text: String| language(&text).map(Some).ok_or(LANGUAGE_INVALID);
        form.optional_checked(take(&mut input.language), language, &mut self.language);
        form.optional_time_zone("timeZone", take(&mut input.time_zone), &mut self.time_zone);
    }

    fn fill_in_business(&mut self, form: &mut Form, input: &mut ContactUpdateInput) {
        let tax_id = |text: String| tax_id(&text).map(Some).ok_or(TAX_ID_INVALID);
        form.optional_checked(take(&mut input.tax_id), tax_id, &mut self.tax_id);
        let registration = take(&mut input.registration_number);
        form.optional_name_within("registrationNumber", registration, 60, &mut self.registration_number);
        form.optional_name_within("industry", take(&mut input.industry), 100, &mut self.industry);
        form.optional_name_within("source", take(&mut input.source), 100, &mut self.source);
        form.optional(take(&mut input.employee_band), &mut self.employee_band);
        match take(&mut input.annual_revenue) {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => (self.annual_revenue, self.annual_revenue_currency) = (None, None),
            MaybeUndefined::Value(money) => {
                let (mut amount, mut currency) = (Decimal::ZERO, String::new());
                let range = Decimal::ZERO..=Decimal::from(Currency::AMOUNT_MAX);
                form.currency("annualRevenue.currency", MaybeUndefined::Value(money.currency), &mut currency);
                let given = MaybeUndefined::Value(money.amount);
                form.amount("annualRevenue.amount", given, &currency, range, &mut amount);
                (self.annual_revenue, self.annual_revenue_currency) = (Some(amount), Some(currency));
            }
        }
        match take(&mut input.currency) {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => self.currency = None,
            given => form.currency("currency", given, self.currency.get_or_insert_default()),
        }
        let roles = |mut roles: Vec<ContactRole>| {
            roles.sort_by_key(|role| *role as u8);
            roles.dedup();
            Ok(roles)
        };
        form.checked("roles", take(&mut input.roles), roles, &mut self.roles);
    }
}

/// The day that it is where it is the latest, in UTC+14: whoever was born after it is born nowhere yet.
fn latest_day(now: DateTime<Utc>) -> NaiveDate {
    (now + TimeDelta::hours(14)).date_naive()
}

/// A tax id in its one spelling.
pub(crate) fn tax_id(text: &str) -> Option<String> {
    let id: String = text.chars().filter(|c| !c.is_whitespace() && !".-/".contains(*c)).collect();
    let id = id.to_ascii_uppercase();
    ((3..=20).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric())).then_some(id)
}

/// An address of the web; one without a scheme is of https.
pub(crate) fn web_address(text: &str) -> Option<String> {
    const MAX: usize = 500;
    let text = text::name(text, MAX)?;
    let text = if text.contains("://") { text } else { format!("https://{text}") };
    let url = url::Url::parse(&text).ok()?;
    let is_web =
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| host.contains('.'));
    (is_web && url.username().is_empty() && url.password().is_none() && text.chars().count() <= MAX)
        .then_some(text)
}

fn language(text: &str) -> Option<String> {
    let mut parts = text.trim().split(['-', '_']);
    let language = parts.next()?.to_ascii_lowercase();
    let country = parts.next().map(str::to_ascii_uppercase);
    let are_letters = |text: &str| text.chars().all(|c| c.is_ascii_alphabetic());
    let is_one = (2..=3).contains(&language.len())
        && are_letters(&language)
        && country.as_ref().is_none_or(|code| code.len() == 2 && are_letters(code))
        && parts.next().is_none();
    is_one.then(|| country.map_or(language.clone(), |country| format!("{language}-{country}")))
}
