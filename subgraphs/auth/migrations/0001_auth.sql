-- Auth: who can log in, and who is. Migrated after tenant and before user, whose functions are named in
-- plpgsql only, which looks them up when it runs. None of these tables belongs to a tenant.

create table auth.identity (
    id uuid constraint identity_pkey primary key,
    -- Lower case, so that the key holds whatever case is typed.
    email text not null constraint identity_email_key unique constraint identity_email_check
        check (length(email) <= 254 and email ~ '^[!-?\[-~]+@[!-?\[-~]+$'),
    -- bcrypt.
    password_hash text not null constraint identity_password_hash_check check (password_hash ~ '^\$2[aby]\$'),
    password_changed_at timestamptz not null,
    status text not null default 'ACTIVE' constraint identity_status_check check (status in ('ACTIVE', 'DISABLED')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
grant select, insert, update on auth.identity to innoerp_app;

-- One log-in on one device. It is the family of all refresh tokens that follow each other in it.
create table auth.session (
    id uuid constraint session_pkey primary key,
    identity_id uuid not null constraint session_identity_fkey references auth.identity (id),
    membership_id uuid not null,
    -- SHA-256 of the one refresh token that is good.
    refresh_hash bytea not null constraint session_refresh_hash_check check (length(refresh_hash) = 32),
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    address text,
    user_agent text,
    revoked_at timestamptz,
    revoked_because text constraint session_revoked_because_check
        check (revoked_because in ('LOG_OUT', 'REVOKED', 'PASSWORD_CHANGED', 'TOKEN_REUSED')),
    updated_at timestamptz not null default now(),
    constraint session_revoked_check check ((revoked_at is null) = (revoked_because is null))
);
create index session_identity_idx on auth.session (identity_id, created_at, id) where revoked_at is null;
create index session_expires_at_idx on auth.session (expires_at);
grant select, insert, update, delete on auth.session to innoerp_app;

-- The keys that access tokens are signed with.
create table auth.signing_key (
    kid text constraint signing_key_pkey primary key,
    public_key bytea not null constraint signing_key_public_key_check check (length(public_key) = 32),
    -- Nonce and AES-256-GCM ciphertext under a key derived from SECRET_KEY.
    private_key bytea not null,
    created_at timestamptz not null,
    -- From then on it signs nothing.
    retires_at timestamptz not null,
    -- From then on nothing that it signed can still be good, and it is published no more.
    expires_at timestamptz not null,
    constraint signing_key_order_check check (created_at < retires_at and retires_at < expires_at)
);
grant select, insert, delete on auth.signing_key to innoerp_app;

-- Every time that somebody presented a password. The account is a keyed hash of what they typed as mail
-- address: people type passwords there.
create table auth.login_attempt (
    id uuid constraint login_attempt_pkey primary key,
    account bytea not null,
    address text,
    attempted_at timestamptz not null,
    has_succeeded boolean not null default false
);
create index login_attempt_account_idx on auth.login_attempt (account, attempted_at);
create index login_attempt_address_idx on auth.login_attempt (address, attempted_at);
create index login_attempt_attempted_at_idx on auth.login_attempt (attempted_at);
grant select, insert, update, delete on auth.login_attempt to innoerp_app;

-- The version that a session's tokens must have; null when session, identity or membership no longer stand.
-- Every service asks, at most every other second for each session.
create function auth.session_version(session_id uuid, identity_id uuid, membership_id uuid) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        select from auth.session s join auth.identity i on i.id = s.identity_id
        where s.id = $1 and s.identity_id = $2 and s.membership_id = $3
          and s.revoked_at is null and s.expires_at > now() and i.status = 'ACTIVE')
    then
        return "user".membership_version($3, $2);
    end if;
    return null;
end $$;
revoke execute on function auth.session_version from public;
grant execute on function auth.session_version to innoerp_app;
