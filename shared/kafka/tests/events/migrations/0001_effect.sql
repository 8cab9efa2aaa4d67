-- What the consumer of the tests leaves: a row for each time that an event took effect.
create table probe.effect (
    seq bigint generated always as identity constraint effect_pkey primary key,
    organization_id uuid not null,
    event_id uuid not null,
    aggregate_id uuid not null,
    number integer not null
);
-- With a row in it, what fails does not any more.
create table probe.mended (organization_id uuid not null constraint mended_pkey primary key);
grant select, insert on probe.effect, probe.mended to innoerp_app;
