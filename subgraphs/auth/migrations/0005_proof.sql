-- Whether somebody has shown that an address is theirs: until then, whoever does takes the identity over.

alter table auth.identity add proved_at timestamptz;

-- A one-time token that reached the address of an identity: it proves the address, and gives it a new password.
create table auth.password_reset (
    identity_id uuid constraint password_reset_pkey primary key
        constraint password_reset_identity_fkey references auth.identity (id),
    -- SHA-256 of 256 random bits that were shown once.
    token_hash bytea not null constraint password_reset_token_hash_key unique
        constraint password_reset_token_hash_check check (length(token_hash) = 32),
    expires_at timestamptz not null,
    created_at timestamptz not null
);
grant select, insert, update, delete on auth.password_reset to innoerp_app;

-- An operator made a link that gives a person a new password: each of their organizations is told.
create function auth.audit_reset() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into auth.audit_log (organization_id, actor_id, request_id, action, table_name, row_id)
    select m.organization_id, core.actor_id(), core.request_id(), 'RESET_LINK_MADE', 'identity', new.identity_id
    from "user".memberships_of(new.identity_id) m;
    return null;
end $$;
create trigger trail after insert or update on auth.password_reset for each row execute function auth.audit_reset();
