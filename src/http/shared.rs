//! A budget that several nodes share: its keeper grants a few calls at a time, which are spent here or lapse.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::pace::Pacer;
use super::quota::Slots;
use crate::error::Result;
use crate::model::{Ask, Grant, Rate};

/// Asks the keeper of the budgets.
pub type Source = Arc<dyn Fn(Ask) -> Pin<Box<dyn Future<Output = Result<Grant>> + Send>> + Send + Sync>;

/// The most that is granted at a time, in time, and how long it may be spent: nodes exceed the rate by no more.
const CHUNK: Duration = Duration::from_millis(100);

/// Whether a call may be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Yes.
    Taken,
    /// Not before so long from now.
    Early(Duration),
    /// The keeper does not answer.
    Away,
}

/// Our part of a shared budget.
pub(super) struct Shared(Arc<Inner>);

struct Inner {
    keeper: Source,
    budget: String,
    held: Mutex<Held>,
    /// One asks at a time, and the others find what it brought.
    asking: Slots,
}

/// What was granted last.
#[derive(Debug, Default)]
struct Held {
    left: u32,
    spent: u32,
    lapses: Duration,
    /// Until when there is nothing to be had.
    empty_until: Duration,
}

impl Held {
    fn take(&mut self, now: Duration) -> Option<Turn> {
        if self.left > 0 && now < self.lapses {
            self.left -= 1;
            self.spent += 1;
            return Some(Turn::Taken);
        }
        let early = self.empty_until.saturating_sub(now);
        (!early.is_zero()).then_some(Turn::Early(early))
    }

    /// How many calls to ask for: twice what was spent of the last, so that a busy node asks seldom and an idle one
    /// lets little lapse.
    fn next(&self, rate: Rate) -> u32 {
        let most = CHUNK.as_micros() / rate.interval.as_micros().max(1);
        self.spent.saturating_mul(2).clamp(1, u32::try_from(most).unwrap_or(u32::MAX).max(1))
    }

    fn receive(&mut self, grant: Grant, now: Duration) {
        *self = if grant.calls > 0 {
            Self { left: grant.calls, spent: 0, lapses: now + CHUNK, empty_until: Duration::ZERO }
        } else {
            Self { empty_until: now + grant.wait, ..Self::default() }
        };
    }
}

impl Shared {
    pub(super) fn new(keeper: Source, budget: String) -> Self {
        Self(Arc::new(Inner { keeper, budget, held: Mutex::default(), asking: Slots::new(1) }))
    }

    /// Takes a call that was granted, or asks for more and waits for the answer, at most `at_most`.
    pub(super) async fn take(&self, pacer: &Arc<Pacer>, rate: Rate, at_most: Duration) -> Turn {
        let end = Instant::now() + at_most;
        loop {
            let limit = pacer.limit();
            if let Some(rest) = pacer.rest() {
                return Turn::Early(rest);
            }
            if let Some(turn) = self.0.held().take(limit.now) {
                return turn;
            }
            let left = end.saturating_duration_since(Instant::now());
            let Some(asking) = self.0.asking.enter(left).await else { return Turn::Away };
            if let Some(turn) = self.0.held().take(pacer.now()) {
                return turn;
            }
            let (inner, pacer) = (self.0.clone(), pacer.clone());
            // By itself, so that a question nobody waits for any more still holds up the next one.
            let asked = tokio::spawn(async move {
                let _asking = asking;
                inner.ask(&pacer, rate.slowed(limit.ratio)).await
            });
            if !matches!(timeout_at(end, asked).await, Ok(Ok(true))) {
                return Turn::Away;
            }
        }
    }

    /// Tells the keeper that nobody may call for so long. It is told by itself: no answer waits for that, and a node
    /// that is not told will hear it from the other side.
    pub(super) fn rest(&self, rate: Rate, rest: Duration) {
        let ask = Ask { budget: self.0.budget.clone(), calls: 0, rate, rest: Some(rest) };
        let telling = (self.0.keeper)(ask);
        tokio::spawn(async move {
            if let Err(problem) = telling.await {
                tracing::warn!(
                    code = problem.kind().code(),
                    "the other nodes were not told to wait: {problem}"
                );
            }
        });
    }
}

impl Inner {
    /// Asks the keeper. Returns whether it answered.
    async fn ask(&self, pacer: &Pacer, rate: Rate) -> bool {
        let calls = self.held().next(rate);
        let ask = Ask { budget: self.budget.clone(), calls, rate, rest: None };
        match (self.keeper)(ask).await {
            Ok(grant) => {
                self.held().receive(grant, pacer.now());
                true
            }
            Err(problem) => {
                tracing::warn!(
                    code = problem.kind().code(),
                    "the shared budget could not be asked: {problem}"
                );
                false
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(calls: u32) -> Grant {
        Grant { calls, wait: Duration::ZERO }
    }

    #[test]
    fn what_is_granted_is_spent_soon_or_lapses() {
        let (mut held, now) = (Held::default(), Duration::from_secs(9));
        held.receive(granted(3), now);
        assert_eq!(held.take(now), Some(Turn::Taken));
        assert_eq!(held.take(now + CHUNK / 2), Some(Turn::Taken));
        assert_eq!(held.take(now + CHUNK), None, "the third came too late");
    }

    #[test]
    fn who_was_given_nothing_does_not_ask_again_before_there_is_some() {
        let (mut held, now, wait) = (Held::default(), Duration::from_secs(9), Duration::from_secs(2));
        held.receive(Grant { calls: 0, wait }, now);
        assert_eq!(held.take(now + wait / 2), Some(Turn::Early(wait / 2)));
        assert_eq!(held.take(now + wait), None);
    }

    #[test]
    fn a_busy_node_asks_for_more_at_a_time_and_never_for_more_than_a_chunk() {
        let (mut held, now) = (Held::default(), Duration::from_secs(9));
        let mut asked = Vec::new();
        for _ in 0..7 {
            let calls = held.next(Rate::per_second(400));
            asked.push(calls);
            held.receive(granted(calls), now);
            for _ in 0..calls {
                held.take(now);
            }
        }
        assert_eq!(asked, [1, 2, 4, 8, 16, 32, 40]);
        held.receive(granted(40), now);
        held.take(now);
        assert_eq!(held.next(Rate::per_second(400)), 2);
        assert_eq!(held.next(Rate::per_minute(60, 1)), 1);
    }
}
