-- Leave: kinds of leave, what people are due, what they asked for.

create table leave.leave_type (
    id uuid not null,
    organization_id uuid not null,
    name text not null constraint leave_type_name_check check (length(name) between 1 and 100),
    code text not null constraint leave_type_code_check check (code ~ '^[A-Z0-9_]{1,20}$'),
    unit text not null constraint leave_type_unit_check check (unit in ('DAY', 'HALF_DAY')),
    paid_percent smallint not null constraint leave_type_paid_percent_check check (paid_percent between 0 and 100),
    -- Without a balance, leave of this type is only recorded: sick leave in many countries.
    requires_balance boolean not null,
    -- How far below zero a balance may go.
    overdraft_days numeric(6, 2) not null constraint leave_type_overdraft_days_check check (overdraft_days >= 0),
    counts_holidays boolean not null,
    counts_weekends boolean not null,
    consecutive_days_max integer constraint leave_type_consecutive_days_max_check check (consecutive_days_max > 0),
    notice_days_min integer not null constraint leave_type_notice_days_min_check check (notice_days_min >= 0),
    backdate_days_max integer not null constraint leave_type_backdate_days_max_check check (backdate_days_max >= 0),
    applicable_after_days integer not null
        constraint leave_type_applicable_after_days_check check (applicable_after_days >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    deleted_at timestamptz,
    constraint leave_type_pkey primary key (organization_id, id)
);
create unique index leave_type_code_key on leave.leave_type (organization_id, code) where deleted_at is null;
create index leave_type_name_idx on leave.leave_type (organization_id, name, id) where deleted_at is null;
grant select, insert, update on leave.leave_type to innoerp_app;

-- Local copies of what other modules announce, as far as leave decides by it. Only consumers write here.
create table leave.employee (
    id uuid not null,
    organization_id uuid not null,
    membership_id uuid,
    manager_id uuid,
    joined_on date not null,
    left_on date,
    time_zone text not null,
    work_schedule_id uuid,
    holiday_calendar_id uuid,
    constraint employee_pkey primary key (organization_id, id)
);
create index employee_membership_idx on leave.employee (organization_id, membership_id);
create index employee_manager_idx on leave.employee (organization_id, manager_id);
create index employee_schedule_idx on leave.employee (organization_id, work_schedule_id);
create index employee_calendar_idx on leave.employee (organization_id, holiday_calendar_id);

create table leave.work_schedule (
    id uuid not null,
    organization_id uuid not null,
    -- How much of each day is worked, Monday first.
    day_fractions numeric(3, 2)[] not null
        constraint work_schedule_day_fractions_check check (cardinality(day_fractions) = 7),
    constraint work_schedule_pkey primary key (organization_id, id)
);

create table leave.holiday (
    organization_id uuid not null,
    holiday_calendar_id uuid not null,
    day date not null,
    is_half_day boolean not null,
    constraint holiday_pkey primary key (organization_id, holiday_calendar_id, day)
);

create table leave.member (
    id uuid not null,
    organization_id uuid not null,
    is_active boolean not null,
    constraint member_pkey primary key (organization_id, id)
);

-- What people are due.
create table leave.policy (
    id uuid not null,
    organization_id uuid not null,
    name text not null constraint policy_name_check check (length(name) between 1 and 100),
    -- Given to everybody who is hired.
    is_default boolean not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint policy_pkey primary key (organization_id, id)
);
create unique index policy_name_key on leave.policy (organization_id, lower(name));
create unique index policy_default_key on leave.policy (organization_id) where is_default;

create table leave.policy_line (
    id uuid not null,
    organization_id uuid not null,
    policy_id uuid not null,
    leave_type_id uuid not null,
    days_per_year numeric(6, 2) not null
        constraint policy_line_days_per_year_check check (days_per_year between 0 and 366),
    accrual text not null constraint policy_line_accrual_check check (accrual in ('UPFRONT', 'MONTHLY')),
    -- Null: what is left never lapses. 0: it lapses with the year.
    carry_forward_days_max numeric(6, 2)
        constraint policy_line_carry_forward_days_max_check check (carry_forward_days_max >= 0),
    -- How many months into the next year carried days last; null: all of it.
    carry_forward_months integer
        constraint policy_line_carry_forward_months_check check (carry_forward_months between 1 and 12),
    constraint policy_line_pkey primary key (organization_id, id),
    constraint policy_line_policy_fkey foreign key (organization_id, policy_id)
        references leave.policy (organization_id, id),
    constraint policy_line_leave_type_fkey foreign key (organization_id, leave_type_id)
        references leave.leave_type (organization_id, id),
    constraint policy_line_leave_type_key unique (organization_id, policy_id, leave_type_id)
);

create table leave.policy_assignment (
    id uuid not null,
    organization_id uuid not null,
    policy_id uuid not null,
    employee_id uuid not null,
    first_day date not null,
    last_day date,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint policy_assignment_pkey primary key (organization_id, id),
    constraint policy_assignment_policy_fkey foreign key (organization_id, policy_id)
        references leave.policy (organization_id, id),
    constraint policy_assignment_employee_fkey foreign key (organization_id, employee_id)
        references leave.employee (organization_id, id),
    constraint policy_assignment_days_check check (last_day >= first_day - 1)
);
-- One open assignment per employee; a new one ends the old one.
create unique index policy_assignment_open_key on leave.policy_assignment (organization_id, employee_id)
    where last_day is null;
create index policy_assignment_employee_idx on leave.policy_assignment (organization_id, employee_id, first_day);

-- Requests.
create table leave.request (
    id uuid not null,
    organization_id uuid not null,
    employee_id uuid not null,
    leave_type_id uuid not null,
    first_day date not null,
    last_day date not null,
    first_part text not null constraint request_first_part_check check (first_part in ('FULL', 'AM', 'PM')),
    last_part text not null constraint request_last_part_check check (last_part in ('FULL', 'AM', 'PM')),
    -- What it takes from the balance: the sum of its active half days.
    days numeric(6, 2) not null constraint request_days_check check (days >= 0),
    reason text constraint request_reason_check check (length(reason) <= 2000),
    status text not null
        constraint request_status_check check (status in ('PENDING', 'APPROVED', 'REJECTED', 'CANCELLED')),
    decided_at timestamptz,
    decided_by uuid,
    decision_note text constraint request_decision_note_check check (length(decision_note) <= 2000),
    -- Whose leave it was when it was asked for: who is linked to an employee can change, who must not decide not.
    requester_membership_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint request_pkey primary key (organization_id, id),
    constraint request_employee_fkey foreign key (organization_id, employee_id)
        references leave.employee (organization_id, id),
    constraint request_leave_type_fkey foreign key (organization_id, leave_type_id)
        references leave.leave_type (organization_id, id),
    constraint request_range_check check (last_day >= first_day)
);
create index request_newest_idx on leave.request (organization_id, first_day desc, id desc);
create index request_employee_idx on leave.request (organization_id, employee_id, first_day desc, id desc);
create index request_status_idx on leave.request (organization_id, status, first_day desc, id desc);

-- Each half of each day that a request covers. Two halves make a day, so that a unique index alone keeps two
-- requests of one employee from overlapping, whichever halves they take.
create table leave.request_half_day (
    organization_id uuid not null,
    request_id uuid not null,
    employee_id uuid not null,
    day date not null,
    half text not null constraint request_half_day_half_check check (half in ('AM', 'PM')),
    -- What it takes from the balance: 0 where nothing would be worked.
    portion numeric(3, 2) not null constraint request_half_day_portion_check check (portion between 0 and 1),
    -- A rejected or cancelled half stays on record, and out of the way.
    is_active boolean not null default true,
    constraint request_half_day_pkey primary key (organization_id, request_id, day, half),
    constraint request_half_day_request_fkey foreign key (organization_id, request_id)
        references leave.request (organization_id, id)
);
create unique index request_half_day_overlap_key
    on leave.request_half_day (organization_id, employee_id, day, half) where is_active;
create index request_half_day_day_idx on leave.request_half_day (organization_id, day) where is_active;

-- The account of one employee in one leave type: a row to lock, so that two requests cannot both spend the
-- last day.
create table leave.account (
    organization_id uuid not null,
    employee_id uuid not null,
    leave_type_id uuid not null,
    constraint account_pkey primary key (organization_id, employee_id, leave_type_id),
    constraint account_employee_fkey foreign key (organization_id, employee_id)
        references leave.employee (organization_id, id),
    constraint account_leave_type_fkey foreign key (organization_id, leave_type_id)
        references leave.leave_type (organization_id, id)
);

-- The ledger: every day that anybody was ever given or took. Only added to.
create table leave.ledger_entry (
    id uuid not null,
    organization_id uuid not null,
    employee_id uuid not null,
    leave_type_id uuid not null,
    kind text not null constraint ledger_entry_kind_check
        check (kind in ('ACCRUE', 'CARRY_FORWARD', 'TAKE', 'RESTORE', 'ADJUST')),
    days numeric(6, 2) not null,
    effective_on date not null,
    -- The last day on which what was given can be taken.
    expires_on date,
    leave_year integer not null,
    request_id uuid,
    -- Names what was given for which period, so that no run of the accrual gives it twice.
    accrual_key text,
    created_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint ledger_entry_pkey primary key (organization_id, id),
    constraint ledger_entry_account_fkey foreign key (organization_id, employee_id, leave_type_id)
        references leave.account (organization_id, employee_id, leave_type_id),
    constraint ledger_entry_request_fkey foreign key (organization_id, request_id)
        references leave.request (organization_id, id),
    constraint ledger_entry_source_check check ((request_id is null) <> (accrual_key is null))
);
create unique index ledger_entry_accrual_key on leave.ledger_entry (organization_id, employee_id, accrual_key);
create index ledger_entry_account_idx
    on leave.ledger_entry (organization_id, employee_id, leave_type_id, effective_on);
create index ledger_entry_request_idx on leave.ledger_entry (organization_id, request_id);

grant select, insert, update on leave.employee, leave.work_schedule, leave.member, leave.policy_assignment,
    leave.request, leave.request_half_day to innoerp_app;
grant select, insert, update, delete on leave.holiday to innoerp_app;
grant select, insert on leave.policy, leave.policy_line, leave.ledger_entry to innoerp_app;
-- Locking a row needs the right to update it.
grant select, insert, update on leave.account to innoerp_app;

-- The accrual job visits every organization that has a policy; row-level security shows it one at a time.
create policy published on leave.policy for select to innoerp_owner using (true);
create function leave.organizations_with_policies() returns setof uuid
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$ select distinct organization_id from leave.policy $$;
revoke all on function leave.organizations_with_policies() from public;
grant execute on function leave.organizations_with_policies() to innoerp_app;
