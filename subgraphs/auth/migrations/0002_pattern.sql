-- Whoever is logged in sees their own sessions only, whatever a query forgets. Who is not yet, such as a client that
-- goes on with a refresh token, names one session by its id; and so does the job that forgets.
alter table auth.session enable row level security;
create policy own on auth.session to innoerp_app
    using ((select core.identity_id()) is null or identity_id = (select core.identity_id()));

-- Lists show ended sessions as well, for as long as they are kept.
drop index auth.session_identity_idx;
create index session_identity_idx on auth.session (identity_id, created_at, id);
