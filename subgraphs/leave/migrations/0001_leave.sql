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
