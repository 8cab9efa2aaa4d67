//! The process itself, under the names that Prometheus' own clients use.

use std::fmt::Error;
use std::time::Duration;

use ::telemetry::Forwarded;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use rustix::time::{ClockId, clock_gettime};

/// Reads the process's clock and memory whenever somebody asks for metrics.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let help = "User and system time of the process.";
        let metric =
            encoder.encode_descriptor("process_cpu", help, Some(&Unit::Seconds), MetricType::Counter)?;
        ConstCounter::new(cpu_seconds()).encode(metric)?;
        if let Some(bytes) = resident_bytes() {
            let help = "Memory of the process that is in RAM.";
            let unit = Some(&Unit::Bytes);
            let metric =
                encoder.encode_descriptor("process_resident_memory", help, unit, MetricType::Gauge)?;
            ConstGauge::new(bytes).encode(metric)?;
        }
        // Of a process that sends its log nowhere there is nothing to say.
        let Some(Forwarded { forwarded, dropped }) = ::telemetry::forwarded() else { return Ok(()) };
        let lines = [
            ("log_lines_forwarded", "Lines of the log that Fluentd has.", forwarded),
            (
                "log_lines_dropped",
                "Lines of the log that Fluentd did not take in time, and never gets.",
                dropped,
            ),
        ];
        for (name, help, count) in lines {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(count).encode(metric)?;
        }
        Ok(())
    }
}

/// The CPU time that the process has used, in seconds.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), nanos).as_secs_f64()
}

/// Linux tells by `/proc`; elsewhere the metric is left out.
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(u64::try_from(rustix::param::page_size()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_uses_cpu_and_memory() {
        let before = cpu_seconds();
        let mut sum = 0_u64;
        while cpu_seconds() <= before {
            sum = std::hint::black_box(sum + 1);
        }
        if cfg!(target_os = "linux") {
            assert!(resident_bytes().is_some_and(|bytes| bytes > 1_000_000));
        }
    }
}
