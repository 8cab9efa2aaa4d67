-- Names stand in the order that people expect (Apple, banana, Éclair, Zebra), and are found without their accents and in
-- whatever order their words are given.

-- The order of the Unicode Collation Algorithm (UTS #10); where the server was built without ICU, that of the code points.
do $$
begin
    create collation core.names (provider = icu, locale = 'und');
exception when feature_not_supported or undefined_object or invalid_parameter_value then
    create collation core.names from "C";
end $$;

-- A text as it is searched: in lower case, marks taken off their letters, and letters that have no marks to take off
-- written as people type them: jürgen → jurgen, müßig → mussig, łukasz → lukasz.
create function core.searchable(value text) returns text language sql immutable strict parallel safe as $$
    select translate(
        replace(replace(replace(replace(
            regexp_replace(normalize(lower(value collate core.names), nfd), '[\u0300-\u036f]', '', 'g'),
            'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
        'łøđðħıŋ', 'loddhin')
$$;

-- As before, for several patterns that must all match. Answers the patterns as well, as they are searched for.
drop function core.matching;
create function core.matching(of regclass, wanted text[], count_max integer, out ids uuid[], out patterns text[])
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    patterns := array(select core.searchable(w) from unnest(wanted) with ordinality as t (w, at) order by at);
    execute format(
        'select array_agg(m.id) from (
             select id from %s where organization_id = core.organization_id() and %s limit $2) m', of,
        (select string_agg(format('search_text like $1[%s]', at), ' and ') from generate_subscripts(patterns, 1) as at))
        into ids using patterns, count_max + 1;
    ids := coalesce(ids, '{}');
end $$;
revoke all on function core.matching from public;
grant execute on function core.matching to innoerp_app;
