-- What the services ask for one `me`, in one connection and one after the other.
-- Each part of a request is a transaction of its own; those that only read end with a rollback.

\startpipeline
begin;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true);
\endpipeline
select m.id, m.user_id, u.display_name, u.email, m.status, m.roles, m.joined_at
from "user".membership m join "user"."user" u on u.id = m.user_id
where m.id = any(array[:membership]::uuid[]);
select id, name, subdomain
from tenant.organization_summaries(array(select organization_id from "user".memberships_of(:identity)));
rollback;

\startpipeline
begin;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true);
\endpipeline
select p.key, p.grants
from core.permission p join core.module m on m.id = p.module_id
where m.is_core or m.id = any (
    select unnest(state.modules) from tenant.organization_state(core.organization_id()) state)
order by p.key;
rollback;

\startpipeline
begin;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true);
\endpipeline
select id, name, subdomain, status, industry_code, timezone, created_at from tenant.organization;
rollback;

\startpipeline
begin;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true);
\endpipeline
select m.id, m.name, m.description, m.is_core, m.requires, m.is_core or coalesce(o.is_enabled, false) as is_enabled
from core.module m left join tenant.organization_module o on o.module_id = m.id
order by m.is_core desc, m.id;
rollback;
