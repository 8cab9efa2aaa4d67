-- What belongs to no module is written by the module whose matter it is, and by no other. The directory: employee holds the
-- right to write what is its own, tenant and user write by triggers that run as the owner. The rules of approvals and the
-- definitions of custom fields: the modules that serve them. The others read.
revoke insert, update, delete
    on people.organization, people.member, people.employee, people.work_schedule, people.holiday,
    approval.rule, approval.rule_step, approval.delegation, common.custom_field from innoerp_app;
