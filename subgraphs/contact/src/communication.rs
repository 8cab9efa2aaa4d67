//! Communications: what was said and written to contacts, and by them.

use std::collections::HashMap;

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Duration, Utc};
use common::{Form, MembershipId, Page, Permission, Place, Refusal, Result, Slice, given};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{Batch, choices, inputs, mutations, queries, sorts};
use serde_json::json;

use crate::contact::Contact;
use crate::family;
use crate::ids::{CommunicationId, ContactId};
use crate::rights::{MANAGE, TALK_READ};

choices! {
    /// What a communication was.
    CommunicationKind {
        /// A note: nobody outside heard of it.
        Note,
        /// A mail of the internet.
        Email,
        /// A talk by phone.
        Call,
        /// A talk in one place, or by video.
        Meeting,
        /// A message to a phone.
        Message,
        /// A letter.
        Letter,
    }
}

choices! {
    /// Who began a communication.
    CommunicationDirection {
        /// Nobody in particular.
        None,
        /// The contact.
        In,
        /// The organization.
        Out,
    }
}

choices! {
    /// Who sees a communication, of those who see the contact.
    CommunicationVisibility {
        /// All of them.
        Everybody,
        /// Those who took part, and whoever looks after the contact.
        Owner,
        /// Those who took part.
        Participants,
    }
}

/// Something that was said or written to a contact, or by them.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("communication", table = "contact.communication", read = TALK_READ)]
pub struct Communication {
    /// The id of the communication; opaque to clients.
    pub id: CommunicationId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) contact_id: ContactId,
    /// What it was.
    #[record(once)]
    pub kind: CommunicationKind,
    /// Who began it.
    pub direction: CommunicationDirection,
    /// When it was.
    pub occurred_at: DateTime<Utc>,
    /// What it was about, in a few words.
    pub subject: String,
    /// What was said or written.
    pub body: Option<String>,
    #[graphql(skip)]
    pub(crate) participants: Vec<MembershipId>,
    /// Who sees it, of those who see the contact.
    pub visibility: CommunicationVisibility,
    /// What it is called where it came from, such as a mail's Message-ID.
    #[record(once)]
    pub reference: Option<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

// Use-cases.

/// Writes down something that was said or written; whoever does took part.
pub async fn create(ctx: &Ctx, input: CommunicationCreateInput) -> Result<Communication> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let contact: Contact = tx.reference("contactId", input.contact_id).await?;
    let mut talk = Communication { kind: input.kind, ..Communication::blank(tx.now(), contact.id) };
    talk.occurred_at = tx.now();
    let reference = given(input.reference.clone());
    fill_in(&mut tx, &mut talk, reference, input.into()).await?;
    tx.save(&mut talk).await.on_constraint("communication_reference_key", REFERENCE_TAKEN)?;
    note_last(&mut tx, &talk).await?;
    tx.commit(talk).await
}

/// Changes what was written down.
pub async fn update(
    ctx: &Ctx,
    id: CommunicationId,
    input: CommunicationUpdateInput,
) -> Result<Communication> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut talk: Communication = tx.lock_at(id, input.version).await?;
    fill_in(&mut tx, &mut talk, MaybeUndefined::Undefined, input).await?;
    tx.save(&mut talk).await?;
    note_last(&mut tx, &talk).await?;
    tx.commit(talk).await
}

/// The communications that the filter lets through, as far as they are for the caller to see.
pub async fn list(
    ctx: &Ctx,
    filter: CommunicationFilter,
    sort: CommunicationSort,
    page: Page,
) -> Result<Slice<Communication>> {
    let mut tx = ctx.read_list(&TALK_READ).await?;
    let search = tx.search::<Communication>(filter.search.as_deref()).await?;
    let of = match filter.contact_id {
        Some(id) => Some(family_of(&mut tx, id).await?),
        None => None,
    };
    Ok(page!(
        tx, Communication, page, sort: CommunicationSort { OccurredAt => "occurred_at" },
        "($3::uuid[] is null or contact_id = any($3)) and ($4::text is null or kind = $4)
         and ($5::uuid is null or participants @> array[$5]) and ($6::uuid[] is null or id = any($6))
         and ($7::text[] is null or search_text like all($7))",
        [
            of.as_deref() as Option<&[ContactId]>,
            filter.kind as Option<CommunicationKind>,
            filter.participant_id as Option<MembershipId>,
            search.ids.as_deref(),
            search.patterns.as_deref(),
        ],
    ))
}

async fn family_of(tx: &mut Tx, id: ContactId) -> Result<Vec<ContactId>> {
    let current = tx.find_many::<Contact>(&[id]).await?.remove(&id).map_or(id, |contact| contact.id);
    family::ids(tx, current).await
}

// Rules.

const PARTICIPANTS_MAX: usize = 50;
const BODY_MAX: usize = 20_000;
const REFERENCE_TAKEN: Refusal =
    Refusal::of("reference", "REFERENCE_TAKEN", "this was written down of this contact already");
const MEMBER_NOT_FOUND: Refusal =
    Refusal::of("participantIds", "MEMBER_NOT_FOUND", "there is no such member");
const IN_FUTURE: Refusal = Refusal::of(
    "occurredAt",
    "DATE_OUT_OF_RANGE",
    "what is written down has happened; give an instant that does not lie ahead",
);

async fn fill_in(
    tx: &mut Tx,
    talk: &mut Communication,
    reference: MaybeUndefined<String>,
    input: CommunicationUpdateInput,
) -> Result<()> {
    const SUBJECT_MAX: usize = 200;
    let mut form = Form::default();
    form.name_within("subject", input.subject, SUBJECT_MAX, &mut talk.subject);
    form.optional_text("body", input.body, BODY_MAX, &mut talk.body);
    form.set("direction", input.direction, &mut talk.direction);
    form.set("visibility", input.visibility, &mut talk.visibility);
    form.set("occurredAt", input.occurred_at, &mut talk.occurred_at);
    if talk.occurred_at > tx.now() + Duration::minutes(5) {
        form.refuse(IN_FUTURE);
    }
    if !reference.is_undefined() {
        let mut name = String::new();
        form.name_within("reference", reference, SUBJECT_MAX, &mut name);
        talk.reference = Some(name);
    }
    let before = talk.participants.clone();
    let given = input.participant_ids;
    form.each("participantIds", given, 0..=PARTICIPANTS_MAX - 1, &mut talk.participants, |_, id| id);
    form.check()?;
    let new: Vec<_> = talk.participants.iter().copied().filter(|id| !before.contains(id)).collect();
    if people::members_among(tx, &new).await?.len() < new.len() {
        return Err(MEMBER_NOT_FOUND.into());
    }
    // Whoever writes it down knows of it.
    talk.participants.extend(tx.membership_id());
    talk.participants.sort_by_key(|id| id.0);
    talk.participants.dedup();
    Ok(())
}

// SQL.

/// Notes at the contact when one last talked or wrote to them. No new version: nobody's form is out of date by it.
async fn note_last(tx: &mut Tx, talk: &Communication) -> Result<()> {
    if talk.kind == CommunicationKind::Note {
        return Ok(());
    }
    sqlx::query!(
        "update contact.contact set last_contacted_at = $2
         where id = contact.current_id($1) and (last_contacted_at is null or last_contacted_at < $2)",
        talk.contact_id as ContactId,
        talk.occurred_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A page of what was said and written to a contact, and to those that were merged into it; the latest first.
pub(crate) struct TimelineOf;

impl Batch for TimelineOf {
    type Key = (ContactId, Page);
    type Value = Slice<Communication>;
    const READ: &'static Permission = &TALK_READ;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Slice<Communication>>> {
        const PLACE: Place = Place::new("contact.timeline", "OccurredAtDesc");
        let mut wanted: HashMap<Page, Vec<ContactId>> = HashMap::new();
        for (id, page) in keys {
            wanted.entry(page.clone()).or_default().push(*id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (page, ids) in wanted {
            for id in ids {
                let of = family::ids(tx, id).await?;
                let rows = select_communication!(
                    "where contact_id = any($1) and ($2::jsonb is null or (occurred_at, id) <
                         (select occurred_at, id from jsonb_populate_record(null::contact.communication, $2)))
                     order by occurred_at desc, id desc limit $3",
                    &of as &[ContactId],
                    page.after_row(PLACE)?,
                    page.limit(),
                );
                let rows = common::page_of(rows.fetch_all(tx.conn()).await)?;
                let key = |row: &Communication| (row.id.into(), json!({ "occurred_at": row.occurred_at }));
                found.insert((id, page.clone()), page.slice_by(PLACE, rows, key));
            }
        }
        Ok(found)
    }
}

// GraphQL.

inputs! {
    /// Something that was said or written.
    CommunicationCreateInput,
    /// The fields of a communication to change; those that are absent stay as they are.
    CommunicationUpdateInput {
        /// The id of the contact that it is about.
        once contact_id: ContactId,
        /// What it was.
        once kind: CommunicationKind,
        /// What it is called where it came from, such as a mail's Message-ID: 1 to 200 characters, once for a contact.
        once reference: Option<String>,
        /// What it was about: 1 to 200 characters.
        required subject: String,
        /// What was said or written: 1 to 20,000 characters.
        nullable body: String,
        /// Who began it; nobody in particular when absent from a new one.
        defaulted direction: CommunicationDirection,
        /// When it was; now when absent from a new one.
        defaulted occurred_at: DateTime<Utc>,
        /// The ids of the memberships that took part, 49 at most; whoever writes it down always did.
        defaulted participant_ids: Vec<MembershipId>,
        /// Who sees it; everybody who sees the contact when absent from a new one.
        defaulted visibility: CommunicationVisibility,
    }
}

/// Which communications a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct CommunicationFilter {
    /// The id of the contact that they are about.
    pub contact_id: Option<ContactId>,
    /// What they were.
    pub kind: Option<CommunicationKind>,
    /// The id of a membership that took part.
    pub participant_id: Option<MembershipId>,
    /// Part of what they were about: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
}

sorts! {
    /// How a list of communications is ordered.
    CommunicationSort {
        /// By when they were, the latest last.
        desc OccurredAt,
    }
}

queries! {
    Communication;
    /// What was said and written to contacts, the latest first.
    communications(CommunicationFilter, CommunicationSort) = list;
    /// One communication; null when there is none of that id, or when it is not for the caller to see.
    communication;
}

mutations! {
    Communication as communication;
    /// Writes down something that was said or written.
    communication_create(input: CommunicationCreateInput) = create for MANAGE;
    /// Changes what was written down.
    communication_update(id: CommunicationId, input: CommunicationUpdateInput) = update for MANAGE;
    attach and detach for MANAGE;
}
