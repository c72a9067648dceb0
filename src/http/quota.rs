//! How many calls per time, and how many at once.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::DefaultDirectRateLimiter;
use governor::clock::{Clock, DefaultClock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

/// A number of calls per period.
pub struct Quota {
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Quota {
    /// `count` calls per second, none saved up beyond one second's worth.
    pub fn per_second(count: NonZeroU32) -> Self {
        Self::of(governor::Quota::per_second(count))
    }

    /// `count` calls per minute, of which up to `burst` may be saved up.
    pub fn per_minute(count: NonZeroU32, burst: NonZeroU32) -> Self {
        Self::of(governor::Quota::per_minute(count).allow_burst(burst))
    }

    fn of(quota: governor::Quota) -> Self {
        Self { limiter: DefaultDirectRateLimiter::direct(quota), clock: DefaultClock::default() }
    }

    /// Takes a call at once, or says how long until the next one.
    pub fn take(&self) -> Result<(), Duration> {
        self.limiter.check().map_err(|early| early.wait_time_from(self.clock.now()))
    }

    /// Takes a call as soon as there is one; gives up at once, saying how long it would be, when that is later than
    /// `at_most` from now.
    pub async fn wait(&self, at_most: Duration) -> Result<(), Duration> {
        let end = Instant::now() + at_most;
        while let Err(wait) = self.take() {
            if Instant::now() + wait > end {
                return Err(wait);
            }
            sleep(wait).await;
        }
        Ok(())
    }
}

/// A number of calls at once.
#[derive(Clone)]
pub struct Slots(Arc<Semaphore>);

impl Slots {
    /// `count` calls at once; 0 counts as 1.
    pub fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// A slot, given back when dropped; none when `at_most` has passed.
    pub async fn enter(&self, at_most: Duration) -> Option<OwnedSemaphorePermit> {
        timeout(at_most, self.0.clone().acquire_owned()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
    }

    #[test]
    fn an_empty_quota_says_when_it_has_another_call() {
        let quota = Quota::per_minute(count(60), count(2));
        assert!(quota.take().is_ok());
        assert!(quota.take().is_ok());
        let wait = quota.take().err().unwrap_or_default();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
    }

    #[tokio::test]
    async fn a_wait_that_would_be_too_long_is_not_begun() {
        let quota = Quota::per_minute(count(1), count(1));
        assert!(quota.take().is_ok());
        let wait = quota.wait(Duration::from_millis(1)).await.err().unwrap_or_default();
        assert!(wait > Duration::from_secs(50), "{wait:?}");
    }

    #[tokio::test]
    async fn no_more_calls_run_at_once_than_there_are_slots() {
        let slots = Slots::new(1);
        let held = slots.enter(Duration::from_secs(1)).await;
        assert!(held.is_some());
        assert!(slots.enter(Duration::ZERO).await.is_none());
        drop(held);
        assert!(slots.enter(Duration::from_secs(1)).await.is_some());
    }
}
