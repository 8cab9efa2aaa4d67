-- Versions, archives and indexed search for every noun; numbers from the shared series; the directory.

-- A migration runs as the owner, whom row-level security binds too; it is forced again afterwards.
alter table employee.work_schedule no force row level security;
alter table employee.holiday_calendar no force row level security;
alter table employee.holiday no force row level security;
alter table employee.work_location no force row level security;
alter table employee.department no force row level security;
alter table employee.employee no force row level security;
alter table employee.employee_counter no force row level security;
alter table common.number_series no force row level security;
alter table people.employee no force row level security;
alter table people.work_schedule no force row level security;
alter table people.holiday no force row level security;

alter table employee.work_schedule add version integer not null default 1, add archived_at timestamptz,
    add search_text text not null generated always as (lower(' ' || name)) stored;
alter table employee.holiday_calendar add version integer not null default 1, add archived_at timestamptz,
    add search_text text not null generated always as (lower(' ' || name)) stored;
alter table employee.work_location add version integer not null default 1, add archived_at timestamptz,
    add search_text text not null generated always as (lower(' ' || name)) stored;
alter table employee.department add version integer not null default 1, add archived_at timestamptz,
    add search_text text not null generated always as (lower(' ' || name || ' ' || code)) stored;
alter table employee.holiday add version integer not null default 1;
grant update on employee.holiday to innoerp_app;
alter table employee.employee drop search_text;
alter table employee.employee add search_text text not null generated always as
    (lower(' ' || first_name || ' ' || last_name || ' ' || work_email || ' ' || number)) stored;

-- A code is free again when what had it is archived.
alter table employee.department drop constraint department_code_key;
create unique index department_code_key on employee.department (organization_id, code) where archived_at is null;
create index department_code_idx on employee.department (organization_id, code, id);
create index employee_number_idx on employee.employee (organization_id, number, id);
drop index employee.employee_work_location_idx;
create index employee_work_location_idx on employee.employee (organization_id, work_location_id, sort_name, id);

insert into common.number_series (organization_id, key, pattern, is_yearly, year, last_number)
select organization_id, 'employee.employee', 'E-{number:5}', false, 2026, last_number from employee.employee_counter;
drop table employee.employee_counter;

create or replace view employee.employee_in_effect with (security_invoker = true) as
select e.organization_id, e.id as employee_id, e.status, e.membership_id, e.manager_id, e.department_id, e.joined_on,
       coalesce(l.time_zone, 'UTC') as time_zone,
       coalesce(e.work_schedule_id, s.id) as work_schedule_id,
       coalesce(e.holiday_calendar_id, l.holiday_calendar_id, c.id) as holiday_calendar_id,
       e.last_working_day
from employee.employee e
left join employee.work_location l on l.organization_id = e.organization_id and l.id = e.work_location_id
left join employee.work_schedule s on s.organization_id = e.organization_id and s.is_default
left join employee.holiday_calendar c on c.organization_id = e.organization_id and c.is_default;

insert into people.employee (organization_id, id, membership_id, manager_id, department_id, joined_on, left_on,
    time_zone, work_schedule_id, holiday_calendar_id)
select organization_id, employee_id, membership_id, manager_id, department_id, joined_on, last_working_day,
    time_zone, work_schedule_id, holiday_calendar_id
from employee.employee_in_effect;
insert into people.work_schedule (organization_id, id, day_fractions)
select organization_id, id, day_fractions from employee.work_schedule;
insert into people.holiday (organization_id, holiday_calendar_id, day, is_half_day)
select organization_id, calendar_id, date, is_half_day from employee.holiday;

select core.protect_module('common'), core.protect_module('people');
