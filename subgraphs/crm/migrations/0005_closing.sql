-- When a deal is closed it stays where it was in time, and what is in use goes nowhere that is not.

-- When a deal was moved last, or became what it is, by some moment: later changes of it are no moves.
create function crm.moved_at(deal uuid, until timestamptz) returns timestamptz language sql stable as $$
    select c.occurred_at from crm.stage_change c where c.deal_id = deal and c.is_move and c.occurred_at <= until
    order by c.seq desc limit 1
$$;

-- An open deal is in a stage that is in use: whoever archives the stage meanwhile waits, or is waited for.
create function crm.check_stage_in_use() returns trigger language plpgsql as $$
begin
    perform from crm.stage s where s.id = new.stage_id and s.archived_at is null for share;
    if not found then
        raise exception 'an open deal is in a stage in use'
            using errcode = 'check_violation', constraint = 'deal_stage_in_use_check';
    end if;
    return new;
end $$;
create trigger stage_in_use before insert on crm.deal for each row
    when (new.status = 'OPEN') execute function crm.check_stage_in_use();
create trigger stage_in_use_from_now_on before update on crm.deal for each row
    when (new.status = 'OPEN' and (new.stage_id <> old.stage_id or old.status <> 'OPEN'))
    execute function crm.check_stage_in_use();

-- What was decided on may be forgotten by the law, whoever it was for.
create or replace function crm.freeze_quote() returns trigger language plpgsql as $$
declare
    personal constant text[] := array['recipient', 'terms', 'decline_reason', 'signer_name', 'signer_address'];
    free constant text[] := array['status', 'version', 'updated_at'];
begin
    if to_jsonb(new) - personal - free is distinct from to_jsonb(old) - personal - free
        or new.status <> old.status and (old.status <> 'ACCEPTED' or new.status <> 'SUPERSEDED')
        -- That is done as the owner, and by nobody else.
        or (new.recipient, new.terms, new.decline_reason, new.signer_name, new.signer_address)
            is distinct from (old.recipient, old.terms, old.decline_reason, old.signer_name, old.signer_address)
            and current_user <> 'innoerp_owner' then
        raise exception 'a quote that was decided on is frozen'
            using errcode = 'check_violation', constraint = 'quote_frozen_check';
    end if;
    return new;
end $$;

-- As before; what stands in quotes and deals as free text goes as well. The title of a deal with a company stays: it is theirs.
create or replace function crm.forget(wanted uuid[], at timestamptz) returns void
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
    update crm.deal set title = case when company_id is null then number else title end, description = null,
        next_step = null, version = version + 1, updated_at = at
        where organization_id = core.organization_id() and id = any (deals);
    update crm.quote set recipient = null, terms = null, decline_reason = null,
        signer_name = case when signer_name is not null then 'Erased' end, signer_address = null,
        version = version + 1, updated_at = at
        where organization_id = core.organization_id() and id = any (quotes);
    update crm.audit_log set before = case when before is not null then '{}'::jsonb end,
        after = case when after is not null then '{}'::jsonb end
        where organization_id = core.organization_id() and row_id = any (leads || activities || quotes || deals);
end $$;

-- Those of these ids that are no products and variants in use, as the products module says it: all of them where it is not there.
create function crm.missing_products(of_products uuid[], of_variants uuid[],
    out missing_products uuid[], out missing_variants uuid[])
language plpgsql stable as $$
begin
    if to_regprocedure('products.missing(uuid[], uuid[])') is null then
        missing_products := of_products;
        missing_variants := of_variants;
        return;
    end if;
    execute 'select * from products.missing($1, $2)' into missing_products, missing_variants using of_products, of_variants;
end $$;
