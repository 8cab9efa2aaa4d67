//! Lines of the log, written together: one call of the system for many lines. A line of the access log for each
//! request would otherwise cost as much as a small request itself.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait. What needs attention does not wait, and takes along what waited before it.
const DELAY: Duration = Duration::from_millis(100);

/// So many bytes do not wait.
const ENOUGH: usize = 64 * 1024;

/// A writer that gathers lines. Cheap to clone.
pub(super) struct Gathered<W>(Arc<Inner<W>>);

impl<W> Clone for Gathered<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Inner<W> {
    waiting: Mutex<Waiting<W>>,
    begun: Condvar,
}

struct Waiting<W> {
    bytes: Vec<u8>,
    out: W,
}

impl<W: Write> Waiting<W> {
    fn flush(&mut self) {
        // There is nobody left to tell that the log cannot be written.
        let _ = self.out.write_all(&self.bytes).and_then(|()| self.out.flush());
        self.bytes.clear();
    }
}

impl<W: Write + Send + 'static> Gathered<W> {
    /// Starts the thread that writes what has waited. It runs for as long as the program.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn start(out: W) -> io::Result<Self> {
        let waiting = Waiting { bytes: Vec::with_capacity(ENOUGH), out };
        let inner = Arc::new(Inner { waiting: Mutex::new(waiting), begun: Condvar::new() });
        let gathered = Self(inner);
        let writing = gathered.clone();
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writing.write_in_time())?;
        Ok(gathered)
    }

    fn write_in_time(&self) {
        loop {
            let waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let is_empty = |waiting: &mut Waiting<W>| waiting.bytes.is_empty();
            drop(self.0.begun.wait_while(waiting, is_empty));
            std::thread::sleep(DELAY);
            self.flush();
        }
    }

    /// Writes what waits.
    pub fn flush(&self) {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).flush();
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.bytes.is_empty() && !is_urgent {
            self.0.begun.notify_one();
        }
        waiting.bytes.extend_from_slice(line);
        if is_urgent || waiting.bytes.len() >= ENOUGH {
            waiting.flush();
        }
    }
}

/// Where one event's line goes.
pub(super) struct Line<W> {
    gathered: Gathered<W>,
    is_urgent: bool,
}

impl<W: Write + Send + 'static> Write for Line<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.add(bytes, self.is_urgent);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.gathered.flush();
        Ok(())
    }
}

impl<'a, W: Write + Send + 'static> MakeWriter<'a> for Gathered<W> {
    type Writer = Line<W>;

    fn make_writer(&'a self) -> Line<W> {
        Line { gathered: self.clone(), is_urgent: true }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<W> {
        Line { gathered: self.clone(), is_urgent: *event.level() <= Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Counts how often it is written to.
    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<String>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_together_and_soon() {
        let out = Out::default();
        let gathered = Gathered::start(out.clone()).unwrap();
        let started_at = Instant::now();
        gathered.add(b"one\n", false);
        gathered.add(b"two\n", false);
        while out.0.lock().unwrap().concat() != "one\ntwo\n" {
            assert!(started_at.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(started_at.elapsed() >= DELAY);
    }

    #[test]
    fn what_needs_attention_is_written_at_once_with_what_came_before() {
        let out = Out::default();
        let gathered = Gathered::start(out.clone()).unwrap();
        gathered.add(b"one\n", false);
        gathered.add(b"warning\n", true);
        assert_eq!(out.0.lock().unwrap().concat(), "one\nwarning\n");
    }

    #[test]
    fn much_does_not_wait() {
        let out = Out::default();
        let gathered = Gathered::start(out.clone()).unwrap();
        for _ in 0..ENOUGH / 16 {
            gathered.add(b"sixteen letters\n", false);
        }
        assert_eq!(out.0.lock().unwrap().concat().len(), ENOUGH);
    }
}
