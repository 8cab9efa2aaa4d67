-- Why former employments ended, beside their days, for whoever may know that of the present one. Null where nobody said.
alter table employee.employee add former_termination_types jsonb not null default '[]';
