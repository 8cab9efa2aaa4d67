-- What the services ask for one page of 20 employees with department and leave balances, in one connection
-- and one after the other. Each service asks in a transaction of its own. Optional conditions are parameters there, and
-- planned each time for what they are.

\startpipeline
begin isolation level repeatable read, read only;
set local role innoerp_employee;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true),
    set_config('app.now', now()::text, true), set_config('app.scopes', '{"employee.employee.read": "all",
        "employee.employee.manage": "all", "employee.employee.export": "all", "employee.termination.read": "all",
        "employee.document.read": "all", "employee.document.manage": "all", "employee.department.read": "all",
        "employee.department.manage": "all", "employee.location.read": "all", "employee.location.manage": "all",
        "employee.schedule.read": "all", "employee.schedule.manage": "all", "employee.calendar.read": "all",
        "employee.calendar.manage": "all"}', true);
set local plan_cache_mode = force_custom_plan;
\endpipeline
select id, number, first_name, last_name, work_email, employee.status_of(employee), employment_type, joined_on,
    last_working_day, next_joined_on, termination_type, former, former_termination_types, membership_id, department_id,
    manager_id, work_location_id, work_schedule_id, holiday_calendar_id, custom_fields, tags, version, created_at,
    updated_at, sort_name
from employee.employee
where (null::jsonb is null or (sort_name, id) >
        (select sort_name, id from jsonb_populate_record(null::employee.employee, null)))
    and ((null::text is null or null = 'ACTIVE' and (last_working_day is null or not employee.has_left(employee))
            or null = 'TERMINATED' and last_working_day is not null and employee.has_left(employee))
        and (null::uuid is null or department_id = null) and (null::uuid is null or manager_id = null)
        and (null::uuid is null or work_location_id = null) and (null::uuid[] is null or id = any(null))
        and (null::text[] is null or search_text like all(null)) and (null::uuid[] is null or id = any(null))
        and (null::text[] is null or tags @> null) and (null::jsonb is null or custom_fields @> null))
order by sort_name, id limit 21;
select id, name, code, version, archived_at, parent_id, head_id
from employee.department where id = any(:departments);
rollback;

\startpipeline
begin isolation level repeatable read, read only;
set local role innoerp_leave;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true),
    set_config('app.now', now()::text, true), set_config('app.scopes', '{"leave.type.read": "all",
        "leave.type.manage": "all", "leave.policy.read": "all", "leave.policy.manage": "all", "leave.balance.read": "all",
        "leave.balance.adjust": "all", "leave.request.read": "all", "leave.request.submit": "all",
        "leave.request.decide": "all", "leave.request.cancel": "all", "leave.absence.read": "all"}', true);
\endpipeline
select id, membership_id, manager_id, department_id, joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id,
    former
from people.employee where id = any(:page) order by id;
select id, membership_id, manager_id, department_id, joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id,
    former
from people.employee where id = any(:page) order by id;
select a.id, a.employee_id, a.policy_id, a.first_day, a.is_by_default, a.created_at, coalesce(p.leave_year, 'FIXED'),
    coalesce(p.year_start_month, 1), coalesce(p.year_start_day, 1)
from leave.policy_assignment a left join leave.policy p on p.id = a.policy_id
where a.employee_id = any(:page) and a.withdrawn_at is null
order by a.employee_id, a.first_day nulls first;
-- Everybody has the default policy, of the day on which all of them came: the first of last year.
select t.day, p.id, p.leave_year, p.year_start_month, p.year_start_day
from unnest(array[date_trunc('year', now() - interval '1 year')::date]) as t (day)
join leave.policy p on p.id = leave.default_policy_on(t.day);
select id, policy_id, leave_type_id, days_per_year, accrual, carry_forward_days_max, carry_forward_months, waiting_months
from leave.policy_line where policy_id = any(array[:policy]::uuid[]) order by id;
select employee_id, leave_type_id, request_id, day, sum(portion), is_granted
from leave.request_half_day
where employee_id = any(:page) and (null::uuid is null or leave_type_id = null) and is_active and portion > 0
group by employee_id, leave_type_id, request_id, day, is_granted
order by day, request_id;
select id, employee_id, leave_type_id, days, effective_on, expires_on
from leave.adjustment where employee_id = any(:page) and (null::uuid is null or leave_type_id = null)
order by effective_on, id;
select id, name, code, unit, paid_percent, requires_balance, overdraft_days, counts_holidays, counts_weekends,
    consecutive_days_max, notice_days_min, backdate_days_max, applicable_after_days, version, archived_at
from leave.leave_type where id = any(:leave_types);
rollback;
