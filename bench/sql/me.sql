-- What the services ask for one `me`, in one connection and one after the other.
-- Each service asks in a transaction of its own; one that only read ends with a rollback.

\startpipeline
begin isolation level repeatable read, read only;
set local role innoerp_user;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true),
    set_config('app.now', now()::text, true), set_config('app.scopes', '{"user.profile.read": "own",
        "user.profile.update": "own", "user.member.read": "all", "approval.rule.read": "all",
        "approval.rule.manage": "all", "approval.delegation.manage": "all", "approval.approval.read": "all"}', true);
\endpipeline
select to_jsonb(m),
    (select coalesce(jsonb_agg(to_jsonb(o)), '[]') from tenant.organization_summaries(
        array(select organization_id from "user".memberships_of(:identity))) o)
from "user".membership m where m.id = :membership;
rollback;

\startpipeline
begin isolation level repeatable read, read only;
set local role innoerp_tenant;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true),
    set_config('app.now', now()::text, true), set_config('app.scopes', '{"tenant.organization.read": "all",
        "tenant.numbers.read": "all", "custom.field.read": "all", "custom.field.manage": "all",
        "custom.value.confidential": "all", "files.file.upload": "all", "tenant.view.read": "all",
        "tenant.view.save": "own"}', true);
\endpipeline
select id, name, subdomain, status, industry_code, timezone, version, created_at
from tenant.organization where id = any(array[:organization]::uuid[]);
select m.id, m.name, m.description, m.is_core, m.requires, m.is_core or coalesce(o.is_enabled, false) as enabled
from core.module m left join tenant.organization_module o on o.module_id = m.id
order by m.is_core desc, m.id;
rollback;
