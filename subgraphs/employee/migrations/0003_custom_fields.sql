-- Employees carry what their organization wants to know of them beside the rest, and tags.

select core.carry_custom_fields('employee.employee');
