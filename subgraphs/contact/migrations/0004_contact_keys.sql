-- What contacts cost by the thousand: entered in a moment, and found among hundreds of thousands as among a few.

-- As before, without a query for lists of one, which most are.
create or replace function contact.values_of(list jsonb) returns text[] language plpgsql immutable parallel safe as $$
begin
    case jsonb_array_length(list)
        when 0 then return '{}';
        when 1 then return array[list #>> '{0,value}'];
        else return array(select one ->> 'value' from jsonb_array_elements(list) with ordinality t (one, at) order by at);
    end case;
end $$;

create or replace function contact.words_of(list jsonb) returns text language plpgsql immutable parallel safe as $$
begin
    case jsonb_array_length(list)
        when 0 then return '';
        when 1 then return coalesce(' ' || (list #>> '{0,value}'), '');
        else return (select coalesce(string_agg(' ' || (one ->> 'value'), '' order by at), '')
                     from jsonb_array_elements(list) with ordinality t (one, at));
    end case;
end $$;

-- What those have in common whose names may look alike: of each two words of a name, whatever their order, how both begin,
-- how both end, and both as they are; of a company, and of who has one word for a name, also how each word begins. Without
-- a kind, all of it. Numbers, of each organization's own, for an index is read by them alone: how many share one follows
-- from how common a name is, not from how many contacts there are of whatever name.
create function contact.match_keys(organization_id uuid, kind text, name text) returns bigint[]
language plpgsql immutable parallel safe as $$
declare
    words constant text[] := (array_remove(string_to_array(contact.match_text(name, null), ' '), ''))[1:6];
    is_word constant boolean := kind is distinct from 'PERSON' or cardinality(words) = 1;
    tenant constant text := organization_id::text;
    keys bigint[] := '{}';
    one text;
    other text;
begin
    for i in 1 .. cardinality(words) loop
        one := words[i];
        if is_word then
            keys := keys || hashtextextended(tenant || left(one, 5), 0);
        end if;
        for j in i + 1 .. cardinality(words) loop
            other := words[j];
            keys := keys || array[
                hashtextextended(tenant || least(left(one, 3), left(other, 3)) || ' ' || greatest(left(one, 3), left(other, 3)), 1),
                hashtextextended(tenant || least(right(one, 4), right(other, 4)) || ' ' || greatest(right(one, 4), right(other, 4)), 2),
                hashtextextended(tenant || least(one, other) || ' ' || greatest(one, other), 3)];
        end loop;
    end loop;
    return keys;
end $$;

create index contact_match_keys_idx on contact.contact using gin (
    contact.match_keys(organization_id, kind, contact.name_of(kind, first_name, last_name, legal_name, trade_name)))
    with (fastupdate = off);

-- Contacts whose name and city look like these, the most alike first, among those of the same name and city and those that
-- have a key in common: of each key some hundreds at most, for of a name that thousands have nobody looks through them all.
-- Each key is looked up by itself, and what else a contact must be is seen afterwards, behind `offset` and `limit`: of a table
-- that has just taken in thousands, and that nobody has analysed, the planner would think it cheaper to go through all contacts
-- of the organization, or all that were not merged, each time.
create or replace function contact.look_alikes(name text, city text, similarity_min real, count_max integer)
returns table (id uuid, similarity real)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    wanted constant text := contact.match_text(name, city);
    each_max constant integer := 300;
begin
    if length(wanted) < 3 then
        return;
    end if;
    return query
        with candidate as (
            select found.*
            from unnest(contact.match_keys(core.organization_id(), null, name)) k (key) cross join lateral (
                select c.id, c.match_text, c.organization_id, c.merged_into_id, c.erased_at from contact.contact c
                where contact.match_keys(c.organization_id, c.kind,
                          contact.name_of(c.kind, c.first_name, c.last_name, c.legal_name, c.trade_name)) @> array[k.key]
                limit each_max) found
            union
            (select c.id, c.match_text, c.organization_id, c.merged_into_id, c.erased_at from contact.contact c
             where c.organization_id = core.organization_id() and c.match_text = wanted
             limit each_max))
        select c.id, core.similarity(c.match_text, wanted) from candidate c
        where c.organization_id = core.organization_id() and c.merged_into_id is null and c.erased_at is null
          and core.similarity(c.match_text, wanted) >= similarity_min
        order by 2 desc, 1 limit count_max;
end $$;

-- As before, in the same way.
create or replace function contact.holders(column_name text, wanted text[]) returns table (value text, id uuid)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if column_name = 'email' then
        return query select w.key, found.id from unnest(wanted) w (key) cross join lateral (
            select c.id, c.organization_id, c.merged_into_id from contact.contact c where c.email_keys @> array[w.key]
            offset 0) found
            where found.organization_id = core.organization_id() and found.merged_into_id is null;
    elsif column_name = 'phone' then
        return query select w.key, found.id from unnest(wanted) w (key) cross join lateral (
            select c.id, c.organization_id, c.merged_into_id from contact.contact c where c.phone_keys @> array[w.key]
            offset 0) found
            where found.organization_id = core.organization_id() and found.merged_into_id is null;
    else
        return query select w.key, c.id from unnest(wanted) w (key) join contact.contact c
            on c.tax_id = w.key and c.organization_id = core.organization_id() and c.merged_into_id is null;
    end if;
end $$;

-- Nothing reads it any more, and it cost more than any other.
drop index contact.contact_match_idx;
