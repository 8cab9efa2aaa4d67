-- Number series are found as everything else is: see core.searchable.
alter table common.number_series drop search_text;
alter table common.number_series
    add search_text text not null generated always as (core.searchable(' ' || key || ' ' || pattern)) stored;

select core.protect_module('common');
