//! Contacts from files and into files: what CSV and vCards have in common.

mod alias;
mod columns;
mod csv;
mod found;
mod vcard;

use std::collections::{HashMap, HashSet};

use async_graphql::MaybeUndefined::{Undefined, Value};
use chrono::{DateTime, Datelike as _, Utc};
use common::{Error, Refusal, Result, Scope};
use custom::Definitions;
use database::{OnConstraint as _, Tx, refusals};
use exchange::{ImportMode, ImportReport};

pub use self::csv::{ContactFileMutation, ContactFileQuery};
use self::found::{Found, Keys};
use crate::contact::{
    self, Contact, ContactAddressInput, ContactKind, ContactPhoneInput, ContactUpdateInput, NUMBERS,
    check_line, save_all, select_line,
};
use crate::duplicate;
use crate::external_id::{self, ContactExternalId, ContactExternalIdInput};
use crate::ids::ContactId;

/// What a row says, of a contact that is there or of a new one.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    input: ContactUpdateInput,
    kind: Option<ContactKind>,
    /// What the company is called, by number or name; nothing clears it.
    company: Option<Option<String>>,
    /// The first address, where the row says anything of it.
    address: Option<ContactAddressInput>,
    /// Numbers as they are written, with their labels.
    phones: Option<Vec<(String, Option<String>)>>,
    external_ids: Vec<ContactExternalIdInput>,
    /// Whether a system that knows the contact by another id already goes on so.
    keeps_external_ids: bool,
}

impl Draft {
    /// Takes a row of another program's that names a company and nobody who works there for one about the company itself.
    fn take_company_alone(&mut self, before: Option<&Contact>) {
        let is_of_person = self.input.first_name.is_value() || self.input.last_name.is_value();
        if is_of_person || before.is_some_and(|before| before.kind == ContactKind::Person) {
            return;
        }
        if let Some(name) = self.company.take_if(|company| company.is_some()) {
            (self.kind, self.input.legal_name) =
                (Some(ContactKind::Company), Value(name.unwrap_or_default()));
        }
    }
}

/// What becomes of a row that can be taken: a contact as they are, if they are there, and as they are to be.
struct Candidate {
    before: Option<Contact>,
    now: Contact,
    external_ids: Vec<ContactExternalId>,
}

impl Candidate {
    fn is_unchanged(&self) -> bool {
        self.before.as_ref() == Some(&self.now) && self.external_ids.is_empty()
    }
}

type Rows = Vec<(i32, Result<Candidate, Vec<Refusal>>)>;
type Starts = Vec<(i32, Result<(Candidate, Draft), Vec<Refusal>>)>;

const ROW_TWICE: Refusal = Refusal::whole("ROW_TWICE", "a row before is about the same contact");
const KIND_STAYS: Refusal = Refusal::of("kind", "KIND_STAYS", "a person stays a person, and a company one");
const COMPANY_NOT_FOUND: Refusal = Refusal::of(
    "parentCompanyId",
    "CONTACT_NOT_FOUND",
    "there is no such company in use, by number or by name, neither here nor in the file",
);
const COMPANY_AMBIGUOUS: Refusal = Refusal::of(
    "parentCompanyId",
    "NAME_AMBIGUOUS",
    "there is more than one company of this name; name it by its number",
);

/// Companies by what files call them: number, and name in lower case.
#[derive(Default)]
struct Companies {
    by_name: HashMap<String, HashSet<ContactId>>,
}

impl Companies {
    fn key(name: &str) -> String {
        name.trim().to_lowercase()
    }

    fn add(&mut self, contact: &Contact) {
        for name in [Some(&contact.number), contact.legal_name.as_ref(), contact.trade_name.as_ref()]
            .into_iter()
            .flatten()
        {
            if !name.is_empty() {
                self.by_name.entry(Self::key(name)).or_default().insert(contact.id);
            }
        }
    }

    fn find(&self, name: &str, before: Option<ContactId>) -> Result<Option<ContactId>, Refusal> {
        let Some(ids) = self.by_name.get(&Self::key(name)) else { return Ok(None) };
        if let Some(before) = before.filter(|before| ids.contains(before)) {
            return Ok(Some(before));
        }
        match (ids.iter().next(), ids.len()) {
            (Some(id), 1) => Ok(Some(*id)),
            _ => Err(COMPANY_AMBIGUOUS),
        }
    }
}

/// Takes in rows: what is refused of one, the others are not. However many there are, it costs the same number of statements.
struct Taking<'t> {
    tx: &'t mut Tx,
    fields: Definitions,
    mode: ImportMode,
    /// Whether a company that is not there is made, from its name.
    makes_companies: bool,
}

impl Taking<'_> {
    /// Whom each row is about; each row's line comes along.
    async fn start(&mut self, keys: &[Keys]) -> Result<Vec<Result<Candidate, Refusal>>> {
        let found = Found::look_up(self.tx, keys).await?;
        let (mut seen, mut claimed) = (HashSet::new(), HashSet::new());
        let mut starts = Vec::with_capacity(keys.len());
        for (at, keys) in keys.iter().enumerate() {
            let before = found.about(at, keys);
            starts.push(before.and_then(|before| match before {
                Some(_) if self.mode == ImportMode::Create => Err(found::IS_THERE),
                Some(before) if !seen.insert(before.id) => Err(ROW_TWICE),
                Some(before) => Ok(Candidate {
                    now: before.clone(),
                    before: Some(before.clone()),
                    external_ids: Vec::new(),
                }),
                None if !keys.claim(&mut claimed) => Err(ROW_TWICE),
                None => {
                    let mut now = Contact::blank(self.tx.now());
                    now.number = keys.number.clone().unwrap_or_default();
                    if self.tx.scope() != Scope::All {
                        now.owner_membership_id = self.tx.membership_id();
                    }
                    Ok(Candidate { before: None, now, external_ids: Vec::new() })
                }
            }));
        }
        Ok(starts)
    }

    /// Fills the rows in. Companies of the file are there for its other rows, whatever their order.
    async fn fill_in(&mut self, starts: Starts) -> Result<Rows> {
        let mut wanted = HashSet::new();
        for (_, start) in &starts {
            if let Ok((_, Draft { company: Some(Some(name)), .. })) = start {
                wanted.insert(name.clone());
            }
        }
        let mut companies = found::companies(self.tx, &wanted).await?;
        let there: Vec<ContactId> =
            starts.iter().filter_map(|(_, start)| Some(start.as_ref().ok()?.0.before.as_ref()?.id)).collect();
        let mut called: HashMap<ContactId, Vec<ContactExternalId>> = HashMap::new();
        for (root, one) in external_id::select_of(self.tx, &there).await? {
            called.entry(root).or_default().push(one);
        }
        let (mut rows, mut belonging): (Rows, Vec<(usize, Option<String>)>) =
            (Vec::with_capacity(starts.len()), Vec::new());
        let now = self.tx.now();
        for (line, start) in starts {
            let row = start.and_then(|(mut candidate, draft)| {
                let company = draft.company.clone();
                let (external_ids, keeps) = (draft.external_ids.clone(), draft.keeps_external_ids);
                fill_in(&mut candidate, draft, &self.fields, now).map_err(|error| refusals(&error))?;
                let known = called.remove(&candidate.now.id).unwrap_or_default();
                let is_open =
                    |id: &ContactExternalIdInput| !keeps || !known.iter().any(|one| one.system == id.system);
                let external_ids = external_ids.into_iter().filter(is_open).collect();
                candidate.external_ids =
                    changed_ids(candidate.now.id, external_ids, &known).map_err(|refusal| vec![refusal])?;
                if candidate.now.kind == ContactKind::Company {
                    companies.add(&candidate.now);
                }
                belonging.extend(company.map(|company| (rows.len(), company)));
                Ok(candidate)
            });
            rows.push((line, row));
        }
        let made = self.belong(&mut rows, belonging, &mut companies);
        self.check_lines(&mut rows).await?;
        self.check_tax_ids(&mut rows).await?;
        // Companies that were made by their name alone stand before those who belong to them.
        drop(rows.splice(0..0, made.into_iter().map(|candidate| (0, Ok(candidate)))));
        Ok(rows)
    }

    /// Finds the company of each row that names one; answers those that are made for it.
    fn belong(
        &mut self,
        rows: &mut Rows,
        belonging: Vec<(usize, Option<String>)>,
        companies: &mut Companies,
    ) -> Vec<Candidate> {
        let mut made = Vec::new();
        for (at, name) in belonging {
            let Ok(candidate) = &mut rows[at].1 else { continue };
            let Some(name) = name else {
                candidate.now.parent_company_id = None;
                continue;
            };
            let before = candidate.before.as_ref().and_then(|before| before.parent_company_id);
            let found = companies.find(&name, before);
            let (owner, now) = (candidate.now.owner_membership_id, self.tx.now());
            let found = found.and_then(|found| match found {
                Some(id) if id == candidate.now.id => Err(contact::OWN_PARENT),
                None if self.makes_companies => {
                    let mut company = Contact {
                        kind: ContactKind::Company,
                        owner_membership_id: owner,
                        ..Contact::blank(now)
                    };
                    let input = ContactUpdateInput {
                        legal_name: Value(name.clone()),
                        ..ContactUpdateInput::default()
                    };
                    company.fill_in(input, &Definitions::default(), now).map_err(|_| COMPANY_NOT_FOUND)?;
                    companies.add(&company);
                    let id = company.id;
                    made.push(Candidate { before: None, now: company, external_ids: Vec::new() });
                    Ok(id)
                }
                found => found.ok_or(COMPANY_NOT_FOUND),
            });
            match found {
                Ok(id) => candidate.now.parent_company_id = Some(id),
                Err(refusal) => rows[at].1 = Err(vec![refusal]),
            }
        }
        made
    }

    /// Refuses companies that would belong to themselves through others, as all rows are together.
    async fn check_lines(&mut self, rows: &mut Rows) -> Result<()> {
        let moves = rows.iter().enumerate().filter_map(|(at, (_, row))| {
            let candidate = row.as_ref().ok()?;
            let parent = candidate.now.parent_company_id?;
            let is_moved =
                candidate.before.as_ref().and_then(|before| before.parent_company_id) != Some(parent);
            (candidate.now.kind == ContactKind::Company && is_moved).then_some((at, candidate.now.id, parent))
        });
        let moves: Vec<(usize, ContactId, ContactId)> = moves.collect();
        let mut above: HashMap<ContactId, ContactId> = HashMap::new();
        for (_, _, parent) in &moves {
            let line = select_line(self.tx, *parent).await?;
            above.extend(line.windows(2).map(|pair| (pair[0], pair[1])));
        }
        above.extend(moves.iter().map(|(_, id, parent)| (*id, *parent)));
        for (at, id, parent) in moves {
            let (mut line, mut next) = (vec![parent], above.get(&parent));
            while let Some(up) = next.filter(|up| !line.contains(up)) {
                line.push(*up);
                next = above.get(up);
            }
            if let Err(refusal) = check_line(id, &line) {
                rows[at].1 = Err(vec![refusal]);
            }
        }
        Ok(())
    }

    /// Refuses rows with the tax id of another contact, be it of the file.
    async fn check_tax_ids(&mut self, rows: &mut Rows) -> Result<()> {
        let of = |row: &Result<Candidate, Vec<Refusal>>| {
            Some((row.as_ref().ok()?.now.tax_id.clone()?, row.as_ref().ok()?.now.id))
        };
        let ids: HashSet<String> = rows.iter().filter_map(|(_, row)| Some(of(row)?.0)).collect();
        let mut holders: HashMap<String, ContactId> =
            duplicate::holders(self.tx, "tax_id", &Vec::from_iter(ids)).await?.into_iter().collect();
        for (_, row) in rows {
            let Some((tax_id, id)) = of(row) else { continue };
            if *holders.entry(tax_id).or_insert(id) != id {
                *row = Err(vec![contact::TAX_ID_TAKEN]);
            }
        }
        Ok(())
    }

    /// Saves what is to be saved, gives out numbers, and announces it.
    async fn save(&mut self, rows: Rows) -> Result<()> {
        let candidates = rows.into_iter().filter_map(|(_, row)| row.ok()).filter(|row| !row.is_unchanged());
        let (mut made, mut changed, mut external_ids) = (Vec::new(), Vec::new(), Vec::new());
        for mut candidate in candidates {
            external_ids.append(&mut candidate.external_ids);
            if candidate.before.is_none() { &mut made } else { &mut changed }.push(candidate.now);
        }
        let year = self.tx.now().year();
        let given: Vec<&str> =
            made.iter().map(|one| one.number.as_str()).filter(|number| !number.is_empty()).collect();
        if !given.is_empty() {
            self.tx.pass_numbers(&NUMBERS, year, &given).await?;
        }
        let count = u32::try_from(made.len() - given.len()).map_err(Error::internal)?;
        if count > 0 {
            let mut numbers = self.tx.next_numbers(&NUMBERS, year, count).await?.into_iter();
            for one in made.iter_mut().filter(|one| one.number.is_empty()) {
                one.number = numbers.next().unwrap_or_default();
            }
        }
        // Beside each other in the file, beside each other in the indexes by name: a page of an index is found once for all
        // that go there.
        made.sort_by_cached_key(|one| {
            (one.last_name.clone().unwrap_or_else(|| one.name()), one.first_name.clone())
        });
        let at = made.len();
        made.append(&mut changed);
        save_all(self.tx, &mut made).await?;
        self.tx
            .save_all(&mut external_ids)
            .await
            .on_constraint("external_id_value_key", external_id::TAKEN)?;
        let created: Vec<_> = made[..at].iter().map(Contact::created).collect();
        self.tx.emit_all(&created).await?;
        let updated: Vec<_> = made[at..].iter().map(Contact::updated).collect();
        self.tx.emit_all(&updated).await
    }
}

/// Takes a draft into a candidate.
fn fill_in(candidate: &mut Candidate, draft: Draft, fields: &Definitions, at: DateTime<Utc>) -> Result<()> {
    let Draft { mut input, kind, address, phones, .. } = draft;
    let now = &mut candidate.now;
    if candidate.before.is_none() {
        let is_company =
            input.legal_name.is_value() && !input.first_name.is_value() && !input.last_name.is_value();
        now.kind = kind.unwrap_or(if is_company { ContactKind::Company } else { ContactKind::Person });
    } else if kind.is_some_and(|kind| kind != now.kind) {
        return Err(KIND_STAYS.into());
    }
    let country = address.as_ref().and_then(|address| address.country.clone());
    let country = country.or_else(|| now.addresses.first().and_then(|address| address.country.clone()));
    if let Some(phones) = phones {
        let phone =
            |(value, label)| ContactPhoneInput { value, label, country: country.clone(), is_primary: false };
        input.phones = Value(phones.into_iter().map(phone).collect());
    }
    if let Some(first) = address {
        let is_there = !first.lines.is_empty() || first.city.is_some() || first.postal_code.is_some();
        let rest = now.addresses.iter().skip(1).cloned().map(Into::into);
        input.addresses = Value(is_there.then_some(first).into_iter().chain(rest).collect());
    }
    (input.version, input.external_ids, input.parent_company_id) = (now.version, Undefined, Undefined);
    now.fill_in(input, fields, at)
}

/// Which ids in other systems are to be saved: new ones, and other ones of a system that knows the contact already.
fn changed_ids(
    id: ContactId,
    given: Vec<ContactExternalIdInput>,
    known: &[ContactExternalId],
) -> Result<Vec<ContactExternalId>, Refusal> {
    let mut changed: Vec<ContactExternalId> = Vec::new();
    for given in given {
        let given = given.spelt().map_err(|refusal| refusal.at("externalIds"))?;
        if known.iter().any(|one| one.system == given.system && one.value == given.value) {
            continue;
        }
        if changed.iter().any(|one| one.system == given.system) {
            return Err(Refusal::of("externalIds", "SYSTEM_TWICE", "each system calls a contact by one id"));
        }
        let there = known.iter().find(|one| one.system == given.system && one.contact_id == id).cloned();
        let mut one = there.unwrap_or_else(|| ContactExternalId::blank(chrono::DateTime::UNIX_EPOCH, id));
        (one.system, one.value) = (given.system, given.value);
        changed.push(one);
    }
    Ok(changed)
}

/// What became of the rows; of companies that were made for others nothing is told.
fn report(rows: &Rows, named: impl Fn(i32, Refusal) -> Refusal) -> ImportReport {
    let mut report = ImportReport::default();
    for (line, row) in rows.iter().filter(|(line, _)| *line > 0) {
        match row {
            Ok(candidate) if candidate.is_unchanged() => report.unchanged += 1,
            Ok(candidate) if candidate.before.is_some() => report.updated += 1,
            Ok(_) => report.created += 1,
            Err(refusals) => {
                report.refuse(*line, refusals.iter().map(|one| named(*line, one.clone())).collect())
            }
        }
    }
    report
}
