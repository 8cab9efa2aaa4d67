//! What services say when they are asked whether they are ready.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, StatusCode, Url};
use serde_json::Value;
use service::Settings;

use super::Answer;
use crate::Failure;
use crate::addresses::{Addresses, ROUTER_PORT};

/// How long a service may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// What a service says.
#[derive(Debug)]
pub(crate) struct Readiness {
    /// The answer's status.
    pub(crate) status: StatusCode,
    /// Its body: a word or a reason of a module's, JSON of the router's.
    pub(crate) said: String,
}

/// Asks the service at a place whether it is ready.
///
/// # Errors
/// A sentence, when nobody answers in time.
pub(crate) async fn ask(client: ClientBuilder, url: &Url, within: Duration) -> Result<Readiness, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::of(&format!("at {url}"), error);
    let place = url.join("health/ready").map_err(|error| failed(&error))?;
    let client = client.timeout(within).build().map_err(|error| failed(&error))?;
    let answer = client.get(place).send().await.map_err(|error| failed(&error))?;
    let status = answer.status();
    let said = answer.text().await.map_err(|error| failed(&error))?;
    Ok(Readiness { status, said: said.trim().to_owned() })
}

/// What a module says of itself. It is asked directly, as the router asks.
pub(super) async fn module(url: &Url) -> Answer {
    match ask(Client::builder().no_proxy(), url, ANSWERS_WITHIN).await {
        Err(failure) => Answer::wrong(failure),
        Ok(Readiness { status, said }) if status.is_success() => Answer::fine(format!("at {url}, {said}")),
        Ok(Readiness { status, said }) => Answer::wrong(format!("at {url}, not ready ({status}): {said}")),
    }
}

/// What the router says of itself, with its alarms.
pub(super) async fn router(settings: &Settings, addresses: &Addresses) -> Answer {
    let asked = async {
        let url = addresses.url("router", ROUTER_PORT, settings.host)?;
        let Readiness { status, said } = ask(Client::builder(), &url, ANSWERS_WITHIN).await?;
        let body: Value =
            serde_json::from_str(&said).map_err(|error| Failure::of(&format!("at {url}"), error))?;
        Ok::<_, Failure>((url, status, body))
    };
    match asked.await {
        Err(failure) => Answer::wrong(failure),
        Ok((url, status, body)) => {
            let alarms = body["alarms"].as_array().filter(|alarms| !alarms.is_empty());
            let alarms = alarms.map(|alarms| Value::from(alarms.clone()).to_string());
            match (status.is_success(), alarms) {
                (true, None) => Answer::fine(format!("at {url}, ready")),
                (true, Some(alarms)) => Answer::beware(format!("at {url}, ready, with alarms: {alarms}")),
                (false, alarms) => Answer::wrong(format!(
                    "at {url}, {} ({status}) {}",
                    body["status"].as_str().unwrap_or("not ready"),
                    alarms.unwrap_or_default()
                )),
            }
        }
    }
}
