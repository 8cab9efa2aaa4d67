-- Invitations: accepted only as long as whoever invited might still do it, by tokens that prove an address or do not.

-- When somebody other than whoever invited took the token to the address: from then on it proves that address.
alter table "user".invitation add sent_at timestamptz;

-- How high a role stands, as `common::Role::rank` has it; nobody gives a role above all that they hold.
create function "user".role_rank(role text) returns integer language sql immutable parallel safe as $$
    select case role when 'OWNER' then 4 when 'ADMIN' then 3 when 'MEMBER' then 1 when 'CLIENT' then 0
        when 'SUPPLIER' then 0 when 'MANAGER' then 2 when 'HR' then 2 when 'ACCOUNTANT' then 2 when 'SALES' then 2
        when 'RECRUITER' then 2 end
$$;

-- Whether whoever invited may invite to these roles at present. What the system invited to, it may.
create function "user".may_invite(inviter uuid, roles text[]) returns boolean language sql stable as $$
    select $1 is null or exists (
        select from "user".membership m
        where m.id = $1 and m.status = 'ACTIVE'
          and ('OWNER' = any(m.roles) or exists (
              select from core.permission p, jsonb_array_elements(p.grants) g
              where p.key = 'user.member.invite' and g ->> 'role' = any(m.roles)))
          and (select max("user".role_rank(r)) from unnest(m.roles) r)
              >= (select max("user".role_rank(r)) from unnest($2) r))
$$;

-- As before, and whether the token proves the address.
drop function "user".invitation_find;
create function "user".invitation_find(token_hash bytea, at timestamptz)
returns table (invitation_id uuid, organization_id uuid, email text, is_proof boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select i.id, i.organization_id, i.email, i.sent_at is not null
    from "user".invitation i where i.token_hash = $1 and i.status = 'PENDING' and i.expires_at > $2
$$;
revoke execute on function "user".invitation_find from public;
grant execute on function "user".invitation_find to innoerp_app;

-- Whether an invitation can still be accepted: asked by whoever is about to, inside its organization. Nobody else
-- accepts it, and the rights of whoever invited stay as they are, until the transaction ends.
create function "user".invitation_lock(invitation_id uuid, at timestamptz) returns boolean language plpgsql as $$
declare
    invited record;
begin
    select i.invited_by, i.roles into invited from "user".invitation i
    where i.id = $1 and i.status = 'PENDING' and i.expires_at > $2 for update;
    if not found then
        return false;
    end if;
    perform from "user".membership m where m.id = invited.invited_by for share;
    return "user".may_invite(invited.invited_by, invited.roles);
end $$;
