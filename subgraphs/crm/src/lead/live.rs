//! Leads as they are given to somebody.

use std::future::ready;

use async_graphql::{Context, Subscription};
use common::Result;
use futures::{Stream, StreamExt as _};
use graphql::App as _;
use kafka::Changes;
use service::{Seen, look_at_what_is_told_of};

use super::model::Lead;
use crate::ids::LeadId;

service::change! {
    /// A lead that was given to the caller a moment ago, or, without an id, the news that many may have been.
    LeadAssignment of Lead {
        /// The id of the lead that was given. Null where many were at once or a moment was missed: whoever shows leads loads
        /// them again.
        id: LeadId,
        /// The lead as it is now.
        lead,
    }
}

/// What is told of when somebody else looks after a lead, and of nothing else.
const TOLD_OF: &str = "crm.lead_owner";

/// Subscriptions to leads.
#[derive(Default)]
pub struct LeadSubscription;

#[Subscription]
impl LeadSubscription {
    /// The leads that the caller looks after from this moment on, each when it was given: by a rule, a web form, a file, by
    /// somebody, or because the caller has made it. It does not say what happened before: first subscribe, then load.
    async fn lead_assigned(
        &self,
        gql: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<LeadAssignment>> + use<>> {
        let app = gql.app();
        let changes = gql.data_unchecked::<Changes>();
        let seen = look_at_what_is_told_of::<Lead>(app, changes, TOLD_OF, None).await?;
        let me = app.member()?.membership_id;
        // Whoever was given it may have lost it since; what is another's is told to that one.
        let is_mine = move |seen: &Result<Seen<Lead>>| match seen {
            Ok(Seen::Changed(lead)) => lead.owner_membership_id == Some(me),
            Ok(Seen::Gone(_)) => false,
            Ok(Seen::Anything) | Err(_) => true,
        };
        Ok(seen.filter(move |seen| ready(is_mine(seen))).map(|seen| seen.map(LeadAssignment::from)))
    }
}
