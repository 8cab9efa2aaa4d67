-- What nouns of all modules share: numbers that people know documents by.

create schema common;
select core.install_module('common');

-- The numbers of one kind of document. A number is taken in the transaction that makes the document, under the row's
-- lock: of one kind none is left out and none is given twice.
create table common.number_series (
    id uuid not null default core.uuid_v7(),
    organization_id uuid not null,
    -- What is numbered: `employee.employee`.
    key text not null constraint number_series_key_check check (length(key) between 1 and 100),
    -- `E-{number:5}`, `INV-{year}-{number:4}`.
    pattern text not null constraint number_series_pattern_check check (length(pattern) between 1 and 60),
    -- Begins again with each year.
    is_yearly boolean not null,
    year integer not null,
    last_number bigint not null constraint number_series_last_number_check check (last_number >= 0),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint number_series_pkey primary key (organization_id, id),
    constraint number_series_key_key unique (organization_id, key)
);
grant select, insert, update on common.number_series to innoerp_app;

select core.protect_module('common');
