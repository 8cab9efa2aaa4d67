//! Whose an error is: told to developers, and to nobody else.

use router::{Config, Profile};
use serde_json::json;

use crate::toys::{App, config};

#[tokio::test]
async fn errors_name_their_subgraph_in_development_only() {
    for (profile, named) in [(Profile::Development, Some("user")), (Profile::Production, None)] {
        let app = App::start_with(Config { profile, ..config() }).await;
        let (_, body) = app.send(app.post("{ faults(count: 1) { id told } }")).await;
        let error = &body["errors"][0];
        assert_eq!(error["path"], json!(["faults", 0, "told"]), "{body}");
        assert_eq!(error["extensions"]["serviceName"].as_str(), named, "{profile:?}: {body}");
        let events = app.post("subscription { broken }").header("accept", "text/event-stream");
        let first = events.send().await.unwrap().chunk().await.unwrap().unwrap();
        let first = String::from_utf8_lossy(&first);
        assert!(first.contains("it broke"), "{first}");
        assert_eq!(first.contains(r#""serviceName":"user""#), named.is_some(), "{profile:?}: {first}");
    }
}
