//! Logs: one JSON line per event in production, readable lines in development. Traces, where a collector is named.

mod gathered;
mod traces;

use std::fmt;
use std::io::{IsTerminal as _, Stderr};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::{Format, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use self::gathered::Gathered;

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
    traces: Traces,
}

impl Outlets {
    /// Writes and sends what has not been yet. Spans that have not ended are lost.
    pub async fn flush(&self) {
        self.traces.flush().await;
        self.log.flush();
    }
}

/// The target of the router's access log, whose events are whole lines of JSON.
const ACCESS: &str = "access";

/// Starts logging to standard error, and sending traces where a collector is named. `RUST_LOG` chooses what is
/// logged; when it is not set, development shows what needs attention and how the program starts and ends, and
/// production everything of interest, a line per request included. To be called on the runtime that is to send.
///
/// # Errors
/// A sentence, when the collector has no address, or when there can be no thread that writes.
pub fn start(profile: Profile, collector: Option<Collector>) -> Result<Outlets, String> {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;

    let usual = if profile == Profile::Development { "warn,innoerp=info" } else { "info,sqlx=warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let stderr = std::io::stderr();
    let is_terminal = stderr.is_terminal();
    let log = Gathered::start(stderr).map_err(|error| error.to_string())?;
    let logs = logs(profile, is_terminal, log.clone());
    let traces = match collector {
        Some(collector) => Traces::start(&collector, tokio::runtime::Handle::current())?,
        None => Traces::none(),
    };
    // Starting twice, as tests do, is no fault.
    let logs = logs.with_filter(filter).with_filter(filter_fn(|event| !tells_secrets(event)));
    let _ = tracing_subscriber::registry().with(logs).with(traces.layer()).try_init();
    Ok(Outlets { log, traces })
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
fn logs<S, W>(profile: Profile, is_terminal: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_ansi(is_terminal).with_writer(writer);
    let format = Format::default();
    match profile {
        Profile::Development => layer.event_format(Lines(format.with_target(false))).boxed(),
        Profile::Production => {
            let format = format.json().flatten_event(true);
            layer.event_format(Lines(format)).fmt_fields(JsonFields::new()).boxed()
        }
    }
}

/// A format that lets the access log's lines through as they are.
struct Lines<F>(Format<F>);

impl<S, N, F> FormatEvent<S, N> for Lines<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    Format<F>: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() != ACCESS {
            return self.0.format_event(context, writer, event);
        }
        let mut line = Line { writer: &mut writer, written: Ok(()) };
        event.record(&mut line);
        line.written?;
        writeln!(writer)
    }
}

/// Writes an event's message.
struct Line<'a, 'writer> {
    writer: &'a mut Writer<'writer>,
    written: fmt::Result,
}

impl Visit for Line<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.written = write!(self.writer, "{value:?}");
        }
    }
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

    /// What a profile writes of an ordinary event and one of the access log.
    fn written(profile: Profile) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::registry().with(logs(profile, false, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "access", "{}", r#"{"target":"access","status":200}"#);
            tracing::warn!(module = "leave", "something \"happened\"");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_line_of_production_is_json_the_access_log_as_it_came() {
        let lines = written(Profile::Production);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], r#"{"target":"access","status":200}"#);
        let other: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
        assert_eq!((&other["module"], &other["level"]), (&"leave".into(), &"WARN".into()));
        assert_eq!(other["message"], "something \"happened\"");
    }

    #[test]
    fn lines_of_development_are_for_people() {
        let lines = written(Profile::Development);
        assert_eq!(lines[0], r#"{"target":"access","status":200}"#);
        assert!(lines[1].contains("WARN something \"happened\" module=\"leave\""), "{}", lines[1]);
    }
}
