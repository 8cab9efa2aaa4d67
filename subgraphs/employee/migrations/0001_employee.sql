-- Core HR: who works here, in which department and place, on which days.

create table employee.work_schedule (
    id uuid not null,
    organization_id uuid not null,
    name text not null constraint work_schedule_name_check check (length(name) between 1 and 100),
    -- How much of each day is worked, Monday first.
    day_fractions numeric[] not null constraint work_schedule_day_fractions_check
        check (cardinality(day_fractions) = 7 and day_fractions <@ array[0, 0.5, 1]),
    hours_per_week numeric not null
        constraint work_schedule_hours_per_week_check check (hours_per_week between 0 and 168),
    is_default boolean not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint work_schedule_pkey primary key (organization_id, id)
);
create unique index work_schedule_default_key on employee.work_schedule (organization_id) where is_default;
create index work_schedule_name_idx on employee.work_schedule (organization_id, name, id);

create table employee.holiday_calendar (
    id uuid not null,
    organization_id uuid not null,
    name text not null constraint holiday_calendar_name_check check (length(name) between 1 and 100),
    is_default boolean not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint holiday_calendar_pkey primary key (organization_id, id)
);
create unique index holiday_calendar_default_key on employee.holiday_calendar (organization_id) where is_default;
create index holiday_calendar_name_idx on employee.holiday_calendar (organization_id, name, id);

create table employee.holiday (
    id uuid not null,
    organization_id uuid not null,
    calendar_id uuid not null,
    date date not null,
    name text not null constraint holiday_name_check check (length(name) between 1 and 100),
    is_half_day boolean not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint holiday_pkey primary key (organization_id, id),
    constraint holiday_calendar_fkey foreign key (organization_id, calendar_id)
        references employee.holiday_calendar (organization_id, id),
    constraint holiday_date_key unique (organization_id, calendar_id, date)
);

create table employee.work_location (
    id uuid not null,
    organization_id uuid not null,
    name text not null constraint work_location_name_check check (length(name) between 1 and 100),
    -- A name of the IANA time zone database.
    time_zone text not null constraint work_location_time_zone_check check (length(time_zone) between 1 and 64),
    holiday_calendar_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint work_location_pkey primary key (organization_id, id),
    constraint work_location_holiday_calendar_fkey foreign key (organization_id, holiday_calendar_id)
        references employee.holiday_calendar (organization_id, id)
);
create index work_location_name_idx on employee.work_location (organization_id, name, id);
create index work_location_holiday_calendar_idx on employee.work_location (organization_id, holiday_calendar_id);

create table employee.department (
    id uuid not null,
    organization_id uuid not null,
    name text not null constraint department_name_check check (length(name) between 1 and 100),
    code text not null constraint department_code_check check (code ~ '^[A-Z0-9_-]{1,20}$'),
    parent_id uuid constraint department_own_parent_check check (parent_id <> id),
    head_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint department_pkey primary key (organization_id, id),
    constraint department_code_key unique (organization_id, code),
    constraint department_parent_fkey foreign key (organization_id, parent_id)
        references employee.department (organization_id, id)
);
create index department_name_idx on employee.department (organization_id, name, id);
create index department_parent_idx on employee.department (organization_id, parent_id);
create index department_head_idx on employee.department (organization_id, head_id);

-- The last employee number given out. Taken in the transaction that hires, so none is left out.
create table employee.employee_counter (
    organization_id uuid not null,
    last_number integer not null,
    constraint employee_counter_pkey primary key (organization_id)
);

create table employee.employee (
    id uuid not null,
    organization_id uuid not null,
    number text not null,
    first_name text not null constraint employee_first_name_check check (length(first_name) between 1 and 80),
    last_name text not null constraint employee_last_name_check check (length(last_name) between 1 and 80),
    -- In lower case, so that one mailbox is one key.
    work_email text not null constraint employee_work_email_check check (work_email = lower(work_email)),
    -- A membership of the tenant module: another module's id, so no foreign key.
    membership_id uuid,
    employment_type text not null constraint employee_employment_type_check
        check (employment_type in ('FULL_TIME', 'PART_TIME', 'CONTRACT', 'INTERN', 'TEMP')),
    status text not null constraint employee_status_check check (status in ('ACTIVE', 'TERMINATED')),
    joined_on date not null,
    last_working_day date constraint employee_last_working_day_check check (last_working_day >= joined_on),
    termination_type text constraint employee_termination_type_check
        check (termination_type in ('RESIGNATION', 'DISMISSAL', 'REDUNDANCY', 'RETIREMENT', 'END_OF_CONTRACT', 'DEATH')),
    department_id uuid,
    manager_id uuid constraint employee_own_manager_check check (manager_id <> id),
    work_location_id uuid,
    work_schedule_id uuid,
    holiday_calendar_id uuid,
    -- What lists are ordered and searched by.
    sort_name text not null generated always as (lower(last_name || ' ' || first_name)) stored,
    search_text text not null
        generated always as (lower(first_name || ' ' || last_name || ' ' || work_email || ' ' || number)) stored,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint employee_pkey primary key (organization_id, id),
    constraint employee_number_key unique (organization_id, number),
    constraint employee_termination_check
        check ((status = 'TERMINATED') = (last_working_day is not null and termination_type is not null)),
    constraint employee_department_fkey foreign key (organization_id, department_id)
        references employee.department (organization_id, id),
    constraint employee_manager_fkey foreign key (organization_id, manager_id)
        references employee.employee (organization_id, id),
    constraint employee_work_location_fkey foreign key (organization_id, work_location_id)
        references employee.work_location (organization_id, id),
    constraint employee_work_schedule_fkey foreign key (organization_id, work_schedule_id)
        references employee.work_schedule (organization_id, id),
    constraint employee_holiday_calendar_fkey foreign key (organization_id, holiday_calendar_id)
        references employee.holiday_calendar (organization_id, id)
);
-- Somebody who left does not stand in the way of a successor, or of their own return.
create unique index employee_work_email_key on employee.employee (organization_id, work_email)
    where status <> 'TERMINATED';
create unique index employee_membership_key on employee.employee (organization_id, membership_id)
    where status <> 'TERMINATED';
create index employee_name_idx on employee.employee (organization_id, sort_name, id);
create index employee_joined_on_idx on employee.employee (organization_id, joined_on, id);
create index employee_status_idx on employee.employee (organization_id, status, sort_name, id);
create index employee_department_idx on employee.employee (organization_id, department_id, sort_name, id);
create index employee_manager_idx on employee.employee (organization_id, manager_id, sort_name, id);
create index employee_work_location_idx on employee.employee (organization_id, work_location_id);

alter table employee.department add constraint department_head_fkey foreign key (organization_id, head_id)
    references employee.employee (organization_id, id);

-- What holds for an employee after inheritance: their own, else the location's, else the organization's.
-- Without a schedule they work Monday to Friday, without a calendar there are no holidays.
create view employee.employee_in_effect with (security_invoker = true) as
select e.organization_id, e.id as employee_id, e.status, e.membership_id, e.manager_id, e.department_id, e.joined_on,
       coalesce(l.time_zone, 'UTC') as time_zone,
       coalesce(e.work_schedule_id, s.id) as work_schedule_id,
       coalesce(e.holiday_calendar_id, l.holiday_calendar_id, c.id) as holiday_calendar_id
from employee.employee e
left join employee.work_location l on l.organization_id = e.organization_id and l.id = e.work_location_id
left join employee.work_schedule s on s.organization_id = e.organization_id and s.is_default
left join employee.holiday_calendar c on c.organization_id = e.organization_id and c.is_default;

grant select, insert, update on employee.work_schedule, employee.holiday_calendar, employee.work_location,
    employee.department, employee.employee_counter, employee.employee to innoerp_app;
grant select, insert, delete on employee.holiday to innoerp_app;
grant select on employee.employee_in_effect to innoerp_app;
