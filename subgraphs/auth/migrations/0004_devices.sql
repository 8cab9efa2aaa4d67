-- Devices that somebody was let in from, and attempts that are counted once they were checked.

-- Known by a token of its own: failures from elsewhere do not hold it up.
create table auth.device (
    id uuid constraint device_pkey primary key,
    identity_id uuid not null constraint device_identity_fkey references auth.identity (id),
    -- SHA-256 of the token that the device keeps.
    token_hash bytea not null constraint device_token_hash_check check (length(token_hash) = 32),
    created_at timestamptz not null,
    last_used_at timestamptz not null
);
create index device_identity_idx on auth.device (identity_id, last_used_at, id);
create index device_last_used_at_idx on auth.device (last_used_at);
grant select, insert, update, delete on auth.device to innoerp_app;
alter table auth.device enable row level security;
create policy own on auth.device to innoerp_app
    using ((select core.identity_id()) is null or identity_id = (select core.identity_id()));

alter table auth.login_attempt
    -- The known device that it came from.
    add device_id uuid,
    -- Whether the password was looked at. While it is being looked at, an attempt counts for half a minute.
    add is_checked boolean not null default true;
comment on column auth.login_attempt.address is 'the network that it came from: an IPv4 address, or the /64 of an IPv6 address';
