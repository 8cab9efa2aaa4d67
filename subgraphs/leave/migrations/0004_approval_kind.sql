-- Rules may be made for requests for leave, and go by leave types.
select approval.register_kind('leave.request', 'leave.leave_type');
