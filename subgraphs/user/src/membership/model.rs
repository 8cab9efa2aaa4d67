//! What a membership may be. Nobody gives what they do not hold.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use common::{Refusal, Result, Role};
use database::Record;
use graphql::choices;
use serde::Deserialize;

use crate::ids::{IdentityId, MembershipId};
use crate::user::{READ, User};

choices! {
    /// Whether a member may come in.
    MembershipStatus {
        /// The member may come in.
        Active,
        /// The member may not come in for the time being.
        Suspended,
        /// The member may never come in again by this membership; it stays as the name of who acted.
        Removed,
    }
}

/// One person's place in the organization. Records of every module name it as who acted.
#[derive(Clone, Debug, Deserialize, SimpleObject, Record)]
#[graphql(complex)]
#[record("member", table = "\"user\".membership", graphql = "Membership", read = READ)]
pub struct Membership {
    /// The id of the membership; opaque to clients.
    pub id: MembershipId,
    /// The name that people know the member by.
    #[record(once)]
    pub display_name: String,
    /// The roles that the member holds, highest first.
    pub roles: Vec<Role>,
    /// Whether the member may come in.
    pub status: MembershipStatus,
    /// When the person became a member.
    #[record(once)]
    pub joined_at: DateTime<Utc>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) user_id: IdentityId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) email: String,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) locale: Option<String>,
}

const ROLES_REQUIRED: Refusal = Refusal::of("roles", "REQUIRED", "give at least one role");
pub(super) const ROLE_ABOVE_OWN: Refusal =
    Refusal::of("roles", "ROLE_ABOVE_OWN", "you cannot give a role above your own");
const MEMBER_ABOVE_OWN: Refusal =
    Refusal::whole("MEMBER_ABOVE_OWN", "you cannot change a member who holds a role above your own");
const LAST_OWNER: Refusal =
    Refusal::whole("LAST_OWNER", "they are the last owner; make somebody else an owner first");
const INVALID_TRANSITION: Refusal =
    Refusal::whole("INVALID_TRANSITION", "this is not possible for a member of this status");

/// Why the last owner stays one.
pub(super) fn last_owner(is_oneself: bool) -> Refusal {
    match is_oneself {
        true => LAST_OWNER.saying("you are the last owner; make somebody else an owner first"),
        false => LAST_OWNER,
    }
}

/// What is done to a member.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// They hold these roles from now on.
    Roles(Vec<Role>),
    /// They are shut out until they are reactivated.
    Suspend,
    /// They may come in again.
    Reactivate,
    /// Their membership ends.
    Remove,
}

/// How high somebody stands who holds these roles.
fn highest(roles: &[Role]) -> Option<u8> {
    roles.iter().map(|role| role.rank()).max()
}

/// The roles that somebody who holds `by` may give, each once, highest first: none above all that they hold.
pub(crate) fn granted(by: &[Role], roles: &[Role]) -> Result<Vec<Role>, Refusal> {
    let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| roles.contains(role)).collect();
    match () {
        () if roles.is_empty() => Err(ROLES_REQUIRED),
        () if highest(&roles) > highest(by) => Err(ROLE_ABOVE_OWN),
        () => Ok(roles),
    }
}

impl Membership {
    /// The person whose membership it is.
    pub(crate) fn person(&self) -> User {
        User {
            id: self.user_id,
            display_name: self.display_name.clone(),
            email: self.email.clone(),
            locale: self.locale.clone(),
        }
    }

    /// Whether the member is one of those of whom an organization needs one.
    pub(super) fn is_active_owner(&self) -> bool {
        self.status == MembershipStatus::Active && self.roles.contains(&Role::Owner)
    }

    /// Whether the member holds no role above all that somebody else holds.
    pub(super) fn may_be_changed_by(&self, by: &[Role]) -> bool {
        highest(&self.roles) <= highest(by)
    }

    /// Makes a change that somebody who holds `by` wants.
    pub(super) fn change(&mut self, by: &[Role], change: &Change) -> Result<(), Refusal> {
        use MembershipStatus::{Active, Removed, Suspended};
        if !self.may_be_changed_by(by) {
            return Err(MEMBER_ABOVE_OWN);
        }
        let to = match (change, self.status) {
            (Change::Roles(roles), Active | Suspended) => {
                self.roles = granted(by, roles)?;
                self.status
            }
            (Change::Suspend, Active) => Suspended,
            (Change::Reactivate, Suspended) => Active,
            (Change::Remove, Active | Suspended) => Removed,
            _ => return Err(INVALID_TRANSITION),
        };
        self.status = to;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MembershipStatus::{Active, Removed, Suspended};
    use Role::{Admin, Client, Hr, Manager, Member, Owner};

    fn member(status: MembershipStatus, roles: &[Role]) -> Membership {
        let blank = Membership::blank(DateTime::UNIX_EPOCH, IdentityId::new());
        Membership { status, roles: roles.to_vec(), ..blank }
    }

    #[test]
    fn nobody_gives_a_role_above_their_own() {
        assert_eq!(granted(&[Admin], &[Owner]), Err(ROLE_ABOVE_OWN));
        assert_eq!(granted(&[Hr], &[Admin]), Err(ROLE_ABOVE_OWN));
        assert_eq!(granted(&[], &[Member]), Err(ROLE_ABOVE_OWN));
        assert_eq!(granted(&[], &[Client]), Err(ROLE_ABOVE_OWN));
        assert_eq!(granted(&[Hr], &[Manager]), Ok(vec![Manager]));
        assert_eq!(granted(&[Admin], &[Admin, Hr, Member]), Ok(vec![Admin, Hr, Member]));
        assert_eq!(granted(&[Owner], &[Owner]), Ok(vec![Owner]));
    }

    #[test]
    fn only_owners_touch_owners() {
        for change in [Change::Suspend, Change::Reactivate, Change::Remove, Change::Roles(vec![Member])] {
            let refused = member(Active, &[Owner]).change(&[Admin], &change);
            assert_eq!(refused, Err(MEMBER_ABOVE_OWN), "{change:?}");
        }
        assert_eq!(member(Active, &[Owner]).change(&[Owner], &Change::Suspend), Ok(()));
    }

    #[test]
    fn every_transition_is_allowed_or_refused() {
        let changes = [
            (Change::Suspend, [Some(Suspended), None, None]),
            (Change::Reactivate, [None, Some(Active), None]),
            (Change::Remove, [Some(Removed), Some(Removed), None]),
            (Change::Roles(vec![Hr]), [Some(Active), Some(Suspended), None]),
        ];
        for (change, expected) in changes {
            for (from, to) in [Active, Suspended, Removed].into_iter().zip(expected) {
                let mut changed = member(from, &[Member]);
                let result = changed.change(&[Admin], &change);
                assert_eq!(result.is_ok(), to.is_some(), "{change:?} from {from:?}");
                assert_eq!(changed.status, to.unwrap_or(from));
            }
        }
    }

    #[test]
    fn roles_are_each_there_once_and_highest_first() {
        assert_eq!(granted(&[Owner], &[Member, Hr, Member]), Ok(vec![Hr, Member]));
        assert_eq!(granted(&[Owner], &[]), Err(ROLES_REQUIRED));
    }

    #[test]
    fn a_suspended_owner_is_none_that_an_organization_could_rely_on() {
        assert!(member(Active, &[Owner]).is_active_owner());
        assert!(
            !member(Suspended, &[Owner]).is_active_owner() && !member(Active, &[Admin]).is_active_owner()
        );
    }
}
