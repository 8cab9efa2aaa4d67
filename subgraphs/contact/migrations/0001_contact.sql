-- The party master: people and companies, and what is known of them.

-- What people read: a company by the name that it trades under, somebody by their first and last name.
create function contact.name_of(kind text, first_name text, last_name text, legal_name text, trade_name text)
returns text language sql immutable parallel safe as $$
    select case kind when 'COMPANY' then coalesce(trade_name, legal_name, '')
        else trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')) end
$$;

-- What look-alikes are found by: a name without its legal form, and a city.
create function contact.match_text(name text, city text) returns text language sql immutable parallel safe as $$
    select trim(regexp_replace(core.searchable(regexp_replace(name || ' ' || coalesce(city, ''), '[.,&''"()/-]+', ' ', 'g')),
        '\m(gmbh|mbh|ag|kg|ohg|ev|inc|ltd|limited|llc|llp|plc|corp|corporation|co|company|sa|sarl|sas|srl|spa|bv|nv|oy|ab|aps|sp|zoo)\M',
        '', 'g'))
$$;

-- The values of a list such as [{"value": "ada@example.org", "label": "work"}].
create function contact.values_of(list jsonb) returns text[] language sql immutable parallel safe as $$
    select coalesce(array_agg(one ->> 'value' order by at), '{}') from jsonb_array_elements(list) with ordinality t (one, at)
$$;

-- The same in one text, each after a blank.
create function contact.words_of(list jsonb) returns text language sql immutable parallel safe as $$
    select coalesce(string_agg(' ' || (one ->> 'value'), '' order by at), '')
    from jsonb_array_elements(list) with ordinality t (one, at)
$$;

create table contact.contact (
    id uuid not null,
    organization_id uuid not null,
    number text not null constraint contact_number_check check (length(number) between 1 and 40),
    kind text not null constraint contact_kind_check check (kind in ('PERSON', 'COMPANY')),
    name_prefix text constraint contact_name_prefix_check check (length(name_prefix) between 1 and 40),
    first_name text constraint contact_first_name_check check (length(first_name) between 1 and 100),
    last_name text constraint contact_last_name_check check (length(last_name) between 1 and 100),
    legal_name text constraint contact_legal_name_check check (length(legal_name) between 1 and 200),
    trade_name text constraint contact_trade_name_check check (length(trade_name) between 1 and 200),
    -- Of a person the company that they work for, of a company the one that it belongs to.
    parent_company_id uuid constraint contact_own_parent_check check (parent_company_id <> id),
    job_title text constraint contact_job_title_check check (length(job_title) between 1 and 100),
    -- [{"value", "label", "isPrimary", "isVerified", "bouncedAt"}], the addresses in lower case.
    emails jsonb not null default '[]' constraint contact_emails_check
        check (jsonb_typeof(emails) = 'array' and jsonb_array_length(emails) <= 20),
    -- [{"value", "extension", "label", "isPrimary"}], the numbers as E.164 has them.
    phones jsonb not null default '[]' constraint contact_phones_check
        check (jsonb_typeof(phones) = 'array' and jsonb_array_length(phones) <= 20),
    -- [{"kind", "lines", "city", "region", "postalCode", "country"}], the country as ISO 3166 has it.
    addresses jsonb not null default '[]' constraint contact_addresses_check
        check (jsonb_typeof(addresses) = 'array' and jsonb_array_length(addresses) <= 20),
    website text constraint contact_website_check check (length(website) between 1 and 500),
    profiles text[] not null default '{}' constraint contact_profiles_check check (cardinality(profiles) <= 20),
    -- Letters and digits alone, so that one number has one spelling.
    tax_id text constraint contact_tax_id_check check (tax_id ~ '^[A-Z0-9]{3,20}$'),
    registration_number text constraint contact_registration_number_check
        check (length(registration_number) between 1 and 60),
    industry text constraint contact_industry_check check (length(industry) between 1 and 100),
    employee_band text constraint contact_employee_band_check
        check (employee_band in ('MICRO', 'SMALL', 'MEDIUM', 'LARGE')),
    annual_revenue numeric constraint contact_annual_revenue_check
        check (annual_revenue >= 0 and scale(annual_revenue) <= 4),
    annual_revenue_currency text constraint contact_annual_revenue_currency_check
        check ((annual_revenue is null) = (annual_revenue_currency is null) and length(annual_revenue_currency) = 3),
    language text constraint contact_language_check check (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
    time_zone text constraint contact_time_zone_check check (length(time_zone) between 1 and 64),
    currency text constraint contact_currency_check check (length(currency) = 3),
    roles text[] not null default '{}' constraint contact_roles_check
        check (roles <@ array['CUSTOMER', 'VENDOR', 'LEAD', 'PARTNER', 'APPLICANT', 'OTHER'] and cardinality(roles) <= 6),
    -- Memberships are the user module's: no foreign keys.
    owner_membership_id uuid,
    membership_id uuid,
    source text constraint contact_source_check check (length(source) between 1 and 100),
    status text not null constraint contact_status_check check (status in ('ACTIVE', 'INACTIVE', 'BLOCKED')),
    is_do_not_contact boolean not null,
    birthday date,
    notes text constraint contact_notes_check check (length(notes) between 1 and 10000),
    -- What may be sent: {"EMAIL:newsletter"}. It follows from the consents, and is what lists are filtered by.
    granted text[] not null default '{}',
    last_contacted_at timestamptz,
    -- Why nothing about them may be erased at present.
    legal_hold_reason text constraint contact_legal_hold_reason_check check (length(legal_hold_reason) between 1 and 500),
    -- What it was merged into: its id leads there for ever.
    merged_into_id uuid constraint contact_own_merge_check check (merged_into_id <> id),
    erased_at timestamptz,
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    sort_name text collate core.names not null generated always as (case kind
        when 'COMPANY' then contact.name_of(kind, first_name, last_name, legal_name, trade_name)
        else trim(coalesce(last_name, '') || ' ' || coalesce(first_name, '')) end) stored,
    email_keys text[] not null generated always as (contact.values_of(emails)) stored,
    phone_keys text[] not null generated always as (contact.values_of(phones)) stored,
    country text generated always as (addresses #>> '{0,country}') stored,
    match_text text not null generated always as (contact.match_text(
        contact.name_of(kind, first_name, last_name, legal_name, trade_name), addresses #>> '{0,city}')) stored,
    search_text text not null generated always as (core.searchable(' ' || coalesce(first_name, '') || ' '
        || coalesce(last_name, '') || ' ' || coalesce(legal_name, '') || ' ' || coalesce(trade_name, '') || ' ' || number
        || ' ' || coalesce(tax_id, '') || ' ' || coalesce(addresses #>> '{0,city}', '')
        || contact.words_of(emails) || contact.words_of(phones))) stored,
    constraint contact_pkey primary key (organization_id, id),
    constraint contact_number_key unique (organization_id, number),
    constraint contact_name_check check (case kind when 'COMPANY' then legal_name is not null
        else first_name is not null or last_name is not null end),
    constraint contact_parent_company_fkey foreign key (organization_id, parent_company_id)
        references contact.contact (organization_id, id),
    constraint contact_merged_into_fkey foreign key (organization_id, merged_into_id)
        references contact.contact (organization_id, id)
);
select core.carry_custom_fields('contact.contact');
-- Archived ones count: whoever is about to make them anew had better restore them.
create unique index contact_tax_id_key on contact.contact (organization_id, tax_id) where merged_into_id is null;
create unique index contact_membership_key on contact.contact (organization_id, membership_id) where merged_into_id is null;
create index contact_name_idx on contact.contact (organization_id, sort_name, id);
create index contact_created_at_idx on contact.contact (organization_id, created_at, id);
create index contact_updated_at_idx on contact.contact (organization_id, updated_at, id);
create index contact_parent_company_idx on contact.contact (organization_id, parent_company_id, sort_name, id);
create index contact_owner_idx on contact.contact (organization_id, owner_membership_id, sort_name, id);
create index contact_status_idx on contact.contact (organization_id, status, sort_name, id);
create index contact_country_idx on contact.contact (organization_id, country, sort_name, id);
create index contact_last_contacted_at_idx on contact.contact (organization_id, last_contacted_at, id);
create index contact_merged_into_idx on contact.contact (organization_id, merged_into_id) where merged_into_id is not null;
-- A mail address is few people's, in all organizations together: by its own alone it is found in microseconds, and at once,
-- without a list of what is still to be entered that every look would read.
create index contact_email_idx on contact.contact using gin (email_keys) with (fastupdate = off);
create index contact_phone_idx on contact.contact using gin (phone_keys) with (fastupdate = off);
create index contact_match_idx on contact.contact using gin (organization_id, match_text core.gin_trgm_ops)
    with (gin_pending_list_limit = 1024);

-- What they are called elsewhere.
create table contact.external_id (
    id uuid not null,
    organization_id uuid not null,
    contact_id uuid not null,
    system text not null constraint external_id_system_check check (system ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
    value text not null constraint external_id_value_check check (length(value) between 1 and 200),
    created_at timestamptz not null default now(),
    constraint external_id_pkey primary key (organization_id, id),
    constraint external_id_value_key unique (organization_id, system, value),
    constraint external_id_system_key unique (organization_id, contact_id, system),
    constraint external_id_contact_fkey foreign key (organization_id, contact_id)
        references contact.contact (organization_id, id)
);
select core.tell_parts('contact.external_id', 'contact', 'contact_id', 'external_ids', 'system');

-- How one stands to another.
create table contact.relation (
    id uuid not null,
    organization_id uuid not null,
    from_contact_id uuid not null,
    to_contact_id uuid not null constraint relation_self_check check (to_contact_id <> from_contact_id),
    kind text not null constraint relation_kind_check
        check (kind in ('WORKS_AT', 'REPORTS_TO', 'SPOUSE', 'SUBSIDIARY', 'REFERRED_BY', 'OTHER')),
    first_day date,
    last_day date constraint relation_last_day_check check (last_day >= first_day),
    note text constraint relation_note_check check (length(note) between 1 and 500),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint relation_pkey primary key (organization_id, id),
    constraint relation_from_fkey foreign key (organization_id, from_contact_id) references contact.contact (organization_id, id),
    constraint relation_to_fkey foreign key (organization_id, to_contact_id) references contact.contact (organization_id, id)
);
create index relation_from_idx on contact.relation (organization_id, from_contact_id, id);
create index relation_to_idx on contact.relation (organization_id, to_contact_id, id);

-- What somebody has allowed, and taken back: only ever added to.
create table contact.consent (
    id uuid not null,
    organization_id uuid not null,
    contact_id uuid not null,
    channel text not null constraint consent_channel_check check (channel in ('EMAIL', 'PHONE', 'MESSAGE', 'POST')),
    purpose text not null constraint consent_purpose_check check (purpose ~ '^[a-z][a-z0-9_]{0,39}$'),
    is_granted boolean not null,
    given_at timestamptz not null,
    source text not null constraint consent_source_check check (length(source) between 1 and 100),
    proof text constraint consent_proof_check check (length(proof) between 1 and 2000),
    created_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    constraint consent_pkey primary key (organization_id, id),
    constraint consent_contact_fkey foreign key (organization_id, contact_id) references contact.contact (organization_id, id)
);
create index consent_contact_idx on contact.consent (organization_id, contact_id, given_at, id);

-- What was said and written: a call, a mail, a meeting, a note.
create table contact.communication (
    id uuid not null,
    organization_id uuid not null,
    contact_id uuid not null,
    kind text not null constraint communication_kind_check check (kind in ('NOTE', 'EMAIL', 'CALL', 'MEETING', 'MESSAGE', 'LETTER')),
    direction text not null constraint communication_direction_check check (direction in ('NONE', 'IN', 'OUT')),
    occurred_at timestamptz not null,
    subject text not null constraint communication_subject_check check (length(subject) between 1 and 200),
    body text constraint communication_body_check check (length(body) between 1 and 20000),
    participants uuid[] not null constraint communication_participants_check check (cardinality(participants) <= 50),
    visibility text not null constraint communication_visibility_check
        check (visibility in ('EVERYBODY', 'OWNER', 'PARTICIPANTS')),
    -- What it is called where it came from, such as a mail's Message-ID.
    reference text constraint communication_reference_check check (length(reference) between 1 and 200),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || subject)) stored,
    constraint communication_pkey primary key (organization_id, id),
    constraint communication_contact_fkey foreign key (organization_id, contact_id)
        references contact.contact (organization_id, id),
    constraint communication_reference_key unique (organization_id, contact_id, reference)
);
create index communication_occurred_at_idx on contact.communication (organization_id, occurred_at, id);
create index communication_contact_idx on contact.communication (organization_id, contact_id, occurred_at, id);

-- Some of the contacts: those that fit conditions, or those that somebody has put there.
create table contact.segment (
    id uuid not null,
    organization_id uuid not null,
    name text collate core.names not null constraint segment_name_check check (length(name) between 1 and 100),
    description text constraint segment_description_check check (length(description) between 1 and 2000),
    kind text not null constraint segment_kind_check check (kind in ('FILTER', 'STATIC')),
    conditions jsonb not null constraint segment_conditions_check check (jsonb_typeof(conditions) = 'object'),
    version integer not null default 1,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    created_by uuid default core.actor_id(),
    search_text text not null generated always as (core.searchable(' ' || name)) stored,
    constraint segment_pkey primary key (organization_id, id)
);
create unique index segment_name_key on contact.segment (organization_id, name) where archived_at is null;
create index segment_name_idx on contact.segment (organization_id, name, id);

create table contact.segment_member (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    segment_id uuid not null,
    contact_id uuid not null,
    created_at timestamptz not null default now(),
    constraint segment_member_pkey primary key (organization_id, id),
    constraint segment_member_key unique (organization_id, segment_id, contact_id),
    constraint segment_member_segment_fkey foreign key (organization_id, segment_id)
        references contact.segment (organization_id, id),
    constraint segment_member_contact_fkey foreign key (organization_id, contact_id)
        references contact.contact (organization_id, id)
);
create index segment_member_contact_idx on contact.segment_member (organization_id, contact_id);

-- Two that were one: what was chosen, and what it takes to part them again.
create table contact.merge (
    id uuid not null,
    organization_id uuid not null,
    winner_id uuid not null,
    loser_id uuid not null constraint merge_self_check check (loser_id <> winner_id),
    -- What the merge changed of the winner, {"jobTitle": {"before": …, "after": …}}, and the loser's owner and member.
    changes jsonb not null constraint merge_changes_check check (jsonb_typeof(changes) = 'object'),
    merged_at timestamptz not null,
    undone_at timestamptz,
    version integer not null default 1,
    created_by uuid default core.actor_id(),
    constraint merge_pkey primary key (organization_id, id),
    constraint merge_winner_fkey foreign key (organization_id, winner_id) references contact.contact (organization_id, id),
    constraint merge_loser_fkey foreign key (organization_id, loser_id) references contact.contact (organization_id, id)
);
create unique index merge_loser_key on contact.merge (organization_id, loser_id) where undone_at is null;
create index merge_winner_idx on contact.merge (organization_id, winner_id, merged_at, id);

-- Who took contacts out of the system, and how many.
create table contact.export (
    id uuid not null,
    organization_id uuid not null,
    kind text not null constraint export_kind_check check (kind in ('CSV', 'VCARD', 'SUBJECT')),
    membership_id uuid,
    contact_count integer not null constraint export_contact_count_check check (contact_count >= 0),
    -- The contact whose data it was, where it was one.
    contact_id uuid,
    exported_at timestamptz not null,
    constraint export_pkey primary key (organization_id, id)
);
create index export_exported_at_idx on contact.export (organization_id, exported_at, id);

-- Consents are only ever added to, and so is what was exported; what is erased goes through contact.forget.
grant select, insert, update on contact.contact, contact.communication, contact.segment, contact.merge to innoerp_app;
grant select, insert, update, delete on contact.external_id, contact.relation to innoerp_app;
grant select, insert, delete on contact.segment_member to innoerp_app;
grant select, insert on contact.consent, contact.export to innoerp_app;
