//! What user announces: ids and roles, no names and no mail addresses. Fields are only ever added.

use common::{Event, IdentityId, MembershipId, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Somebody joined their first organization. Written by the SQL function `"user".join_organization`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserCreated {
    /// The person.
    pub user_id: IdentityId,
}

impl Event for UserCreated {
    const TYPE: &'static str = "user.user.created";
    fn aggregate_id(&self) -> Uuid {
        self.user_id.0
    }
}

/// Declares an event about one membership: who it is, and the roles that they hold now.
macro_rules! member_event {
    ($(#[$doc:meta])* $name:ident, $type:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// The membership.
            pub membership_id: MembershipId,
            /// The person.
            pub user_id: IdentityId,
            /// The roles that they hold, upper snake.
            #[schemars(with = "Vec<String>")]
            pub roles: Vec<Role>,
        }

        impl Event for $name {
            const TYPE: &'static str = $type;
            fn aggregate_id(&self) -> Uuid {
                self.membership_id.0
            }
        }
    };
}

member_event!(
    /// Somebody became a member. Written by the SQL function `"user".join_organization`.
    MemberJoined,
    "user.member.joined"
);
member_event!(
    /// A member holds other roles now.
    MemberRolesChanged,
    "user.member.roles_changed"
);
member_event!(
    /// A member may not come in for the time being.
    MemberSuspended,
    "user.member.suspended"
);
member_event!(
    /// A suspended member may come in again.
    MemberReactivated,
    "user.member.reactivated"
);
member_event!(
    /// Somebody is a member no more.
    MemberRemoved,
    "user.member.removed"
);
