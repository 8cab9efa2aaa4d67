-- What the tokens of a session may say: the version, the organization and the roles of its membership. No row when session,
-- identity or membership no longer stand. Every service asks, at most every other second for each session.
create function auth.session_standing(session_id uuid, identity_id uuid, membership_id uuid)
returns table (version bigint, organization_id uuid, roles text[])
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        select from auth.session s join auth.identity i on i.id = s.identity_id
        where s.id = $1 and s.identity_id = $2 and s.membership_id = $3
          and s.revoked_at is null and s.expires_at > now() and i.status = 'ACTIVE')
    then
        return query select m.version, m.organization_id, m.roles from "user".membership_standing($3, $2) m;
    end if;
end $$;
revoke execute on function auth.session_standing from public;
grant execute on function auth.session_standing to innoerp_app;
