-- More subdomains that are ours: mailboxes that every domain has (RFC 2142), whoever certifies a domain by mail (CA/Browser
-- Forum, Baseline Requirements, 3.2.2.4.4), names of special use (RFC 6761), services that machines look for, with a number
-- or without, and doors that people would take for ours.

create or replace function tenant.subdomain_is_reserved(subdomain text) returns boolean language sql stable parallel safe as $$
    select subdomain = any (array[
        'about', 'abuse', 'account', 'accounts', 'admin', 'administrator', 'api', 'app', 'apps', 'assets', 'auth',
        'authentication', 'autoconfig', 'autodiscover', 'backup', 'bank', 'beta', 'billing', 'blog', 'broadcasthost', 'cdn',
        'checkout', 'community', 'console', 'contact', 'corp', 'dashboard', 'default', 'demo', 'dev', 'developer',
        'developers', 'dns', 'docs', 'download', 'downloads', 'email', 'example', 'extranet', 'feedback', 'files', 'forum',
        'ftp', 'gateway', 'git', 'graphiql', 'graphql', 'guest', 'health', 'help', 'hostmaster', 'idp', 'imap', 'img',
        'images', 'info', 'innoerp', 'internal', 'intranet', 'invalid', 'invoice', 'invoices', 'isatap', 'jobs', 'jwks',
        'kafka', 'ldap', 'legal', 'local', 'localdomain', 'localhost', 'login', 'logout', 'mail', 'mailer-daemon', 'marketing',
        'media', 'metrics', 'mta-sts', 'news', 'noc', 'nobody', 'noreply', 'no-reply', 'null', 'oauth', 'oidc', 'onion',
        'openid', 'password', 'pay', 'payment', 'payments', 'payroll', 'pop', 'pop3', 'portal', 'postgres', 'postmaster',
        'press', 'preview', 'private', 'prod', 'production', 'proxy', 'public', 'redis', 'register', 'relay', 'remote', 'root',
        'router', 'sales', 'sandbox', 'saml', 'secure', 'security', 'server', 'sftp', 'shop', 'signin', 'signup', 'sip', 'smtp',
        'ssh', 'ssl', 'ssladmin', 'ssladministrator', 'sslwebmaster', 'sso', 'stage', 'staging', 'static', 'stats', 'status',
        'store', 'subscription', 'support', 'sysadmin', 'system', 'tenants', 'test', 'testing', 'tls', 'token', 'tokens',
        'undefined', 'uploads', 'usenet', 'users', 'uucp', 'verify', 'vpn', 'web', 'webdav', 'webhook', 'webhooks', 'webmail',
        'webmaster', 'whois', 'wpad', 'www',
        'attendance', 'career', 'crm', 'employee', 'finance', 'inventory', 'leave', 'notification', 'portfolio', 'products',
        'project', 'tenant', 'user'])
        or subdomain ~ '^(api|app|cdn|dns|ftp|imap|mail|mx|ns|ntp|pop|smtp|sso|static|vpn|web|www)-?[0-9]+$'
        or exists (select from core.module m where m.id = subdomain)
$$;
