//! What nodes that share a budget of calls ask its keeper, and what they are given.

use std::time::Duration;

/// A number of calls per time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// One call every so long.
    pub interval: Duration,
    /// How much earlier than that a call may come, as long as the average is kept: what may be saved up.
    pub tolerance: Duration,
}

impl Rate {
    /// `count` calls per second, none saved up beyond one second's worth; 0 counts as 1.
    pub fn per_second(count: u32) -> Self {
        Self::of(Duration::from_secs(1), count, count)
    }

    /// `count` calls per minute, of which up to `burst` may be saved up; 0 counts as 1.
    pub fn per_minute(count: u32, burst: u32) -> Self {
        Self::of(Duration::from_mins(1), count, burst)
    }

    fn of(period: Duration, count: u32, burst: u32) -> Self {
        // Rounded up to what a row can hold: rather a little too slow than too fast.
        let micros = period.as_micros().div_ceil(u128::from(count.max(1)));
        let interval = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        Self { interval, tolerance: interval.saturating_mul(burst.max(1) - 1) }
    }

    /// The same at a part of the speed; what may be saved up lasts as long as before.
    #[must_use]
    pub fn slowed(self, ratio: f64) -> Self {
        Self { interval: self.interval.div_f64(ratio), ..self }
    }
}

/// What a node asks of a budget.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Which budget.
    pub budget: String,
    /// How many calls it would make at once.
    pub calls: u32,
    /// How fast it may be spent.
    pub rate: Rate,
    /// For how long nobody may call at all from now on, since the other side said so.
    pub rest: Option<Duration>,
}

/// What it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// So many calls, at most as many as it asked for.
    pub calls: u32,
    /// When there is none: how long until the next.
    pub wait: Duration,
}
