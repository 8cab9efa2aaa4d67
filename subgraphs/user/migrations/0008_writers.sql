-- Members are written into the directory as the owner: nobody's own right reaches there, not even the user module's.
alter function "user".tell_directory() security definer set search_path = pg_catalog, pg_temp;
revoke all on function "user".tell_directory() from public;

-- This module serves the rules of approvals and who decides for whom.
select core.grant_to_module('user', 'insert, update', 'approval.rule, approval.delegation');
select core.grant_to_module('user', 'insert, update, delete', 'approval.rule_step');
