//! The three core modules, and clients that are known by their tokens alone, as they are over HTTP.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::Utc;
use common::RequestContext;
use database::Access;
use graphql::Executable;
use serde_json::{Value, json};
use service::{Gate, KeySet};
use sqlx::Connection as _;
use testing::{Answer, App};
use tokio::net::TcpListener;

/// The modules, with auth's key set served.
pub struct World {
    /// The modules.
    pub app: App,
    keys: KeySet,
    modules: Vec<(&'static str, Executable)>,
    /// The organization whose host name everything is sent to, if it says one.
    pub host: Option<common::OrganizationId>,
}

/// A password that is good.
pub const PASSWORD: &str = "heron-basket-42";

impl World {
    /// Starts the modules, at the present: the database and the check of tokens go by the clock on the wall.
    pub async fn start() -> Self {
        let app = App::start(vec![auth::subgraph(), tenant::subgraph(), user::subgraph()]).await;
        app.clock.advance(Utc::now() - app.clock.now());
        let routes = (auth::subgraph().routes.unwrap())(app.runtime());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys = KeySet::new(&format!("http://{}/.well-known/jwks.json", listener.local_addr().unwrap()));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let subgraphs = [auth::subgraph(), tenant::subgraph(), user::subgraph()];
        let modules =
            subgraphs.iter().map(|subgraph| (subgraph.id, (subgraph.executable)(app.runtime()))).collect();
        Self { app, keys, modules, host: None }
    }

    /// The same modules, where whoever invites is shown no token.
    pub async fn start_in_production() -> Self {
        let mut world = Self::start().await;
        let runtime = service::Runtime { shows_invitation_tokens: false, ..world.app.runtime().clone() };
        let subgraphs = [auth::subgraph(), tenant::subgraph(), user::subgraph()];
        world.modules =
            subgraphs.iter().map(|subgraph| (subgraph.id, (subgraph.executable)(&runtime))).collect();
        world
    }

    /// Runs an operation on a module as the bearer of a token, after the check that every service makes.
    pub async fn ask(&self, module: &str, token: Option<&str>, query: &str, variables: Value) -> Answer {
        self.ask_from(None, module, token, query, variables).await
    }

    /// The same, from an address.
    pub async fn ask_from(
        &self,
        address: Option<IpAddr>,
        module: &str,
        token: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Answer {
        let database = self.app.database.clone();
        let core = ["tenant", "auth", "user"].map(str::to_owned).into_iter().collect();
        // A new one each time: nothing is remembered from before.
        let gate = Gate::new(self.keys.clone(), Access::new(database, core));
        let caller = match gate.authenticate(token).await {
            Ok(caller) => caller,
            Err(error) => return Answer(serde_json::to_value(graphql::error::refuse(error)).unwrap()),
        };
        let context = RequestContext {
            caller,
            client_address: address,
            host_organization: self.host,
            user_agent: Some(Arc::from("a browser")),
            ..RequestContext::anonymous("test")
        };
        let (_, executable) = self.modules.iter().find(|(id, _)| *id == module).unwrap();
        let request = async_graphql::Request::new(query)
            .variables(async_graphql::Variables::from_json(variables))
            .data(context);
        let response = executable.execute(request).await;
        Answer(serde_json::to_value(response).unwrap())
    }

    /// Signs up with a good password.
    pub async fn sign_up(&self, subdomain: &str, email: &str) -> Answer {
        const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) {
            session { accessToken refreshToken expiresAt } organization { id subdomain }
            userErrors { field code message } } }";
        let input = json!({ "organizationName": "Acme", "subdomain": subdomain, "ownerName": "Olivia",
            "email": email, "password": PASSWORD, "industryCode": "software" });
        self.ask("auth", None, SIGN_UP, json!({ "input": input })).await
    }

    /// Logs in.
    pub async fn log_in(&self, email: &str, password: &str, organization_id: Option<&str>) -> Answer {
        self.log_in_from(None, email, password, organization_id).await
    }

    /// Logs in, from an address.
    pub async fn log_in_from(
        &self,
        address: Option<IpAddr>,
        email: &str,
        password: &str,
        organization_id: Option<&str>,
    ) -> Answer {
        const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) {
            session { accessToken refreshToken expiresAt } organizations { id name subdomain }
            userErrors { field code message } } }";
        let input = json!({ "email": email, "password": password, "organizationId": organization_id });
        self.ask_from(address, "auth", None, LOG_IN, json!({ "input": input })).await
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        const REFRESH: &str = "mutation($token: String!) { sessionRefresh(input: { refreshToken: $token }) {
            session { accessToken refreshToken } userErrors { code } } }";
        self.ask("auth", None, REFRESH, json!({ "token": refresh_token })).await
    }

    /// Who the bearer of a token is.
    pub async fn me(&self, token: &str) -> Answer {
        const ME: &str = "{ me { user { displayName email } membership { id roles } organization { id }
            organizations { subdomain } } }";
        self.ask("user", Some(token), ME, json!({})).await
    }

    /// A connection that sees everything.
    pub async fn admin(&self) -> sqlx::PgConnection {
        sqlx::PgConnection::connect(&self.app.admin_url).await.unwrap()
    }
}

/// The access and the refresh token in an answer.
pub fn tokens(answer: Answer) -> (String, String) {
    let data = answer.ok();
    let session = &data.as_object().unwrap().values().next().unwrap()["session"];
    let text =
        |name: &str| session[name].as_str().unwrap_or_else(|| panic!("no session: {data:#}")).to_owned();
    (text("accessToken"), text("refreshToken"))
}
