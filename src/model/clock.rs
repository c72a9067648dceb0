//! The time, passed in: the only place that asks the system for it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// When the steady time began.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Tells the time. Tests hold a manual one and move it by hand.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// Unix microseconds that only [`Clock::advance`] moves.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.timestamp_micros())))
    }

    /// Now, in whole microseconds, so that a time read back from a database equals the one written.
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            Self::System => Utc::now().timestamp_micros(),
            Self::Manual(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// The time since some beginning, for waits that are really waited: it never goes back, whatever is done to the
    /// system's date, and a manual clock adds what it was moved to.
    pub fn steady(&self) -> Duration {
        let moved = match self {
            Self::System => 0,
            Self::Manual(micros) => u64::try_from(micros.load(Ordering::SeqCst)).unwrap_or_default(),
        };
        BEGINNING.elapsed() + Duration::from_micros(moved)
    }

    /// Moves a manual clock forward; the system's clock moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(micros) = self {
            micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}
