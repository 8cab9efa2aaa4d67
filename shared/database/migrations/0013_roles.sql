-- A role for each module, innoerp_<module>: it may do with its own tables what the migrations grant to innoerp_app, and
-- nothing with those of others. innoerp_app is what all of them have in common: the schemas that belong to no module, and
-- the functions that modules publish. A login that serves all modules is a member of innoerp_modules, one that serves a
-- module alone of that module's role. Roles belong to the cluster: whoever migrates makes them first.

create function core.module_role(module text) returns regrole language sql stable as $$
    select to_regrole(format('%I', 'innoerp_' || module))
$$;

-- Hands what innoerp_app may do with a module's tables to the module's role.
create function core.hand_over_grants(module text) returns void language plpgsql as $$
declare
    own constant regrole := core.module_role(module);
    g record;
begin
    if own is null then
        return;
    end if;
    for g in
        select c.oid::regclass as relation, a.privilege_type as privilege
        from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
        where n.nspname = module and a.grantee = 'innoerp_app'::regrole
    loop
        execute format('grant %s on %s to %s', g.privilege, g.relation, own);
        execute format('revoke %s on %s from innoerp_app', g.privilege, g.relation);
    end loop;
end $$;

-- Lets another module do something with this one's tables, as a function that it calls in its own transaction needs.
create function core.grant_to_module(module text, privileges text, on_tables text) returns void language plpgsql as $$
begin
    if core.module_role(module) is not null then
        execute format('grant %s on %s to %s', privileges, on_tables, core.module_role(module));
    end if;
end $$;

-- The trail is written by its triggers alone, as the owner: whoever makes a change can neither leave it out nor invent one.
alter function core.audit() security definer set search_path = pg_catalog, pg_temp;
alter function core.audit_parts() security definer set search_path = pg_catalog, pg_temp;
revoke insert on common.audit_log, approval.audit_log from innoerp_app;

-- What happened is not rewritten.
revoke update on core.event_log from innoerp_relay;

alter function core.protect_module(text) rename to protect_tables;

-- As before, but as the owner, within the tenant: the categories are another module's than that which shows the rules.
create or replace function approval.has_category(kind text, category uuid) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    categories constant regclass := (select k.category_table from approval.kind k where k.name = $1);
    is_there boolean := false;
begin
    if categories is not null then
        execute format('select exists (select from %s where organization_id = core.organization_id() and id = $1)', categories)
            into is_there using category;
    end if;
    return is_there;
end $$;
revoke all on function approval.has_category from public;
grant execute on function approval.has_category to innoerp_app;

-- Shows categories to approval.has_category.
create function approval.show_categories(of regclass) returns void language plpgsql as $$
begin
    execute format('drop policy if exists categories on %s', of);
    execute format('create policy categories on %s for select to innoerp_owner using (true)', of);
end $$;
create or replace function approval.register_kind(name text, category_table regclass default null) returns void
language plpgsql as $$
begin
    insert into approval.kind (name, category_table) values ($1, $2)
    on conflict on constraint kind_pkey do update set category_table = excluded.category_table;
    if $2 is not null then
        perform approval.show_categories($2);
    end if;
end $$;
select approval.show_categories(k.category_table) from approval.kind k where k.category_table is not null;

-- As before; then the trail is closed, and the module has its tables for itself.
create function core.protect_module(module text) returns void language plpgsql as $$
begin
    perform core.protect_tables(module);
    if to_regclass(format('%I.audit_log', module)) is not null then
        execute format('revoke insert on %I.audit_log from innoerp_app', module);
    end if;
    perform core.hand_over_grants(module);
end $$;
