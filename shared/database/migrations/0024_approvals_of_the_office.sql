-- Requests that nobody else can decide on, or that have waited too long, are the office's: a member who is not of it, and was
-- not, changes nothing about them. Looking at each of them anew kept everybody from asking for as long as it took.
create or replace function approval.follow_member() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    org constant uuid := core.organization_id();
    member constant uuid := coalesce(new.id, old.id);
    roles constant text[] := coalesce(new.roles, '{}') || coalesce(old.roles, '{}');
    -- Whoever works alone decides on their own, until there is somebody else.
    concerns_office constant boolean := roles && array['HR', 'ADMIN', 'OWNER'] or (
        select count(*) < 3 from (select from people.member m where m.organization_id = org and m.is_active
            and not m.roles <@ array['CLIENT', 'SUPPLIER'] limit 3) few);
begin
    perform approval.hold(true);
    perform approval.refresh(approval.below(array(
        select e.id from people.employee e where e.organization_id = org and e.membership_id = member)));
    perform approval.refresh(array(
        select a.id from approval.approval a
        join approval.step s on s.organization_id = org and s.approval_id = a.id and s.position = a.step
        where a.organization_id = org and a.state = 'PENDING'
            and (concerns_office and (a.is_fallen or a.is_escalated) or s.role = any (roles) or s.membership_id = member)
        union
        select x.approval_id from approval.assignee x
        where x.organization_id = org and x.membership_id in (select member union
            select d.from_membership_id from approval.delegation d
            where d.organization_id = org and d.to_membership_id = member and d.is_in_force)));
    return null;
end $$;
