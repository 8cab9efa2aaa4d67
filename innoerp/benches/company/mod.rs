//! A company to measure with, and a router over modules in this process.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use common::{Caller, Error, ModuleSet};
use graphql::Executable;
use router::{Config, RateLimits, Router, SubgraphSource, Tenancy};
use serde_json::{Value, json};
use testing::{App, Person};

/// Whoever asks is this caller, and sees everything: who they are is not what is measured.
struct Known(Caller, Arc<ModuleSet>);

#[async_trait]
impl Tenancy for Known {
    async fn authenticate(&self, _token: Option<&str>) -> Result<Caller, Error> {
        Ok(self.0.clone())
    }

    async fn modules(&self, _caller: &Caller) -> Result<Arc<ModuleSet>, Error> {
        Ok(self.1.clone())
    }
}

/// A router over modules, which takes whoever asks for this person.
pub async fn router(person: &Person, modules: Vec<(&str, Executable)>) -> Router {
    let ids: BTreeSet<String> = modules.iter().map(|(id, _)| (*id).to_owned()).collect();
    let source = |(id, executable): (&str, _)| SubgraphSource::InProcess { name: id.to_owned(), executable };
    let sources: Vec<_> = modules.into_iter().map(source).collect();
    let caller = Caller::Member(Arc::new(person.member().clone()));
    let config = Config { rate: RateLimits::off(), ..Config::default() };
    Router::new(config, sources, Arc::new(Known(caller, Arc::new(ids)))).await.unwrap()
}

/// The leave types and employees of a company, by their ids.
pub struct Company {
    pub leave_types: Vec<Value>,
    pub employees: Vec<Value>,
}

/// Some departments with people in them, who are due two kinds of leave.
pub async fn fill(app: &App, hr: &Person, employees: u32) -> Company {
    let mut leave_types = Vec::new();
    for (name, code) in [("Annual leave", "ANNUAL"), ("Training", "TRAINING")] {
        leave_types.push(create(app, hr, "leave", "leaveType", json!({ "name": name, "code": code })).await);
    }
    let lines: Vec<_> =
        leave_types.iter().map(|kind| json!({ "leaveTypeId": kind, "daysPerYear": "25" })).collect();
    let policy = json!({ "name": "Standard", "isDefault": true, "lines": lines });
    create(app, hr, "leave", "leavePolicy", policy).await;
    let mut departments = Vec::new();
    for number in 1..=8 {
        let department = json!({ "name": format!("Department {number}"), "code": format!("D{number}") });
        departments.push(create(app, hr, "employee", "department", department).await);
    }
    let mut made: Vec<Value> = Vec::new();
    for number in 1..=employees {
        let input = json!({ "firstName": "Employee", "lastName": format!("Number {number:03}"),
            "workEmail": format!("employee{number}@bench.example"), "joinedOn": "2025-01-01",
            "managerId": made.get(number as usize / 8),
            "departmentId": departments[number as usize % departments.len()] });
        made.push(create(app, hr, "employee", "employee", input).await);
    }
    app.settle().await;
    Company { leave_types, employees: made }
}

async fn create(app: &App, hr: &Person, module: &'static str, noun: &str, input: Value) -> Value {
    Value::String(app.as_(hr).on(module).create(noun, input).await)
}
