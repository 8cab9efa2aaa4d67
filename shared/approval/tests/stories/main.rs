//! Stories about approvals, told to the engine by people with roles.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

mod assignments;
mod clock;
mod concurrency;
mod delegations;
mod graph;
mod import;
mod office;
mod once;
mod people_rule;
mod random;
mod steps;
mod tenancy;

use approval::rule::{ApprovalRuleCreateInput, ApprovalRuleStepInput};
use approval::{Approved, Outcome, Quorum, Subject, Verdict, Who};
use common::{EmployeeId, Error, MembershipId, OrganizationId, Permission, Result, Role, Scope};
use database::{Ctx, Record, Tx};
use testing::{App, Person};
use uuid::Uuid;

common::id!(
    /// One thing that is asked for here.
    LeaveId
);

/// What is asked for here: as much of it as approvals know.
#[derive(Clone, Debug, Record)]
#[record("leave request", table = "leave.request", read = TEAM, graphql = "LeaveRequest")]
struct Leave {
    id: LeaveId,
}

impl Approved for Leave {
    const DECIDE: &'static Permission = &TEAM;
}

const KIND: &str = Leave::TABLE;
/// A right that holds for everybody's.
const ALL: Permission =
    Permission::new("test.all", "All.", &[(Role::Hr, Scope::All), (Role::Admin, Scope::All)]);
/// A right that reaches as far as one's team.
const TEAM: Permission = Permission::new("test.team", "Team.", common::PEOPLE_MATTERS);

/// An organization of people who report to each other.
struct Company {
    app: App,
    ada: Person,
}

impl Company {
    /// With one member of these roles.
    async fn of(roles: &[Role]) -> Self {
        let company = Self { app: App::start(vec![employee::subgraph()]).await, ada: Person::new(roles) };
        company.member(&company.ada, roles, true).await;
        // As the module's own migration does.
        company.change("select approval.register_kind('leave.request', 'people.work_schedule')").await;
        company
    }

    /// What things of the kind are sorted by here.
    async fn category(&self) -> approval::CategoryId {
        let id = Uuid::now_v7();
        let mut tx = self.tx().await;
        people::write::work_schedule(&mut tx, id, &[1.into(); 7], 40.into()).await.unwrap();
        tx.commit(()).await.unwrap();
        id.into()
    }

    /// Whether somebody is offered to decide, which is whether they can.
    async fn is_offered(&self, person: &Person, subject: Uuid) -> bool {
        let mut tx = self.tx_of(person).await;
        !approval::decidable::<Leave>(&mut tx, &[subject.into()]).await.unwrap().is_empty()
    }

    /// Changes something in the database, as a superuser.
    async fn change(&self, sql: &'static str) {
        use sqlx::Connection as _;
        let mut conn = sqlx::PgConnection::connect(&self.app.admin_url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    }

    fn organization(&self) -> OrganizationId {
        self.ada.member().organization_id
    }

    /// The system, in this organization.
    async fn tx(&self) -> Tx {
        let ctx = Ctx::system(self.app.database.clone(), "employee", self.organization(), "test");
        ctx.begin(&Permission::SYSTEM).await.unwrap()
    }

    /// Somebody in a transaction of a right that reaches as far as their roles' team.
    async fn tx_of(&self, person: &Person) -> Tx {
        self.app.ctx(person, "employee").begin(&TEAM).await.unwrap()
    }

    async fn member(&self, person: &Person, roles: &[Role], is_active: bool) {
        let mut tx = self.tx().await;
        people::write::member(&mut tx, id(person), roles, is_active).await.unwrap();
        tx.commit(()).await.unwrap();
    }

    /// Another member.
    async fn join(&self, roles: &[Role]) -> Person {
        let person = self.ada.colleague(roles);
        self.member(&person, roles, true).await;
        person
    }

    /// Writes the employee of a person into the directory.
    async fn employ(&self, person: &Person, manager: Option<EmployeeId>) -> EmployeeId {
        let employee = EmployeeId::new();
        self.employee(record(employee, person, manager)).await;
        employee
    }

    /// What the employee module's trigger tells of a department.
    async fn department(&self, id: approval::DepartmentId, is_archived: bool) {
        use sqlx::Connection as _;
        let mut conn = sqlx::PgConnection::connect(&self.app.admin_url).await.unwrap();
        sqlx::query("insert into people.department (organization_id, id, is_archived) values ($1, $2, $3)")
            .bind(self.organization())
            .bind(id)
            .bind(is_archived)
            .execute(&mut conn)
            .await
            .unwrap();
    }

    async fn employee(&self, record: people::Person) {
        let mut tx = self.tx().await;
        people::write::employees(&mut tx, &[record]).await.unwrap();
        tx.commit(()).await.unwrap();
    }

    async fn rule(&self, input: ApprovalRuleCreateInput) -> approval::Rule {
        let office = self.join(&[Role::Admin]).await;
        let rule = approval::rule::create(&self.app.ctx(&office, "employee"), input).await.unwrap();
        // Only there to make the rule: those who decide are the story's own.
        self.member(&office, &[Role::Member], false).await;
        rule
    }

    /// Asks for something; answers its id and who is to decide.
    async fn ask(&self, person: &Person) -> (Uuid, Vec<MembershipId>) {
        let subject = subject(person);
        let id = subject.id.0;
        (id, self.ask_for(person, subject).await)
    }

    async fn ask_for(&self, person: &Person, subject: Subject<Leave>) -> Vec<MembershipId> {
        let mut tx = self.tx_of(person).await;
        let assignees = approval::begin(&mut tx, subject).await.unwrap();
        tx.commit(()).await.unwrap();
        assignees
    }

    async fn waits_for(&self, subject: Uuid) -> Vec<MembershipId> {
        approval::assignees::<Leave>(&mut self.tx().await, subject.into()).await.unwrap()
    }

    async fn decide(&self, person: &Person, subject: Uuid, verdict: Verdict) -> Result<Outcome> {
        self.decide_by(&TEAM, person, subject, verdict).await
    }

    async fn decide_by(
        &self,
        right: &Permission,
        person: &Person,
        subject: Uuid,
        verdict: Verdict,
    ) -> Result<Outcome> {
        let mut tx = self.app.ctx(person, "employee").begin(right).await.unwrap();
        let outcome = approval::decide::<Leave>(&mut tx, subject.into(), id(person), verdict, None).await?;
        tx.commit(()).await?;
        Ok(outcome)
    }

    async fn approve(&self, person: &Person, subject: Uuid) -> Result<Outcome> {
        self.decide(person, subject, Verdict::Approved).await
    }

    /// What waits for somebody, as they see it.
    async fn inbox(&self, person: &Person) -> Vec<Uuid> {
        let ctx = self.app.ctx(person, "employee");
        let page = common::Page::new(Some(100), None).unwrap();
        let modules = ["leave".to_owned()].into();
        let slice = approval::waiting_for(&ctx, &modules, page).await.unwrap();
        slice.rows.into_iter().map(|(_, row)| row.subject_id).collect()
    }

    /// Lets time pass until an instant.
    fn until(&self, instant: &str) {
        let instant: chrono::DateTime<chrono::Utc> = instant.parse().unwrap();
        self.app.clock.advance(instant - self.app.clock.now());
    }

    async fn somebody_waits_for_a_lock(&self) {
        let sql = "select exists (select from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock')";
        while !self.look::<bool>(sql).await {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// One value of the database, as a superuser.
    async fn look<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        use sqlx::Connection as _;
        let mut conn = sqlx::PgConnection::connect(&self.app.admin_url).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
    }
}

fn id(person: &Person) -> MembershipId {
    person.member().membership_id
}

/// The ids of these, in order.
fn ids(people: &[&Person]) -> Vec<MembershipId> {
    let mut ids: Vec<_> = people.iter().map(|person| id(person)).collect();
    ids.sort();
    ids
}

fn record(id: EmployeeId, person: &Person, manager_id: Option<EmployeeId>) -> people::Person {
    people::Person {
        id,
        membership_id: Some(person.member().membership_id),
        manager_id,
        department_id: None,
        joined_on: "2020-01-01".parse().unwrap(),
        left_on: None,
        time_zone: "Europe/Berlin".to_owned(),
        work_schedule_id: None,
        holiday_calendar_id: None,
        former: Default::default(),
    }
}

/// Something that a person asks for.
fn subject(person: &Person) -> Subject<Leave> {
    Subject { id: LeaveId::new(), requester: id(person), employee_id: None, amount: None, category_id: None }
}

fn rule(steps: Vec<ApprovalRuleStepInput>) -> ApprovalRuleCreateInput {
    ApprovalRuleCreateInput {
        kind: KIND.to_owned(),
        name: "A rule".to_owned(),
        priority: 100,
        amount_min: None,
        amount_max: None,
        category_id: None,
        department_id: None,
        steps,
    }
}

fn by_manager(level: i32) -> ApprovalRuleStepInput {
    ApprovalRuleStepInput { level: Some(level), ..step(Who::Manager) }
}

fn by_role(role: Role, quorum: Quorum) -> ApprovalRuleStepInput {
    ApprovalRuleStepInput { role: Some(role), quorum: Some(quorum), ..step(Who::Role) }
}

fn by_member(person: &Person) -> ApprovalRuleStepInput {
    ApprovalRuleStepInput { member_id: Some(id(person)), ..step(Who::Member) }
}

fn step(who: Who) -> ApprovalRuleStepInput {
    ApprovalRuleStepInput { who, level: None, role: None, member_id: None, quorum: None, due_in_days: None }
}

/// The code of a refusal, or of an error.
#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result.unwrap_err() {
        Error::Refused(refusals) => refusals[0].code.to_string(),
        other => other.code().to_owned(),
    }
}
