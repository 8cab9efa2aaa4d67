//! Contacts as they change.

use async_graphql::{Context, Subscription};
use common::Result;
use futures::{Stream, StreamExt as _};
use graphql::{App as _, check_bulk};
use kafka::Changes;
use service::look_at;

use super::Contact;
use crate::ids::ContactId;

service::change! {
    /// A contact that has changed a moment ago, or, without an id, the news that many have.
    ContactChange of Contact {
        /// The id of the contact that has changed. Null where many changed at once or a moment was missed: whoever shows
        /// contacts loads them again.
        id: ContactId,
        /// The contact as it is now; null where it is gone, or no longer the caller's to see.
        contact,
    }
}

/// Subscriptions to contacts.
#[derive(Default)]
pub struct ContactSubscription;

#[Subscription]
impl ContactSubscription {
    /// The contacts that the caller may see, each when it was created, changed, archived, merged or erased. It does not say
    /// what happened before: first subscribe, then load.
    async fn contact_changed(
        &self,
        gql: &Context<'_>,
        #[graphql(
            desc = "The ids of the contacts that are shown, 1 to 500: only of these the caller is told, also when they are \
                    gone. Of all when absent."
        )]
        ids: Option<Vec<ContactId>>,
    ) -> Result<impl Stream<Item = Result<ContactChange>> + use<>> {
        if let Some(ids) = &ids {
            check_bulk(ids.len())?;
        }
        let seen = look_at::<Contact>(gql.app(), gql.data_unchecked::<Changes>(), ids).await?;
        Ok(seen.map(|seen| seen.map(ContactChange::from)))
    }
}
