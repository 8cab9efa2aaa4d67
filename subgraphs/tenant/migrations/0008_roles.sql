-- auth makes an organization when somebody signs up (`tenant.organization_create`).
select core.grant_to_module('auth', 'insert', 'tenant.organization, tenant.organization_module, tenant.outbox');
