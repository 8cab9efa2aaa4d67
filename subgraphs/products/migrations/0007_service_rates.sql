-- Service rates: what an hour of work costs, by the role of whoever works and by the service that it is sold as.

create table products.service_rate (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint service_rate_name_check check (length(name) between 1 and 100),
    -- Whose work it is, and what it is sold as; without one of these it is for any.
    role text collate core.names constraint service_rate_role_check check (length(role) between 1 and 100),
    product_id uuid,
    currency text not null constraint service_rate_currency_check check (length(currency) = 3),
    amount numeric not null constraint service_rate_amount_check check (amount >= 0 and scale(amount) <= 4),
    first_day date,
    last_day date constraint service_rate_last_day_check check (last_day >= first_day),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name || ' ' || coalesce(role, ''))) stored,
    constraint service_rate_pkey primary key (organization_id, id),
    constraint service_rate_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id),
    -- Of one role and one service there is one rate in use at a time, in each currency.
    constraint service_rate_days_excl exclude using gist (
        organization_id core.gist_uuid_ops with operator(pg_catalog.=),
        currency core.gist_text_ops with operator(pg_catalog.=),
        (coalesce(lower(role), '')) core.gist_text_ops with operator(pg_catalog.=),
        (coalesce(product_id, '00000000-0000-0000-0000-000000000000'::uuid)) core.gist_uuid_ops
            with operator(pg_catalog.=),
        daterange(first_day, last_day, '[]') with operator(pg_catalog.&&)) where (archived_at is null)
);
create index service_rate_name_idx on products.service_rate (organization_id, name, id);
create index service_rate_product_idx on products.service_rate (organization_id, product_id, name, id);
grant select, insert, update on products.service_rate to innoerp_app;
select core.protect_module('products');
