//! What operators do with log-ins until mail goes out: links that prove an address, each in the trail.

use clap::Subcommand;
use database::{Access, Database, Host};
use service::Settings;

use crate::{Failure, cause, modules, places};

/// What operators do with log-ins.
#[derive(Clone, Debug, Subcommand)]
pub enum AuthVerb {
    /// Print a link by which somebody who is invited joins. It proves their address: send it there, and nowhere else
    InviteLink {
        /// The organization's subdomain
        #[arg(long)]
        organization: String,
        /// The mail address that is invited
        #[arg(long)]
        email: String,
    },
    /// Print a link by which a person gets a new password. It proves their address: send it there, and nowhere else
    ResetLink {
        /// The mail address that the person logs in with
        #[arg(long)]
        email: String,
    },
}

/// Does it, and prints the link.
///
/// # Errors
/// A sentence: no database, no such organization, invitation or person.
pub async fn run(settings: &Settings, verb: AuthVerb) -> Result<(), Failure> {
    let settings = &places::with_database(settings.clone()).await?;
    let url = settings.database_url.as_ref().ok_or_else(|| Failure("DATABASE_URL is not set".into()))?;
    let database = Database::connect(url, None, 2, common::Clock::default(), settings.database_pooler)
        .await
        .map_err(|error| Failure::of("the database cannot be reached", cause(&error)))?;
    let made = make(settings, &database, verb).await;
    database.close().await;
    println!("{}", made?);
    Ok(())
}

async fn make(settings: &Settings, database: &Database, verb: AuthVerb) -> Result<String, Failure> {
    let failed = |error: common::Error| Failure(cause(&error));
    match verb {
        AuthVerb::InviteLink { organization, email } => {
            let access = Access::new(database.clone(), modules::core()).open_to_everybody(modules::open());
            let Some(Host::Organization(id)) = access.host(&organization).await.map_err(failed)? else {
                return Err(Failure(format!("there is no organization {organization}")));
            };
            let token = user::send_invitation(database, id, &email).await.map_err(failed)?;
            let token = token.ok_or_else(|| Failure(format!("nobody is invited by the address {email}")))?;
            Ok(link(settings, Some(&organization), "invitation", &token))
        }
        AuthVerb::ResetLink { email } => {
            let token = auth::send_reset(database, &email).await.map_err(failed)?;
            let token = token.ok_or_else(|| Failure(format!("nobody logs in with the address {email}")))?;
            Ok(link(settings, None, "password-reset", &token))
        }
    }
}

/// Where the web client takes a token; the token alone where no domain is set. Behind the `#`, for what stands there is
/// sent to no server and written to no log.
fn link(settings: &Settings, subdomain: Option<&str>, path: &str, token: &str) -> String {
    match (&settings.base_domain, subdomain) {
        (None, _) => token.to_owned(),
        (Some(domain), None) => format!("https://{domain}/{path}#{token}"),
        (Some(domain), Some(subdomain)) => format!("https://{subdomain}.{domain}/{path}#{token}"),
    }
}
