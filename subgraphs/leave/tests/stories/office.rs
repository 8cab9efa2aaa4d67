//! A company on 29 November 2026, in which everything is given by hand.

use chrono::{DateTime, NaiveDate, Utc};
use common::Role;
use serde_json::{Value, json};
use testing::{Answer, Client, Person};
use uuid::Uuid;

use crate::company::{Company, text};

/// A company on 29 November 2026 whose policies are made and given by hand.
pub struct Office {
    pub company: Company,
    pub person: Person,
    pub employee: Uuid,
}

impl Office {
    pub async fn new() -> Self {
        let company = Company::new().await;
        let person = company.hr.colleague(&[Role::Member]);
        company.joined(&person).await;
        let office = Self { company, person, employee: Uuid::now_v7() };
        office.at("2026-11-29T12:00:00Z");
        // Nobody is given anything but by hand.
        let default = office.hr().run("{ leavePolicies { nodes { id version } } }").await.ok();
        let id = text(&default["leavePolicies"]["nodes"][0]["id"]);
        let none = json!({ "isDefault": false, "defaultFrom": "1900-01-01" });
        office.update_policy(&id, none).await.ok();
        office.hire("2026-01-01").await;
        office
    }

    pub fn hr(&self) -> Client<'_> {
        self.company.app.as_(&self.company.hr)
    }

    pub fn me(&self) -> Client<'_> {
        self.company.app.as_(&self.person)
    }

    pub fn at(&self, instant: &str) {
        let wanted: DateTime<Utc> = instant.parse().unwrap();
        let clock = &self.company.app.clock;
        clock.advance(wanted - clock.now());
    }

    pub fn entry(&self, joined_on: &str) -> people::Person {
        let manager = Some(self.company.manager_employee);
        let entry = self.company.entry(self.employee, Some(&self.person), manager);
        people::Person { joined_on: day(joined_on), ..entry }
    }

    pub async fn hire(&self, joined_on: &str) {
        self.company.set(self.entry(joined_on), "hired").await;
    }

    pub async fn correct(&self, entry: people::Person) {
        self.company.set(entry, "updated").await;
    }

    pub async fn policy_of(&self, leave_type: &str, name: &str, line: Value) -> String {
        let mut line = line;
        line["leaveTypeId"] = json!(leave_type);
        self.hr().create("leavePolicy", json!({ "name": name, "lines": [line] })).await
    }

    pub async fn policy(&self, name: &str, line: Value) -> String {
        self.policy_of(&self.company.annual, name, line).await
    }

    /// 24 days at once, of which 5 move on for 3 months.
    pub async fn p(&self) -> String {
        let line = json!({ "daysPerYear": "24", "carryForwardDaysMax": "5", "carryForwardMonths": 3 });
        self.policy("P", line).await
    }

    /// 30 days at once, of which 10 move on for 6 months.
    pub async fn p2(&self) -> String {
        let line = json!({ "daysPerYear": "30", "carryForwardDaysMax": "10", "carryForwardMonths": 6 });
        self.policy("P2", line).await
    }

    /// 24 days, month by month.
    pub async fn monthly(&self) -> String {
        self.policy("MN", json!({ "daysPerYear": "24", "accrual": "MONTHLY" })).await
    }

    pub async fn update_policy(&self, id: &str, input: Value) -> Answer {
        self.hr().update("leavePolicy", id, input).await
    }

    pub async fn assign(&self, policy: &str, first_day: &str) {
        let input = json!({ "policyId": policy, "employeeId": self.employee, "firstDay": first_day });
        self.hr().mutate("leavePolicyAssign", "employee", json!({ "input": input })).await.ok();
    }

    pub async fn ask(&self, first: &str, last: &str) -> Answer {
        self.me().run(&self.company.submission(first, last)).await
    }

    pub async fn asked(&self, first: &str, last: &str) -> String {
        text(&self.ask(first, last).await.ok()["leaveRequestSubmit"]["leaveRequest"]["id"])
    }

    pub async fn granted(&self, first: &str, last: &str) -> String {
        let id = self.asked(first, last).await;
        self.company.act(&self.company.hr, "Approve", &id).await.ok();
        id
    }

    /// What is there at the end of a day, and what can be asked for.
    pub async fn has(&self, as_of: &str) -> (String, String) {
        let query = "query($id: ID, $on: Date) { leaveBalances(employeeId: $id, asOf: $on) {
            leaveType { code } balance available } }";
        let variables = json!({ "id": self.employee, "on": as_of });
        let data = self.hr().run_with(query, variables).await.ok();
        let balances = data["leaveBalances"].as_array().unwrap();
        let annual = balances.iter().find(|balance| balance["leaveType"]["code"] == "ANNUAL").unwrap();
        (text(&annual["balance"]), text(&annual["available"]))
    }

    pub async fn balance(&self, as_of: &str) -> String {
        self.has(as_of).await.0
    }

    pub async fn preview(&self, first: &str, last: &str) -> (Vec<String>, String) {
        let query = "query($input: LeaveRequestSubmitInput!) { leaveRequestPreview(input: $input) {
            preview { balanceAfter problems { code } } userErrors { code } } }";
        let input = json!({ "leaveTypeId": self.company.annual, "firstDay": first, "lastDay": last });
        let data = self.me().run_with(query, json!({ "input": input })).await.ok();
        let preview = &data["leaveRequestPreview"]["preview"];
        let problems = preview["problems"].as_array().unwrap().iter().map(|problem| text(&problem["code"]));
        (problems.collect(), preview["balanceAfter"].as_str().unwrap_or_default().to_owned())
    }

    pub async fn status(&self, id: &str) -> (String, String) {
        let query = format!("{{ leaveRequest(id: \"{id}\") {{ status days }} }}");
        let data = self.hr().run(&query).await.ok();
        (text(&data["leaveRequest"]["status"]), text(&data["leaveRequest"]["days"]))
    }

    /// The events of a kind that this module announced, from the first one on.
    pub async fn told(&self, kind: &str) -> Vec<Value> {
        self.company.app.settle().await;
        let announced = self.company.app.announced().await;
        announced.into_iter().filter(|(of, _)| of == kind).map(|(_, payload)| payload).collect()
    }
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
