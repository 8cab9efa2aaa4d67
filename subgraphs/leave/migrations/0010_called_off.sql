-- Leave that was granted and is called off by facts (a last day, a first day, holidays) comes back when these are put right.
alter table leave.request_half_day
    -- How many employments there were when facts called the half off; null unless they did. A later employment brings
    -- nothing back.
    add called_off_of smallint constraint request_half_day_called_off_check
        check (called_off_of is null or called_off_of > 0 and not is_active);
create index request_half_day_called_off_idx
    on leave.request_half_day (organization_id, employee_id) where called_off_of is not null;
