//! What operators see of events, and do with them: what waits, what always fails, and that it is tried again.

use std::time::{Duration, Instant};

use innoerp::modules;
use sqlx::{Connection as _, PgConnection};
use testing::Broker;

use crate::TURN;
use crate::company::{Company, submit};
use crate::operations::{asked, change};
use crate::system::{Mode, System};

/// Longer than what waits for brokers, or for its next try, should take.
const LONG: Duration = Duration::from_secs(60);

const LAG: [&str; 2] = ["events", "lag"];
/// The tables that `events lag` prints.
const OUTBOXES: usize = 0;
const CONSUMERS: usize = 1;

/// From now on nobody can be told that leave was asked for; who tries is counted.
const BREAK: &str = "
    create sequence notification.tries;
    create function notification.refuse() returns trigger language plpgsql security definer as $$
    begin
        if new.type = 'leave.request.submitted' then
            perform nextval('notification.tries');
            raise exception 'the bell is broken';
        end if;
        return new;
    end $$;
    create trigger refuse before insert on notification.notification
        for each row execute function notification.refuse()";
const MEND: &str = "drop trigger refuse on notification.notification";

/// The words of the line about something in one of the tables of `events lag`.
fn line(said: &str, table: usize, name: &str) -> Vec<String> {
    let rows = said.split("\n\n").nth(table).unwrap_or_default().lines();
    let words = |row: &str| row.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let found = rows.map(words).find(|words| words.first().is_some_and(|first| first == name));
    found.unwrap_or_else(|| panic!("{name}: {said}"))
}

fn consumers() -> Vec<&'static str> {
    modules::all().iter().flat_map(|module| module.consumers).map(|consumer| consumer.name).collect()
}

/// Whether nothing waits in an outbox, and no consumer has anything to do.
fn is_at_rest(said: &str) -> bool {
    modules::ids().iter().all(|module| line(said, OUTBOXES, module)[1..] == ["0", "-"])
        && consumers().iter().all(|consumer| line(said, CONSUMERS, consumer)[1..] == ["0", "0", "0"])
}

/// Asks with a verb until it says what is wanted; answers what that is.
async fn until(
    system: &System,
    verb: &[&str],
    log: &[(&str, &str)],
    is_wanted: impl Fn(&str) -> bool,
) -> String {
    let begun = Instant::now();
    loop {
        let (said, is_whole) = asked(system, verb, log).await;
        if is_whole && is_wanted(&said) {
            return said;
        }
        assert!(begun.elapsed() < LONG, "{said}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many notifications there are of leave that was asked for, and how many people they are for.
async fn told(system: &System) -> (i64, i64) {
    let mut admin = PgConnection::connect(&system.admin_url).await.unwrap();
    let counted = sqlx::query_as(
        "select count(*), count(distinct recipient_membership_id) from notification.notification
         where type = 'leave.request.submitted'",
    );
    counted.fetch_one(&mut admin).await.unwrap()
}

/// How often it was tried to tell of it.
async fn tries(system: &System) -> i64 {
    let mut admin = PgConnection::connect(&system.admin_url).await.unwrap();
    let counted = sqlx::query_scalar("select last_value from notification.tries");
    counted.fetch_one(&mut admin).await.unwrap()
}

/// With the log that the variables in `log` name.
async fn what_always_fails_is_set_aside_listed_and_replayed(log: &[(&str, &str)]) {
    let _turn = TURN.lock().await;
    let with_log = |command: &mut tokio::process::Command| {
        command.envs(log.iter().copied());
    };
    let system = System::start_with(Mode::OneProcess, with_log).await;
    let company = Company::new(&system).await;
    let (_, member, annual) = company.with_leave().await;
    until(&system, &LAG, log, is_at_rest).await;

    change(&system, BREAK).await;
    submit(&member, &annual, "2027-05-03", "2027-05-07").await;
    let letters = ["events", "dead-letters"];
    let is_dead = |said: &str| said.contains(" notification leave.request.submitted ");
    let said = until(&system, &letters, log, is_dead).await;
    assert!(said.lines().count() == 1 && said.contains("the bell is broken"), "{said}");
    assert_eq!(tries(&system).await, 1 + 5, "once in company, and five times by itself");
    assert_eq!(told(&system).await, (0, 0));
    let of_others = ["events", "dead-letters", "--consumer", "leave"];
    assert!(asked(&system, &of_others, log).await.0.contains("There are no dead letters."));
    let is_given_up = |said: &str| line(said, CONSUMERS, "notification")[1..] == ["0", "0", "1"];
    until(&system, &LAG, log, is_given_up).await;
    let (said, is_known) = asked(&system, &["events", "replay", "nobody"], log).await;
    assert!(!is_known && said.contains("there is no consumer nobody"), "{said}");

    change(&system, MEND).await;
    let replay = ["events", "replay", "notification"];
    let (said, is_done) = asked(&system, &replay, log).await;
    assert!(is_done && said.contains("1 dead letters of notification are tried again."), "{said}");
    until(&system, &LAG, log, is_at_rest).await;
    let (notifications, people) = told(&system).await;
    assert!(notifications > 0 && notifications == people, "{notifications} for {people}");
    assert!(asked(&system, &letters, log).await.0.contains("There are no dead letters."));

    let (said, _) = asked(&system, &replay, log).await;
    assert!(said.contains("0 dead letters of notification"), "{said}");
    until(&system, &LAG, log, is_at_rest).await;
    assert_eq!(told(&system).await.0, notifications, "it takes effect once");
}

#[tokio::test]
async fn an_event_that_always_fails_is_set_aside_listed_and_replayed_to_take_effect_once() {
    what_always_fails_is_set_aside_listed_and_replayed(&[]).await;
}

#[tokio::test]
async fn an_event_from_a_broker_that_always_fails_is_set_aside_listed_and_replayed_to_take_effect_once() {
    let Some(broker) = Broker::start("operators and events in Kafka") else { return };
    let address = broker.address();
    what_always_fails_is_set_aside_listed_and_replayed(&[("KAFKA_BOOTSTRAP_SERVERS", address.as_str())])
        .await;
}

#[tokio::test]
async fn what_no_broker_takes_is_seen_in_its_outbox_and_goes_on_once_one_is_back() {
    let Some(mut broker) = Broker::start("operators while brokers are away") else { return };
    let _turn = TURN.lock().await;
    let address = broker.address();
    let log = [("KAFKA_BOOTSTRAP_SERVERS", address.as_str())];
    let with_log = |command: &mut tokio::process::Command| {
        command.envs(log);
    };
    let system = System::start_with(Mode::OneProcess, with_log).await;
    let company = Company::new(&system).await;
    let (_, member, annual) = company.with_leave().await;
    until(&system, &LAG, &log, is_at_rest).await;

    broker.kill();
    submit(&member, &annual, "2027-05-03", "2027-05-07").await;
    let (said, is_whole) = asked(&system, &LAG, &log).await;
    assert!(!is_whole && said.contains("the log does not say what is still to come"), "{said}");
    let leave = line(&said, OUTBOXES, "leave");
    assert!(leave[1] != "0" && leave[2].starts_with("20"), "since when, in UTC: {said}");
    assert_eq!(line(&said, CONSUMERS, "notification")[1..], ["?", "0", "0"], "{said}");

    broker.run();
    until(&system, &LAG, &log, is_at_rest).await;
    assert!(told(&system).await.0 > 0);
}
