//! Contacts as CSV, and what the graph has of files.

use std::collections::HashMap;

use ::exchange::{Columns, CsvPage, ImportReport, Sheet, import_input};
use async_graphql::{Context, MaybeUndefined, Object};
use common::{Page, Refusal, Result, Slice};
use custom::Definitions;
use database::{Ctx, Tx};
use graphql::App as _;

use super::alias::ALIASES;
use super::columns::{self, Names};
use super::found::{Keys, company_names};
use super::vcard::{ContactVcardImportInput, VcardPage};
use super::{Taking, report, vcard};
use crate::contact::{Contact, ContactFilter, ContactKind, ContactSort, select_page};
use crate::country;
use crate::export::{self, ContactExportKind};
use crate::external_id::{self, ContactExternalId};
use crate::family;
use crate::ids::ContactId;
use crate::rights::{EXPORT, MANAGE};

import_input! {
    /// A file of contacts. Its columns, in any order: number, kind (PERSON or COMPANY), namePrefix, firstName, lastName,
    /// legalName, tradeName, parentCompany (a number or a name, also of another row), jobTitle, emails and phones (with commas
    /// between them, each with a label in brackets if it has one), street, city, region, postalCode and country of the first
    /// address, website, profiles, taxId, registrationNumber, industry, employeeBand, annualRevenue (250000 EUR), language,
    /// timeZone, currency, roles, status, isDoNotContact, source, birthday, notes, externalIds (shop:4711), tags, and custom.
    /// with the key of a custom field. A row is about the contact with its number, else with one of its ids in other systems,
    /// else with one of its mail addresses; without a mail address about the one with its phone number and name, without
    /// either about the one with its name and city; and else about a new one. Files are taken as Outlook and Google export them,
    /// by the names that their columns have in English; there, a company that is named and not there is made from its name, and
    /// the report says which columns were left out.
    ContactImportInput
}

/// Takes in a file of contacts.
pub async fn import(ctx: &Ctx, input: ContactImportInput) -> Result<ImportReport> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut sheet = Sheet::read(&input.csv)?;
    let ignored = sheet.take_aliases(ALIASES);
    // As cards, what other programs write names companies that nobody has entered here.
    let is_foreign = ignored.is_some();
    // Two files at once wait for each other: each sees what the other has made.
    family::lock(&mut tx).await?;
    let fields = Definitions::of::<Contact>(&mut tx).await?;
    let names = Names { fields: fields.clone(), companies: HashMap::new(), external_ids: HashMap::new() };
    let columns = Columns::<Contact>::of(&sheet, &names)?;
    let mut taking = Taking { tx: &mut tx, fields, mode: input.mode, makes_companies: is_foreign };
    let (keys, wrong) = keys(&sheet, is_foreign);
    let starts = taking.start(&keys).await?;
    let mut custom_keys: HashMap<i32, Vec<String>> = HashMap::new();
    let mut drafts = Vec::with_capacity(starts.len());
    for (at, (start, row)) in starts.into_iter().zip(&sheet.rows).enumerate() {
        let start = match wrong.get(&at) {
            Some(refusal) => Err(refusal.clone()),
            None => start,
        };
        let read = start.map_err(|refusal| vec![refusal]).and_then(|candidate| {
            let mut draft = columns.read(&names, candidate.before.as_ref(), row)?;
            if is_foreign {
                draft.take_company_alone(candidate.before.as_ref());
            }
            if let MaybeUndefined::Value(fields) = &draft.input.custom_fields {
                custom_keys.insert(row.line, fields.iter().map(|field| field.key.clone()).collect());
            }
            Ok((candidate, draft))
        });
        drafts.push((row.line, read));
    }
    let rows = taking.fill_in(drafts).await?;
    let none = Vec::new();
    let mut report = report(&rows, |line, refusal| {
        Columns::<Contact>::named(refusal, custom_keys.get(&line).unwrap_or(&none))
    });
    report.ignored_columns = ignored.unwrap_or_default();
    taking.save(rows).await?;
    // What is not committed has not happened.
    if input.dry_run { Ok(report) } else { tx.commit(report).await }
}

/// What tells whom each row is about, and which rows cannot be about anybody.
fn keys(sheet: &Sheet, is_foreign: bool) -> (Vec<Keys>, HashMap<usize, Refusal>) {
    let (mut all, mut wrong) = (vec![Keys::default(); sheet.rows.len()], HashMap::new());
    for (row, cell) in sheet.column(columns::NUMBER) {
        match columns::number(cell) {
            Ok(number) => all[row].number = Some(number),
            Err(refusal) => drop(wrong.insert(row, refusal)),
        }
    }
    for (row, cell) in sheet.column(columns::EXTERNAL_IDS) {
        match columns::external_ids(cell) {
            Ok(ids) => all[row].external_ids = ids,
            Err(refusal) => drop(wrong.insert(row, refusal.at(columns::EXTERNAL_IDS))),
        }
    }
    for (row, cell) in sheet.column(columns::EMAILS) {
        let emails = columns::labelled(cell).into_iter();
        all[row].emails = emails.filter_map(|(email, _)| common::text::email(&email)).collect();
    }
    let mut countries: HashMap<usize, String> = HashMap::new();
    for (row, cell) in sheet.column(columns::COUNTRY) {
        countries.extend(country::named(cell).map(|country| (row, country)));
    }
    for (row, cell) in sheet.column(columns::PHONES) {
        let country = countries.get(&row).map(String::as_str);
        let phones = columns::labelled(cell).into_iter();
        all[row].phones =
            phones.filter_map(|(text, _)| phone::number(&text, country)).map(|number| number.value).collect();
    }
    for (row, cell) in sheet.column(columns::KIND) {
        all[row].kind = ::exchange::parse::<ContactKind>(&cell.to_ascii_uppercase());
    }
    for (row, cell) in sheet.column(columns::CITY) {
        all[row].city = cell.trim().to_owned();
    }
    for name in [columns::FIRST_NAME, columns::LAST_NAME] {
        for (row, cell) in sheet.column(name) {
            all[row].name = format!("{} {}", all[row].name, cell.trim()).trim().to_owned();
        }
    }
    // The name that a company trades under is the one that it is read by.
    for name in [columns::LEGAL_NAME, columns::TRADE_NAME] {
        sheet.column(name).for_each(|(row, cell)| all[row].name = cell.trim().to_owned());
    }
    if is_foreign {
        for (row, cell) in sheet.column(columns::PARENT_COMPANY) {
            if all[row].name.is_empty() {
                (all[row].name, all[row].kind) = (cell.trim().to_owned(), Some(ContactKind::Company));
            }
        }
    }
    (all, wrong)
}

/// A page of contacts to be taken out; that they are is written down.
async fn taken_out(
    ctx: &Ctx,
    kind: ContactExportKind,
    filter: &ContactFilter,
    sort: ContactSort,
    page: Page,
) -> Result<(Tx, Slice<Contact>)> {
    let mut tx = ctx.begin(&EXPORT).await?;
    let slice = select_page(&mut tx, filter, sort, page).await?;
    export::note(&mut tx, kind, slice.rows.len(), None).await?;
    Ok((tx, slice))
}

/// The contacts that the filter lets through, as CSV.
pub async fn export_csv(ctx: &Ctx, filter: ContactFilter, sort: ContactSort, page: Page) -> Result<CsvPage> {
    let (mut tx, slice) = taken_out(ctx, ContactExportKind::Csv, &filter, sort, page).await?;
    let ids: Vec<ContactId> = slice.rows.iter().map(|(_, contact)| contact.id).collect();
    let mut external_ids: HashMap<ContactId, Vec<ContactExternalId>> = HashMap::new();
    for (root, one) in external_id::select_of(&mut tx, &ids).await? {
        external_ids.entry(root).or_default().push(one);
    }
    let names = Names {
        fields: Definitions::of::<Contact>(&mut tx).await?,
        companies: company_names(&mut tx, slice.rows.iter().map(|(_, contact)| contact)).await?,
        external_ids,
    };
    let page = ::exchange::export(&names, &slice)?;
    tx.commit(()).await?;
    Ok(page)
}

/// The contacts that the filter lets through, as vCards.
pub async fn export_vcard(
    ctx: &Ctx,
    filter: ContactFilter,
    sort: ContactSort,
    page: Page,
) -> Result<VcardPage> {
    let (mut tx, slice) = taken_out(ctx, ContactExportKind::Vcard, &filter, sort, page).await?;
    let page = vcard::write(&mut tx, &slice).await?;
    tx.commit(()).await?;
    Ok(page)
}

// GraphQL.

/// Contacts as files.
#[derive(Default)]
pub struct ContactFileQuery;

#[Object]
impl ContactFileQuery {
    /// The contacts as CSV. Each page is a file of its own, header included, which contactImport takes as it is; to make one
    /// file of several pages, leave out the first line of all but the first. Who took them out is written down.
    async fn contacts_export(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<ContactFilter>,
        #[graphql(desc = "The order of the rows; by name when absent.")] sort: Option<ContactSort>,
        #[graphql(
            desc = "The endCursor of the page to continue after, from the same list in the same order."
        )]
        after: Option<String>,
        #[graphql(desc = "The number of rows, 1 to 5000.", default = 1000)] first: i32,
    ) -> Result<CsvPage> {
        let page = Page::within(first, after.as_deref(), ::exchange::PAGE_MAX)?;
        export_csv(gql.app(), filter.unwrap_or_default(), sort.unwrap_or_default(), page).await
    }

    /// The contacts as vCards of version 4.0 (RFC 6350), which phones and mail programs take. Pages follow one another as
    /// one file does. Who took them out is written down.
    async fn contacts_export_vcard(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The conditions that every contact must meet.")] filter: Option<ContactFilter>,
        #[graphql(desc = "The order of the contacts; by name when absent.")] sort: Option<ContactSort>,
        #[graphql(
            desc = "The endCursor of the page to continue after, from the same list in the same order."
        )]
        after: Option<String>,
        #[graphql(desc = "The number of contacts, 1 to 5000.", default = 1000)] first: i32,
    ) -> Result<VcardPage> {
        let page = Page::within(first, after.as_deref(), ::exchange::PAGE_MAX)?;
        export_vcard(gql.app(), filter.unwrap_or_default(), sort.unwrap_or_default(), page).await
    }
}

graphql::payload! {
    /// The result of contactImport.
    ContactImportPayload {
        /// What became of the rows; null when the file could not be read.
        report: ImportReport
    }
}

graphql::payload! {
    /// The result of contactImportVcard.
    ContactImportVcardPayload {
        /// What became of the cards; null when the file could not be read.
        report: vcard::VcardReport
    }
}

/// Files of contacts.
#[derive(Default)]
pub struct ContactFileMutation;

#[Object]
impl ContactFileMutation {
    /// Creates and changes the contacts of a file. A row that is refused keeps no other from being done; the report says
    /// which were, and why.
    async fn contact_import(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The file, and what may be done with it.")] input: ContactImportInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<async_graphql::ID>,
    ) -> Result<Option<ContactImportPayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        ContactImportPayload::answer(gql, import(&ctx, input).await).await.map(Some)
    }

    /// Creates and changes the contacts of a file of vCards, as phones and mail programs write them: version 2.1, 3.0 or
    /// 4.0. A card that is refused keeps no other from being done; the report says which were, and why.
    async fn contact_import_vcard(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The file, and what may be done with it.")] input: ContactVcardImportInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<async_graphql::ID>,
    ) -> Result<Option<ContactImportVcardPayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        ContactImportVcardPayload::answer(gql, vcard::import(&ctx, input).await).await.map(Some)
    }
}
