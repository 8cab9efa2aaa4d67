//! vCards, as phones and mail programs write them: versions 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350).

mod card;
mod draft;
mod split;
mod write;

use std::collections::HashMap;

use ::exchange::{ImportMode, ImportReport};
use async_graphql::{InputObject, SimpleObject};
use common::{Refusal, Result};
use custom::Definitions;
use database::{Answer, Ctx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::card::Card;
pub use self::write::VcardPage;
pub(super) use self::write::write;
use super::{Taking, report};
use crate::contact::Contact;
use crate::rights::MANAGE;
use crate::{country, family};

/// A file of vCards.
#[derive(Clone, Debug, InputObject)]
pub struct ContactVcardImportInput {
    /// The cards as text, 10,000 cards and 1,000,000 bytes at most. A card is about the contact with its UID, else with one of
    /// its mail addresses, else with its phone number and name, and else about a new one. What a card does not say stays as
    /// it is: mail addresses, numbers and addresses are added to those that are there. The server's limit on variables, 262,144
    /// bytes unless it is set otherwise, holds as well.
    pub vcard: String,
    /// The ISO 3166 code of the country whose numbers are written without its code, such as AT.
    pub country: Option<String>,
    /// Whether cards may change what there is already.
    #[graphql(default)]
    pub mode: ImportMode,
    /// True to check everything and change nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// What became of the cards of a file.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
pub struct VcardReport {
    /// What became of the cards; the line of each is that of its BEGIN.
    pub cards: ImportReport,
    /// What was left out of cards that were taken, in the order of the file, the first 1,000 of them.
    pub notes: Vec<VcardNote>,
}

/// What was left out of a card.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
pub struct VcardNote {
    /// The line of the file that the card begins in; the first one is 1.
    pub line: i32,
    /// What was left out, such as its photo, and why.
    pub message: String,
}

const NOTES_MAX: usize = 1_000;
const COUNTRY_UNKNOWN: Refusal = Refusal::of(
    "country",
    "COUNTRY_UNKNOWN",
    "give a country by its ISO 3166 code of two letters, such as AT",
);

/// Takes in a file of vCards.
pub async fn import(ctx: &Ctx, input: ContactVcardImportInput) -> Result<VcardReport> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let home = match &input.country {
        Some(text) => Some(country::code(text).ok_or(COUNTRY_UNKNOWN)?),
        None => None,
    };
    let cards: Vec<(i32, Result<Card, Refusal>)> = split::cards(&input.vcard)?
        .into_iter()
        .map(|(line, text)| (line, text.and_then(|text| Card::read(&text, home.as_deref()))))
        .collect();
    // Two files at once wait for each other: each sees what the other has made.
    family::lock(&mut tx).await?;
    let fields = Definitions::of::<Contact>(&mut tx).await?;
    let mut taking = Taking { tx: &mut tx, fields, mode: input.mode, makes_companies: true };
    let keys: Vec<_> =
        cards.iter().map(|(_, card)| card.as_ref().map(Card::keys).unwrap_or_default()).collect();
    let starts = taking.start(&keys).await?;
    let mut notes: HashMap<i32, Vec<String>> = HashMap::new();
    let mut drafts = Vec::with_capacity(cards.len());
    for ((line, card), start) in cards.into_iter().zip(starts) {
        let read = match (card, start) {
            (Err(refusal), _) | (Ok(_), Err(refusal)) => Err(vec![refusal]),
            (Ok(card), Ok(candidate)) => {
                let (draft, left_out) = card.draft(candidate.before.as_ref());
                notes.insert(line, left_out);
                Ok((candidate, draft))
            }
        };
        drafts.push((line, read));
    }
    let lines: Vec<i32> = drafts.iter().map(|(line, _)| *line).collect();
    let rows = taking.fill_in(drafts).await?;
    let cards = report(&rows, |_, refusal| refusal);
    let refused: Vec<i32> = rows.iter().filter(|(_, row)| row.is_err()).map(|(line, _)| *line).collect();
    let taken = lines.into_iter().filter(|line| !refused.contains(line));
    let told = taken.flat_map(|line| {
        notes.remove(&line).unwrap_or_default().into_iter().map(move |message| VcardNote { line, message })
    });
    let report = VcardReport { cards, notes: told.take(NOTES_MAX).collect() };
    taking.save(rows).await?;
    // What is not committed has not happened.
    if input.dry_run { Ok(report) } else { tx.commit(report).await }
}

impl Answer for VcardReport {
    fn stored(&self) -> Value {
        json!(self)
    }

    async fn restore(_: &Ctx, stored: Value) -> Result<Self> {
        Ok(serde_json::from_value(stored)?)
    }
}
