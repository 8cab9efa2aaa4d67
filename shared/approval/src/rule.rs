//! Rules: who decides on what, step by step.

use async_graphql::InputObject;
use chrono::{DateTime, Utc};
use common::{Form, MembershipId, PEOPLE_OFFICE, Page, Permission, Refusal, Result, Role, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{Offer, Offered, inputs, sorts};
use rust_decimal::Decimal;

use crate::delegation::MEMBER_NOT_FOUND;
pub use crate::step::READ;
use crate::step::{Quorum, RuleStep, Who, write_steps};
use crate::{CategoryId, DepartmentId, RuleId};

/// A rule: of those of a kind that fit, the one with the smallest number holds. What is under way keeps to the steps
/// that it began with.
#[derive(Clone, Debug, Record)]
#[record("approval rule", table = "approval.rule", read = READ, graphql = "ApprovalRule", parts = "steps")]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// What it is about: `leave.request`.
    pub kind: String,
    /// The name that people know it by.
    pub name: String,
    /// Its place among the rules of its kind.
    pub priority: i32,
    /// The least amount that it is for.
    pub amount_min: Option<Decimal>,
    /// The greatest amount that it is for.
    pub amount_max: Option<Decimal>,
    /// The only category that it is for, such as a leave type.
    pub category_id: Option<CategoryId>,
    /// The only department whose people it is for.
    pub department_id: Option<DepartmentId>,
    /// Counts the changes.
    pub version: i32,
    /// Since when it holds no more.
    pub archived_at: Option<DateTime<Utc>>,
}

/// To make the rules.
pub const MANAGE: Permission = Permission::new(
    "approval.rule.manage",
    "Create, change and archive rules of who decides.",
    PEOPLE_OFFICE,
);

// Use-cases.

/// Creates a rule.
///
/// # Errors
/// What [`Form`] refuses.
pub async fn create(ctx: &Ctx, input: ApprovalRuleCreateInput) -> Result<Rule> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut rule = Rule::blank(tx.now());
    let steps = fill_in(&mut tx, &mut rule, input.into()).await?;
    tx.save(&mut rule).await?;
    write_steps(&mut tx, rule.id, &steps).await?;
    tx.commit(rule).await
}

/// Changes a rule, for what is asked for from now on.
///
/// # Errors
/// What [`Form`] refuses; `VERSION_CONFLICT`.
pub async fn update(ctx: &Ctx, id: RuleId, input: ApprovalRuleUpdateInput) -> Result<Rule> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut rule: Rule = tx.lock_at(id, input.version).await?;
    let replaces_steps = input.steps.is_value();
    let steps = fill_in(&mut tx, &mut rule, input).await?;
    let are_changed = replaces_steps && write_steps(&mut tx, id, &steps).await?;
    tx.save_with_parts(&mut rule, are_changed).await?;
    tx.commit(rule).await
}

/// Archives a rule: it holds no more.
///
/// # Errors
/// As [`database::archive`].
pub async fn archive(ctx: &Ctx, id: RuleId) -> Result<Rule> {
    database::archive(ctx, &MANAGE, id).await
}

/// Restores an archived rule.
///
/// # Errors
/// As [`database::restore`].
pub async fn restore(ctx: &Ctx, id: RuleId) -> Result<Rule> {
    database::restore(ctx, &MANAGE, id).await
}

/// The rules that the filter lets through.
///
/// # Errors
/// As [`Ctx::read`].
pub async fn list(
    ctx: &Ctx,
    filter: ApprovalRuleFilter,
    sort: ApprovalRuleSort,
    page: Page,
) -> Result<Slice<Rule>> {
    let mut tx = ctx.read(&READ).await?;
    Ok(page!(
        tx, Rule, page, sort: ApprovalRuleSort { Priority => "priority", Name => "name" },
        "(archived_at is not null) = $3 and ($4::text is null or kind = $4)",
        [filter.is_archived, filter.kind.as_deref()],
    ))
}

// Rules.

const KIND_INVALID: Refusal =
    Refusal::of("kind", "KIND_INVALID", "give the kind of what is asked for, such as leave.request");
const CATEGORY_NOT_FOUND: Refusal =
    Refusal::of("categoryId", "CATEGORY_NOT_FOUND", "there is no such category of what this kind is about");
const DEPARTMENT_NOT_FOUND: Refusal =
    Refusal::of("departmentId", "DEPARTMENT_NOT_FOUND", "there is no such department in use");
const ROLE_DECIDES_NOTHING: Refusal =
    Refusal::of("role", "ROLE_DECIDES_NOTHING", "customers and vendors decide on nothing; give another role");
const AMOUNTS_CROSSED: Refusal =
    Refusal::of("amountMax", "AMOUNTS_CROSSED", "the greatest amount is less than the least");
const NAMES_NOBODY: Refusal =
    Refusal::of("who", "STEP_NAMES_NOBODY", "give the level, the role or the member that the step names");

const STEPS_MAX: usize = 10;

async fn fill_in(tx: &mut Tx, rule: &mut Rule, input: ApprovalRuleUpdateInput) -> Result<Vec<RuleStep>> {
    let amounts = Decimal::ZERO..=Decimal::from(999_999_999_999_999_i64);
    let (mut form, mut steps, before) = (Form::default(), Vec::new(), rule.clone());
    form.set("kind", input.kind, &mut rule.kind);
    check_kind(tx, &mut form, rule, &before).await?;
    form.name("name", input.name, &mut rule.name);
    form.number("priority", input.priority, 1..=1000, &mut rule.priority);
    form.optional_decimal("amountMin", input.amount_min, amounts.clone(), 4, &mut rule.amount_min);
    form.optional_decimal("amountMax", input.amount_max, amounts, 4, &mut rule.amount_max);
    if rule.amount_min.zip(rule.amount_max).is_some_and(|(min, max)| min > max) {
        form.refuse(AMOUNTS_CROSSED);
    }
    form.optional(input.category_id, &mut rule.category_id);
    form.optional(input.department_id, &mut rule.department_id);
    check_references(tx, &mut form, rule, &before).await?;
    form.each("steps", input.steps, 1..=STEPS_MAX, &mut steps, step);
    for (step, position) in steps.iter_mut().zip(1..) {
        step.position = position;
        if let Some(id) = step.membership_id
            && !people::works_here(tx, id).await?
        {
            form.refuse(MEMBER_NOT_FOUND.at(format!("steps.{}.memberId", position - 1)));
        }
    }
    form.check()?;
    Ok(steps)
}

async fn check_kind(tx: &mut Tx, form: &mut Form, rule: &Rule, before: &Rule) -> Result<()> {
    // A new rule's was nothing before, which is no kind either.
    if rule.version == 0 || rule.kind != before.kind {
        let kinds = kinds(tx).await?;
        if !kinds.contains(&rule.kind) {
            form.refuse(KIND_INVALID.saying(format!("give one of the kinds: {}", kinds.join(", "))));
        }
    }
    Ok(())
}

/// Whether what a rule begins to be for is there; what it was for before may stay.
async fn check_references(tx: &mut Tx, form: &mut Form, rule: &Rule, before: &Rule) -> Result<()> {
    let is_new = rule.category_id != before.category_id || rule.kind != before.kind;
    if let Some(id) = rule.category_id.filter(|_| is_new)
        && !has_category(tx, &rule.kind, id).await?
    {
        form.refuse(CATEGORY_NOT_FOUND);
    }
    if let Some(id) = rule.department_id.filter(|_| rule.department_id != before.department_id)
        && !has_department(tx, id).await?
    {
        form.refuse(DEPARTMENT_NOT_FOUND);
    }
    Ok(())
}

/// A step as the form has it: what it does not name by is left out.
fn step(form: &mut Form, input: ApprovalRuleStepInput) -> RuleStep {
    let (mut level, mut due_in_days) = (None, None);
    if input.who == Who::Manager {
        form.optional_number("level", Some(input.level.or(Some(1))).into(), 1..=10, &mut level);
    }
    form.optional_number("dueInDays", Some(input.due_in_days).into(), 1..=365, &mut due_in_days);
    let role = input.role.filter(|_| input.who == Who::Role);
    let membership_id = input.member_id.filter(|_| input.who == Who::Member);
    if input.who != Who::Manager && role.is_none() && membership_id.is_none() {
        form.refuse(NAMES_NOBODY);
    }
    if matches!(role, Some(Role::Client | Role::Supplier)) {
        form.refuse(ROLE_DECIDES_NOTHING);
    }
    let quorum = input.quorum.unwrap_or_default();
    RuleStep { position: 0, who: input.who, level, role, membership_id, quorum, due_in_days }
}

impl Offered for Rule {
    fn offered(&self) -> Vec<Offer> {
        let archiving = if self.is_archived() { "approvalRuleRestore" } else { "approvalRuleArchive" };
        vec![("approvalRuleUpdate", &MANAGE), (archiving, &MANAGE)]
    }
}

// SQL.

/// What can be asked for: what modules have registered.
async fn kinds(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("select name from approval.kind order by name").fetch_all(tx.conn()).await?)
}

async fn has_category(tx: &mut Tx, kind: &str, id: CategoryId) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select approval.has_category($1, $2) as "is_there!""#, kind, id as CategoryId,)
        .fetch_one(tx.conn())
        .await?)
}

/// Whether a department is there and in use, whoever works there.
async fn has_department(tx: &mut Tx, id: DepartmentId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from people.department where id = $1 and not is_archived) as "is_there!""#,
        id as DepartmentId,
    )
    .fetch_one(tx.conn())
    .await?)
}

// GraphQL.

inputs! {
    /// The fields of a new approval rule.
    ApprovalRuleCreateInput,
    /// The fields of an approval rule to change; those that are absent stay as they are.
    ApprovalRuleUpdateInput {
        /// What it is about, such as leave.request; one of the kinds of things that are decided on.
        required kind: String,
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// Its place, 1 to 1,000: of the rules that fit, the one with the smallest number holds.
        required priority: i32,
        /// The least amount that it is for; null for any.
        nullable amount_min: Decimal,
        /// The greatest amount that it is for; null for any.
        nullable amount_max: Decimal,
        /// The id of the only category that it is for, such as a leave type; null for any.
        nullable category_id: CategoryId,
        /// The id of the only department whose people it is for; null for any.
        nullable department_id: DepartmentId,
        /// Its steps in order: 1 to 10.
        required steps: Vec<ApprovalRuleStepInput>,
    }
}

/// A step of an approval rule.
#[derive(Clone, Debug, InputObject)]
pub struct ApprovalRuleStepInput {
    /// Whom the step names: a manager, a role or a member.
    pub who: Who,
    /// Of a manager: how far above the employee, 1 to 10; the direct one when absent.
    pub level: Option<i32>,
    /// The role that it names.
    pub role: Option<Role>,
    /// The id of the membership that it names.
    pub member_id: Option<MembershipId>,
    /// How many of them it takes; one when absent.
    pub quorum: Option<Quorum>,
    /// After how many days it waits for the office as well, and one verdict is enough, 1 to 365; never when absent. The
    /// office may decide at any time before that, each of its members once on the whole approval.
    pub due_in_days: Option<i32>,
}

/// Which approval rules a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct ApprovalRuleFilter {
    /// What they are about, such as leave.request.
    pub kind: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of approval rules is ordered.
    ApprovalRuleSort {
        /// By their priority.
        Priority,
        /// By the name of the approval rule.
        Name,
    }
}
