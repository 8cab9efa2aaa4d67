-- All ten roles; names beside memberships, so that lists of members go along an index; the directory of people.

-- A migration runs as the owner, whom row-level security binds too; it is forced again afterwards.
alter table "user"."user" no force row level security;
alter table "user".membership no force row level security;
alter table people.member no force row level security;
-- What is filled in here is no change that anybody made.
alter table "user".membership disable trigger user;

alter table "user".membership drop constraint membership_roles_check, add constraint membership_roles_check
    check (cardinality(roles) between 1 and 10 and roles <@ array['OWNER', 'ADMIN', 'MANAGER', 'HR', 'ACCOUNTANT',
        'SALES', 'RECRUITER', 'MEMBER', 'CLIENT', 'SUPPLIER']);
alter table "user".invitation drop constraint invitation_roles_check, add constraint invitation_roles_check
    check (cardinality(roles) between 1 and 10 and roles <@ array['OWNER', 'ADMIN', 'MANAGER', 'HR', 'ACCOUNTANT',
        'SALES', 'RECRUITER', 'MEMBER', 'CLIENT', 'SUPPLIER']);

-- A copy of the profile. A person is in several organizations, so no index of "user"."user" can begin with one.
alter table "user".membership add display_name text, add email text;
update "user".membership m set display_name = u.display_name, email = u.email
from "user"."user" u where u.id = m.user_id;
alter table "user".membership alter display_name set not null, alter email set not null,
    add search_text text not null generated always as (lower(' ' || display_name || ' ' || email)) stored;
drop index "user".membership_status_idx;
create index membership_name_idx on "user".membership (organization_id, display_name, id);
create index membership_status_idx on "user".membership (organization_id, status, display_name, id);
create index membership_joined_at_idx on "user".membership (organization_id, joined_at, id);
-- Few among many: every change of a member locks them.
create index membership_owner_idx on "user".membership (organization_id, id)
    where status = 'ACTIVE' and 'OWNER' = any(roles);
create index membership_email_idx on "user".membership (organization_id, email);

-- Clients and suppliers see themselves, and not who works here.
alter policy reader on "user"."user" using (
    id = (select core.identity_id())
    or ((select core.scope('user.member.read')) = 'all'
        and exists (select from "user".membership m where m.user_id = "user".id)));

-- A profile is changed in one organization and copied in all: as the owner, who may do nothing else there.
create policy profile on "user".membership for update to innoerp_owner using (true) with check (true);
create function "user".copy_profile() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update "user".membership set display_name = new.display_name, email = new.email where user_id = new.id;
    return null;
end $$;
create trigger profile after update of display_name, email on "user"."user" for each row
    when ((new.display_name, new.email) is distinct from (old.display_name, old.email))
    execute function "user".copy_profile();

alter table "user".invitation add
    search_text text not null generated always as (lower(' ' || email)) stored;
create index invitation_status_idx on "user".invitation (organization_id, status, created_at, id);
create index invitation_email_idx on "user".invitation (organization_id, email, id);

-- The directory. By trigger, so that no way of becoming, being or ceasing to be a member can forget it.
create function "user".tell_directory() returns trigger language plpgsql as $$
begin
    insert into people.member (organization_id, id, roles, is_active)
    values (new.organization_id, new.id, new.roles, new.status = 'ACTIVE')
    on conflict on constraint member_pkey do update set roles = excluded.roles, is_active = excluded.is_active;
    return null;
end $$;
create trigger directory after insert or update of roles, status on "user".membership for each row
    execute function "user".tell_directory();
insert into people.member (organization_id, id, roles, is_active)
select organization_id, id, roles, status = 'ACTIVE' from "user".membership;

-- As before, with the copy of the profile.
create or replace function "user".join_organization(
    membership_id uuid, identity_id uuid, display_name text, email text, roles text[])
returns void language plpgsql as $$
begin
    insert into "user"."user" (id, display_name, email) values ($2, btrim($3), $4) on conflict do nothing;
    if found then
        perform "user".announce('user.user.created', $2, jsonb_build_object('userId', $2));
    end if;
    insert into "user".membership (id, user_id, display_name, email, status, roles)
    select $1, u.id, u.display_name, u.email, 'ACTIVE', $5 from "user"."user" u where u.id = $2;
    if not found then
        raise exception 'who joins has entered the organization as themselves';
    end if;
    perform "user".announce('user.member.joined', $1,
        jsonb_build_object('membershipId', $1, 'userId', $2, 'roles', to_jsonb($5)));
end $$;

alter table "user".membership enable trigger user;
-- It belongs to no tenant, so nothing else forces it again.
alter table "user"."user" force row level security;
select core.protect_module('people');
