-- Contacts and segments for what other modules name anew: a module that calls this has checked the right to what it does.

-- Those of these ids that lead to a contact in use, and what it is, a person or a company: one that was merged leads to what it
-- was merged into.
create function contact.parties_in_use(wanted uuid[]) returns table (id uuid, kind text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select w.id, c.kind from unnest(wanted) w (id) join contact.contact c
        on c.organization_id = core.organization_id() and c.id = contact.current_id(w.id)
    where c.archived_at is null and c.erased_at is null
$$;
revoke all on function contact.parties_in_use from public;
grant execute on function contact.parties_in_use to innoerp_app;

-- Those of these ids that are segments in use.
create function contact.segments_in_use(wanted uuid[]) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.id from contact.segment s
    where s.organization_id = core.organization_id() and s.id = any (wanted) and s.archived_at is null
$$;
revoke all on function contact.segments_in_use from public;
grant execute on function contact.segments_in_use to innoerp_app;
