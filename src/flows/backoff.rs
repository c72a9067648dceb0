//! How long to wait before trying again.

use std::time::Duration;

/// The longest wait between two attempts, unless the other side asks for more.
const BACKOFF_CAP: Duration = Duration::from_mins(5);

/// The longest wait that another side may ask for.
const RETRY_AFTER_CAP: Duration = Duration::from_hours(1);

/// How long to wait after `failures` earlier failures in a row: full jitter from half a second, doubling, at most five
/// minutes; never less than the other side asked for, which may be an hour. `chance` lies in 0..1.
pub fn backoff(failures: u32, asked: Option<Duration>, chance: f64) -> Duration {
    let ceiling = Duration::from_millis(500).saturating_mul(1 << failures.min(10)).min(BACKOFF_CAP);
    let planned = ceiling.mul_f64(chance.clamp(0.0, 1.0));
    asked.map_or(planned, |asked| asked.min(RETRY_AFTER_CAP) + planned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_five_attempts_come_within_half_a_minute() {
        let waits: Duration = (0..4).map(|failures| backoff(failures, None, 1.0)).sum();
        assert!(waits <= Duration::from_secs(30), "{waits:?}");
    }

    #[test]
    fn a_wait_never_exceeds_its_cap_nor_undercuts_what_was_asked() {
        for failures in 0..64 {
            assert!(backoff(failures, None, 1.0) <= BACKOFF_CAP);
            assert!(backoff(failures, Some(Duration::from_secs(7)), 0.0) >= Duration::from_secs(7));
            assert!(backoff(failures, Some(Duration::from_hours(24)), 1.0) <= RETRY_AFTER_CAP + BACKOFF_CAP);
        }
    }
}
