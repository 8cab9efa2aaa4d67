//! Logs: one JSON line per event in production, readable lines in development; to Fluentd as well, and traces, where such
//! are named.

mod formats;
mod forward;
mod gathered;
mod traces;

use std::io::{IsTerminal as _, Stderr};

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use self::formats::{Json, Readable};
use self::forward::Forward;
use self::gathered::Gathered;

pub use forward::{Forwarded, forwarded};
pub use traces::{Collector, TARGET, Traces};

/// How careful the process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// For laptops: GraphiQL and introspection are open, secrets may be generated.
    #[default]
    Development,
    /// For everything else: nothing is generated, nothing is open.
    Production,
}

/// Where events and spans go to. To be flushed before the program ends.
pub struct Outlets {
    log: Gathered<Stderr>,
    forward: Option<Forward>,
    traces: Traces,
}

impl Outlets {
    /// Writes and sends what has not been yet. Spans that have not ended are lost.
    pub async fn flush(&self) {
        self.traces.flush().await;
        if let Some(forward) = &self.forward {
            forward.flush().await;
        }
        self.log.flush();
    }
}

/// The target of spans that say which request an event belongs to: `request_id`, `trace_id`, `organization_id`,
/// `user_id`. Every line that is written within one has them.
pub const REQUEST: &str = "request";

/// What a program says of itself, and where to.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// How its lines look.
    pub profile: Profile,
    /// What it is called, in logs and traces.
    pub service_name: String,
    /// Who collects traces, if anybody does.
    pub collector: Option<Collector>,
    /// Where Fluentd listens, as in `127.0.0.1:24224`, if the log is to go there as well.
    pub fluentd: Option<String>,
}

/// Starts logging to standard error, and to Fluentd where one is named, and sending traces where a collector is. `RUST_LOG`
/// chooses what is logged; when it is not set, development shows what needs attention and how the program starts and ends,
/// and production everything of interest, a line per request included. To be called on the runtime that is to send.
///
/// # Errors
/// A sentence, when the collector or Fluentd has no address, or when there can be no thread that writes.
pub fn start(config: &Config) -> Result<Outlets, String> {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;

    let stderr = std::io::stderr();
    let is_terminal = stderr.is_terminal();
    let log = Gathered::start(stderr).map_err(|error| error.to_string())?;
    let forward = config.fluentd.as_ref().map(|address| Forward::start(address, &config.service_name));
    let forward = forward.transpose()?;
    let traces = match &config.collector {
        Some(collector) => Traces::start(collector, &config.service_name, tokio::runtime::Handle::current())?,
        None => Traces::none(),
    };
    // Starting twice, as tests do, is no fault.
    let logs = logs(config, lines(config, is_terminal, log.clone()), forward.clone());
    let _ = tracing_subscriber::registry().with(logs).with(traces.layer()).try_init();
    Ok(Outlets { log, forward, traces })
}

/// All that shows events, behind one filter: there is no way past it.
fn logs<S>(
    config: &Config,
    lines: Box<dyn Layer<S> + Send + Sync>,
    forward: Option<Forward>,
) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let is_development = config.profile == Profile::Development;
    let usual = if is_development { "warn,innoerp=info" } else { "info,sqlx=warn" };
    let chosen = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let forward = forward.map(|forward| json(config, forward));
    // One filter of two conditions: of two filters, one around the other, the registry takes each for somebody who may want
    // what the other one refuses, and makes every span of every library.
    let silent = filter_fn(|event| !tells_secrets(event)).with_max_level_hint(LevelFilter::TRACE);
    lines.and_then(forward).with_filter(chosen.and(silent))
}

/// Libraries that show what goes over the wire, tokens and passwords included, to whoever asks for their details.
const WIRES: [&str; 9] = [
    "tungstenite",
    "tokio_tungstenite",
    "h2",
    "hyper",
    "hyper_util",
    "reqwest",
    "rustls",
    "tower",
    "object_store",
];

/// Whether an event may have secrets in it: the details of a library that carries them. No setting shows these.
fn tells_secrets(event: &Metadata<'_>) -> bool {
    let library = event.target().split("::").next().unwrap_or_default();
    *event.level() > Level::INFO && WIRES.contains(&library)
}

/// Writes events as the profile wants them.
fn lines<S, W>(config: &Config, is_terminal: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    match config.profile {
        Profile::Development => {
            let layer = tracing_subscriber::fmt::layer().with_ansi(is_terminal).with_writer(writer);
            layer.event_format(Readable::default()).boxed()
        }
        Profile::Production => json(config, writer).boxed(),
    }
}

/// Writes events as lines of JSON.
fn json<S, W>(config: &Config, writer: W) -> impl Layer<S> + Send + Sync + use<S, W>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    layer.event_format(Json::of(&config.service_name)).fmt_fields(JsonFields::new())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What a profile writes of an ordinary event, one in a request and one of the access log.
    fn written(profile: Profile) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        let config = Config { profile, service_name: "here".to_owned(), ..Config::default() };
        let layer = lines(&config, false, move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(target: "access", "{}", r#"{"target":"access","status":200}"#);
            tracing::warn!(module = "leave", service = "elsewhere", "something \"happened\"");
            let nobody: Option<&str> = None;
            let span = tracing::error_span!(target: REQUEST, "request", request_id = "r1", user_id = nobody);
            span.in_scope(|| tracing::error!(count = 3_u64, request_id = "r2", codes = ?["A"], "it failed"));
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_line_of_production_is_json_with_its_service_the_access_log_as_it_came() {
        let lines = written(Profile::Production);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], r#"{"service":"here","target":"access","status":200}"#);
        let other: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
        assert_eq!((&other["module"], &other["level"]), (&"leave".into(), &"WARN".into()));
        assert_eq!(other["message"], "something \"happened\"");
        assert_eq!((&other["service"], &other["target"]), (&"here".into(), &"telemetry::tests".into()));
        assert!(other["timestamp"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 27));
    }

    #[test]
    fn a_line_says_which_request_it_belongs_to_and_nothing_that_is_not_known() {
        let lines = written(Profile::Production);
        let line: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&lines[2]).unwrap();
        // What the event itself says is nearer.
        assert_eq!((&line["request_id"], &line["count"]), (&"r2".into(), &3.into()));
        assert_eq!((&line["message"], &line["codes"]), (&"it failed".into(), &"[\"A\"]".into()));
        assert!(!line.contains_key("user_id"));
    }

    #[test]
    fn lines_of_development_are_for_people() {
        let lines = written(Profile::Development);
        assert_eq!(lines[0], r#"{"target":"access","status":200}"#);
        assert!(lines[1].contains("WARN something \"happened\" module=\"leave\""), "{}", lines[1]);
        assert!(lines[2].contains("request{request_id=\"r1\"}: it failed"), "{}", lines[2]);
    }

    #[test]
    fn spans_and_events_that_nobody_asks_for_are_never_made() {
        let config = Config { profile: Profile::Production, ..Config::default() };
        let layer = logs(&config, lines(&config, false, std::io::sink), None);
        let subscriber = tracing_subscriber::registry().with(layer).with(Traces::none().layer());
        tracing::subscriber::with_default(subscriber, || {
            assert!(tracing::trace_span!(target: TARGET, "request").is_disabled());
            assert!(tracing::debug_span!("a library's").is_disabled());
            assert!(!tracing::enabled!(Level::DEBUG));
            assert!(tracing::enabled!(Level::INFO));
            assert!(!tracing::error_span!(target: REQUEST, "request").is_disabled());
        });
    }

    #[test]
    fn what_is_forwarded_has_passed_the_filter_of_the_log() {
        let config = Config::default();
        // Nobody listens there: what is taken in stays.
        let forward = Forward::start("127.0.0.1:1", "here").unwrap();
        let layer = logs(&config, lines(&config, false, std::io::sink), Some(forward.clone()));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::debug!(target: "hyper::proto", "authorization: Bearer abc");
            tracing::trace!(target: "reqwest", "a body");
            assert_eq!(forward.left(), 0);
            tracing::error!("something for everybody");
            assert_eq!(forward.left(), 1);
        });
    }
}
