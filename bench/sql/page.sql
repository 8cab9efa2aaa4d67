-- What the services ask for one page of 20 employees with department and leave balances, in one connection
-- and one after the other. Each service asks in a transaction of its own. Optional conditions are parameters there, and
-- planned each time for what they are.

\startpipeline
begin isolation level repeatable read, read only;
set local role innoerp_employee;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true),
    set_config('app.now', now()::text, true), set_config('app.scopes', '{"employee.employee.read": "all", "employee.department.read": "all"}', true), set_config('plan_cache_mode', 'force_custom_plan', true);
\endpipeline
select id, number, first_name, last_name, work_email, employee.status_of(employee), employment_type, joined_on,
    last_working_day, termination_type, former, membership_id, department_id, manager_id, work_location_id, work_schedule_id,
    holiday_calendar_id, custom_fields, tags, version, created_at, updated_at, sort_name
from employee.employee
where (null::jsonb is null or (sort_name, id) >
        (select sort_name, id from jsonb_populate_record(null::employee.employee, null)))
    and (null::text is null or null = 'ACTIVE' and (last_working_day is null or not employee.has_left(employee))
        or null = 'TERMINATED' and last_working_day is not null and employee.has_left(employee)) and (null::uuid is null or department_id = null)
    and (null::uuid is null or manager_id = null) and (null::uuid is null or work_location_id = null)
    and (null::uuid[] is null or id = any(null)) and (null::text[] is null or search_text like all(null))
    and (null::uuid[] is null or id = any(null)) and (null::text[] is null or tags @> null)
    and (null::jsonb is null or custom_fields @> null)
order by sort_name, id limit 21;
select id, name, code, version, archived_at, parent_id, head_id
from employee.department where id = any(:departments);
rollback;

\startpipeline
begin isolation level repeatable read, read only;
set local role innoerp_leave;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true),
    set_config('app.now', now()::text, true), set_config('app.scopes', '{"leave.type.read": "all", "leave.balance.read": "all", "leave.request.read": "all"}', true);
\endpipeline
select id, membership_id, manager_id, department_id, joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id
from people.employee where id = any(:page) order by id;
select id, membership_id, manager_id, department_id, joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id
from people.employee where id = any(:page) order by id;
select employee_id, leave_type_id, sum(days), min(effective_on), max(expires_on)
from leave.ledger_entry
where employee_id = any(:page) and (null::uuid is null or leave_type_id = null)
group by employee_id, leave_type_id, request_id, leave_year, case when request_id is null then id end;
select r.employee_id, r.leave_type_id, -sum(h.portion), min(h.day), null::date
from leave.request r join leave.request_half_day h on h.request_id = r.id and h.is_active
where r.employee_id = any(:page) and r.status = 'PENDING' and (null::uuid is null or r.leave_type_id = null)
    and (null::uuid is null or r.id <> null)
group by r.employee_id, r.leave_type_id, r.id, extract(year from h.day)
having sum(h.portion) > 0;
select id, policy_id, employee_id, first_day, last_day
from leave.policy_assignment where employee_id = any(:page) order by employee_id, first_day;
select id, policy_id, leave_type_id, days_per_year, accrual, carry_forward_days_max, carry_forward_months
from leave.policy_line where policy_id = any(array[:policy]::uuid[]) order by id;
select employee_id, accrual_key
from leave.ledger_entry where employee_id = any(:page) and accrual_key is not null;
select id, name, code, unit, paid_percent, requires_balance, overdraft_days, counts_holidays, counts_weekends,
    consecutive_days_max, notice_days_min, backdate_days_max, applicable_after_days, version, archived_at
from leave.leave_type where id = any(:leave_types);
rollback;
