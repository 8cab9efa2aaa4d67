//! Subgraphs that give prepared answers.

use async_graphql::Response;
use futures::StreamExt;
use graphql::Executable;
use router::{Subgraph, Transport};
use serde_json::Value;

use crate::Log;

/// A subgraph that answers each request with the first prepared answer whose words are in the request. Requests are
/// noted: its name, the document and the variables.
pub fn canned(name: &str, sdl: &str, answers: &[(&str, Value)], log: &Log) -> Subgraph {
    let answers: Vec<_> = answers.iter().map(|(words, data)| ((*words).to_owned(), data.clone())).collect();
    let (noted, log) = (name.to_owned(), log.clone());
    let executable = Executable::new(
        sdl,
        move |request| {
            let variables = serde_json::to_string(&request.variables).unwrap();
            log.lock().unwrap().push(format!("{noted} {} {variables}", request.query));
            let answer = answers.iter().find(|(words, _)| request.query.contains(words));
            let (_, data) = answer.unwrap_or_else(|| panic!("{noted} is not prepared for {}", request.query));
            let data = async_graphql::Value::from_json(data.clone()).unwrap();
            Box::pin(async move { Response::new(data) })
        },
        |_| futures::stream::empty().boxed(),
    );
    Subgraph { name: name.to_owned(), sdl: sdl.into(), transport: Transport::InProcess(executable) }
}

/// How the SDL of a federation's subgraph begins.
pub const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3",
    import: ["@key", "@shareable", "@external", "@requires", "@interfaceObject"]) "#;
