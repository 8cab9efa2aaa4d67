-- Whose host name a subdomain is: the organization's, or ours when it is reserved. No row when it is nobody's.
create function tenant.host(subdomain text) returns table (organization_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select o.id from tenant.organization o where o.subdomain = $1
    union all
    select null where tenant.subdomain_is_reserved($1)
    limit 1
$$;
revoke execute on function tenant.host from public;
grant execute on function tenant.host to innoerp_app;
