-- More subdomains that are ours, that machines look for by themselves, or that people would take for ours; and the names
-- of all modules, of versions to come as well.

create or replace function tenant.subdomain_is_reserved(subdomain text) returns boolean language sql stable parallel safe as $$
    select subdomain = any (array[
        'about', 'abuse', 'account', 'accounts', 'admin', 'administrator', 'api', 'app', 'apps', 'assets', 'auth',
        'autoconfig', 'autodiscover', 'beta', 'billing', 'blog', 'cdn', 'console', 'dashboard', 'demo', 'dev', 'dns',
        'docs', 'email', 'ftp', 'gateway', 'git', 'graphiql', 'graphql', 'health', 'help', 'hostmaster', 'imap',
        'innoerp', 'internal', 'isatap', 'legal', 'localhost', 'login', 'logout', 'mail', 'metrics', 'mta-sts', 'news',
        'ns1', 'ns2', 'oauth', 'pay', 'pop', 'portal', 'postmaster', 'press', 'private', 'prod', 'public', 'root',
        'router', 'security', 'shop', 'signin', 'signup', 'smtp', 'sso', 'staging', 'static', 'status', 'store',
        'support', 'sysadmin', 'system', 'test', 'testing', 'webmail', 'webmaster', 'wpad', 'www',
        'attendance', 'career', 'contact', 'crm', 'employee', 'finance', 'inventory', 'leave', 'notification',
        'portfolio', 'products', 'project', 'tenant', 'user'])
        or exists (select from core.module m where m.id = subdomain)
$$;

-- Whoever has such a name already keeps it: only what is new is asked.
alter table tenant.organization drop constraint organization_subdomain_reserved_check;
create function tenant.refuse_reserved() returns trigger language plpgsql as $$
begin
    if tenant.subdomain_is_reserved(new.subdomain) then
        raise exception 'the subdomain % is reserved', new.subdomain
            using errcode = 'check_violation', constraint = 'organization_subdomain_reserved_check';
    end if;
    return new;
end $$;
create trigger reserved before insert on tenant.organization for each row execute function tenant.refuse_reserved();
create trigger reserved_anew before update of subdomain on tenant.organization for each row
    when (new.subdomain <> old.subdomain) execute function tenant.refuse_reserved();
