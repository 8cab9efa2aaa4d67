-- The directory is written by its owners and by nobody else: the employee module holds the right to write what is its own,
-- tenant and user write by triggers that run as the owner. The others read it.
revoke insert, update, delete
    on people.organization, people.member, people.employee, people.work_schedule, people.holiday from innoerp_app;

