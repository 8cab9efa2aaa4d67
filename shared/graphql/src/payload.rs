//! What mutations answer: the thing, or the reasons why not.

use async_graphql::SimpleObject;
use common::Refusal;

/// A business rule's no, for the form that was filled in.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
#[graphql(shareable)]
pub struct UserError {
    /// The input field that it is about; null when it is about the whole.
    pub field: Option<String>,
    /// A code that never changes.
    pub code: String,
    /// A sentence that the user can act on.
    pub message: String,
}

impl From<Refusal> for UserError {
    fn from(refusal: Refusal) -> Self {
        Self {
            field: refusal.field.map(ToOwned::to_owned),
            code: refusal.code.to_owned(),
            message: refusal.message,
        }
    }
}

/// Declares what a mutation answers: one nullable field, and `userErrors`.
///
/// ```text
/// payload!(/// What approving answers. LeaveRequestApprovePayload { /// The request. request: LeaveRequest });
/// LeaveRequestApprovePayload::of(request::approve(gql.app(), id).await)
/// ```
/// `of` turns refusals into `userErrors` and lets every other error pass.
#[macro_export]
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $type:ty $(,)? }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$field_doc])*
            pub $field: Option<$type>,
            /// Why nothing was done; empty when it was.
            pub user_errors: Vec<$crate::UserError>,
        }

        impl $name {
            /// The payload of a use-case's result.
            ///
            /// # Errors
            /// Every error but refusals.
            pub fn of(result: common::Result<impl Into<$type>>) -> common::Result<Self> {
                match result {
                    Ok(done) => Ok(Self { $field: Some(done.into()), user_errors: Vec::new() }),
                    Err(common::Error::Refused(refusals)) => Ok(Self {
                        $field: None,
                        user_errors: refusals.into_iter().map(Into::into).collect(),
                    }),
                    Err(error) => Err(error),
                }
            }
        }
    };
}
