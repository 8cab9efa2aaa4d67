//! Leads from files, and as files.

mod graphql;

use std::collections::{HashMap, HashSet};

use ::exchange::{
    Cell, Column, Columns, CsvPage, Exchange, Family, ImportMode, ImportReport, Sheet, export, import_input,
    parse, print,
};
use ::graphql::MoneyInput;
use async_graphql::MaybeUndefined::{self, Null, Value};
use chrono::{DateTime, Datelike as _, Utc};
use common::{Page, Refusal, Result, text};
use custom::Definitions;
use database::{Ctx, Tx};

use crate::campaign::{Campaign, select_campaign};
use crate::ids::{CampaignId, LeadSourceId};
use crate::lead::{self, CONVERTED, Lead, LeadFilter, LeadSort, LeadUpdateInput, NUMBERS, select_lead};
use crate::lead_source::{LeadSource, select_lead_source};
use crate::rights::{LEAD_EXPORT, LEAD_MANAGE};

pub use self::graphql::{LeadFileMutation, LeadFileQuery};

import_input! {
    /// A file of leads. Its columns, in any order: number, firstName, lastName, companyName, jobTitle, email, phone, country,
    /// city, source and campaign (by name), estimatedValue (2500 EUR), notes, tags (with commas between them), and custom. with
    /// the key of a custom field. A row is about the lead with its number, else about the open one with its mail address, and
    /// else about a new one.
    LeadImportInput
}

/// What a row says.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    input: LeadUpdateInput,
}

/// What cells and leads are read and written by.
#[derive(Default)]
pub struct Names {
    fields: Definitions,
    sources: Named<LeadSourceId>,
    campaigns: Named<CampaignId>,
}

/// What cells call by name: of each name the one in use, or else one that was archived.
type Named<T> = HashMap<String, Entry<T>>;

/// What a name stands for, and how it is spelt.
struct Entry<T> {
    id: T,
    name: String,
    is_in_use: bool,
}

const NUMBER: &str = "number";
const EMAIL: &str = "email";
const IS_THERE: Refusal =
    Refusal::whole("LEAD_TAKEN", "there is a lead of this number or mail address already");
const ROW_TWICE: Refusal = Refusal::whole("ROW_TWICE", "a row before is about the same lead");
const NUMBER_UNKNOWN: Refusal =
    Refusal::of("number", "LEAD_NOT_FOUND", "there is no lead of this number; leave it empty for a new one");
const SOURCE_UNKNOWN: Refusal =
    Refusal::of("sourceId", "LEAD_SOURCE_NOT_FOUND", "there is no such source in use");
const CAMPAIGN_UNKNOWN: Refusal =
    Refusal::of("campaignId", "CAMPAIGN_NOT_FOUND", "there is no such campaign in use");
const MONEY_INVALID: Refusal =
    Refusal::whole("MONEY_INVALID", "give an amount and a currency, such as 2500 EUR");

fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// A column of a text that may be nothing.
macro_rules! text_column {
    ($name:literal, $field:ident) => {
        Column {
            name: $name,
            field: $name,
            is_required: false,
            read: |cell, draft| {
                draft.input.$field = exchange::text(cell.text);
                Ok(())
            },
            write: |_, lead| lead.$field.clone(),
        }
    };
}

fn money(cell: &str) -> Result<MoneyInput, Refusal> {
    let (amount, currency) = cell.trim().rsplit_once(' ').ok_or(MONEY_INVALID)?;
    let amount = parse(amount).ok_or(MONEY_INVALID)?;
    Ok(MoneyInput { amount, currency: currency.trim().to_owned() })
}

/// What a cell calls by name: something in use, or what the lead has already.
fn found<T: Copy + PartialEq>(
    cell: Option<&str>,
    among: &Named<T>,
    before: Option<T>,
    unknown: Refusal,
) -> Result<MaybeUndefined<T>, Refusal> {
    let Some(name) = cell else { return Ok(Null) };
    let entry = among.get(&key(name)).filter(|entry| entry.is_in_use || before == Some(entry.id));
    entry.map(|entry| Value(entry.id)).ok_or(unknown)
}

fn named<T: PartialEq>(id: Option<T>, among: &Named<T>) -> Option<String> {
    let id = id?;
    among.values().find(|entry| entry.id == id).map(|entry| entry.name.clone())
}

/// Of those in their order the last of each name counts.
fn by_name<T>(all: impl Iterator<Item = Entry<T>>) -> Named<T> {
    all.map(|entry| (key(&entry.name), entry)).collect()
}

impl Exchange for Lead {
    type Draft = Draft;
    type Names = Names;

    const IN_FILE: &'static [Column<Self>] = &[
        Column {
            name: NUMBER,
            field: NUMBER,
            is_required: false,
            read: |_, _| Ok(()),
            write: |_, lead| Some(lead.number.clone()),
        },
        text_column!("firstName", first_name),
        text_column!("lastName", last_name),
        text_column!("companyName", company_name),
        text_column!("jobTitle", job_title),
        text_column!("email", email),
        text_column!("phone", phone),
        text_column!("country", country),
        text_column!("city", city),
        Column {
            name: "source",
            field: "sourceId",
            is_required: false,
            read: |cell: Cell<'_, Self>, draft| {
                let before = cell.before.and_then(|before| before.source_id);
                draft.input.source_id = found(cell.text, &cell.names.sources, before, SOURCE_UNKNOWN)?;
                Ok(())
            },
            write: |names, lead| named(lead.source_id, &names.sources),
        },
        Column {
            name: "campaign",
            field: "campaignId",
            is_required: false,
            read: |cell: Cell<'_, Self>, draft| {
                let before = cell.before.and_then(|before| before.campaign_id);
                draft.input.campaign_id = found(cell.text, &cell.names.campaigns, before, CAMPAIGN_UNKNOWN)?;
                Ok(())
            },
            write: |names, lead| named(lead.campaign_id, &names.campaigns),
        },
        Column {
            name: "estimatedValue",
            field: "estimatedValue",
            is_required: false,
            read: |cell, draft| {
                draft.input.estimated_value = match cell.text {
                    Some(text) => Value(money(text)?),
                    None => Null,
                };
                Ok(())
            },
            write: |_, lead| {
                Some(format!(
                    "{} {}",
                    print(&lead.estimated_value?),
                    lead.estimated_value_currency.as_deref()?
                ))
            },
        },
        text_column!("notes", notes),
        Column {
            name: "tags",
            field: "tags",
            is_required: false,
            read: |cell, draft| {
                draft.input.tags = Value(exchange::words(cell.text));
                Ok(())
            },
            write: |_, lead| (!lead.tags.is_empty()).then(|| lead.tags.join(", ")),
        },
    ];

    const FAMILY: Option<Family<Self>> = Some(Family {
        prefix: "custom.",
        field: "customFields",
        keys: |names| names.fields.keys().map(str::to_owned).collect(),
        read: |cell, draft| {
            let before = cell.before.map(|before| &before.custom_fields);
            custom::take_in_cell(&mut draft.input.custom_fields, before, cell.key, cell.text);
            Ok(())
        },
        write: |_, lead, key| lead.custom_fields.get(key),
    });

    fn is_number(names: &Names, key: &str) -> bool {
        names.fields.is_number(key)
    }
}

/// Takes in a file of leads: what is refused of one row, the others are not.
pub async fn import(ctx: &Ctx, input: LeadImportInput) -> Result<ImportReport> {
    let mut tx = ctx.begin(&LEAD_MANAGE).await?;
    let sheet = Sheet::read(&input.csv)?;
    // Two files at once wait for each other: each sees what the other has made.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('crm.import ' || core.organization_id(), 0))"
    )
    .execute(tx.conn())
    .await?;
    let names = look_up(&mut tx).await?;
    let columns = Columns::<Lead>::of(&sheet, &names)?;
    let there = about(&mut tx, &sheet).await?;
    let (mut report, mut seen) = (ImportReport::default(), HashSet::new());
    let (mut made, mut changed): (Vec<Lead>, Vec<(Lead, Lead)>) = (Vec::new(), Vec::new());
    for (row, about) in sheet.rows.iter().zip(there) {
        let start = about.and_then(|about| about.start(&tx, input.mode, &mut seen));
        let done = start.map_err(|refusal| vec![refusal]).and_then(|(before, mut now)| {
            let draft = columns.read(&names, before.as_ref(), row)?;
            let keys = custom_keys(&draft);
            now.fill_in(draft.input, &names.fields).map_err(|error| {
                let refused = database::refusals(&error).into_iter();
                refused.map(|refusal| Columns::<Lead>::named(refusal, &keys)).collect::<Vec<_>>()
            })?;
            Ok((before, now))
        });
        match done {
            Err(refusals) => report.refuse(row.line, refusals),
            Ok((Some(before), now)) if before == now => report.unchanged += 1,
            Ok((Some(before), now)) => {
                report.updated += 1;
                changed.push((before, now));
            }
            Ok((None, now)) => {
                report.created += 1;
                made.push(now);
            }
        }
    }
    save(&mut tx, made, changed).await?;
    // What is not committed has not happened.
    if input.dry_run { Ok(report) } else { tx.commit(report).await }
}

fn custom_keys(draft: &Draft) -> Vec<String> {
    match &draft.input.custom_fields {
        Value(fields) => fields.iter().map(|field| field.key.clone()).collect(),
        _ => Vec::new(),
    }
}

async fn look_up(tx: &mut Tx) -> Result<Names> {
    // Those in use after those that are archived.
    let sources: Vec<LeadSource> =
        select_lead_source!("order by archived_at is null, id").fetch_all(tx.conn()).await?;
    let campaigns: Vec<Campaign> =
        select_campaign!("order by archived_at is null, id").fetch_all(tx.conn()).await?;
    let is_in_use = |archived_at: Option<DateTime<Utc>>| archived_at.is_none();
    Ok(Names {
        fields: Definitions::of::<Lead>(tx).await?,
        sources: by_name(sources.into_iter().map(|it| Entry {
            id: it.id,
            name: it.name,
            is_in_use: is_in_use(it.archived_at),
        })),
        campaigns: by_name(campaigns.into_iter().map(|it| Entry {
            id: it.id,
            name: it.name,
            is_in_use: is_in_use(it.archived_at),
        })),
    })
}

/// What tells which lead a row is about.
#[derive(Clone, Debug, Default)]
struct About {
    number: Option<String>,
    email: Option<String>,
    there: Option<Lead>,
}

impl About {
    /// The lead that a row begins from: one that is there, or a new one.
    fn start(
        self,
        tx: &Tx,
        mode: ImportMode,
        seen: &mut HashSet<String>,
    ) -> Result<(Option<Lead>, Lead), Refusal> {
        let known = self.there.as_ref().map(|lead| lead.number.clone()).or(self.email.clone());
        if known.is_some_and(|known| !seen.insert(known)) {
            return Err(ROW_TWICE);
        }
        match self.there {
            Some(_) if mode == ImportMode::Create => Err(IS_THERE),
            Some(there) if there.check_changeable().is_err() => Err(CONVERTED),
            Some(there) => Ok((Some(there.clone()), there)),
            None if self.number.is_some() => Err(NUMBER_UNKNOWN),
            None => Ok((None, Lead { owner_membership_id: tx.membership_id(), ..Lead::blank(tx.now()) })),
        }
    }
}

/// Which lead each row is about.
async fn about(tx: &mut Tx, sheet: &Sheet) -> Result<Vec<Result<About, Refusal>>> {
    let mut all = vec![About::default(); sheet.rows.len()];
    for (row, cell) in sheet.column(NUMBER) {
        all[row].number = Some(cell.trim().to_owned());
    }
    for (row, cell) in sheet.column(EMAIL) {
        all[row].email = text::email(cell);
    }
    let numbers: Vec<String> = all.iter().filter_map(|about| about.number.clone()).collect();
    let emails: Vec<String> = all.iter().filter_map(|about| about.email.clone()).collect();
    let there = select_lead!(
        "where number = any($1) or email = any($2) and archived_at is null
             and status in ('NEW', 'CONTACTED', 'QUALIFIED', 'NURTURING') order by id for update",
        &numbers,
        &emails,
    );
    let there = there.fetch_all(tx.conn()).await?;
    for about in &mut all {
        let is_it = |lead: &&Lead| match &about.number {
            Some(number) => lead.number == *number,
            None => lead.is_open() && lead.email.is_some() && lead.email == about.email,
        };
        about.there = there.iter().find(is_it).cloned();
    }
    Ok(all.into_iter().map(Ok).collect())
}

async fn save(tx: &mut Tx, mut made: Vec<Lead>, changed: Vec<(Lead, Lead)>) -> Result<()> {
    let (year, missing) = (tx.now().year(), u32::try_from(made.len()).map_err(common::Error::internal)?);
    if missing > 0 {
        let numbers = tx.next_numbers(&NUMBERS, year, missing).await?;
        for (lead, number) in made.iter_mut().zip(numbers) {
            lead.number = number;
        }
        lead::enter(tx, &mut made).await?;
    }
    lead::save_all(tx, changed).await
}

/// The leads that the filter lets through, as CSV.
async fn export_csv(ctx: &Ctx, filter: LeadFilter, sort: LeadSort, page: Page) -> Result<CsvPage> {
    let mut tx = ctx.read(&LEAD_EXPORT).await?;
    let slice = lead::select_page(&mut tx, &filter, sort, page).await?;
    let names = look_up(&mut tx).await?;
    export(&names, &slice)
}
