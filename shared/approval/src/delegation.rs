//! Delegations: times in which one member decides for another as well.

use async_graphql::InputObject;
use chrono::{DateTime, NaiveDate, Utc};
use common::{Error, Form, MembershipId, OWN_OR_OFFICE, Page, Permission, Refusal, Result, Scope, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{Date, sorts};

use crate::DelegationId;

/// A time in which a member decides for another. It goes no further: whoever decides for the delegate does not decide
/// for them.
#[derive(Clone, Debug, Record)]
#[record("delegation", table = "approval.delegation", read = MANAGE)]
pub struct Delegation {
    /// Its id.
    pub id: DelegationId,
    /// Who lets somebody decide for them; they still decide themselves.
    #[record(once)]
    pub from_membership_id: MembershipId,
    /// Who decides for them.
    #[record(once)]
    pub to_membership_id: MembershipId,
    /// The first day, where the one works who is stood in for.
    pub first_day: NaiveDate,
    /// The last day.
    pub last_day: NaiveDate,
    /// Why.
    pub reason: Option<String>,
    /// When it was ended before its time.
    pub ended_at: Option<DateTime<Utc>>,
}

/// To see delegations that one gives or has, and to give one; the office does so for everybody.
pub const MANAGE: Permission = Permission::new(
    "approval.delegation.manage",
    "Let somebody else decide for a time, and see who does.",
    OWN_OR_OFFICE,
);

// Use-cases.

/// Lets somebody decide for the caller; the office may let somebody decide for others, who may be ill, but not take their
/// decisions upon itself.
///
/// # Errors
/// `FORBIDDEN` for somebody else's without the right for all; what [`Form`] refuses, days that are over, and what holds
/// already on some of the days.
pub async fn create(ctx: &Ctx, input: DelegationCreateInput) -> Result<Delegation> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let caller = ctx.member()?.membership_id;
    let from = input.from_id.unwrap_or(caller);
    if from != caller && tx.scope() < Scope::All {
        return Err(Error::Forbidden);
    }
    let mut delegation = Delegation::blank(tx.now(), from, input.to_id);
    fill_in(&mut delegation, input, caller)?;
    if delegation.last_day < people::today(&mut tx, from).await? {
        return Err(OVER.into());
    }
    for (field, id) in [("fromId", from), ("toId", delegation.to_membership_id)] {
        if !people::works_here(&mut tx, id).await? {
            return Err(MEMBER_NOT_FOUND.at(field).into());
        }
    }
    if is_there(&mut tx, &delegation).await? {
        return Err(TWICE.into());
    }
    tx.save(&mut delegation).await?;
    tx.commit(delegation).await
}

/// Ends a delegation now. Ended already, it stays so.
///
/// # Errors
/// `FORBIDDEN` for one that the caller has not given, without the right for all.
pub async fn end(ctx: &Ctx, id: DelegationId) -> Result<Delegation> {
    let mut tx = ctx.begin(&MANAGE).await?;
    // Whoever stands in for somebody sees it as well, and may not lock it.
    let seen: Delegation = tx.find(id).await?;
    if !may_end(ctx, &seen)? {
        return Err(Error::Forbidden);
    }
    let mut delegation: Delegation = tx.lock(id).await?;
    if delegation.ended_at.is_none() {
        delegation.ended_at = Some(tx.now());
        tx.save(&mut delegation).await?;
    }
    tx.commit(delegation).await
}

/// Whether the caller may end it: who has given it may, and the office.
///
/// # Errors
/// `UNAUTHENTICATED` without a caller, `FORBIDDEN` without the right.
pub(crate) fn may_end(ctx: &Ctx, delegation: &Delegation) -> Result<bool> {
    Ok(ctx.scope(&MANAGE)? == Scope::All || delegation.from_membership_id == ctx.member()?.membership_id)
}

/// The delegations that the caller gives or has, of everybody for the office.
///
/// # Errors
/// As [`Ctx::read`].
pub async fn list(
    ctx: &Ctx,
    filter: DelegationFilter,
    sort: DelegationSort,
    page: Page,
) -> Result<Slice<Delegation>> {
    let mut tx = ctx.read(&MANAGE).await?;
    Ok(page!(
        tx, Delegation, page, sort: DelegationSort { FirstDay => "first_day" },
        "(ended_at is not null) = $3 and ($4::uuid is null or $4 in (from_membership_id, to_membership_id))",
        [filter.is_ended, filter.member_id as Option<MembershipId>],
    ))
}

// Rules.

/// The member who is named is not there, or may not come in.
pub(crate) const MEMBER_NOT_FOUND: Refusal =
    Refusal::whole("MEMBER_NOT_FOUND", "there is no such active member who works here");
const TO_ONESELF: Refusal = Refusal::of("toId", "DELEGATION_TO_ONESELF", "let somebody else decide");
const TO_THE_CALLER: Refusal = Refusal::of(
    "toId",
    "DELEGATION_TO_ONESELF",
    "nobody takes the decisions of others upon themselves; name somebody else, or let them do it",
);
const OVER: Refusal =
    Refusal::of("lastDay", "DELEGATION_OVER", "these days are over; give days that are not");
const TWICE: Refusal = Refusal::of(
    "firstDay",
    "DELEGATION_TWICE",
    "they decide for them on some of these days already; end that first, or give other days",
);
const DAYS_WRONG: Refusal = Refusal::of("lastDay", "DELEGATION_DAYS_INVALID", "give 1 to 90 days");
const DAYS_MAX: i64 = 90;

fn fill_in(delegation: &mut Delegation, input: DelegationCreateInput, caller: MembershipId) -> Result<()> {
    let mut form = Form::default();
    form.optional_text("reason", Some(input.reason).into(), Form::TEXT_MAX, &mut delegation.reason);
    (delegation.first_day, delegation.last_day) = (input.first_day.0, input.last_day.0);
    if !(0..DAYS_MAX).contains(&(delegation.last_day - delegation.first_day).num_days()) {
        form.refuse(DAYS_WRONG);
    }
    if delegation.to_membership_id == delegation.from_membership_id {
        form.refuse(TO_ONESELF);
    } else if delegation.to_membership_id == caller {
        form.refuse(TO_THE_CALLER);
    }
    form.check()
}

// SQL.

/// Whether the same two have a delegation that was not ended on some of the same days. Two who ask at once wait for each
/// other.
async fn is_there(tx: &mut Tx, delegation: &Delegation) -> Result<bool> {
    let (from, to) = (delegation.from_membership_id, delegation.to_membership_id);
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('approval.delegation ' || $1::text, 0))",
        from.to_string(),
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"select exists (select from approval.delegation where from_membership_id = $1 and to_membership_id = $2
               and ended_at is null and first_day <= $4 and last_day >= $3) as "is_there!""#,
        from as MembershipId,
        to as MembershipId,
        delegation.first_day,
        delegation.last_day,
    )
    .fetch_one(tx.conn())
    .await?)
}

// GraphQL.

/// The fields of a new delegation.
#[derive(Clone, Debug, InputObject)]
pub struct DelegationCreateInput {
    /// The id of the membership that somebody decides for; the caller's own when absent.
    pub from_id: Option<MembershipId>,
    /// The id of the membership that decides.
    pub to_id: MembershipId,
    /// The first day, where the one works who is stood in for.
    pub first_day: Date,
    /// The last day; 90 days in all at most.
    pub last_day: Date,
    /// Why: 1 to 2,000 characters; nothing when absent.
    pub reason: Option<String>,
}

/// Which delegations a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct DelegationFilter {
    /// The id of a membership that gives or has it.
    pub member_id: Option<MembershipId>,
    /// True for those that were ended before their time in place of the others.
    #[graphql(default)]
    pub is_ended: bool,
}

sorts! {
    /// How a list of delegations is ordered.
    DelegationSort {
        /// By their first day.
        FirstDay,
    }
}
