//! How a process hears that it is to end.

use std::sync::OnceLock;

use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use crate::Failure;

/// Set for processes whose standard input is held open by the one that started them: they end when it does, however that
/// ends.
pub(crate) const ENDS_WITH_STDIN: &str = "INNOERP_ENDS_WITH_STDIN";

/// Listens from now on, and completes when the process is asked to end: Ctrl-C, SIGTERM or SIGHUP, or the end of its standard
/// input where [`ENDS_WITH_STDIN`] is set. What was heard while nobody waited counts as well: nobody has to say it twice.
pub fn asked_to_end() -> WaitForCancellationFuture<'static> {
    static HEARD: OnceLock<CancellationToken> = OnceLock::new();
    HEARD.get_or_init(hear).cancelled()
}

/// Does what a start takes; answers nothing when the process is asked to end before that is done.
///
/// # Errors
/// As the start.
pub async fn unless_asked_to_end<T>(
    start: impl Future<Output = Result<T, Failure>>,
) -> Result<Option<T>, Failure> {
    tokio::select! { started = start => started.map(Some), () = asked_to_end() => Ok(None) }
}

fn hear() -> CancellationToken {
    use tokio::signal::unix::{SignalKind, signal};
    let heard = CancellationToken::new();
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    if let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
        (interrupt, terminate, signal(SignalKind::hangup()))
    {
        let token = heard.clone();
        tokio::spawn(async move {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, _ = hangup.recv() => {} }
            token.cancel();
        });
    }
    if std::env::var_os(ENDS_WITH_STDIN).is_some() {
        let token = heard.clone();
        // A thread of its own, which nobody waits for when the process ends by something else.
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            token.cancel();
        });
    }
    heard
}
