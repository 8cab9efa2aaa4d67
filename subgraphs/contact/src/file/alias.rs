//! The columns of contacts as Outlook and Google export them.

use ::exchange::Alias;

use super::columns::{
    CITY, COUNTRY, EMAILS, FIRST_NAME, LAST_NAME, PARENT_COMPANY, PHONES, POSTAL_CODE, REGION, STREET,
};

/// Of several columns the first that says something is taken.
const fn first(theirs: &'static str, ours: &'static str) -> Alias {
    Alias { theirs, ours: Some(ours), between: None, label: None }
}

/// All columns together are taken.
const fn all(theirs: &'static str, ours: &'static str, between: &'static str) -> Alias {
    Alias { theirs, ours: Some(ours), between: Some(between), label: None }
}

const fn email(theirs: &'static str) -> Alias {
    all(theirs, EMAILS, ", ")
}

const fn phone(theirs: &'static str, label: &'static str) -> Alias {
    Alias { label: Some(label), ..all(theirs, PHONES, ", ") }
}

/// There is no place for it here.
const fn nowhere(theirs: &'static str) -> Alias {
    Alias { theirs, ours: None, between: None, label: None }
}

/// What the columns of others are here. Of addresses it is the one at work, or Google's first, as a whole: the street of one
/// and the city of another would be no address.
pub(super) const ALIASES: &[Alias] = &[
    // Names.
    first("Title", "namePrefix"),
    first("Name Prefix", "namePrefix"),
    all("First Name", FIRST_NAME, " "),
    all("Given Name", FIRST_NAME, " "),
    all("Middle Name", FIRST_NAME, " "),
    all("Additional Name", FIRST_NAME, " "),
    first("Last Name", LAST_NAME),
    first("Family Name", LAST_NAME),
    first("Birthday", "birthday"),
    first("Notes", "notes"),
    // Work.
    first("Company", PARENT_COMPANY),
    first("Organization Name", PARENT_COMPANY),
    first("Organization # - Name", PARENT_COMPANY),
    first("Job Title", "jobTitle"),
    first("Organization Title", "jobTitle"),
    first("Organization # - Title", "jobTitle"),
    // Mail and phone.
    email("E-mail Address"),
    email("E-mail # Address"),
    email("E-mail # - Value"),
    phone("Primary Phone", "main"),
    phone("Business Phone", "work"),
    phone("Business Phone #", "work"),
    phone("Company Main Phone", "main"),
    phone("Mobile Phone", "mobile"),
    phone("Home Phone", "home"),
    phone("Home Phone #", "home"),
    phone("Other Phone", "other"),
    phone("Car Phone", "car"),
    all("Phone # - Value", PHONES, ", "),
    // The web.
    first("Web Page", "website"),
    first("Website # - Value", "website"),
    // Addresses.
    all("Business Street", STREET, "\n"),
    all("Business Street #", STREET, "\n"),
    first("Business City", CITY),
    first("Business State", REGION),
    first("Business Postal Code", POSTAL_CODE),
    first("Business Country/Region", COUNTRY),
    first("Business Country", COUNTRY),
    all("Address 1 - Street", STREET, "\n"),
    all("Address 1 - Extended Address", STREET, "\n"),
    first("Address 1 - City", CITY),
    first("Address 1 - Region", REGION),
    first("Address 1 - Postal Code", POSTAL_CODE),
    first("Address 1 - Country", COUNTRY),
    // Google's, without a place here.
    nowhere("Name"),
    nowhere("Name Suffix"),
    nowhere("Phonetic First Name"),
    nowhere("Phonetic Middle Name"),
    nowhere("Phonetic Last Name"),
    nowhere("Given Name Yomi"),
    nowhere("Additional Name Yomi"),
    nowhere("Family Name Yomi"),
    nowhere("Yomi Name"),
    nowhere("Nickname"),
    nowhere("Short Name"),
    nowhere("Maiden Name"),
    nowhere("File As"),
    nowhere("Photo"),
    nowhere("Labels"),
    nowhere("Group Membership"),
    nowhere("Organization Department"),
    nowhere("Organization # - Type"),
    nowhere("Organization # - Yomi Name"),
    nowhere("Organization # - Department"),
    nowhere("Organization # - Symbol"),
    nowhere("Organization # - Location"),
    nowhere("Organization # - Job Description"),
    nowhere("E-mail # - Label"),
    nowhere("E-mail # - Type"),
    nowhere("Phone # - Label"),
    nowhere("Phone # - Type"),
    nowhere("Website # - Label"),
    nowhere("Website # - Type"),
    nowhere("Address # - Label"),
    nowhere("Address # - Type"),
    nowhere("Address # - Formatted"),
    nowhere("Address # - Street"),
    nowhere("Address # - City"),
    nowhere("Address # - PO Box"),
    nowhere("Address # - Region"),
    nowhere("Address # - Postal Code"),
    nowhere("Address # - Country"),
    nowhere("Address # - Extended Address"),
    nowhere("Relation # - Label"),
    nowhere("Relation # - Type"),
    nowhere("Relation # - Value"),
    nowhere("Event # - Label"),
    nowhere("Event # - Type"),
    nowhere("Event # - Value"),
    nowhere("IM # - Type"),
    nowhere("IM # - Service"),
    nowhere("IM # - Value"),
    nowhere("Custom Field # - Label"),
    nowhere("Custom Field # - Type"),
    nowhere("Custom Field # - Value"),
    // Google's and Outlook's.
    nowhere("Initials"),
    nowhere("Gender"),
    nowhere("Occupation"),
    nowhere("Hobby"),
    nowhere("Location"),
    nowhere("Language"),
    nowhere("Priority"),
    nowhere("Sensitivity"),
    nowhere("Subject"),
    nowhere("Mileage"),
    nowhere("Billing Information"),
    nowhere("Directory Server"),
    // Outlook's.
    nowhere("Suffix"),
    nowhere("Department"),
    nowhere("E-mail Type"),
    nowhere("E-mail # Type"),
    nowhere("E-mail Display Name"),
    nowhere("E-mail # Display Name"),
    nowhere("Assistant's Phone"),
    nowhere("Assistant's Name"),
    nowhere("Business Fax"),
    nowhere("Home Fax"),
    nowhere("Other Fax"),
    nowhere("Callback"),
    nowhere("ISDN"),
    nowhere("Pager"),
    nowhere("Radio Phone"),
    nowhere("TTY/TDD Phone"),
    nowhere("Telex"),
    nowhere("Business Address"),
    nowhere("Business Address PO Box"),
    nowhere("Home Address"),
    nowhere("Home Street"),
    nowhere("Home Street #"),
    nowhere("Home City"),
    nowhere("Home State"),
    nowhere("Home Postal Code"),
    nowhere("Home Country/Region"),
    nowhere("Home Country"),
    nowhere("Home Address PO Box"),
    nowhere("Other Address"),
    nowhere("Other Street"),
    nowhere("Other Street #"),
    nowhere("Other City"),
    nowhere("Other State"),
    nowhere("Other Postal Code"),
    nowhere("Other Country/Region"),
    nowhere("Other Country"),
    nowhere("Other Address PO Box"),
    nowhere("Personal Web Page"),
    nowhere("Internet Free Busy"),
    nowhere("Account"),
    nowhere("Anniversary"),
    nowhere("Categories"),
    nowhere("Children"),
    nowhere("Government ID Number"),
    nowhere("Keywords"),
    nowhere("Manager's Name"),
    nowhere("Office Location"),
    nowhere("Organizational ID Number"),
    nowhere("Private"),
    nowhere("Profession"),
    nowhere("Referred By"),
    nowhere("Spouse"),
    nowhere("User #"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ::exchange::Exchange as _;

    use super::*;
    use crate::contact::Contact;

    #[test]
    fn each_column_of_another_program_is_named_once_and_leads_to_one_of_ours() {
        let mut seen = HashSet::new();
        for alias in ALIASES {
            assert!(seen.insert(alias.theirs), "{}", alias.theirs);
            let is_ours = |name: &str| Contact::IN_FILE.iter().any(|column| column.name == name);
            assert!(!is_ours(alias.theirs), "{}", alias.theirs);
            assert!(alias.ours.is_none_or(is_ours), "{}", alias.theirs);
        }
    }
}
