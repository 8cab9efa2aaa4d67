-- The history of a policy tells of its lines.
select core.tell_parts('leave.policy_line', 'policy', 'policy_id', 'lines', 'leave_type_id');
