-- Names in the order that people expect, found without their accents: see core.searchable.
alter table employee.work_schedule drop search_text;
alter table employee.work_schedule alter name type text collate core.names,
    add search_text text not null generated always as (core.searchable(' ' || name)) stored;
alter table employee.holiday_calendar drop search_text;
alter table employee.holiday_calendar alter name type text collate core.names,
    add search_text text not null generated always as (core.searchable(' ' || name)) stored;
alter table employee.work_location drop search_text;
alter table employee.work_location alter name type text collate core.names,
    add search_text text not null generated always as (core.searchable(' ' || name)) stored;
alter table employee.department drop search_text;
alter table employee.department alter name type text collate core.names,
    add search_text text not null generated always as (core.searchable(' ' || name || ' ' || code)) stored;

alter table employee.employee drop search_text, drop sort_name;
alter table employee.employee
    add sort_name text collate core.names not null
        generated always as (lower(last_name || ' ' || first_name)) stored,
    add search_text text not null generated always as
        (core.searchable(' ' || first_name || ' ' || last_name || ' ' || work_email || ' ' || number)) stored;
create index employee_name_idx on employee.employee (organization_id, sort_name, id);
create index employee_status_idx on employee.employee (organization_id, status, sort_name, id);
create index employee_department_idx on employee.employee (organization_id, department_id, sort_name, id);
create index employee_manager_idx on employee.employee (organization_id, manager_id, sort_name, id);
create index employee_work_location_idx on employee.employee (organization_id, work_location_id, sort_name, id);

select core.protect_module('employee');
