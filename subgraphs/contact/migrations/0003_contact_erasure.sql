-- What the law asks for: everything that is known of a person, and nothing any more.

-- What runs as the owner works within the tenant.
do $$
declare
    t text;
begin
    foreach t in array array['contact', 'external_id', 'relation', 'consent', 'communication', 'segment_member', 'merge'] loop
        execute format('create policy erasure on contact.%I to innoerp_owner
                        using (organization_id = (select core.organization_id()))', t);
    end loop;
end $$;

-- Erases what is known of contacts: what is left says that there was somebody, and what was agreed, not who. The trail of
-- their rows keeps that something was changed, and no more. Whoever calls it has looked that it may be.
create function contact.forget(wanted uuid[], at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    parts uuid[] := array(
        select id from contact.external_id where contact_id = any (wanted)
        union all select id from contact.relation where from_contact_id = any (wanted) or to_contact_id = any (wanted)
        union all select id from contact.consent where contact_id = any (wanted)
        union all select id from contact.communication where contact_id = any (wanted)
        union all select id from contact.segment_member where contact_id = any (wanted)
        union all select id from contact.merge where winner_id = any (wanted) or loser_id = any (wanted));
begin
    delete from contact.external_id where contact_id = any (wanted);
    delete from contact.relation where from_contact_id = any (wanted) or to_contact_id = any (wanted);
    delete from contact.segment_member where contact_id = any (wanted);
    update contact.consent set source = 'Erased', proof = null where contact_id = any (wanted);
    update contact.communication set subject = 'Erased', body = null, reference = null, version = version + 1
        where contact_id = any (wanted);
    update contact.merge set changes = '{}' where winner_id = any (wanted) or loser_id = any (wanted);
    update contact.contact set name_prefix = null, first_name = null, last_name = 'Erased', legal_name = null,
        trade_name = null, parent_company_id = null, job_title = null, emails = '[]', phones = '[]', addresses = '[]',
        website = null, profiles = '{}', tax_id = null, registration_number = null, industry = null, employee_band = null,
        annual_revenue = null, annual_revenue_currency = null, language = null, time_zone = null, membership_id = null,
        source = null, status = 'INACTIVE', is_do_not_contact = true, birthday = null, notes = null, granted = '{}',
        custom_fields = '{}', tags = '{}', erased_at = at, version = version + 1, updated_at = at
        where id = any (wanted);
    update contact.audit_log set before = case when before is not null then '{}'::jsonb end,
        after = case when after is not null then '{}'::jsonb end
        where organization_id = core.organization_id() and row_id = any (wanted || parts);
end $$;
revoke all on function contact.forget from public;
grant execute on function contact.forget to innoerp_app;

-- How much is known of contacts, whoever may see it: what an erasure would take.
create function contact.known(wanted uuid[])
returns table (relations bigint, consents bigint, communications bigint, external_ids bigint, is_held boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (select count(*) from contact.relation where from_contact_id = any (wanted) or to_contact_id = any (wanted)),
        (select count(*) from contact.consent where contact_id = any (wanted)),
        (select count(*) from contact.communication where contact_id = any (wanted)),
        (select count(*) from contact.external_id where contact_id = any (wanted)),
        exists (select from contact.contact where id = any (wanted) and legal_hold_reason is not null)
$$;
revoke all on function contact.known from public;
grant execute on function contact.known to innoerp_app;

-- Everything that is known of contacts, as far as the caller sees it.
create function contact.dossier(wanted uuid[]) returns jsonb language sql stable as $$
    select jsonb_build_object(
        'contacts', (select coalesce(jsonb_agg(to_jsonb(c) - array['organization_id', 'sort_name', 'email_keys', 'phone_keys',
                'match_text', 'search_text', 'country', 'legal_hold_reason'] order by c.id), '[]')
            from contact.contact c where c.id = any (wanted)),
        'externalIds', (select coalesce(jsonb_agg(to_jsonb(e) - 'organization_id' order by e.id), '[]')
            from contact.external_id e where e.contact_id = any (wanted)),
        'relations', (select coalesce(jsonb_agg(to_jsonb(r) - 'organization_id' order by r.id), '[]')
            from contact.relation r where r.from_contact_id = any (wanted) or r.to_contact_id = any (wanted)),
        'consents', (select coalesce(jsonb_agg(to_jsonb(s) - 'organization_id' order by s.given_at, s.id), '[]')
            from contact.consent s where s.contact_id = any (wanted)),
        'communications', (select coalesce(jsonb_agg(to_jsonb(t) - array['organization_id', 'search_text'] order by t.occurred_at, t.id), '[]')
            from contact.communication t where t.contact_id = any (wanted)),
        'segments', (select coalesce(jsonb_agg(g.name order by g.name), '[]') from contact.segment g
            where g.id in (select m.segment_id from contact.segment_member m where m.contact_id = any (wanted))),
        'files', (select coalesce(jsonb_agg(jsonb_build_object('name', f.name, 'size', f.size, 'attachedAt', f.attached_at) order by f.id), '[]')
            from common.file f where f.noun = 'contact.contact' and f.record_id = any (wanted) and f.detached_at is null),
        'history', (select coalesce(jsonb_agg(jsonb_build_object('at', l.occurred_at, 'action', l.action, 'by', l.actor_id,
                'before', l.before - array['organization_id', 'search_text', 'match_text'],
                'after', l.after - array['organization_id', 'search_text', 'match_text']) order by l.id), '[]')
            from contact.audit_log l where l.table_name = 'contact' and l.row_id = any (wanted)))
$$;

-- Contacts whose name and city are these, whatever the case and the legal form: what rows of files are about that say no more.
create index contact_match_text_idx on contact.contact (organization_id, match_text);
create function contact.namesakes(names text[], cities text[]) returns table (at bigint, id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select w.at, c.id from unnest(names, cities) with ordinality w (name, city, at)
    join contact.contact c on c.organization_id = core.organization_id() and c.merged_into_id is null and c.erased_at is null
        and c.match_text = contact.match_text(w.name, w.city)
    where contact.match_text(w.name, w.city) <> ''
$$;
revoke all on function contact.namesakes from public;
grant execute on function contact.namesakes to innoerp_app;

-- Whose these ids in other systems are, in the whole organization.
create function contact.called(systems text[], names text[]) returns table (system text, value text, contact_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select e.system, e.value, e.contact_id from unnest(systems, names) w (system, value)
    join contact.external_id e on e.organization_id = core.organization_id() and e.system = w.system and e.value = w.value
$$;
revoke all on function contact.called from public;
grant execute on function contact.called to innoerp_app;
