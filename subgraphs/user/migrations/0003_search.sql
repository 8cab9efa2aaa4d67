-- Names in the order that people expect, found without their accents: see core.searchable.
alter table "user".membership drop search_text;
alter table "user".membership alter display_name type text collate core.names,
    add search_text text not null generated always as (core.searchable(' ' || display_name || ' ' || email)) stored;
alter table "user".invitation drop search_text;
alter table "user".invitation
    add search_text text not null generated always as (core.searchable(' ' || email)) stored;

select core.protect_module('user');
