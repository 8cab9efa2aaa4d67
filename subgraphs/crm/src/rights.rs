//! Who may do what when it comes to selling, and with whose.

use common::{ADMINISTRATION, Grants, Permission, Role, Scope};

/// What everybody who sells has in common, and those who look.
const SHARED_WITH: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Manager, Scope::All),
    (Role::Sales, Scope::All),
    (Role::Accountant, Scope::All),
];
/// What those who lead sales decide.
const LED_BY: Grants = &[(Role::Admin, Scope::All), (Role::Manager, Scope::All)];
/// Leads: whoever sells sees theirs, their team's and those of nobody.
const LEADS_SEEN_BY: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Accountant, Scope::All),
    (Role::Manager, Scope::Team),
    (Role::Sales, Scope::Team),
];
const LEADS_KEPT_BY: Grants =
    &[(Role::Admin, Scope::All), (Role::Manager, Scope::Team), (Role::Sales, Scope::Team)];
/// Deals: whoever sells sees their own, and who leads them their team's.
const DEALS_SEEN_BY: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Accountant, Scope::All),
    (Role::Manager, Scope::Team),
    (Role::Sales, Scope::Own),
];
const DEALS_KEPT_BY: Grants =
    &[(Role::Admin, Scope::All), (Role::Manager, Scope::Team), (Role::Sales, Scope::Own)];
/// What is given by those who lead.
const GIVEN_BY: Grants = &[(Role::Admin, Scope::All), (Role::Manager, Scope::Team)];

pub(crate) const PIPELINE_READ: Permission = Permission::new(
    "crm.pipeline.read",
    "See pipelines and stages, sources, reasons, campaigns, rules of assignment and web forms.",
    SHARED_WITH,
);
pub(crate) const PIPELINE_MANAGE: Permission = Permission::new(
    "crm.pipeline.manage",
    "Create, change and archive pipelines and stages, sources, reasons, rules of assignment and web forms.",
    ADMINISTRATION,
);
pub(crate) const CAMPAIGN_MANAGE: Permission =
    Permission::new("crm.campaign.manage", "Create, change and archive campaigns.", LED_BY);
pub(crate) const LEAD_READ: Permission = Permission::new(
    "crm.lead.read",
    "See leads: all, those of a team and those that nobody owns, or one's own.",
    LEADS_SEEN_BY,
);
pub(crate) const LEAD_MANAGE: Permission = Permission::new(
    "crm.lead.manage",
    "Create, change, convert and archive leads, and take in files of them.",
    LEADS_KEPT_BY,
);
pub(crate) const LEAD_EXPORT: Permission =
    Permission::new("crm.lead.export", "Take files of the leads that one sees away.", GIVEN_BY);
pub(crate) const DEAL_READ: Permission = Permission::new(
    "crm.deal.read",
    "See deals, what became of them, their quotes, and operations.",
    DEALS_SEEN_BY,
);
pub(crate) const DEAL_MANAGE: Permission = Permission::new(
    "crm.deal.manage",
    "Create, change, move, win, lose and archive deals, and make and send quotes.",
    DEALS_KEPT_BY,
);
pub(crate) const ACTIVITY_READ: Permission = Permission::new(
    "crm.activity.read",
    "See activities: all, those of a team, or one's own; and those of deals and leads that one sees.",
    DEALS_SEEN_BY,
);
pub(crate) const ACTIVITY_MANAGE: Permission =
    Permission::new("crm.activity.manage", "Create, change, complete and archive activities.", DEALS_KEPT_BY);
pub(crate) const TARGET_READ: Permission =
    Permission::new("crm.target.read", "See sales targets.", DEALS_SEEN_BY);
pub(crate) const TARGET_MANAGE: Permission =
    Permission::new("crm.target.manage", "Create, change and archive sales targets.", GIVEN_BY);
pub(crate) const REPORT: Permission = Permission::new(
    "crm.report.read",
    "See forecasts and reports on the leads and deals that one sees.",
    SHARED_WITH,
);
