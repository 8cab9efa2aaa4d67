-- Versions for organizations; grants for the number series, which all modules count in and this one shows.

-- A migration runs as the owner, whom row-level security binds too; it is forced again afterwards.
alter table common.number_series no force row level security;

alter table tenant.organization add version integer not null default 1;

alter table common.number_series add
    search_text text not null generated always as (lower(' ' || key || ' ' || pattern)) stored;

select core.protect_module('common');
