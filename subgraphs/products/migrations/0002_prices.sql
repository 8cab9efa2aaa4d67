-- What things cost: price lists, prices, discounts.

create table products.price_list (
    id uuid not null,
    organization_id uuid not null,
    code text not null constraint price_list_code_check check (code ~ '^[A-Z0-9_-]{1,20}$'),
    name text collate core.names not null constraint price_list_name_check check (length(name) between 1 and 100),
    currency text not null constraint price_list_currency_check check (length(currency) = 3),
    audience text not null constraint price_list_audience_check check (audience in ('EVERYBODY', 'SEGMENT', 'CUSTOMER')),
    -- Segments are the contact module's: no foreign key.
    segment_id uuid constraint price_list_segment_check check ((segment_id is not null) = (audience = 'SEGMENT')),
    priority integer not null constraint price_list_priority_check check (priority between 0 and 1000),
    first_day date,
    last_day date constraint price_list_last_day_check check (last_day >= first_day),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name || ' ' || code)) stored,
    constraint price_list_pkey primary key (organization_id, id)
);
create unique index price_list_code_key on products.price_list (organization_id, code) where archived_at is null;
create index price_list_name_idx on products.price_list (organization_id, name, id);
create index price_list_audience_idx on products.price_list (organization_id, audience, segment_id);

-- Whose a price list is.
create table products.price_list_customer (
    id uuid not null,
    organization_id uuid not null,
    price_list_id uuid not null,
    contact_id uuid not null,
    created_at timestamptz not null default now(),
    constraint price_list_customer_pkey primary key (organization_id, id),
    constraint price_list_customer_key unique (organization_id, price_list_id, contact_id),
    constraint price_list_customer_list_fkey foreign key (organization_id, price_list_id)
        references products.price_list (organization_id, id)
);
create index price_list_customer_contact_idx on products.price_list_customer (organization_id, contact_id, price_list_id);
select core.tell_parts('products.price_list_customer', 'price_list', 'price_list_id', 'customers', 'contact_id');

-- Which contacts were merged into which, as the contact module tells: what was given to one of them was given to all.
create table products.contact_merge (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    loser_id uuid not null,
    winner_id uuid not null constraint contact_merge_self_check check (winner_id <> loser_id),
    created_at timestamptz not null default now(),
    constraint contact_merge_pkey primary key (organization_id, id),
    constraint contact_merge_loser_key unique (organization_id, loser_id)
);
create index contact_merge_winner_idx on products.contact_merge (organization_id, winner_id);

-- A contact, what it was merged into, and all that were merged into that.
create function products.contact_family(wanted uuid) returns table (id uuid) language sql stable as $$
    with recursive up (id) as (
        select wanted
        union
        select m.winner_id from up join products.contact_merge m on m.loser_id = up.id
    ), down (id) as (
        select up.id from up
        union
        select m.loser_id from down join products.contact_merge m on m.winner_id = down.id
    ) select down.id from down
$$;

create table products.price (
    id uuid not null,
    organization_id uuid not null,
    price_list_id uuid not null,
    product_id uuid not null,
    variant_id uuid,
    item_id uuid not null generated always as (coalesce(variant_id, product_id)) stored,
    min_quantity numeric not null constraint price_min_quantity_check check (min_quantity >= 0 and scale(min_quantity) <= 6),
    amount numeric not null constraint price_amount_check check (amount >= 0 and scale(amount) <= 4),
    first_day date,
    last_day date constraint price_last_day_check check (last_day >= first_day),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint price_pkey primary key (organization_id, id),
    constraint price_list_fkey foreign key (organization_id, price_list_id)
        references products.price_list (organization_id, id),
    constraint price_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id),
    constraint price_variant_fkey foreign key (organization_id, product_id, variant_id)
        references products.product_variant (organization_id, product_id, id),
    -- Of one thing, from one quantity on, there is one price at a time.
    constraint price_days_excl exclude using gist (
        organization_id core.gist_uuid_ops with operator(pg_catalog.=),
        price_list_id core.gist_uuid_ops with operator(pg_catalog.=),
        item_id core.gist_uuid_ops with operator(pg_catalog.=),
        min_quantity core.gist_numeric_ops with operator(pg_catalog.=),
        daterange(first_day, last_day, '[]') with operator(pg_catalog.&&))
);
create index price_list_idx on products.price (organization_id, price_list_id, created_at, id);
create index price_created_at_idx on products.price (organization_id, created_at, id);
create index price_product_idx on products.price (organization_id, product_id, variant_id);

create table products.discount_rule (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint discount_rule_name_check check (length(name) between 1 and 100),
    -- What it is of; without any of these it is of everything.
    price_list_id uuid,
    category_id uuid,
    product_id uuid,
    min_quantity numeric not null
        constraint discount_rule_min_quantity_check check (min_quantity >= 0 and scale(min_quantity) <= 6),
    percent numeric not null
        constraint discount_rule_percent_check check (percent > 0 and percent <= 100 and scale(percent) <= 4),
    priority integer not null constraint discount_rule_priority_check check (priority between 0 and 1000),
    first_day date,
    last_day date constraint discount_rule_last_day_check check (last_day >= first_day),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint discount_rule_pkey primary key (organization_id, id),
    constraint discount_rule_list_fkey foreign key (organization_id, price_list_id)
        references products.price_list (organization_id, id),
    constraint discount_rule_category_fkey foreign key (organization_id, category_id)
        references products.category (organization_id, id),
    constraint discount_rule_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id)
);
create unique index discount_rule_name_key on products.discount_rule (organization_id, name) where archived_at is null;
create index discount_rule_name_idx on products.discount_rule (organization_id, name, id);
create index discount_rule_product_idx on products.discount_rule (organization_id, product_id);
create index discount_rule_category_idx on products.discount_rule (organization_id, category_id);

grant select, insert, update on products.price_list, products.discount_rule to innoerp_app;
grant select, insert, update, delete on products.price_list_customer, products.price to innoerp_app;
grant select, insert, delete on products.contact_merge to innoerp_app;
