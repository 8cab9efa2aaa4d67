//! What every measurement needs: processes that are started and ended, connections, samples, and what the kernel
//! says of CPU time and memory.

pub mod hang_ups;
pub mod http;
pub mod process;
pub mod sample;
pub mod scratch;
pub mod steady_load;
pub mod usage;

/// What ends a measurement: a sentence, or an error that something below gave.
pub type Failure = Box<dyn std::error::Error>;
