-- Who may buy: leads, who looks after them, what is done with them.

create table crm.web_form (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint web_form_name_check check (length(name) between 1 and 100),
    fields text[] not null constraint web_form_fields_check check (cardinality(fields) between 1 and 8
        and fields <@ array['NAME', 'EMAIL', 'PHONE', 'COMPANY', 'JOB_TITLE', 'COUNTRY', 'MESSAGE']),
    source_id uuid,
    campaign_id uuid,
    product_ids uuid[] not null constraint web_form_product_ids_check check (cardinality(product_ids) <= 20),
    -- From this many points on nobody is bothered.
    spam_limit integer not null constraint web_form_spam_limit_check check (spam_limit between 1 and 100),
    is_active boolean not null,
    -- Another one makes addresses that were given away good for nothing.
    nonce bigint not null,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint web_form_pkey primary key (organization_id, id),
    constraint web_form_source_fkey foreign key (organization_id, source_id) references crm.lead_source (organization_id, id),
    constraint web_form_campaign_fkey foreign key (organization_id, campaign_id) references crm.campaign (organization_id, id)
);
create unique index web_form_name_key on crm.web_form (organization_id, name) where archived_at is null;
create index web_form_name_idx on crm.web_form (organization_id, name, id);

create table crm.assignment_rule (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint assignment_rule_name_check check (length(name) between 1 and 100),
    -- The first rule that fits decides.
    position integer not null constraint assignment_rule_position_check check (position between 1 and 1000),
    source_id uuid,
    campaign_id uuid,
    product_id uuid,
    country text constraint assignment_rule_country_check check (country ~ '^[A-Z]{2}$'),
    min_score integer constraint assignment_rule_min_score_check check (min_score between 0 and 100),
    -- Who has their turn, one after the other.
    member_ids uuid[] not null constraint assignment_rule_member_ids_check check (cardinality(member_ids) between 1 and 50),
    last_member_id uuid,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint assignment_rule_pkey primary key (organization_id, id),
    constraint assignment_rule_source_fkey foreign key (organization_id, source_id)
        references crm.lead_source (organization_id, id),
    constraint assignment_rule_campaign_fkey foreign key (organization_id, campaign_id)
        references crm.campaign (organization_id, id)
);
create unique index assignment_rule_name_key on crm.assignment_rule (organization_id, name) where archived_at is null;
create index assignment_rule_position_idx on crm.assignment_rule (organization_id, position, id);

create table crm.lead (
    id uuid not null,
    organization_id uuid not null,
    number text not null constraint lead_number_check check (length(number) between 1 and 40),
    first_name text constraint lead_first_name_check check (length(first_name) between 1 and 100),
    last_name text constraint lead_last_name_check check (length(last_name) between 1 and 100),
    company_name text constraint lead_company_name_check check (length(company_name) between 1 and 200),
    job_title text constraint lead_job_title_check check (length(job_title) between 1 and 100),
    email text constraint lead_email_check check (length(email) between 3 and 254),
    phone text constraint lead_phone_check check (length(phone) between 7 and 20),
    country text constraint lead_country_check check (country ~ '^[A-Z]{2}$'),
    city text constraint lead_city_check check (length(city) between 1 and 100),
    source_id uuid,
    campaign_id uuid,
    web_form_id uuid,
    owner_membership_id uuid,
    status text not null constraint lead_status_check
        check (status in ('NEW', 'CONTACTED', 'QUALIFIED', 'NURTURING', 'UNQUALIFIED', 'LOST', 'CONVERTED')),
    score integer not null constraint lead_score_check check (score between 0 and 100),
    -- [{"code", "points", "reason"}]
    score_reasons jsonb not null constraint lead_score_reasons_check check (jsonb_typeof(score_reasons) = 'array'),
    spam_points integer not null constraint lead_spam_points_check check (spam_points between 0 and 100),
    product_ids uuid[] not null constraint lead_product_ids_check check (cardinality(product_ids) <= 20),
    estimated_value numeric constraint lead_estimated_value_check
        check (estimated_value >= 0 and scale(estimated_value) <= 4),
    estimated_value_currency text constraint lead_estimated_value_currency_check
        check ((estimated_value is null) = (estimated_value_currency is null) and length(estimated_value_currency) = 3),
    notes text constraint lead_notes_check check (length(notes) between 1 and 10000),
    lost_reason_id uuid,
    first_response_at timestamptz,
    sla_due_at timestamptz,
    contact_id uuid,
    company_id uuid,
    deal_id uuid,
    converted_at timestamptz,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    sort_name text collate core.names not null generated always as
        (trim(coalesce(last_name, '') || ' ' || coalesce(first_name, '') || ' ' || coalesce(company_name, ''))) stored,
    search_text text not null generated always as (core.searchable(' ' || coalesce(first_name, '') || ' '
        || coalesce(last_name, '') || ' ' || coalesce(company_name, '') || ' ' || number || ' ' || coalesce(email, '')
        || ' ' || coalesce(phone, ''))) stored,
    constraint lead_pkey primary key (organization_id, id),
    constraint lead_number_key unique (organization_id, number),
    constraint lead_name_check check (last_name is not null or company_name is not null),
    constraint lead_converted_check check ((status = 'CONVERTED') = (converted_at is not null)),
    constraint lead_lost_check check (status <> 'LOST' or lost_reason_id is not null),
    constraint lead_source_fkey foreign key (organization_id, source_id) references crm.lead_source (organization_id, id),
    constraint lead_campaign_fkey foreign key (organization_id, campaign_id) references crm.campaign (organization_id, id),
    constraint lead_web_form_fkey foreign key (organization_id, web_form_id) references crm.web_form (organization_id, id),
    constraint lead_lost_reason_fkey foreign key (organization_id, lost_reason_id)
        references crm.lost_reason (organization_id, id),
    constraint lead_deal_fkey foreign key (organization_id, deal_id) references crm.deal (organization_id, id)
);
select core.carry_custom_fields('crm.lead');
create index lead_name_idx on crm.lead (organization_id, sort_name, id);
create index lead_created_at_idx on crm.lead (organization_id, created_at, id);
create index lead_score_idx on crm.lead (organization_id, score, id);
create index lead_status_idx on crm.lead (organization_id, status, created_at, id);
create index lead_owner_idx on crm.lead (organization_id, owner_membership_id, status, id);
create index lead_email_idx on crm.lead (organization_id, email) where email is not null;
create index lead_contact_idx on crm.lead (organization_id, contact_id) where contact_id is not null;
create index lead_company_idx on crm.lead (organization_id, company_id) where company_id is not null;
create index lead_sla_idx on crm.lead (organization_id, sla_due_at) where first_response_at is null;
create index lead_campaign_idx on crm.lead (organization_id, campaign_id) where campaign_id is not null;
create index lead_source_idx on crm.lead (organization_id, source_id) where source_id is not null;
create trigger owner before insert or update on crm.lead for each row
    execute function crm.check_owner('owner_membership_id');
select crm.scope_by_owner('crm.lead', 'crm.lead.read', 'owner_membership_id');
alter table crm.deal add constraint deal_lead_fkey foreign key (organization_id, lead_id)
    references crm.lead (organization_id, id);

-- What a lead has become stays so.
create function crm.keep_converted() returns trigger language plpgsql as $$
begin
    if (new.status, new.contact_id, new.company_id, new.deal_id, new.converted_at)
        is distinct from (old.status, old.contact_id, old.company_id, old.deal_id, old.converted_at) then
        raise exception 'what a lead has become stays so'
            using errcode = 'check_violation', constraint = 'lead_stays_converted_check';
    end if;
    return new;
end $$;
create trigger keep_converted before update on crm.lead for each row
    when (old.status = 'CONVERTED') execute function crm.keep_converted();

create table crm.activity (
    id uuid not null,
    organization_id uuid not null,
    kind text not null constraint activity_kind_check check (kind in ('CALL', 'MEETING', 'TASK', 'EMAIL', 'NOTE')),
    subject text not null constraint activity_subject_check check (length(subject) between 1 and 200),
    body text constraint activity_body_check check (length(body) between 1 and 10000),
    due_at timestamptz,
    done_at timestamptz,
    outcome text constraint activity_outcome_check check (length(outcome) between 1 and 1000),
    lead_id uuid,
    deal_id uuid,
    contact_id uuid,
    assignee_membership_id uuid,
    -- When it was told that it is due.
    told_at timestamptz,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || subject)) stored,
    constraint activity_pkey primary key (organization_id, id),
    constraint activity_lead_fkey foreign key (organization_id, lead_id) references crm.lead (organization_id, id),
    constraint activity_deal_fkey foreign key (organization_id, deal_id) references crm.deal (organization_id, id)
);
create index activity_created_at_idx on crm.activity (organization_id, created_at, id);
create index activity_due_idx on crm.activity (organization_id, assignee_membership_id, due_at, id);
create index activity_lead_idx on crm.activity (organization_id, lead_id, id) where lead_id is not null;
create index activity_deal_idx on crm.activity (organization_id, deal_id, id) where deal_id is not null;
create index activity_contact_idx on crm.activity (organization_id, contact_id, id) where contact_id is not null;
create index activity_told_idx on crm.activity (due_at) where done_at is null and told_at is null and archived_at is null;
create trigger owner before insert or update on crm.activity for each row
    execute function crm.check_owner('assignee_membership_id');
select crm.scope_by_owner('crm.activity', 'crm.activity.read', 'assignee_membership_id',
    'deal_id is not null and exists (select from crm.deal d where d.id = deal_id)
     or lead_id is not null and exists (select from crm.lead l where l.id = lead_id)');

create table crm.sales_target (
    id uuid not null,
    organization_id uuid not null,
    -- Null for the whole organization.
    owner_membership_id uuid,
    first_day date not null,
    last_day date not null constraint sales_target_last_day_check check (last_day >= first_day),
    amount numeric not null constraint sales_target_amount_check check (amount > 0 and scale(amount) <= 4),
    currency text not null constraint sales_target_currency_check check (length(currency) = 3),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint sales_target_pkey primary key (organization_id, id)
);
create unique index sales_target_key on crm.sales_target (organization_id, owner_membership_id, first_day, last_day, currency)
    nulls not distinct where archived_at is null;
create index sales_target_first_day_idx on crm.sales_target (organization_id, first_day, id);
create index sales_target_owner_idx on crm.sales_target (organization_id, owner_membership_id, first_day);
create trigger owner before insert or update on crm.sales_target for each row
    execute function crm.check_owner('owner_membership_id');
select crm.scope_by_owner('crm.sales_target', 'crm.target.read', 'owner_membership_id');

grant select, insert, update on crm.web_form, crm.assignment_rule, crm.lead, crm.activity, crm.sales_target to innoerp_app;

-- Organizations in which something has fallen due that nobody was told of.
create policy due on crm.activity for select to innoerp_owner using (true);
create function crm.organizations_to_tell(at timestamptz) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct organization_id from crm.activity
    where due_at <= at and done_at is null and told_at is null and archived_at is null
$$;
revoke all on function crm.organizations_to_tell from public;
grant execute on function crm.organizations_to_tell to innoerp_app;
select core.protect_module('crm');
