//! The messages of Fluentd's forward protocol, version 1
//! (<https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1>): entries packed together, with an
//! id that the other side acknowledges.

use std::io::{self, Read};
use std::time::{SystemTime, UNIX_EPOCH};

use rmpv::Value;
use rmpv::decode::read_value_with_max_depth;
use rmpv::encode::write_value;
use uuid::Uuid;

use super::queue::Entry;

/// The type of an `EventTime`: seconds and nanoseconds since the epoch, four bytes each.
const EVENT_TIME: i8 = 0;

/// The field by which an entry that was sent twice is known to be one.
const LOG_ID: &str = "log_id";

/// An acknowledgement is far shorter.
const ACK_BYTES_MAX: u64 = 1_024;
/// A map of texts is not deep.
const ACK_DEPTH_MAX: usize = 16;

/// Lines that are sent together, as often as it takes.
#[derive(Debug)]
pub(super) struct Chunk {
    id: String,
    /// The message in `PackedForward` mode.
    pub message: Vec<u8>,
}

impl Chunk {
    /// Packs lines under a tag. What is not an object of JSON is left out: our own format writes nothing else.
    pub fn pack(tag: &str, entries: &[Entry]) -> io::Result<Self> {
        let id = Uuid::now_v7().simple().to_string();
        let (mut packed, mut size) = (Vec::new(), 0_u32);
        for entry in entries {
            let Some(record) = record(&entry.line, format!("{id}-{size}")) else { continue };
            write_value(&mut packed, &Value::Array(vec![event_time(entry.at), record]))?;
            size += 1;
        }
        let options = vec![("chunk".into(), id.as_str().into()), ("size".into(), size.into())];
        let message = Value::Array(vec![tag.into(), Value::Binary(packed), Value::Map(options)]);
        let mut bytes = Vec::new();
        write_value(&mut bytes, &message)?;
        Ok(Self { id, message: bytes })
    }

    /// Waits for the other side to say that it has taken this chunk.
    ///
    /// # Errors
    /// When it says nothing, or something else.
    pub fn acknowledged(&self, from: impl Read) -> io::Result<()> {
        let answer = read_value_with_max_depth(&mut from.take(ACK_BYTES_MAX), ACK_DEPTH_MAX)
            .map_err(io::Error::from)?;
        let ack = answer.as_map().and_then(|map| map.iter().find(|(name, _)| name.as_str() == Some("ack")));
        match ack {
            Some((_, id)) if id.as_str() == Some(&self.id) => Ok(()),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it acknowledged something else")),
        }
    }
}

fn event_time(at: SystemTime) -> Value {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
    Value::Ext(EVENT_TIME, [seconds.to_be_bytes(), since.subsec_nanos().to_be_bytes()].concat())
}

fn record(line: &[u8], log_id: String) -> Option<Value> {
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
    let Ok(Value::Map(mut record)) = rmpv::ext::to_value(json) else { return None };
    record.push((LOG_ID.into(), log_id.into()));
    Some(Value::Map(record))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rmpv::decode::read_value;

    use super::*;

    fn entry(line: &str) -> Entry {
        let at = UNIX_EPOCH + Duration::new(1_800_000_000, 123_456_789);
        Entry { at, line: line.as_bytes().into() }
    }

    #[test]
    fn a_message_is_a_tag_packed_entries_and_what_to_acknowledge() {
        let lines = [entry("{\"status\":200,\"codes\":[\"A\"],\"share\":0.5}\n"), entry("no json")];
        let chunk = Chunk::pack("innoerp.leave", &lines).unwrap();
        let message = read_value(&mut &*chunk.message).unwrap();
        assert_eq!(message[0].as_str(), Some("innoerp.leave"));
        let option = |name: &str| message[2].as_map().unwrap().iter().find(|(n, _)| n.as_str() == Some(name));
        assert_eq!(option("size").unwrap().1.as_u64(), Some(1));
        assert_eq!(option("chunk").unwrap().1.as_str(), Some(&*chunk.id));
        let mut packed = message[1].as_slice().unwrap();
        let entry = read_value(&mut packed).unwrap();
        assert!(packed.is_empty(), "what is no object is left out");
        let time = [1_800_000_000_u32.to_be_bytes(), 123_456_789_u32.to_be_bytes()].concat();
        assert_eq!(entry[0], Value::Ext(0, time));
        let id = format!("{}-0", chunk.id);
        let expected = [
            ("status".into(), 200.into()),
            ("codes".into(), Value::Array(vec!["A".into()])),
            ("share".into(), 0.5.into()),
            ("log_id".into(), id.as_str().into()),
        ];
        assert_eq!(entry[1], Value::Map(expected.to_vec()));
    }

    #[test]
    fn only_the_chunk_itself_is_acknowledged() {
        let chunk = Chunk::pack("innoerp", &[]).unwrap();
        let answer = |id: &str| {
            let mut bytes = Vec::new();
            write_value(&mut bytes, &Value::Map(vec![("ack".into(), id.into())])).unwrap();
            bytes
        };
        assert!(chunk.acknowledged(&*answer(&chunk.id)).is_ok());
        assert!(chunk.acknowledged(&*answer("another")).is_err());
        assert!(chunk.acknowledged(&b"\xc0"[..]).is_err());
        assert!(chunk.acknowledged(&b""[..]).is_err());
        assert!(chunk.acknowledged(&[0x91; 100_000][..]).is_err(), "nested without end");
    }
}
