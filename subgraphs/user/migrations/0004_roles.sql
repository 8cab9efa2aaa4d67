-- auth makes members when somebody signs up or accepts an invitation (`"user".owner_create`, `"user".invitation_accept`).
select core.grant_to_module('auth', 'select, insert', '"user"."user", "user".membership');
select core.grant_to_module('auth', 'insert', '"user".outbox');
select core.grant_to_module('auth', 'select, update', '"user".invitation');
