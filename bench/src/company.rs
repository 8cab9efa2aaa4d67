//! An organization with people in it, made through the API as its owner would.

use bytes::Bytes;
use chrono::{Datelike as _, NaiveDate, Utc};
use hyper::header::HeaderValue;
use serde_json::{Value, json};

use crate::Failure;
use crate::database::Database;
use crate::http::Connection;
use crate::traffic::{first_monday, working_day};

/// How many people it has.
const EMPLOYEES: u32 = 200;
const DEPARTMENTS: usize = 8;
const PASSWORD: &str = "ten horses and one battery";

const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) { session { accessToken } userErrors { message } } }";
const INVITE: &str =
    "mutation($input: MemberInviteInput!) { memberInvite(input: $input) { token userErrors { message } } }";
const ACCEPT: &str = "mutation($input: InvitationAcceptInput!) { invitationAccept(input: $input) { session { accessToken } userErrors { message } } }";
const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { session { accessToken } userErrors { message } } }";
const ME: &str = "{ me { user { id } membership { id } organization { id } } }";

/// The organization, and who asks for it.
pub struct Company {
    /// Those who look after its people, one for each client: whoever asks the same at the same time as somebody else
    /// is then not served along with them.
    pub people: Vec<Person>,
    /// What it gives.
    pub leave: Leave,
    /// Who works there.
    pub staff: Staff,
    /// The first day that anybody asks for.
    pub first_day: NaiveDate,
}

/// Somebody who is logged in.
pub struct Person {
    /// Their token, as it is sent.
    pub token: HeaderValue,
    /// Their ids.
    pub me: Me,
    email: String,
}

/// Kinds of leave, and who gets how much of them.
pub struct Leave {
    /// The kind that is asked for; it may be overdrawn by a year.
    pub annual: String,
    /// Another kind.
    pub training: String,
    /// Gives both to everybody.
    pub policy: String,
}

/// The people, and how they are organized.
pub struct Staff {
    /// When nobody works.
    pub calendar: String,
    /// Where they work.
    pub departments: Vec<String>,
    /// Everybody; the first one is the manager of all others.
    pub employees: Vec<String>,
}

/// Who somebody is, and where.
pub struct Me {
    /// The person.
    pub identity: String,
    /// Their place in the organization.
    pub membership: String,
    /// The organization.
    pub organization: String,
}

impl Company {
    /// Makes it on a system that listens on this port and works on this database, with so many people who ask.
    pub async fn found(port: u16, database: &Database, people_count: u32) -> Result<Self, Failure> {
        let mut owner = Client { connection: Connection::open(port).await?, token: None };
        let input = json!({ "organizationName": "Bench Works", "subdomain": "bench-works", "ownerName": "The Owner",
            "email": "owner@bench.example", "password": PASSWORD, "industryCode": "services" });
        let data = owner.ask(SIGN_UP, json!({ "input": input })).await?;
        owner.token = Some(bearer(&data, "/signUp/session/accessToken")?);

        let mut hr = Client { connection: Connection::open(port).await?, token: None };
        let mut people = Vec::new();
        for number in 1..=people_count {
            people.push(hr.join(&mut owner, number).await?);
        }
        let leave = hr.leave().await?;
        let boss = owner.me().await?.membership;
        let staff = hr.staff(&boss).await?;
        database.settle("employee.employee.hired", "leave").await?;
        Ok(Self { people, leave, staff, first_day: first_monday() })
    }

    /// Logs everybody in again: a token is good for ten minutes.
    pub async fn log_in(&mut self, port: u16) -> Result<(), Failure> {
        let mut client = Client { connection: Connection::open(port).await?, token: None };
        for person in &mut self.people {
            let input = json!({ "email": person.email, "password": PASSWORD });
            let data = client.ask(LOG_IN, json!({ "input": input })).await?;
            person.token = bearer(&data, "/logIn/session/accessToken")?;
        }
        Ok(())
    }

    /// A request for leave that nobody has made: one working day of the next employee.
    pub fn submission(&self, number: u32) -> Value {
        let employees = &self.staff.employees;
        let employee = &employees[number as usize % employees.len()];
        let day = working_day(self.first_day, number / EMPLOYEES).to_string();
        json!({ "employeeId": employee, "leaveTypeId": self.leave.annual, "firstDay": day, "lastDay": day })
    }
}

struct Client {
    connection: Connection,
    token: Option<HeaderValue>,
}

impl Client {
    async fn ask(&mut self, document: &str, variables: Value) -> Result<Value, Failure> {
        let body = Bytes::from(json!({ "query": document, "variables": variables }).to_string());
        let (_, answer) = self.connection.post("/graphql", self.token.as_ref(), body).await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        let is_refused = answer["data"].as_object().is_none_or(|data| {
            data.values().any(|field| field["userErrors"].as_array().is_some_and(|errors| !errors.is_empty()))
        });
        if is_refused || answer.get("errors").is_some() {
            return Err(format!("making the organization failed: {answer}").into());
        }
        Ok(answer["data"].clone())
    }

    /// Becomes one more person with the role HR.
    async fn join(&mut self, owner: &mut Client, number: u32) -> Result<Person, Failure> {
        let email = format!("hr{number}@bench.example");
        let input = json!({ "email": email, "roles": ["HR"] });
        let data = owner.ask(INVITE, json!({ "input": input })).await?;
        let input = json!({ "token": text(&data, "/memberInvite/token")?,
            "displayName": format!("Human Resources {number:02}"), "password": PASSWORD });
        self.token = None;
        let data = self.ask(ACCEPT, json!({ "input": input })).await?;
        let token = bearer(&data, "/invitationAccept/session/accessToken")?;
        self.token = Some(token.clone());
        Ok(Person { token, me: self.me().await?, email })
    }

    async fn me(&mut self) -> Result<Me, Failure> {
        let data = self.ask(ME, json!({})).await?;
        Ok(Me {
            identity: text(&data, "/me/user/id")?,
            membership: text(&data, "/me/membership/id")?,
            organization: text(&data, "/me/organization/id")?,
        })
    }

    /// Creates one thing with the mutation that its noun has; answers its id.
    async fn create(&mut self, noun: &str, input: Value) -> Result<String, Failure> {
        let mut name = noun.to_owned();
        name[..1].make_ascii_uppercase();
        let document = format!(
            "mutation($input: {name}CreateInput!) {{ {noun}Create(input: $input) {{ {noun} {{ id }} userErrors {{ message }} }} }}"
        );
        text(&self.ask(&document, json!({ "input": input })).await?, &format!("/{noun}Create/{noun}/id"))
    }

    async fn leave(&mut self) -> Result<Leave, Failure> {
        let annual = json!({ "name": "Annual leave", "code": "ANNUAL", "overdraftDays": "366" });
        let annual = self.create("leaveType", annual).await?;
        let training = self.create("leaveType", json!({ "name": "Training", "code": "TRAINING" })).await?;
        let policy = json!({ "name": "Standard", "isDefault": true, "lines": [
            { "leaveTypeId": annual, "daysPerYear": "25", "carryForwardDaysMax": "5", "carryForwardMonths": 3 },
            { "leaveTypeId": training, "daysPerYear": "5" }] });
        let policy = self.create("leavePolicy", policy).await?;
        Ok(Leave { annual, training, policy })
    }

    /// Hires everybody: a boss who can log in and decides, and the others, spread over departments.
    async fn staff(&mut self, boss: &str) -> Result<Staff, Failure> {
        let year = Utc::now().year();
        // A holiday that lies behind us: calendars are looked at, and no request falls on it.
        let calendar = json!({ "name": "Public holidays", "isDefault": true,
            "holidays": [{ "date": format!("{year}-01-01"), "name": "New Year's Day", "isHalfDay": false }] });
        let calendar = self.create("holidayCalendar", calendar).await?;
        let location =
            json!({ "name": "Head office", "timeZone": "Europe/Vienna", "holidayCalendarId": calendar });
        let location = self.create("workLocation", location).await?;
        let mut departments = Vec::new();
        for number in 1..=DEPARTMENTS {
            let department = json!({ "name": format!("Department {number}"), "code": format!("D{number}") });
            departments.push(self.create("department", department).await?);
        }
        let person = |number: u32| {
            json!({ "firstName": "Employee", "lastName": format!("Number {number:03}"),
                "workEmail": format!("employee{number}@bench.example"), "joinedOn": format!("{}-01-01", year - 1),
                "departmentId": departments[number as usize % DEPARTMENTS], "workLocationId": location })
        };
        let mut first = person(1);
        first["membershipId"] = boss.into();
        let mut employees = vec![self.create("employee", first).await?];
        for number in 2..=EMPLOYEES {
            let mut employee = person(number);
            employee["managerId"] = employees[0].clone().into();
            employees.push(self.create("employee", employee).await?);
        }
        Ok(Staff { calendar, departments, employees })
    }
}

fn text(data: &Value, pointer: &str) -> Result<String, Failure> {
    let found = data.pointer(pointer).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("making the organization failed: no {pointer} in {data}"))?.to_owned())
}

fn bearer(data: &Value, pointer: &str) -> Result<HeaderValue, Failure> {
    Ok(format!("Bearer {}", text(data, pointer)?).parse()?)
}
