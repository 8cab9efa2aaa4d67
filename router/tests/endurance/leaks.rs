//! Nothing is left of clients that have gone: no subscription at the router or a subgraph, no task, no socket.

use std::time::{Duration, Instant};

use crate::counted::{Live, Place};
use crate::cycles::{self, CLIENTS};
use crate::process::{Held, resident_mib, turn};
use crate::toys::{App, config, sources};

/// How soon after the last client has gone all that it had is gone, too.
const SOON: Duration = Duration::from_secs(10);
/// What memory may grow by, for what is kept on purpose and by the allocator. Ten kilobytes lost in each of three
/// thousand cycles would be more.
const GROWTH_MIB_MAX: usize = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_subscribers_to_subgraphs_in_this_process() {
    come_and_go(Place::Here, 3_400).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_subscribers_to_subgraphs_over_websockets() {
    come_and_go(Place::WebSocket, 3_300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_subscribers_to_subgraphs_over_event_streams() {
    come_and_go(Place::EventStream, 3_300).await;
}

async fn come_and_go(place: Place, count: usize) {
    let _turn = turn().await;
    let live = Live::default();
    let mut settings = config();
    // A client that was still counted would soon take the place of another.
    settings.subscriptions.sockets_per_user_max = 2 * CLIENTS;
    let app = App::serve(settings, place.of(sources(), &live).await).await;
    app.ready().await;
    cycles::run(app.address, 4 * CLIENTS).await;
    live.becomes(0, SOON).await;
    let (before, memory) = (Held::settled().await, resident_mib());

    let begun = Instant::now();
    cycles::run(app.address, count).await;
    println!("{place:?}: {count} cycles in {:?}", begun.elapsed());

    live.becomes(0, SOON).await;
    Held::returns_to(before, SOON).await;
    assert!(gauges(&app).is_empty(), "the router counts as open what is not: {:?}", gauges(&app));
    let grown = resident_mib().saturating_sub(memory);
    println!("{place:?}: {before:?} before and after; memory grew by {grown} of {memory} MiB");
    assert!(grown <= GROWTH_MIB_MAX, "memory grew by {grown} MiB, from {memory}");
}

/// The router's gauges of what is open, those that are not at nought.
fn gauges(app: &App) -> Vec<String> {
    let page = app.router.metrics();
    let of = ["router_subscriptions{", "router_requests_in_flight ", "router_connections "];
    let open = page.lines().filter(|line| of.iter().any(|name| line.starts_with(name)));
    let open: Vec<&str> = open.collect();
    // All protocols have been seen, so each has its gauge.
    assert_eq!(open.len(), 5, "{page}");
    open.into_iter().filter(|line| !line.ends_with(" 0")).map(str::to_owned).collect()
}
