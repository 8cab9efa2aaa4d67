-- Who works here, when, and on which days is this module's to say.
select core.grant_to_module('employee', 'insert, update', 'people.employee, people.work_schedule');
select core.grant_to_module('employee', 'insert, delete', 'people.holiday');
