-- User: people, the organizations that they belong to, and those invited. Migrated after tenant and auth.

-- A person's profile: one per identity, the same in every organization. It belongs to no tenant.
create table "user"."user" (
    id uuid constraint user_pkey primary key,
    display_name text not null constraint user_display_name_check
        check (length(display_name) between 1 and 100 and display_name = btrim(display_name) and display_name !~ '[[:cntrl:]]'),
    email text not null constraint user_email_check check (length(email) <= 254 and email ~ '^[!-?\[-~]+@[!-?\[-~]+$'),
    locale text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
grant select, insert, update on "user"."user" to innoerp_app;

-- One person's place in one organization. Removed ones stay: old records name them as who acted.
create table "user".membership (
    id uuid not null,
    organization_id uuid not null,
    user_id uuid not null constraint membership_user_fkey references "user"."user" (id),
    status text not null constraint membership_status_check check (status in ('ACTIVE', 'SUSPENDED', 'REMOVED')),
    roles text[] not null constraint membership_roles_check
        check (cardinality(roles) between 1 and 5 and roles <@ array['OWNER', 'ADMIN', 'MANAGER', 'HR', 'MEMBER']),
    -- Tokens carry it: one that is behind is worth nothing.
    version bigint not null default 1,
    joined_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint membership_pkey primary key (organization_id, id)
);
create unique index membership_user_key on "user".membership (organization_id, user_id) where status <> 'REMOVED';
create index membership_user_idx on "user".membership (user_id, organization_id);
create index membership_status_idx on "user".membership (organization_id, status, id);
grant select, insert, update on "user".membership to innoerp_app;

-- By trigger, so that no change of rights can forget it.
create function "user".renew_version() returns trigger language plpgsql as $$
begin
    if (new.roles, new.status) is distinct from (old.roles, old.status) then
        new.version := old.version + 1;
    end if;
    return new;
end $$;
create trigger version before update on "user".membership for each row execute function "user".renew_version();

-- A profile is seen by its owner and by whoever shares an organization with them; row-level security on
-- membership leaves the caller's organization in sight.
alter table "user"."user" enable row level security, force row level security;
create policy reader on "user"."user" for select to innoerp_app
    using (id = (select core.identity_id())
           or exists (select from "user".membership m where m.user_id = "user".id));
create policy newcomer on "user"."user" for insert to innoerp_app with check (id = (select core.identity_id()));
create policy self on "user"."user" for update to innoerp_app
    using (id = (select core.identity_id())) with check (id = (select core.identity_id()));

create table "user".invitation (
    id uuid not null,
    organization_id uuid not null,
    email text not null constraint invitation_email_check
        check (length(email) <= 254 and email ~ '^[!-?\[-~]+@[!-?\[-~]+$'),
    roles text[] not null constraint invitation_roles_check
        check (cardinality(roles) between 1 and 5 and roles <@ array['OWNER', 'ADMIN', 'MANAGER', 'HR', 'MEMBER']),
    -- SHA-256 of 256 random bits that were shown once.
    token_hash bytea not null constraint invitation_token_hash_check check (length(token_hash) = 32),
    status text not null default 'PENDING'
        constraint invitation_status_check check (status in ('PENDING', 'ACCEPTED', 'REVOKED', 'EXPIRED')),
    expires_at timestamptz not null,
    invited_by uuid,
    accepted_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint invitation_pkey primary key (organization_id, id),
    constraint invitation_invited_by_fkey foreign key (organization_id, invited_by)
        references "user".membership (organization_id, id),
    constraint invitation_accepted_by_fkey foreign key (organization_id, accepted_by)
        references "user".membership (organization_id, id) deferrable initially deferred
);
create unique index invitation_email_key on "user".invitation (organization_id, email) where status = 'PENDING';
create index invitation_created_at_idx on "user".invitation (organization_id, created_at, id);
-- Whoever holds a token does not know the organization yet.
create index invitation_token_hash_idx on "user".invitation (token_hash) where status = 'PENDING';
grant select, insert, update on "user".invitation to innoerp_app;

-- What auth and every service may ask, across tenants: narrow answers by id, no more. These functions run as
-- the owner, whom row-level security binds too.
create policy published on "user".membership for select to innoerp_owner using (true);
create policy published on "user".invitation for select to innoerp_owner using (true);

-- The organizations that an identity may enter.
create function "user".memberships_of(identity_id uuid)
returns table (membership_id uuid, organization_id uuid, roles text[], version bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select m.id, m.organization_id, m.roles, m.version
    from "user".membership m where m.user_id = $1 and m.status = 'ACTIVE' order by m.organization_id
$$;

-- The version that a membership's tokens must have; null unless it is active.
create function "user".membership_version(membership_id uuid, identity_id uuid) returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select m.version from "user".membership m where m.user_id = $2 and m.id = $1 and m.status = 'ACTIVE'
$$;

-- The invitation that a token is for, while it can be accepted.
create function "user".invitation_find(token_hash bytea, at timestamptz)
returns table (invitation_id uuid, organization_id uuid, email text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select i.id, i.organization_id, i.email
    from "user".invitation i where i.token_hash = $1 and i.status = 'PENDING' and i.expires_at > $2
$$;

revoke execute on function "user".memberships_of, "user".membership_version, "user".invitation_find from public;
grant execute on function "user".memberships_of, "user".membership_version, "user".invitation_find to innoerp_app;

create function "user".announce(event_type text, aggregate_id uuid, payload jsonb) returns void language sql as $$
    insert into "user".outbox (event_id, event_type, occurred_at, actor, aggregate_id, correlation_id, payload)
    values (core.uuid_v7(), $1, now(), jsonb_build_object('type', 'member', 'id', core.actor_id()), $2,
        coalesce(core.request_id(), ''), $3)
$$;

-- Makes a membership, and the profile when the person is new. Runs in the caller's transaction, which must have
-- entered the organization as that identity.
create function "user".join_organization(membership_id uuid, identity_id uuid, display_name text, email text, roles text[])
returns void language plpgsql as $$
begin
    insert into "user"."user" (id, display_name, email) values ($2, btrim($3), $4) on conflict do nothing;
    if found then
        perform "user".announce('user.user.created', $2, jsonb_build_object('userId', $2));
    end if;
    insert into "user".membership (id, user_id, status, roles) values ($1, $2, 'ACTIVE', $5);
    perform "user".announce('user.member.joined', $1,
        jsonb_build_object('membershipId', $1, 'userId', $2, 'roles', to_jsonb($5)));
end $$;

-- The first membership of a new organization.
create function "user".owner_create(membership_id uuid, organization_id uuid, identity_id uuid, display_name text, email text)
returns void language plpgsql as $$
begin
    if $2 is distinct from core.organization_id() then
        raise exception 'an owner is made inside their organization';
    end if;
    perform "user".join_organization($1, $3, $4, $5, array['OWNER']);
end $$;

-- Uses an invitation up, and makes the membership with the roles that it offers. False when it cannot be
-- accepted any more: of two who try at once, one gets that answer.
create function "user".invitation_accept(invitation_id uuid, membership_id uuid, identity_id uuid, display_name text, at timestamptz)
returns boolean language plpgsql as $$
declare
    accepted record;
begin
    update "user".invitation i set status = 'ACCEPTED', accepted_by = $2
    where i.id = $1 and i.status = 'PENDING' and i.expires_at > $5
    returning i.email, i.roles into accepted;
    if not found then
        return false;
    end if;
    perform "user".join_organization($2, $3, $4, accepted.email, accepted.roles);
    return true;
end $$;
