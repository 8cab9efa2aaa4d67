//! Sequences at random, against a model that remembers nothing of who waits and works it out anew each time.

mod model;

use chrono::{DateTime, Days, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sqlx::AssertSqlSafe;

use self::model::{Model, Step};
use super::*;

const SEQUENCES: u64 = 1_000;
const MOVES: usize = 16;

#[tokio::test]
async fn whatever_happens_those_are_assigned_who_can_decide_and_nobody_else() {
    let company = Company::of(&[Role::Owner]).await;
    for seed in 0..SEQUENCES {
        let organization = OrganizationId::new();
        let ctx = Ctx::system(company.app.database.clone(), "employee", organization, "test");
        // One transaction each, which never commits: what is deferred to the commit is asked for after each move.
        let mut play = Play {
            tx: ctx.begin(&Permission::SYSTEM).await.unwrap(),
            model: Model::new(company.app.clock.now()),
            chance: StdRng::seed_from_u64(seed),
            subject: Uuid::now_v7(),
        };
        play.set_up().await;
        for at in 0..MOVES {
            let what = play.make_a_move().await;
            play.sql("set constraints all immediate; set constraints all deferred").await;
            let assigned = approval::assignees::<Leave>(&mut play.tx, play.subject.into()).await.unwrap();
            assert_eq!(assigned, play.model.assignees(), "seed {seed}, move {at}: {what}\n{:#?}", play.model);
        }
    }
}

/// A sequence that is under way.
struct Play {
    tx: Tx,
    model: Model,
    chance: StdRng,
    subject: Uuid,
}

impl Play {
    async fn sql(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(self.tx.conn()).await.unwrap();
    }

    fn anybody(&mut self) -> usize {
        self.chance.random_range(0..self.model.people.len())
    }

    /// People who report to each other, and a rule or none.
    async fn set_up(&mut self) {
        for at in 0..self.chance.random_range(1..7) {
            let manager = (at > 0 && self.chance.random_bool(0.8)).then(|| self.chance.random_range(0..at));
            let roles = self.roles();
            self.model.hire(manager, roles);
            self.write(at).await;
        }
        if self.chance.random_bool(0.8) {
            let rule = Uuid::now_v7();
            self.sql(&format!(
                "insert into approval.rule (id, kind, name, priority) values ('{rule}', '{KIND}', 'A rule', 1)"
            ))
            .await;
            self.model.rule = (1..=self.chance.random_range(1..4)).map(|_| self.step()).collect();
            for (step, position) in self.model.rule.clone().into_iter().zip(1..) {
                self.sql(&self.model.insert(rule, position, &step)).await;
            }
        }
    }

    fn roles(&mut self) -> Vec<Role> {
        let all = [Role::Owner, Role::Admin, Role::Hr, Role::Accountant, Role::Client];
        let roles: Vec<_> = all.into_iter().filter(|_| self.chance.random_bool(0.2)).collect();
        if roles.is_empty() { vec![Role::Member] } else { roles }
    }

    fn step(&mut self) -> Step {
        let mut step = Step {
            is_all: self.chance.random_bool(0.4),
            due_in_days: self.chance.random_bool(0.5).then(|| self.chance.random_range(1..4)),
            ..Step::default()
        };
        match self.chance.random_range(0..3) {
            0 => step.level = Some(self.chance.random_range(1..4)),
            1 => step.role = Some([Role::Accountant, Role::Hr][self.chance.random_range(0..2)]),
            _ => step.member = Some(self.anybody()),
        }
        step
    }

    /// Writes one of the people into the directory.
    async fn write(&mut self, at: usize) {
        let person = self.model.people[at].clone();
        people::write::member(&mut self.tx, person.id, &person.roles, person.is_active).await.unwrap();
        let employee = people::Person {
            id: person.employee_id,
            membership_id: Some(person.id),
            manager_id: person.manager.map(|at| self.model.people[at].employee_id),
            department_id: None,
            joined_on: "2020-01-01".parse().unwrap(),
            left_on: person.left_on,
            time_zone: "UTC".to_owned(),
            work_schedule_id: None,
            holiday_calendar_id: None,
            former: Default::default(),
        };
        people::write::employees(&mut self.tx, &[employee]).await.unwrap();
    }

    async fn make_a_move(&mut self) -> String {
        match self.chance.random_range(0..12) {
            0..=2 if !self.model.is_pending() => self.begin().await,
            0 => self.withdraw().await,
            1..=4 => self.decide().await,
            5..=8 => self.change_somebody().await,
            9 => self.delegate().await,
            10 => self.end_delegation().await,
            _ => self.wait().await,
        }
    }

    async fn begin(&mut self) -> String {
        let requester = self.anybody();
        let employee = if self.chance.random_bool(0.8) { requester } else { self.anybody() };
        let asked = Subject::<Leave> {
            id: self.subject.into(),
            requester: self.model.people[requester].id,
            employee_id: Some(self.model.people[employee].employee_id),
            amount: None,
            category_id: None,
        };
        let previewed = approval::preview(&mut self.tx, &asked).await.unwrap();
        self.model.begin(requester, employee);
        let assigned = approval::begin(&mut self.tx, asked).await.unwrap();
        // Those who stand in for them aside, it is as it was foretold.
        assert!(previewed[0].deciders.iter().all(|id| assigned.contains(id)));
        format!("{requester} asks for {employee}")
    }

    async fn withdraw(&mut self) -> String {
        approval::withdraw::<Leave>(&mut self.tx, self.subject.into()).await.unwrap();
        self.model.end();
        "withdrawn".to_owned()
    }

    async fn decide(&mut self) -> String {
        let by = self.anybody();
        let verdict = if self.chance.random_bool(0.85) { Verdict::Approved } else { Verdict::Rejected };
        let membership = self.model.people[by].id;
        // Each verdict as if in a transaction of its own: in one, a thing is decided on once.
        self.sql("select set_config('approval.decided', '', true)").await;
        let subject = self.subject.into();
        let decided = approval::decide::<Leave>(&mut self.tx, subject, membership, verdict, None).await;
        let decided = decided.map_err(|error| code::<()>(Err(error)));
        let expected = self.model.decide(by, verdict).map_err(ToOwned::to_owned);
        assert_eq!(decided, expected, "{by} decides {verdict:?}: {:#?}", self.model);
        format!("{by} decides {verdict:?}")
    }

    async fn change_somebody(&mut self) -> String {
        let at = self.anybody();
        let (today, roles) = (self.model.today(), self.roles());
        let manager = (at > 0 && self.chance.random_bool(0.7)).then(|| self.chance.random_range(0..at));
        let days = self.chance.random_range(0..4);
        let person = &mut self.model.people[at];
        match self.chance.random_range(0..4) {
            0 => person.manager = manager,
            1 => person.is_active = !person.is_active,
            2 => person.roles = roles,
            _ if person.left_on.is_some() => person.left_on = None,
            _ => person.left_on = today.checked_add_days(Days::new(days)).and_then(|day| day.pred_opt()),
        }
        self.write(at).await;
        format!("{at} changes")
    }

    async fn delegate(&mut self) -> String {
        let (from, to) = (self.anybody(), self.anybody());
        if from == to {
            return "nothing".to_owned();
        }
        let first = self.model.today() + Days::new(self.chance.random_range(0..3));
        let last = first + Days::new(self.chance.random_range(0..4));
        let id = self.model.delegate(from, to, first, last);
        let (from, to) = (self.model.people[from].id, self.model.people[to].id);
        self.sql(&format!(
            "insert into approval.delegation (id, from_membership_id, to_membership_id, first_day, last_day)
             values ('{id}', '{from}', '{to}', '{first}', '{last}')"
        ))
        .await;
        format!("{from} delegates to {to} from {first} to {last}")
    }

    async fn end_delegation(&mut self) -> String {
        let Some(id) = self.model.end_delegation() else { return "nothing".to_owned() };
        self.sql(&format!("update approval.delegation set ended_at = core.now() where id = '{id}'")).await;
        "a delegation ends".to_owned()
    }

    /// Lets time pass, and the job run.
    async fn wait(&mut self) -> String {
        let now: DateTime<Utc> = self.model.now + TimeDelta::hours(self.chance.random_range(1..60));
        self.model.wait(now);
        self.sql(&format!("select set_config('app.now', '{}', true)", now.to_rfc3339())).await;
        self.sql("select approval.follow_clock()").await;
        format!("it is {now}")
    }
}
