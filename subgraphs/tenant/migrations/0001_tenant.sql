-- Tenant: organizations, and which modules each has on. Names no other module's table.

-- Subdomains that are ours, or that people would take for ours.
create function tenant.subdomain_is_reserved(subdomain text) returns boolean language sql immutable parallel safe as $$
    select subdomain = any (array[
        'about', 'account', 'accounts', 'admin', 'administrator', 'api', 'app', 'apps', 'assets', 'auth', 'beta',
        'billing', 'blog', 'cdn', 'dashboard', 'demo', 'dev', 'dns', 'docs', 'email', 'ftp', 'gateway', 'graphql',
        'health', 'help', 'imap', 'innoerp', 'internal', 'legal', 'localhost', 'login', 'logout', 'mail', 'metrics',
        'news', 'ns1', 'ns2', 'oauth', 'pop', 'postmaster', 'press', 'private', 'public', 'root', 'router', 'security',
        'shop', 'signin', 'signup', 'smtp', 'sso', 'staging', 'static', 'status', 'store', 'support', 'system', 'test',
        'webmail', 'webmaster', 'www'])
$$;
create function tenant.subdomain_is_well_formed(subdomain text) returns boolean language sql immutable parallel safe as $$
    select length(subdomain) between 3 and 63 and subdomain ~ '^[a-z0-9](-?[a-z0-9])*$'
$$;

create table tenant.organization (
    id uuid constraint organization_pkey primary key,
    -- The same once more, so that the policy and the audit of every tenant table hold for this one too.
    organization_id uuid not null constraint organization_organization_id_check check (organization_id = id),
    name text not null constraint organization_name_check
        check (length(name) between 1 and 100 and name = btrim(name) and name !~ '[[:cntrl:]]'),
    -- A host name: unique among all organizations, hence not led by organization_id.
    subdomain text not null constraint organization_subdomain_key unique
        constraint organization_subdomain_check check (tenant.subdomain_is_well_formed(subdomain))
        constraint organization_subdomain_reserved_check check (not tenant.subdomain_is_reserved(subdomain)),
    industry_code text constraint organization_industry_code_check check (industry_code ~ '^[a-z][a-z0-9_]{1,49}$'),
    status text not null default 'ACTIVE'
        constraint organization_status_check check (status in ('ACTIVE', 'SUSPENDED')),
    timezone text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
grant select, insert, update on tenant.organization to innoerp_app;

-- What was ever switched on. A row stays when its module is switched off, and when a version no longer has it.
create table tenant.organization_module (
    organization_id uuid not null
        constraint organization_module_organization_fkey references tenant.organization (id),
    module_id text not null,
    is_enabled boolean not null,
    enabled_at timestamptz not null,
    disabled_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint organization_module_pkey primary key (organization_id, module_id),
    constraint organization_module_disabled_at_check check (is_enabled = (disabled_at is null))
);
grant select, insert, update on tenant.organization_module to innoerp_app;

-- What the other core modules and every service may ask, across tenants: narrow answers by id, no more.
-- These functions run as the owner, whom row-level security binds too.
create policy published on tenant.organization for select to innoerp_owner using (true);
create policy published on tenant.organization_module for select to innoerp_owner using (true);

-- Whether an organization may work, and the optional modules that it has on. No row when there is none.
create function tenant.organization_state(id uuid) returns table (is_active boolean, modules text[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select o.status = 'ACTIVE',
           array(select m.module_id from tenant.organization_module m
                 where m.organization_id = o.id and m.is_enabled order by m.module_id)
    from tenant.organization o where o.id = $1
$$;

-- What a member may know of the organizations that they belong to.
create function tenant.organization_summaries(ids uuid[])
returns table (id uuid, name text, subdomain text, is_active boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select o.id, o.name, o.subdomain, o.status = 'ACTIVE'
    from tenant.organization o where o.id = any ($1) order by o.name, o.id
$$;

-- Why an organization cannot be made as asked: codes, none when it can. The constraints have the last word;
-- this exists so that a form can show every reason at once.
create function tenant.organization_refusals(name text, subdomain text, industry_code text) returns text[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select array_remove(array[
        case when length($1) not between 1 and 100 or $1 ~ '[[:cntrl:]]' then 'ORGANIZATION_NAME_INVALID' end,
        case when not tenant.subdomain_is_well_formed($2) then 'SUBDOMAIN_INVALID'
             when tenant.subdomain_is_reserved($2) then 'SUBDOMAIN_RESERVED'
             when exists (select from tenant.organization o where o.subdomain = $2) then 'SUBDOMAIN_TAKEN' end,
        case when $3 !~ '^[a-z][a-z0-9_]{1,49}$' then 'INDUSTRY_CODE_INVALID' end
    ], null)
$$;

revoke execute on function tenant.organization_state, tenant.organization_summaries, tenant.organization_refusals
    from public;
grant execute on function tenant.organization_state, tenant.organization_summaries, tenant.organization_refusals
    to innoerp_app;

-- Makes an organization with every optional module on whose requirements this version has, inside the caller's
-- transaction, which must have entered the organization. Announces it as `tenant.organization.created`.
create function tenant.organization_create(id uuid, name text, subdomain text, industry_code text) returns void
language plpgsql as $$
declare
    enabled text[] := '{}';
    ready text[];
begin
    insert into tenant.organization (id, organization_id, name, subdomain, industry_code)
    values ($1, $1, btrim($2), $3, $4);
    loop
        ready := array(
            select m.id from core.module m
            where not m.is_core and m.id <> all (enabled)
              and not exists (
                  select from unnest(m.requires) r
                  where r <> all (enabled) and r not in (select c.id from core.module c where c.is_core))
            order by m.id);
        exit when ready = '{}';
        enabled := enabled || ready;
    end loop;
    insert into tenant.organization_module (organization_id, module_id, is_enabled, enabled_at)
    select $1, m, true, now() from unnest(enabled) m;
    insert into tenant.outbox (event_id, event_type, occurred_at, organization_id, actor, aggregate_id,
        correlation_id, payload)
    values (core.uuid_v7(), 'tenant.organization.created', now(), $1,
        jsonb_build_object('type', 'member', 'id', core.actor_id()), $1, coalesce(core.request_id(), ''),
        jsonb_build_object('organizationId', $1, 'industryCode', $4, 'modules', to_jsonb(enabled)));
end $$;
