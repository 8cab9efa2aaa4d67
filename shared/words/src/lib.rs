//! What people read that no person wrote: messages with values in them, in the language and the time zone of whoever reads.
//!
//! A message is stored as its id and its values, never as a sentence. Its words stand in files, one a language, which the
//! module that speaks brings along ([`Messages`]); how days, numbers and counts are written is said here once.

mod faults;
mod language;
mod manner;
mod messages;
mod value;

pub use language::{Direction, Language, TAG_BYTES_MAX, locale};
pub use messages::{Messages, Reader};
pub use value::{TEXT_CHARACTERS_MAX, Unit, Value, Values};
