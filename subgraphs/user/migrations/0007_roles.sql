-- auth makes members when somebody signs up or accepts an invitation (`"user".owner_create`, `"user".invitation_accept`).
-- Whoever invited stays as they are while somebody accepts: locking a row needs the right to change it.
select core.grant_to_module('auth', 'select, insert', '"user"."user"');
select core.grant_to_module('auth', 'select, insert, update', '"user".membership');
select core.grant_to_module('auth', 'insert', '"user".outbox');
select core.grant_to_module('auth', 'select, update', '"user".invitation');
