-- What a token may say of a membership; no row unless it is active.
create function "user".membership_standing(membership_id uuid, identity_id uuid)
returns table (version bigint, organization_id uuid, roles text[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select m.version, m.organization_id, m.roles from "user".membership m
    where m.user_id = $2 and m.id = $1 and m.status = 'ACTIVE'
$$;
revoke execute on function "user".membership_standing from public;
grant execute on function "user".membership_standing to innoerp_app;
