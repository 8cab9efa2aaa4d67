//! Rights: what may be done, by which role, on whose records.

use serde::{Deserialize, Serialize};

/// A role that comes with the system. In GraphQL and tokens: upper snake.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, async_graphql::Enum,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Everything, billing and ownership included.
    Owner,
    /// Everything but ownership.
    Admin,
    /// Their team's people, and what needs approving there.
    Manager,
    /// People matters of everybody.
    Hr,
    /// Their own affairs.
    Member,
}

impl Role {
    /// Every role, highest rank first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Manager, Self::Hr, Self::Member];

    /// The name in tokens and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::Manager => "MANAGER",
            Self::Hr => "HR",
            Self::Member => "MEMBER",
        }
    }

    /// The role of that name; `None` for a name that this version does not know.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// On whose records a right holds. Wider scopes are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The caller's own.
    Own,
    /// Those of people who report to the caller, directly or not, and the caller's own.
    Team,
    /// Everybody's in the organization.
    All,
}

/// One right, declared once as a `const` by the module that checks it.
#[derive(Debug, PartialEq, Eq)]
pub struct Permission {
    /// `module.noun.verb`, as members see it.
    pub key: &'static str,
    /// What it allows, in one sentence.
    pub description: &'static str,
    /// Which roles hold it, and how widely. The owner's `All` is implied.
    pub grants: &'static [(Role, Scope)],
}

impl Permission {
    /// Open to everybody, logged in or not: signing up, logging in, accepting an invitation.
    pub const PUBLIC: Self =
        Self { key: "public", description: "What everybody may do before logging in.", grants: &[] };

    /// The widest scope that any of `roles` grants; `None` when none does.
    #[must_use]
    pub fn scope(&self, roles: &[Role]) -> Option<Scope> {
        if roles.contains(&Role::Owner) {
            return Some(Scope::All);
        }
        self.grants.iter().filter(|(role, _)| roles.contains(role)).map(|(_, scope)| *scope).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPROVE: Permission = Permission {
        key: "leave.request.approve",
        description: "Approve leave.",
        grants: &[(Role::Manager, Scope::Team), (Role::Hr, Scope::All)],
    };

    #[test]
    fn the_widest_of_several_roles_counts() {
        assert_eq!(APPROVE.scope(&[Role::Manager]), Some(Scope::Team));
        assert_eq!(APPROVE.scope(&[Role::Manager, Role::Hr]), Some(Scope::All));
    }

    #[test]
    fn the_owner_may_everything_and_a_stranger_nothing() {
        assert_eq!(APPROVE.scope(&[Role::Owner]), Some(Scope::All));
        assert_eq!(APPROVE.scope(&[Role::Member]), None);
        assert_eq!(APPROVE.scope(&[]), None);
    }
}
