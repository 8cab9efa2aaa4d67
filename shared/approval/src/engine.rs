//! Beginning, deciding, withdrawing.

use std::collections::{HashMap, HashSet};

use common::{EmployeeId, Error, MembershipId, Permission, Refusal, Result, Scope};
use database::{Record, Tx};
use graphql::choices;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::events::{ApprovalDecided, StepAssigned};
use crate::{ApprovalId, Quorum};

/// A noun that is decided on. Its kind, of which rules are, is its table: `leave.request`.
pub trait Approved: Record {
    /// The right to decide; what waits for somebody, they decide on wherever they hold it, and the office everywhere
    /// where it holds for everybody's.
    const DECIDE: &'static Permission;
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Subject<R: Approved> {
    /// Its id.
    pub id: R::Id,
    /// Who asks. They do not decide, and neither does the employee.
    pub requester: MembershipId,
    /// Whom it is for, whose manager is meant; `None` for the requester's own employee, if there is one.
    pub employee_id: Option<EmployeeId>,
    /// How much, in the unit of the kind's own; rules with an amount fit no subject without one.
    pub amount: Option<Decimal>,
    /// Of what sort, such as the leave type; rules with a category fit no subject without one.
    pub category_id: Option<Uuid>,
}

choices! {
    /// What a member decided on a step of an approval.
    Verdict "ApprovalVerdict" {
        /// Yes, as far as they are concerned.
        Approved,
        /// No, and that was the end of it.
        Rejected,
    }
}

/// What has become of an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It waits for these.
    Waiting(Vec<MembershipId>),
    /// The last step was passed.
    Approved,
    /// Somebody said no.
    Rejected,
}

/// A step that something would go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepPreview {
    /// Its place, from 1.
    pub position: i32,
    /// Whether one of them is enough.
    pub quorum: Quorum,
    /// After how many days it waits for the office as well; `None` for never.
    pub due_in_days: Option<i32>,
    /// Who would decide, as things are now; those who stand in for them aside.
    pub deciders: Vec<MembershipId>,
}

/// It is not pending: it was decided or withdrawn, or somebody decided first.
pub const INVALID_TRANSITION: Refusal =
    Refusal::whole("INVALID_TRANSITION", "this is not waiting for a decision any more");
/// The thing waits for a decision already.
pub const ALREADY_PENDING: Refusal =
    Refusal::whole("INVALID_TRANSITION", "this is waiting for a decision already");
/// Nobody decides on what they asked for, or what was asked for them.
pub const OWN_REQUEST: Refusal = Refusal::whole("OWN_REQUEST", "somebody else decides on what is yours");
/// The step waits for others.
pub const NOT_APPROVER: Refusal = Refusal::whole("NOT_APPROVER", "the present step is for others to decide");

/// Whoever has decided decides on another step only where it names them, and on the same one never twice.
pub const ALREADY_DECIDED: Refusal = Refusal::whole(
    "ALREADY_DECIDED",
    "you, or somebody in your place, have decided on this already; others decide on the present step",
);

/// Asks for something: goes by the rule that fits now, and keeps to it. Answers who is to decide first, nobody where
/// there is nobody. They count as told: the module's own event about the thing names them.
///
/// # Errors
/// `INVALID_TRANSITION` when the thing is pending already.
pub async fn begin<R: Approved>(tx: &mut Tx, subject: Subject<R>) -> Result<Vec<MembershipId>> {
    use database::OnConstraint as _;
    let begun = sqlx::query_scalar!(
        r#"select approval.start($1, $2, $3, $4, $5, $6, $7) as "deciders!: Vec<MembershipId>""#,
        R::TABLE,
        subject.id.into(),
        subject.requester as MembershipId,
        subject.employee_id as Option<EmployeeId>,
        subject.amount,
        subject.category_id,
        R::GRAPHQL,
    )
    .fetch_one(tx.conn())
    .await
    .map_err(Error::from);
    begun.on_constraint("approval_pending_key", ALREADY_PENDING)
}

/// Who can decide on a thing now; nobody when it is not pending. Ask after you checked that the caller may see the thing.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn assignees<R: Approved>(tx: &mut Tx, id: R::Id) -> Result<Vec<MembershipId>> {
    Ok(assignees_of::<R>(tx, &[id]).await?.remove(&id).unwrap_or_default())
}

/// As [`assignees`], for many things.
///
/// # Errors
/// As [`assignees`].
pub async fn assignees_of<R: Approved>(
    tx: &mut Tx,
    ids: &[R::Id],
) -> Result<HashMap<R::Id, Vec<MembershipId>>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| (*id).into()).collect();
    let rows = sqlx::query!(
        r#"select wanted.id as "id!", approval.assignees($1, wanted.id) as "member!: MembershipId"
           from unnest($2::uuid[]) as wanted (id)"#,
        R::TABLE,
        &ids,
    );
    let mut of: HashMap<R::Id, Vec<MembershipId>> = HashMap::new();
    for row in rows.fetch_all(tx.conn()).await? {
        of.entry(row.id.into()).or_default().push(row.member);
    }
    Ok(of)
}

/// The employees for whom something was asked that waits for the caller.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn waiting_employees<R: Approved>(tx: &mut Tx) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(r#"select approval.waiting_employees($1) as "ids!""#, R::TABLE)
        .fetch_one(tx.conn())
        .await?)
}

/// Which of these things the caller can decide on now, as [`decide`] would take it.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn decidable<R: Approved>(tx: &mut Tx, ids: &[R::Id]) -> Result<HashSet<R::Id>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| (*id).into()).collect();
    let found = sqlx::query_scalar!(
        r#"select approval.decidable($1, $2, $3) as "id!""#,
        R::TABLE,
        R::DECIDE.key,
        &ids
    );
    Ok(found.fetch_all(tx.conn()).await?.into_iter().map(Into::into).collect())
}

/// Takes a member's verdict on the current step, for themselves and for whom they stand in; one verdict on a thing in a
/// transaction. Whoever is of the office may decide on a step where the right of this transaction holds for everybody,
/// if they have not decided on the thing before, and the trail says so.
///
/// # Errors
/// `NOT_FOUND` when the thing was never asked for; refuses with [`INVALID_TRANSITION`], [`OWN_REQUEST`],
/// [`ALREADY_DECIDED`] and [`NOT_APPROVER`].
pub async fn decide<R: Approved>(
    tx: &mut Tx,
    id: R::Id,
    by: MembershipId,
    verdict: Verdict,
    note: Option<String>,
) -> Result<Outcome> {
    let row = sqlx::query!(
        r#"select id as "id: ApprovalId", outcome as "outcome!" from approval.decide($1, $2, $3, $4, $5, $6)"#,
        R::TABLE,
        id.into(),
        by as MembershipId,
        verdict as Verdict,
        note,
        tx.scope() == Scope::All,
    )
    .fetch_one(tx.conn())
    .await?;
    let approval_id = row.id.ok_or(NOT_FOUND)?;
    let outcome = match row.outcome.as_str() {
        "WAITING" => {
            tell(tx, Some(approval_id)).await?;
            return Ok(Outcome::Waiting(assignees::<R>(tx, id).await?));
        }
        "APPROVED" => Outcome::Approved,
        "REJECTED" => Outcome::Rejected,
        refused => return Err(refusal(refused)),
    };
    tx.emit(&ApprovalDecided {
        approval_id,
        kind: R::TABLE.to_owned(),
        subject_id: id.into(),
        is_approved: outcome == Outcome::Approved,
        decided_by: by,
    })
    .await?;
    Ok(outcome)
}

/// Takes a pending thing back: nobody decides on it any more. Whether the caller may is for the module to check.
///
/// # Errors
/// `NOT_FOUND` when it was never asked for; refuses with [`INVALID_TRANSITION`] when it is not pending.
pub async fn withdraw<R: Approved>(tx: &mut Tx, id: R::Id) -> Result<()> {
    let done = sqlx::query_scalar!(r#"select approval.withdraw($1, $2) as "done!""#, R::TABLE, id.into())
        .fetch_one(tx.conn())
        .await?;
    if done == "WITHDRAWN" { Ok(()) } else { Err(refusal(&done)) }
}

/// Who would decide on something, step by step. Nothing is written; the id of the subject does not matter.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn preview<R: Approved>(tx: &mut Tx, subject: &Subject<R>) -> Result<Vec<StepPreview>> {
    Ok(sqlx::query_as!(
        StepPreview,
        r#"select position as "position!", quorum as "quorum!: Quorum", due_in_days,
               deciders as "deciders!: Vec<MembershipId>"
           from approval.preview($1, $2, $3, $4, $5)"#,
        R::TABLE,
        subject.requester as MembershipId,
        subject.employee_id as Option<EmployeeId>,
        subject.amount,
        subject.category_id,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Announces what has come to wait for somebody: of one approval, or of all in the organization.
pub(crate) async fn tell(tx: &mut Tx, id: Option<ApprovalId>) -> Result<()> {
    let assigned = sqlx::query_as!(
        StepAssigned,
        r#"select id as "approval_id!: ApprovalId", kind as "kind!", subject_id as "subject_id!",
               subject_type as "subject_type!", step as "step!", assignees as "assignees!: Vec<MembershipId>"
           from approval.tell($1)"#,
        id as Option<ApprovalId>,
    )
    .fetch_all(tx.conn())
    .await?;
    for event in assigned {
        tx.emit(&event).await?;
    }
    Ok(())
}

const NOT_FOUND: Error = Error::NotFound("approval");

/// Why the database did not take it.
fn refusal(code: &str) -> Error {
    match code {
        "NOT_FOUND" => NOT_FOUND,
        "INVALID_TRANSITION" => INVALID_TRANSITION.into(),
        "ALREADY_DECIDED" => ALREADY_DECIDED.into(),
        "OWN_REQUEST" => OWN_REQUEST.into(),
        "NOT_APPROVER" => NOT_APPROVER.into(),
        other => Error::internal(format!("the database answered {other}")),
    }
}
