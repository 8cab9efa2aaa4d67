-- A reservation is handed out or let go in parts: each part is a reservation of its own, and the rest stays kept. So what is
-- reserved is the sum of the open ones, as before, and each that was handed out has its move.

alter table products.stock_reservation
    add column part_of_id uuid constraint stock_reservation_self_check check (part_of_id <> id),
    add constraint stock_reservation_part_fkey foreign key (organization_id, part_of_id)
        references products.stock_reservation (organization_id, id),
    -- What is left of one that was parted is still kept; a part is over when it is made.
    add constraint stock_reservation_part_check check (part_of_id is null or status <> 'OPEN');
create index stock_reservation_part_idx on products.stock_reservation (organization_id, part_of_id, created_at, id);
