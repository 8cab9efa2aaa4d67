-- What other modules ask of sales, and what sales hear of prices.

-- What runs as the owner works within the tenant.
create policy published on crm.deal_line for select to innoerp_owner
    using (organization_id = (select core.organization_id()));
create policy published on crm.stage_change for select to innoerp_owner
    using (organization_id = (select core.organization_id()));

-- The lines of a deal that are agreed on, with the deal's number: those of a deal that was won, and of an open one a quote of
-- which was accepted since it was closed last. None of any other. For other modules: ids and quantities alone, whatever the
-- caller may see; a module that calls this has checked the right to what it does.
create function crm.lines_agreed(wanted uuid)
returns table (id uuid, number text, product_id uuid, variant_id uuid, quantity numeric)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select l.id, d.number, l.product_id, l.variant_id, l.quantity
    from crm.deal d join crm.deal_line l on l.organization_id = d.organization_id and l.deal_id = d.id
    where d.organization_id = core.organization_id() and d.id = wanted
      and (d.status = 'WON' or d.status = 'OPEN' and d.archived_at is null and exists (
          select from crm.quote q where q.organization_id = d.organization_id and q.deal_id = d.id and q.status = 'ACCEPTED'
            and q.decided_at > coalesce((select max(c.occurred_at) from crm.stage_change c
                where c.organization_id = d.organization_id and c.deal_id = d.id and c.is_move and c.status <> 'OPEN'),
                '-infinity')))
    order by l.position, l.id
$$;
revoke all on function crm.lines_agreed from public;
grant execute on function crm.lines_agreed to innoerp_app;

-- Since when a price of something in it is another than when its lines were written. What was decided on keeps its own.
alter table crm.quote add column prices_changed_at timestamptz;
create index quote_draft_lines_idx on crm.quote using gin (organization_id, lines jsonb_path_ops) where status = 'DRAFT';

-- The drafts from before some moment that offer a product, in a currency or in any, and of which it is not noted that a price has
-- changed. As the owner, for row-level security lets no index look into the lines.
create function crm.drafts_offering(product uuid, wanted_currency text, at timestamptz) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select q.id from crm.quote q
    where q.organization_id = core.organization_id() and q.status = 'DRAFT' and q.prices_changed_at is null
      and q.lines @> jsonb_build_array(jsonb_build_object('productId', product))
      and (wanted_currency is null or q.currency = wanted_currency) and q.created_at <= at
$$;
revoke all on function crm.drafts_offering from public;
grant execute on function crm.drafts_offering to innoerp_app;
