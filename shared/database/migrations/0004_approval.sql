-- Approvals: who decides on what somebody asks for, step by step. One engine for all modules: they ask it by a kind, such
-- as `leave.request`, and the id of the thing. What waits for whom is written down (`assignee`) and follows the directory
-- in the transactions that change it, so that nobody looks for whom to ask, and "what waits for me" is one look-up.
--
-- The engine writes as the owner: the application reads, and cannot forge a decision. As the owner it names the
-- organization in each query, for the policies that do so elsewhere are the application's.

-- The instant of the transaction, as its opener says; else the clock of the database.
create function core.now() returns timestamptz language sql stable parallel safe
    as $$ select coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now()) $$;

create schema approval;
select core.install_module('approval');

create table approval.rule (
    id uuid not null,
    organization_id uuid not null,
    -- What is asked for: `leave.request`.
    kind text not null constraint rule_kind_check check (kind ~ '^[a-z_]+\.[a-z_]+$' and length(kind) <= 60),
    name text not null constraint rule_name_check check (length(name) between 1 and 100),
    -- Of several that fit, the one with the smallest number holds.
    priority integer not null constraint rule_priority_check check (priority between 1 and 1000),
    -- The conditions; null fits everything.
    amount_min numeric,
    amount_max numeric,
    category_id uuid,
    department_id uuid,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint rule_pkey primary key (organization_id, id),
    constraint rule_amount_check check (amount_min <= amount_max)
);
create index rule_kind_idx on approval.rule (organization_id, kind, priority, id);
create index rule_priority_idx on approval.rule (organization_id, priority, id);
create index rule_name_idx on approval.rule (organization_id, name, id);

create table approval.rule_step (
    organization_id uuid not null,
    rule_id uuid not null,
    position integer not null constraint rule_step_position_check check (position between 1 and 10),
    who text not null constraint rule_step_who_check check (who in ('MANAGER', 'ROLE', 'MEMBER')),
    -- How far above the employee: 1 is the direct manager.
    level integer constraint rule_step_level_check check (level between 1 and 10),
    role text,
    membership_id uuid,
    quorum text not null constraint rule_step_quorum_check check (quorum in ('ANY', 'ALL')),
    due_in_days integer constraint rule_step_due_in_days_check check (due_in_days between 1 and 365),
    constraint rule_step_pkey primary key (organization_id, rule_id, position),
    constraint rule_step_rule_fkey foreign key (organization_id, rule_id) references approval.rule (organization_id, id),
    constraint rule_step_named_check check (
        (who = 'MANAGER') = (level is not null) and (who = 'ROLE') = (role is not null)
        and (who = 'MEMBER') = (membership_id is not null))
);

create table approval.approval (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    kind text not null,
    subject_id uuid not null,
    requester_membership_id uuid not null,
    employee_id uuid,
    amount numeric,
    category_id uuid,
    rule_id uuid,
    state text not null default 'PENDING'
        constraint approval_state_check check (state in ('PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN')),
    -- The position of the current step, of so many.
    step integer not null default 1,
    step_count integer not null,
    due_at timestamptz,
    -- What never falls due comes after everything that does.
    due_order timestamptz not null
        generated always as (coalesce(due_at, timestamptz '9999-12-31 00:00:00+00')) stored,
    -- The step fell due: the office decides as well.
    is_escalated boolean not null default false,
    -- Nobody whom the step names can decide.
    is_fallen boolean not null default false,
    created_at timestamptz not null default core.now(),
    updated_at timestamptz not null default core.now(),
    constraint approval_pkey primary key (organization_id, id)
);
create unique index approval_pending_key on approval.approval (organization_id, kind, subject_id) where state = 'PENDING';
create index approval_subject_idx on approval.approval (organization_id, kind, subject_id, id);
create index approval_requester_idx on approval.approval (organization_id, requester_membership_id);
create index approval_employee_idx on approval.approval (organization_id, employee_id) where state = 'PENDING';
create index approval_due_idx on approval.approval (organization_id, due_at) where state = 'PENDING' and not is_escalated;

create table approval.step (
    organization_id uuid not null,
    approval_id uuid not null,
    position integer not null,
    who text not null,
    level integer,
    role text,
    membership_id uuid,
    quorum text not null,
    due_in_days integer,
    due_at timestamptz,
    constraint step_pkey primary key (organization_id, approval_id, position),
    constraint step_approval_fkey foreign key (organization_id, approval_id)
        references approval.approval (organization_id, id)
);

create table approval.decision (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    approval_id uuid not null,
    position integer not null,
    membership_id uuid not null,
    on_behalf_of uuid,
    verdict text not null constraint decision_verdict_check check (verdict in ('APPROVED', 'REJECTED')),
    note text,
    -- By the right of the office, and not because the step named them.
    is_of_office boolean not null,
    -- On one's own request, where there is nobody else.
    is_own boolean not null,
    at timestamptz not null default core.now(),
    constraint decision_pkey primary key (organization_id, id),
    constraint decision_approval_fkey foreign key (organization_id, approval_id)
        references approval.approval (organization_id, id)
);
create index decision_approval_idx on approval.decision (organization_id, approval_id, position);

create table approval.delegation (
    id uuid not null,
    organization_id uuid not null,
    from_membership_id uuid not null,
    to_membership_id uuid not null,
    first_day date not null,
    last_day date not null,
    reason text,
    ended_at timestamptz,
    -- Whether it holds at present; kept by a trigger, and by the clock.
    is_in_force boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint delegation_pkey primary key (organization_id, id),
    constraint delegation_to_check check (to_membership_id <> from_membership_id),
    constraint delegation_days_check check (last_day - first_day between 0 and 89)
);
create index delegation_from_idx on approval.delegation (organization_id, from_membership_id);
create index delegation_to_idx on approval.delegation (organization_id, to_membership_id);
create index delegation_first_day_idx on approval.delegation (organization_id, first_day, id);
create index delegation_open_idx on approval.delegation (organization_id, last_day) where ended_at is null;

-- Who can decide on the current step now.
create table approval.assignee (
    organization_id uuid not null,
    approval_id uuid not null,
    position integer not null,
    membership_id uuid not null,
    on_behalf_of uuid,
    -- Whether it was announced.
    is_told boolean not null default false,
    constraint assignee_key unique nulls not distinct (organization_id, approval_id, position, membership_id, on_behalf_of),
    constraint assignee_approval_fkey foreign key (organization_id, approval_id)
        references approval.approval (organization_id, id)
);
create index assignee_membership_idx on approval.assignee (organization_id, membership_id, approval_id);
create index assignee_on_behalf_of_idx on approval.assignee (organization_id, on_behalf_of) where on_behalf_of is not null;
create index assignee_untold_idx on approval.assignee (organization_id, approval_id) where not is_told;

select core.protect_module('approval');
grant select, insert, update on approval.rule, approval.delegation to innoerp_app;
grant select, insert, delete on approval.rule_step to innoerp_app;
grant select on approval.approval, approval.step, approval.decision, approval.assignee to innoerp_app;

-- The owner's sight: one organization's; of all only where none was entered, which is how the clock's work is found.
do $$
declare
    t text;
begin
    foreach t in array array['approval.rule', 'approval.rule_step', 'approval.approval', 'approval.step',
        'approval.decision', 'approval.delegation', 'approval.assignee', 'people.employee', 'people.member'] loop
        execute format('create policy engine on %s to innoerp_owner
                        using ((select core.organization_id()) is null
                               or organization_id = (select core.organization_id()))', t);
    end loop;
end $$;

-- Whether the caller belongs to the office: HR, administrators, owners.
create function approval.is_office() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from people.member m where m.organization_id = core.organization_id()
        and m.id = core.actor_id() and m.is_active and m.roles && array['HR', 'ADMIN', 'OWNER'])
$$;
-- What waits for the caller. As the owner, for the policy of what is asked for stands on it.
create function approval.waiting() returns uuid[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(array_agg(distinct a.approval_id), '{}') from approval.assignee a
    where a.organization_id = core.organization_id() and a.membership_id = core.actor_id()
$$;
-- The things of a kind that wait for the caller, and the employees whom these are for: whoever decides sees both.
create function approval.waiting_subjects(kind text) returns uuid[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(array_agg(a.subject_id), '{}') from approval.approval a
    where a.organization_id = core.organization_id() and a.kind = $1 and a.id = any (approval.waiting())
$$;
create function approval.waiting_employees(kind text) returns uuid[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(array_agg(distinct a.employee_id), '{}') from approval.approval a
    where a.organization_id = core.organization_id() and a.kind = $1 and a.id = any (approval.waiting())
$$;
create policy scope on approval.approval as restrictive to innoerp_app using (
    (select core.actor_id()) is null or requester_membership_id = (select core.actor_id())
    or id = any ((select approval.waiting())::uuid[]) or (select approval.is_office()));
create policy scope on approval.step as restrictive to innoerp_app
    using (approval_id in (select a.id from approval.approval a));
create policy scope on approval.decision as restrictive to innoerp_app
    using (approval_id in (select a.id from approval.approval a));
create policy scope on approval.assignee as restrictive to innoerp_app
    using (approval_id in (select a.id from approval.approval a));
-- Who decides for another sees it as well; they cannot write it for themselves.
create policy scope on approval.delegation as restrictive to innoerp_app
    using ((select core.actor_id()) in (from_membership_id, to_membership_id)
           or (select core.actor_id()) is null or (select approval.is_office()))
    with check (from_membership_id = (select core.actor_id())
                or (select core.actor_id()) is null or (select approval.is_office()));

-- One moment for who is who: what decides holds it shared, what changes the directory holds it alone, from its commit on.
-- Without it, somebody could begin to wait for the manager who is being replaced at that moment.
create function approval.hold(is_alone boolean) returns void language plpgsql as $$
declare
    key constant bigint := hashtextextended('approval ' || core.organization_id()::text, 0);
begin
    if is_alone then
        perform pg_advisory_xact_lock(key);
    else
        perform pg_advisory_xact_lock_shared(key);
    end if;
end $$;

-- THE RULE: who decides. Rust has it as people::office, and a test compares the two.

-- The employee of a member: of several, the one who has not left.
create function approval.employee_of(member uuid) returns uuid language sql stable as $$
    select e.id from people.employee e where e.organization_id = core.organization_id() and e.membership_id = $1
    order by e.left_on desc nulls first, e.id limit 1
$$;

-- Those who cannot decide on a request, since it is their own.
create function approval.own(requester uuid, employee uuid) returns uuid[] language sql stable as $$
    select array_remove(array[$1, (select e.membership_id from people.employee e
        where e.organization_id = core.organization_id() and e.id = $2)], null)
$$;

-- Those whom a step names.
create function approval.named(who text, level integer, role text, member uuid, employee uuid) returns uuid[]
language sql stable as $$
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
    ) select coalesce(array_agg(n.id), '{}') from named n where n.id is not null
$$;

-- Those who may come in. Of whom nothing is known counts as active.
create function approval.active(members uuid[]) returns uuid[] language sql stable as $$
    select coalesce(array_agg(u.id), '{}') from unnest($1) as u (id)
    where not exists (select from people.member m
        where m.organization_id = core.organization_id() and m.id = u.id and not m.is_active)
$$;

-- The office: those with the first of its roles that anybody else holds.
create function approval.office(own uuid[]) returns uuid[] language sql stable as $$
    select coalesce((
        select f.ids from unnest(array['HR', 'ADMIN', 'OWNER']) with ordinality as r (role, rank)
        cross join lateral (
            select array_agg(m.id) as ids from people.member m
            where m.organization_id = core.organization_id() and m.is_active
                and m.roles && array['HR', 'ADMIN', 'OWNER'] and r.role = any (m.roles) and m.id <> all ($1)) f
        where f.ids is not null order by r.rank limit 1), '{}')
$$;

-- Those who decide, of those who are named: the active ones, never on what is their own; else, and once it is due as
-- well, the office; else the requester, who is the only one of the office, or works alone.
create function approval.deciders(named uuid[], requester uuid, employee uuid, is_due boolean)
returns table (ids uuid[], is_fallen boolean) language plpgsql stable as $$
declare
    own constant uuid[] := approval.own(requester, employee);
begin
    ids := array(select id from unnest(approval.active(named)) as id where id <> all (own));
    is_fallen := ids = '{}';
    if is_fallen or is_due then
        ids := array(select unnest(ids) union select unnest(approval.office(own)));
    end if;
    -- Customers and vendors are members too, and decide on nothing.
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

-- The deciders, and who decides for them at present. One step only: a delegate's delegate decides for the delegate.
create function approval.with_delegates(deciders uuid[], own uuid[])
returns table (membership_id uuid, on_behalf_of uuid) language sql stable as $$
    select id, null::uuid from unnest($1) as id
    union
    select d.to_membership_id, d.from_membership_id from approval.delegation d
    where d.organization_id = core.organization_id() and d.from_membership_id = any ($1) and d.is_in_force
        and d.to_membership_id <> all ($2) and d.to_membership_id = any (approval.active(array[d.to_membership_id]))
$$;

-- The steps that a request would go through: those of the first rule that fits, else the direct manager.
create function approval.plan(kind text, employee uuid, amount numeric, category uuid)
returns table (rule_id uuid, "position" integer, who text, level integer, role text, membership_id uuid, quorum text,
    due_in_days integer) language sql stable as $$
    with rule as (
        select r.id from approval.rule r
        where r.organization_id = core.organization_id() and r.kind = $1 and r.archived_at is null
            and (r.amount_min is null or r.amount_min <= $3) and (r.amount_max is null or r.amount_max >= $3)
            and (r.category_id is null or r.category_id = $4)
            and (r.department_id is null or r.department_id = (select e.department_id from people.employee e
                where e.organization_id = core.organization_id() and e.id = $2))
        order by r.priority, r.id limit 1
    )
    select s.rule_id, s.position, s.who, s.level, s.role, s.membership_id, s.quorum, s.due_in_days
    from rule join approval.rule_step s on s.organization_id = core.organization_id() and s.rule_id = rule.id
    union all
    select null, 1, 'MANAGER', 1, null, null, 'ANY', null where not exists (select from rule)
$$;

-- Writes down anew who can decide on these.
create function approval.refresh(approvals uuid[]) returns void language plpgsql as $$
declare
    org constant uuid := core.organization_id();
    a approval.approval;
    s approval.step;
    found record;
    own uuid[];
    left_over uuid[];
begin
    -- Locked, so that none moves on meanwhile; in the order of their ids, so that two who do this wait, and no more.
    for a in select x.* from approval.approval x
        where x.organization_id = org and x.id = any (approvals) and x.state = 'PENDING' order by x.id for update
    loop
        select x.* into s from approval.step x
            where x.organization_id = org and x.approval_id = a.id and x.position = a.step;
        own := approval.own(a.requester_membership_id, a.employee_id);
        select d.ids, d.is_fallen into found from approval.deciders(
            approval.named(s.who, s.level, s.role, s.membership_id, a.employee_id),
            a.requester_membership_id, a.employee_id, a.is_escalated) d;
        left_over := array(select unnest(found.ids) except
            select coalesce(x.on_behalf_of, x.membership_id) from approval.decision x
            where x.organization_id = org and x.approval_id = a.id and x.position = a.step);
        if left_over = '{}' then
            -- Whoever had not decided is gone, and all others have: any of them closes the step.
            left_over := found.ids;
        end if;
        delete from approval.assignee x where x.organization_id = org and x.approval_id = a.id
            and (x.position <> a.step or not exists (select from approval.with_delegates(left_over, own) w
                where w.membership_id = x.membership_id and w.on_behalf_of is not distinct from x.on_behalf_of));
        insert into approval.assignee (organization_id, approval_id, position, membership_id, on_behalf_of)
            select org, a.id, a.step, w.membership_id, w.on_behalf_of from approval.with_delegates(left_over, own) w
            on conflict on constraint assignee_key do nothing;
        update approval.approval x set is_fallen = found.is_fallen
            where x.organization_id = org and x.id = a.id and x.is_fallen <> found.is_fallen;
    end loop;
end $$;
