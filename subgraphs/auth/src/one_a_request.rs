//! One password in a request: a request that tries twenty would be counted as one by whoever counts requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{Pos, ServerResult, Value};
use async_trait::async_trait;
use common::Error;

/// The mutations that hash or check a password.
const OF_PASSWORDS: [&str; 5] = ["signUp", "logIn", "invitationAccept", "passwordChange", "passwordReset"];

/// Lets the first of these mutations in a request through, and refuses the others.
pub(crate) struct OneARequest;

impl ExtensionFactory for OneARequest {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Seen(AtomicBool::new(false)))
    }
}

/// Whether there was one in this request.
struct Seen(AtomicBool);

#[async_trait]
impl Extension for Seen {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let is_of_passwords = info.parent_type == "Mutation" && OF_PASSWORDS.contains(&info.name);
        if is_of_passwords && self.0.swap(true, Ordering::Relaxed) {
            let refused = Error::validation("one password in a request: send one such mutation at a time");
            return Err(async_graphql::Error::new_with_source(refused).into_server_error(Pos::default()));
        }
        next.run(ctx, info).await
    }
}
