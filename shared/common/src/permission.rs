//! Rights: what may be done, by which role, on whose records.

use serde::{Deserialize, Serialize};

/// A role that comes with the system. In GraphQL, in tokens and in the database: upper snake.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, async_graphql::Enum,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
#[cfg_attr(feature = "sqlx", sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum Role {
    /// Everything, billing and ownership included.
    Owner,
    /// Everything but ownership.
    Admin,
    /// The people of a team, and what needs approving there.
    Manager,
    /// People matters of everybody.
    Hr,
    /// The books: invoices, payments, the closing of periods.
    Accountant,
    /// Leads, deals and quotes.
    Sales,
    /// Openings, candidates and offers.
    Recruiter,
    /// One's own affairs at work.
    Member,
    /// A customer: what concerns their own contact, and nothing else.
    Client,
    /// A vendor: what concerns their own contact, and nothing else.
    Supplier,
}

impl Role {
    /// Every role, highest rank first.
    pub const ALL: [Self; 10] = [
        Self::Owner,
        Self::Admin,
        Self::Manager,
        Self::Hr,
        Self::Accountant,
        Self::Sales,
        Self::Recruiter,
        Self::Member,
        Self::Client,
        Self::Supplier,
    ];

    /// The name in tokens and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::Manager => "MANAGER",
            Self::Hr => "HR",
            Self::Accountant => "ACCOUNTANT",
            Self::Sales => "SALES",
            Self::Recruiter => "RECRUITER",
            Self::Member => "MEMBER",
            Self::Client => "CLIENT",
            Self::Supplier => "SUPPLIER",
        }
    }

    /// The role of that name; `None` for a name that this version does not know.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// How high it stands: nobody gives a role above all that they hold. The roles of an office stand side by side.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Owner => 4,
            Self::Admin => 3,
            Self::Manager | Self::Hr | Self::Accountant | Self::Sales | Self::Recruiter => 2,
            Self::Member => 1,
            Self::Client | Self::Supplier => 0,
        }
    }
}

/// Which roles hold a right, and how widely; the owner holds every right on everything.
pub type Grants = &'static [(Role, Scope)];

/// The roles of those who work in the organization, the owner's aside.
const WORKERS: [Role; 7] =
    [Role::Admin, Role::Manager, Role::Hr, Role::Accountant, Role::Sales, Role::Recruiter, Role::Member];

/// The same, and those who are customers and vendors.
const ALL_BUT_OWNER: [Role; 9] = [
    Role::Admin,
    Role::Manager,
    Role::Hr,
    Role::Accountant,
    Role::Sales,
    Role::Recruiter,
    Role::Member,
    Role::Client,
    Role::Supplier,
];

/// One scope for each of some roles.
const fn each<const N: usize>(roles: [Role; N], scope: Scope) -> [(Role, Scope); N] {
    let mut grants = [(Role::Member, scope); N];
    let mut at = 0;
    while at < N {
        grants[at].0 = roles[at];
        at += 1;
    }
    grants
}

/// Everybody who works in the organization, on everything: a directory, a catalogue.
pub const STAFF: Grants = &each(WORKERS, Scope::All);

/// Everybody, clients and suppliers included, on everything: what the organization is called.
pub const EVERYBODY: Grants = &each(ALL_BUT_OWNER, Scope::All);

/// Everybody, clients and suppliers included, on what is their own.
pub const EVERYBODY_OWN: Grants = &each(ALL_BUT_OWNER, Scope::Own);

/// Those who look after people see everybody's, managers their team's, others who work here their own.
pub const PEOPLE_MATTERS: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Hr, Scope::All),
    (Role::Manager, Scope::Team),
    (Role::Accountant, Scope::Own),
    (Role::Sales, Scope::Own),
    (Role::Recruiter, Scope::Own),
    (Role::Member, Scope::Own),
];

/// Those who look after people for everybody, others who work here for themselves.
pub const OWN_OR_OFFICE: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Hr, Scope::All),
    (Role::Manager, Scope::Own),
    (Role::Accountant, Scope::Own),
    (Role::Sales, Scope::Own),
    (Role::Recruiter, Scope::Own),
    (Role::Member, Scope::Own),
];

/// Those who look after people, on everything.
pub const PEOPLE_OFFICE: Grants = &[(Role::Admin, Scope::All), (Role::Hr, Scope::All)];

/// Those who run the organization, on everything.
pub const ADMINISTRATION: Grants = &[(Role::Admin, Scope::All)];

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

impl Scope {
    /// The name in the database and in the catalogue of rights.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }
}

/// One right, declared once as a `const` by the module that checks it.
#[derive(Debug, PartialEq, Eq)]
pub struct Permission {
    /// `module.noun.verb`, as members see it.
    pub key: &'static str,
    /// What it allows, in one sentence.
    pub description: &'static str,
    /// Which roles hold it, and how widely. The owner's `All` is implied.
    pub grants: Grants,
}

impl Permission {
    /// Open to everybody, logged in or not: signing up, logging in, accepting an invitation.
    pub const PUBLIC: Self = Self::new("public", "What everybody may do before logging in.", &[]);

    /// Held by no member: what consumers of events and jobs do.
    pub const SYSTEM: Self = Self::new("system", "What the system does by itself.", &[]);

    /// A right, as the module that checks it declares it.
    #[must_use]
    pub const fn new(key: &'static str, description: &'static str, grants: Grants) -> Self {
        Self { key, description, grants }
    }

    /// The widest scope that any of `roles` grants; `None` when none does.
    #[must_use]
    pub fn scope(&self, roles: &[Role]) -> Option<Scope> {
        if *self == Self::SYSTEM {
            return None;
        }
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

    #[test]
    fn no_member_acts_as_the_system() {
        assert!(Role::ALL.iter().all(|role| Permission::SYSTEM.scope(&[*role]).is_none()));
    }

    #[test]
    fn every_role_is_found_by_its_name_and_stands_after_those_above_it() {
        assert!(Role::ALL.iter().all(|role| Role::parse(role.as_str()) == Some(*role)));
        assert!(Role::ALL.is_sorted_by_key(|role| std::cmp::Reverse(role.rank())));
    }
}
