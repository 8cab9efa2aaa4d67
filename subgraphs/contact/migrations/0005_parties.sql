-- Contacts for what other modules do: who buys, found or made, in the transaction of whoever asks. A module that calls one of
-- these functions has checked the right to what it does; which contact it comes to is decided here, by one rule for all.

-- What was found, made and changed for an operation of another module's: asked again it is the same, called off it is undone.
create table contact.party (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    operation_id uuid not null,
    part text not null constraint party_part_check check (length(part) between 1 and 40),
    contact_id uuid not null,
    -- The contact was made for it.
    is_created boolean not null,
    -- The role that it was given for it.
    role_added text,
    undone_at timestamptz,
    created_at timestamptz not null default now(),
    constraint party_pkey primary key (organization_id, id),
    constraint party_part_key unique (organization_id, operation_id, part),
    constraint party_contact_fkey foreign key (organization_id, contact_id) references contact.contact (organization_id, id)
);
create index party_contact_idx on contact.party (organization_id, contact_id);
create policy party on contact.party to innoerp_owner using (organization_id = (select core.organization_id()));
create policy party on contact.outbox for insert to innoerp_owner
    with check (organization_id = (select core.organization_id()));

-- Says what became of a contact, as the module itself does.
create function contact.tell_party(event text, c contact.contact) returns void language plpgsql as $$
begin
    insert into contact.outbox (event_id, event_type, occurred_at, actor, aggregate_id, correlation_id, payload)
    values (core.uuid_v7(), event, core.now(),
        case when core.actor_id() is null then jsonb_build_object('type', 'system', 'id', 'contact')
            else jsonb_build_object('type', 'member', 'id', core.actor_id()) end,
        c.id, coalesce(core.request_id(), ''),
        jsonb_build_object('contactId', c.id, 'kind', c.kind, 'status', c.status, 'roles', to_jsonb(c.roles),
            'parentCompanyId', c.parent_company_id, 'ownerMembershipId', c.owner_membership_id,
            'isDoNotContact', c.is_do_not_contact)
        || case when event = 'contact.contact.updated' then jsonb_build_object('isArchived', c.archived_at is not null)
            else '{}'::jsonb end);
end $$;
revoke all on function contact.tell_party from public;

-- The contact in use that somebody means: a company by its name, whatever its legal form; a person by mail address, or by
-- phone number and name. Of several the oldest; null for nobody.
create function contact.party_find(part text, wanted jsonb) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    found uuid;
    named constant text := contact.match_text(coalesce(wanted ->> 'name', ''), null);
begin
    if part = 'COMPANY' then
        if named <> '' then
            select c.id into found from contact.contact c
                where c.organization_id = core.organization_id() and c.kind = 'COMPANY' and c.merged_into_id is null
                  and c.archived_at is null and c.erased_at is null
                  and c.match_text like replace(replace(replace(named, '\', '\\'), '%', '\%'), '_', '\_') || '%'
                  and named in (contact.match_text(coalesce(c.trade_name, c.legal_name), null),
                                contact.match_text(c.legal_name, null))
                order by c.created_at, c.id limit 1;
        end if;
        return found;
    end if;
    if wanted ->> 'email' is not null then
        select c.id into found from contact.contact c
            where c.organization_id = core.organization_id() and c.kind = 'PERSON' and c.merged_into_id is null
              and c.archived_at is null and c.erased_at is null and c.email_keys @> array[lower(wanted ->> 'email')]
            order by c.created_at, c.id limit 1;
    end if;
    if found is null and wanted ->> 'phone' is not null then
        select c.id into found from contact.contact c
            where c.organization_id = core.organization_id() and c.kind = 'PERSON' and c.merged_into_id is null
              and c.archived_at is null and c.erased_at is null and c.phone_keys @> array[wanted ->> 'phone']
              and core.searchable(contact.name_of(c.kind, c.first_name, c.last_name, null, null))
                  = core.searchable(trim(coalesce(wanted ->> 'firstName', '') || ' ' || coalesce(wanted ->> 'lastName', '')))
            order by c.created_at, c.id limit 1;
    end if;
    return found;
end $$;
revoke all on function contact.party_find from public;
grant execute on function contact.party_find to innoerp_app;

-- Finds or makes the contact that an operation needs as its part: once, however often it is asked, and one for all who ask at
-- the same time. {"name"} is a company's, {"firstName", "lastName", "jobTitle", "companyId"} are a person's; {"email",
-- "phone", "country", "city", "ownerId", "source", "role"} are either's, spelt as contacts have them.
create function contact.party_for(operation uuid, of_part text, wanted jsonb)
returns table (contact_id uuid, is_created boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    known contact.party;
    made contact.contact;
    found uuid;
    given text;
    of_kind constant text := case when of_part = 'COMPANY' then 'COMPANY' else 'PERSON' end;
    email constant text := lower(wanted ->> 'email');
begin
    -- As whoever imports, merges and moves: nobody makes the same one at the same time.
    perform pg_advisory_xact_lock(hashtextextended('contact.structure ' || core.organization_id(), 0));
    select * into known from contact.party p
        where p.organization_id = core.organization_id() and p.operation_id = operation and p.part = of_part;
    if known.id is not null then
        return query select contact.current_id(known.contact_id), known.is_created;
        return;
    end if;
    found := contact.party_find(of_kind, wanted);
    if found is null then
        loop
            given := core.next_number('contact.contact', 'C-{number:5}');
            exit when not exists (select from contact.contact c
                where c.organization_id = core.organization_id() and c.number = given);
        end loop;
        insert into contact.contact (id, number, kind, legal_name, first_name, last_name, parent_company_id, job_title,
                emails, phones, addresses, owner_membership_id, source, roles, status, is_do_not_contact,
                created_at, updated_at)
            values (core.uuid_v7(), given, of_kind, case when of_kind = 'COMPANY' then wanted ->> 'name' end,
                case when of_kind = 'PERSON' then wanted ->> 'firstName' end,
                case when of_kind = 'PERSON' then wanted ->> 'lastName' end,
                (wanted ->> 'companyId')::uuid, wanted ->> 'jobTitle',
                case when email is null then '[]'::jsonb else jsonb_build_array(jsonb_build_object('value', email,
                    'label', null, 'isPrimary', true, 'isVerified', false, 'isBounced', false)) end,
                case when wanted ->> 'phone' is null then '[]'::jsonb else jsonb_build_array(jsonb_build_object('value',
                    wanted ->> 'phone', 'extension', null, 'label', null, 'isPrimary', true)) end,
                case when wanted ->> 'country' is null then '[]'::jsonb else jsonb_build_array(jsonb_build_object('kind',
                    'OFFICE', 'lines', '[]'::jsonb, 'city', wanted ->> 'city', 'region', null, 'postalCode', null,
                    'country', wanted ->> 'country')) end,
                (wanted ->> 'ownerId')::uuid, wanted ->> 'source',
                case when wanted ->> 'role' is null then '{}'::text[] else array[wanted ->> 'role'] end, 'ACTIVE', false,
                core.now(), core.now())
            returning * into made;
        perform contact.tell_party('contact.contact.created', made);
    end if;
    insert into contact.party (operation_id, part, contact_id, is_created)
        values (operation, of_part, coalesce(found, made.id), found is null);
    return query select coalesce(found, made.id), found is null;
end $$;
revoke all on function contact.party_for from public;
grant execute on function contact.party_for to innoerp_app;

-- Gives a contact a role for an operation, unless they have it. Whoever is merged, erased or gone is left alone.
create function contact.party_give_role(operation uuid, of_part text, wanted uuid, role text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    changed contact.contact;
begin
    if exists (select from contact.party p where p.organization_id = core.organization_id()
                 and p.operation_id = operation and p.part = of_part) then
        return;
    end if;
    update contact.contact c set roles = c.roles || role, version = c.version + 1, updated_at = core.now()
        where c.organization_id = core.organization_id() and c.id = contact.current_id(wanted)
          and c.erased_at is null and not c.roles @> array[role]
        returning * into changed;
    if changed.id is not null then
        insert into contact.party (operation_id, part, contact_id, is_created, role_added)
            values (operation, of_part, changed.id, false, role);
        perform contact.tell_party('contact.contact.updated', changed);
    end if;
end $$;
revoke all on function contact.party_give_role from public;
grant execute on function contact.party_give_role to innoerp_app;

-- Undoes what was done for an operation that is called off: who was made for it and has not been touched since is archived, a
-- role that was given is taken back. Done again it changes nothing.
create function contact.party_undo(operation uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    p contact.party;
    changed contact.contact;
begin
    for p in select * from contact.party x where x.organization_id = core.organization_id()
            and x.operation_id = operation and x.undone_at is null order by x.id desc for update loop
        changed := null;
        if p.is_created then
            update contact.contact c set archived_at = core.now(), version = c.version + 1, updated_at = core.now()
                where c.organization_id = core.organization_id() and c.id = p.contact_id and c.version = 1
                  and c.archived_at is null and c.merged_into_id is null
                  and not exists (select from contact.communication t
                      where t.organization_id = core.organization_id() and t.contact_id = c.id)
                  and not exists (select from contact.party o where o.organization_id = core.organization_id()
                      and o.contact_id = c.id and o.operation_id <> operation)
                returning * into changed;
        elsif p.role_added is not null then
            update contact.contact c set roles = array_remove(c.roles, p.role_added), version = c.version + 1,
                    updated_at = core.now()
                where c.organization_id = core.organization_id() and c.id = contact.current_id(p.contact_id)
                  and c.roles @> array[p.role_added] and c.erased_at is null
                returning * into changed;
        end if;
        if changed.id is not null then
            perform contact.tell_party('contact.contact.updated', changed);
        end if;
        update contact.party x set undone_at = core.now()
            where x.organization_id = core.organization_id() and x.id = p.id;
    end loop;
end $$;
revoke all on function contact.party_undo from public;
grant execute on function contact.party_undo to innoerp_app;

-- Those of these ids that are contacts, merged and archived ones too.
create function contact.parties(wanted uuid[]) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.id from contact.contact c where c.organization_id = core.organization_id() and c.id = any (wanted)
$$;
revoke all on function contact.parties from public;
grant execute on function contact.parties to innoerp_app;

select core.protect_module('contact');
