-- Fields that an organization adds to a noun, and tags: definitions here, values with the noun's own rows.

create table common.custom_field (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    -- The noun's name in the graph: `Employee`.
    noun text not null constraint custom_field_noun_check check (noun ~ '^[A-Z][A-Za-z0-9]{0,39}$'),
    key text not null constraint custom_field_key_check check (key ~ '^[a-z][a-z0-9_]{0,39}$'),
    label text not null constraint custom_field_label_check check (length(label) between 1 and 100),
    kind text not null constraint custom_field_kind_check
        check (kind in ('TEXT', 'NUMBER', 'DATE', 'BOOLEAN', 'SELECT', 'MULTISELECT')),
    options text[] not null default '{}' constraint custom_field_options_check
        check ((cardinality(options) > 0) = (kind in ('SELECT', 'MULTISELECT')) and cardinality(options) <= 200),
    is_required boolean not null,
    position integer not null,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint custom_field_pkey primary key (organization_id, id),
    -- An archived field keeps its key: rows still have values by it.
    constraint custom_field_key_key unique (organization_id, noun, key)
);
create index custom_field_position_idx on common.custom_field (organization_id, position, id);
create index custom_field_noun_idx on common.custom_field (organization_id, noun, position, id);
grant select, insert, update on common.custom_field to innoerp_app;

-- Makes rows of a table carry values of custom fields, {"shirt_size": "M", "skills": ["Rust", "SQL"]}, and tags, each
-- found by an index.
create function core.carry_custom_fields(of regclass) returns void language plpgsql as $$
declare
    name text := (select c.relname from pg_class c where c.oid = of);
begin
    execute format(
        'alter table %1$s
             add custom_fields jsonb not null default ''{}''
                 constraint %2$I check (jsonb_typeof(custom_fields) = ''object''),
             add tags text[] not null default ''{}'' constraint %3$I check (cardinality(tags) <= 20)',
        of, name || '_custom_fields_check', name || '_tags_check');
    execute format('create index %2$I on %1$s using gin (organization_id, custom_fields jsonb_path_ops)',
                   of, name || '_custom_fields_idx');
    execute format('create index %2$I on %1$s using gin (organization_id, tags)', of, name || '_tags_idx');
    -- For core.carrying, which runs as the owner, as core.matching does.
    execute format('drop policy if exists search on %s', of);
    execute format('create policy search on %s for select to innoerp_owner using (true)', of);
end $$;

-- As core.matching, for tags and values of custom fields: `@>` is not leakproof either.
create function core.carrying(of regclass, tags text[], fields jsonb, count_max integer) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    ids uuid[];
begin
    execute format(
        'select array_agg(m.id) from (
             select id from %s where organization_id = core.organization_id()%s%s limit $3) m',
        of,
        case when tags is not null then ' and tags @> $1' else '' end,
        case when fields is not null then ' and custom_fields @> $2' else '' end)
        into ids using tags, fields, count_max + 1;
    return coalesce(ids, '{}');
end $$;
revoke all on function core.carrying from public;
grant execute on function core.carrying to innoerp_app;

select core.protect_module('common');
