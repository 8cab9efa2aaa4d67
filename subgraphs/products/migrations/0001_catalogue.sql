-- What is sold, bought and kept: units, categories, attributes, products and their variants.

create table products.unit_of_measure (
    id uuid not null,
    organization_id uuid not null,
    code text not null constraint unit_of_measure_code_check check (code ~ '^[A-Z0-9_-]{1,20}$'),
    name text collate core.names not null constraint unit_of_measure_name_check check (length(name) between 1 and 100),
    -- What it is counted in, exactly: one of it is numerator / denominator of the base. A base stands by itself.
    base_id uuid constraint unit_of_measure_own_base_check check (base_id <> id),
    numerator integer not null constraint unit_of_measure_numerator_check check (numerator between 1 and 1000000000),
    denominator integer not null constraint unit_of_measure_denominator_check check (denominator between 1 and 1000000000),
    decimals integer not null constraint unit_of_measure_decimals_check check (decimals between 0 and 6),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name || ' ' || code)) stored,
    constraint unit_of_measure_pkey primary key (organization_id, id),
    constraint unit_of_measure_base_check check (base_id is not null or numerator = 1 and denominator = 1),
    constraint unit_of_measure_base_fkey foreign key (organization_id, base_id)
        references products.unit_of_measure (organization_id, id)
);
create unique index unit_of_measure_code_key on products.unit_of_measure (organization_id, code) where archived_at is null;
create index unit_of_measure_name_idx on products.unit_of_measure (organization_id, name, id);
create index unit_of_measure_base_idx on products.unit_of_measure (organization_id, base_id, name, id);

create table products.category (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint category_name_check check (length(name) between 1 and 100),
    parent_id uuid constraint category_own_parent_check check (parent_id <> id),
    -- What holds for its products unless they, or a category nearer to them, say otherwise.
    unit_id uuid,
    tax_group text constraint category_tax_group_check check (length(tax_group) between 1 and 40),
    income_account text constraint category_income_account_check check (length(income_account) between 1 and 40),
    expense_account text constraint category_expense_account_check check (length(expense_account) between 1 and 40),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint category_pkey primary key (organization_id, id),
    constraint category_parent_fkey foreign key (organization_id, parent_id) references products.category (organization_id, id),
    constraint category_unit_fkey foreign key (organization_id, unit_id)
        references products.unit_of_measure (organization_id, id)
);
create index category_name_idx on products.category (organization_id, name, id);
create index category_parent_idx on products.category (organization_id, parent_id, name, id);

-- A category and all that it is part of, the nearest first.
create function products.line(wanted uuid) returns table (id uuid, height integer) language sql stable as $$
    with recursive line (id, parent_id, height) as (
        select c.id, c.parent_id, 0 from products.category c where c.id = wanted
        union all
        select c.id, c.parent_id, line.height + 1 from line join products.category c on c.id = line.parent_id
        where line.height < 100
    ) select line.id, line.height from line
$$;

-- A category and all that is part of it.
create function products.branch(wanted uuid) returns table (id uuid) language sql stable as $$
    with recursive branch (id) as (
        select wanted
        union
        select c.id from branch join products.category c on c.parent_id = branch.id
    ) select branch.id from branch
$$;

create table products.attribute (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint attribute_name_check check (length(name) between 1 and 100),
    choices text[] not null constraint attribute_choices_check check (cardinality(choices) between 1 and 200),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint attribute_pkey primary key (organization_id, id)
);
create unique index attribute_name_key on products.attribute (organization_id, name) where archived_at is null;
create index attribute_name_idx on products.attribute (organization_id, name, id);

create table products.product (
    id uuid not null,
    organization_id uuid not null,
    sku text not null constraint product_sku_check check (length(sku) between 1 and 60),
    barcode text constraint product_barcode_check check (length(barcode) between 1 and 60),
    kind text not null constraint product_kind_check check (kind in ('GOOD', 'SERVICE', 'SUBSCRIPTION', 'BUNDLE')),
    status text not null constraint product_status_check check (status in ('DRAFT', 'ACTIVE', 'DISCONTINUED')),
    name text collate core.names not null constraint product_name_check check (length(name) between 1 and 200),
    description text constraint product_description_check check (length(description) between 1 and 10000),
    category_id uuid,
    unit_id uuid not null,
    tax_group text constraint product_tax_group_check check (length(tax_group) between 1 and 40),
    income_account text constraint product_income_account_check check (length(income_account) between 1 and 40),
    expense_account text constraint product_expense_account_check check (length(expense_account) between 1 and 40),
    standard_cost numeric constraint product_standard_cost_check check (standard_cost >= 0 and scale(standard_cost) <= 4),
    standard_cost_currency text constraint product_standard_cost_currency_check
        check ((standard_cost is null) = (standard_cost_currency is null) and length(standard_cost_currency) = 3),
    tracks_inventory boolean not null constraint product_tracks_inventory_check check (not tracks_inventory or kind = 'GOOD'),
    billing_interval text constraint product_billing_interval_check
        check (billing_interval in ('WEEK', 'MONTH', 'QUARTER', 'YEAR')),
    -- By which its variants differ.
    attribute_ids uuid[] not null constraint product_attribute_ids_check check (cardinality(attribute_ids) <= 5),
    -- Contacts are the contact module's: no foreign keys.
    vendor_ids uuid[] not null constraint product_vendor_ids_check check (cardinality(vendor_ids) <= 20),
    weight_kg numeric constraint product_weight_kg_check check (weight_kg >= 0 and scale(weight_kg) <= 6),
    length_mm integer constraint product_length_mm_check check (length_mm between 1 and 1000000),
    width_mm integer constraint product_width_mm_check check (width_mm between 1 and 1000000),
    height_mm integer constraint product_height_mm_check check (height_mm between 1 and 1000000),
    is_public boolean not null,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as
        (core.searchable(' ' || name || ' ' || sku || ' ' || coalesce(barcode, ''))) stored,
    constraint product_pkey primary key (organization_id, id),
    constraint product_category_fkey foreign key (organization_id, category_id)
        references products.category (organization_id, id),
    constraint product_unit_fkey foreign key (organization_id, unit_id)
        references products.unit_of_measure (organization_id, id),
    constraint product_subscription_check check ((kind = 'SUBSCRIPTION') = (billing_interval is not null))
);
select core.carry_custom_fields('products.product');
create index product_name_idx on products.product (organization_id, name, id);
create index product_sku_idx on products.product (organization_id, sku, id);
create index product_created_at_idx on products.product (organization_id, created_at, id);
create index product_category_idx on products.product (organization_id, category_id, name, id);
create index product_status_idx on products.product (organization_id, status, name, id);
create index product_kind_idx on products.product (organization_id, kind, name, id);
create index product_unit_idx on products.product (organization_id, unit_id);
create index product_public_idx on products.product (organization_id, name, id)
    where is_public and status = 'ACTIVE' and archived_at is null;
create index product_attribute_idx on products.product using gin (organization_id, attribute_ids);

create table products.product_variant (
    id uuid not null,
    organization_id uuid not null,
    product_id uuid not null,
    sku text not null constraint product_variant_sku_check check (length(sku) between 1 and 60),
    barcode text constraint product_variant_barcode_check check (length(barcode) between 1 and 60),
    -- {"<attribute>": "<one of its choices>"}
    options jsonb not null constraint product_variant_options_check check (jsonb_typeof(options) = 'object' and options <> '{}'),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || sku || ' ' || coalesce(barcode, ''))) stored,
    constraint product_variant_pkey primary key (organization_id, id),
    constraint product_variant_product_key unique (organization_id, product_id, id),
    constraint product_variant_options_key unique (organization_id, product_id, options),
    constraint product_variant_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id)
);
create index product_variant_sku_idx on products.product_variant (organization_id, sku, id);
create index product_variant_product_idx on products.product_variant (organization_id, product_id, sku, id);

-- What is printed on things and scanned: of all products and variants together, archived ones too, each number names one.
create table products.code (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    kind text not null constraint code_kind_check check (kind in ('SKU', 'BARCODE')),
    value text not null constraint code_value_check check (length(value) between 1 and 60),
    product_id uuid not null,
    variant_id uuid,
    item_id uuid not null generated always as (coalesce(variant_id, product_id)) stored,
    created_at timestamptz not null default now(),
    constraint code_pkey primary key (organization_id, id),
    constraint code_item_key unique (organization_id, item_id, kind),
    constraint code_product_fkey foreign key (organization_id, product_id) references products.product (organization_id, id),
    constraint code_variant_fkey foreign key (organization_id, product_id, variant_id)
        references products.product_variant (organization_id, product_id, id)
);
create unique index code_sku_key on products.code (organization_id, lower(value)) where kind = 'SKU';
create unique index code_barcode_key on products.code (organization_id, lower(value)) where kind = 'BARCODE';

create function products.keep_codes() returns trigger language plpgsql as $$
declare
    is_variant constant boolean := tg_table_name = 'product_variant';
    whole constant uuid := case when is_variant then (to_jsonb(new) ->> 'product_id')::uuid else new.id end;
    part constant uuid := case when is_variant then new.id end;
begin
    if tg_op = 'INSERT' or new.sku is distinct from old.sku then
        delete from products.code where item_id = new.id and kind = 'SKU';
        insert into products.code (kind, value, product_id, variant_id) values ('SKU', new.sku, whole, part);
    end if;
    if tg_op = 'INSERT' or new.barcode is distinct from old.barcode then
        delete from products.code where item_id = new.id and kind = 'BARCODE';
        if new.barcode is not null then
            insert into products.code (kind, value, product_id, variant_id) values ('BARCODE', new.barcode, whole, part);
        end if;
    end if;
    return null;
end $$;
create trigger codes after insert or update on products.product for each row execute function products.keep_codes();
create trigger codes after insert or update on products.product_variant for each row execute function products.keep_codes();

-- What a bundle is made of.
create table products.bundle_item (
    id uuid not null,
    organization_id uuid not null,
    bundle_id uuid not null,
    product_id uuid not null constraint bundle_item_self_check check (product_id <> bundle_id),
    variant_id uuid,
    item_id uuid not null generated always as (coalesce(variant_id, product_id)) stored,
    quantity numeric not null constraint bundle_item_quantity_check check (quantity > 0 and scale(quantity) <= 6),
    created_at timestamptz not null default now(),
    constraint bundle_item_pkey primary key (organization_id, id),
    constraint bundle_item_item_key unique (organization_id, bundle_id, item_id),
    constraint bundle_item_bundle_fkey foreign key (organization_id, bundle_id)
        references products.product (organization_id, id),
    constraint bundle_item_product_fkey foreign key (organization_id, product_id)
        references products.product (organization_id, id),
    constraint bundle_item_variant_fkey foreign key (organization_id, product_id, variant_id)
        references products.product_variant (organization_id, product_id, id)
);
create index bundle_item_product_idx on products.bundle_item (organization_id, product_id);
select core.tell_parts('products.bundle_item', 'product', 'bundle_id', 'bundle_items', 'item_id');

grant select, insert, update on products.unit_of_measure, products.category, products.attribute, products.product,
    products.product_variant to innoerp_app;
grant select, insert, delete on products.code to innoerp_app;
grant select, insert, update, delete on products.bundle_item to innoerp_app;
