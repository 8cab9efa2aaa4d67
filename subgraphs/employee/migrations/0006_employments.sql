-- Who comes back keeps their record: the employments before the present one. What the directory knows.
alter table employee.employee add former jsonb not null default '[]';

create or replace view employee.employee_in_effect with (security_invoker = true) as
select e.organization_id, e.id as employee_id, e.status, e.membership_id, e.manager_id, e.department_id, e.joined_on,
       coalesce(l.time_zone, 'UTC') as time_zone,
       coalesce(e.work_schedule_id, s.id) as work_schedule_id,
       coalesce(e.holiday_calendar_id, l.holiday_calendar_id, c.id) as holiday_calendar_id,
       e.last_working_day, e.former
from employee.employee e
left join employee.work_location l on l.organization_id = e.organization_id and l.id = e.work_location_id
left join employee.work_schedule s on s.organization_id = e.organization_id and s.is_default
left join employee.holiday_calendar c on c.organization_id = e.organization_id and c.is_default;

-- The hours of the schedules that there are. A migration runs as the owner, whom row-level security binds too.
alter table employee.work_schedule no force row level security;
alter table people.work_schedule no force row level security;
update people.work_schedule p set hours_per_week = s.hours_per_week from employee.work_schedule s
where s.organization_id = p.organization_id and s.id = p.id;
alter table employee.work_schedule force row level security;
alter table people.work_schedule force row level security;
