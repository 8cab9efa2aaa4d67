//! The columns of employees in a file.

use ::exchange::{Column, Exchange, Family, parse, print};
use async_graphql::MaybeUndefined::{Null, Undefined, Value};
use common::{Refusal, Result, text};
use graphql::Date;

use super::model::MANAGER_NOT_FOUND;
use super::names::{Names, ROW_NUMBER, ROW_WORK_EMAIL};
use crate::department::Department;
use crate::employee::{Employee, EmployeeUpdateInput};
use crate::holiday_calendar::HolidayCalendar;
use crate::work_location::WorkLocation;
use crate::work_schedule::WorkSchedule;

const NUMBER_INVALID: Refusal =
    Refusal::of("number", "NUMBER_INVALID", "give 1 to 40 characters that can be seen, or nothing");
const EMPLOYMENT_TYPE_UNKNOWN: Refusal = Refusal::whole(
    "EMPLOYMENT_TYPE_UNKNOWN",
    "give FULL_TIME, PART_TIME, CONTRACT, INTERN or TEMP, or nothing",
);
const LAST_WORKING_DAY_ONLY_READ: Refusal = Refusal::whole(
    "LAST_WORKING_DAY_ONLY_READ",
    "a file ends no employment; leave the cell as it was exported, and use employeeTerminate or employeeReinstate",
);
const DATE_INVALID: Refusal = Refusal::whole("DATE_INVALID", "give a day such as 2026-12-31");

/// A number as a cell has it.
pub(super) fn number(cell: &str) -> Result<String, Refusal> {
    const NUMBER_MAX: usize = 40;
    text::name(cell, NUMBER_MAX).ok_or(NUMBER_INVALID)
}

/// A column of a text that a row must have.
macro_rules! text_column {
    ($name:expr, $field:ident) => {
        Column {
            name: $name,
            field: $name,
            is_required: true,
            read: |cell, input| {
                input.$field = exchange::text(cell.text);
                Ok(())
            },
            write: |_, employee| Some(employee.$field.clone()),
        }
    };
}

/// A column of something that is referred to by what people call it.
macro_rules! reference_column {
    ($name:literal, $input:literal, $field:ident, $names:ident, $record:ty) => {
        Column {
            name: $name,
            field: $input,
            is_required: false,
            read: |cell, input| {
                input.$field = match cell.text {
                    Some(text) => {
                        let before = cell.before.and_then(|before| before.$field);
                        Value(cell.names.$names.find::<$record>(before, text)?)
                    }
                    None => Null,
                };
                Ok(())
            },
            write: |names, employee| names.$names.name(employee.$field),
        }
    };
}

impl Exchange for Employee {
    type Draft = EmployeeUpdateInput;
    type Names = Names;

    const IN_FILE: &'static [Column<Self>] = &[
        Column {
            name: ROW_NUMBER,
            field: "number",
            is_required: false,
            // It says whom the row is about, and is read before the row.
            read: |_, _| Ok(()),
            write: |_, employee| Some(employee.number.clone()),
        },
        text_column!("firstName", first_name),
        text_column!("lastName", last_name),
        text_column!(ROW_WORK_EMAIL, work_email),
        Column {
            name: "employmentType",
            field: "employmentType",
            is_required: false,
            // It is never nothing: an empty cell says nothing of it.
            read: |cell, input| {
                input.employment_type = match cell.text {
                    Some(text) => Value(parse(&text.to_ascii_uppercase()).ok_or(EMPLOYMENT_TYPE_UNKNOWN)?),
                    None => Undefined,
                };
                Ok(())
            },
            write: |_, employee| Some(print(&employee.employment_type)),
        },
        Column {
            name: "joinedOn",
            field: "joinedOn",
            is_required: true,
            read: |cell, input| {
                input.joined_on = match cell.text {
                    Some(text) => Value(parse(text).ok_or(DATE_INVALID)?),
                    None => Null,
                };
                Ok(())
            },
            write: |_, employee| Some(print(&employee.joined_on)),
        },
        Column {
            name: "lastWorkingDay",
            field: "lastWorkingDay",
            is_required: false,
            // An employment is ended one by one, for it asks who takes over: a row may say what is so already.
            read: |cell, _| {
                let day = cell.text.map(|text| parse::<Date>(text).ok_or(DATE_INVALID)).transpose()?;
                let is_so = day == cell.before.and_then(|before| before.last_working_day);
                if is_so { Ok(()) } else { Err(LAST_WORKING_DAY_ONLY_READ) }
            },
            write: |_, employee| employee.last_working_day.map(|day| print(&day)),
        },
        Column {
            name: "status",
            field: "status",
            is_required: false,
            // It follows from the days, and may be another one since the file was made.
            read: |_, _| Ok(()),
            write: |_, employee| Some(print(&employee.status)),
        },
        reference_column!("department", "departmentId", department_id, departments, Department),
        Column {
            name: "manager",
            field: "managerId",
            is_required: false,
            read: |cell, input| {
                input.manager_id = match cell.text {
                    Some(text) => Value(cell.names.person(text).ok_or(MANAGER_NOT_FOUND)?),
                    None => Null,
                };
                Ok(())
            },
            write: |names, employee| names.people.number_of(employee.manager_id?),
        },
        reference_column!("workLocation", "workLocationId", work_location_id, locations, WorkLocation),
        reference_column!("workSchedule", "workScheduleId", work_schedule_id, schedules, WorkSchedule),
        reference_column!(
            "holidayCalendar",
            "holidayCalendarId",
            holiday_calendar_id,
            calendars,
            HolidayCalendar
        ),
        Column {
            name: "tags",
            field: "tags",
            is_required: false,
            read: |cell, input| {
                let tags = cell.text.unwrap_or_default().split(',').filter(|tag| !tag.trim().is_empty());
                input.tags = Value(tags.map(ToOwned::to_owned).collect());
                Ok(())
            },
            write: |_, employee| Some(employee.tags.join(",")),
        },
    ];

    const FAMILY: Option<Family<Self>> = Some(Family {
        prefix: "custom.",
        field: "customFields",
        keys: |names| names.fields.keys().map(ToOwned::to_owned).collect(),
        read: |cell, input| {
            let before = cell.before.map(|before| &before.custom_fields);
            custom::take_in_cell(&mut input.custom_fields, before, cell.key, cell.text);
            Ok(())
        },
        write: |_, employee, key| employee.custom_fields.get(key),
    });

    fn is_number(names: &Names, key: &str) -> bool {
        names.fields.is_number(key)
    }
}
