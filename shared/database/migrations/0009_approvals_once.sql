-- Approvals: each decides once, and not on what was their own when it was asked for; customers and vendors decide on
-- nothing; what can be asked for is known; decisions are shown; and the directory is followed at less cost.

-- What can be asked for. A module's migration registers each kind, which is the table of the noun.
create table approval.kind (
    name text constraint kind_pkey primary key
        constraint kind_name_check check (name ~ '^[a-z_]+\.[a-z_]+$' and length(name) <= 60),
    -- Whose rows its things are sorted by, such as leave types; null where nothing sorts them.
    category_table regclass
);
grant select on approval.kind to innoerp_app;

create function approval.register_kind(name text, category_table regclass default null) returns void
language sql as $$
    insert into approval.kind (name, category_table) values ($1, $2)
    on conflict on constraint kind_pkey do update set category_table = excluded.category_table
$$;

-- Whether the things of a kind are sorted by this. As who asks, so that row-level security holds.
create function approval.has_category(kind text, category uuid) returns boolean language plpgsql stable as $$
declare
    categories constant regclass := (select k.category_table from approval.kind k where k.name = $1);
    is_there boolean := false;
begin
    if categories is not null then
        execute format('select exists (select from %s where id = $1)', categories) into is_there using category;
    end if;
    return is_there;
end $$;

-- Whose own it was when it was asked for: who is linked to an employee can change, who must not decide not.
alter table approval.approval add column own_membership_ids uuid[] not null default '{}';
-- The type of the thing in the graph.
alter table approval.approval add column subject_type text;
update approval.approval a set subject_type = translate(initcap(translate(a.kind, '._', '  ')), ' ', ''),
    own_membership_ids = array_remove(array[a.requester_membership_id, (select e.membership_id from people.employee e
        where e.organization_id = a.organization_id and e.id = a.employee_id)], null);
alter table approval.approval alter column subject_type set not null;

-- Those who cannot decide on it: whose own it was, and whose it is now.
create function approval.own_of(a approval.approval) returns uuid[] language sql stable as $$
    select array(select unnest($1.own_membership_ids)
        union select unnest(approval.own($1.requester_membership_id, $1.employee_id)))
$$;

-- Those who may come in and work here: customers and vendors decide on nothing. Of whom nothing is known counts.
create or replace function approval.active(members uuid[]) returns uuid[] language sql stable as $$
    select coalesce(array_agg(u.id), '{}') from unnest($1) as u (id)
    where not exists (select from people.member m where m.organization_id = core.organization_id() and m.id = u.id
        and (not m.is_active or m.roles <@ array['CLIENT', 'SUPPLIER']))
$$;

-- Those who decide, of those who are named: the active ones who have not decided here, never on what is their own; else,
-- and once it is due as well, those of the office who have decided on no step. Who has decided does so once more only
-- where there is nobody else: the office on another step, and on the same one whoever it names. Else the requester,
-- who is the only one of the office, or works alone.
drop function approval.deciders(uuid[], uuid, uuid, boolean);
create function approval.deciders(named uuid[], requester uuid, own uuid[], decided uuid[], decided_here uuid[],
    is_due boolean)
returns table (ids uuid[], is_fallen boolean) language plpgsql stable as $$
declare
    able constant uuid[] := array(select id from unnest(approval.active(named)) as id where id <> all (own));
begin
    ids := array(select id from unnest(able) as id where id <> all (decided_here));
    is_fallen := ids = '{}';
    if is_fallen or is_due then
        ids := array(select unnest(ids) union select unnest(approval.office(own || decided)));
    end if;
    if ids = '{}' then
        ids := approval.office(own || decided_here);
    end if;
    if ids = '{}' then
        ids := able;
    end if;
    if ids = '{}' then
        ids := approval.office(own);
    end if;
    if ids = '{}' and requester is not null and (
        exists (select from people.member m where m.organization_id = core.organization_id() and m.id = requester
            and m.is_active and m.roles && array['HR', 'ADMIN', 'OWNER'])
        or not exists (select from people.member m where m.organization_id = core.organization_id() and m.is_active
            and m.id <> all (own) and not m.roles <@ array['CLIENT', 'SUPPLIER']))
    then
        ids := array[requester];
    end if;
    return next;
end $$;

create or replace function approval.refresh(approvals uuid[]) returns void language plpgsql as $$
declare
    org constant uuid := core.organization_id();
    a approval.approval;
    s approval.step;
    found record;
    own uuid[];
    decided uuid[];
    decided_here uuid[];
begin
    -- Locked, so that none moves on meanwhile; in the order of their ids, so that two who do this wait, and no more.
    for a in select x.* from approval.approval x
        where x.organization_id = org and x.id = any (approvals) and x.state = 'PENDING' order by x.id for update
    loop
        select x.* into s from approval.step x
            where x.organization_id = org and x.approval_id = a.id and x.position = a.step;
        own := approval.own_of(a);
        -- Whoever was spoken for has decided as well.
        select coalesce(array_agg(u.id), '{}'), coalesce(array_agg(u.id) filter (where x.position = a.step), '{}')
            into decided, decided_here
            from approval.decision x
            cross join unnest(array_remove(array[x.membership_id, x.on_behalf_of], null)) as u (id)
            where x.organization_id = org and x.approval_id = a.id;
        select d.ids, d.is_fallen into found from approval.deciders(
            approval.named(s.who, s.level, s.role, s.membership_id, a.employee_id),
            a.requester_membership_id, own, decided, decided_here, a.is_escalated) d;
        delete from approval.assignee x where x.organization_id = org and x.approval_id = a.id
            and (x.position <> a.step or not exists (select from approval.with_delegates(found.ids, own) w
                where w.membership_id = x.membership_id and w.on_behalf_of is not distinct from x.on_behalf_of));
        insert into approval.assignee (organization_id, approval_id, position, membership_id, on_behalf_of)
            select org, a.id, a.step, w.membership_id, w.on_behalf_of from approval.with_delegates(found.ids, own) w
            on conflict on constraint assignee_key do nothing;
        update approval.approval x set is_fallen = found.is_fallen
            where x.organization_id = org and x.id = a.id and x.is_fallen <> found.is_fallen;
    end loop;
end $$;

-- As before, and notes whose own it is and what it is in the graph. Without `subject_type` for who runs an older version.
drop function approval.begin(text, uuid, uuid, uuid, numeric, uuid);
create function approval.begin(kind text, subject uuid, requester uuid, employee uuid, amount numeric, category uuid,
    subject_type text default null)
returns uuid[] language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    org constant uuid := core.organization_id();
    of_employee uuid;
    begun uuid;
    rule uuid;
    steps integer;
begin
    perform approval.hold(false);
    of_employee := coalesce(employee, approval.employee_of(requester));
    select p.rule_id, count(*) into rule, steps
        from approval.plan(kind, of_employee, amount, category) p group by p.rule_id;
    insert into approval.approval (organization_id, kind, subject_id, requester_membership_id, employee_id, amount,
            category_id, rule_id, step_count, own_membership_ids, subject_type)
        values (org, kind, subject, requester, of_employee, amount, category, rule, steps,
            approval.own(requester, of_employee),
            coalesce(subject_type, translate(initcap(translate(kind, '._', '  ')), ' ', ''))) returning id into begun;
    insert into approval.step (organization_id, approval_id, position, who, level, role, membership_id, quorum, due_in_days)
        select org, begun, p.position, p.who, p.level, p.role, p.membership_id, p.quorum, p.due_in_days
        from approval.plan(kind, of_employee, amount, category) p;
    perform approval.enter(begun, 1);
    update approval.assignee x set is_told = true where x.organization_id = org and x.approval_id = begun;
    return array(select distinct x.membership_id from approval.assignee x
        where x.organization_id = org and x.approval_id = begun order by 1);
end $$;

-- One member's verdict on the current step, in every capacity that they have: their own, and for whom they stand in.
-- Answers the id, and what has become of it or why it was not taken.
create or replace function approval.decide(kind text, subject uuid, by uuid, verdict text, note text, may_all boolean)
returns table (id uuid, outcome text) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    org constant uuid := core.organization_id();
    -- What this transaction has decided on: a list that names a thing twice means the step that was seen.
    before constant text := coalesce(current_setting('approval.decided', true), '');
    seen approval.approval;
    a approval.approval;
    own uuid[];
    is_assigned boolean;
    is_passed boolean;
    is_above boolean;
    is_office boolean;
    has_decided boolean;
    has_decided_here boolean;
begin
    perform approval.hold(false);
    seen := approval.of(kind, subject);
    if seen.id is null then
        outcome := 'NOT_FOUND';
        return next;
        return;
    end if;
    id := seen.id;
    select x.* into a from approval.approval x where x.organization_id = org and x.id = seen.id for update;
    own := approval.own_of(a);
    is_assigned := exists (select from approval.assignee x
        where x.organization_id = org and x.approval_id = a.id and x.membership_id = by);
    -- Whoever was spoken for has decided as well.
    select count(*) > 0, count(*) filter (where d.position = a.step) > 0 into has_decided, has_decided_here
        from approval.decision d
        where d.organization_id = org and d.approval_id = a.id and by in (d.membership_id, d.on_behalf_of);
    -- Where no rule says otherwise, whoever is further up the line may decide as well.
    is_above := a.rule_id is null and core.scope('') = 'team' and a.employee_id = any (people.in_scope(''));
    is_office := may_all and exists (select from people.member m where m.organization_id = org and m.id = by
        and m.is_active and m.roles && array['HR', 'ADMIN', 'OWNER']);
    outcome := case
        -- Who waited for somebody else's verdict meant the step that they saw.
        when a.state <> 'PENDING' or a.step <> seen.step then 'INVALID_TRANSITION'
        when strpos(before, a.id::text) > 0 then 'ALREADY_DECIDED'
        when is_assigned then null
        when by = any (own) then 'OWN_REQUEST'
        when has_decided_here or has_decided and (is_above or is_office) then 'ALREADY_DECIDED'
        when not is_above and not is_office then 'NOT_APPROVER'
    end;
    if outcome is not null then
        return next;
        return;
    end if;
    perform set_config('approval.decided', before || ' ' || a.id, true);
    -- What follows from a decision is done for the organization: it goes beyond what the decider sees.
    perform set_config('app.scope', 'all', true);
    insert into approval.decision (organization_id, approval_id, position, membership_id, on_behalf_of, verdict, note,
            is_of_office, is_own)
        select org, a.id, a.step, by, x.on_behalf_of, verdict, note, false, by = any (own) from approval.assignee x
        where x.organization_id = org and x.approval_id = a.id and x.membership_id = by
        union all
        select org, a.id, a.step, by, null, verdict, note, not is_above, false where not is_assigned;
    is_passed := not is_assigned or a.is_escalated
        or exists (select from approval.step s where s.organization_id = org and s.approval_id = a.id
            and s.position = a.step and s.quorum = 'ANY')
        or not exists (select from approval.assignee x where x.organization_id = org and x.approval_id = a.id
            and not exists (select from approval.decision d where d.organization_id = org and d.approval_id = a.id
                and d.position = a.step
                and coalesce(d.on_behalf_of, d.membership_id) = coalesce(x.on_behalf_of, x.membership_id)));
    outcome := case
        when verdict = 'REJECTED' then 'REJECTED'
        when is_passed and a.step = a.step_count then 'APPROVED'
        else 'WAITING'
    end;
    if outcome <> 'WAITING' then
        perform approval.finish(a.id, outcome);
    elsif is_passed then
        perform approval.enter(a.id, a.step + 1);
    else
        perform approval.refresh(array[a.id]);
    end if;
    return next;
end $$;

-- Which of these things the caller can decide on, by the right that `permission` names: as approval.decide takes it.
create or replace function approval.decidable(kind text, permission text, subjects uuid[]) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.subject_id from approval.approval a
    where a.organization_id = core.organization_id() and a.kind = $1 and a.subject_id = any ($3) and a.state = 'PENDING'
        and (a.id = any (approval.waiting())
            or core.actor_id() <> all (approval.own_of(a))
            and not exists (select from approval.decision d where d.organization_id = a.organization_id
                and d.approval_id = a.id and core.actor_id() in (d.membership_id, d.on_behalf_of))
            and (core.scope($2) = 'all' and approval.is_office()
                or a.rule_id is null and core.scope($2) = 'team' and a.employee_id = any (people.in_scope($2))))
$$;

create or replace function approval.preview(kind text, requester uuid, employee uuid, amount numeric, category uuid)
returns table ("position" integer, quorum text, due_in_days integer, deciders uuid[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.position, p.quorum, p.due_in_days, d.ids
    from (select coalesce($3, approval.employee_of($2)) as employee) e
    cross join lateral approval.plan($1, e.employee, $4, $5) p
    cross join lateral approval.deciders(approval.named(p.who, p.level, p.role, p.membership_id, e.employee),
        $2, approval.own($2, e.employee), '{}', '{}', false) d
    order by p.position
$$;

-- What was decided on these things, in order; of one that was asked for again, what was decided before as well. Whoever
-- sees the thing may know, so it is asked as the owner.
create function approval.decisions(kind text, subjects uuid[])
returns table (subject_id uuid, step integer, membership_id uuid, on_behalf_of uuid, verdict text, note text,
    is_of_office boolean, at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.subject_id, d.position, d.membership_id, d.on_behalf_of, d.verdict, d.note, d.is_of_office, d.at
    from approval.approval a
    join approval.decision d on d.organization_id = a.organization_id and d.approval_id = a.id
    where a.organization_id = core.organization_id() and a.kind = $1 and a.subject_id = any ($2)
    order by a.created_at, a.id, d.position, d.at, d.id
$$;

drop function approval.tell(uuid);
create function approval.tell(of_approval uuid)
returns table (id uuid, kind text, subject_id uuid, subject_type text, step integer, assignees uuid[])
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    with told as (
        update approval.assignee x set is_told = true
        where x.organization_id = core.organization_id() and not x.is_told and ($1 is null or x.approval_id = $1)
        returning x.approval_id, x.membership_id
    )
    select a.id, a.kind, a.subject_id, a.subject_type, a.step, array_agg(distinct t.membership_id)
    from told t join approval.approval a on a.organization_id = core.organization_id() and a.id = t.approval_id
    group by a.id, a.kind, a.subject_id, a.subject_type, a.step order by a.id
$$;

-- The organizations in which somebody is still to be told of what waits for them: one look into a small index.
create function approval.organizations_to_tell() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct x.organization_id from approval.assignee x where not x.is_told
$$;

-- As before, from one to those who report to them by the index: joined as a whole, all employees would be hashed on
-- each level, since nobody knows beforehand that most have nobody below.
create or replace function approval.below(employees uuid[]) returns uuid[] language sql stable as $$
    with recursive below (id, height) as (
        select id, 0 from unnest($1) as id
        union all
        select r.id, b.height + 1 from below b
        cross join lateral (select e.id from people.employee e
            where e.organization_id = core.organization_id() and e.manager_id = b.id offset 0) r
        where b.height < 10
    )
    select coalesce(array_agg(a.id), '{}') from approval.approval a
    where a.organization_id = core.organization_id() and a.state = 'PENDING'
        and a.employee_id in (select b.id from below b)
$$;

-- Runs for every row, of thousands in an import: where nothing is pending that could be concerned, it is a look-up or two.
create or replace function approval.follow_employee() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    org constant uuid := core.organization_id();
    employee constant uuid := coalesce(new.id, old.id);
begin
    perform approval.hold(true);
    -- Looked at under the lock: whoever began before has committed, whoever begins later sees the new directory.
    if exists (select from approval.approval a
            where a.organization_id = org and a.employee_id = employee and a.state = 'PENDING')
        or exists (select from approval.approval a
            where a.organization_id = org and a.employee_id is not null and a.state = 'PENDING')
        and exists (select from people.employee e where e.organization_id = org and e.manager_id = employee)
    then
        perform approval.refresh(approval.below(array[employee]));
    end if;
    return null;
end $$;

do $$
declare
    f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'approval' and p.prosecdef
            and p.proname in ('begin', 'decisions', 'tell', 'organizations_to_tell') loop
        execute format('revoke all on function %s from public', f);
    end loop;
end $$;
grant execute on function approval.begin, approval.decisions, approval.tell to innoerp_app;
grant execute on function approval.organizations_to_tell to innoerp_relay;

-- What waits now goes by these rules from now on.
do $$
declare
    org uuid;
begin
    for org in select distinct a.organization_id from approval.approval a where a.state = 'PENDING' loop
        perform set_config('app.organization_id', org::text, true);
        perform approval.refresh(array(select a.id from approval.approval a
            where a.organization_id = org and a.state = 'PENDING'));
    end loop;
    perform set_config('app.organization_id', '', true);
end $$;
