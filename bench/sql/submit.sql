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
select id, membership_id, manager_id, department_id, joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id,
    former
from people.employee where membership_id = core.actor_id() order by left_on desc nulls first limit 1;
select id, membership_id, manager_id, department_id, joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id,
    former
from people.employee where id = any(array[:employee]::uuid[]) order by id;
select id, name, code, unit, paid_percent, requires_balance, overdraft_days, counts_holidays, counts_weekends,
    consecutive_days_max, notice_days_min, backdate_days_max, applicable_after_days, version, archived_at
from leave.leave_type where id = any(array[:leave_type]::uuid[]);
select (select day_fractions from people.work_schedule where id = null),
    (select hours_per_week from people.work_schedule where id = null),
    array(select day from people.holiday where holiday_calendar_id = :calendar
        and day between :monday::date + :days::int and :monday::date + :days::int order by day),
    array(select is_half_day from people.holiday where holiday_calendar_id = :calendar
        and day between :monday::date + :days::int and :monday::date + :days::int order by day);
select pg_advisory_xact_lock(hashtextextended('leave.account ' || id, 0))
from (select distinct id from unnest(array[:employee]::uuid[]) id order by id offset 0) employee;
select count(*) from leave.request where employee_id = :employee and status = 'PENDING';
select a.id, a.employee_id, a.policy_id, a.first_day, a.is_by_default, a.created_at, coalesce(p.leave_year, 'FIXED'),
    coalesce(p.year_start_month, 1), coalesce(p.year_start_day, 1)
from leave.policy_assignment a left join leave.policy p on p.id = a.policy_id
where a.employee_id = any(array[:employee]::uuid[]) and a.withdrawn_at is null
order by a.employee_id, a.first_day nulls first;
-- Everybody has the default policy, of the day on which all of them came: the first of last year.
select t.day, p.id, p.leave_year, p.year_start_month, p.year_start_day
from unnest(array[date_trunc('year', now() - interval '1 year')::date]) as t (day)
join leave.policy p on p.id = leave.default_policy_on(t.day);
select id, policy_id, leave_type_id, days_per_year, accrual, carry_forward_days_max, carry_forward_months, waiting_months
from leave.policy_line where policy_id = any(array[:policy]::uuid[]) order by id;
select employee_id, leave_type_id, request_id, day, sum(portion), is_granted
from leave.request_half_day
where employee_id = any(array[:employee]::uuid[]) and (:leave_type::uuid is null or leave_type_id = :leave_type)
    and is_active and portion > 0
group by employee_id, leave_type_id, request_id, day, is_granted
order by day, request_id;
select id, employee_id, leave_type_id, days, effective_on, expires_on
from leave.adjustment
where employee_id = any(array[:employee]::uuid[]) and (:leave_type::uuid is null or leave_type_id = :leave_type)
order by effective_on, id;
insert into leave.request as t (id, employee_id, leave_type_id, first_day, last_day, first_part, last_part, hours, days,
    reason, status, decided_at, decided_by, decision_note, created_at, requester_membership_id)
select id, employee_id, leave_type_id, first_day, last_day, first_part, last_part, hours, days, reason, status,
    decided_at, decided_by, decision_note, created_at, requester_membership_id
from jsonb_populate_recordset(null::leave.request, jsonb_build_array(jsonb_build_object('id', gen_random_uuid(),
    'days', '1', 'hours', null, 'reason', null, 'status', 'PENDING', 'last_day', :monday::date + :days::int,
    'first_day', :monday::date + :days::int, 'last_part', 'FULL', 'created_at', now(), 'decided_at', null,
    'decided_by', null, 'first_part', 'FULL', 'employee_id', :employee::text, 'decision_note', null,
    'leave_type_id', :leave_type::text, 'requester_membership_id', null)))
on conflict on constraint request_pkey do update set first_day = excluded.first_day, last_day = excluded.last_day,
    first_part = excluded.first_part, last_part = excluded.last_part, days = excluded.days, status = excluded.status,
    decided_at = excluded.decided_at, decided_by = excluded.decided_by, decision_note = excluded.decision_note
where (t.first_day, t.last_day, t.first_part, t.last_part, t.days, t.status, t.decided_at, t.decided_by, t.decision_note)
    is distinct from (excluded.first_day, excluded.last_day, excluded.first_part, excluded.last_part, excluded.days,
        excluded.status, excluded.decided_at, excluded.decided_by, excluded.decision_note)
returning id as request \gset
insert into leave.request_half_day
    (request_id, employee_id, leave_type_id, day, half, worked, is_holiday, portion, is_piece)
select :request, :employee, :leave_type, t.day, t.half, t.worked, t.is_holiday, t.portion, false
from unnest(array[:monday::date + :days::int, :monday::date + :days::int], '{AM,PM}'::text[], '{0.5,0.5}'::numeric[],
    '{f,f}'::boolean[], '{0.5,0.5}'::numeric[]) as t (day, half, worked, is_holiday, portion)
where not exists (select from leave.in_the_way(:employee, false,
    array[:monday::date + :days::int, :monday::date + :days::int], '{AM,PM}'::text[], 1, 1.0));
select approval.start('leave.request', :request, :membership, :employee, 1, :leave_type, 'LeaveRequest')
    as deciders \gset
insert into leave.outbox (event_id, event_type, occurred_at, actor, aggregate_id, correlation_id, payload)
select event_id, 'leave.request.submitted', now(), jsonb_build_object('id', :membership::text, 'type', 'member'),
    aggregate_id, 'bench', payload
from unnest(array[gen_random_uuid()], array[:request]::uuid[], array[jsonb_build_object('days', '1', 'unit', 'DAY',
    'lastDay', :monday::date + :days::int, 'firstDay', :monday::date + :days::int, 'requestId', :request::text,
    'employeeId', :employee::text, 'leaveTypeId', :leave_type::text, 'actorMembershipId', :membership::text,
    'approverMembershipIds', :deciders::uuid[], 'decidedByMembershipId', null, 'requesterMembershipId', null)])
    with ordinality t (event_id, aggregate_id, payload, at)
order by at;
commit;
\set turn :turn + 1
