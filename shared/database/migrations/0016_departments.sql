-- The directory knows the departments by themselves, whether or not anybody works there yet: the employee module tells it,
-- by a trigger that runs as the owner.
create table people.department (
    id uuid not null,
    organization_id uuid not null,
    is_archived boolean not null,
    constraint department_pkey primary key (organization_id, id)
);
grant select on people.department to innoerp_app;
select core.protect_module('people');
create policy engine on people.department to innoerp_owner
    using ((select core.organization_id()) is null or organization_id = (select core.organization_id()));
