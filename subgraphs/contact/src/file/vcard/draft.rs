//! What a card says of a contact: what is there stays, and what is not is added.

use async_graphql::MaybeUndefined::{self, Undefined, Value};

use super::card::{Card, Reach, SYSTEM, bare};
use crate::contact::{Contact, ContactAddressInput, ContactEmailInput, ContactKind, ContactPhoneInput};
use crate::external_id::ContactExternalIdInput;
use crate::file::Draft;

impl Card {
    /// What it says of a contact, or of a new one; and what was left out, in sentences.
    pub(super) fn draft(mut self, before: Option<&Contact>) -> (Draft, Vec<String>) {
        let mut draft = Draft { kind: Some(self.kind), keeps_external_ids: true, ..Draft::default() };
        self.draft_names(&mut draft, before);
        let is_own = |uid: &String| before.is_some_and(|before| *uid == format!("urn:uuid:{}", before.id));
        let uid = self.uid.take().filter(|uid| !is_own(uid));
        draft.external_ids.extend(uid.map(|value| ContactExternalIdInput { system: SYSTEM.into(), value }));
        draft.input.emails = Value(emails(before, std::mem::take(&mut self.emails)));
        draft.input.phones = Value(phones(before, std::mem::take(&mut self.phones)));
        draft.input.addresses = Value(addresses(before, std::mem::take(&mut self.addresses)));
        self.draft_pages(&mut draft, before);
        let notes = before.and_then(|before| before.notes.as_ref());
        draft.input.notes = match (notes, self.note.take()) {
            (Some(notes), Some(note)) if !notes.contains(&note) => Value(format!("{notes}\n\n{note}")),
            (None, Some(note)) => Value(note),
            _ => Undefined,
        };
        let mut tags = before.map(|before| before.tags.clone()).unwrap_or_default();
        for tag in self.tags {
            if tags.len() < custom::TAGS_MAX
                && !tags.iter().any(|one| one.to_lowercase() == tag.to_lowercase())
            {
                tags.push(tag);
            }
        }
        draft.input.tags = Value(tags);
        (draft, self.left_out.into_iter().map(|what| format!("{what} was left out")).collect())
    }

    fn draft_names(&mut self, draft: &mut Draft, before: Option<&Contact>) {
        let organization = self.organization.take();
        if self.kind == ContactKind::Company {
            // What it trades under is said elsewhere.
            let is_so = before.is_some_and(|before| Some(before.name()) == organization);
            draft.input.legal_name = given(organization.filter(|_| !is_so));
            return;
        }
        draft.input.name_prefix = given(self.prefix.take());
        draft.input.first_name = given(self.first_name.take());
        draft.input.last_name = given(self.last_name.take());
        draft.input.job_title = given(self.title.take());
        draft.input.birthday = self.birthday.map_or(Undefined, |day| Value(day.into()));
        draft.company = organization.map(Some);
    }

    fn draft_pages(&mut self, draft: &mut Draft, before: Option<&Contact>) {
        let website = before.and_then(|before| before.website.clone());
        let mut profiles = before.map(|before| before.profiles.clone()).unwrap_or_default();
        let mut urls = std::mem::take(&mut self.urls).into_iter().filter(|url| website.as_ref() != Some(url));
        if website.is_none() {
            draft.input.website = given(urls.next());
        }
        for url in urls {
            if !profiles.contains(&url) {
                profiles.push(url);
            }
        }
        draft.input.profiles = Value(profiles);
    }
}

fn given(text: Option<String>) -> MaybeUndefined<String> {
    text.map_or(Undefined, Value)
}

fn emails(before: Option<&Contact>, more: Vec<Reach>) -> Vec<ContactEmailInput> {
    let there = before.into_iter().flat_map(|before| before.emails.iter());
    let input = |value: String, label, is_primary| ContactEmailInput {
        value,
        label,
        is_primary,
        ..Default::default()
    };
    let mut all: Vec<_> =
        there.map(|email| input(email.value.clone(), email.label.clone(), email.is_primary)).collect();
    for email in more {
        if !all.iter().any(|one| one.value == email.value) {
            let is_primary = email.is_primary && !all.iter().any(|one| one.is_primary);
            all.push(input(email.value, email.label, is_primary));
        }
    }
    all
}

fn phones(before: Option<&Contact>, more: Vec<Reach>) -> Vec<ContactPhoneInput> {
    let there = before.into_iter().flat_map(|before| before.phones.iter());
    let input =
        |value: String, label, is_primary| ContactPhoneInput { value, label, is_primary, country: None };
    let written = |value: &String, extension: &Option<String>| match extension {
        Some(extension) => format!("{value} ext. {extension}"),
        None => value.clone(),
    };
    let mut all: Vec<_> = there
        .map(|phone| input(written(&phone.value, &phone.extension), phone.label.clone(), phone.is_primary))
        .collect();
    for phone in more {
        if !all.iter().any(|one| bare(&one.value) == bare(&phone.value)) {
            let is_primary = phone.is_primary && !all.iter().any(|one| one.is_primary);
            all.push(input(phone.value, phone.label, is_primary));
        }
    }
    all
}

fn addresses(before: Option<&Contact>, more: Vec<ContactAddressInput>) -> Vec<ContactAddressInput> {
    let there = before.into_iter().flat_map(|before| before.addresses.iter().cloned());
    let mut all: Vec<ContactAddressInput> = there.map(Into::into).collect();
    for address in more {
        if !all.iter().any(|one| place(one) == place(&address)) {
            all.push(address);
        }
    }
    all
}

/// What two addresses have in common that are one.
fn place(address: &ContactAddressInput) -> (String, Option<String>, Option<String>) {
    let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
    (address.lines.join("\n").to_lowercase(), lower(&address.city), lower(&address.postal_code))
}
