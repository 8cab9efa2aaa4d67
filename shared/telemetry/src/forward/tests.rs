//! What arrives at a server of the protocol that fails in all the ways that servers do.

use std::collections::{BTreeSet, HashMap};
use std::net::TcpListener;
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

use rmpv::Value;
use rmpv::decode::read_value;
use rmpv::encode::write_value;

use super::{Batch, Bounds, Duration, Forward, Forwarded, MakeWriter as _, Write as _, tag, with_port};

/// How long something may take that has no reason to take long.
const PATIENCE: Duration = Duration::from_secs(60);
const SMALL: Batch = Batch { lines_max: 10, bytes_max: 1_000_000, delay: Duration::from_millis(1) };

/// The lines of a message, as (number in the line, id), and the chunk's id.
fn unpack(message: &Value) -> (Vec<(u64, String)>, Value) {
    let field = |map: &Value, name: &str| {
        let found = map.as_map().unwrap().iter().find(|(key, _)| key.as_str() == Some(name));
        found.unwrap().1.clone()
    };
    let mut packed = message[1].as_slice().unwrap();
    let mut lines = Vec::new();
    while !packed.is_empty() {
        let entry = read_value(&mut packed).unwrap();
        let id = field(&entry[1], "log_id").as_str().unwrap().to_owned();
        lines.push((field(&entry[1], "number").as_u64().unwrap(), id));
    }
    (lines, field(&message[2], "chunk"))
}

/// Takes messages from one connection, acknowledges so many of them, and hangs up on the next one. Tells all that it was
/// sent, the last message included.
fn serve_one(listener: &TcpListener, acknowledged: usize, seen: &Sender<(u64, String)>) {
    let (mut stream, _) = listener.accept().unwrap();
    for count in 0.. {
        let Ok(message) = read_value(&mut stream) else { return };
        let (lines, chunk) = unpack(&message);
        for line in lines {
            seen.send(line).unwrap();
        }
        if count == acknowledged {
            return;
        }
        write_value(&mut stream, &Value::Map(vec![("ack".into(), chunk)])).unwrap();
    }
}

fn write(forward: &Forward, numbers: std::ops::Range<u64>) {
    for number in numbers {
        forward.make_writer().write_all(format!("{{\"number\":{number}}}\n").as_bytes()).unwrap();
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_was_not_acknowledged_is_sent_again_and_known_to_be_the_same() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let forward = Forward::to(&address, "leave", Bounds::default(), SMALL).unwrap();
    write(&forward, 0..100);
    let (seen, told) = channel();
    std::thread::spawn(move || {
        // It dies four times with a chunk in its hands, whose acknowledgement nobody gets.
        for acknowledged in [0, 1, 2, 3, usize::MAX] {
            serve_one(&listener, acknowledged, &seen);
        }
    });
    until("all has arrived", || forward.counts().forwarded == 100);
    let told: Vec<_> = told.try_iter().collect();
    assert!(told.len() > 100, "four chunks came twice");
    let by_id: HashMap<_, _> = told.into_iter().map(|(number, id)| (id, number)).collect();
    let numbers: BTreeSet<_> = by_id.values().copied().collect();
    assert!(by_id.len() == 100 && numbers.into_iter().eq(0..100), "by its id each is there once: {by_id:?}");
    assert_eq!(forward.counts().dropped, 0);
}

#[test]
fn whoever_logs_never_waits_and_what_is_too_much_is_counted() {
    // Nobody listens there: the port was given to us, and given back.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let bounds = Bounds { lines_max: 1_000, ..Bounds::default() };
    let forward = Forward::to(&address, "leave", bounds, SMALL).unwrap();
    write(&forward, 0..100_000);
    let Forwarded { forwarded, dropped } = forward.counts();
    assert_eq!(forwarded, 0);
    // A batch may be in the thread's hands besides.
    assert!((98_990..=99_000).contains(&dropped), "{dropped}");
    // Once somebody listens, what was kept arrives, and what comes then.
    let listener = TcpListener::bind(&address).unwrap();
    let (seen, _told) = channel();
    std::thread::spawn(move || serve_one(&listener, usize::MAX, &seen));
    until("what was kept has arrived", || forward.counts().forwarded == 100_000 - dropped);
    write(&forward, 0..10);
    until("what came then has arrived", || forward.counts().forwarded == 100_010 - dropped);
    assert_eq!(forward.counts().dropped, dropped);
}

#[test]
fn an_address_has_fluentds_port_when_it_names_none() {
    assert_eq!(with_port("fluentd"), Ok("fluentd:24224".to_owned()));
    assert_eq!(with_port("127.0.0.1:18225"), Ok("127.0.0.1:18225".to_owned()));
    assert_eq!(with_port("[::1]:24224"), Ok("[::1]:24224".to_owned()));
    for wrong in ["", "host:port", "http://host", "host/path", "user@host", "host:99999"] {
        assert!(with_port(wrong).is_err_and(|message| message.contains("FLUENTD_ADDRESS")), "{wrong}");
    }
}

#[test]
fn a_tag_has_no_letters_that_mean_something_to_fluentd() {
    assert_eq!(tag("innoerp-leave"), "innoerp.innoerp-leave");
    assert_eq!(tag("a.b *{c}"), "innoerp.a_b___c_");
}
