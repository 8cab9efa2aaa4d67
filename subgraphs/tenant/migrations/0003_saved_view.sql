-- Ways to look at a list that somebody keeps, for themselves or for everybody.

create table tenant.saved_view (
    id uuid not null,
    organization_id uuid not null,
    -- The noun's name in the graph: `Employee`.
    noun text not null constraint saved_view_noun_check check (noun ~ '^[A-Z][A-Za-z0-9]{0,39}$'),
    name text collate core.names not null constraint saved_view_name_check check (length(name) between 1 and 100),
    settings jsonb not null constraint saved_view_settings_check check (jsonb_typeof(settings) = 'object'),
    owner_id uuid not null,
    is_shared boolean not null,
    version integer not null,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint saved_view_pkey primary key (organization_id, id)
);
create index saved_view_name_idx on tenant.saved_view (organization_id, name, id);
create index saved_view_noun_idx on tenant.saved_view (organization_id, noun, name, id);
create index saved_view_owner_idx on tenant.saved_view (organization_id, owner_id, noun, id);
grant select, insert, update on tenant.saved_view to innoerp_app;

select core.protect_module('tenant');

-- One's own and what is shared is seen; changed is one's own, and what is shared by whoever looks after all.
create policy scope on tenant.saved_view as restrictive for select to innoerp_app
    using (is_shared or owner_id = (select core.actor_id()) or (select core.actor_id()) is null);
create policy scope_of_changes on tenant.saved_view as restrictive for update to innoerp_app
    using (owner_id = (select core.actor_id()) or (select core.actor_id()) is null
           or (is_shared and (select core.scope('tenant.view.save')) = 'all'));
