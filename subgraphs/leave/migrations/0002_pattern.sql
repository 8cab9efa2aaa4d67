-- Versions, archives and indexed search for every noun; whose leave is seen by whom; people from the directory.

-- A migration runs as the owner, whom row-level security binds too; it is forced again afterwards.
alter table leave.leave_type no force row level security;
alter table leave.policy no force row level security;
alter table leave.request no force row level security;
alter table leave.request_half_day no force row level security;
alter table leave.employee no force row level security;
alter table leave.work_schedule no force row level security;
alter table leave.holiday no force row level security;
alter table leave.member no force row level security;
alter table people.employee no force row level security;

-- What employee has announced is in the directory by now; whoever is missing there was announced by nobody else.
insert into people.employee (organization_id, id, membership_id, manager_id, joined_on, left_on, time_zone,
    work_schedule_id, holiday_calendar_id)
select organization_id, id, membership_id, manager_id, joined_on, left_on, time_zone, work_schedule_id,
    holiday_calendar_id
from leave.employee on conflict do nothing;

alter table leave.policy_assignment drop constraint policy_assignment_employee_fkey,
    add constraint policy_assignment_employee_fkey foreign key (organization_id, employee_id)
        references people.employee (organization_id, id);
alter table leave.request drop constraint request_employee_fkey,
    add constraint request_employee_fkey foreign key (organization_id, employee_id)
        references people.employee (organization_id, id);
alter table leave.account drop constraint account_employee_fkey,
    add constraint account_employee_fkey foreign key (organization_id, employee_id)
        references people.employee (organization_id, id);
drop table leave.employee, leave.work_schedule, leave.holiday, leave.member;

drop index leave.leave_type_code_key;
drop index leave.leave_type_name_idx;
alter table leave.leave_type rename deleted_at to archived_at;
alter table leave.leave_type add version integer not null default 1,
    alter paid_percent type integer,
    alter overdraft_days type numeric using trim_scale(overdraft_days),
    drop constraint leave_type_code_check, add constraint leave_type_code_check check (code ~ '^[A-Z0-9_-]{1,20}$'),
    add search_text text not null generated always as (lower(' ' || name || ' ' || code)) stored;
create unique index leave_type_code_key on leave.leave_type (organization_id, code) where archived_at is null;
create index leave_type_name_idx on leave.leave_type (organization_id, name, id);
create index leave_type_code_idx on leave.leave_type (organization_id, code, id);

drop index leave.policy_name_key;
alter table leave.policy add version integer not null default 1, add archived_at timestamptz,
    add search_text text not null generated always as (lower(' ' || name)) stored;
create unique index policy_name_key on leave.policy (organization_id, lower(name)) where archived_at is null;
create index policy_name_idx on leave.policy (organization_id, name, id);
grant update on leave.policy to innoerp_app;
alter table leave.policy_line
    alter days_per_year type numeric using trim_scale(days_per_year),
    alter carry_forward_days_max type numeric using trim_scale(carry_forward_days_max);

alter table leave.request alter days type numeric using trim_scale(days);
create index request_created_at_idx on leave.request (organization_id, created_at, id);

-- Who is away is seen by more people than who asked for what: it is told from the halves alone.
alter table leave.request_half_day add is_granted boolean not null default false;
update leave.request_half_day h set is_granted = true from leave.request r
where r.organization_id = h.organization_id and r.id = h.request_id and r.status = 'APPROVED' and h.is_active;

select core.scope_by_employee('leave.request', 'leave.request.read', 'employee_id');
select core.scope_by_employee('leave.request_half_day', 'leave.absence.read', 'employee_id');
select core.scope_by_employee('leave.ledger_entry', 'leave.balance.read', 'employee_id');
select core.scope_by_employee('leave.account', 'leave.balance.read', 'employee_id');
select core.scope_by_employee('leave.policy_assignment', 'leave.balance.read', 'employee_id');

select core.protect_module('people');
