//! Lines of the log, sent to Fluentd over its forward protocol.
//!
//! Whoever logs puts a line into a queue and goes on. A thread sends what waits, and holds on to it until Fluentd says
//! that it has it: what Fluentd or the way to it loses is sent again, and carries an id by which two are one.

mod chunk;
mod queue;

use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use self::chunk::Chunk;
use self::queue::{Batch, Bounds, Queue};

/// Fluentd's usual port.
const PORT: u16 = 24224;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long Fluentd may take to have written a chunk into its buffer.
const ACK_TIMEOUT: Duration = Duration::from_secs(30);
/// Between two tries, also while the program ends.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// Besides, the longer the more have failed.
const PAUSES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];
/// How long the program waits at its end for what is still to be sent.
const PATIENCE: Duration = Duration::from_secs(3);

/// What became of the lines that were to be forwarded, since the program began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// Fluentd has them.
    pub forwarded: u64,
    /// They were let go of, for Fluentd did not take them as fast as they came.
    pub dropped: u64,
}

/// What became of the lines that this program was to forward; `None` when it forwards none.
pub fn forwarded() -> Option<Forwarded> {
    STARTED.get().map(Forward::counts)
}

/// The one that the program's log goes through.
static STARTED: OnceLock<Forward> = OnceLock::new();

/// Takes lines to Fluentd. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Forward(Arc<Queue>);

impl Forward {
    /// Starts the thread that sends the program's log. It runs for as long as the program.
    ///
    /// # Errors
    /// A sentence, when the address is none, or when there can be no thread.
    pub fn start(address: &str, service: &str) -> Result<Self, String> {
        let forward = Self::to(address, service, Bounds::default(), Batch::default())?;
        // Starting twice, as tests do, is no fault.
        let _ = STARTED.set(forward.clone());
        Ok(forward)
    }

    fn to(address: &str, service: &str, bounds: Bounds, batch: Batch) -> Result<Self, String> {
        let address = with_port(address)?;
        let queue = Arc::new(Queue::new(bounds, batch));
        let sender = Sender { address, tag: tag(service), queue: queue.clone(), connection: None };
        let thread = std::thread::Builder::new().name("forward".to_owned());
        thread.spawn(move || sender.run()).map_err(|error| error.to_string())?;
        Ok(Self(queue))
    }

    fn counts(&self) -> Forwarded {
        Forwarded { forwarded: self.0.forwarded(), dropped: self.0.dropped() }
    }

    /// How many lines have not arrived yet.
    #[cfg(test)]
    pub fn left(&self) -> usize {
        self.0.end(Duration::ZERO)
    }

    /// Sends what waits, if that can be done in a moment, and says how much could not be.
    pub async fn flush(&self) {
        let queue = self.0.clone();
        let left = tokio::task::spawn_blocking(move || queue.end(PATIENCE)).await.unwrap_or_default();
        if left > 0 {
            tracing::warn!(lines = left, "the last lines of the log did not reach Fluentd");
        }
    }
}

/// An address with a port: Fluentd's own, where none is said.
fn with_port(address: &str) -> Result<String, String> {
    let url: reqwest::Url = format!("tcp://{address}")
        .parse()
        .map_err(|error| format!("FLUENTD_ADDRESS is no address such as 127.0.0.1:{PORT}: {error}"))?;
    let is_plain = url.path().is_empty() && url.query().is_none() && url.username().is_empty();
    match url.host_str() {
        Some(host) if is_plain => Ok(format!("{host}:{}", url.port().unwrap_or(PORT))),
        _ => Err(format!("FLUENTD_ADDRESS is no address such as 127.0.0.1:{PORT}: {address}")),
    }
}

/// Tags are words with dots between; Fluentd's configuration looks for `innoerp.**`.
fn tag(service: &str) -> String {
    let is_of_tag = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    let name: String = service.chars().map(|char| if is_of_tag(char) { char } else { '_' }).collect();
    format!("innoerp.{name}")
}

struct Sender {
    address: String,
    tag: String,
    queue: Arc<Queue>,
    connection: Option<TcpStream>,
}

impl Sender {
    fn run(mut self) {
        let mut told = 0;
        loop {
            let entries = self.queue.take();
            match Chunk::pack(&self.tag, &entries) {
                Ok(chunk) => self.send_until_it_arrives(&chunk),
                // Writing into memory does not fail.
                Err(error) => tracing::error!(%error, "lines of the log could not be packed"),
            }
            self.queue.arrived();
            let dropped = self.queue.dropped();
            if dropped > told {
                tracing::warn!(
                    lines = dropped - told,
                    "lines of the log were not forwarded: too many waited"
                );
                told = dropped;
            }
        }
    }

    fn send_until_it_arrives(&mut self, chunk: &Chunk) {
        for failures in 0_usize.. {
            let Err(error) = self.send(chunk) else {
                if failures > 0 {
                    tracing::info!(failures, "the log reaches Fluentd again");
                }
                return;
            };
            self.connection = None;
            // A connection that has ended meanwhile is no news: the second try has a new one.
            if failures == 1 {
                tracing::warn!(%error, address = self.address, "the log does not reach Fluentd, and waits");
            }
            std::thread::sleep(PAUSE_MIN);
            self.queue.pause(PAUSES[failures.min(PAUSES.len() - 1)]);
        }
    }

    fn send(&mut self, chunk: &Chunk) -> io::Result<()> {
        let stream = match &mut self.connection {
            Some(stream) => stream,
            none => none.insert(connect(&self.address)?),
        };
        stream.write_all(&chunk.message)?;
        chunk.acknowledged(stream)
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    // Asked for anew each time: where Fluentd is may change.
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
                stream.set_read_timeout(Some(ACK_TIMEOUT))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Where one event's line goes: the format writes a line as a whole.
pub(super) struct Line<'a>(&'a Queue);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Forward {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

#[cfg(test)]
mod tests;
