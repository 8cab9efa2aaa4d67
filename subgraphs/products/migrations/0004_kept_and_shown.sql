-- Reservations that end by themselves, who keeps a warehouse, and a catalogue for whoever has a link to it.

-- The last day that it is kept; without one, until somebody hands it out or lets go of it.
alter table products.stock_reservation add column last_day date;
alter table products.stock_reservation drop constraint stock_reservation_status_check,
    add constraint stock_reservation_status_check check (status in ('OPEN', 'FULFILLED', 'RELEASED', 'LAPSED'));
create index stock_reservation_last_day_idx on products.stock_reservation (organization_id, last_day, id)
    where status = 'OPEN' and last_day is not null;

-- The job that lets go of them visits every organization that has any; row-level security shows it one at a time.
create policy published on products.stock_reservation for select to innoerp_owner using (true);
create function products.organizations_with_ends() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct organization_id from products.stock_reservation where status = 'OPEN' and last_day is not null
$$;
revoke all on function products.organizations_with_ends() from public;
grant execute on function products.organizations_with_ends() to innoerp_app;

-- Memberships are the user module's: no foreign keys.
alter table products.warehouse add column keeper_ids uuid[] not null default '{}'
    constraint warehouse_keeper_ids_check check (cardinality(keeper_ids) <= 20);

-- What one piece costs anybody on a day by the lists for everybody, before anything comes off, in the order of ranks that
-- priceResolve has; null when no list says.
create function products.list_price(product uuid, currency text, on_day date) returns numeric language sql stable as $$
    select p.amount from products.price p join products.price_list l on l.id = p.price_list_id
    where p.product_id = product and p.variant_id is null and p.min_quantity <= 1
      and daterange(p.first_day, p.last_day, '[]') @> on_day
      and l.currency = list_price.currency and l.audience = 'EVERYBODY' and l.archived_at is null
      and daterange(l.first_day, l.last_day, '[]') @> on_day
    order by l.priority desc, p.min_quantity desc, l.first_day desc nulls last, p.first_day desc nulls last, p.amount, l.code
    limit 1
$$;

-- Links by which whoever is not logged in sees the catalogue. The key in one is 32 hexadecimal digits, which nobody guesses.
create table products.catalog_link (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint catalog_link_name_check check (length(name) between 1 and 100),
    key text not null constraint catalog_link_key_check check (key ~ '^[0-9a-f]{32}$'),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint catalog_link_pkey primary key (organization_id, id)
);
create index catalog_link_name_idx on products.catalog_link (organization_id, name, id);
create index catalog_link_key_idx on products.catalog_link (key);
grant select, insert, update on products.catalog_link to innoerp_app;
select core.protect_module('products');

-- Whose catalogue a key opens; nobody's when there is no such link in use.
create policy published on products.catalog_link for select to innoerp_owner using (true);
create function products.organization_of_link(wanted text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select organization_id from products.catalog_link where key = wanted and archived_at is null order by id limit 1
$$;
revoke all on function products.organization_of_link(text) from public;
grant execute on function products.organization_of_link(text) to innoerp_app;
