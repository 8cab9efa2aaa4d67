-- An event that a consumer could not process holds up nobody but its own aggregate: it is written down here, tried again
-- by itself, and after five tries it becomes a dead letter. Later events of its aggregate stand here behind it.
create table core.delayed_event (
    consumer text not null,
    -- The order in which the events of one aggregate are processed.
    seq bigint generated always as identity,
    event_id uuid not null,
    organization_id uuid not null,
    aggregate_id uuid not null,
    -- The whole event, whatever log it came from.
    envelope jsonb not null,
    -- How often it was tried by itself; counted before the try, so that one that ends the process counts too.
    attempts integer not null default 0 constraint delayed_event_attempts_check check (attempts >= 0),
    -- When it may be tried next; while it is being tried, when it is given up for another process to try.
    retry_at timestamptz not null default now(),
    error text,
    constraint delayed_event_pkey primary key (consumer, seq),
    constraint delayed_event_event_id_key unique (consumer, event_id)
);
create index delayed_event_key_idx on core.delayed_event (consumer, organization_id, aggregate_id, seq);
grant select, insert, update, delete on core.delayed_event to innoerp_relay;

-- A dead letter is whole by itself, for the log may have forgotten the event, or be elsewhere.
alter table core.dead_letter add column envelope jsonb;
alter table core.dead_letter alter column position drop not null;
update core.dead_letter d set envelope = jsonb_build_object(
    'eventId', l.event_id, 'eventType', l.event_type, 'occurredAt', l.occurred_at, 'organizationId', l.organization_id,
    'actor', l.actor, 'aggregateId', l.aggregate_id, 'correlationId', l.correlation_id, 'payload', l.payload)
from core.event_log l where l.event_id = d.event_id;

-- Outboxes and the log's bookkeeping are filled and emptied all the time: what is dead in them is cleared by how much it
-- is, and not by what part of the table, so that the next row is found as soon in a million as in a thousand.
create function core.clear_outbox_early(module text) returns void language plpgsql as $$
begin
    if to_regclass(format('%I.outbox', module)) is not null then
        execute format('alter table %I.outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)', module);
    end if;
end $$;
alter table core.delayed_event set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table core.consumer_offset set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create or replace function core.protect_module(module text) returns void language plpgsql as $$
begin
    perform core.protect_tables(module);
    if to_regclass(format('%I.audit_log', module)) is not null then
        execute format('revoke insert on %I.audit_log from innoerp_app', module);
    end if;
    perform core.hand_over_grants(module);
    perform core.clear_outbox_early(module);
end $$;
