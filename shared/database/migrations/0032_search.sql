-- Searching for a word that many rows have took as long as there are such rows, to find out that they are many. Both ends of
-- a table are looked at first; where such rows are many there, the list is walked at once. The same for tags and values of
-- custom fields.

-- The ids of the rows that meet a condition; null where more than `ids_max` do, or many seem to: walking the list finds a
-- page of those sooner. The condition is trusted: nobody but the functions below may call this.
create function core.few(of regclass, condition text, ids_max integer) returns uuid[]
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    -- One row in thirty: a page is found within some 1,500 rows.
    end_rows constant integer := 120;
    many constant integer := 4;
    fewest integer;
    ids uuid[];
begin
    execute format(
        'with first as (select * from %1$s where organization_id = core.organization_id() order by id limit $1),
              last as (select * from %1$s where organization_id = core.organization_id() order by id desc limit $1)
         select least((select count(*) from first where %2$s), (select count(*) from last where %2$s))',
        of, condition) into fewest using end_rows;
    if fewest < many then
        execute format(
            'select coalesce(array_agg(t.id), ''{}'')
             from (select id from %s where organization_id = core.organization_id() and %s limit $1) t',
            of, condition) into ids using ids_max + 1;
    end if;
    return case when cardinality(ids) <= ids_max then ids end;
end $$;
revoke all on function core.few from public;

-- The rows with all words of a text, as by core.few, and the words as `search_text` has them.
create function core.search(of regclass, wanted text[], ids_max integer, out ids uuid[], out patterns text[])
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    patterns := array(select core.searchable(w) from unnest(wanted) with ordinality as t (w, at) order by at);
    ids := core.few(
        of, (select string_agg(format('search_text like %L', pattern), ' and ') from unnest(patterns) as pattern), ids_max);
end $$;

-- The rows with all of these tags, and these values of custom fields, as by core.few.
create function core.carriers(of regclass, tags text[], fields jsonb, ids_max integer) returns uuid[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select core.few(
        of, concat_ws(' and ', 'tags @> ' || quote_literal(tags) || '::text[]',
                      'custom_fields @> ' || quote_literal(fields) || '::jsonb'), ids_max)
$$;
revoke all on function core.search, core.carriers from public;
grant execute on function core.search, core.carriers to innoerp_app;
comment on function core.matching is 'What processes of the version before ask, in place of core.search.';
comment on function core.carrying is 'What processes of the version before ask, in place of core.carriers.';
