-- Where a broker carries the events, callers still read their own writes: what a member has caused within the last minute,
-- by its place in the broker's log, and how far consumers have come in it.
create table core.relayed_event (
    topic text not null,
    partition integer not null,
    log_offset bigint not null,
    organization_id uuid not null,
    actor jsonb not null,
    event_type text not null,
    relayed_at timestamptz not null default now()
);
create index relayed_event_organization_idx on core.relayed_event (organization_id);
create index relayed_event_relayed_at_idx on core.relayed_event (relayed_at);
create table core.consumer_partition (
    consumer text not null,
    topic text not null,
    partition integer not null,
    -- The offset of the first event that the consumer is not done with.
    next_offset bigint not null,
    updated_at timestamptz not null default now(),
    constraint consumer_partition_pkey primary key (consumer, topic, partition)
);
alter table core.relayed_event set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
alter table core.consumer_partition set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
grant select, insert, delete on core.relayed_event to innoerp_relay;
grant select, insert, update on core.consumer_partition to innoerp_relay;
