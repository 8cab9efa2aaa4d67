//! What was seen while a load lasted.

use std::time::Duration;

use crate::Failure;

/// The answers of one load, and how long each took.
pub struct Sample {
    /// How long each answer took, in microseconds, the fastest first.
    latencies_us: Vec<u32>,
    elapsed: Duration,
}

impl Sample {
    /// A sample of answers that took this long each.
    pub fn new(mut latencies_us: Vec<u32>, elapsed: Duration) -> Result<Self, Failure> {
        if latencies_us.is_empty() {
            return Err("nothing was answered".into());
        }
        latencies_us.sort_unstable();
        Ok(Self { latencies_us, elapsed })
    }

    /// How many answers there were.
    pub fn count(&self) -> f64 {
        self.latencies_us.len() as f64
    }

    /// How many there were in a second.
    pub fn per_s(&self) -> f64 {
        self.count() / self.elapsed.as_secs_f64()
    }

    /// The time within which so many of a hundred answers came.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let rank = (self.latencies_us.len() * percent).div_ceil(100).max(1);
        f64::from(self.latencies_us[rank - 1]) / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_answers_that_there_were() {
        let sample =
            Sample::new((1..=200).rev().map(|ms| ms * 1000).collect(), Duration::from_secs(2)).unwrap();
        assert_eq!((sample.percentile_ms(50), sample.percentile_ms(99)), (100.0, 198.0));
        assert_eq!(sample.per_s(), 100.0);
        let one = Sample::new(vec![7000], Duration::from_secs(1)).unwrap();
        assert_eq!((one.percentile_ms(50), one.percentile_ms(99)), (7.0, 7.0));
        assert!(Sample::new(Vec::new(), Duration::from_secs(1)).is_err());
    }
}
