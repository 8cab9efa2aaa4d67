-- What the consumer that is measured leaves for each event, each time that it takes effect.
create table measured.effect (
    seq bigint generated always as identity constraint effect_pkey primary key,
    organization_id uuid not null,
    event_id uuid not null,
    aggregate_id uuid not null,
    number bigint not null
);
grant select, insert on measured.effect to innoerp_app;
