//! What a notification is, and who hears of what.

use std::collections::BTreeSet;

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use common::{Permission, Role};
use database::Record;
use people::Member;
use serde_json::Value as Json;
use uuid::Uuid;

use super::READ;
use super::catalogue::Subject;
use crate::ids::{MembershipId, NotificationId};

// Row-level security leaves only one's own in sight.
/// One thing that a member was told.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("notification", table = "notification.notification", read = READ)]
pub struct Notification {
    /// The id of the notification; opaque to clients. Keep the last one, to continue a subscription after it.
    pub id: NotificationId,
    /// What happened, such as `leave.request.submitted`; the set grows.
    #[graphql(name = "type")]
    #[record(once, column = "type")]
    pub kind: String,
    /// The stable id of what it says, such as `leave-request-approved`, for clients that have words of their own for it and its
    /// `values`; null of those from before messages had one. The set grows.
    #[record(once)]
    pub message: Option<String>,
    /// When the member was told.
    pub created_at: DateTime<Utc>,
    /// When it was marked as read; null while it is not.
    pub read_at: Option<DateTime<Utc>>,
    /// When it was archived; null while it is in the list.
    pub archived_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    #[record(once, right = Permission::SYSTEM)]
    pub(crate) values: Option<Json>,
    // As it was written in English, for whoever does not know the message.
    #[graphql(skip)]
    #[record(once)]
    pub(crate) title: Option<String>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) body: Option<String>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) recipient_membership_id: MembershipId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) actor_membership_id: Option<MembershipId>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) link_type: String,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) link_id: Uuid,
    #[graphql(skip)]
    #[record(once, right = Permission::SYSTEM)]
    pub(crate) dedupe_key: String,
}

impl Notification {
    /// Whether nobody marked it as read.
    pub(super) fn is_unread(&self) -> bool {
        self.read_at.is_none()
    }
}

/// Who hears of something; each once.
pub(crate) type Recipients = BTreeSet<MembershipId>;

/// Those who decide on a request, and whose it is only when there is nobody else at all.
pub(super) fn approvers(subject: &Subject, members: &[Member], owner_is_alone: bool) -> Recipients {
    let decide = people::office(&subject.approvers, subject.owner, members);
    if decide.is_empty() && owner_is_alone { subject.owner.into_iter().collect() } else { decide }
}

/// Those who keep something and still work here; where nobody does, administrators, or else owners.
pub(super) fn keepers(subject: &Subject, members: &[Member]) -> Recipients {
    let active = || members.iter().filter(|member| member.is_active);
    let named: Recipients =
        active().map(|member| member.id).filter(|id| subject.approvers.contains(id)).collect();
    let holders =
        |role| -> Recipients { active().filter(|m| m.roles.contains(&role)).map(|m| m.id).collect() };
    [named, holders(Role::Admin), holders(Role::Owner)]
        .into_iter()
        .find(|all| !all.is_empty())
        .unwrap_or_default()
}

/// These, but for the one whose deed it is.
pub(super) fn others(
    members: impl IntoIterator<Item = MembershipId>,
    actor: Option<MembershipId>,
) -> Recipients {
    members.into_iter().filter(|id| actor != Some(*id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(roles: &[Role]) -> Member {
        Member { id: MembershipId::new(), roles: roles.to_vec(), is_active: true }
    }

    fn request(by: &Member, approvers: &[&Member]) -> Subject {
        let approvers = approvers.iter().map(|member| member.id).collect();
        Subject { owner: Some(by.id), approvers, ..Subject::default() }
    }

    fn ids(members: &[&Member]) -> Recipients {
        members.iter().map(|member| member.id).collect()
    }

    #[test]
    fn approvers_hear_of_a_request_else_the_office_and_an_owner_alone_themselves() {
        let [asks, decides] = [member(&[Role::Manager]), member(&[Role::Manager])];
        let (hr, owner) = (member(&[Role::Hr]), member(&[Role::Owner]));
        let all = [asks.clone(), decides.clone(), hr.clone()];
        assert_eq!(approvers(&request(&asks, &[&decides, &asks]), &all, false), ids(&[&decides]));
        assert_eq!(approvers(&request(&asks, &[&asks]), &all, false), ids(&[&hr]));
        let alone = [owner.clone()];
        assert_eq!(approvers(&request(&owner, &[]), &alone, true), ids(&[&owner]));
        assert_eq!(approvers(&request(&owner, &[]), &alone, false), ids(&[]));
    }

    #[test]
    fn keepers_hear_of_what_they_keep_else_administrators_or_owners() {
        let (keeps, gone) = (member(&[]), Member { is_active: false, ..member(&[]) });
        let (hr, admin, owner) = (member(&[Role::Hr]), member(&[Role::Admin]), member(&[Role::Owner]));
        let all = [keeps.clone(), gone.clone(), hr, admin.clone(), owner.clone()];
        assert_eq!(keepers(&request(&owner, &[&keeps, &gone]), &all), ids(&[&keeps]));
        assert_eq!(keepers(&request(&owner, &[&gone]), &all), ids(&[&admin]));
        assert_eq!(keepers(&request(&owner, &[]), std::slice::from_ref(&owner)), ids(&[&owner]));
    }

    #[test]
    fn nobody_hears_of_their_own_deed() {
        let (asks, decides) = (member(&[]), member(&[]));
        let told = vec![asks.id, decides.id, decides.id];
        assert_eq!(others(told.clone(), Some(asks.id)), ids(&[&decides]));
        assert_eq!(others(told, None), ids(&[&asks, &decides]));
        assert_eq!(others(Some(asks.id), Some(asks.id)), ids(&[]));
        assert_eq!(others(None, Some(decides.id)), ids(&[]));
    }
}
