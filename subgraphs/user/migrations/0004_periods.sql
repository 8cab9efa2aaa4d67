-- A membership that was interrupted begins anew: sessions of before its end do not come back with it.

alter table "user".membership add period integer not null default 1;

create or replace function "user".renew_version() returns trigger language plpgsql as $$
begin
    if (new.roles, new.status) is distinct from (old.roles, old.status) then
        new.version := old.version + 1;
    end if;
    if new.status = 'ACTIVE' and old.status <> 'ACTIVE' then
        new.period := old.period + 1;
    end if;
    return new;
end $$;

-- As before, with the period.
drop function "user".memberships_of;
create function "user".memberships_of(identity_id uuid)
returns table (membership_id uuid, organization_id uuid, roles text[], version bigint, period integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select m.id, m.organization_id, m.roles, m.version, m.period
    from "user".membership m where m.user_id = $1 and m.status = 'ACTIVE' order by m.organization_id
$$;

-- The organizations that an identity may not enter for the time being: it is told so, and not that it belongs nowhere.
create function "user".suspensions_of(identity_id uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select m.organization_id from "user".membership m
    where m.user_id = $1 and m.status = 'SUSPENDED' order by m.organization_id
$$;

revoke execute on function "user".memberships_of, "user".suspensions_of from public;
grant execute on function "user".memberships_of, "user".suspensions_of to innoerp_app;
