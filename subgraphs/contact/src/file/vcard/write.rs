//! Contacts as vCards of version 4.0 (RFC 6350).

use std::collections::HashMap;

use async_graphql::SimpleObject;
use common::{Result, Slice};
use database::Tx;

use crate::contact::{Contact, ContactAddress, ContactAddressKind, ContactKind};
use crate::ids::ContactId;

/// A page of contacts as vCards.
#[derive(Clone, Debug, SimpleObject)]
pub struct VcardPage {
    /// The cards in UTF-8, one after the other; lines end with CR and LF.
    pub vcard: String,
    /// The cursor of the last contact, to continue after; null when the page has none.
    pub end_cursor: Option<String>,
    /// Whether more contacts follow.
    pub has_next_page: bool,
    /// The number of cards of this page.
    pub count: i32,
}

/// Writes a page of contacts.
pub(crate) async fn write(tx: &mut Tx, slice: &Slice<Contact>) -> Result<VcardPage> {
    let ids: Vec<ContactId> =
        slice.rows.iter().filter_map(|(_, contact)| contact.parent_company_id).collect();
    let companies: HashMap<ContactId, Contact> = tx.find_many(&ids).await?;
    let mut file = String::new();
    for (_, contact) in &slice.rows {
        let company = contact.parent_company_id.and_then(|id| companies.get(&id)).map(Contact::name);
        file.push_str(&card(contact, company));
    }
    Ok(VcardPage {
        vcard: file,
        end_cursor: slice.rows.last().map(|(cursor, _)| cursor.clone()),
        has_next_page: slice.has_next,
        count: i32::try_from(slice.rows.len()).unwrap_or(i32::MAX),
    })
}

/// The lines of one card.
#[derive(Default)]
struct Lines {
    text: String,
    groups: usize,
}

impl Lines {
    /// A line, folded where it has 75 octets.
    fn put(&mut self, line: &str) {
        const OCTETS_MAX: usize = 75;
        let mut octets = 0;
        for letter in line.chars() {
            if octets + letter.len_utf8() > OCTETS_MAX {
                self.text.push_str("\r\n ");
                octets = 1;
            }
            self.text.push(letter);
            octets += letter.len_utf8();
        }
        self.text.push_str("\r\n");
    }

    fn put_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.put(&format!("{name}:{}", escaped(value)));
        }
    }

    /// A line with a label: as a type where there is one for it, else as other programs write labels.
    fn put_labelled(&mut self, name: &str, label: Option<&str>, is_primary: bool, value: &str) {
        const TYPES: [&str; 10] =
            ["work", "home", "cell", "fax", "pager", "text", "textphone", "video", "billing", "delivery"];
        let preferred = if is_primary { ";PREF=1" } else { "" };
        let word =
            label.map(|label| if label == "mobile" { "cell".to_owned() } else { label.to_ascii_lowercase() });
        match (label, word.filter(|word| TYPES.contains(&word.as_str()))) {
            (_, Some(word)) => self.put(&format!("{name};TYPE={word}{preferred}:{value}")),
            (Some(label), None) => {
                self.groups += 1;
                let group = format!("item{}", self.groups);
                self.put(&format!("{group}.{name}{preferred}:{value}"));
                self.put(&format!("{group}.X-ABLabel:{}", escaped(label)));
            }
            (None, None) => self.put(&format!("{name}{preferred}:{value}")),
        }
    }
}

/// A text as a value of a property.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace(',', "\\,").replace(';', "\\;")
}

fn card(contact: &Contact, company: Option<String>) -> String {
    let mut lines = Lines::default();
    lines.put("BEGIN:VCARD");
    lines.put("VERSION:4.0");
    lines.put(&format!("UID:urn:uuid:{}", contact.id));
    lines.put(&format!("REV:{}", contact.updated_at.format("%Y%m%dT%H%M%SZ")));
    lines.put_text("FN", Some(&contact.name()));
    let part = |text: &Option<String>| escaped(text.as_deref().unwrap_or_default());
    match contact.kind {
        ContactKind::Company => {
            lines.put("KIND:org");
            lines.put_text("ORG", Some(&contact.name()));
        }
        ContactKind::Person => {
            let names = [&contact.last_name, &contact.first_name, &None, &contact.name_prefix, &None];
            lines.put(&format!("N:{}", names.map(part).join(";")));
            lines.put_text("ORG", company.as_deref());
            lines.put_text("TITLE", contact.job_title.as_deref());
        }
    }
    for email in contact.emails.iter() {
        lines.put_labelled("EMAIL", email.label.as_deref(), email.is_primary, &escaped(&email.value));
    }
    for phone in contact.phones.iter() {
        let extension =
            phone.extension.as_ref().map(|extension| format!(";ext={extension}")).unwrap_or_default();
        let value = format!("tel:{}{extension}", phone.value);
        lines.put_labelled("TEL;VALUE=uri", phone.label.as_deref(), phone.is_primary, &value);
    }
    for address in contact.addresses.iter() {
        lines.put(&address_line(address));
    }
    for url in contact.website.iter().chain(&contact.profiles) {
        lines.put(&format!("URL:{url}"));
    }
    if let Some(day) = contact.birthday {
        lines.put(&format!("BDAY:{}", day.0.format("%Y%m%d")));
    }
    lines.put_text("LANG", contact.language.as_deref());
    lines.put_text("NOTE", contact.notes.as_deref());
    if !contact.tags.is_empty() {
        let tags: Vec<_> = contact.tags.iter().map(|tag| escaped(tag)).collect();
        lines.put(&format!("CATEGORIES:{}", tags.join(",")));
    }
    lines.put("END:VCARD");
    lines.text
}

fn address_line(address: &ContactAddress) -> String {
    let kind = match address.kind {
        ContactAddressKind::Office => ";TYPE=work",
        ContactAddressKind::Home => ";TYPE=home",
        ContactAddressKind::Billing => ";TYPE=billing",
        ContactAddressKind::Shipping => ";TYPE=delivery",
        ContactAddressKind::Other => "",
    };
    let part = |text: &Option<String>| escaped(text.as_deref().unwrap_or_default());
    let parts = [
        String::new(),
        String::new(),
        escaped(&address.lines.join("\n")),
        part(&address.city),
        part(&address.region),
        part(&address.postal_code),
        part(&address.country),
    ];
    format!("ADR{kind}:{}", parts.join(";"))
}
