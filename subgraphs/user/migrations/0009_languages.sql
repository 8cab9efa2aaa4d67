-- The language that a person reads in: theirs to set, copied to their memberships as the name is, and in the directory from
-- there, so that every module knows in which language to tell a member something.

alter table "user"."user" add constraint user_locale_check check (length(locale) between 2 and 35);
alter table "user".membership add column locale text;

-- As before, with the language.
create or replace function "user".copy_profile() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update "user".membership set display_name = new.display_name, email = new.email, locale = new.locale
    where user_id = new.id;
    return null;
end $$;
drop trigger profile on "user"."user";
create trigger profile after update of display_name, email, locale on "user"."user" for each row
    when ((new.display_name, new.email, new.locale) is distinct from (old.display_name, old.email, old.locale))
    execute function "user".copy_profile();

create or replace function "user".tell_directory() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    here constant text := coalesce(current_setting('app.organization_id', true), '');
begin
    -- A profile is changed in one organization and told in all of its person's. Of the directory the owner too sees one
    -- organization's at a time.
    perform set_config('app.organization_id', new.organization_id::text, true);
    insert into people.member (organization_id, id, roles, is_active, locale)
    values (new.organization_id, new.id, new.roles, new.status = 'ACTIVE', new.locale)
    on conflict on constraint member_pkey do update
        set roles = excluded.roles, is_active = excluded.is_active, locale = excluded.locale;
    perform set_config('app.organization_id', here, true);
    return null;
end $$;
drop trigger directory on "user".membership;
create trigger directory after insert or update of roles, status, locale on "user".membership for each row
    execute function "user".tell_directory();

create or replace function "user".join_organization(
    membership_id uuid, identity_id uuid, display_name text, email text, roles text[])
returns void language plpgsql as $$
begin
    insert into "user"."user" (id, display_name, email) values ($2, btrim($3), $4) on conflict do nothing;
    if found then
        perform "user".announce('user.user.created', $2, jsonb_build_object('userId', $2));
    end if;
    insert into "user".membership (id, user_id, display_name, email, locale, status, roles)
    select $1, u.id, u.display_name, u.email, u.locale, 'ACTIVE', $5 from "user"."user" u where u.id = $2;
    if not found then
        raise exception 'who joins has entered the organization as themselves';
    end if;
    perform "user".announce('user.member.joined', $1,
        jsonb_build_object('membershipId', $1, 'userId', $2, 'roles', to_jsonb($5)));
end $$;
