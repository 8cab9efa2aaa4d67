-- Notification: what members were told, and as much about members as it takes to know whom to tell.

create table notification.notification (
    -- Grows per recipient in the order of committing, so that it serves as a position to continue after.
    id uuid not null,
    organization_id uuid not null,
    recipient_membership_id uuid not null,
    type text not null constraint notification_type_check check (length(type) between 1 and 100),
    title text not null constraint notification_title_check check (length(title) between 1 and 200),
    body text not null constraint notification_body_check check (length(body) <= 2000),
    -- What it is about: a type of the graph and an id of it.
    link_type text not null constraint notification_link_type_check check (length(link_type) between 1 and 100),
    link_id uuid not null,
    actor_membership_id uuid,
    -- The fact that it tells; a recipient is told each fact once.
    dedupe_key text not null constraint notification_dedupe_key_check check (length(dedupe_key) between 1 and 200),
    created_at timestamptz not null,
    updated_at timestamptz not null default now(),
    read_at timestamptz,
    archived_at timestamptz,
    constraint notification_pkey primary key (organization_id, id),
    constraint notification_dedupe_key unique (organization_id, recipient_membership_id, dedupe_key)
);
create index notification_recipient_idx on notification.notification (organization_id, recipient_membership_id, id);
create index notification_unread_idx
    on notification.notification (organization_id, recipient_membership_id, id)
    where read_at is null and archived_at is null;
create index notification_link_idx on notification.notification (organization_id, link_type, link_id);
grant select, insert, update on notification.notification to innoerp_app;

-- A copy, kept by the user module's events. Each half carries the time of the event that it is from, so that
-- an event replayed late does not undo a later one.
create table notification.member (
    id uuid not null,
    organization_id uuid not null,
    roles text[] not null default '{}',
    roles_as_of timestamptz not null default '-infinity',
    is_active boolean not null default true,
    is_active_as_of timestamptz not null default '-infinity',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint member_pkey primary key (organization_id, id)
);
-- Few among many: those whom a request without an approver falls to.
create index member_office_idx on notification.member (organization_id)
    where is_active and roles && array['HR', 'ADMIN', 'OWNER'];
grant select, insert, update on notification.member to innoerp_app;
