-- What nouns share: scope and search in the database, results of keyed requests, jobs that one process at a time
-- does, the life span of bookkeeping, and the directory of people.

-- pg_trgm finds parts of texts by an index; btree_gin lets that index begin with the tenant.
create extension if not exists pg_trgm with schema core;
create extension if not exists btree_gin with schema core;

-- Scope. Whoever changes something does so by one right, and sees what that right extends to: `app.scope`. Whoever
-- reads sees of each noun what its own right to read extends to: `app.scopes`, {"leave.request.read": "own", …}.
create function core.scope(permission text) returns text language sql stable parallel safe as $$
    select coalesce(nullif(current_setting('app.scope', true), ''),
                    nullif(current_setting('app.scopes', true), '')::jsonb ->> permission, 'none')
$$;

-- The directory: who works here and when, as far as other modules decide by it. The employee and user modules write
-- it in the transactions that change what it says, so nobody ever decides by an older state than they were shown.
create schema people;
grant usage on schema people to innoerp_app;

create table people.member (
    id uuid not null,
    organization_id uuid not null,
    roles text[] not null,
    is_active boolean not null,
    constraint member_pkey primary key (organization_id, id)
);
-- Few among many: those whom a request without an approver falls to.
create index member_office_idx on people.member (organization_id)
    where is_active and roles && array['HR', 'ADMIN', 'OWNER'];

create table people.employee (
    id uuid not null,
    organization_id uuid not null,
    membership_id uuid,
    manager_id uuid,
    department_id uuid,
    joined_on date not null,
    -- The last day at work; it may lie ahead.
    left_on date,
    time_zone text not null,
    work_schedule_id uuid,
    holiday_calendar_id uuid,
    constraint employee_pkey primary key (organization_id, id)
);
create index employee_membership_idx on people.employee (organization_id, membership_id);
create index employee_manager_idx on people.employee (organization_id, manager_id);
create index employee_schedule_idx on people.employee (organization_id, work_schedule_id);
create index employee_calendar_idx on people.employee (organization_id, holiday_calendar_id);

create table people.work_schedule (
    id uuid not null,
    organization_id uuid not null,
    -- How much of each day is worked, Monday first.
    day_fractions numeric[] not null
        constraint work_schedule_day_fractions_check check (cardinality(day_fractions) = 7),
    constraint work_schedule_pkey primary key (organization_id, id)
);

create table people.holiday (
    organization_id uuid not null,
    holiday_calendar_id uuid not null,
    day date not null,
    is_half_day boolean not null,
    constraint holiday_pkey primary key (organization_id, holiday_calendar_id, day)
);
grant select, insert, update, delete on people.member, people.employee, people.work_schedule, people.holiday
    to innoerp_app;

-- The employees whom the caller's right extends to when it does not extend to all: themselves, and with `team` all
-- who report to them, directly or not.
create function people.in_scope(permission text) returns uuid[] language sql stable as $$
    with recursive team (id) as (
        select id from people.employee where membership_id = core.actor_id()
        -- `union`, not `union all`: a circle in the reporting lines, which cannot be, would not hang us either.
        union
        select e.id from people.employee e join team t on e.manager_id = t.id where core.scope(permission) = 'team'
    ) select coalesce(array_agg(id), '{}') from team
$$;

-- Leaves in sight only rows of employees whom the right extends to, and those for which `or_else` holds. For nouns that
-- belong to an employee.
create function core.scope_by_employee(of regclass, permission text, employee_column text, or_else text default 'false')
returns void language plpgsql as $$
begin
    execute format('drop policy if exists scope on %s', of);
    execute format(
        'create policy scope on %1$s as restrictive to innoerp_app
         using ((select core.scope(%2$L)) = ''all'' or %3$I = any ((select people.in_scope(%2$L))::uuid[]) or %4$s)',
        of, permission, employee_column, or_else);
end $$;

-- Leaves in sight only the member's own rows, whatever their rights; the system sees all.
create function core.scope_by_member(of regclass, membership_column text) returns void language plpgsql as $$
begin
    execute format('drop policy if exists scope on %s', of);
    execute format(
        'create policy scope on %1$s as restrictive to innoerp_app
         using ((select core.actor_id()) is null or %2$I = (select core.actor_id()))',
        of, membership_column);
end $$;

-- Search. Row-level security lets no index serve a condition that might leak what a row holds, `like` included. This
-- looks as the owner, within the tenant: it answers ids, and row-level security stands before the rows themselves.
-- One more than `count_max` means too many: then a list is quicker walked along its order.
create function core.matching(of regclass, pattern text, count_max integer) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    ids uuid[];
begin
    execute format(
        'select array_agg(m.id) from (
             select id from %s where organization_id = core.organization_id() and search_text like lower($1) limit $2) m',
        of) into ids using pattern, count_max + 1;
    return coalesce(ids, '{}');
end $$;
revoke all on function core.matching from public;
grant execute on function core.matching to innoerp_app;

-- An update that says when it was keeps that; any other gets the time of its transaction.
create or replace function core.touch() returns trigger language plpgsql as $$
begin
    if new.updated_at is not distinct from old.updated_at then
        new.updated_at := now();
    end if;
    return new;
end $$;

-- Jobs: whichever process asks first after the time has come does it, the others leave it.
create table core.job (
    name text constraint job_pkey primary key,
    next_run_at timestamptz not null,
    updated_at timestamptz not null default now()
);
grant select, insert, update on core.job to innoerp_relay;
create function core.claim_job(name text, every interval, at timestamptz) returns boolean language sql as $$
    with claimed as (
        insert into core.job as job (name, next_run_at) values ($1, $3 + $2)
        on conflict on constraint job_pkey do update set next_run_at = $3 + $2, updated_at = $3
        where job.next_run_at <= $3
        returning true
    ) select exists (select from claimed)
$$;

-- Ends the bookkeeping whose time is over, in every module: a keyed request is remembered for a day, a received event
-- for as long as the log that it could come from again, a change for ten years.
create function core.forget(at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    module text;
begin
    for module in select n.nspname from pg_namespace n join core.module m on m.id = n.nspname loop
        execute format('delete from %I.idempotency where created_at < $1 - interval ''1 day''', module) using at;
        execute format('delete from %I.inbox where received_at < $1 - interval ''60 days''', module) using at;
        execute format('delete from %I.audit_log where occurred_at < $1 - interval ''10 years''', module) using at;
    end loop;
    delete from core.event_log l where l.occurred_at < at - interval '30 days'
        and l.position < (select min(o.position) from core.consumer_offset o)
        and not exists (select from core.dead_letter d where d.event_id = l.event_id);
end $$;
revoke all on function core.forget from public;
grant execute on function core.forget to innoerp_relay;

create or replace function core.install_module(module text) returns void language plpgsql as $$
begin
    execute format('grant usage on schema %I to innoerp_app, innoerp_relay', module);
    execute format($sql$
        create table if not exists %1$I.audit_log (
            id bigint generated always as identity constraint audit_log_pkey primary key,
            organization_id uuid not null,
            occurred_at timestamptz not null default clock_timestamp(),
            actor_id uuid,
            request_id text,
            action text not null,
            table_name text not null,
            row_id uuid,
            before jsonb,
            after jsonb
        );
        create index if not exists audit_log_row_idx on %1$I.audit_log (organization_id, table_name, row_id, id);
        create index if not exists audit_log_occurred_at_idx on %1$I.audit_log (occurred_at);
        create table if not exists %1$I.outbox (
            id bigint generated always as identity constraint outbox_pkey primary key,
            -- The writing transaction: the relay reads only below every transaction still open, so that
            -- one that commits late cannot be overtaken.
            xid xid8 not null default pg_current_xact_id(),
            event_id uuid not null,
            event_type text not null,
            occurred_at timestamptz not null,
            organization_id uuid not null default core.organization_id(),
            actor jsonb not null,
            aggregate_id uuid not null,
            correlation_id text not null,
            payload jsonb not null
        );
        create table if not exists %1$I.inbox (
            organization_id uuid not null default core.organization_id(),
            consumer text not null,
            event_id uuid not null,
            received_at timestamptz not null default now(),
            constraint inbox_pkey primary key (organization_id, consumer, event_id)
        );
        create index if not exists inbox_received_at_idx on %1$I.inbox (received_at);
        create table if not exists %1$I.idempotency (
            organization_id uuid not null default core.organization_id(),
            actor_id uuid not null default core.actor_id(),
            key text not null,
            request_hash bytea not null,
            created_at timestamptz not null default now(),
            constraint idempotency_pkey primary key (organization_id, actor_id, key)
        );
        -- What the request did, in short: enough to answer the same again.
        alter table %1$I.idempotency add column if not exists result jsonb;
        alter table %1$I.idempotency drop column if exists answer;
        create index if not exists idempotency_created_at_idx on %1$I.idempotency (created_at);
        -- The trail and the outbox are only ever added to by the application.
        grant select, insert on %1$I.audit_log, %1$I.inbox to innoerp_app;
        grant insert on %1$I.outbox to innoerp_app;
        grant select, insert, update on %1$I.idempotency to innoerp_app;
        grant select, delete on %1$I.outbox to innoerp_relay;
    $sql$, module);
end $$;

create or replace function core.protect_module(module text) returns void language plpgsql as $$
declare
    t record;
    has_trail boolean := to_regclass(format('%I.audit_log', module)) is not null;
begin
    for t in
        select c.relname as name,
               exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped) as is_tenant,
               exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'updated_at' and not a.attisdropped) as has_updated_at,
               exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'search_text' and not a.attisdropped) as is_searched,
               c.relname in ('audit_log', 'outbox', 'inbox', 'idempotency') as is_plumbing
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = module and c.relkind in ('r', 'p') and c.relname <> '_migration'
    loop
        if t.has_updated_at then
            execute format('create or replace trigger touch before update on %I.%I for each row execute function core.touch()', module, t.name);
        end if;
        continue when not t.is_tenant;
        execute format('alter table %I.%I alter column organization_id set default core.organization_id()', module, t.name);
        execute format('alter table %I.%I enable row level security, force row level security', module, t.name);
        if not exists (select from pg_policies where schemaname = module and tablename = t.name and policyname = 'tenant') then
            execute format('create policy tenant on %I.%I to innoerp_app
                            using (organization_id = (select core.organization_id()))
                            with check (organization_id = (select core.organization_id()))', module, t.name);
        end if;
        if t.name = 'outbox' and not exists (select from pg_policies where schemaname = module and tablename = t.name and policyname = 'relay') then
            execute format('create policy relay on %I.%I to innoerp_relay using (true)', module, t.name);
        end if;
        if t.is_plumbing and t.name <> 'outbox' then
            -- For core.forget, which runs as the owner.
            execute format('drop policy if exists life_span on %I.%I', module, t.name);
            execute format('create policy life_span on %I.%I to innoerp_owner using (true)', module, t.name);
        end if;
        if t.is_searched then
            -- For core.matching, which runs as the owner.
            execute format('drop policy if exists search on %I.%I', module, t.name);
            execute format('create policy search on %I.%I for select to innoerp_owner using (true)', module, t.name);
            execute format('create index if not exists %I on %I.%I using gin (organization_id, search_text core.gin_trgm_ops)', t.name || '_search_idx', module, t.name);
        end if;
        if has_trail and not t.is_plumbing then
            execute format('create or replace trigger audit after insert or update or delete on %I.%I for each row execute function core.audit()', module, t.name);
        end if;
    end loop;
end $$;

select core.protect_module('people');
