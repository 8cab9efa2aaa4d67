-- Files that people attach to things: what is known of each. The bytes are in a folder or in an object store.

create table common.file (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    name text not null constraint file_name_check check (length(name) between 1 and 255),
    -- Bytes.
    size bigint not null constraint file_size_check check (size > 0),
    -- As it was found to be, whatever the name says; null until it is attached.
    media_type text,
    -- SHA-256 of the bytes; null until it is attached.
    sha256 bytea constraint file_sha256_check check (length(sha256) = 32),
    -- Whose upload it is; null for the system.
    uploaded_by uuid,
    -- The thing that it is attached to, by the name of its table: `leave.request`.
    noun text,
    record_id uuid,
    created_at timestamptz not null default now(),
    attached_at timestamptz,
    -- The bytes are kept for 30 days after that.
    detached_at timestamptz,
    constraint file_pkey primary key (organization_id, id),
    constraint file_attached_check check (
        (attached_at is null) = (noun is null) and (noun is null) = (record_id is null)
        and (attached_at is null) = (media_type is null) and (attached_at is null) = (sha256 is null)
        and (detached_at is null or attached_at is not null))
);
create index file_record_idx on common.file (organization_id, noun, record_id, attached_at, id)
    where detached_at is null and record_id is not null;
-- What retention looks for, in all organizations.
create index file_waiting_idx on common.file (created_at) where attached_at is null;
create index file_detached_idx on common.file (detached_at) where detached_at is not null;
grant select, insert, update on common.file to innoerp_app;

-- How much an organization stores: uploads that nobody attached yet and detached files included, as long as they are kept.
create table common.file_usage (
    organization_id uuid not null constraint file_usage_pkey primary key,
    size bigint not null constraint file_usage_size_check check (size >= 0),
    -- 10 GiB unless the operator says otherwise.
    size_max bigint not null default 10737418240
);
grant select, insert, update on common.file_usage to innoerp_app;

select core.protect_module('common');

-- Files whose time is over: uploads that nobody attached within a day, and files detached 30 days ago.
create function common.files_to_forget(at timestamptz, count_max integer)
returns table (organization_id uuid, id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    (select f.organization_id, f.id from common.file f
     where f.attached_at is null and f.created_at < $1 - interval '1 day' limit $2)
    union all
    (select f.organization_id, f.id from common.file f
     where f.detached_at < $1 - interval '30 days' limit $2)
$$;
revoke all on function common.files_to_forget from public;
grant execute on function common.files_to_forget to innoerp_relay;

-- Forgets a file whose bytes are gone.
create function common.forget_file(of_organization uuid, file_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    freed bigint;
begin
    delete from common.file f where f.organization_id = of_organization and f.id = file_id
        and (f.attached_at is null or f.detached_at is not null)
        returning f.size into freed;
    update common.file_usage u set size = greatest(u.size - coalesce(freed, 0), 0)
        where u.organization_id = of_organization;
end $$;
revoke all on function common.forget_file from public;
grant execute on function common.forget_file to innoerp_relay;

-- The two functions above run as the owner.
create policy retention on common.file to innoerp_owner using (true);
create policy retention on common.file_usage to innoerp_owner using (true);
grant usage on schema common to innoerp_relay;
