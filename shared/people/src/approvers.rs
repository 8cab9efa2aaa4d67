//! Who decides on what an employee asks for.

use std::collections::BTreeSet;

use common::{MembershipId, Role};

use crate::Member;

/// Whom a request falls to that nobody in particular decides on: those with the first of these roles that anybody
/// else holds.
pub const OFFICE: [Role; 3] = [Role::Hr, Role::Admin, Role::Owner];

/// Those who decide: the named ones who are active and work here, else the office; never the requester. Of whom nothing
/// is known counts as one of them; customers and vendors decide on nothing.
#[must_use]
pub fn office(
    named: &[MembershipId],
    requester: Option<MembershipId>,
    members: &[Member],
) -> BTreeSet<MembershipId> {
    let works = |member: &Member| {
        member.is_active && member.roles.iter().any(|role| !matches!(role, Role::Client | Role::Supplier))
    };
    let is_gone = |id: &MembershipId| members.iter().any(|member| member.id == *id && !works(member));
    let is_requester = |id: &MembershipId| requester == Some(*id);
    let named: BTreeSet<_> = named.iter().copied().filter(|id| !is_gone(id) && !is_requester(id)).collect();
    if !named.is_empty() {
        return named;
    }
    let holders = |role: Role| -> BTreeSet<MembershipId> {
        let holds = |member: &&Member| member.is_active && member.roles.contains(&role);
        members.iter().filter(holds).map(|member| member.id).filter(|id| !is_requester(id)).collect()
    };
    OFFICE.into_iter().map(holders).find(|found| !found.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(roles: &[Role]) -> Member {
        Member { id: MembershipId::new(), roles: roles.to_vec(), is_active: true }
    }

    fn ids(members: &[&Member]) -> BTreeSet<MembershipId> {
        members.iter().map(|member| member.id).collect()
    }

    #[test]
    fn those_who_are_named_decide_but_never_the_requester() {
        let (asks, decides, hr) = (member(&[Role::Manager]), member(&[Role::Manager]), member(&[Role::Hr]));
        let all = [asks.clone(), decides.clone(), hr.clone()];
        let of = |named: &[&Member]| named.iter().map(|member| member.id).collect::<Vec<_>>();
        assert_eq!(office(&of(&[&decides, &asks]), Some(asks.id), &all), ids(&[&decides]));
        assert_eq!(office(&of(&[&asks]), Some(asks.id), &all), ids(&[&hr]));
        assert_eq!(office(&of(&[&asks, &decides]), None, &all), ids(&[&asks, &decides]));
    }

    #[test]
    fn of_whom_nothing_is_known_decides_and_a_suspended_one_does_not() {
        let (asks, unknown, hr) = (member(&[]), member(&[]), member(&[Role::Hr]));
        let gone = Member { is_active: false, ..member(&[Role::Hr]) };
        let known = [hr.clone(), gone.clone()];
        assert_eq!(office(&[unknown.id, gone.id], Some(asks.id), &known), ids(&[&unknown]));
        assert_eq!(office(&[gone.id], Some(asks.id), &known), ids(&[&hr]));
    }

    #[test]
    fn customers_and_vendors_decide_on_nothing() {
        let (client, hr) = (member(&[Role::Client, Role::Supplier]), member(&[Role::Hr]));
        let both = member(&[Role::Client, Role::Member]);
        let all = [client.clone(), hr.clone(), both.clone()];
        assert_eq!(office(&[client.id], None, &all), ids(&[&hr]));
        assert_eq!(office(&[client.id, both.id], None, &all), ids(&[&both]));
    }

    #[test]
    fn without_anybody_named_it_falls_to_hr_then_administrators_then_owners() {
        let asks = member(&[Role::Member]);
        let [hr, other_hr] = [member(&[Role::Hr]), member(&[Role::Member, Role::Hr])];
        let (admin, owner) = (member(&[Role::Admin]), member(&[Role::Owner]));
        let of = |members: &[&Member]| {
            let members: Vec<_> = members.iter().map(|member| (*member).clone()).collect();
            office(&[], Some(asks.id), &members)
        };
        assert_eq!(of(&[&asks, &hr, &other_hr, &admin, &owner]), ids(&[&hr, &other_hr]));
        assert_eq!(of(&[&asks, &admin, &owner]), ids(&[&admin]));
        assert_eq!(of(&[&asks, &owner]), ids(&[&owner]));
        assert_eq!(of(&[&asks]), ids(&[]));
        assert_eq!(office(&[], Some(hr.id), &[hr.clone(), admin.clone()]), ids(&[&admin]));
    }
}
