//! One vCard, as far as contacts know what it says.

use std::collections::BTreeSet;
use std::panic::catch_unwind;

use calcard::vcard::{VCard, VCardEntry, VCardKind, VCardParameterName, VCardProperty, VCardValue};
use calcard::{Entry, Parser};
use chrono::NaiveDate;
use common::{Refusal, text};

use crate::contact::{ContactAddressInput, ContactAddressKind, ContactKind, web_address};
use crate::country;
use crate::external_id::ContactExternalIdInput;
use crate::file::found::Keys;
use crate::ids::ContactId;

const INVALID: Refusal = Refusal::whole("CARD_INVALID", "the card cannot be read");
const GROUP: Refusal = Refusal::whole("CARD_OF_A_GROUP", "a group, a place or a device is no contact");

/// The system that UIDs of cards are ids of.
pub(super) const SYSTEM: &str = "vcard";

/// A mail address or a number, and what it is for.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub(super) value: String,
    pub(super) label: Option<String>,
    pub(super) is_primary: bool,
}

/// What a card says.
#[derive(Clone, Debug, Default)]
pub(super) struct Card {
    pub(super) kind: ContactKind,
    pub(super) prefix: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) title: Option<String>,
    pub(super) emails: Vec<Reach>,
    /// With the extension as it is written.
    pub(super) phones: Vec<Reach>,
    pub(super) addresses: Vec<ContactAddressInput>,
    pub(super) urls: Vec<String>,
    pub(super) birthday: Option<NaiveDate>,
    pub(super) note: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) uid: Option<String>,
    /// What was left out.
    pub(super) left_out: BTreeSet<String>,
}

impl Card {
    /// Reads a card. Numbers without a country's code are those of `home`.
    pub(super) fn read(card: &str, home: Option<&str>) -> Result<Self, Refusal> {
        // The library is given what strangers write; should it ever stop at some of it, that is no card.
        let parsed = catch_unwind(|| Parser::new(card).entry()).map_err(|_| INVALID)?;
        let Entry::VCard(vcard) = parsed else { return Err(INVALID) };
        let mut card = Self::default();
        card.read_names(&vcard)?;
        for entry in &vcard.entries {
            card.read_entry(&vcard, entry, home);
        }
        Ok(card)
    }

    fn read_names(&mut self, vcard: &VCard) -> Result<(), Refusal> {
        let first = |property: &VCardProperty| vcard.property(property).map(components).unwrap_or_default();
        let full = first(&VCardProperty::Fn).into_iter().next().and_then(line);
        let mut name = first(&VCardProperty::N).into_iter().map(line);
        let mut part = || name.next().flatten();
        let (family, given, more, prefix, suffix) = (part(), part(), part(), part(), part());
        self.prefix = prefix;
        self.first_name = joined([given, more]);
        self.last_name = joined([family, suffix]);
        self.organization = first(&VCardProperty::Org).into_iter().next().and_then(line);
        self.title =
            first(&VCardProperty::Title).into_iter().chain(first(&VCardProperty::Role)).find_map(line);
        let is_nameless = self.first_name.is_none() && self.last_name.is_none();
        let shown_as = vcard.entries.iter().find(|entry| is_named(entry, "X-ABSHOWAS")).map(components);
        let is_shown_as_company =
            shown_as.iter().flatten().any(|value| value.eq_ignore_ascii_case("COMPANY"));
        let kind = vcard.property(&VCardProperty::Kind).and_then(|entry| entry.values.first());
        let is_organization = match kind {
            Some(VCardValue::Kind(VCardKind::Org)) => true,
            Some(VCardValue::Kind(VCardKind::Individual)) | None => {
                is_shown_as_company
                    || is_nameless
                        && self.organization.is_some()
                        && (full.is_none() || full == self.organization)
            }
            Some(_) => return Err(GROUP),
        };
        if is_organization {
            self.kind = ContactKind::Company;
            self.organization = self.organization.take().or(full);
            (self.prefix, self.first_name, self.last_name, self.title) = (None, None, None, None);
        } else if is_nameless
            && let Some(full) = full.or_else(|| first(&VCardProperty::Nickname).into_iter().find_map(line))
        {
            // The last word is the family's, as far as anybody can tell.
            let (given, family) =
                full.rsplit_once(' ').map_or((None, full.as_str()), |(given, family)| (Some(given), family));
            (self.first_name, self.last_name) = (given.map(str::to_owned), Some(family.to_owned()));
        }
        Ok(())
    }

    fn read_entry(&mut self, vcard: &VCard, entry: &VCardEntry, home: Option<&str>) {
        let value = || components(entry).into_iter().next().unwrap_or_default();
        match &entry.name {
            VCardProperty::Email => match text::email(value().strip_prefix("mailto:").unwrap_or(&value())) {
                Some(value) => self.emails.push(reach(vcard, entry, value)),
                None => self.leave_out("a mail address that is none"),
            },
            VCardProperty::Tel => {
                let text = components(entry).join(";").replace(";ext=", " ext. ");
                match phone::number(&text, home) {
                    Some(number) => {
                        let value = match number.extension {
                            Some(extension) => format!("{} ext. {extension}", number.value),
                            None => number.value,
                        };
                        self.phones.push(reach(vcard, entry, value));
                    }
                    None => self.leave_out("a phone number that is none, or has no code of its country"),
                }
            }
            VCardProperty::Adr => self.read_address(vcard, entry),
            VCardProperty::Url | VCardProperty::Socialprofile => self.read_url(value()),
            VCardProperty::Other(_) if is_named(entry, "X-SOCIALPROFILE") => self.read_url(value()),
            VCardProperty::Bday => match birthday(entry) {
                Some(day) => self.birthday = Some(day),
                None => self.leave_out("a birthday without its year"),
            },
            VCardProperty::Note => self.note = text::text(&value(), NOTE_MAX).or(self.note.take()),
            VCardProperty::Categories => {
                for tag in components(entry) {
                    let tag = text::name(&tag, custom::TAG_MAX).filter(|tag| !tag.contains(','));
                    if let Some(tag) = tag
                        && !self.tags.iter().any(|one| one.to_lowercase() == tag.to_lowercase())
                    {
                        self.tags.push(tag);
                    }
                }
                self.tags.truncate(custom::TAGS_MAX);
            }
            VCardProperty::Uid => self.uid = text::name(&value(), UID_MAX),
            VCardProperty::Photo | VCardProperty::Logo => self.leave_out("a picture"),
            VCardProperty::Sound => self.leave_out("a sound"),
            VCardProperty::Key => self.leave_out("a key"),
            VCardProperty::Impp => self.leave_out("an address for messages"),
            VCardProperty::Related | VCardProperty::Member => self.leave_out("a relation"),
            VCardProperty::Anniversary => self.leave_out("an anniversary"),
            VCardProperty::Geo => self.leave_out("a place on the map"),
            _ => {}
        }
    }

    fn read_address(&mut self, vcard: &VCard, entry: &VCardEntry) {
        let mut parts = components(entry).into_iter().map(|part| part.trim().to_owned());
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let (post_box, extended, street, city, region, postal_code, named) =
            (part(), part(), part(), part(), part(), part(), part());
        let lines = [post_box, extended, street];
        let lines = lines
            .iter()
            .flatten()
            .flat_map(|part| part.lines())
            .filter_map(|text| text::name(text, TEXT_MAX));
        let mut lines: Vec<String> = lines.take(LINES_MAX).collect();
        // Apple's address book says the country's code beside its name.
        let code = entry.group.as_ref().and_then(|group| {
            let beside =
                |other: &&VCardEntry| other.group.as_ref() == Some(group) && is_named(other, "X-ABADR");
            vcard.entries.iter().find(beside).and_then(|other| country::code(components(other).first()?))
        });
        let known = named.as_deref().and_then(country::named).or(code);
        if let Some(unknown) = named.filter(|_| known.is_none()).and_then(line) {
            lines.push(unknown);
            lines.truncate(LINES_MAX);
        }
        let types = types(entry);
        let is = |word: &str| types.iter().any(|one| one == word);
        let kind = match () {
            () if is("home") => ContactAddressKind::Home,
            () if is("billing") => ContactAddressKind::Billing,
            () if is("delivery") || is("parcel") => ContactAddressKind::Shipping,
            () if is("work") || self.kind == ContactKind::Company => ContactAddressKind::Office,
            () => ContactAddressKind::Other,
        };
        let address = ContactAddressInput {
            kind: Some(kind),
            lines,
            city: city.and_then(line),
            region: region.and_then(line),
            postal_code: postal_code.and_then(|code| text::name(&code, POSTAL_CODE_MAX)),
            country: known,
        };
        let is_there = !address.lines.is_empty() || address.city.is_some() || address.postal_code.is_some();
        self.addresses.extend(is_there.then_some(address));
    }

    fn read_url(&mut self, url: String) {
        match web_address(&url) {
            Some(url) if self.urls.contains(&url) => {}
            Some(url) => self.urls.push(url),
            None => self.leave_out("an address that is none of the web"),
        }
    }

    fn leave_out(&mut self, what: &str) {
        self.left_out.insert(what.to_owned());
    }

    /// The name that it is found by.
    fn name(&self) -> String {
        match self.kind {
            ContactKind::Company => self.organization.clone().unwrap_or_default(),
            ContactKind::Person => {
                joined([self.first_name.clone(), self.last_name.clone()]).unwrap_or_default()
            }
        }
    }

    /// What tells whom it is about.
    pub(super) fn keys(&self) -> Keys {
        let own =
            self.uid.as_deref().and_then(|uid| uid.strip_prefix("urn:uuid:")).and_then(|id| id.parse().ok());
        let external_ids =
            self.uid.iter().map(|uid| ContactExternalIdInput { system: SYSTEM.into(), value: uid.clone() });
        Keys {
            id: own.map(ContactId),
            number: None,
            external_ids: external_ids.collect(),
            emails: self.emails.iter().map(|email| email.value.clone()).collect(),
            phones: self.phones.iter().map(|phone| bare(&phone.value).to_owned()).collect(),
            kind: Some(self.kind),
            name: self.name(),
            city: self.addresses.iter().find_map(|address| address.city.clone()).unwrap_or_default(),
        }
    }
}

const TEXT_MAX: usize = 100;
const LINES_MAX: usize = 5;
const POSTAL_CODE_MAX: usize = 20;
const NOTE_MAX: usize = 10_000;
const UID_MAX: usize = 200;

/// A number without its extension.
pub(super) fn bare(phone: &str) -> &str {
    phone.split(" ext. ").next().unwrap_or_default()
}

fn is_named(entry: &VCardEntry, name: &str) -> bool {
    matches!(&entry.name, VCardProperty::Other(other) if other.eq_ignore_ascii_case(name))
}

/// A text of one line; what is none is none.
fn line(text: String) -> Option<String> {
    text::name(&text.replace(['\n', '\r'], " "), 200)
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> Option<String> {
    let all: Vec<String> = parts.into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// The values of a property as texts, each with its parts in one.
fn components(entry: &VCardEntry) -> Vec<String> {
    let text = |value: &VCardValue| match value {
        VCardValue::Component(parts) => parts.join(" "),
        VCardValue::Integer(number) => number.to_string(),
        other => other.as_text().unwrap_or_default().to_owned(),
    };
    entry.values.iter().map(text).collect()
}

/// The types of a property, in lower case.
fn types(entry: &VCardEntry) -> Vec<String> {
    let types = entry.params.iter().filter(|param| param.name == VCardParameterName::Type);
    types.filter_map(|param| param.value.as_text()).map(str::to_ascii_lowercase).collect()
}

/// A mail address or a number with what it is for, by its label or its types.
fn reach(vcard: &VCard, entry: &VCardEntry, value: String) -> Reach {
    let types = types(entry);
    let is_preferred = |param: &calcard::vcard::VCardParameter| {
        let text = || param.value.as_text().unwrap_or_default().to_owned();
        matches!(&param.name, VCardParameterName::Pref)
            || matches!(&param.name, VCardParameterName::Other(name) if name.eq_ignore_ascii_case("pref"))
            || param.name == VCardParameterName::Type && text().eq_ignore_ascii_case("pref")
    };
    let label = entry.group.as_ref().and_then(|group| {
        let beside =
            |other: &&VCardEntry| other.group.as_ref() == Some(group) && is_named(other, "X-ABLABEL");
        let label =
            vcard.entries.iter().find(beside).and_then(|other| components(other).into_iter().next())?;
        // _$!<Work>!$_ is how Apple's address book writes labels that it translates.
        let label = label
            .strip_prefix("_$!<")
            .and_then(|label| label.strip_suffix(">!$_"))
            .unwrap_or(&label)
            .to_owned();
        text::name(&label, 40)
    });
    const PLAIN: [&str; 5] = ["internet", "pref", "voice", "x400", "msg"];
    let typed = || {
        let words: Vec<&str> =
            types.iter().map(String::as_str).filter(|word| !PLAIN.contains(word)).collect();
        let words = words.into_iter().map(|word| if word == "cell" { "mobile" } else { word });
        text::name(&words.collect::<Vec<_>>().join(" "), 40)
    };
    Reach { value, label: label.or_else(typed), is_primary: entry.params.iter().any(is_preferred) }
}

fn birthday(entry: &VCardEntry) -> Option<NaiveDate> {
    // Apple's address book writes a year that it says it does not know.
    let omitted = entry.params.iter().find(
        |param| matches!(&param.name, VCardParameterName::Other(name) if name.eq_ignore_ascii_case("X-APPLE-OMIT-YEAR")),
    );
    let day = match entry.values.first()? {
        VCardValue::PartialDateTime(day) => {
            NaiveDate::from_ymd_opt(day.year?.into(), day.month?.into(), day.day?.into())?
        }
        other => {
            let text = other.as_text()?.get(..10)?.to_owned();
            text.parse().ok()?
        }
    };
    let year = chrono::Datelike::year(&day);
    (omitted.is_none() && (1900..2200).contains(&year)).then_some(day)
}
