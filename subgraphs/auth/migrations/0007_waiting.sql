-- Who waits at an account that many strangers have failed at.

create table auth.login_waiting (
    account bytea not null,
    -- As in auth.login_attempt; empty when the address is unknown.
    network text not null,
    -- Whether they came again as they were told, and were told again.
    is_back boolean not null,
    -- What the network had failed on the account by then.
    failures integer not null,
    since timestamptz not null,
    -- When they were told to come.
    due timestamptz not null,
    constraint login_waiting_pkey primary key (account, network)
);
create index login_waiting_account_due_idx on auth.login_waiting (account, due);
create index login_waiting_due_idx on auth.login_waiting (due);
grant select, insert, update, delete on auth.login_waiting to innoerp_app;
