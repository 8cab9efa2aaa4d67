//! Memberships: rules. Nobody gives what they do not hold; an organization always has an owner.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use common::{MembershipId, Refuse, Role};
use serde::Deserialize;

use crate::user::User;

/// One person's place in the organization.
#[derive(Clone, Debug)]
pub struct Membership {
    /// Its id: who acted, in records of every module.
    pub id: MembershipId,
    /// The person.
    pub user: User,
    /// Whether they may come in.
    pub status: MembershipStatus,
    /// The roles that they hold, highest first.
    pub roles: Vec<Role>,
    /// When they became a member.
    pub joined_at: DateTime<Utc>,
}

/// Two states of one membership are equal when a change made no difference.
impl PartialEq for Membership {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.status, &self.roles) == (other.id, other.status, &other.roles)
    }
}

/// Whether a member may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MembershipStatus {
    /// They may.
    Active,
    /// Not for the time being.
    Suspended,
    /// Never again by this membership; it stays as the name of who acted.
    Removed,
}

/// Why a membership does not change.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No role was named.
    #[error("give at least one role")]
    NoRole,
    /// A role above all that the caller holds.
    #[error("you cannot give a role above your own")]
    RoleAboveOwn,
    /// The member holds a role above all that the caller holds.
    #[error("you cannot change a member who holds a role above your own")]
    MemberAboveOwn,
    /// They are the only active owner.
    #[error("they are the last owner; make somebody else an owner first")]
    LastOwner,
    /// The state does not allow it.
    #[error("this is not possible for a member who is {0}")]
    Transition(&'static str),
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::NoRole => "ROLES_EMPTY",
            Self::RoleAboveOwn => "ROLE_ABOVE_OWN",
            Self::MemberAboveOwn => "MEMBER_ABOVE_OWN",
            Self::LastOwner => "LAST_OWNER",
            Self::Transition(_) => "INVALID_TRANSITION",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoRole | Self::RoleAboveOwn => Some("roles"),
            Self::MemberAboveOwn | Self::LastOwner | Self::Transition(_) => None,
        }
    }
}

/// How high a role stands. Manager and HR stand side by side.
fn rank(role: Role) -> u8 {
    match role {
        Role::Owner => 4,
        Role::Admin => 3,
        Role::Manager | Role::Hr => 2,
        Role::Member => 1,
    }
}

fn highest(roles: &[Role]) -> u8 {
    roles.iter().copied().map(rank).max().unwrap_or(0)
}

/// Each role once, highest first.
pub(crate) fn normalized(roles: &[Role]) -> Result<Vec<Role>, Refused> {
    let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| roles.contains(role)).collect();
    if roles.is_empty() { Err(Refused::NoRole) } else { Ok(roles) }
}

/// Nobody gives a role that stands higher than all that they hold.
pub(crate) fn may_grant(by: &[Role], roles: &[Role]) -> Result<(), Refused> {
    if highest(roles) <= highest(by) { Ok(()) } else { Err(Refused::RoleAboveOwn) }
}

impl Membership {
    pub(super) fn change_roles(&mut self, by: &[Role], roles: &[Role]) -> Result<(), Refused> {
        self.may_be_changed_by(by)?;
        let roles = normalized(roles)?;
        may_grant(by, &roles)?;
        if self.status == MembershipStatus::Removed {
            return Err(Refused::Transition("removed"));
        }
        self.roles = roles;
        Ok(())
    }

    pub(super) fn suspend(&mut self, by: &[Role]) -> Result<(), Refused> {
        self.may_be_changed_by(by)?;
        self.step(&[MembershipStatus::Active], MembershipStatus::Suspended)
    }

    pub(super) fn reactivate(&mut self, by: &[Role]) -> Result<(), Refused> {
        self.may_be_changed_by(by)?;
        self.step(&[MembershipStatus::Suspended], MembershipStatus::Active)
    }

    pub(super) fn remove(&mut self, by: &[Role]) -> Result<(), Refused> {
        self.may_be_changed_by(by)?;
        self.step(&[MembershipStatus::Active, MembershipStatus::Suspended], MembershipStatus::Removed)
    }

    /// Given all active owners as they were before: one must be left after.
    pub(super) fn keep_an_owner(&self, owners: &[MembershipId]) -> Result<(), Refused> {
        let is_owner = self.status == MembershipStatus::Active && self.roles.contains(&Role::Owner);
        if !is_owner && owners == [self.id] { Err(Refused::LastOwner) } else { Ok(()) }
    }

    fn may_be_changed_by(&self, by: &[Role]) -> Result<(), Refused> {
        if highest(&self.roles) <= highest(by) { Ok(()) } else { Err(Refused::MemberAboveOwn) }
    }

    fn step(&mut self, from: &[MembershipStatus], to: MembershipStatus) -> Result<(), Refused> {
        if !from.contains(&self.status) {
            return Err(Refused::Transition(match self.status {
                MembershipStatus::Active => "active",
                MembershipStatus::Suspended => "suspended",
                MembershipStatus::Removed => "removed",
            }));
        }
        self.status = to;
        Ok(())
    }
}

/// A right in the catalogue, with the roles that it is granted to.
pub(super) struct CataloguedPermission {
    pub(super) key: String,
    pub(super) roles: Vec<String>,
}

/// One entry of `core.permission.grants`.
#[derive(Debug, Deserialize)]
pub(super) struct Grant {
    pub(super) role: String,
}

impl CataloguedPermission {
    pub(super) fn is_granted_to(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| *role == Role::Owner || self.roles.iter().any(|name| name == role.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MembershipStatus::{Active, Removed, Suspended};
    use Role::{Admin, Hr, Manager, Member, Owner};
    use common::IdentityId;

    fn member(status: MembershipStatus, roles: &[Role]) -> Membership {
        let user =
            User { id: IdentityId::new(), display_name: "Ada".into(), email: "ada@example.org".into() };
        Membership {
            id: MembershipId::new(),
            user,
            status,
            roles: roles.to_vec(),
            joined_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn nobody_gives_a_role_above_their_own() {
        assert_eq!(may_grant(&[Admin], &[Owner]), Err(Refused::RoleAboveOwn));
        assert_eq!(may_grant(&[Hr], &[Admin]), Err(Refused::RoleAboveOwn));
        assert_eq!(may_grant(&[], &[Member]), Err(Refused::RoleAboveOwn));
        assert_eq!(may_grant(&[Hr], &[Manager]), Ok(()));
        assert_eq!(may_grant(&[Admin], &[Admin, Hr, Member]), Ok(()));
        assert_eq!(may_grant(&[Owner], &[Owner]), Ok(()));
    }

    #[test]
    fn only_owners_touch_owners() {
        for change in [Membership::suspend, Membership::reactivate, Membership::remove] {
            assert_eq!(change(&mut member(Active, &[Owner]), &[Admin]), Err(Refused::MemberAboveOwn));
        }
        let refused = member(Active, &[Owner]).change_roles(&[Admin], &[Member]);
        assert_eq!(refused, Err(Refused::MemberAboveOwn));
        assert_eq!(member(Active, &[Owner]).suspend(&[Owner]), Ok(()));
    }

    #[test]
    fn every_transition_is_allowed_or_refused() {
        type Change = fn(&mut Membership, &[Role]) -> Result<(), Refused>;
        let changes: [(Change, [Option<MembershipStatus>; 3]); 3] = [
            (Membership::suspend, [Some(Suspended), None, None]),
            (Membership::reactivate, [None, Some(Active), None]),
            (Membership::remove, [Some(Removed), Some(Removed), None]),
        ];
        for (change, expected) in changes {
            for (from, to) in [Active, Suspended, Removed].into_iter().zip(expected) {
                let mut changed = member(from, &[Member]);
                let result = change(&mut changed, &[Admin]);
                assert_eq!(result.is_ok(), to.is_some(), "from {from:?}");
                assert_eq!(changed.status, to.unwrap_or(from));
            }
        }
        assert!(member(Removed, &[Member]).change_roles(&[Owner], &[Hr]).is_err());
        assert!(member(Suspended, &[Member]).change_roles(&[Owner], &[Hr]).is_ok());
    }

    #[test]
    fn roles_are_each_there_once_and_highest_first() {
        assert_eq!(normalized(&[Member, Hr, Member]), Ok(vec![Hr, Member]));
        assert_eq!(normalized(&[]), Err(Refused::NoRole));
    }

    #[test]
    fn the_last_owner_stays_one() {
        let mut last = member(Active, &[Owner]);
        let others = [last.id, MembershipId::new()];
        assert_eq!(last.keep_an_owner(&[last.id]), Ok(()));
        last.change_roles(&[Owner], &[Admin]).unwrap();
        assert_eq!(last.keep_an_owner(&[last.id]), Err(Refused::LastOwner));
        assert_eq!(last.keep_an_owner(&others), Ok(()));
        let bystander = member(Removed, &[Member]);
        assert_eq!(bystander.keep_an_owner(&[last.id]), Ok(()));
    }
}
