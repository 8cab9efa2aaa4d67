-- The organization is written into the directory as the owner: nobody's own right reaches there, not even this module's.
alter function tenant.tell_directory() security definer set search_path = pg_catalog, pg_temp;
revoke all on function tenant.tell_directory() from public;

-- This module serves the definitions of custom fields.
select core.grant_to_module('tenant', 'insert, update', 'common.custom_field');
