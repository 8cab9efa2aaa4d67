-- Somebody who comes back has worked here before: the directory knows every employment, and how long a day is.

alter table people.employee
    -- The employments before the present one, oldest first: an array of {"first_day": …, "last_day": …}.
    add former jsonb not null default '[]';
alter table people.work_schedule
    -- The working hours of a whole week.
    add hours_per_week numeric not null default 40
        constraint work_schedule_hours_per_week_check check (hours_per_week between 0 and 168);
