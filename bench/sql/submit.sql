-- What the services ask for one new request for leave, up to its commit. Telling others of it is theirs alone.
\set number :client_id + :clients * ((:turn / 20) % (:employees / :clients))
\set workday (:turn / 20 / (:employees / :clients)) * 20 + :turn % 20
\set days :workday / 5 * 7 + :workday % 5

\startpipeline
begin;
set local role innoerp_leave;
select set_config('app.organization_id', :organization, true), set_config('app.identity_id', :identity, true),
    set_config('app.actor_id', :membership, true), set_config('app.request_id', 'bench', true),
    set_config('app.now', now()::text, true), set_config('app.scope', 'all', true);
\endpipeline
-- A client stays with one employee for 20 days and moves on to its next one; each asks for one day at a time. The ids
-- have no gaps of organizations between them: row-level security leaves one's own.
\if :turn % 20 = 0
select id as employee from people.employee order by id offset :number limit 1 \gset
\endif
select id, membership_id, manager_id, department_id, joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id
from people.employee where id = any(array[:employee]::uuid[]) order by id;
select id, name, code, unit, paid_percent, requires_balance, overdraft_days, counts_holidays, counts_weekends,
    consecutive_days_max, notice_days_min, backdate_days_max, applicable_after_days, version, archived_at
from leave.leave_type where id = any(array[:leave_type]::uuid[]);
select (select day_fractions from people.work_schedule where id = null),
    array(select day from people.holiday where holiday_calendar_id = :calendar
        and day between :monday::date + :days::int and :monday::date + :days::int order by day),
    array(select is_half_day from people.holiday where holiday_calendar_id = :calendar
        and day between :monday::date + :days::int and :monday::date + :days::int order by day);
insert into leave.account (employee_id, leave_type_id) values (:employee, :leave_type) on conflict do nothing;
select employee_id from leave.account where employee_id = :employee and leave_type_id = :leave_type for update;
select employee_id, leave_type_id, sum(days), min(effective_on), max(expires_on)
from leave.ledger_entry
where employee_id = any(array[:employee]::uuid[]) and (:leave_type::uuid is null or leave_type_id = :leave_type)
group by employee_id, leave_type_id, request_id, leave_year, case when request_id is null then id end;
select r.employee_id, r.leave_type_id, -sum(h.portion), min(h.day), null::date
from leave.request r join leave.request_half_day h on h.request_id = r.id and h.is_active
where r.employee_id = any(array[:employee]::uuid[]) and r.status = 'PENDING' and (:leave_type::uuid is null or r.leave_type_id = :leave_type)
    and (null::uuid is null or r.id <> null)
group by r.employee_id, r.leave_type_id, r.id, extract(year from h.day)
having sum(h.portion) > 0;
select id, policy_id, employee_id, first_day, last_day
from leave.policy_assignment where employee_id = any(array[:employee]::uuid[]) order by employee_id, first_day;
select id, policy_id, leave_type_id, days_per_year, accrual, carry_forward_days_max, carry_forward_months
from leave.policy_line where policy_id = any(array[:policy]::uuid[]) order by id;
select employee_id, accrual_key
from leave.ledger_entry where employee_id = any(array[:employee]::uuid[]) and accrual_key is not null;
insert into leave.request (id, employee_id, leave_type_id, first_day, last_day, first_part, last_part, days, reason,
    status, created_at)
values (gen_random_uuid(), :employee, :leave_type, :monday::date + :days::int, :monday::date + :days::int, 'FULL', 'FULL',
    1.0, null, 'PENDING', now()) returning id as request \gset
insert into leave.request_half_day (request_id, employee_id, day, half, portion)
select :request, :employee, t.day, t.half, t.portion
from unnest(array[:monday::date + :days::int, :monday::date + :days::int], '{AM,PM}'::text[], '{0.5,0.5}'::numeric[])
    as t (day, half, portion);
select approval.start('leave.request', :request, :membership, :employee, 1.0, :leave_type);
insert into leave.outbox (event_id, event_type, occurred_at, actor, aggregate_id, correlation_id, payload)
values (gen_random_uuid(), 'leave.request.submitted', now(), jsonb_build_object('id', :membership::text, 'type', 'member'),
    :request, 'bench', jsonb_build_object('days', '1.0', 'lastDay', :monday::text, 'firstDay', :monday::text,
    'requestId', :request::text, 'employeeId', :employee::text, 'requesterMembershipId', null,
    'decidedByMembershipId', null, 'approverMembershipIds', array[:membership::text]));
commit;
\set turn :turn + 1
