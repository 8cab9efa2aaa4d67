//! What this module announces: ids and roles, no names and no mail addresses. Fields are only ever added.

use common::{Role, event};

use crate::ids::{IdentityId, MembershipId};

event! {
    /// Somebody joined their first organization. Written by the SQL function `"user".join_organization`.
    UserCreated = "user.user.created", of user_id {
        /// The person.
        user_id: IdentityId,
    }
}

/// Declares events about one membership: who it is, and the roles that they hold now.
macro_rules! member_events {
    ($( $(#[$doc:meta])* $name:ident = $type:literal; )+) => {
        event! { $(
            $(#[$doc])*
            $name = $type, of membership_id {
                /// The membership.
                membership_id: MembershipId,
                /// The person.
                user_id: IdentityId,
                /// The roles that they hold, upper snake.
                #[schemars(with = "Vec<String>")]
                roles: Vec<Role>,
            }
        )+ }
    };
}

member_events! {
    /// Somebody became a member. Written by the SQL function `"user".join_organization`.
    MemberJoined = "user.member.joined";
    /// A member holds other roles now.
    MemberRolesChanged = "user.member.roles_changed";
    /// A member may not come in for the time being.
    MemberSuspended = "user.member.suspended";
    /// A suspended member may come in again.
    MemberReactivated = "user.member.reactivated";
    /// Somebody is a member no more.
    MemberRemoved = "user.member.removed";
}
