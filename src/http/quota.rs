//! How many calls per time, and how many at once.
//!
//! The rate is kept by the generic cell rate algorithm (ITU-T I.371): one number, the time at which the budget is whole
//! again. It is our own, since the rate changes as the other side lets us, and since the database keeps the same
//! number by the same rule for all nodes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use super::pace::{Limit, Pacer};
use super::shared::{Shared, Source, Turn};
use crate::model::{Clock, Rate};

/// How long somebody who does not wait lets the keeper of a shared budget think.
const QUICK: Duration = Duration::from_millis(250);

/// How long somebody who waits lets it think, however short a time its call may take: a call that is put off costs more.
const PATIENT: Duration = Duration::from_secs(5);

/// How long to wait before asking a keeper again that did not answer.
const KEEPER_AWAY: Duration = Duration::from_secs(1);

/// What the pace and the budgets of all sides rest on.
#[derive(Clone, Default)]
pub struct Pacing {
    /// The time.
    pub clock: Clock,
    /// The keeper of budgets that several nodes share; without one each budget is this process's own.
    pub keeper: Option<Source>,
}

/// A number of calls per period, at the pace that the other side allows.
///
/// Where the budget is shared and its keeper does not answer, whoever waits goes without, since the keeper is the
/// database and nothing could be settled either; whoever does not wait is served from the budget that this process would
/// have alone: no query hangs on the keeper.
pub struct Quota {
    rate: Rate,
    pacer: Arc<Pacer>,
    own: Mutex<Bucket>,
    shared: Option<Shared>,
}

impl Quota {
    /// `rate`, slowed to the pace of `pacer`. `budget` names it to the keeper.
    pub fn new(rate: Rate, pacer: &Arc<Pacer>, pacing: &Pacing, budget: String) -> Self {
        let shared = pacing.keeper.clone().map(|keeper| Shared::new(keeper, budget));
        Self { rate, pacer: pacer.clone(), own: Mutex::default(), shared }
    }

    /// Takes a call at once, or says how long until the next one.
    pub async fn take(&self) -> Result<(), Duration> {
        match self.turn(QUICK).await {
            Turn::Taken => Ok(()),
            Turn::Early(wait) => Err(wait),
            Turn::Away => self.take_own(),
        }
    }

    /// Takes a call as soon as there is one; gives up at once, saying how long it would be, when there is none within
    /// `at_most`: whoever has a record in hand puts it off until then.
    pub async fn wait(&self, at_most: Duration) -> Result<(), Duration> {
        let end = Instant::now() + at_most;
        loop {
            let wait = match self.turn(PATIENT).await {
                Turn::Taken => return Ok(()),
                Turn::Early(wait) => wait,
                Turn::Away => KEEPER_AWAY,
            };
            let left = end.saturating_duration_since(Instant::now());
            if wait > left {
                return Err(wait);
            }
            sleep(wait).await;
        }
    }

    /// Tells the other nodes that the side asked to be left alone for so long.
    pub fn rest(&self, rest: Duration) {
        if let Some(shared) = &self.shared {
            shared.rest(self.rate, rest);
        }
    }

    async fn turn(&self, at_most: Duration) -> Turn {
        let Some(shared) = &self.shared else {
            return self.take_own().map_or_else(Turn::Early, |()| Turn::Taken);
        };
        let turn = shared.take(&self.pacer, self.rate, at_most).await;
        if turn == Turn::Taken {
            // Spent here too, so that a keeper that goes away leaves no second budget behind.
            self.own().spend(self.rate, &self.pacer.limit());
        }
        turn
    }

    fn take_own(&self) -> Result<(), Duration> {
        self.own().take(self.rate, &self.pacer.limit())
    }

    fn own(&self) -> MutexGuard<'_, Bucket> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of a budget: when all of it will be there again.
#[derive(Debug, Default)]
struct Bucket {
    whole_at: Duration,
}

impl Bucket {
    fn take(&mut self, rate: Rate, limit: &Limit) -> Result<(), Duration> {
        if let Some(end_of_rest) = limit.not_before {
            // Nothing is saved up during a rest.
            self.whole_at = self.whole_at.max(end_of_rest + rate.tolerance);
        }
        let early = self.whole_at.saturating_sub(rate.tolerance).saturating_sub(limit.now);
        if early.is_zero() {
            self.spend(rate, limit);
            return Ok(());
        }
        Err(early)
    }

    fn spend(&mut self, rate: Rate, limit: &Limit) {
        self.whole_at = self.whole_at.max(limit.now) + rate.slowed(limit.ratio).interval;
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
mod tests;
