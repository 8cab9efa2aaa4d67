-- Who sees which contacts, where merged ones lead, how some of them are found.

-- The memberships whose contacts the caller's right extends to when it does not extend to all: their own, and with `team`
-- those of all who report to them.
create function contact.members_in_scope(permission text) returns uuid[] language sql stable as $$
    select coalesce(array_agg(e.membership_id), '{}') || core.actor_id() from people.employee e
    where e.id = any ((select people.in_scope(permission))::uuid[]) and e.membership_id is not null
$$;

-- Where an id leads.
create function contact.current_id(wanted uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with recursive line (id, next, steps) as (
        select c.id, c.merged_into_id, 0 from contact.contact c
        where c.organization_id = core.organization_id() and c.id = wanted
        union all
        select c.id, c.merged_into_id, line.steps + 1 from line join contact.contact c
            on c.organization_id = core.organization_id() and c.id = line.next
        where line.steps < 100
    ) select coalesce((select id from line where next is null), wanted)
$$;
revoke all on function contact.current_id from public;
grant execute on function contact.current_id to innoerp_app;

-- A company and all that it belongs to, one above the other, whoever sees them.
create function contact.line(wanted uuid) returns table (id uuid, height integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with recursive line (id, parent_id, height) as (
        select c.id, contact.current_id(c.parent_company_id), 0 from contact.contact c
        where c.organization_id = core.organization_id() and c.id = contact.current_id(wanted)
        union all
        select c.id, contact.current_id(c.parent_company_id), line.height + 1
        from line join contact.contact c on c.organization_id = core.organization_id() and c.id = line.parent_id
        where line.height < 1000
    ) select line.id, line.height from line
$$;
revoke all on function contact.line from public;
grant execute on function contact.line to innoerp_app;

-- Whether what a merged one leads to is in sight of whoever sees the contacts of some members.
create function contact.leads_in_sight(wanted uuid, members uuid[], scope text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from contact.contact c
        where c.organization_id = core.organization_id() and c.id = contact.current_id(wanted)
          and (c.membership_id = core.actor_id() or c.owner_membership_id = any (members)
               or c.owner_membership_id is null and scope = 'team'))
$$;
revoke all on function contact.leads_in_sight from public;
grant execute on function contact.leads_in_sight to innoerp_app;

-- Own: those whom a member owns, and a client's or supplier's own record. Team: those of the people who report to them as
-- well, and those that nobody owns.
create policy scope on contact.contact as restrictive to innoerp_app
    using ((select core.scope('contact.contact.read')) = 'all'
        or merged_into_id is null and (
            membership_id = (select core.actor_id())
            or owner_membership_id = any ((select contact.members_in_scope('contact.contact.read'))::uuid[])
            or owner_membership_id is null and (select core.scope('contact.contact.read')) = 'team')
        or merged_into_id is not null and contact.leads_in_sight(merged_into_id,
            (select contact.members_in_scope('contact.contact.read'))::uuid[], (select core.scope('contact.contact.read'))));

-- What belongs to a contact is seen with it.
create function contact.scope_by_contact(of regclass, contact_column text, or_else text default '') returns void
language plpgsql as $$
begin
    execute format('create policy scope on %s as restrictive to innoerp_app
        using (((select core.scope(''contact.contact.read'')) = ''all''
            or exists (select from contact.contact c where c.id = %I)) %s)', of, contact_column, or_else);
end $$;
select contact.scope_by_contact('contact.external_id', 'contact_id'),
    contact.scope_by_contact('contact.relation', 'from_contact_id',
        'and ((select core.scope(''contact.contact.read'')) = ''all'' or exists (select from contact.contact c where c.id = to_contact_id))'),
    contact.scope_by_contact('contact.consent', 'contact_id'),
    contact.scope_by_contact('contact.segment_member', 'contact_id'),
    contact.scope_by_contact('contact.merge', 'winner_id'),
    -- A private one is seen by those who took part, whatever the rights of others.
    contact.scope_by_contact('contact.communication', 'contact_id',
        'and (visibility = ''EVERYBODY'' or (select core.actor_id()) is null or (select core.actor_id()) = any (participants)
              or visibility = ''OWNER'' and exists (select from contact.contact c
                  where c.id = contact.current_id(contact_id) and c.owner_membership_id = (select core.actor_id())))');

-- Contacts and all that were merged into them, down to the last.
create function contact.family(wanted uuid[]) returns table (root uuid, id uuid) language sql stable as $$
    with recursive family (root, id) as (
        select w, w from unnest(wanted) w
        union
        select f.root, c.id from family f join contact.contact c on c.merged_into_id = f.id
    ) select root, id from family
$$;

-- Whether a contact fits conditions as the graph has them, {"kind": "COMPANY", "country": "AT"}; those that are not there,
-- or null, do not count. Inlined where it stands, so that a condition on a column goes along its index.
create function contact.fits(c contact.contact, f jsonb) returns boolean language sql stable parallel safe as $$
    select (f ->> 'kind' is null or c.kind = f ->> 'kind')
        and (f ->> 'status' is null or c.status = f ->> 'status')
        and (f ->> 'role' is null or c.roles @> array[f ->> 'role'])
        and (f ->> 'ownerId' is null or c.owner_membership_id = (f ->> 'ownerId')::uuid)
        and (f ->> 'isOwned' is null or (c.owner_membership_id is not null) = (f ->> 'isOwned')::boolean)
        and (f ->> 'country' is null or c.country = f ->> 'country')
        and (f ->> 'industry' is null or c.industry = f ->> 'industry')
        and (f ->> 'source' is null or c.source = f ->> 'source')
        and (f ->> 'language' is null or c.language = f ->> 'language')
        and (f ->> 'tag' is null or c.tags @> array[f ->> 'tag'])
        and (f -> 'customFields' is null or f -> 'customFields' = 'null' or c.custom_fields @> (f -> 'customFields'))
        and (f ->> 'grant' is null or c.granted @> array[f ->> 'grant'] and not c.is_do_not_contact and c.status <> 'BLOCKED')
        and (f ->> 'isDoNotContact' is null or c.is_do_not_contact = (f ->> 'isDoNotContact')::boolean)
        and (f ->> 'hasEmail' is null or (c.emails <> '[]') = (f ->> 'hasEmail')::boolean)
        and (f ->> 'hasPhone' is null or (c.phones <> '[]') = (f ->> 'hasPhone')::boolean)
        and (f ->> 'contactedBefore' is null or c.last_contacted_at is null
            or c.last_contacted_at < (f ->> 'contactedBefore')::timestamptz)
        and (f ->> 'contactedAfter' is null or c.last_contacted_at >= (f ->> 'contactedAfter')::timestamptz)
        and (f ->> 'createdAfter' is null or c.created_at >= (f ->> 'createdAfter')::timestamptz)
        and (f ->> 'createdBefore' is null or c.created_at < (f ->> 'createdBefore')::timestamptz)
$$;

-- Contacts by mail addresses, by phone numbers or by tax ids, in the whole organization: `@>` is not leakproof, so row-level
-- security would let no index serve it. Ids alone; policies stand before the rows.
create function contact.holders(column_name text, wanted text[]) returns table (value text, id uuid)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if column_name = 'email' then
        return query select w.key, c.id from unnest(wanted) w (key) join contact.contact c
            on c.email_keys @> array[w.key] and c.organization_id = core.organization_id() and c.merged_into_id is null;
    elsif column_name = 'phone' then
        return query select w.key, c.id from unnest(wanted) w (key) join contact.contact c
            on c.phone_keys @> array[w.key] and c.organization_id = core.organization_id() and c.merged_into_id is null;
    else
        return query select w.key, c.id from unnest(wanted) w (key) join contact.contact c
            on c.tax_id = w.key and c.organization_id = core.organization_id() and c.merged_into_id is null;
    end if;
end $$;
revoke all on function contact.holders from public;
grant execute on function contact.holders to innoerp_app;

-- Contacts whose name and city look like these, the most alike first.
create function contact.look_alikes(name text, city text, similarity_min real, count_max integer)
returns table (id uuid, similarity real)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    wanted constant text := contact.match_text(name, city);
begin
    if length(wanted) < 3 then
        return;
    end if;
    perform set_config('pg_trgm.similarity_threshold', similarity_min::text, true);
    return query select c.id, core.similarity(c.match_text, wanted) from contact.contact c
        where c.organization_id = core.organization_id() and c.merged_into_id is null and c.erased_at is null
          and c.match_text operator(core.%) wanted
        order by 2 desc, 1 limit count_max;
end $$;
revoke all on function contact.look_alikes from public;
grant execute on function contact.look_alikes to innoerp_app;
