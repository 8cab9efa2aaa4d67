//! Who may do what with contacts, and with whose.

use common::{ADMINISTRATION, Grants, Permission, Role, Scope};

/// The office sees all; whoever sells sees what is theirs, their team's or nobody's; clients and suppliers their own record.
const SEEN_BY: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Accountant, Scope::All),
    (Role::Manager, Scope::Team),
    (Role::Sales, Scope::Team),
    (Role::Hr, Scope::Own),
    (Role::Recruiter, Scope::Own),
    (Role::Member, Scope::Own),
    (Role::Client, Scope::Own),
    (Role::Supplier, Scope::Own),
];
/// The same without clients and suppliers.
const SEEN_BY_STAFF: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Accountant, Scope::All),
    (Role::Manager, Scope::Team),
    (Role::Sales, Scope::Team),
    (Role::Hr, Scope::Own),
    (Role::Recruiter, Scope::Own),
    (Role::Member, Scope::Own),
];
/// Whoever sells, and the office.
const KEPT_BY: Grants =
    &[(Role::Admin, Scope::All), (Role::Manager, Scope::Team), (Role::Sales, Scope::Team)];
/// What belongs to everybody who sells.
const SHARED_BY: Grants =
    &[(Role::Admin, Scope::All), (Role::Manager, Scope::All), (Role::Sales, Scope::All)];
/// The same, and those who only look.
const SHARED_WITH: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Manager, Scope::All),
    (Role::Sales, Scope::All),
    (Role::Accountant, Scope::All),
];

pub(crate) const READ: Permission = Permission::new(
    "contact.contact.read",
    "See contacts: all, those of a team and those that nobody owns, or one's own.",
    SEEN_BY,
);
pub(crate) const MANAGE: Permission =
    Permission::new("contact.contact.manage", "Create, change and archive contacts.", KEPT_BY);
pub(crate) const MERGE: Permission = Permission::new(
    "contact.contact.merge",
    "Merge contacts that are one, and part them again.",
    ADMINISTRATION,
);
pub(crate) const ERASE: Permission = Permission::new(
    "contact.contact.erase",
    "Erase what is known of a person, and place and lift legal holds.",
    ADMINISTRATION,
);
pub(crate) const EXPORT: Permission = Permission::new(
    "contact.contact.export",
    "Take contacts out of the system, as files, and see who did.",
    ADMINISTRATION,
);
pub(crate) const TALK_READ: Permission = Permission::new(
    "contact.communication.read",
    "See what was said and written to contacts.",
    SEEN_BY_STAFF,
);
/// What the organization notes of contacts for itself, and who does: for those who work for it, as what was said to contacts
/// is. Whoever sees a contact because it is their own is none of them.
pub(crate) const INTERNAL: Permission = TALK_READ;
pub(crate) const SEGMENT_READ: Permission =
    Permission::new("contact.segment.read", "See the segments.", SHARED_WITH);
pub(crate) const SEGMENT_MANAGE: Permission =
    Permission::new("contact.segment.manage", "Create, change and archive segments.", SHARED_BY);
pub(crate) const REPORT: Permission =
    Permission::new("contact.report.read", "See reports on the contacts that one sees.", SHARED_WITH);
