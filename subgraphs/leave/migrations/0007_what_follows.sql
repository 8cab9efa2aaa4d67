-- What people are due follows from facts: which policy they had from when on, when they worked here, what they took
-- on which day. Facts can be entered late and corrected; the ledger notes what followed from them, and when.

alter table leave.policy no force row level security;
alter table leave.policy_assignment no force row level security;
alter table leave.request no force row level security;
alter table leave.request_half_day no force row level security;
alter table leave.ledger_entry no force row level security;
alter table people.employee no force row level security;
alter table people.work_schedule no force row level security;

-- A policy has a leave year of its own, and a line may give nothing at first.
alter table leave.policy
    add leave_year text not null default 'FIXED'
        constraint policy_leave_year_check check (leave_year in ('FIXED', 'ANNIVERSARY')),
    add year_start_month integer not null default 1
        constraint policy_year_start_month_check check (year_start_month between 1 and 12),
    add year_start_day integer not null default 1
        constraint policy_year_start_day_check check (year_start_day between 1 and 28);
alter table leave.policy_line
    drop constraint policy_line_days_per_year_check,
    add constraint policy_line_days_per_year_check check (days_per_year between 0 and 8784),
    add waiting_months integer not null default 0
        constraint policy_line_waiting_months_check check (waiting_months between 0 and 24);
grant update, delete on leave.policy_line to innoerp_app;

-- An assignment holds until the next one begins. Without a first day it holds since the employment began, whenever
-- that turns out to be; without a policy it ends the one before.
alter table leave.policy_assignment
    alter first_day drop not null,
    alter policy_id drop not null,
    add version integer not null default 1,
    add withdrawn_at timestamptz,
    -- Given by the hiring, as the default: it yields to whatever is assigned from its first day or from before.
    add is_by_default boolean not null default false;
update leave.policy_assignment a set first_day = null from people.employee e
where e.organization_id = a.organization_id and e.id = a.employee_id and a.first_day <= e.joined_on
  and not exists (select from leave.policy_assignment b
                  where b.organization_id = a.organization_id and b.employee_id = a.employee_id
                    and b.id <> a.id and b.first_day <= e.joined_on);
drop index leave.policy_assignment_open_key;
alter table leave.policy_assignment drop last_day;
create unique index policy_assignment_first_day_key
    on leave.policy_assignment (organization_id, employee_id, first_day) nulls not distinct where withdrawn_at is null;

-- Somebody who is hired has the default policy from that moment on: in the same transaction, so that whoever hired them
-- can go on at once. From the present leave year on, whatever their first day is or turns out to be: who has been here
-- for longer took the leave of earlier years elsewhere.
create function leave.give_default_policy() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into leave.policy_assignment (id, organization_id, employee_id, policy_id, first_day, is_by_default)
    select core.uuid_v7(), hired.organization_id, hired.id, policy.id, year.first_day, true
    from hired
    join leave.policy policy on policy.organization_id = hired.organization_id and policy.is_default
    cross join lateral (select
        (core.now() at time zone hired.time_zone)::date as today,
        case policy.leave_year when 'ANNIVERSARY' then least(hired.joined_on, (core.now() at time zone hired.time_zone)::date)
            else make_date(1900, policy.year_start_month, policy.year_start_day) end as anchor) at
    cross join lateral (select
        (at.anchor + make_interval(years => extract(year from age(at.today, at.anchor))::integer))::date as first_day) year;
    return null;
end $$;
create policy hiring on leave.policy_assignment for insert to innoerp_owner
    with check (organization_id = core.organization_id());
revoke all on function leave.give_default_policy() from public;
create trigger give_default_policy after insert on people.employee
    referencing new table as hired for each statement execute function leave.give_default_policy();

-- Hours, besides days; what a half day would take if it were no holiday, so that a holiday can be entered late.
alter table leave.leave_type
    drop constraint leave_type_unit_check,
    add constraint leave_type_unit_check check (unit in ('DAY', 'HALF_DAY', 'HOUR'));
alter table leave.request
    -- Of leave that is taken in hours, how many on its one day; null for the whole of its days.
    add hours numeric constraint request_hours_check check (hours > 0 and hours <= 24);
alter table leave.request_half_day
    drop constraint request_half_day_portion_check,
    alter portion type numeric using trim_scale(portion),
    add constraint request_half_day_portion_check check (portion between 0 and 24),
    add worked numeric not null default 0
        constraint request_half_day_worked_check check (worked between 0 and 24),
    add is_holiday boolean not null default false,
    add leave_type_id uuid;
update leave.request_half_day h set leave_type_id = r.leave_type_id,
    worked = case when h.portion = 0 and exists (select from people.employee e
                      join people.holiday d on d.organization_id = e.organization_id
                          and d.holiday_calendar_id = e.holiday_calendar_id and d.day = h.day
                      where e.organization_id = h.organization_id and e.id = h.employee_id) then 0.5 else h.portion end,
    is_holiday = h.portion = 0 and exists (select from people.employee e
                      join people.holiday d on d.organization_id = e.organization_id
                          and d.holiday_calendar_id = e.holiday_calendar_id and d.day = h.day
                      where e.organization_id = h.organization_id and e.id = h.employee_id)
from leave.request r where r.organization_id = h.organization_id and r.id = h.request_id;
alter table leave.request_half_day alter leave_type_id set not null;

-- What was given or taken beside policies and requests: an opening balance, a correction. Only added to; one is put
-- right by another.
create table leave.adjustment (
    id uuid not null,
    organization_id uuid not null,
    employee_id uuid not null,
    leave_type_id uuid not null,
    days numeric not null constraint adjustment_days_check check (days <> 0 and abs(days) <= 8784),
    effective_on date not null,
    -- The last day on which it can be taken; null: as what the policy gives for that leave year.
    expires_on date constraint adjustment_expires_on_check
        check (expires_on is null or (expires_on >= effective_on and days > 0)),
    reason text not null constraint adjustment_reason_check check (length(reason) between 1 and 2000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint adjustment_pkey primary key (organization_id, id),
    constraint adjustment_employee_fkey foreign key (organization_id, employee_id)
        references people.employee (organization_id, id),
    constraint adjustment_leave_type_fkey foreign key (organization_id, leave_type_id)
        references leave.leave_type (organization_id, id)
);
create index adjustment_employee_idx on leave.adjustment (organization_id, employee_id, effective_on, id);
create index adjustment_newest_idx on leave.adjustment (organization_id, effective_on, id);
grant select, insert on leave.adjustment to innoerp_app;

-- The ledger: an entry says what followed from the facts when it was written; what no longer does is taken back by
-- another. So entries of one key add up to what follows now.
alter table leave.account add is_overdrawn boolean not null default false;
drop index leave.ledger_entry_accrual_key;
alter table leave.ledger_entry
    drop constraint ledger_entry_source_check,
    drop constraint ledger_entry_kind_check,
    add constraint ledger_entry_kind_check check (kind in
        ('ACCRUE', 'CARRY_FORWARD', 'TAKE', 'RESTORE', 'ADJUST', 'LAPSE', 'SETTLE', 'CORRECT')),
    alter days type numeric using trim_scale(days),
    drop leave_year,
    add key text;
update leave.ledger_entry set key = coalesce(accrual_key, 'request:' || request_id);
alter table leave.ledger_entry alter key set not null, drop accrual_key;
create index ledger_entry_key_idx on leave.ledger_entry (organization_id, employee_id, leave_type_id, key);

select core.protect_module('leave'), core.protect_module('people');
select core.scope_by_employee('leave.adjustment', 'leave.balance.read', 'employee_id',
    'employee_id = any ((select approval.waiting_employees(''leave.request''))::uuid[])');
