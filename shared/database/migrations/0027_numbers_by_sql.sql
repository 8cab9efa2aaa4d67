-- The next number of a series, for functions that modules publish: as `Tx::next_number`, under the row's lock. Whoever calls
-- it passes over numbers that documents have already.
create function core.next_number(of_key text, of_pattern text, of_yearly boolean default false) returns text
language plpgsql as $$
declare
    of_year constant integer := extract(year from core.now())::integer;
    by_pattern text;
    last bigint;
begin
    insert into common.number_series as s (key, pattern, is_yearly, year, last_number)
        values (of_key, of_pattern, of_yearly, of_year, 1)
        on conflict on constraint number_series_key_key do update set year = greatest(s.year, of_year),
            last_number = case when s.is_yearly and s.year < of_year then 0 else s.last_number end + 1
        returning s.pattern, s.last_number into by_pattern, last;
    return regexp_replace(replace(by_pattern, '{year}', of_year::text), '\{number(:\d+)?\}',
        lpad(last::text, greatest(length(last::text), coalesce(substring(by_pattern from '\{number:(\d+)\}'), '1')::integer), '0'));
end $$;

-- What runs as the owner works within the tenant.
create policy series on common.number_series to innoerp_owner using (organization_id = (select core.organization_id()));
