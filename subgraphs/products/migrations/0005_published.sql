-- Products for what other modules do: a module that calls this has checked the right to what it does.

-- Those of these ids that are no products in use, and those that are no variants in use of products in use: what nothing new
-- is to name. Whatever the caller may see; ids alone.
create function products.missing(of_products uuid[], of_variants uuid[],
    out missing_products uuid[], out missing_variants uuid[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select array(select w.id from unnest(of_products) w (id)
            where not exists (select from products.product p
                where p.organization_id = core.organization_id() and p.id = w.id and p.archived_at is null)),
        array(select w.id from unnest(of_variants) w (id)
            where not exists (select from products.product_variant v
                join products.product p on p.organization_id = v.organization_id and p.id = v.product_id
                where v.organization_id = core.organization_id() and v.id = w.id
                  and v.archived_at is null and p.archived_at is null))
$$;
revoke all on function products.missing from public;
grant execute on function products.missing to innoerp_app;
