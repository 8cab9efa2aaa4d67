-- Who decides is worked out for all approvals that a change concerns in one go, and only what is different is written. One after
-- the other, a change of the office, to which hundreds may have fallen, kept everybody from asking for seconds.
-- contracts: only the engine itself asked these.
drop function approval.with_delegates(uuid[], uuid[]);
drop function approval.deciders(uuid[], uuid, uuid[], uuid[], uuid[], boolean);
drop function approval.office(uuid[]);

-- As before, in plpgsql: what is asked for each step of each request keeps its plan, where SQL would plan it each time.
create or replace function approval.own(requester uuid, employee uuid) returns uuid[] language plpgsql stable as $$
begin
    return array_remove(array[$1, (select e.membership_id from people.employee e
        where e.organization_id = core.organization_id() and e.id = $2)], null);
end $$;
create or replace function approval.own_of(a approval.approval) returns uuid[] language plpgsql stable as $$
begin
    return array(select unnest($1.own_membership_ids)
        union select unnest(approval.own($1.requester_membership_id, $1.employee_id)));
end $$;
create or replace function approval.named(who text, level integer, role text, member uuid, employee uuid) returns uuid[]
language plpgsql stable as $$
begin
    return (
        with recursive line (id, height) as (
            select e.manager_id, 1 from people.employee e
            where $1 = 'MANAGER' and e.organization_id = core.organization_id() and e.id = $5
            union all
            select e.manager_id, l.height + 1 from line l
            join people.employee e on e.organization_id = core.organization_id() and e.id = l.id
            where l.height < $2
        ), named (id) as (
            select e.membership_id from line l
            join people.employee e on e.organization_id = core.organization_id() and e.id = l.id
            where l.height = $2 and (e.left_on is null or e.left_on >= (core.now() at time zone e.time_zone)::date)
            union
            select m.id from people.member m
            where $1 = 'ROLE' and m.organization_id = core.organization_id() and $3 = any (m.roles)
            union
            select $4 where $1 = 'MEMBER'
        ) select coalesce(array_agg(n.id), '{}') from named n where n.id is not null);
end $$;
create or replace function approval.active(members uuid[]) returns uuid[] language plpgsql stable as $$
begin
    return (select coalesce(array_agg(u.id), '{}') from unnest($1) as u (id)
        where not exists (select from people.member m where m.organization_id = core.organization_id() and m.id = u.id
            and (not m.is_active or m.roles <@ array['CLIENT', 'SUPPLIER'])));
end $$;

-- One of the office by a role: the smaller the rank, the sooner it is asked.
create type approval.officer as (rank bigint, id uuid);

create function approval.officers() returns approval.officer[] language plpgsql stable as $$
begin
    return (select coalesce(array_agg(row(r.rank, m.id)::approval.officer), '{}')
        from unnest(array['HR', 'ADMIN', 'OWNER']) with ordinality as r (role, rank)
        join people.member m on m.organization_id = core.organization_id() and m.is_active
            and m.roles && array['HR', 'ADMIN', 'OWNER'] and r.role = any (m.roles));
end $$;

-- Those with the first of the office's roles that anybody else holds.
create function approval.office(officers approval.officer[], others uuid[]) returns uuid[] language plpgsql immutable as $$
begin
    return (select coalesce(array_agg(o.id), '{}') from unnest($1) o
        where o.id <> all ($2) and o.rank = (select min(p.rank) from unnest($1) p where p.id <> all ($2)));
end $$;

-- What is to be known of a step to tell who decides on it: those whom it names, who asked, whose own it is, who has decided
-- on any step and who on this one, and whether it has waited too long.
create type approval.question as (
    id uuid, step integer, named uuid[], requester uuid, own uuid[], decided uuid[], decided_here uuid[], is_due boolean);

-- Those who decide, of those who are named: the active ones who have not decided here, never on what is their own; else,
-- and once it is due as well, those of the office who have decided on no step. Who has decided does so once more only
-- where there is nobody else: the office on another step, and on the same one whoever it names. Else the requester,
-- who is the only one of the office, or works alone.
create function approval.deciders(questions approval.question[])
returns table (id uuid, step integer, own uuid[], ids uuid[], is_fallen boolean) language sql stable as $$
    with asked as (
        select q.*, array(select n from unnest(approval.active(q.named)) as n where n <> all (q.own)) as able
        from unnest($1) q
    ), open as (
        select a.*, array(select n from unnest(a.able) as n where n <> all (a.decided_here)) as left_over from asked a
    ), office as materialized (
        select approval.officers() as officers
    )
    select o.id, o.step, o.own, coalesce(
        nullif(case when o.left_over = '{}' or o.is_due
            then array(select unnest(o.left_over) union select unnest(approval.office(f.officers, o.own || o.decided)))
            else o.left_over end, '{}'),
        nullif(approval.office(f.officers, o.own || o.decided_here), '{}'),
        nullif(o.able, '{}'),
        nullif(approval.office(f.officers, o.own), '{}'),
        -- Customers and vendors are members too, and decide on nothing.
        case when o.requester = any (select p.id from unnest(f.officers) p)
            or not exists (select from people.member m where m.organization_id = core.organization_id() and m.is_active
                and m.id <> all (o.own) and not m.roles <@ array['CLIENT', 'SUPPLIER'])
            then array_remove(array[o.requester], null) end,
        '{}'), o.left_over = '{}'
    from open o cross join office f
$$;

-- Writes down who can decide on these now: the deciders, and who decides for them at present. One step only: a delegate's
-- delegate decides for the delegate.
create or replace function approval.refresh(approvals uuid[]) returns void language plpgsql
-- Planned once: for each of several arrays anew it would be planned longer than it runs.
set plan_cache_mode to force_generic_plan as $$
declare
    org constant uuid := core.organization_id();
    questions approval.question[];
begin
    -- Locked, so that none moves on meanwhile; in the order of their ids, so that two who do this wait, and no more.
    perform from approval.approval a
        where a.organization_id = org and a.id = any (approvals) and a.state = 'PENDING' order by a.id for update;
    -- Whoever was spoken for has decided as well.
    select array_agg(row(a.id, a.step, approval.named(s.who, s.level, s.role, s.membership_id, a.employee_id),
            a.requester_membership_id, approval.own_of(a), d.ids, d.ids_here, a.is_escalated)::approval.question)
        into questions
        from approval.approval a
        join approval.step s on s.organization_id = org and s.approval_id = a.id and s.position = a.step
        cross join lateral (
            select coalesce(array_agg(u.id), '{}') as ids,
                coalesce(array_agg(u.id) filter (where x.position = a.step), '{}') as ids_here
            from approval.decision x
            cross join unnest(array_remove(array[x.membership_id, x.on_behalf_of], null)) as u (id)
            where x.organization_id = org and x.approval_id = a.id) d
        where a.organization_id = org and a.id = any (approvals) and a.state = 'PENDING';
    if questions is null then
        return;
    end if;
    with found as materialized (
        select * from approval.deciders(questions)
    ), present as materialized (
        select f.id, f.step, u.id as member, null::uuid as principal from found f cross join unnest(f.ids) as u (id)
        union
        select f.id, f.step, g.to_membership_id, g.from_membership_id from found f
        cross join unnest(f.ids) as u (id)
        join approval.delegation g on g.organization_id = org and g.from_membership_id = u.id and g.is_in_force
            and g.to_membership_id <> all (f.own)
        where approval.active(array[g.to_membership_id]) <> '{}'
    ), past as materialized (
        select x.approval_id as id, x.position as step, x.membership_id as member, x.on_behalf_of as principal
        from found f join approval.assignee x on x.organization_id = org and x.approval_id = f.id
    ), gone as (
        delete from approval.assignee x using (table past except table present) g
        where x.organization_id = org and x.approval_id = g.id and x.position = g.step and x.membership_id = g.member
            and x.on_behalf_of is not distinct from g.principal
    ), come as (
        insert into approval.assignee (organization_id, approval_id, position, membership_id, on_behalf_of)
        select org, c.id, c.step, c.member, c.principal from (table present except table past) c
    )
    update approval.approval a set is_fallen = f.is_fallen from found f
        where a.organization_id = org and a.id = f.id and a.is_fallen <> f.is_fallen;
end $$;

create or replace function approval.preview(kind text, requester uuid, employee uuid, amount numeric, category uuid)
returns table ("position" integer, quorum text, due_in_days integer, deciders uuid[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.position, p.quorum, p.due_in_days, d.ids
    from (select coalesce($3, approval.employee_of($2)) as employee) e
    cross join lateral approval.plan($1, e.employee, $4, $5) p
    cross join lateral approval.deciders(array[row(null, null,
        approval.named(p.who, p.level, p.role, p.membership_id, e.employee), $2, approval.own($2, e.employee),
        '{}', '{}', false)::approval.question]) d
    order by p.position
$$;
