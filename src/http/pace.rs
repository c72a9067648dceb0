//! How fast we may call one side right now: slower after a 429, and not at all while it asks us to wait.
//!
//! The rate falls by half and comes back by steps, as TCP's window does: additive increase and multiplicative decrease
//! let any number of senders that know nothing of one another settle on fair shares of what the other side bears
//! (Chiu and Jain, "Analysis of the increase and decrease algorithms for congestion avoidance in computer networks",
//! 1989; RFC 5681 §3.1). Falls are counted once per round trip, as RFC 6582 counts losses: the answers to calls that were
//! sent before the last fall say nothing new.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::answer::MAX_RETRY_AFTER;
use crate::model::Clock;

/// The smallest part of the configured rate that we slow down to.
const FLOOR: f64 = 1.0 / 32.0;

/// How long it must be quiet for the rate to rise by a step.
const WINDOW: Duration = Duration::from_secs(3);

/// The part of the configured rate that comes back in each quiet window: all of it within a minute.
const STEP: f64 = 0.05;

/// How long a side is left alone after a 429 that does not say.
const REST: Duration = Duration::from_secs(1);

/// The pace at which one side is called. The times are those of one steady clock.
#[derive(Debug)]
struct Pace {
    /// The part of the configured rate that was allowed when the quiet began.
    ratio: f64,
    quiet_since: Duration,
    /// When the rate fell last.
    fell_at: Option<Duration>,
    /// Until when nobody calls; in the past when that is over.
    rest_until: Option<Duration>,
    /// Until when that is because we were too fast, and not because the other side has troubles of its own.
    too_fast_until: Option<Duration>,
}

impl Pace {
    fn new() -> Self {
        Self {
            ratio: 1.0,
            quiet_since: Duration::ZERO,
            fell_at: None,
            rest_until: None,
            too_fast_until: None,
        }
    }

    /// The part of the configured rate that is allowed now.
    fn ratio(&self, now: Duration) -> f64 {
        let windows = now.saturating_sub(self.quiet_since).div_duration_f64(WINDOW).floor();
        (self.ratio + windows * STEP).min(1.0)
    }

    /// Hears a 429 to a call that was sent at `sent`. Returns how long the side is left alone.
    fn slow_down(&mut self, sent: Duration, now: Duration, asked: Option<Duration>) -> Duration {
        self.ratio = self.ratio(now);
        if self.fell_at.is_none_or(|fell| sent > fell) {
            self.ratio = (self.ratio / 2.0).max(FLOOR);
            self.fell_at = Some(now);
        }
        self.quiet_since = now;
        let rest = self.rest(now, asked.unwrap_or(REST));
        self.too_fast_until = self.too_fast_until.max(Some(now + rest));
        rest
    }

    /// Leaves the side alone for as long as it asks, an hour at most.
    fn rest(&mut self, now: Duration, asked: Duration) -> Duration {
        // The rate that has come back so far stays; silence of our own making brings back none.
        self.ratio = self.ratio(now);
        let rest = asked.min(MAX_RETRY_AFTER);
        let until = self.rest_until.map_or(now + rest, |known| known.max(now + rest));
        self.rest_until = Some(until);
        self.quiet_since = until;
        rest
    }
}

/// The pace of one side, shared by everything of this process that calls it.
pub struct Pacer {
    clock: Clock,
    pace: Mutex<Pace>,
}

/// What a pace allows at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// The moment.
    pub(super) now: Duration,
    /// The part of the configured rate that is allowed.
    pub(super) ratio: f64,
    /// The end of the last rest.
    pub(super) not_before: Option<Duration>,
}

impl Pacer {
    /// Full speed.
    pub fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self { clock, pace: Mutex::new(Pace::new()) })
    }

    /// The steady time, for [`Pacer::heard`].
    pub fn now(&self) -> Duration {
        self.clock.steady()
    }

    /// The part of the configured rate that is allowed now, 0 during a rest.
    pub fn ratio(&self) -> f64 {
        if self.rest().is_some() { 0.0 } else { self.limit().ratio }
    }

    /// For how long nobody may call, if the side asked for that.
    pub fn rest(&self) -> Option<Duration> {
        let until = self.pace().rest_until?;
        until.checked_sub(self.now()).filter(|left| !left.is_zero())
    }

    /// Whether that rest is for calls that came too fast.
    pub fn is_too_fast(&self) -> bool {
        self.pace().too_fast_until.is_some_and(|until| until > self.now())
    }

    /// Hears the status of an answer, and its `Retry-After`, to a call that was sent at `sent`: a 429 slows us down, and a
    /// 429 or a 503 may ask for a rest. Returns the rest.
    pub fn heard(&self, sent: Duration, status: u16, retry_after: Option<Duration>) -> Option<Duration> {
        let now = self.now();
        match (status, retry_after) {
            (429, asked) => Some(self.pace().slow_down(sent, now, asked)),
            (503, Some(asked)) => Some(self.pace().rest(now, asked)),
            _ => None,
        }
    }

    pub(super) fn limit(&self) -> Limit {
        let (now, pace) = (self.now(), self.pace());
        Limit { now, ratio: pace.ratio(now), not_before: pace.rest_until }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Duration = Duration::from_secs(1_000);

    fn seconds(seconds: u64) -> Duration {
        START + Duration::from_secs(seconds)
    }

    #[test]
    fn the_answers_of_one_round_trip_halve_the_rate_once() {
        let mut pace = Pace::new();
        for _ in 0..8 {
            pace.slow_down(seconds(0), seconds(1), None);
        }
        assert!((pace.ratio(seconds(1)) - 0.5).abs() < 1e-9);
        pace.slow_down(seconds(2), seconds(3), None);
        assert!((pace.ratio(seconds(3)) - 0.25).abs() < 1e-9);
    }

    #[test]
    fn a_rest_lasts_as_long_as_was_asked_and_the_longer_one_counts() {
        let mut pace = Pace::new();
        pace.rest(seconds(0), Duration::from_mins(1));
        pace.rest(seconds(1), Duration::from_secs(5));
        assert_eq!(pace.rest_until, Some(seconds(60)));
        assert!((pace.ratio(seconds(61)) - 1.0).abs() < 1e-9, "a rest alone is no slower pace");
        pace.rest(seconds(61), Duration::from_hours(24));
        assert_eq!(pace.rest_until, Some(seconds(61) + Duration::from_hours(1)));
    }

    proptest! {
        #[test]
        fn the_rate_stays_within_its_bounds_and_always_comes_back(
            events in prop::collection::vec((0u64..5_000, 0u64..5_000, prop::option::of(0u64..5_000_000), any::<bool>()), 0..60),
        ) {
            let mut pace = Pace::new();
            let mut now = START;
            for (passed, took, asked, is_429) in events {
                now += Duration::from_millis(passed);
                let (sent, asked) = (now.saturating_sub(Duration::from_millis(took)), asked.map(Duration::from_millis));
                let before = pace.ratio(now);
                if is_429 {
                    pace.slow_down(sent, now, asked);
                } else {
                    pace.rest(now, asked.unwrap_or_default());
                }
                let ratio = pace.ratio(now);
                prop_assert!((FLOOR..=1.0).contains(&ratio), "{ratio}");
                prop_assert!(ratio <= before && ratio >= (before / 2.0).max(FLOOR) - 1e-9, "{before} → {ratio}");
                prop_assert!(pace.rest_until.is_none_or(|until| until <= now + MAX_RETRY_AFTER));
            }
            let quiet = now.max(pace.rest_until.unwrap_or_default());
            let mut last = pace.ratio(quiet);
            for window in 1..=20 {
                let ratio = pace.ratio(quiet + WINDOW * window);
                prop_assert!(ratio >= last, "it only rises");
                last = ratio;
            }
            prop_assert!((last - 1.0).abs() < 1e-9, "{last}");
        }
    }
}
