//! Alpine Works as it is founded: places, departments, people, and what they are due of leave.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Duration, NaiveDate};
use serde_json::{Value, json};

use super::asking::{Caller, Mutation};
use super::calendar::{PLACES, Week};
use super::log_in::{LogIn, accept, invite};
use super::people::{MANAGEMENT, PEOPLE, Person, TEAMS, everybody, name};
use crate::Failure;

/// Alpine Works, with everybody who can act in it.
pub(super) struct Company {
    pub(super) today: NaiveDate,
    pub(super) owner: LogIn,
    pub(super) hr: LogIn,
    pub(super) people: Vec<Person>,
    /// The ids of the employees, in the order of the people.
    pub(super) employees: Vec<String>,
    /// Who is logged in, by their place in the list of people.
    pub(super) log_ins: BTreeMap<usize, LogIn>,
    /// The ids of the leave types, by [`Kind`](super::leave::Kind).
    pub(super) leave_types: Vec<String>,
    /// The id of the policy that becomes the default.
    pub(super) standard: String,
}

/// The tokens of those who are to come in, by their place in the list of people.
type Invited = BTreeMap<usize, String>;

/// What has to be there before anybody is hired, as ids in the order of their tables.
struct Ground {
    places: Vec<String>,
    schedules: Vec<String>,
    departments: Vec<String>,
}

impl Company {
    /// Makes everything that a year of leave needs.
    pub(super) async fn found(nobody: &Caller, owner: LogIn, today: NaiveDate) -> Result<Self, Failure> {
        let people = everybody();
        let invited = invite_everybody(&owner.caller, &people).await?;
        let hr_at = head_of(&people, PEOPLE);
        let (mut heads, late): (Invited, Invited) =
            invited.into_iter().partition(|(at, _)| people[*at].is_head());
        let hr_token = heads.remove(&hr_at).unwrap_or_default();
        let hr_name = people[hr_at].name();
        let (ground, hr) =
            tokio::try_join!(prepare(&owner.caller, today), accept(nobody, &hr_token, &hr_name))?;
        // Passwords take their time: those who are to decide come in while the others are hired.
        let (mut log_ins, employees, (leave_types, [standard, part_time])) = tokio::try_join!(
            accept_all(nobody, &people, &heads),
            hire(&hr.caller, &people, &ground, today),
            set_leave_up(&hr.caller)
        )?;
        log_ins.insert(head_of(&people, MANAGEMENT), owner.clone());
        log_ins.insert(hr_at, hr.clone());
        let mut company = Self { today, owner, hr, people, employees, log_ins, leave_types, standard };
        let ((), (), late) = tokio::try_join!(
            company.appoint(&ground.departments),
            company.let_go_and_cover(&part_time),
            accept_all(nobody, &company.people, &late)
        )?;
        company.link(&late).await?;
        company.log_ins.extend(late);
        Ok(company)
    }

    /// Links the heads to their log-ins, and the departments to their heads.
    async fn appoint(&self, departments: &[String]) -> Result<(), Failure> {
        self.link(&self.log_ins).await?;
        let update = Mutation::new(
            "departmentUpdate",
            &[("id", "ID!"), ("input", "DepartmentUpdateInput!")],
            "department { id }",
        );
        let rows = departments.iter().enumerate().map(|(team, id)| {
            let head = &self.employees[head_of(&self.people, team)];
            json!({ "id": id, "input": { "version": 1, "headId": head } })
        });
        self.owner.caller.each(&update, rows.collect()).await.map(drop)
    }

    /// Says of employees who they are when they log in.
    async fn link(&self, log_ins: &BTreeMap<usize, LogIn>) -> Result<(), Failure> {
        const LINK: &str = "mutation($rows: [EmployeeUpdateRow!]!) {
            employeeUpdateBulk(rows: $rows) { results { userErrors { message } } userErrors { message } } }";
        let row = |(at, log_in): (&usize, &LogIn)| json!({ "id": self.employees[*at], "input": { "version": 1, "membershipId": log_in.membership } });
        let rows: Vec<_> = log_ins.iter().map(row).collect();
        self.hr.caller.ask(LINK, json!({ "rows": rows })).await.map(drop)
    }

    /// Ends the employments that have ended, and gives everybody a policy from last year on.
    async fn let_go_and_cover(&self, part_time: &str) -> Result<(), Failure> {
        let terminate = Mutation::new(
            "employeeTerminate",
            &[("id", "ID!"), ("input", "EmployeeTerminateInput!")],
            "employee { id }",
        );
        let reasons = ["RESIGNATION", "RETIREMENT", "END_OF_CONTRACT"];
        let leavers =
            self.people.iter().zip(&self.employees).filter_map(|(person, id)| Some((person.left?, id)));
        let rows = leavers.zip(reasons).map(|((left, id), reason)| {
            let last = self.today - Duration::days(left);
            json!({ "id": id, "input": { "lastWorkingDay": last, "terminationType": reason } })
        });
        self.hr.caller.each(&terminate, rows.collect()).await?;
        let (part, full): (Vec<_>, Vec<_>) =
            self.people.iter().zip(&self.employees).partition(|(person, _)| person.week == Week::Part);
        tokio::try_join!(self.cover(&self.standard, &full), self.cover(part_time, &part)).map(drop)
    }

    async fn cover(&self, policy: &str, whom: &[(&Person, &String)]) -> Result<(), Failure> {
        const ASSIGN: &str = "mutation($input: LeavePolicyAssignBulkInput!) {
            leavePolicyAssignBulk(input: $input) { results { userErrors { message } } userErrors { message } } }";
        let first_day = NaiveDate::from_ymd_opt(self.today.year() - 1, 1, 1);
        // What the one of HR is due, somebody else enters.
        let own = self.log_ins.iter().find(|(_, log_in)| log_in.membership == self.hr.membership);
        let own = own.map(|(at, _)| &self.employees[*at]);
        let (own, others): (Vec<_>, Vec<_>) = whom.iter().map(|(_, id)| *id).partition(|id| Some(*id) == own);
        for (log_in, ids) in [(&self.hr, others), (&self.owner, own)] {
            if !ids.is_empty() {
                let input = json!({ "employeeIds": ids, "policyId": policy, "firstDay": first_day });
                log_in.caller.ask(ASSIGN, json!({ "input": input })).await?;
            }
        }
        Ok(())
    }
}

/// The head of a team, by their place in the list of people.
pub(super) fn head_of(people: &[Person], team: usize) -> usize {
    people.iter().position(|person| person.team == team && person.is_head()).unwrap_or_default()
}

/// Invites everybody who is to log in, and three who have not answered; answers the tokens of the former.
async fn invite_everybody(owner: &Caller, people: &[Person]) -> Result<Invited, Failure> {
    // The owner is in already.
    let invited: Vec<_> = people
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(at, person)| Some((at, person, person.role?)))
        .collect();
    let rows = invited.iter().map(|(_, person, role)| (person.email.clone(), *role));
    let silent = (people.len()..).map(name).zip(["MEMBER", "ACCOUNTANT", "RECRUITER"]);
    let silent =
        silent.map(|((first, last), role)| (format!("{first}.{last}@alpine.example").to_lowercase(), role));
    let tokens = invite(owner, &rows.chain(silent).collect::<Vec<_>>()).await?;
    Ok(invited.iter().map(|(at, ..)| *at).zip(tokens).collect())
}

/// Lets people in, one after the other: their passwords are hashed one at a time anyway.
async fn accept_all(
    nobody: &Caller,
    people: &[Person],
    invited: &Invited,
) -> Result<BTreeMap<usize, LogIn>, Failure> {
    let mut log_ins = BTreeMap::new();
    for (at, token) in invited {
        log_ins.insert(*at, accept(nobody, token, &people[*at].name()).await?);
    }
    Ok(log_ins)
}

async fn prepare(owner: &Caller, today: NaiveDate) -> Result<Ground, Failure> {
    let schedules = Week::SCHEDULES.iter().enumerate().map(|(at, (name, days, hours))| {
        json!({ "name": name, "dayFractions": days, "hoursPerWeek": hours, "isDefault": at == 0 })
    });
    let (places, schedules, departments) = tokio::try_join!(
        make_places(owner, today),
        owner.create_all("workSchedule", schedules.collect()),
        make_departments(owner)
    )?;
    Ok(Ground { places, schedules, departments })
}

async fn make_places(owner: &Caller, today: NaiveDate) -> Result<Vec<String>, Failure> {
    let calendars = PLACES.iter().enumerate().map(|(at, place)| {
        json!({ "name": place.calendar, "isDefault": at == 0, "holidays": place.holidays_around(today) })
    });
    let calendars = owner.create_all("holidayCalendar", calendars.collect()).await?;
    let places = PLACES.iter().zip(calendars).map(|(place, calendar)| {
        json!({ "name": place.name, "timeZone": place.time_zone, "holidayCalendarId": calendar })
    });
    owner.create_all("workLocation", places.collect()).await
}

async fn make_departments(owner: &Caller) -> Result<Vec<String>, Failure> {
    let mut ids: Vec<String> = Vec::new();
    while ids.len() < TEAMS.len() {
        // As many as are part of something that is there.
        let next = TEAMS[ids.len()..].iter().take_while(|team| team.parent.is_none_or(|at| at < ids.len()));
        let next = next.map(|team| {
            json!({ "name": team.name, "code": team.code, "parentId": team.parent.map(|at| &ids[at]) })
        });
        let made = owner.create_all("department", next.collect()).await?;
        ids.extend(made);
    }
    Ok(ids)
}

/// Hires everybody, managers before those who report to them.
async fn hire(
    hr: &Caller,
    people: &[Person],
    ground: &Ground,
    today: NaiveDate,
) -> Result<Vec<String>, Failure> {
    let mut ids = vec![String::new(); people.len()];
    for depth in 0..=people.iter().map(Person::depth).max().unwrap_or_default() {
        let level: Vec<_> = (0..people.len()).filter(|at| people[*at].depth() == depth).collect();
        let inputs = level.iter().map(|at| {
            let person = &people[*at];
            employee(person, person.manager.map(|at| ids[at].as_str()), ground, today)
        });
        let made = hr.create_all("employee", inputs.collect()).await?;
        for (at, id) in level.into_iter().zip(made) {
            ids[at] = id;
        }
    }
    Ok(ids)
}

fn employee(person: &Person, manager: Option<&str>, ground: &Ground, today: NaiveDate) -> Value {
    let is_default = person.week == Week::Full;
    json!({
        "firstName": person.first_name,
        "lastName": person.last_name,
        "workEmail": person.email,
        "employmentType": if person.week == Week::Part { "PART_TIME" } else { "FULL_TIME" },
        "joinedOn": today - Duration::days(person.joined),
        "departmentId": ground.departments[person.team],
        "managerId": manager,
        "workLocationId": ground.places[person.place_index()],
        "workScheduleId": (!is_default).then(|| &ground.schedules[person.week as usize]),
    })
}

/// The leave types, and the policies for those who work all of the week and a part of it.
///
/// A year's leave is entered in one go, so the types let everything be entered late at first.
async fn set_leave_up(hr: &Caller) -> Result<(Vec<String>, [String; 2]), Failure> {
    let kind = |name: &str, code: &str, more: Value| {
        let mut input = json!({ "name": name, "code": code, "backdateDaysMax": 366 });
        for (field, value) in more.as_object().into_iter().flatten() {
            input[field] = value.clone();
        }
        input
    };
    let kinds = vec![
        kind("Annual leave", "ANNUAL", json!({ "overdraftDays": "3" })),
        kind("Sick leave", "SICK", json!({ "requiresBalance": false })),
        kind("Unpaid leave", "UNPAID", json!({ "requiresBalance": false, "paidPercent": 0 })),
        kind(
            "Parental leave",
            "PARENTAL",
            json!({ "requiresBalance": false, "paidPercent": 80, "unit": "DAY", "countsWeekends": true,
                "countsHolidays": true }),
        ),
        kind("Training", "TRAINING", json!({ "consecutiveDaysMax": 5 })),
    ];
    let types = hr.create_all("leaveType", kinds).await?;
    let line = |at: usize, days: &str, accrual: &str, carried: &str| {
        json!({ "leaveTypeId": types[at], "daysPerYear": days, "accrual": accrual,
            "carryForwardDaysMax": carried, "carryForwardMonths": 3 })
    };
    let policies = vec![
        json!({ "name": "Standard",
            "lines": [line(0, "25", "UPFRONT", "5"), line(4, "5", "UPFRONT", "0")] }),
        json!({ "name": "Part time",
            "lines": [line(0, "15", "MONTHLY", "3"), line(4, "3", "UPFRONT", "0")] }),
    ];
    let policies = hr.create_all("leavePolicy", policies).await?;
    let policies = <[String; 2]>::try_from(policies);
    Ok((types, policies.map_err(|_| Failure("the demo has two leave policies".into()))?))
}
