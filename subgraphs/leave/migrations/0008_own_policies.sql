-- Whoever sees that somebody has a policy sees the policy: people their own, whoever decides on a request that of its
-- employee. Asked within the sight of the reader, which row-level security gives the assignments.
create function leave.policies_in_sight() returns uuid[] language sql stable as $$
    select coalesce(array_agg(distinct policy_id), '{}') from leave.policy_assignment
    where withdrawn_at is null and policy_id is not null
$$;
create policy scope on leave.policy as restrictive to innoerp_app
    using ((select core.scope('leave.policy.read')) = 'all' or id = any ((select leave.policies_in_sight())::uuid[]));
create policy scope on leave.policy_line as restrictive to innoerp_app
    using ((select core.scope('leave.policy.read')) = 'all'
        or policy_id = any ((select leave.policies_in_sight())::uuid[]));
