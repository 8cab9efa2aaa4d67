-- The default policy is worked out, and not copied when somebody is hired: whoever has none of their own has the one that
-- was the default on the first day of their employment. So it does not matter what was entered first.

-- Which policy is the default for employments that begin on a day or later, until the next one is; none without a policy.
create table leave.default_policy (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    -- Null: since ever.
    first_day date,
    policy_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint default_policy_pkey primary key (organization_id, id),
    constraint default_policy_policy_fkey foreign key (organization_id, policy_id)
        references leave.policy (organization_id, id)
);
create unique index default_policy_first_day_key
    on leave.default_policy (organization_id, first_day) nulls not distinct;
create index default_policy_policy_idx on leave.default_policy (organization_id, policy_id);
grant select, insert, update on leave.default_policy to innoerp_app;
select core.protect_module('leave');

-- What is the default so far has been so since ever, for all that anybody knows.
alter table leave.policy no force row level security;
alter table leave.default_policy no force row level security;
insert into leave.default_policy (organization_id, policy_id) select organization_id, id from leave.policy where is_default;
alter table leave.default_policy force row level security;
alter table leave.policy force row level security;

create function leave.default_policy_on(day date) returns uuid language sql stable as $$
    select d.policy_id from leave.default_policy d where d.first_day is null or d.first_day <= $1
    order by d.first_day desc nulls last limit 1
$$;

-- Whoever is hired gets a row that says only that, and when: they have the default. Which one it is, and from when on, is
-- worked out. What the rows of before say, they go on saying.
drop index leave.policy_assignment_first_day_key;
create unique index policy_assignment_first_day_key
    on leave.policy_assignment (organization_id, employee_id, first_day) nulls not distinct
    where withdrawn_at is null and not is_by_default;
create or replace function leave.give_default_policy() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into leave.policy_assignment (id, organization_id, employee_id, is_by_default, created_at, updated_at)
    select core.uuid_v7(), hired.organization_id, hired.id, true, core.now(), core.now() from hired;
    return null;
end $$;

-- As before, and the defaults that those in sight have.
create or replace function leave.policies_in_sight() returns uuid[] language sql stable as $$
    select coalesce(array_agg(distinct seen.policy_id) filter (where seen.policy_id is not null), '{}') from (
        select a.policy_id from leave.policy_assignment a where a.withdrawn_at is null
        union
        select leave.default_policy_on(employment.first_day)
        from leave.policy_assignment a
        join people.employee e on e.id = a.employee_id
        cross join lateral (
            select e.joined_on as first_day
            union
            select (former ->> 'first_day')::date from jsonb_array_elements(e.former) as former
        ) employment
        where a.withdrawn_at is null and a.is_by_default and a.policy_id is null
            and not exists (select from leave.policy_assignment own where own.employee_id = a.employee_id
                and own.withdrawn_at is null and not own.is_by_default and own.first_day is null)
    ) seen
$$;
