//! The stub of Membership: the tenant's place for a person, which the user module owns.

use async_graphql::SimpleObject;
use common::MembershipId;

/// A person's place in the organization.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable)]
pub struct Membership {
    /// Opaque.
    pub id: MembershipId,
}
