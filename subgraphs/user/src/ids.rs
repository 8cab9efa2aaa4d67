//! The ids of this module's nouns.

use common::id;

pub use common::{IdentityId, MembershipId, OrganizationId};

id!(
    /// One invitation.
    InvitationId
);
