-- What goes through more than one module, step by step; what was sent to customers; what is forgotten.

create table crm.operation (
    id uuid not null,
    organization_id uuid not null,
    kind text not null constraint operation_kind_check check (kind in ('LEAD_CONVERT', 'DEAL_WIN')),
    state text not null constraint operation_state_check check (state in ('RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
    lead_id uuid,
    deal_id uuid,
    -- What was asked for, and what the steps have come to so far.
    input jsonb not null,
    -- [{"name", "state", "at"}], in their order.
    steps jsonb not null constraint operation_steps_check check (jsonb_typeof(steps) = 'array'),
    attempts integer not null,
    -- When it goes on by itself, if nobody else takes it further.
    next_at timestamptz,
    error_code text,
    owner_membership_id uuid,
    ended_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint operation_pkey primary key (organization_id, id),
    constraint operation_subject_check check (case kind when 'LEAD_CONVERT' then lead_id is not null else deal_id is not null end),
    constraint operation_lead_fkey foreign key (organization_id, lead_id) references crm.lead (organization_id, id),
    constraint operation_deal_fkey foreign key (organization_id, deal_id) references crm.deal (organization_id, id)
);
-- A lead is converted once. A deal is won by one at a time.
create unique index operation_lead_key on crm.operation (organization_id, lead_id)
    where kind = 'LEAD_CONVERT' and state <> 'CANCELLED';
create unique index operation_deal_key on crm.operation (organization_id, deal_id)
    where kind = 'DEAL_WIN' and state in ('RUNNING', 'FAILED');
create index operation_created_at_idx on crm.operation (organization_id, created_at, id);
create index operation_next_idx on crm.operation (next_at) where state = 'RUNNING';
select crm.scope_by_owner('crm.operation', 'crm.deal.read', 'owner_membership_id');

create policy due on crm.operation for select to innoerp_owner using (true);
create function crm.organizations_to_go_on(at timestamptz) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct organization_id from crm.operation where state = 'RUNNING' and next_at <= at
$$;
revoke all on function crm.organizations_to_go_on from public;
grant execute on function crm.organizations_to_go_on to innoerp_app;

create table crm.quote (
    id uuid not null,
    organization_id uuid not null,
    number text not null constraint quote_number_check check (length(number) between 1 and 40),
    deal_id uuid not null,
    revision integer not null constraint quote_revision_check check (revision between 1 and 1000),
    status text not null constraint quote_status_check
        check (status in ('DRAFT', 'SENT', 'VIEWED', 'ACCEPTED', 'DECLINED', 'EXPIRED', 'SUPERSEDED')),
    -- [{"productId", "variantId", "description", "quantity", "unitPrice", "discountPercent", "amount"}]: what was offered stays
    -- as it was offered, whatever becomes of deal and products.
    lines jsonb not null constraint quote_lines_check check (jsonb_typeof(lines) = 'array' and jsonb_array_length(lines) <= 200),
    total numeric not null constraint quote_total_check check (total >= 0 and scale(total) <= 4),
    currency text not null constraint quote_currency_check check (length(currency) = 3),
    valid_until date,
    recipient text constraint quote_recipient_check check (length(recipient) between 1 and 500),
    terms text constraint quote_terms_check check (length(terms) between 1 and 10000),
    -- Part of the address that customers have.
    nonce bigint not null,
    sent_at timestamptz,
    viewed_at timestamptz,
    decided_at timestamptz,
    signer_name text constraint quote_signer_name_check check (length(signer_name) between 1 and 100),
    signer_address text constraint quote_signer_address_check check (length(signer_address) between 1 and 60),
    decline_reason text constraint quote_decline_reason_check check (length(decline_reason) between 1 and 1000),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint quote_pkey primary key (organization_id, id),
    constraint quote_revision_key unique (organization_id, deal_id, revision),
    constraint quote_number_key unique (organization_id, number),
    constraint quote_signed_check check (status <> 'ACCEPTED' or signer_name is not null and decided_at is not null),
    constraint quote_deal_fkey foreign key (organization_id, deal_id) references crm.deal (organization_id, id)
);
-- Of a deal's quotes one at most holds.
create unique index quote_accepted_key on crm.quote (organization_id, deal_id) where status = 'ACCEPTED';
create index quote_created_at_idx on crm.quote (organization_id, created_at, id);
create index quote_status_idx on crm.quote (organization_id, status, created_at, id);
select crm.scope_by_deal('crm.quote');

-- A quote that was decided on is frozen: another one may take its place, and nothing else of it changes.
create function crm.freeze_quote() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - array['status', 'version', 'updated_at', 'signer_name', 'signer_address']
            is distinct from to_jsonb(old) - array['status', 'version', 'updated_at', 'signer_name', 'signer_address']
        or new.status <> old.status and (old.status <> 'ACCEPTED' or new.status <> 'SUPERSEDED')
        -- Who has signed is forgotten by the law alone, as the owner.
        or (new.signer_name, new.signer_address) is distinct from (old.signer_name, old.signer_address)
            and current_user <> 'innoerp_owner' then
        raise exception 'a quote that was decided on is frozen'
            using errcode = 'check_violation', constraint = 'quote_frozen_check';
    end if;
    return new;
end $$;
create trigger frozen before update on crm.quote for each row
    when (old.status in ('ACCEPTED', 'DECLINED', 'EXPIRED', 'SUPERSEDED')) execute function crm.freeze_quote();

create policy due on crm.quote for select to innoerp_owner using (true);
create function crm.organizations_to_expire(at timestamptz) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct organization_id from crm.quote where status in ('SENT', 'VIEWED') and valid_until < (at - interval '12 hours')::date
$$;
revoke all on function crm.organizations_to_expire from public;
grant execute on function crm.organizations_to_expire to innoerp_app;

-- What runs as the owner works within the tenant.
do $$
declare
    t text;
begin
    foreach t in array array['lead', 'deal', 'activity', 'quote', 'deal_contact'] loop
        execute format('create policy erasure on crm.%I to innoerp_owner
                        using (organization_id = (select core.organization_id()))', t);
    end loop;
end $$;

-- Forgets who contacts were, when the contact module has: what is left says that there was a deal, and not with whom.
create function crm.forget(wanted uuid[], at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    leads uuid[] := array(select id from crm.lead where organization_id = core.organization_id()
        and (contact_id = any (wanted) or company_id = any (wanted)));
    deals uuid[] := array(select deal_id from crm.deal_contact where organization_id = core.organization_id()
        and contact_id = any (wanted));
    quotes uuid[] := array(select id from crm.quote where organization_id = core.organization_id() and deal_id = any (deals));
    activities uuid[] := array(select id from crm.activity where organization_id = core.organization_id()
        and (contact_id = any (wanted) or lead_id = any (leads)));
begin
    update crm.lead set first_name = null, last_name = 'Erased', company_name = null, job_title = null, email = null,
        phone = null, city = null, notes = null, custom_fields = '{}', tags = '{}', version = version + 1, updated_at = at
        where organization_id = core.organization_id() and id = any (leads);
    update crm.activity set subject = 'Erased', body = null, outcome = null, version = version + 1, updated_at = at
        where organization_id = core.organization_id() and id = any (activities);
    update crm.quote set signer_name = case when signer_name is not null then 'Erased' end, signer_address = null,
        version = version + 1, updated_at = at
        where organization_id = core.organization_id() and id = any (quotes);
    update crm.audit_log set before = case when before is not null then '{}'::jsonb end,
        after = case when after is not null then '{}'::jsonb end
        where organization_id = core.organization_id() and row_id = any (leads || activities || quotes);
end $$;
revoke all on function crm.forget from public;
grant execute on function crm.forget to innoerp_app;

grant select, insert, update on crm.operation, crm.quote to innoerp_app;
select core.protect_module('crm');
