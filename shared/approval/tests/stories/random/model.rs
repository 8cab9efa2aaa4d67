//! The model: the directory, one approval, and who can decide on it, worked out from nothing but these.

use std::collections::BTreeSet;

use approval::{Outcome, Verdict};
use chrono::{DateTime, Days, NaiveDate, Utc};
use common::{EmployeeId, MembershipId, Role};
use uuid::Uuid;

/// Somebody who works here.
#[derive(Clone, Debug)]
pub struct Somebody {
    pub id: MembershipId,
    pub employee_id: EmployeeId,
    pub manager: Option<usize>,
    pub left_on: Option<NaiveDate>,
    pub roles: Vec<Role>,
    pub is_active: bool,
}

/// A step: one of the three says whom it names.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub level: Option<usize>,
    pub role: Option<Role>,
    pub member: Option<usize>,
    pub is_all: bool,
    pub due_in_days: Option<u64>,
}

#[derive(Clone, Debug)]
struct Delegation {
    id: Uuid,
    from: usize,
    to: usize,
    first: NaiveDate,
    last: NaiveDate,
    is_ended: bool,
}

/// What was asked for, while it is pending.
#[derive(Clone, Debug)]
struct Asked {
    requester: usize,
    employee: usize,
    step: usize,
    since: DateTime<Utc>,
    /// Whether the step was due when the clock was last looked at.
    is_due: bool,
    /// Those whose verdict on this step is there.
    decided: BTreeSet<usize>,
    /// They, and those who gave it for them.
    spoke_here: BTreeSet<usize>,
    /// The same of all steps.
    spoke: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub people: Vec<Somebody>,
    pub rule: Vec<Step>,
    pub now: DateTime<Utc>,
    delegations: Vec<Delegation>,
    asked: Option<Asked>,
    was_asked: bool,
}

impl Model {
    pub fn new(now: DateTime<Utc>) -> Self {
        let direct_manager = Step { level: Some(1), ..Step::default() };
        Self {
            people: vec![],
            rule: vec![direct_manager],
            now,
            delegations: vec![],
            asked: None,
            was_asked: false,
        }
    }

    pub fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }

    pub fn hire(&mut self, manager: Option<usize>, roles: Vec<Role>) {
        let (id, employee_id) = (MembershipId::new(), EmployeeId::new());
        self.people.push(Somebody { id, employee_id, manager, left_on: None, roles, is_active: true });
    }

    pub fn insert(&self, rule: Uuid, position: i32, step: &Step) -> String {
        let text = |value: Option<String>| value.map_or("null".to_owned(), |value| format!("'{value}'"));
        format!(
            "insert into approval.rule_step (rule_id, position, who, level, role, membership_id, quorum, due_in_days)
             values ('{rule}', {position}, '{}', {}, {}, {}, '{}', {})",
            if step.level.is_some() {
                "MANAGER"
            } else if step.role.is_some() {
                "ROLE"
            } else {
                "MEMBER"
            },
            step.level.map_or("null".to_owned(), |level| level.to_string()),
            text(step.role.map(|role| role.as_str().to_owned())),
            text(step.member.map(|at| self.people[at].id.to_string())),
            if step.is_all { "ALL" } else { "ANY" },
            step.due_in_days.map_or("null".to_owned(), |days| days.to_string()),
        )
    }

    pub fn is_pending(&self) -> bool {
        self.asked.is_some()
    }

    pub fn begin(&mut self, requester: usize, employee: usize) {
        self.was_asked = true;
        self.asked = Some(Asked {
            requester,
            employee,
            step: 0,
            since: self.now,
            is_due: false,
            decided: BTreeSet::new(),
            spoke_here: BTreeSet::new(),
            spoke: BTreeSet::new(),
        });
    }

    pub fn end(&mut self) {
        self.asked = None;
    }

    pub fn delegate(&mut self, from: usize, to: usize, first: NaiveDate, last: NaiveDate) -> Uuid {
        let id = Uuid::now_v7();
        self.delegations.push(Delegation { id, from, to, first, last, is_ended: false });
        id
    }

    pub fn end_delegation(&mut self) -> Option<Uuid> {
        let open = self.delegations.iter_mut().find(|delegation| !delegation.is_ended)?;
        open.is_ended = true;
        Some(open.id)
    }

    pub fn wait(&mut self, now: DateTime<Utc>) {
        self.now = now;
        let steps = &self.rule;
        if let Some(asked) = &mut self.asked
            && let Some(days) = steps[asked.step].due_in_days
        {
            asked.is_due |= asked.since + Days::new(days) <= now;
        }
    }

    /// Takes a verdict in a transaction whose right is for all.
    pub fn decide(&mut self, by: usize, verdict: Verdict) -> Result<Outcome, &'static str> {
        let Some(mut asked) = self.asked.clone() else {
            return Err(if self.was_asked { "INVALID_TRANSITION" } else { "NOT_FOUND" });
        };
        let waiting = self.waiting(&asked);
        let mine: Vec<usize> =
            waiting.iter().filter(|(decides, _)| *decides == by).map(|(_, principal)| *principal).collect();
        let is_office = self.is_office(by);
        match () {
            () if !mine.is_empty() => {}
            () if by == asked.requester || by == asked.employee => return Err("OWN_REQUEST"),
            () if asked.spoke_here.contains(&by) || is_office && asked.spoke.contains(&by) => {
                return Err("ALREADY_DECIDED");
            }
            () if !is_office => return Err("NOT_APPROVER"),
            () => {}
        }
        if verdict == Verdict::Rejected {
            self.asked = None;
            return Ok(Outcome::Rejected);
        }
        asked.decided.extend(if mine.is_empty() { vec![by] } else { mine.clone() });
        for spoke in [&mut asked.spoke_here, &mut asked.spoke] {
            spoke.extend(mine.iter().copied().chain([by]));
        }
        let are_all = waiting.iter().all(|(_, principal)| asked.decided.contains(principal));
        let step = &self.rule[asked.step];
        let is_passed = mine.is_empty() || asked.is_due || !step.is_all || are_all;
        if is_passed && asked.step + 1 == self.rule.len() {
            self.asked = None;
            return Ok(Outcome::Approved);
        }
        if is_passed {
            (asked.step, asked.since, asked.is_due) = (asked.step + 1, self.now, false);
            (asked.decided, asked.spoke_here) = (BTreeSet::new(), BTreeSet::new());
        }
        self.asked = Some(asked);
        Ok(Outcome::Waiting(self.assignees()))
    }

    /// Who can decide now.
    pub fn assignees(&self) -> Vec<MembershipId> {
        let Some(asked) = &self.asked else { return vec![] };
        let ids: BTreeSet<_> =
            self.waiting(asked).into_iter().map(|(decides, _)| self.people[decides].id).collect();
        ids.into_iter().collect()
    }

    /// Who can decide now, and for whom.
    fn waiting(&self, asked: &Asked) -> BTreeSet<(usize, usize)> {
        let own = [asked.requester, asked.employee];
        let left = self.deciders(asked, own);
        let mut waiting: BTreeSet<(usize, usize)> = left.iter().map(|at| (*at, *at)).collect();
        for delegation in &self.delegations {
            let holds = !delegation.is_ended && (delegation.first..=delegation.last).contains(&self.today());
            if holds
                && left.contains(&delegation.from)
                && !own.contains(&delegation.to)
                && self.works(delegation.to)
            {
                waiting.insert((delegation.to, delegation.from));
            }
        }
        waiting
    }

    fn deciders(&self, asked: &Asked, own: [usize; 2]) -> BTreeSet<usize> {
        let able: BTreeSet<usize> =
            self.named(asked).into_iter().filter(|at| !own.contains(at) && self.works(*at)).collect();
        let mut found: BTreeSet<usize> = able.difference(&asked.spoke_here).copied().collect();
        if found.is_empty() || asked.is_due {
            found.extend(self.office(own, &asked.spoke));
        }
        let is_alone = !(0..self.people.len()).any(|at| !own.contains(&at) && self.works(at));
        let requester = is_alone || self.is_office(asked.requester);
        // Whoever has decided does so again where there is nobody else.
        let others = [
            self.office(own, &asked.spoke_here),
            able,
            self.office(own, &BTreeSet::new()),
            requester.then_some(asked.requester).into_iter().collect(),
        ];
        std::iter::once(found).chain(others).find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// The office but for these, by the directory's own rule.
    fn office(&self, own: [usize; 2], spoke: &BTreeSet<usize>) -> BTreeSet<usize> {
        let others = (0..self.people.len()).filter(|at| !own.contains(at) && !spoke.contains(at));
        let members = others.map(|at| &self.people[at]).map(|person| people::Member {
            id: person.id,
            roles: person.roles.clone(),
            is_active: person.is_active,
        });
        let found = people::office(&[], None, &members.collect::<Vec<_>>());
        (0..self.people.len()).filter(|at| found.contains(&self.people[*at].id)).collect()
    }

    fn works(&self, at: usize) -> bool {
        let person = &self.people[at];
        person.is_active && person.roles.iter().any(|role| *role != Role::Client)
    }

    fn is_office(&self, at: usize) -> bool {
        let person = &self.people[at];
        person.is_active && person.roles.iter().any(|role| people::OFFICE.contains(role))
    }

    fn named(&self, asked: &Asked) -> Vec<usize> {
        let step = &self.rule[asked.step];
        let holds =
            |role: Role| (0..self.people.len()).filter(|at| self.people[*at].roles.contains(&role)).collect();
        match (step.level, step.role, step.member) {
            (Some(level), ..) => {
                let mut line = std::iter::successors(Some(asked.employee), |at| self.people[*at].manager);
                let manager = line
                    .nth(level)
                    .filter(|at| self.people[*at].left_on.is_none_or(|left_on| self.today() <= left_on));
                manager.into_iter().collect()
            }
            (_, Some(role), _) => holds(role),
            (.., member) => member.into_iter().collect(),
        }
    }
}
