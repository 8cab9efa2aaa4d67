//! How the demo's people come in.

use serde_json::json;

use super::asking::{Caller, text};
use super::{LOG_INS, PASSWORD};
use crate::Failure;

/// Somebody who is logged in.
#[derive(Clone)]
pub(super) struct LogIn {
    pub(super) caller: Caller,
    /// The id of their membership.
    pub(super) membership: String,
}

impl LogIn {
    async fn new(nobody: &Caller, token: &str) -> Result<Self, Failure> {
        let caller = nobody.with_token(token);
        let data = caller.ask("{ me { membership { id } } }", json!({})).await?;
        Ok(Self { membership: text(&data, "/me/membership/id")?, caller })
    }
}

/// Signs the demo's owner up with an organization; nobody when its subdomain is taken.
pub(super) async fn sign_up(nobody: &Caller, name: &str, subdomain: &str) -> Result<Option<LogIn>, Failure> {
    const SIGN_UP: &str = "mutation($input: SignUpInput!) {
        signUp(input: $input) { session { accessToken } userErrors { code message } } }";
    let input = json!({ "organizationName": name, "subdomain": subdomain, "ownerName": "Demo Owner",
        "email": LOG_INS[0].0, "password": PASSWORD, "industryCode": "services" });
    let answer = nobody.ask_anyhow(SIGN_UP, json!({ "input": input })).await;
    if answer["data"]["signUp"]["userErrors"][0]["code"] == "SUBDOMAIN_TAKEN" {
        return Ok(None);
    }
    let token = text(&answer, "/data/signUp/session/accessToken")?;
    LogIn::new(nobody, &token).await.map(Some)
}

/// Logs the demo's owner in to the organization with a subdomain, if it is theirs.
pub(super) async fn log_in_at(nobody: &Caller, subdomain: &str) -> Result<Option<Caller>, Failure> {
    const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) {
        session { accessToken } organizations { id subdomain } userErrors { message } } }";
    let mut input = json!({ "email": LOG_INS[0].0, "password": PASSWORD });
    let mut answer = nobody.ask_anyhow(LOG_IN, json!({ "input": input })).await;
    let organizations = answer["data"]["logIn"]["organizations"].take();
    let named = |organization: &&serde_json::Value| organization["subdomain"] == subdomain;
    if let Some(organization) = organizations.as_array().and_then(|all| all.iter().find(named)) {
        input["organizationId"] = organization["id"].clone();
        answer = nobody.ask_anyhow(LOG_IN, json!({ "input": input })).await;
    }
    let token = answer["data"]["logIn"]["session"]["accessToken"].as_str();
    Ok(token.map(|token| nobody.with_token(token)))
}

/// Invites people, each with a role; answers the tokens that they come in with.
pub(super) async fn invite(owner: &Caller, people: &[(String, &str)]) -> Result<Vec<String>, Failure> {
    const INVITE: &str = "mutation($rows: [MemberInviteInput!]!) {
        memberInviteBulk(rows: $rows) { results { token userErrors { field message } } userErrors { message } } }";
    let rows: Vec<_> =
        people.iter().map(|(email, role)| json!({ "email": email, "roles": [role] })).collect();
    let data = owner.ask(INVITE, json!({ "rows": rows })).await?;
    (0..people.len()).map(|at| text(&data, &format!("/memberInviteBulk/results/{at}/token"))).collect()
}

/// Accepts an invitation.
pub(super) async fn accept(nobody: &Caller, token: &str, name: &str) -> Result<LogIn, Failure> {
    const ACCEPT: &str = "mutation($input: InvitationAcceptInput!) {
        invitationAccept(input: $input) { session { accessToken } userErrors { message } } }";
    let input = json!({ "token": token, "displayName": name, "password": PASSWORD });
    let data = nobody.ask(ACCEPT, json!({ "input": input })).await?;
    LogIn::new(nobody, &text(&data, "/invitationAccept/session/accessToken")?).await
}
