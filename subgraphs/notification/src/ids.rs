//! The ids of this module's nouns.

use common::id;
use uuid::Uuid;

pub use common::MembershipId;

id!(
    /// One notification; later ones of a recipient have greater ids.
    NotificationId
);

impl NotificationId {
    /// Before every other.
    pub(crate) const FIRST: Self = Self(Uuid::nil());

    /// A fresh id that is greater than the recipient's newest, also when another machine's clock is ahead.
    pub(crate) fn after(newest: Option<Self>) -> Self {
        let fresh = Self::new();
        match newest {
            Some(newest) if newest >= fresh => Self(Uuid::from_u128(newest.0.as_u128().saturating_add(1))),
            _ => fresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_greater_than_the_newest_even_if_that_one_is_from_the_future() {
        let future: NotificationId = "ffffffff-0000-7000-8000-000000000009".parse().unwrap();
        assert_eq!(NotificationId::after(Some(future)).to_string(), "ffffffff-0000-7000-8000-00000000000a");
        let past = NotificationId::new();
        assert!(NotificationId::after(Some(past)) > past);
    }
}
