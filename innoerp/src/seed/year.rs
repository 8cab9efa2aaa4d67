//! A year of leave at Alpine Works: asked for, decided, and what waits today.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, Weekday};
use futures::future::try_join_all;
use serde_json::{Value, json};

use super::alpine::{Company, head_of};
use super::asking::{Caller, Mutation, text};
use super::leave::{Fate, Leave, requests};
use super::people::{MANAGEMENT, OPERATIONS, PEOPLE, SUPPORT, SUSPENDED_SEAT};
use crate::Failure;

/// A request that was made, with its id.
struct Asked {
    leave: Leave,
    id: String,
}

impl Company {
    /// What was asked for and is decided.
    pub(super) async fn live_through_the_year(&self) -> Result<(), Failure> {
        let past: Vec<_> =
            requests(&self.people, self.today).into_iter().filter(|leave| !leave.waits()).collect();
        let asked = self.submit(past).await?;
        let rejected = |asked: &&Asked| asked.leave.fate == Fate::Rejected;
        let approved = |asked: &&Asked| matches!(asked.leave.fate, Fate::Approved | Fate::CalledOff);
        tokio::try_join!(
            self.decide("Approve", asked.iter().filter(approved), None),
            self.decide("Reject", asked.iter().filter(rejected), Some("Too many are away that week.")),
        )?;
        let cancel = Mutation::new("leaveRequestCancel", &[("id", "ID!")], "leaveRequest { id }");
        let cancelled = |asked: &&Asked| matches!(asked.leave.fate, Fate::CalledOff | Fate::TakenBack);
        let ids = asked.iter().filter(cancelled).map(|asked| json!({ "id": asked.id })).collect();
        self.hr.caller.each_at_once(&cancel, ids).await.map(drop)
    }

    /// What waits, who stands in, who is shut out, and the rules from here on.
    pub(super) async fn arrive_at_today(&self) -> Result<(), Failure> {
        self.rule_long_leave().await?;
        let waiting = requests(&self.people, self.today).into_iter().filter(Leave::waits).collect();
        let waiting = self.submit(waiting).await?;
        let half_way = waiting.iter().filter(|asked| asked.leave.fate == Fate::HalfWay);
        tokio::try_join!(
            self.decide("Approve", half_way, None),
            self.delegate(),
            self.suspend(),
            self.tighten()
        )?;
        self.read_what_is_decided(&waiting).await
    }

    /// Who asks for somebody's leave: themselves if they can log in, else HR. Nobody decides on what they asked for, so
    /// for the people of HR the owner asks.
    fn requester(&self, leave: &Leave) -> usize {
        let hr = head_of(&self.people, PEOPLE);
        match self.people[leave.person].manager {
            _ if self.log_ins.contains_key(&leave.person) => leave.person,
            Some(manager) if manager == hr => head_of(&self.people, MANAGEMENT),
            _ => hr,
        }
    }

    /// Asks for leave.
    async fn submit(&self, leaves: Vec<Leave>) -> Result<Vec<Asked>, Failure> {
        let submit = Mutation::new(
            "leaveRequestSubmit",
            &[("input", "LeaveRequestSubmitInput!")],
            "leaveRequest { id }",
        );
        let mut by: BTreeMap<usize, Vec<Leave>> = BTreeMap::new();
        for leave in leaves {
            by.entry(self.requester(&leave)).or_default().push(leave);
        }
        let asked = by.into_iter().map(|(requester, leaves)| {
            let (submit, caller) = (&submit, &self.log_ins[&requester].caller);
            async move {
                let rows = leaves.iter().map(|leave| json!({ "input": self.input(leave) })).collect();
                let done = caller.each_at_once(submit, rows).await?;
                let asked = leaves.into_iter().zip(done);
                asked.map(|(leave, done)| Ok(Asked { leave, id: text(&done, "/leaveRequest/id")? })).collect()
            }
        });
        let asked: Vec<Vec<Asked>> = try_join_all(asked).await?;
        Ok(asked.into_iter().flatten().collect())
    }

    fn input(&self, leave: &Leave) -> Value {
        let part = leave.is_morning.then_some("AM");
        json!({
            "employeeId": self.employees[leave.person],
            "leaveTypeId": self.leave_types[leave.kind as usize],
            "firstDay": leave.first_day,
            "lastDay": leave.last_day,
            "firstPart": part,
            "lastPart": part,
            "reason": leave.reason,
        })
    }

    /// Who decides on somebody's leave first; HR for whoever reports to nobody.
    fn decider(&self, leave: &Leave) -> usize {
        self.people[leave.person].manager.unwrap_or_else(|| head_of(&self.people, PEOPLE))
    }

    async fn decide(
        &self,
        verb: &str,
        asked: impl Iterator<Item = &Asked>,
        note: Option<&str>,
    ) -> Result<(), Failure> {
        let document = format!(
            "mutation($rows: [LeaveRequestRow!]!) {{ leaveRequest{verb}Bulk(rows: $rows) {{
                results {{ userErrors {{ message }} }} userErrors {{ message }} }} }}"
        );
        let mut by: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        for asked in asked {
            by.entry(self.decider(&asked.leave)).or_default().push(json!({ "id": asked.id, "note": note }));
        }
        let decided = by.into_iter().map(|(decider, rows)| {
            self.log_ins[&decider].caller.ask(document.clone(), json!({ "rows": rows }))
        });
        try_join_all(decided).await.map(drop)
    }

    /// Leave of eight days and more is for the manager, and then for HR.
    async fn rule_long_leave(&self) -> Result<(), Failure> {
        let input = json!({ "kind": "leave.request", "name": "Long leave", "priority": 10, "amountMin": "8",
            "steps": [{ "who": "MANAGER", "dueInDays": 7 }, { "who": "ROLE", "role": "HR" }] });
        self.hr.caller.create("approvalRule", input).await.map(drop)
    }

    /// The head of operations is away this week: the head of support decides as well.
    async fn delegate(&self) -> Result<(), Failure> {
        let head = |team| &self.log_ins[&head_of(&self.people, team)];
        let monday = self.today.week(Weekday::Mon).first_day();
        let input = json!({ "toId": head(SUPPORT).membership, "firstDay": monday,
            "lastDay": monday + Duration::days(6), "reason": "Annual leave" });
        head(OPERATIONS).caller.create("delegation", input).await.map(drop)
    }

    async fn suspend(&self) -> Result<(), Failure> {
        const SUSPEND: &str = "mutation($id: ID!) { memberSuspend(id: $id) { userErrors { message } } }";
        let seat = |at: &usize| (self.people[*at].team, self.people[*at].seat) == SUSPENDED_SEAT;
        let suspended = self.log_ins.iter().find(|(at, _)| seat(at)).map(|(_, log_in)| &log_in.membership);
        self.owner.caller.ask(SUSPEND, json!({ "id": suspended })).await.map(drop)
    }

    /// From here on leave is not entered a year later, and whoever is hired gets the standard policy.
    async fn tighten(&self) -> Result<(), Failure> {
        const DEFAULT: &str = "mutation($id: ID!, $input: LeavePolicyUpdateInput!) {
            leavePolicyUpdate(id: $id, input: $input) { userErrors { message } } }";
        let update = Mutation::new(
            "leaveTypeUpdate",
            &[("id", "ID!"), ("input", "LeaveTypeUpdateInput!")],
            "leaveType { id }",
        );
        // By kind of leave: days back, days ahead.
        let limits = [(0, 7), (30, 0), (0, 14), (30, 0), (7, 7)];
        let rows = self.leave_types.iter().zip(limits).map(|(id, (back, ahead))| {
            json!({ "id": id, "input": { "version": 1, "backdateDaysMax": back, "noticeDaysMin": ahead } })
        });
        let standard = json!({ "id": self.standard, "input": { "version": 1, "isDefault": true } });
        tokio::try_join!(self.hr.caller.each(&update, rows.collect()), self.hr.caller.ask(DEFAULT, standard))
            .map(drop)
    }

    /// What is announced arrives a moment later. Then those who decide read what is decided; what waits stays unread.
    async fn read_what_is_decided(&self, waiting: &[Asked]) -> Result<(), Failure> {
        let mut of: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for decider in self.log_ins.keys().filter(|at| self.people[**at].is_head()) {
            of.insert(*decider, BTreeSet::new());
        }
        for asked in waiting {
            of.entry(self.decider(&asked.leave)).or_default().insert(&asked.id);
        }
        let all = of.iter().map(|(at, waiting)| read_but(&self.log_ins[at].caller, waiting));
        try_join_all(all).await.map(drop)
    }
}

/// Waits until somebody is told of what waits for them, and marks the rest as read.
async fn read_but(caller: &Caller, first: &BTreeSet<&str>) -> Result<(), Failure> {
    const WAITING: &str = "{ myApprovals(first: 100) { nodes { subject { id } } } }";
    // Later steps wait as well, and not for those who decide first.
    let approvals = caller.ask(WAITING, json!({})).await?;
    let approvals = approvals["myApprovals"]["nodes"].as_array().cloned().unwrap_or_default();
    let ids = approvals.iter().filter_map(|approval| approval["subject"]["id"].as_str());
    let waiting: BTreeSet<&str> = ids.chain(first.iter().copied()).collect();
    const UNREAD: &str =
        "{ notifications(first: 100, filter: { isUnread: true }) { nodes { id link { id } } } }";
    const READ: &str = "mutation($ids: [ID!]!) {
        notificationMarkReadBulk(ids: $ids) { results { userErrors { message } } userErrors { message } } }";
    let is_waiting = |row: &&Value| row["link"]["id"].as_str().is_some_and(|id| waiting.contains(id));
    let nodes = |data: &Value| data["notifications"]["nodes"].as_array().cloned().unwrap_or_default();
    let is_told = |data: &Value| nodes(data).iter().filter(is_waiting).count() == waiting.len();
    caller.until(UNREAD, is_told).await?;
    let unread = nodes(&caller.ask(UNREAD, json!({})).await?);
    let ids: Vec<_> = unread.iter().filter(|row| !is_waiting(row)).map(|row| &row["id"]).collect();
    if ids.is_empty() {
        return Ok(());
    }
    caller.ask(READ, json!({ "ids": ids })).await.map(drop)
}
