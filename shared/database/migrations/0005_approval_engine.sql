-- Approvals, continued: how one moves on, and what makes it follow the directory and the clock.

-- Moves on to a step.
create function approval.enter(approval uuid, to_step integer) returns void language plpgsql as $$
declare
    org constant uuid := core.organization_id();
    due timestamptz;
begin
    update approval.step s set due_at = core.now() + make_interval(days => s.due_in_days)
        where s.organization_id = org and s.approval_id = approval and s.position = to_step
        returning s.due_at into due;
    update approval.approval a set step = to_step, due_at = due, is_escalated = false, updated_at = core.now()
        where a.organization_id = org and a.id = approval;
    perform approval.refresh(array[approval]);
end $$;

-- Ends one.
create function approval.finish(approval uuid, as_state text) returns void language plpgsql as $$
declare
    org constant uuid := core.organization_id();
begin
    update approval.approval a set state = as_state, updated_at = core.now()
        where a.organization_id = org and a.id = approval;
    delete from approval.assignee a where a.organization_id = org and a.approval_id = approval;
end $$;

-- The approval of a thing: the one that is pending, else the latest.
create function approval.of(kind text, subject uuid) returns approval.approval language sql stable as $$
    select a from approval.approval a
    where a.organization_id = core.organization_id() and a.kind = $1 and a.subject_id = $2
    order by (a.state = 'PENDING') desc, a.id desc limit 1
$$;

-- Begins one; answers who is to decide first. They count as told.
create function approval.begin(kind text, subject uuid, requester uuid, employee uuid, amount numeric, category uuid)
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
            category_id, rule_id, step_count)
        values (org, kind, subject, requester, of_employee, amount, category, rule, steps) returning id into begun;
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
create function approval.decide(kind text, subject uuid, by uuid, verdict text, note text, may_all boolean)
returns table (id uuid, outcome text) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    org constant uuid := core.organization_id();
    seen approval.approval;
    a approval.approval;
    own uuid[];
    is_assigned boolean;
    is_passed boolean;
    is_above boolean;
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
    own := approval.own(a.requester_membership_id, a.employee_id);
    is_assigned := exists (select from approval.assignee x
        where x.organization_id = org and x.approval_id = a.id and x.membership_id = by);
    -- Where no rule says otherwise, whoever is further up the line may decide as well.
    is_above := a.rule_id is null and core.scope('') = 'team' and a.employee_id = any (people.in_scope(''));
    outcome := case
        -- Who waited for somebody else's verdict meant the step that they saw.
        when a.state <> 'PENDING' or a.step <> seen.step then 'INVALID_TRANSITION'
        when is_assigned then null
        when by = any (own) then 'OWN_REQUEST'
        when is_above then null
        when not may_all or not exists (select from people.member m where m.organization_id = org and m.id = by
            and m.is_active and m.roles && array['HR', 'ADMIN', 'OWNER']) then 'NOT_APPROVER'
    end;
    if outcome is not null then
        return next;
        return;
    end if;
    -- What follows from a decision is done for the organization: it goes beyond what the decider sees.
    perform set_config('app.scope', 'all', true);
    insert into approval.decision (organization_id, approval_id, position, membership_id, on_behalf_of, verdict, note,
            is_of_office, is_own)
        select org, a.id, a.step, by, x.on_behalf_of, verdict, note, false, by = any (own) from approval.assignee x
        where x.organization_id = org and x.approval_id = a.id and x.membership_id = by
        union all
        select org, a.id, a.step, by, null, verdict, note, true, false where not is_assigned;
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

create function approval.withdraw(kind text, subject uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    seen constant approval.approval := approval.of(kind, subject);
begin
    perform from approval.approval x
        where x.organization_id = seen.organization_id and x.id = seen.id and x.state = 'PENDING' for update;
    if not found then
        return case when seen.id is null then 'NOT_FOUND' else 'INVALID_TRANSITION' end;
    end if;
    perform approval.finish(seen.id, 'WITHDRAWN');
    return 'WITHDRAWN';
end $$;

-- Who can decide on a thing now. Whoever sees the thing may know, so it is asked as the owner.
create function approval.assignees(kind text, subject uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct x.membership_id from approval.assignee x
    where x.organization_id = core.organization_id() and x.approval_id = (approval.of($1, $2)).id order by 1
$$;

-- Which of these things the caller can decide on, by the right that `permission` names: as approval.decide takes it.
create function approval.decidable(kind text, permission text, subjects uuid[]) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.subject_id from approval.approval a
    where a.organization_id = core.organization_id() and a.kind = $1 and a.subject_id = any ($3) and a.state = 'PENDING'
        and (a.id = any (approval.waiting())
            or core.actor_id() <> all (approval.own(a.requester_membership_id, a.employee_id))
            and (core.scope($2) = 'all' and approval.is_office()
                or a.rule_id is null and core.scope($2) = 'team' and a.employee_id = any (people.in_scope($2))))
$$;

-- Who would decide, step by step.
create function approval.preview(kind text, requester uuid, employee uuid, amount numeric, category uuid)
returns table ("position" integer, quorum text, due_in_days integer, deciders uuid[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.position, p.quorum, p.due_in_days, d.ids
    from (select coalesce($3, approval.employee_of($2)) as employee) e
    cross join lateral approval.plan($1, e.employee, $4, $5) p
    cross join lateral approval.deciders(
        approval.named(p.who, p.level, p.role, p.membership_id, e.employee), $2, e.employee, false) d
    order by p.position
$$;

-- What has come to wait for somebody who was not told: of one approval, or of all. It counts as told from now on.
create function approval.tell(of_approval uuid)
returns table (id uuid, kind text, subject_id uuid, step integer, assignees uuid[])
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    with told as (
        update approval.assignee x set is_told = true
        where x.organization_id = core.organization_id() and not x.is_told and ($1 is null or x.approval_id = $1)
        returning x.approval_id, x.membership_id
    )
    select a.id, a.kind, a.subject_id, a.step, array_agg(distinct t.membership_id)
    from told t join approval.approval a on a.organization_id = core.organization_id() and a.id = t.approval_id
    group by a.id, a.kind, a.subject_id, a.step order by a.id
$$;

-- Following the directory. The triggers are deferred to the commit, when everything else is locked that will be: who
-- holds the moment alone does not wait for anybody else's rows.

-- What depends on somebody's place in the reporting lines: their own requests, and those of all below.
create function approval.below(employees uuid[]) returns uuid[] language sql stable as $$
    with recursive below (id, height) as (
        select id, 0 from unnest($1) as id
        union all
        select e.id, b.height + 1 from below b
        join people.employee e on e.organization_id = core.organization_id() and e.manager_id = b.id
        where b.height < 10
    )
    select coalesce(array_agg(a.id), '{}') from approval.approval a
    where a.organization_id = core.organization_id() and a.state = 'PENDING'
        and a.employee_id in (select b.id from below b)
$$;

create function approval.follow_employee() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform approval.hold(true);
    perform approval.refresh(approval.below(array[coalesce(new.id, old.id)]));
    return null;
end $$;

create function approval.follow_member() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    org constant uuid := core.organization_id();
    member constant uuid := coalesce(new.id, old.id);
    roles constant text[] := coalesce(new.roles, '{}') || coalesce(old.roles, '{}');
begin
    perform approval.hold(true);
    perform approval.refresh(approval.below(array(
        select e.id from people.employee e where e.organization_id = org and e.membership_id = member)));
    perform approval.refresh(array(
        select a.id from approval.approval a
        join approval.step s on s.organization_id = org and s.approval_id = a.id and s.position = a.step
        where a.organization_id = org and a.state = 'PENDING'
            and (a.is_fallen or a.is_escalated or s.role = any (roles) or s.membership_id = member)
        union
        select x.approval_id from approval.assignee x
        where x.organization_id = org and x.membership_id in (select member union
            select d.from_membership_id from approval.delegation d
            where d.organization_id = org and d.to_membership_id = member and d.is_in_force)));
    return null;
end $$;

create function approval.in_force(d approval.delegation) returns boolean language sql stable as $$
    select $1.ended_at is null and (core.now() at time zone coalesce((
            select e.time_zone from people.employee e
            where e.organization_id = $1.organization_id and e.membership_id = $1.from_membership_id
            order by e.left_on desc nulls first limit 1), 'UTC'))::date between $1.first_day and $1.last_day
$$;

create function approval.put_in_force() returns trigger language plpgsql as $$
begin
    new.is_in_force := approval.in_force(new);
    return new;
end $$;

create function approval.follow_delegation() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform approval.hold(true);
    perform approval.refresh(array(
        select distinct x.approval_id from approval.assignee x
        where x.organization_id = core.organization_id() and x.membership_id = new.from_membership_id));
    return null;
end $$;

create constraint trigger follow_approvals after insert or delete on people.employee
    deferrable initially deferred for each row execute function approval.follow_employee();
create constraint trigger follow_approvals_change after update on people.employee
    deferrable initially deferred for each row
    when ((old.membership_id, old.manager_id, old.left_on) is distinct from (new.membership_id, new.manager_id, new.left_on))
    execute function approval.follow_employee();
create constraint trigger follow_approvals after insert or delete on people.member
    deferrable initially deferred for each row execute function approval.follow_member();
create constraint trigger follow_approvals_change after update on people.member
    deferrable initially deferred for each row
    when ((old.roles, old.is_active) is distinct from (new.roles, new.is_active))
    execute function approval.follow_member();
create trigger put_in_force before insert or update on approval.delegation
    for each row execute function approval.put_in_force();
create constraint trigger follow_approvals after insert or update on approval.delegation
    deferrable initially deferred for each row execute function approval.follow_delegation();

-- Following the clock, in one organization: what fell due, delegations that begin or end, managers whose last day is over.
create function approval.follow_clock() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    org constant uuid := core.organization_id();
    due uuid[];
    delegated uuid[];
begin
    perform approval.hold(true);
    with fallen as (
        update approval.approval a set is_escalated = true
        where a.organization_id = org and a.state = 'PENDING' and not a.is_escalated and a.due_at <= core.now()
        returning a.id
    ) select coalesce(array_agg(id), '{}') into due from fallen;
    -- A trigger puts it in force, or out of it.
    with turned as (
        update approval.delegation d set updated_at = core.now()
        where d.organization_id = org and d.ended_at is null and d.is_in_force <> approval.in_force(d)
        returning d.from_membership_id
    ) select coalesce(array_agg(x.approval_id), '{}') into delegated from approval.assignee x
        where x.organization_id = org and x.membership_id in (select t.from_membership_id from turned t);
    -- What was delegated would follow at the commit; so it is told of in the same transaction.
    perform approval.refresh(due || delegated || array(
        select x.approval_id from approval.assignee x
        join people.employee e on e.organization_id = org and e.membership_id = x.membership_id
        where x.organization_id = org and e.left_on between core.now()::date - 7 and core.now()::date + 1));
end $$;

-- The organizations in which the clock, or somebody who was not told, has something to do.
create function approval.organizations_to_follow(at timestamptz) returns setof uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform set_config('app.now', at::text, true);
    return query
        select a.organization_id from approval.approval a
        where a.state = 'PENDING' and not a.is_escalated and a.due_at <= at
        union
        select x.organization_id from approval.assignee x where not x.is_told
        union
        select d.organization_id from approval.delegation d
        where d.ended_at is null and d.is_in_force <> approval.in_force(d)
        union
        select x.organization_id from approval.assignee x
        join people.employee e on e.organization_id = x.organization_id and e.membership_id = x.membership_id
        where e.left_on between at::date - 7 and at::date + 1;
end $$;

-- What the application may ask of the engine; the rest is the owner's.
do $$
declare
    f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'approval' and p.prosecdef loop
        execute format('revoke all on function %s from public', f);
    end loop;
end $$;
grant execute on function approval.is_office, approval.waiting, approval.waiting_subjects, approval.waiting_employees,
    approval.begin, approval.decide, approval.withdraw,
    approval.decidable, approval.assignees, approval.preview, approval.tell, approval.follow_clock to innoerp_app;
grant execute on function approval.organizations_to_follow to innoerp_relay;
