//! Rules of notifications: who hears of what, and how ids grow.

use std::collections::BTreeSet;

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use common::{MembershipId, Role, id};
use uuid::Uuid;

use super::catalogue::Subject;
use crate::member::Member;

id!(
    /// One notification; later ones of a recipient have greater ids.
    NotificationId
);

/// One thing that a member was told.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
#[graphql(complex)]
pub struct Notification {
    /// Opaque. Keep the last one, to continue a subscription after it.
    pub id: NotificationId,
    /// What happened, such as `leave.request.submitted`; the set grows.
    #[graphql(name = "type")]
    pub kind: String,
    /// What happened, in a few words.
    pub title: String,
    /// Which one it happened to, in a sentence.
    pub body: String,
    /// When it was told.
    pub created_at: DateTime<Utc>,
    /// When it was marked as read; null while it is not.
    pub read_at: Option<DateTime<Utc>>,
    /// Whose deed it was.
    #[graphql(skip)]
    pub actor_membership_id: Option<MembershipId>,
    /// The type of the thing that it is about.
    #[graphql(skip)]
    pub link_type: String,
    /// The id of the thing that it is about.
    #[graphql(skip)]
    pub link_id: Uuid,
}

/// Who hears of something; each once.
pub(crate) type Recipients = BTreeSet<MembershipId>;

/// Whom a request without an approver of its own falls to: the first of these that anybody holds.
const OFFICE: [Role; 3] = [Role::Hr, Role::Admin, Role::Owner];

/// Those who decide on a request: its approvers or else the office, never the requester, unless there is
/// nobody else. Of `members`, those known not to be active do not count.
pub(crate) fn approvers(subject: &Subject, members: &[Member], requester_is_alone: bool) -> Recipients {
    let is_gone = |id: &MembershipId| members.iter().any(|member| member.id == *id && !member.is_active);
    let is_requester = |id: &MembershipId| subject.requester == Some(*id);
    let named: Recipients =
        subject.approvers.iter().copied().filter(|id| !is_gone(id) && !is_requester(id)).collect();
    if !named.is_empty() {
        return named;
    }
    let holders = |role: Role| -> Recipients {
        let holds =
            |member: &&Member| member.is_active && member.roles.iter().any(|held| held == role.as_str());
        members.iter().filter(holds).map(|member| member.id).filter(|id| !is_requester(id)).collect()
    };
    let office = OFFICE.into_iter().map(holders).find(|found| !found.is_empty());
    office.unwrap_or_else(|| subject.requester.filter(|_| requester_is_alone).into_iter().collect())
}

/// The one who asked, unless it is their own deed.
pub(crate) fn requester(subject: &Subject, actor: Option<MembershipId>) -> Recipients {
    subject.requester.filter(|requester| actor != Some(*requester)).into_iter().collect()
}

/// Those who were told of the thing before, but for the one whose deed it is.
pub(crate) fn told_before(told: Vec<MembershipId>, actor: Option<MembershipId>) -> Recipients {
    told.into_iter().filter(|id| actor != Some(*id)).collect()
}

impl NotificationId {
    /// Before every other.
    pub(crate) const FIRST: Self = Self(Uuid::nil());
    /// After every other.
    pub(crate) const LAST: Self = Self(Uuid::max());

    /// A fresh id that is greater than the recipient's newest, also when another machine's clock is ahead.
    pub(crate) fn after(newest: Option<Self>) -> Self {
        let fresh = Self::new();
        match newest {
            Some(newest) if newest >= fresh => Self(Uuid::from_u128(newest.0.as_u128().saturating_add(1))),
            _ => fresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(roles: &[Role]) -> Member {
        let roles = roles.iter().map(|role| role.as_str().to_owned()).collect();
        Member { id: MembershipId::new(), roles, is_active: true }
    }

    fn request(by: Option<&Member>, approvers: &[&Member]) -> Subject {
        Subject {
            link_type: "LeaveRequest",
            link_id: Uuid::nil(),
            body: String::new(),
            requester: by.map(|member| member.id),
            approvers: approvers.iter().map(|member| member.id).collect(),
        }
    }

    fn ids(members: &[&Member]) -> Recipients {
        members.iter().map(|member| member.id).collect()
    }

    #[test]
    fn approvers_hear_of_a_request_but_never_the_requester() {
        let (asks, decides, hr) = (member(&[Role::Manager]), member(&[Role::Manager]), member(&[Role::Hr]));
        let all = [asks.clone(), decides.clone(), hr.clone()];
        assert_eq!(approvers(&request(Some(&asks), &[&decides, &asks]), &all, false), ids(&[&decides]));
        assert_eq!(approvers(&request(Some(&asks), &[&asks]), &all, false), ids(&[&hr]));
        assert_eq!(approvers(&request(None, &[&asks, &decides]), &all, false), ids(&[&asks, &decides]));
    }

    #[test]
    fn an_approver_of_whom_nothing_is_known_hears_and_a_suspended_one_does_not() {
        let (asks, unknown, hr) = (member(&[]), member(&[]), member(&[Role::Hr]));
        let gone = Member { is_active: false, ..member(&[Role::Hr]) };
        let known = [hr.clone(), gone.clone()];
        assert_eq!(approvers(&request(Some(&asks), &[&unknown, &gone]), &known, false), ids(&[&unknown]));
        assert_eq!(approvers(&request(Some(&asks), &[&gone]), &known, false), ids(&[&hr]));
    }

    #[test]
    fn without_approvers_it_falls_to_hr_then_admins_then_owners() {
        let asks = member(&[Role::Member]);
        let [hr, other_hr] = [member(&[Role::Hr]), member(&[Role::Member, Role::Hr])];
        let (admin, owner) = (member(&[Role::Admin]), member(&[Role::Owner]));
        let told = |members: &[&Member]| {
            let members: Vec<_> = members.iter().map(|member| (*member).clone()).collect();
            approvers(&request(Some(&asks), &[]), &members, false)
        };
        assert_eq!(told(&[&asks, &hr, &other_hr, &admin, &owner]), ids(&[&hr, &other_hr]));
        assert_eq!(told(&[&asks, &admin, &owner]), ids(&[&admin]));
        assert_eq!(told(&[&asks, &owner]), ids(&[&owner]));
        assert_eq!(told(&[&asks]), ids(&[]));
    }

    #[test]
    fn hr_asking_is_heard_by_others_and_an_owner_alone_by_themselves() {
        let (hr, admin, owner) = (member(&[Role::Hr]), member(&[Role::Admin]), member(&[Role::Owner]));
        let all = [hr.clone(), admin.clone()];
        assert_eq!(approvers(&request(Some(&hr), &[]), &all, false), ids(&[&admin]));
        let alone = [owner.clone()];
        assert_eq!(approvers(&request(Some(&owner), &[]), &alone, true), ids(&[&owner]));
        assert_eq!(approvers(&request(Some(&owner), &[]), &alone, false), ids(&[]));
    }

    #[test]
    fn nobody_hears_of_their_own_deed() {
        let (asks, decides) = (member(&[]), member(&[]));
        let subject = request(Some(&asks), &[&decides]);
        assert_eq!(requester(&subject, Some(decides.id)), ids(&[&asks]));
        assert_eq!(requester(&subject, None), ids(&[&asks]));
        assert_eq!(requester(&subject, Some(asks.id)), ids(&[]));
        assert_eq!(requester(&request(None, &[]), Some(decides.id)), ids(&[]));
        let told = vec![asks.id, decides.id, decides.id];
        assert_eq!(told_before(told.clone(), Some(asks.id)), ids(&[&decides]));
        assert_eq!(told_before(told, None), ids(&[&asks, &decides]));
    }

    #[test]
    fn an_id_is_greater_than_the_newest_even_if_that_one_is_from_the_future() {
        let future: NotificationId = "ffffffff-0000-7000-8000-000000000009".parse().unwrap();
        assert_eq!(NotificationId::after(Some(future)).to_string(), "ffffffff-0000-7000-8000-00000000000a");
        let past = NotificationId::new();
        assert!(NotificationId::after(Some(past)) > past);
    }
}
