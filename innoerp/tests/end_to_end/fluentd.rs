//! A server of Fluentd's forward protocol that keeps all that it is sent.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rmpv::Value;
use rmpv::decode::read_value;
use rmpv::encode::write_value;

/// Records, in the order in which they came.
pub type Records = Arc<Mutex<Vec<Value>>>;

/// Listens for as long as the program runs.
pub fn start() -> (SocketAddr, Records) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, records) = (listener.local_addr().unwrap(), Records::default());
    let kept = records.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, kept) = (stream.unwrap(), kept.clone());
            std::thread::spawn(move || take(stream, &kept));
        }
    });
    (address, records)
}

/// A text of a record.
pub fn text<'a>(record: &'a Value, name: &str) -> Option<&'a str> {
    field(record, name)?.as_str()
}

fn field<'a>(map: &'a Value, name: &str) -> Option<&'a Value> {
    map.as_map()?.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
}

fn take(mut stream: TcpStream, records: &Records) {
    while let Ok(message) = read_value(&mut std::io::BufReader::new(&stream)) {
        let mut packed = message[1].as_slice().unwrap();
        let mut taken = Vec::new();
        while !packed.is_empty() {
            taken.push(read_value(&mut packed).unwrap()[1].clone());
        }
        records.lock().unwrap().extend(taken);
        let mut answer = Vec::new();
        let ack = field(&message[2], "chunk").unwrap().clone();
        write_value(&mut answer, &Value::Map(vec![("ack".into(), ack)])).unwrap();
        stream.write_all(&answer).unwrap();
    }
}
