-- What thousands of rows at once cost: a trail that is written by the statement, and texts that have nothing to take off.

-- As before. What is ASCII has neither marks nor letters to write otherwise; it is told by as many bytes as characters.
create or replace function core.searchable(value text) returns text language plpgsql immutable strict parallel safe as $$
begin
    if octet_length(value) = length(value) then
        return lower(value collate "C");
    end if;
    return translate(
        replace(replace(replace(replace(
            regexp_replace(normalize(lower(value collate core.names), nfd), '[\u0300-\u036f]', '', 'g'),
            'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
        'łøđðħıŋ', 'loddhin');
end $$;

-- The trail of rows that a statement has made, as `core.audit` writes it of each that is changed or deleted.
create function core.audit_inserted() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    -- Secrets stay out of the trail, even hashed.
    secret constant text[] := array['password_hash', 'refresh_hash', 'previous_hash', 'token_hash', 'private_key'];
begin
    -- One that would have made rows and found all of them there.
    if not exists (select from new_rows) then
        return null;
    end if;
    execute format('insert into %I.audit_log (organization_id, actor_id, request_id, action, table_name, row_id, after)
                    select (made ->> ''organization_id'')::uuid, core.actor_id(), core.request_id(), ''INSERT'', $1,
                           (made ->> ''id'')::uuid, made
                    from (select to_jsonb(n) - $2 as made from new_rows n) m', tg_table_schema)
        using tg_table_name, secret;
    return null;
end $$;

-- Lets all tables of a module with a trail write that of new rows by the statement.
create function core.trail_inserts(module text) returns void language plpgsql as $$
declare
    t regclass;
begin
    for t in select g.tgrelid from pg_trigger g join pg_class c on c.oid = g.tgrelid
             where c.relnamespace = to_regnamespace(quote_ident(module)) and g.tgname = 'audit' and not g.tgisinternal
               and g.tgparentid = 0 loop
        execute format('create or replace trigger audit after update or delete on %s
                        for each row execute function core.audit()', t);
        execute format('create or replace trigger audit_inserted after insert on %s referencing new table as new_rows
                        for each statement execute function core.audit_inserted()', t);
    end loop;
end $$;

create or replace function core.protect_module(module text) returns void language plpgsql as $$
begin
    perform core.protect_tables(module);
    if to_regclass(format('%I.audit_log', module)) is not null then
        execute format('revoke insert on %I.audit_log from innoerp_app', module);
    end if;
    perform core.trail_inserts(module);
    perform core.hand_over_grants(module);
    perform core.clear_outbox_early(module);
end $$;

select core.trail_inserts(n.nspname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relname = 'audit_log';
