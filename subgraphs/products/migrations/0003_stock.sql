-- What is there: warehouses, moves, levels, reservations, counts, rules of reordering.

create table products.warehouse (
    id uuid not null,
    organization_id uuid not null,
    code text not null constraint warehouse_code_check check (code ~ '^[A-Z0-9_-]{1,20}$'),
    name text collate core.names not null constraint warehouse_name_check check (length(name) between 1 and 100),
    -- What its stock is valued in.
    currency text not null constraint warehouse_currency_check check (length(currency) = 3),
    allows_negative boolean not null,
    address text constraint warehouse_address_check check (length(address) between 1 and 500),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name || ' ' || code)) stored,
    constraint warehouse_pkey primary key (organization_id, id)
);
create unique index warehouse_code_key on products.warehouse (organization_id, code) where archived_at is null;
create index warehouse_name_idx on products.warehouse (organization_id, name, id);

-- What of one thing is in one warehouse. What is on hand and what it is worth follow from the moves.
create table products.stock_level (
    id uuid not null,
    organization_id uuid not null,
    warehouse_id uuid not null,
    product_id uuid not null,
    variant_id uuid,
    item_id uuid not null generated always as (coalesce(variant_id, product_id)) stored,
    on_hand numeric not null default 0,
    value numeric not null default 0,
    reserved numeric not null constraint stock_level_reserved_check check (reserved >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint stock_level_pkey primary key (organization_id, id),
    constraint stock_level_item_key unique (organization_id, warehouse_id, item_id),
    constraint stock_level_warehouse_fkey foreign key (organization_id, warehouse_id)
        references products.warehouse (organization_id, id),
    constraint stock_level_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id),
    constraint stock_level_variant_fkey foreign key (organization_id, product_id, variant_id)
        references products.product_variant (organization_id, product_id, id)
);
create index stock_level_created_at_idx on products.stock_level (organization_id, created_at, id);
create index stock_level_product_idx on products.stock_level (organization_id, product_id);

-- What came, went and was found: only ever added to.
create table products.stock_move (
    id uuid not null,
    organization_id uuid not null,
    kind text not null constraint stock_move_kind_check
        check (kind in ('RECEIPT', 'ISSUE', 'TRANSFER', 'ADJUSTMENT', 'REVALUATION')),
    product_id uuid not null,
    variant_id uuid,
    item_id uuid not null generated always as (coalesce(variant_id, product_id)) stored,
    from_warehouse_id uuid,
    to_warehouse_id uuid,
    quantity numeric not null constraint stock_move_quantity_check
        check (quantity >= 0 and scale(quantity) <= 6 and (quantity = 0) = (kind = 'REVALUATION')),
    -- What all of it is worth together.
    cost numeric not null constraint stock_move_cost_check check (cost >= 0 and scale(cost) <= 4),
    currency text not null constraint stock_move_currency_check check (length(currency) = 3),
    reference text constraint stock_move_reference_check check (length(reference) between 1 and 100),
    note text constraint stock_move_note_check check (length(note) between 1 and 500),
    occurred_at timestamptz not null,
    -- The move that it takes back.
    reversal_of_id uuid,
    created_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint stock_move_pkey primary key (organization_id, id),
    constraint stock_move_warehouses_check check (case kind
        when 'TRANSFER' then from_warehouse_id is not null and to_warehouse_id is not null and from_warehouse_id <> to_warehouse_id
        when 'RECEIPT' then from_warehouse_id is null and to_warehouse_id is not null
        when 'ISSUE' then from_warehouse_id is not null and to_warehouse_id is null
        else (from_warehouse_id is null) <> (to_warehouse_id is null) end),
    constraint stock_move_reversal_key unique (organization_id, reversal_of_id),
    constraint stock_move_reversal_fkey foreign key (organization_id, reversal_of_id)
        references products.stock_move (organization_id, id),
    constraint stock_move_from_fkey foreign key (organization_id, from_warehouse_id)
        references products.warehouse (organization_id, id),
    constraint stock_move_to_fkey foreign key (organization_id, to_warehouse_id)
        references products.warehouse (organization_id, id),
    constraint stock_move_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id),
    constraint stock_move_variant_fkey foreign key (organization_id, product_id, variant_id)
        references products.product_variant (organization_id, product_id, id)
);
create index stock_move_occurred_at_idx on products.stock_move (organization_id, occurred_at, id);
create index stock_move_product_idx on products.stock_move (organization_id, product_id, occurred_at, id);
create index stock_move_from_idx on products.stock_move (organization_id, from_warehouse_id, item_id);
create index stock_move_to_idx on products.stock_move (organization_id, to_warehouse_id, item_id);

-- A level is what its moves make it. Whoever moves something has locked the levels, so they are there.
create function products.follow_move() returns trigger language plpgsql as $$
begin
    update products.stock_level set on_hand = on_hand - new.quantity, value = value - new.cost, updated_at = now()
        where warehouse_id = new.from_warehouse_id and item_id = new.item_id;
    if new.from_warehouse_id is not null and not found then
        raise exception 'no level to take from';
    end if;
    update products.stock_level set on_hand = on_hand + new.quantity, value = value + new.cost, updated_at = now()
        where warehouse_id = new.to_warehouse_id and item_id = new.item_id;
    if new.to_warehouse_id is not null and not found then
        raise exception 'no level to add to';
    end if;
    return null;
end $$;
create trigger follow after insert on products.stock_move for each row execute function products.follow_move();

-- Nobody says what is on hand; moves do.
create function products.guard_level() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.on_hand <> 0 or new.value <> 0 then
            raise exception 'what is on hand follows from moves';
        end if;
    elsif (new.on_hand, new.value) is distinct from (old.on_hand, old.value) and pg_trigger_depth() < 2 then
        raise exception 'what is on hand follows from moves';
    end if;
    return new;
end $$;
create trigger guard before insert or update on products.stock_level for each row execute function products.guard_level();

-- What is promised to somebody and still there.
create table products.stock_reservation (
    id uuid not null,
    organization_id uuid not null,
    warehouse_id uuid not null,
    product_id uuid not null,
    variant_id uuid,
    quantity numeric not null constraint stock_reservation_quantity_check check (quantity > 0 and scale(quantity) <= 6),
    status text not null constraint stock_reservation_status_check check (status in ('OPEN', 'FULFILLED', 'RELEASED')),
    reference text constraint stock_reservation_reference_check check (length(reference) between 1 and 100),
    move_id uuid constraint stock_reservation_move_check check ((move_id is not null) = (status = 'FULFILLED')),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint stock_reservation_pkey primary key (organization_id, id),
    constraint stock_reservation_warehouse_fkey foreign key (organization_id, warehouse_id)
        references products.warehouse (organization_id, id),
    constraint stock_reservation_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id),
    constraint stock_reservation_variant_fkey foreign key (organization_id, product_id, variant_id)
        references products.product_variant (organization_id, product_id, id),
    constraint stock_reservation_move_fkey foreign key (organization_id, move_id)
        references products.stock_move (organization_id, id)
);
create index stock_reservation_created_at_idx on products.stock_reservation (organization_id, created_at, id);
create index stock_reservation_product_idx on products.stock_reservation (organization_id, product_id, created_at, id);
create index stock_reservation_status_idx on products.stock_reservation (organization_id, status, created_at, id);

-- What somebody has counted.
create table products.stock_count (
    id uuid not null,
    organization_id uuid not null,
    warehouse_id uuid not null,
    status text not null constraint stock_count_status_check check (status in ('OPEN', 'COUNTED', 'POSTED', 'CANCELLED')),
    note text constraint stock_count_note_check check (length(note) between 1 and 500),
    posted_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint stock_count_pkey primary key (organization_id, id),
    constraint stock_count_warehouse_fkey foreign key (organization_id, warehouse_id)
        references products.warehouse (organization_id, id)
);
create index stock_count_created_at_idx on products.stock_count (organization_id, created_at, id);
create index stock_count_warehouse_idx on products.stock_count (organization_id, warehouse_id, created_at, id);

create table products.stock_count_line (
    id uuid not null,
    organization_id uuid not null,
    count_id uuid not null,
    product_id uuid not null,
    variant_id uuid,
    item_id uuid not null generated always as (coalesce(variant_id, product_id)) stored,
    -- What was on hand when it was counted.
    expected numeric not null,
    counted numeric not null constraint stock_count_line_counted_check check (counted >= 0 and scale(counted) <= 6),
    created_at timestamptz not null default now(),
    constraint stock_count_line_pkey primary key (organization_id, id),
    constraint stock_count_line_item_key unique (organization_id, count_id, item_id),
    constraint stock_count_line_count_fkey foreign key (organization_id, count_id)
        references products.stock_count (organization_id, id),
    constraint stock_count_line_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id),
    constraint stock_count_line_variant_fkey foreign key (organization_id, product_id, variant_id)
        references products.product_variant (organization_id, product_id, id)
);
select core.tell_parts('products.stock_count_line', 'stock_count', 'count_id', 'lines', 'item_id');

-- When to order again, and how much.
create table products.reorder_rule (
    id uuid not null,
    organization_id uuid not null,
    warehouse_id uuid not null,
    product_id uuid not null,
    variant_id uuid,
    item_id uuid not null generated always as (coalesce(variant_id, product_id)) stored,
    min_quantity numeric not null
        constraint reorder_rule_min_quantity_check check (min_quantity >= 0 and scale(min_quantity) <= 6),
    target_quantity numeric not null
        constraint reorder_rule_target_quantity_check check (target_quantity > min_quantity and scale(target_quantity) <= 6),
    multiple numeric constraint reorder_rule_multiple_check check (multiple > 0 and scale(multiple) <= 6),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint reorder_rule_pkey primary key (organization_id, id),
    constraint reorder_rule_warehouse_fkey foreign key (organization_id, warehouse_id)
        references products.warehouse (organization_id, id),
    constraint reorder_rule_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id),
    constraint reorder_rule_variant_fkey foreign key (organization_id, product_id, variant_id)
        references products.product_variant (organization_id, product_id, id)
);
create unique index reorder_rule_item_key on products.reorder_rule (organization_id, warehouse_id, item_id)
    where archived_at is null;
create index reorder_rule_created_at_idx on products.reorder_rule (organization_id, created_at, id);
create index reorder_rule_product_idx on products.reorder_rule (organization_id, product_id);

-- Moves are only ever added to.
grant select, insert on products.stock_move to innoerp_app;
grant select, insert, update on products.warehouse, products.stock_level, products.stock_reservation, products.stock_count,
    products.reorder_rule to innoerp_app;
grant select, insert, update, delete on products.stock_count_line to innoerp_app;
