-- The history of a calendar tells of its holidays.
select core.tell_parts('employee.holiday', 'holiday_calendar', 'calendar_id', 'holidays', 'date');
