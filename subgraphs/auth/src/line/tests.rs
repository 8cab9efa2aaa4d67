//! Who is next, without a clock and without a password.

use std::pin::Pin;

use futures::FutureExt as _;
use futures::future::Fuse;

use super::*;
use crate::account::Account;

type Pending = Fuse<Pin<Box<dyn Future<Output = Result<Turn>> + Send>>>;

fn network(number: u8) -> Source {
    Source::network(Some([192, 0, 2, number].into()))
}

fn device(number: u128) -> Source {
    Source::Device(Uuid::from_u128(number))
}

/// Somebody who wants to be let in to an account of their own, as all in their network do.
fn knocker(source: Source) -> Knocker {
    let network = if let Source::Network(network) = source { network } else { None };
    let account = Account(network.map_or_else(Vec::new, |network| network.to_string().into_bytes()));
    Knocker { source, network, account }
}

fn pending(line: &Line, source: Source) -> Pending {
    pending_as(line, knocker(source))
}

fn pending_as(line: &Line, knocker: Knocker) -> Pending {
    let line = line.clone();
    let turn: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move { line.turn(knocker).await });
    turn.fuse()
}

/// Somebody who has come into the line.
fn come(line: &Line, source: Source) -> Pending {
    let mut pending = pending(line, source);
    assert!((&mut pending).now_or_never().is_none(), "the processor is busy");
    pending
}

/// Serves all who wait, one after the other, and answers in which order they came.
fn served(first: Turn, mut waiting: Vec<(&'static str, Pending)>) -> Vec<&'static str> {
    let (mut turn, mut order) = (Some(first), Vec::new());
    while turn.take().is_some() {
        let is_next = |(name, pending): &mut (&'static str, Pending)| {
            let turn = pending.now_or_never()?.ok()?;
            Some((*name, turn))
        };
        if let Some(at) = (0..waiting.len()).find_map(|at| is_next(&mut waiting[at]).map(|next| (at, next))) {
            let (at, (name, next)) = at;
            drop(waiting.remove(at));
            order.push(name);
            turn = Some(next);
        }
    }
    order
}

async fn busy(line: &Line) -> Turn {
    line.turn(knocker(Source::Member(IdentityId::new()))).await.unwrap()
}

#[tokio::test]
async fn known_devices_go_first_and_a_stranger_every_fourth_time() {
    let line = Line::new(1);
    let first = busy(&line).await;
    let mut waiting = vec![("stranger", come(&line, network(1)))];
    waiting.extend((0..4).map(|number| ("device", come(&line, device(number)))));
    assert_eq!(served(first, waiting), ["device", "device", "stranger", "device", "device"]);
}

#[tokio::test]
async fn who_comes_for_the_first_time_goes_before_a_network_with_many_tries() {
    let line = Line::new(1);
    for _ in 0..5 {
        drop(line.turn(knocker(network(1))).await.unwrap());
    }
    let first = busy(&line).await;
    let waiting = vec![("flood", come(&line, network(1))), ("new", come(&line, network(2)))];
    assert_eq!(served(first, waiting), ["new", "flood"]);
}

#[tokio::test]
async fn networks_take_turns() {
    let line = Line::new(1);
    let first = busy(&line).await;
    let mut waiting: Vec<_> = (0..3).map(|_| ("office", come(&line, network(1)))).collect();
    waiting.push(("home", come(&line, network(2))));
    assert_eq!(served(first, waiting), ["office", "home", "office", "office"]);
}

#[tokio::test]
async fn right_passwords_are_no_tries() {
    let line = Line::new(1);
    for _ in 0..20 {
        line.turn(knocker(network(1))).await.unwrap().succeeded();
    }
    assert_eq!(line.0.tries.tries(network(1).key()), 0);
}

#[tokio::test]
async fn networks_of_an_account_go_before_strangers_and_after_known_devices() {
    let line = Line::new(1);
    // So often that the shares of the lanes begin anew.
    for _ in 0..3 {
        line.turn(knocker(network(2))).await.unwrap().succeeded();
    }
    let elsewhere = Knocker { account: Account(b"another".to_vec()), ..knocker(network(2)) };
    let first = busy(&line).await;
    let mut foreign = pending_as(&line, elsewhere);
    assert!((&mut foreign).now_or_never().is_none());
    let waiting = vec![
        ("at another account", foreign),
        ("stranger", come(&line, network(1))),
        ("known network", come(&line, network(2))),
        ("known device", come(&line, device(1))),
    ];
    let order = served(first, waiting);
    assert_eq!(order, ["known device", "known network", "at another account", "stranger"]);
}

#[tokio::test]
async fn whoever_is_put_off_by_others_and_comes_as_told_has_waited_and_tried_once() {
    let line = Line::new(1);
    line.turn(knocker(network(1))).await.unwrap().put_off(Duration::ZERO);
    let first = busy(&line).await;
    let waiting = vec![("new", come(&line, network(2))), ("again", come(&line, network(1)))];
    assert_eq!(served(first, waiting), ["again", "new"]);
    assert_eq!(line.0.tries.tries(network(1).key()), 1);
    line.turn(knocker(network(1))).await.unwrap().put_off(Duration::from_secs(60));
    let first = busy(&line).await;
    let waiting = vec![("new", come(&line, network(3))), ("too soon", come(&line, network(1)))];
    assert_eq!(served(first, waiting), ["new", "too soon"]);
}

#[tokio::test]
async fn who_has_the_least_claim_is_sent_away_when_the_line_is_full() {
    let line = Line::new(1);
    let first = busy(&line).await;
    let mut flood: Vec<_> = (0..queue::PLACES_PER_PROCESSOR).map(|_| come(&line, network(1))).collect();
    let one_more = line.turn(knocker(network(1))).await;
    assert!(matches!(one_more.err(), Some(Error::RateLimited { .. })), "a flood has no place more");
    let mut new = come(&line, network(2));
    let sent_away = flood.pop().and_then(|mut last| (&mut last).now_or_never());
    assert!(sent_away.is_some_and(|answer| answer.is_err()), "its last one makes room");
    drop(first);
    drop(flood.remove(0).now_or_never());
    assert!((&mut new).now_or_never().is_some_and(|turn| turn.is_ok()));
}

#[tokio::test]
async fn in_a_flood_from_a_thousand_networks_a_known_device_is_next_and_then_a_newcomer() {
    let line = Line::new(1);
    for _ in 0..3 {
        let first = busy(&line).await;
        let flood = flood(&line);
        assert!(line.queue().waiting() <= queue::PLACES_PER_PROCESSOR, "most are sent away at once");
        served(first, flood);
    }
    let first = busy(&line).await;
    let mut waiting = flood(&line);
    waiting.push(("new", come(&line, network(1))));
    waiting.push(("known", come(&line, device(1))));
    assert_eq!(served(first, waiting)[..3], ["known", "new", "flood"]);
}

/// A thousand networks that knock once each.
fn flood(line: &Line) -> Vec<(&'static str, Pending)> {
    let knock = |number: u32| {
        let address = [198, 18, (number / 250) as u8, (number % 250) as u8];
        let mut pending = pending(line, Source::network(Some(address.into())));
        (&mut pending).now_or_never().is_none().then_some(("flood", pending))
    };
    (0..1_000).filter_map(knock).collect()
}

#[tokio::test]
async fn who_gives_up_leaves_nothing_behind() {
    let line = Line::new(1);
    let first = busy(&line).await;
    let waiting: Vec<_> = (0..10).map(|_| come(&line, network(1))).collect();
    drop(waiting);
    assert_eq!(line.queue().waiting(), 0);
    // Even when the turn had been given already.
    let granted = come(&line, network(2));
    drop(first);
    drop(granted);
    assert!(line.queue().is_empty());
    assert!(pending(&line, network(3)).now_or_never().is_some_and(|turn| turn.is_ok()));
}
