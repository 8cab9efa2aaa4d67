-- Departments are in the directory from the moment on at which they are made. By trigger, so that no way of making or
-- archiving one can forget it.
create function employee.tell_department() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into people.department (organization_id, id, is_archived)
    values (new.organization_id, new.id, new.archived_at is not null)
    on conflict on constraint department_pkey do update set is_archived = excluded.is_archived;
    return null;
end $$;
revoke all on function employee.tell_department() from public;
create trigger directory after insert or update of archived_at on employee.department for each row
    execute function employee.tell_department();

-- Those that there are. A migration runs as the owner, whom row-level security binds too; it is forced again afterwards.
alter table employee.department no force row level security;
alter table people.department no force row level security;
insert into people.department (organization_id, id, is_archived)
select organization_id, id, archived_at is not null from employee.department;
alter table people.department force row level security;
alter table employee.department force row level security;

-- Who is hired again before the last day is over keeps the employment that runs until then: the next one follows it, and is
-- the present one from its first day on. Until a job has written that down, has_left and employee_in_effect say it.
alter table employee.employee
    add next_joined_on date,
    add constraint employee_next_joined_on_check check
        (next_joined_on is null or last_working_day is not null and next_joined_on > last_working_day);
create index employee_next_idx on employee.employee (organization_id, next_joined_on) where next_joined_on is not null;

create or replace function employee.has_left(of employee.employee) returns boolean language sql stable as $$
    select case when $1.last_working_day is null or $1.next_joined_on is not null then false
        else $1.last_working_day < employee.today($1.organization_id, $1.work_location_id) end
$$;

create or replace view employee.employee_in_effect with (security_invoker = true) as
select e.organization_id, e.id as employee_id, employee.status_of(e) as status, e.membership_id, e.manager_id,
       e.department_id, coalesce(e.next_joined_on, e.joined_on) as joined_on,
       employee.time_zone(e.organization_id, e.work_location_id) as time_zone,
       coalesce(e.work_schedule_id, s.id) as work_schedule_id,
       coalesce(e.holiday_calendar_id, l.holiday_calendar_id, c.id) as holiday_calendar_id,
       case when e.next_joined_on is null then e.last_working_day end as last_working_day,
       case when e.next_joined_on is null then e.former
           else e.former || jsonb_build_array(
               jsonb_build_object('first_day', e.joined_on, 'last_day', e.last_working_day)) end as former
from employee.employee e
left join employee.work_location l on l.organization_id = e.organization_id and l.id = e.work_location_id
left join employee.work_schedule s on s.organization_id = e.organization_id and s.is_default
left join employee.holiday_calendar c on c.organization_id = e.organization_id and c.is_default;

-- The organizations in which a next employment may have begun; a day ahead, for it is that day somewhere.
create policy clock on employee.employee for select to innoerp_owner using (next_joined_on is not null);
create function employee.organizations_with_beginnings(at timestamptz) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct organization_id from employee.employee where next_joined_on <= at::date + 1
$$;
revoke all on function employee.organizations_with_beginnings(timestamptz) from public;
grant execute on function employee.organizations_with_beginnings(timestamptz) to innoerp_app;
