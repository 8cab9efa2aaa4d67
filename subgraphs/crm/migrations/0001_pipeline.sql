-- Selling: pipelines, deals, what became of them stage by stage.

-- Whose records a right extends to when it does not extend to all: the caller's own, and with `team` those of all who report
-- to them.
create function crm.members_in_scope(permission text) returns uuid[] language sql stable as $$
    select coalesce(array_agg(e.membership_id), '{}') || core.actor_id() from people.employee e
    where e.id = any ((select people.in_scope(permission))::uuid[]) and e.membership_id is not null
$$;

-- Leaves in sight what belongs to these members; with `team` also what belongs to nobody, so that somebody takes it.
create function crm.scope_by_owner(of regclass, permission text, owner_column text, or_else text default 'false')
returns void language plpgsql as $$
begin
    execute format('create policy scope on %1$s as restrictive to innoerp_app
        using ((select core.scope(%2$L)) = ''all''
            or %3$I = any ((select crm.members_in_scope(%2$L))::uuid[])
            or %3$I is null and (select core.scope(%2$L)) = ''team'' or %4$s)', of, permission, owner_column, or_else);
end $$;

-- Nobody is given anything who may not come in, whoever gives it: the last word on it is here. What somebody has already stays
-- theirs until another one takes it.
create function crm.check_owner() returns trigger language plpgsql as $$
declare
    of_column constant text := tg_argv[0];
    given constant uuid := (to_jsonb(new) ->> of_column)::uuid;
begin
    if given is null or tg_op = 'UPDATE' and given is not distinct from (to_jsonb(old) ->> of_column)::uuid
        or given is not distinct from core.actor_id() then
        return new;
    end if;
    if not exists (select from people.member m
            where m.id = given and m.is_active and not m.roles <@ array['CLIENT', 'SUPPLIER']) then
        raise exception 'nobody who may not come in is given anything'
            using errcode = 'check_violation', constraint = 'owner_is_active_check';
    end if;
    return new;
end $$;

create table crm.pipeline (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint pipeline_name_check check (length(name) between 1 and 100),
    currency text not null constraint pipeline_currency_check check (length(currency) = 3),
    is_default boolean not null,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint pipeline_pkey primary key (organization_id, id)
);
create unique index pipeline_name_key on crm.pipeline (organization_id, name) where archived_at is null;
create unique index pipeline_default_key on crm.pipeline (organization_id, is_default) where is_default;
create index pipeline_name_idx on crm.pipeline (organization_id, name, id);

create table crm.stage (
    id uuid not null,
    organization_id uuid not null,
    pipeline_id uuid not null,
    name text collate core.names not null constraint stage_name_check check (length(name) between 1 and 100),
    position integer not null constraint stage_position_check check (position between 1 and 1000),
    -- In per cent.
    probability numeric not null constraint stage_probability_check check (probability between 0 and 100 and scale(probability) <= 2),
    category text not null constraint stage_category_check check (category in ('OPEN', 'WON', 'LOST')),
    rotting_days integer constraint stage_rotting_days_check check (rotting_days between 1 and 1000),
    required_fields text[] not null constraint stage_required_fields_check check (required_fields <@
        array['COMPANY', 'CONTACT', 'OWNER', 'AMOUNT', 'EXPECTED_CLOSE', 'NEXT_STEP', 'LINES', 'COMPETITOR']),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint stage_pkey primary key (organization_id, id),
    constraint stage_pipeline_key unique (organization_id, pipeline_id, id),
    constraint stage_certain_check check (category = 'OPEN' or category = 'WON' and probability = 100
        or category = 'LOST' and probability = 0),
    constraint stage_pipeline_fkey foreign key (organization_id, pipeline_id) references crm.pipeline (organization_id, id)
);
create unique index stage_name_key on crm.stage (organization_id, pipeline_id, name) where archived_at is null;
-- One way to win and one to lose.
create unique index stage_end_key on crm.stage (organization_id, pipeline_id, category)
    where category <> 'OPEN' and archived_at is null;
create index stage_position_idx on crm.stage (organization_id, position, id);
create index stage_pipeline_idx on crm.stage (organization_id, pipeline_id, position, id);

create table crm.lost_reason (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint lost_reason_name_check check (length(name) between 1 and 100),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint lost_reason_pkey primary key (organization_id, id)
);
create unique index lost_reason_name_key on crm.lost_reason (organization_id, name) where archived_at is null;
create index lost_reason_name_idx on crm.lost_reason (organization_id, name, id);

create table crm.lead_source (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint lead_source_name_check check (length(name) between 1 and 100),
    -- How much better or worse leads from there are.
    points integer not null constraint lead_source_points_check check (points between -50 and 50),
    -- Within how many hours somebody answers.
    first_response_hours integer constraint lead_source_first_response_hours_check
        check (first_response_hours between 1 and 1000),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint lead_source_pkey primary key (organization_id, id)
);
create unique index lead_source_name_key on crm.lead_source (organization_id, name) where archived_at is null;
create index lead_source_name_idx on crm.lead_source (organization_id, name, id);

create table crm.campaign (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint campaign_name_check check (length(name) between 1 and 100),
    description text constraint campaign_description_check check (length(description) between 1 and 2000),
    currency text not null constraint campaign_currency_check check (length(currency) = 3),
    budget numeric constraint campaign_budget_check check (budget >= 0 and scale(budget) <= 4),
    cost numeric not null constraint campaign_cost_check check (cost >= 0 and scale(cost) <= 4),
    first_day date,
    last_day date constraint campaign_last_day_check check (last_day >= first_day),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint campaign_pkey primary key (organization_id, id)
);
create unique index campaign_name_key on crm.campaign (organization_id, name) where archived_at is null;
create index campaign_name_idx on crm.campaign (organization_id, name, id);

-- What the contact module tells: two contacts are one.
create table crm.contact_merge (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    loser_id uuid not null,
    winner_id uuid not null constraint contact_merge_self_check check (winner_id <> loser_id),
    created_at timestamptz not null default now(),
    constraint contact_merge_pkey primary key (organization_id, id),
    constraint contact_merge_loser_key unique (organization_id, loser_id)
);
create index contact_merge_winner_idx on crm.contact_merge (organization_id, winner_id);

-- A contact, what it was merged into, and all that were merged into that.
create function crm.contact_family(wanted uuid) returns table (id uuid) language sql stable as $$
    with recursive up (id) as (
        select wanted
        union
        select m.winner_id from up join crm.contact_merge m on m.loser_id = up.id
    ), down (id) as (
        select up.id from up
        union
        select m.loser_id from down join crm.contact_merge m on m.winner_id = down.id
    ) select down.id from down
$$;

create table crm.deal (
    id uuid not null,
    organization_id uuid not null,
    number text not null constraint deal_number_check check (length(number) between 1 and 40),
    title text collate core.names not null constraint deal_title_check check (length(title) between 1 and 200),
    pipeline_id uuid not null,
    stage_id uuid not null,
    status text not null constraint deal_status_check check (status in ('OPEN', 'WON', 'LOST', 'ABANDONED')),
    -- Contacts and memberships are other modules': no foreign keys.
    company_id uuid,
    owner_membership_id uuid,
    amount numeric not null constraint deal_amount_check check (amount >= 0 and scale(amount) <= 4),
    currency text not null constraint deal_currency_check check (length(currency) = 3),
    -- In place of the stage's.
    probability_override numeric constraint deal_probability_override_check
        check (probability_override between 0 and 100 and scale(probability_override) <= 2),
    expected_close date,
    closed_at timestamptz,
    lost_reason_id uuid,
    competitor text constraint deal_competitor_check check (length(competitor) between 1 and 200),
    next_step text constraint deal_next_step_check check (length(next_step) between 1 and 500),
    description text constraint deal_description_check check (length(description) between 1 and 10000),
    forecast_category text not null constraint deal_forecast_category_check
        check (forecast_category in ('PIPELINE', 'BEST_CASE', 'COMMIT', 'OMITTED')),
    entered_stage_at timestamptz not null,
    lead_id uuid,
    source_id uuid,
    campaign_id uuid,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as
        (core.searchable(' ' || title || ' ' || number || ' ' || coalesce(competitor, ''))) stored,
    constraint deal_pkey primary key (organization_id, id),
    constraint deal_number_key unique (organization_id, number),
    constraint deal_lost_check check (status <> 'LOST' or lost_reason_id is not null),
    constraint deal_closed_check check ((status = 'OPEN') = (closed_at is null)),
    constraint deal_pipeline_fkey foreign key (organization_id, pipeline_id) references crm.pipeline (organization_id, id),
    constraint deal_stage_fkey foreign key (organization_id, pipeline_id, stage_id)
        references crm.stage (organization_id, pipeline_id, id),
    constraint deal_lost_reason_fkey foreign key (organization_id, lost_reason_id)
        references crm.lost_reason (organization_id, id),
    constraint deal_source_fkey foreign key (organization_id, source_id) references crm.lead_source (organization_id, id),
    constraint deal_campaign_fkey foreign key (organization_id, campaign_id) references crm.campaign (organization_id, id)
);
select core.carry_custom_fields('crm.deal');
create unique index deal_lead_key on crm.deal (organization_id, lead_id);
create index deal_title_idx on crm.deal (organization_id, title, id);
create index deal_created_at_idx on crm.deal (organization_id, created_at, id);
create index deal_amount_idx on crm.deal (organization_id, amount, id);
create index deal_entered_stage_at_idx on crm.deal (organization_id, entered_stage_at, id);
create index deal_stage_idx on crm.deal (organization_id, pipeline_id, stage_id, entered_stage_at, id);
create index deal_status_idx on crm.deal (organization_id, status, expected_close, id);
create index deal_owner_idx on crm.deal (organization_id, owner_membership_id, status, id);
create index deal_company_idx on crm.deal (organization_id, company_id, id);
create index deal_campaign_idx on crm.deal (organization_id, campaign_id) where campaign_id is not null;
create index deal_source_idx on crm.deal (organization_id, source_id) where source_id is not null;
create trigger owner before insert or update on crm.deal for each row
    execute function crm.check_owner('owner_membership_id');
select crm.scope_by_owner('crm.deal', 'crm.deal.read', 'owner_membership_id');

-- What is seen with its deal.
create function crm.scope_by_deal(of regclass) returns void language plpgsql as $$
begin
    execute format('create policy scope on %s as restrictive to innoerp_app
        using ((select core.scope(''crm.deal.read'')) = ''all'' or exists (select from crm.deal d where d.id = deal_id))', of);
end $$;

create table crm.deal_line (
    id uuid not null,
    organization_id uuid not null,
    deal_id uuid not null,
    position integer not null constraint deal_line_position_check check (position between 1 and 1000),
    -- Products are the products module's: no foreign keys.
    product_id uuid,
    variant_id uuid,
    description text not null constraint deal_line_description_check check (length(description) between 1 and 500),
    quantity numeric not null constraint deal_line_quantity_check check (quantity > 0 and scale(quantity) <= 6),
    unit_price numeric not null constraint deal_line_unit_price_check check (unit_price >= 0 and scale(unit_price) <= 4),
    discount_percent numeric not null constraint deal_line_discount_percent_check
        check (discount_percent between 0 and 100 and scale(discount_percent) <= 4),
    -- As it can be paid.
    amount numeric not null constraint deal_line_amount_check check (amount >= 0 and scale(amount) <= 4),
    created_at timestamptz not null default now(),
    constraint deal_line_pkey primary key (organization_id, id),
    constraint deal_line_deal_fkey foreign key (organization_id, deal_id) references crm.deal (organization_id, id)
);
create index deal_line_deal_idx on crm.deal_line (organization_id, deal_id, position, id);
create index deal_line_product_idx on crm.deal_line (organization_id, product_id, deal_id);
select crm.scope_by_deal('crm.deal_line'), core.tell_parts('crm.deal_line', 'deal', 'deal_id', 'lines', 'position');

create table crm.deal_contact (
    id uuid not null,
    organization_id uuid not null,
    deal_id uuid not null,
    contact_id uuid not null,
    role text not null constraint deal_contact_role_check
        check (role in ('DECISION_MAKER', 'INFLUENCER', 'USER', 'BILLING', 'OTHER')),
    is_primary boolean not null,
    created_at timestamptz not null default now(),
    constraint deal_contact_pkey primary key (organization_id, id),
    constraint deal_contact_contact_key unique (organization_id, deal_id, contact_id),
    constraint deal_contact_deal_fkey foreign key (organization_id, deal_id) references crm.deal (organization_id, id)
);
create index deal_contact_contact_idx on crm.deal_contact (organization_id, contact_id, deal_id);
select crm.scope_by_deal('crm.deal_contact'), core.tell_parts('crm.deal_contact', 'deal', 'deal_id', 'contacts', 'contact_id');

-- Of those who have to do with a deal exactly one is the one to talk to: looked at when the transaction ends, whoever wrote.
create function crm.check_primary() returns trigger language plpgsql as $$
declare
    of_deal constant uuid := case when tg_op = 'DELETE' then old.deal_id else new.deal_id end;
    counted bigint;
    first bigint;
begin
    select count(*), count(*) filter (where is_primary) into counted, first from crm.deal_contact where deal_id = of_deal;
    if counted > 0 and first <> 1 then
        raise exception 'a deal has exactly one primary contact'
            using errcode = 'check_violation', constraint = 'deal_contact_primary_check';
    end if;
    return null;
end $$;
create constraint trigger one_primary after insert or update or delete on crm.deal_contact
    deferrable initially deferred for each row execute function crm.check_primary();

-- What became of deals: only ever added to, by a trigger, so that no way to change a deal leaves it out. Forecasts, durations
-- and conversion are worked out from here and from nowhere else.
create table crm.stage_change (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    seq bigint generated by default as identity,
    deal_id uuid not null,
    pipeline_id uuid not null,
    -- Null in the first one.
    from_stage_id uuid,
    stage_id uuid not null,
    status text not null,
    owner_membership_id uuid,
    amount numeric not null,
    currency text not null,
    probability numeric not null,
    forecast_category text not null,
    expected_close date,
    lost_reason_id uuid,
    is_archived boolean not null,
    -- The deal went to another stage or state; otherwise only what is expected of it is another.
    is_move boolean not null,
    -- How long it had been in the stage that it left.
    seconds_in_stage bigint,
    occurred_at timestamptz not null,
    created_by uuid default core.actor_id(),
    constraint stage_change_pkey primary key (organization_id, id),
    constraint stage_change_deal_fkey foreign key (organization_id, deal_id) references crm.deal (organization_id, id)
);
create index stage_change_deal_idx on crm.stage_change (organization_id, deal_id, seq);
create index stage_change_occurred_at_idx on crm.stage_change (organization_id, occurred_at, id);
create index stage_change_move_idx on crm.stage_change (organization_id, pipeline_id, stage_id, occurred_at) where is_move;
select crm.scope_by_deal('crm.stage_change');

create function crm.follow_deal() returns trigger language plpgsql as $$
declare
    is_move constant boolean := tg_op = 'INSERT' or (new.stage_id, new.status) is distinct from (old.stage_id, old.status);
begin
    if tg_op = 'UPDATE' and not is_move
        and (new.owner_membership_id, new.amount, new.currency, new.probability_override, new.forecast_category,
             new.expected_close, new.archived_at is null)
            is not distinct from (old.owner_membership_id, old.amount, old.currency, old.probability_override,
             old.forecast_category, old.expected_close, old.archived_at is null) then
        return null;
    end if;
    insert into crm.stage_change (deal_id, pipeline_id, from_stage_id, stage_id, status, owner_membership_id, amount, currency,
            probability, forecast_category, expected_close, lost_reason_id, is_archived, is_move, seconds_in_stage, occurred_at)
        select new.id, new.pipeline_id, case when tg_op = 'UPDATE' then old.stage_id end, new.stage_id, new.status,
            new.owner_membership_id, new.amount, new.currency,
            case new.status when 'WON' then 100 when 'OPEN' then coalesce(new.probability_override, s.probability) else 0 end,
            new.forecast_category, new.expected_close, new.lost_reason_id, new.archived_at is not null, is_move,
            case when tg_op = 'UPDATE' and is_move then extract(epoch from core.now() - old.entered_stage_at)::bigint end,
            core.now()
        from crm.stage s where s.id = new.stage_id;
    return null;
end $$;
create trigger follow after insert or update on crm.deal for each row execute function crm.follow_deal();

-- A stage that is likelier from now on makes its open deals likelier, and that is written down of each.
create function crm.follow_stage() returns trigger language plpgsql as $$
begin
    insert into crm.stage_change (deal_id, pipeline_id, from_stage_id, stage_id, status, owner_membership_id, amount, currency,
            probability, forecast_category, expected_close, lost_reason_id, is_archived, is_move, occurred_at)
        select d.id, d.pipeline_id, d.stage_id, d.stage_id, d.status, d.owner_membership_id, d.amount, d.currency,
            new.probability, d.forecast_category, d.expected_close, d.lost_reason_id, d.archived_at is not null, false, core.now()
        from crm.deal d where d.pipeline_id = new.pipeline_id and d.stage_id = new.id and d.status = 'OPEN'
          and d.probability_override is null;
    return null;
end $$;
create trigger follow after update of probability on crm.stage for each row
    when (new.probability is distinct from old.probability) execute function crm.follow_stage();

grant select, insert, update on crm.pipeline, crm.stage, crm.lost_reason, crm.lead_source, crm.campaign, crm.deal to innoerp_app;
grant select, insert, update, delete on crm.deal_line, crm.deal_contact to innoerp_app;
grant select, insert on crm.stage_change to innoerp_app;
grant select, insert, delete on crm.contact_merge to innoerp_app;
select core.protect_module('crm');
