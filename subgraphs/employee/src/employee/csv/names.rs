//! What files call things, looked up for all rows at once.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use common::{Refusal, Result, text};
use custom::Definitions;
use database::{Record, Tx};

use ::exchange::Sheet;

use super::columns::number;
use super::model::select_employee;
use crate::department::{Department, select_department};
use crate::employee::Employee;
use crate::holiday_calendar::{HolidayCalendar, select_holiday_calendar};
use crate::ids::{DepartmentId, EmployeeId, HolidayCalendarId, WorkLocationId, WorkScheduleId};
use crate::work_location::{WorkLocation, select_work_location};
use crate::work_schedule::{WorkSchedule, select_work_schedule};

pub(super) const ROW_NUMBER: &str = "number";
pub(super) const ROW_WORK_EMAIL: &str = "workEmail";

/// Whom and what rows name.
pub struct Names {
    pub(super) fields: Definitions,
    pub(super) people: People,
    pub(super) file: File,
    pub(super) departments: ByName<DepartmentId>,
    pub(super) locations: ByName<WorkLocationId>,
    pub(super) schedules: ByName<WorkScheduleId>,
    pub(super) calendars: ByName<HolidayCalendarId>,
}

impl Names {
    /// Those that the rows of a file name.
    pub(super) async fn of_sheet(tx: &mut Tx, sheet: &Sheet) -> Result<Self> {
        let codes = names_in(sheet, "department");
        let departments = select_department!("where code = any($1)", &codes).fetch_all(tx.conn()).await?;
        let names = names_in(sheet, "workLocation");
        let locations = select_work_location!("where name = any($1)", &names).fetch_all(tx.conn()).await?;
        let names = names_in(sheet, "workSchedule");
        let schedules = select_work_schedule!("where name = any($1)", &names).fetch_all(tx.conn()).await?;
        let names = names_in(sheet, "holidayCalendar");
        let calendars = select_holiday_calendar!("where name = any($1)", &names).fetch_all(tx.conn()).await?;
        Ok(Self {
            people: People::of_sheet(tx, sheet).await?,
            ..Self::of(tx, (departments, locations, schedules, calendars)).await?
        })
    }

    /// Those that employees refer to.
    pub(super) async fn of_employees(
        tx: &mut Tx,
        employees: impl Iterator<Item = &Employee>,
    ) -> Result<Self> {
        let (mut departments, mut locations, mut schedules, mut calendars, mut managers) =
            (HashSet::new(), HashSet::new(), HashSet::new(), HashSet::new(), HashSet::new());
        for employee in employees {
            departments.extend(employee.department_id);
            locations.extend(employee.work_location_id);
            schedules.extend(employee.work_schedule_id);
            calendars.extend(employee.holiday_calendar_id);
            managers.extend(employee.manager_id);
        }
        let departments = Department::select_many(tx, &Vec::from_iter(departments)).await?;
        let locations = WorkLocation::select_many(tx, &Vec::from_iter(locations)).await?;
        let schedules = WorkSchedule::select_many(tx, &Vec::from_iter(schedules)).await?;
        let calendars = HolidayCalendar::select_many(tx, &Vec::from_iter(calendars)).await?;
        Ok(Self {
            people: People::new(Employee::select_many(tx, &Vec::from_iter(managers)).await?),
            ..Self::of(tx, (departments, locations, schedules, calendars)).await?
        })
    }

    async fn of(
        tx: &mut Tx,
        found: (Vec<Department>, Vec<WorkLocation>, Vec<WorkSchedule>, Vec<HolidayCalendar>),
    ) -> Result<Self> {
        let (departments, locations, schedules, calendars) = found;
        Ok(Self {
            fields: Definitions::of::<Employee>(tx).await?,
            people: People::default(),
            file: File::default(),
            departments: ByName::new(&departments, |department| &department.code),
            locations: ByName::new(&locations, |location| &location.name),
            schedules: ByName::new(&schedules, |schedule| &schedule.name),
            calendars: ByName::new(&calendars, |calendar| &calendar.name),
        })
    }

    /// Whom a cell names: by number or work e-mail, in the file or beside it.
    pub(super) fn person(&self, cell: &str) -> Option<EmployeeId> {
        let as_number = number(cell).ok();
        let as_email = text::email(cell);
        let in_file = as_number.as_ref().and_then(|number| self.file.numbers.get(number).copied());
        let in_file = in_file.or_else(|| self.file.emails.get(as_email.as_ref()?).copied());
        let there = || {
            let by_number = as_number.as_ref().and_then(|number| self.people.by_number(number));
            by_number.or_else(|| self.people.by_email(as_email.as_ref()?)).map(|employee| employee.id)
        };
        in_file.or_else(there)
    }
}

/// The different names in a column, in the spelling that names are kept in.
fn names_in(sheet: &Sheet, column: &str) -> Vec<String> {
    let names: HashSet<String> = sheet.column(column).filter_map(|(_, cell)| spelt(cell)).collect();
    Vec::from_iter(names)
}

fn spelt(name: &str) -> Option<String> {
    text::name(name, common::Form::NAME_MAX)
}

/// Employees who are there.
#[derive(Default)]
pub(super) struct People {
    all: HashMap<EmployeeId, Employee>,
    numbers: HashMap<String, EmployeeId>,
    /// Of those who have not left.
    emails: HashMap<String, EmployeeId>,
}

impl People {
    fn new(employees: Vec<Employee>) -> Self {
        let mut people = Self::default();
        for employee in employees {
            people.numbers.insert(employee.number.clone(), employee.id);
            if employee.is_active() {
                people.emails.insert(employee.work_email.clone(), employee.id);
            }
            people.all.insert(employee.id, employee);
        }
        people
    }

    /// Those whom the rows of a file are about or name, locked.
    async fn of_sheet(tx: &mut Tx, sheet: &Sheet) -> Result<Self> {
        let cells = |column: &'static str| sheet.column(column).map(|(_, cell)| cell);
        let numbers: HashSet<String> =
            cells(ROW_NUMBER).chain(cells("manager")).filter_map(|cell| number(cell).ok()).collect();
        let emails: HashSet<String> =
            cells(ROW_WORK_EMAIL).chain(cells("manager")).filter_map(text::email).collect();
        let employees = select_employee!(
            "where id in (
                 select id from employee.employee where number = any($1)
                 union select id from employee.employee where work_email = any($2) and not employee.has_left(employee)
             ) order by id for update",
            &Vec::from_iter(numbers),
            &Vec::from_iter(emails),
        )
        .fetch_all(tx.conn())
        .await?;
        Ok(Self::new(employees))
    }

    pub(super) fn by_number(&self, number: &str) -> Option<&Employee> {
        self.all.get(self.numbers.get(number)?)
    }

    pub(super) fn by_email(&self, email: &str) -> Option<&Employee> {
        self.all.get(self.emails.get(email)?)
    }

    pub(super) fn is_active(&self, id: EmployeeId) -> bool {
        self.all.get(&id).is_some_and(Employee::is_active)
    }

    pub(super) fn number_of(&self, id: EmployeeId) -> Option<String> {
        self.all.get(&id).map(|employee| employee.number.clone())
    }
}

/// Whom the rows of a file are about, by what they call them.
#[derive(Default)]
pub(super) struct File {
    numbers: HashMap<String, EmployeeId>,
    emails: HashMap<String, EmployeeId>,
}

impl File {
    /// Adds the employee of a row; `false` when another one has the number.
    pub(super) fn add(&mut self, employee: &Employee, email: Option<String>) -> bool {
        let number = &employee.number;
        if !number.is_empty() && self.numbers.insert(number.clone(), employee.id).is_some() {
            return false;
        }
        if let Some(email) = email {
            self.emails.entry(email).or_insert(employee.id);
        }
        true
    }
}

/// Records of one kind by what files call them, which several may be called.
pub(super) struct ByName<Id> {
    /// Each with whether it is in use.
    ids: HashMap<String, Vec<(Id, bool)>>,
    names: HashMap<Id, String>,
}

impl<Id: Copy + Eq + Hash> ByName<Id> {
    fn new<R: Record<Id = Id>>(records: &[R], name: fn(&R) -> &String) -> Self {
        let mut by_name = Self { ids: HashMap::new(), names: HashMap::new() };
        for record in records {
            by_name.ids.entry(name(record).clone()).or_default().push((record.id(), !record.is_archived()));
            by_name.names.insert(record.id(), name(record).clone());
        }
        by_name
    }

    pub(super) fn name(&self, id: Option<Id>) -> Option<String> {
        self.names.get(&id?).cloned()
    }

    /// The one that a cell names; the one that is referred to already, if it is called so, and else one in use.
    pub(super) fn find<R: Record<Id = Id>>(&self, before: Option<Id>, cell: &str) -> Result<Id, Refusal> {
        let named = spelt(cell).and_then(|name| self.ids.get(&name)).map(Vec::as_slice).unwrap_or_default();
        if let Some(before) = before.filter(|before| named.iter().any(|(id, _)| id == before)) {
            return Ok(before);
        }
        let mut in_use = named.iter().filter(|(_, is_in_use)| *is_in_use).map(|(id, _)| *id);
        match (in_use.next(), in_use.next()) {
            (Some(id), None) => Ok(id),
            (Some(_), Some(_)) => {
                let message = format!("there is more than one {} of this name in use; rename one", R::NAME);
                Err(Refusal::whole("NAME_AMBIGUOUS", "").saying(message))
            }
            _ => {
                let message = format!("there is no such {} in use", R::NAME);
                Err(Refusal::whole(R::NOT_FOUND, "").saying(message))
            }
        }
    }
}
