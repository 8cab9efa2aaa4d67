-- What a bundle costs anybody: as priceResolve has it, its own price or the sum of what its parts cost.

-- What one of a thing costs anybody on a day who buys so much of it, by the lists for everybody, before anything comes off;
-- null when no list says. The order of ranks is that of priceResolve.
create function products.own_list_price(product uuid, variant uuid, quantity numeric, currency text, on_day date)
returns numeric language sql stable as $$
    select p.amount from products.price p join products.price_list l on l.id = p.price_list_id
    where p.product_id = product and (p.variant_id is null or p.variant_id = variant) and p.min_quantity <= quantity
      and daterange(p.first_day, p.last_day, '[]') @> on_day
      and l.currency = own_list_price.currency and l.audience = 'EVERYBODY' and l.archived_at is null
      and daterange(l.first_day, l.last_day, '[]') @> on_day
    order by l.priority desc, (p.variant_id is not null) desc, p.min_quantity desc, l.first_day desc nulls last,
        p.first_day desc nulls last, p.amount, l.code
    limit 1
$$;

-- As before; a bundle without a price of its own costs the sum of its parts, each at the quantity that is in it, and nothing
-- when one of them has no price. Of more than 200 parts, as of those in priceResolve, nobody says.
create or replace function products.list_price(product uuid, currency text, on_day date) returns numeric
language sql stable as $$
    with recursive part (product_id, variant_id, quantity, amount) as (
        select product, null::uuid, 1::numeric, products.own_list_price(product, null, 1, currency, on_day)
        union all
        select i.product_id, i.variant_id, part.quantity * i.quantity,
            products.own_list_price(i.product_id, i.variant_id, part.quantity * i.quantity, currency, on_day)
        from part join products.bundle_item i on i.bundle_id = part.product_id
        where part.amount is null
    )
    select case when count(*) <= 200 and bool_and(amount is not null or is_made_of_others)
        then round(sum(amount * quantity), 4) end
    from (select part.*, exists (select from products.bundle_item i where i.bundle_id = part.product_id) as is_made_of_others
          from part limit 201) part
$$;
