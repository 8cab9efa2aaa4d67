-- Leave that is taken in hours is a piece of a day: several of one day, as far as it reaches. Only whole halves are nobody
-- else's.
alter table leave.request_half_day add is_piece boolean not null default false;

-- A migration runs as the owner, whom row-level security binds too; it is forced again afterwards.
alter table leave.request_half_day no force row level security;
alter table leave.request no force row level security;
update leave.request_half_day h set is_piece = true from leave.request r
where r.organization_id = h.organization_id and r.id = h.request_id and r.hours is not null;
alter table leave.request force row level security;
alter table leave.request_half_day force row level security;

-- contracts: it is made again, of fewer rows; whoever writes without knowing of pieces writes whole halves.
drop index leave.request_half_day_overlap_key;
create unique index request_half_day_overlap_key
    on leave.request_half_day (organization_id, employee_id, day, half) where is_active and not is_piece;
create index request_half_day_employee_idx
    on leave.request_half_day (organization_id, employee_id, day) where is_active;

-- The requests of an employee in whose way another one would be that takes so much of these halves, of which so much is
-- worked. Pieces are in each other's way where they are more than that together. Whoever goes by it has locked the account.
create function leave.in_the_way(employee uuid, is_piece boolean, days date[], halves text[], takes numeric, worked numeric)
returns setof uuid language sql stable as $$
    with there as (
        select h.request_id, h.is_piece, h.portion from leave.request_half_day h
        join unnest($3, $4) as t (day, half) on h.day = t.day and h.half = t.half
        where h.organization_id = core.organization_id() and h.employee_id = $1 and h.is_active
    )
    select distinct request_id from there
    where not ($2 and is_piece) or (select sum(portion) from there where is_piece) + $5 > $6
$$;
