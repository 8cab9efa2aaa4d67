-- What is kept for deals. Deals and their lines are the crm module's: no foreign keys.

-- contracts: the check is of columns that the version before does not know, and leaves empty.
alter table products.stock_reservation
    add column deal_id uuid,
    -- The line that it counts for: none once the deal was closed otherwise, or opened again, and it had not been handed out.
    add column deal_line_id uuid
        constraint stock_reservation_deal_line_check check (deal_line_id is null or deal_id is not null);
create index stock_reservation_deal_idx on products.stock_reservation (organization_id, deal_id, created_at, id)
    where deal_id is not null;

-- The lines of a deal that are agreed on, as the crm module says it: none where it is not there.
create function products.lines_agreed(deal uuid)
returns table (line_id uuid, number text, product_id uuid, variant_id uuid, quantity numeric)
language plpgsql stable as $$
begin
    if to_regprocedure('crm.lines_agreed(uuid)') is null then
        return;
    end if;
    return query execute 'select id, number, product_id, variant_id, quantity from crm.lines_agreed($1)' using deal;
end $$;
