-- Names in the order that people expect, found without their accents: see core.searchable.
alter table leave.leave_type drop search_text;
alter table leave.leave_type alter name type text collate core.names,
    add search_text text not null generated always as (core.searchable(' ' || name || ' ' || code)) stored;
alter table leave.policy drop search_text;
alter table leave.policy alter name type text collate core.names,
    add search_text text not null generated always as (core.searchable(' ' || name)) stored;

select core.protect_module('leave');
