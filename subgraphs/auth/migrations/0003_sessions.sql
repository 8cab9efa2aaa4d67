-- Sessions that bear a lost answer, move between organizations, and leave a trail.

alter table auth.session
    -- The refresh token that was exchanged last, when, and what its successor was made with: whoever has it still may
    -- have the same successor once more for a moment.
    add previous_hash bytea constraint session_previous_hash_check check (length(previous_hash) = 32),
    add exchanged_at timestamptz,
    add exchange_salt bytea,
    add constraint session_exchange_check
        check ((previous_hash is null) = (exchanged_at is null) and (previous_hash is null) = (exchange_salt is null)),
    -- Which stretch of the membership it belongs to.
    add membership_period integer not null default 1,
    -- Whose trail tells of it. Not `organization_id`: a session is its person's, and no tenant's to see.
    add organization uuid;
alter table auth.session drop constraint session_revoked_because_check,
    add constraint session_revoked_because_check check (revoked_because in
        ('LOG_OUT', 'REVOKED', 'PASSWORD_CHANGED', 'TOKEN_REUSED', 'MEMBERSHIP_ENDED', 'EVERYWHERE', 'ADDRESS_PROVED'));

do $$
begin
    if to_regclass('"user".membership') is not null then
        execute 'update auth.session s set organization = m.organization_id
                 from "user".membership m where m.id = s.membership_id';
    end if;
end $$;

-- The trail of sessions, in the organization that they are in: who came in from where, moved, and how it ended.
create function auth.audit_session() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    done constant text := case
        when tg_op = 'INSERT' then 'LOG_IN'
        when old.revoked_at is null and new.revoked_at is not null then 'SESSION_ENDED'
        when old.membership_id <> new.membership_id then 'SESSION_SWITCHED' end;
begin
    if done is null or new.organization is null then
        return null;
    end if;
    insert into auth.audit_log (organization_id, actor_id, request_id, action, table_name, row_id, after)
    values (new.organization, case done when 'SESSION_ENDED' then core.actor_id() else new.membership_id end,
        core.request_id(), done, tg_table_name, new.id,
        jsonb_strip_nulls(jsonb_build_object('membership_id', new.membership_id, 'address', new.address,
            'user_agent', new.user_agent, 'revoked_because', new.revoked_because)));
    return null;
end $$;
create trigger trail after insert or update on auth.session for each row execute function auth.audit_session();

-- A password is its person's, in every organization that they belong to: each is told that it changed.
create function auth.audit_password() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into auth.audit_log (organization_id, actor_id, request_id, action, table_name, row_id)
    select m.organization_id, m.membership_id, core.request_id(), 'PASSWORD_CHANGED', tg_table_name, new.id
    from "user".memberships_of(new.id) m;
    return null;
end $$;
create trigger trail after update of password_hash on auth.identity for each row
    when (old.password_hash is distinct from new.password_hash) execute function auth.audit_password();
