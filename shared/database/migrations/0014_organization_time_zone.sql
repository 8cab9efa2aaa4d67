-- The directory knows the organization's own time zone: whatever is inherited ends there, and only then at UTC.

create table people.organization (
    organization_id uuid constraint organization_pkey primary key,
    -- An IANA time zone; null until somebody sets it.
    time_zone text
);
grant select, insert, update on people.organization to innoerp_app;
select core.protect_module('people');
create policy engine on people.organization to innoerp_owner
    using ((select core.organization_id()) is null or organization_id = (select core.organization_id()));

-- The time zone of those who have no nearer one.
create function people.time_zone(organization uuid) returns text language sql stable as $$
    select coalesce((select o.time_zone from people.organization o where o.organization_id = $1), 'UTC')
$$;

-- The calendar day that it is where a member works; of those who are no employees it is the organization's.
create function people.today(organization uuid, member uuid) returns date language sql stable as $$
    select (core.now() at time zone coalesce((
        select e.time_zone from people.employee e where e.organization_id = $1 and e.membership_id = $2
        order by e.left_on desc nulls first limit 1), people.time_zone($1)))::date
$$;

create or replace function approval.in_force(d approval.delegation) returns boolean language sql stable as $$
    select $1.ended_at is null
        and people.today($1.organization_id, $1.from_membership_id) between $1.first_day and $1.last_day
$$;

-- What one member has let another decide already, and has not ended.
create index delegation_pair_idx on approval.delegation (organization_id, from_membership_id, to_membership_id, last_day)
    where ended_at is null;
