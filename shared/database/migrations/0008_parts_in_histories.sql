-- Histories tell of parts: the lines of a policy, the days of a calendar. The trail of what has the parts gets a row of
-- each statement that changes some, {"holidays": {"2026-12-25": {"name": "Christmas"}}}, beside those of the parts' own.

create function core.audit_parts() returns trigger language plpgsql as $$
declare
    -- The table of what has the parts, the column that names it, what the parts are called there, and their key.
    whole constant text := tg_argv[0];
    whole_id constant text := tg_argv[1];
    parts constant text := tg_argv[2];
    key constant text := tg_argv[3];
    unsaid constant text[] := array['id', 'organization_id', 'version', 'created_at', 'created_by', 'updated_at', whole_id, key];
    rows constant text := case tg_op
        when 'INSERT' then 'select null::jsonb as o, to_jsonb(n) as n from new_rows n'
        when 'DELETE' then 'select to_jsonb(o) as o, null::jsonb as n from old_rows o'
        -- A part without an id of its own is known by its key.
        else format('select to_jsonb(o) as o, to_jsonb(n) as n from old_rows o join new_rows n
            on coalesce(to_jsonb(o) ->> ''id'', (to_jsonb(o) ->> %1$L) || (to_jsonb(o) ->> %2$L))
             = coalesce(to_jsonb(n) ->> ''id'', (to_jsonb(n) ->> %1$L) || (to_jsonb(n) ->> %2$L))', whole_id, key)
    end;
begin
    execute format($sql$
        insert into %I.audit_log (organization_id, actor_id, request_id, action, table_name, row_id, before, after)
        select (r.either ->> 'organization_id')::uuid, core.actor_id(), core.request_id(), 'UPDATE', $1,
               (r.either ->> $2)::uuid,
               jsonb_build_object($3, coalesce(jsonb_object_agg(r.o ->> $4, r.o - $5) filter (where r.o is not null), '{}')),
               jsonb_build_object($3, coalesce(jsonb_object_agg(r.n ->> $4, r.n - $5) filter (where r.n is not null), '{}'))
        from (select c.o, c.n, coalesce(c.n, c.o) as either from (%s) c) r
        group by 1, 6 $sql$, tg_table_schema, rows)
        using whole, whole_id, parts, key, unsaid;
    return null;
end $$;

-- Makes changes of a table's rows part of the history of what they are part of.
create function core.tell_parts(of regclass, whole text, whole_id text, parts text, key text)
returns void language plpgsql as $$
declare
    arguments constant text := format('%L, %L, %L, %L', whole, whole_id, parts, key);
begin
    execute format('create trigger audit_added after insert on %s referencing new table as new_rows
                    for each statement execute function core.audit_parts(%s)', of, arguments);
    execute format('create trigger audit_removed after delete on %s referencing old table as old_rows
                    for each statement execute function core.audit_parts(%s)', of, arguments);
    execute format('create trigger audit_changed after update on %s
                    referencing old table as old_rows new table as new_rows
                    for each statement execute function core.audit_parts(%s)', of, arguments);
end $$;

-- Fields whose values are for those alone who look after the thing.
alter table common.custom_field add is_confidential boolean not null default false;

-- A newer version and nothing else is no change: what was changed is in the parts.
create or replace function core.audit() returns trigger language plpgsql as $$
declare
    -- Secrets stay out of the trail, even hashed.
    secret constant text[] := array['password_hash', 'refresh_hash', 'previous_hash', 'token_hash', 'private_key'];
    counted constant text[] := array['version', 'updated_at'];
    old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) - secret end;
    new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) - secret end;
begin
    if tg_op = 'UPDATE' and old_row - counted = new_row - counted then
        return null;
    end if;
    execute format('insert into %I.audit_log (organization_id, actor_id, request_id, action, table_name, row_id, before, after)
                    values ($1, core.actor_id(), core.request_id(), $2, $3, $4, $5, $6)', tg_table_schema)
        using (coalesce(new_row, old_row) ->> 'organization_id')::uuid, tg_op, tg_table_name,
              (coalesce(new_row, old_row) ->> 'id')::uuid, old_row, new_row;
    return null;
end $$;
