-- The directory knows the organization's time zone. By trigger, so that no way of making or changing an organization can
-- forget it.
create function tenant.tell_directory() returns trigger language plpgsql as $$
begin
    insert into people.organization (organization_id, time_zone) values (new.id, new.timezone)
    on conflict on constraint organization_pkey do update set time_zone = excluded.time_zone;
    return null;
end $$;
create trigger directory after insert or update of timezone on tenant.organization for each row
    execute function tenant.tell_directory();

-- A migration runs as the owner, whom row-level security binds too; it is forced again afterwards.
alter table tenant.organization no force row level security;
alter table people.organization no force row level security;
insert into people.organization (organization_id, time_zone) select id, timezone from tenant.organization;
alter table tenant.organization force row level security;
alter table people.organization force row level security;
