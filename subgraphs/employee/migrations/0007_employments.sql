-- Where an employment stands follows from its days: a last day that lies ahead ends nothing yet. And what nobody says of
-- an employee nor of their location, the organization says.

-- A migration runs as the owner, whom row-level security binds too; it is forced again afterwards.
alter table employee.work_location no force row level security;
alter table employee.work_schedule no force row level security;
alter table employee.holiday_calendar no force row level security;
alter table employee.employee no force row level security;
alter table people.employee no force row level security;
alter table people.organization no force row level security;

-- The time zone that somebody's days belong to: their location's, else the organization's.
create function employee.time_zone(organization uuid, location uuid) returns text language sql stable as $$
    select coalesce((select l.time_zone from employee.work_location l where l.organization_id = $1 and l.id = $2),
        people.time_zone($1))
$$;
create function employee.today(organization uuid, location uuid) returns date language sql stable as $$
    select (core.now() at time zone employee.time_zone($1, $2))::date
$$;

-- Whether the last day is over, where they work; nobody looks for the place of who has none.
create function employee.has_left(of employee.employee) returns boolean language sql stable as $$
    select case when $1.last_working_day is null then false
        else $1.last_working_day < employee.today($1.organization_id, $1.work_location_id) end
$$;
create function employee.status_of(of employee.employee) returns text language sql stable as $$
    select case when employee.has_left($1) then 'TERMINATED' else 'ACTIVE' end
$$;

create or replace view employee.employee_in_effect with (security_invoker = true) as
select e.organization_id, e.id as employee_id, employee.status_of(e) as status, e.membership_id, e.manager_id,
       e.department_id, e.joined_on, employee.time_zone(e.organization_id, e.work_location_id) as time_zone,
       coalesce(e.work_schedule_id, s.id) as work_schedule_id,
       coalesce(e.holiday_calendar_id, l.holiday_calendar_id, c.id) as holiday_calendar_id,
       e.last_working_day, e.former
from employee.employee e
left join employee.work_location l on l.organization_id = e.organization_id and l.id = e.work_location_id
left join employee.work_schedule s on s.organization_id = e.organization_id and s.is_default
left join employee.holiday_calendar c on c.organization_id = e.organization_id and c.is_default;

-- Takes the indexes with it that speak of it.
alter table employee.employee drop constraint employee_termination_check, drop column status,
    add constraint employee_termination_check check ((last_working_day is null) = (termination_type is null));
create index employee_leaver_idx on employee.employee (organization_id, sort_name, id)
    where last_working_day is not null;

-- An address and a membership belong to one of those who have not left. No index can say that, for it depends on the day;
-- whoever writes an employee holds the organization's structure, so two cannot pass each other.
create index employee_work_email_idx on employee.employee (organization_id, work_email);
create index employee_membership_idx on employee.employee (organization_id, membership_id);
create function employee.check_unique() returns trigger language plpgsql as $$
begin
    if employee.has_left(new) then
        return null;
    end if;
    if exists (select from employee.employee e where e.organization_id = new.organization_id
            and e.work_email = new.work_email and e.id <> new.id and not employee.has_left(e)) then
        raise unique_violation using message = 'another employee has this mail address',
            constraint = 'employee_work_email_key';
    end if;
    if exists (select from employee.employee e where e.organization_id = new.organization_id
            and e.membership_id = new.membership_id and e.id <> new.id and not employee.has_left(e)) then
        raise unique_violation using message = 'this membership belongs to another employee',
            constraint = 'employee_membership_key';
    end if;
    return null;
end $$;
create trigger check_unique after insert on employee.employee for each row execute function employee.check_unique();
create trigger check_unique_change after update on employee.employee for each row
    when ((old.work_email, old.membership_id, old.last_working_day)
        is distinct from (new.work_email, new.membership_id, new.last_working_day))
    execute function employee.check_unique();

-- The organization's time zone reaches those who inherit it in the transaction that sets it, whichever module that is in.
create function employee.follow_organization() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update people.employee p set time_zone = e.time_zone from employee.employee_in_effect e
    where p.organization_id = new.organization_id and e.organization_id = new.organization_id and e.employee_id = p.id
        and p.time_zone <> e.time_zone;
    return null;
end $$;
revoke all on function employee.follow_organization() from public;
create trigger follow_employees after insert or update of time_zone on people.organization for each row
    execute function employee.follow_organization();

update people.employee p set time_zone = e.time_zone from employee.employee_in_effect e
where e.organization_id = p.organization_id and e.employee_id = p.id and p.time_zone <> e.time_zone;

alter table employee.work_location force row level security;
alter table employee.work_schedule force row level security;
alter table employee.holiday_calendar force row level security;
alter table employee.employee force row level security;
alter table people.employee force row level security;
alter table people.organization force row level security;
