-- What the consumer that is measured leaves for each event.
create table measured.effect (
    organization_id uuid not null,
    event_id uuid not null,
    aggregate_id uuid not null,
    number bigint not null,
    constraint effect_pkey primary key (organization_id, event_id)
);
grant select, insert on measured.effect to innoerp_app;
