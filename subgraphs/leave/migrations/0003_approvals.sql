-- Requests are decided on by way of approvals: whoever is to decide sees the request, and the balance that it draws on.
select core.scope_by_employee('leave.request', 'leave.request.read', 'employee_id',
    'id = any ((select approval.waiting_subjects(''leave.request''))::uuid[])');
select core.scope_by_employee('leave.ledger_entry', 'leave.balance.read', 'employee_id',
    'employee_id = any ((select approval.waiting_employees(''leave.request''))::uuid[])');
select core.scope_by_employee('leave.account', 'leave.balance.read', 'employee_id',
    'employee_id = any ((select approval.waiting_employees(''leave.request''))::uuid[])');
select core.scope_by_employee('leave.policy_assignment', 'leave.balance.read', 'employee_id',
    'employee_id = any ((select approval.waiting_employees(''leave.request''))::uuid[])');

-- What waits already, waits for the same people as what is asked for from now on.
do $$
declare
    r leave.request;
begin
    alter table leave.request no force row level security;
    for r in select q.* from leave.request q where q.status = 'PENDING' order by q.id loop
        perform set_config('app.organization_id', r.organization_id::text, true);
        perform approval.begin('leave.request', r.id, coalesce(r.created_by, r.requester_membership_id), r.employee_id,
            r.days, r.leave_type_id);
    end loop;
    perform set_config('app.organization_id', '', true);
    alter table leave.request force row level security;
end $$;
