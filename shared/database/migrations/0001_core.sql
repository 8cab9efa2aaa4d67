-- What every module stands on: who is asking, tenancy, audit, outbox, inbox, the event log, catalogues.
-- Runs as innoerp_owner. The application runs as innoerp_app, the event relay as innoerp_relay.

-- Who is asking. Set for one transaction at its beginning, never for a connection.
-- After a transaction that set it, a setting reads '' and not null, hence nullif.
create function core.organization_id() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('app.organization_id', true), '')::uuid $$;
create function core.identity_id() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('app.identity_id', true), '')::uuid $$;
create function core.actor_id() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('app.actor_id', true), '')::uuid $$;
create function core.request_id() returns text language sql stable parallel safe
    as $$ select nullif(current_setting('app.request_id', true), '') $$;

-- UUID v7 (RFC 9562, section 5.7) for rows that SQL itself makes; Rust makes its own.
create function core.uuid_v7() returns uuid language sql volatile parallel safe as $$
    select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
        from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- The catalogues: what the running version declares. Renewed by every migration run.
create table core.module (
    id text constraint module_pkey primary key,
    name text not null,
    description text not null,
    is_core boolean not null,
    requires text[] not null
);
create table core.permission (
    key text constraint permission_pkey primary key,
    module_id text not null constraint permission_module_fkey references core.module (id) on delete cascade,
    description text not null,
    -- [{"role": "HR", "scope": "all"}]; the owner's "all" is implied.
    grants jsonb not null
);

-- The event log that serves when no broker is configured. Positions are given out in commit order:
-- whoever appends holds one advisory lock until it commits, so a reader never skips a row.
create table core.event_log (
    position bigint generated always as identity constraint event_log_pkey primary key,
    event_id uuid not null constraint event_log_event_id_key unique,
    event_type text not null,
    occurred_at timestamptz not null,
    organization_id uuid not null,
    actor jsonb not null,
    aggregate_id uuid not null,
    correlation_id text not null,
    payload jsonb not null
);
create index event_log_occurred_at_idx on core.event_log (occurred_at);
create table core.consumer_offset (
    consumer text constraint consumer_offset_pkey primary key,
    position bigint not null,
    updated_at timestamptz not null default now()
);
-- Events that a consumer failed on five times; kept with the reason until somebody replays them.
create table core.dead_letter (
    consumer text not null,
    event_id uuid not null,
    position bigint not null,
    organization_id uuid not null,
    error text not null,
    failed_at timestamptz not null default now(),
    constraint dead_letter_pkey primary key (consumer, event_id)
);
grant select, insert, update on core.event_log, core.consumer_offset to innoerp_relay;
grant select, insert, update, delete on core.dead_letter to innoerp_relay;
grant select on core.module, core.permission to innoerp_app;

-- Fills what every row records about its making and its last change.
create function core.touch() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end $$;

-- Writes one audit row beside the change, in its module's own audit_log, in the same transaction.
create function core.audit() returns trigger language plpgsql as $$
declare
    -- Secrets stay out of the trail, even hashed.
    secret constant text[] := array['password_hash', 'refresh_hash', 'previous_hash', 'token_hash', 'private_key'];
    old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) - secret end;
    new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) - secret end;
begin
    execute format('insert into %I.audit_log (organization_id, actor_id, request_id, action, table_name, row_id, before, after)
                    values ($1, core.actor_id(), core.request_id(), $2, $3, $4, $5, $6)', tg_table_schema)
        using (coalesce(new_row, old_row) ->> 'organization_id')::uuid, tg_op, tg_table_name,
              (coalesce(new_row, old_row) ->> 'id')::uuid, old_row, new_row;
    return null;
end $$;

-- Makes the tables that every module has.
create function core.install_module(module text) returns void language plpgsql as $$
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
        create table if not exists %1$I.idempotency (
            organization_id uuid not null default core.organization_id(),
            actor_id uuid not null default core.actor_id(),
            key text not null,
            request_hash bytea not null,
            -- The id of what the request made or changed.
            answer uuid,
            created_at timestamptz not null default now(),
            constraint idempotency_pkey primary key (organization_id, actor_id, key)
        );
        -- The trail and the outbox are only ever added to by the application.
        grant select, insert on %1$I.audit_log, %1$I.inbox to innoerp_app;
        grant insert on %1$I.outbox to innoerp_app;
        grant select, insert, update on %1$I.idempotency to innoerp_app;
        grant select, delete on %1$I.outbox to innoerp_relay;
    $sql$, module);
end $$;

-- Puts every tenant table of a module under row-level security, audit and grants. Runs after the module's
-- migrations and may run any number of times; a table that a migration adds is covered without a word.
create function core.protect_module(module text) returns void language plpgsql as $$
declare
    t record;
begin
    for t in
        select c.relname as name,
               exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped) as is_tenant,
               exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'updated_at' and not a.attisdropped) as has_updated_at,
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
        if not t.is_plumbing then
            execute format('create or replace trigger audit after insert or update or delete on %I.%I for each row execute function core.audit()', module, t.name);
        end if;
    end loop;
end $$;
