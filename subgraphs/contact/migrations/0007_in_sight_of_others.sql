-- Contacts that members name in other modules: those that they see, and no others. What a module does by itself, and what
-- somebody does who may do it to everybody's, is bounded by nothing.

-- On whose contacts the caller may look, whichever module asks for it: all, team, own or none.
create function contact.sight() returns text language sql stable as $$
    select case when core.actor_id() is null or current_setting('app.scope', true) = 'all' then 'all' else coalesce((
        select case when 'OWNER' = any (m.roles) then 'all' else (
            select g ->> 'scope' from core.permission p, jsonb_array_elements(p.grants) g
            where p.key = 'contact.contact.read' and g ->> 'role' = any (m.roles)
            order by array_position(array['all', 'team', 'own'], g ->> 'scope') limit 1) end
        from people.member m where m.id = core.actor_id() and m.is_active), 'none') end
$$;

-- The memberships whose contacts are then in sight: the caller's own, and with `team` those of all who report to them.
create function contact.members_in_sight(of_scope text) returns uuid[] language sql stable as $$
    with recursive team (id, membership_id) as (
        select e.id, e.membership_id from people.employee e where e.membership_id = core.actor_id()
        union
        select e.id, e.membership_id from people.employee e join team t on e.manager_id = t.id where of_scope = 'team'
    ) select coalesce(array_agg(t.membership_id) filter (where t.membership_id is not null), '{}') || core.actor_id()
    from team t
$$;

-- Of these ids those that lead to a contact in use which the caller sees, and what it is: as contact.parties_in_use, so that
-- one that is out of sight is told apart from one that never was by nothing.
create function contact.parties_in_sight(wanted uuid[]) returns table (id uuid, kind text) language sql stable as $$
    select p.id, p.kind from contact.parties_in_use(wanted) p
    where case (select contact.sight()) when 'all' then true when 'none' then false
        else contact.leads_in_sight(p.id, (select contact.members_in_sight(contact.sight())), (select contact.sight())) end
$$;
grant execute on function contact.parties_in_sight to innoerp_app;
