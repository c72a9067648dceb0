//! The quota of one workspace, at the pace that HrFlow allows: a part is kept for queries, which go before indexing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use crate::config;
use crate::error::{Error, Kind, Result};
use crate::http::{Pacer, Pacing, Quota, Slots};
use crate::model::{Rate, digest};

/// The quota and the slots of one workspace.
///
/// `query_share` of the requests per minute, and of the slots, are the queries' own. A query takes from its own part
/// first, then from the writes' part; a write never takes from the queries'. Queries may come in a burst of a minute's
/// share, writes in a burst of one second's. A 429 slows both, and a rest that HrFlow asks for is everybody's. Calls with a
/// time limit of their own take long, and half of the slots at most, however many partners make them.
pub struct Workspace {
    pacer: Arc<Pacer>,
    writes: Quota,
    queries: Option<Quota>,
    slots: Slots,
    write_slots: Slots,
    long_slots: Slots,
}

/// The slots that a call holds while it runs.
pub(super) struct Held {
    _slot: OwnedSemaphorePermit,
    _write_slot: Option<OwnedSemaphorePermit>,
}

impl Workspace {
    /// The quota that these settings state.
    pub fn new(settings: &config::HrFlow, pacing: &Pacing) -> Self {
        Self::shared_by(std::iter::once(settings), pacing)
    }

    /// The smallest quota that any of these settings of one workspace states.
    pub(super) fn shared_by<'a>(
        settings: impl Iterator<Item = &'a config::HrFlow> + Clone,
        pacing: &Pacing,
    ) -> Self {
        let per_minute = settings.clone().map(|one| one.requests_per_minute).min().unwrap_or(1);
        let concurrency = settings.clone().map(|one| one.concurrency).min().unwrap_or(1);
        let share = settings.clone().map(|one| one.query_share).fold(0.0, f64::max);
        let place = |one: &config::HrFlow| {
            digest(&[one.api_url.as_str().as_bytes(), one.api_key.expose().as_bytes()])
        };
        let name = settings.map(place).next().unwrap_or_default();
        Self::of(per_minute, concurrency, share, pacing, &name)
    }

    fn of(per_minute: u32, concurrency: usize, query_share: f64, pacing: &Pacing, name: &str) -> Self {
        let queries = share_of(per_minute.max(1), query_share);
        let writes = (per_minute.max(1) - queries).max(1);
        let at_once = u32::try_from(concurrency).unwrap_or(u32::MAX).max(1);
        let reserved = share_of(at_once, query_share) as usize;
        let pacer = Pacer::new(pacing.clock.clone());
        let quota = |part, rate| Quota::new(rate, &pacer, pacing, format!("hrflow {name} {part}"));
        Self {
            writes: quota("writes", Rate::per_minute(writes, writes / 60)),
            queries: (queries > 0).then(|| quota("queries", Rate::per_minute(queries, queries))),
            slots: Slots::new(concurrency),
            write_slots: Slots::new(concurrency.saturating_sub(reserved)),
            long_slots: Slots::new(concurrency / 2),
            pacer,
        }
    }

    /// Waits for a turn of a write, at most `at_most`; then [`Kind::RateLimited`] with the time until the next turn, or
    /// [`Kind::Down`] while HrFlow is not available and asked for a rest.
    pub(super) async fn for_write(&self, at_most: Duration) -> Result<Held> {
        let write_slot = self.write_slots.enter(at_most).await.ok_or_else(busy)?;
        // The turn is waited for before the slot, which a query could use meanwhile.
        self.writes.wait(at_most).await.map_err(|wait| self.exhausted(wait))?;
        let slot = self.slots.enter(at_most).await.ok_or_else(busy)?;
        Ok(Held { _slot: slot, _write_slot: Some(write_slot) })
    }

    /// A turn of a query: at once, or the same refusals. Only a slot is waited for.
    pub(super) async fn for_query(&self, at_most: Duration) -> Result<Held> {
        let own = match &self.queries {
            Some(queries) => queries.take().await,
            None => Err(Duration::MAX),
        };
        if let Err(own) = own {
            self.writes.take().await.map_err(|lent| self.exhausted(lent.min(own)))?;
        }
        let slot = self.slots.enter(at_most).await.ok_or_else(busy)?;
        Ok(Held { _slot: slot, _write_slot: None })
    }

    /// Waits for the place of a call that takes long, at most `at_most`. It is taken before the call's slot, and held as
    /// long.
    pub(super) async fn for_long(&self, at_most: Duration) -> Result<OwnedSemaphorePermit> {
        self.long_slots.enter(at_most).await.ok_or_else(busy)
    }

    /// The pace at which HrFlow is called.
    pub(super) fn pacer(&self) -> &Pacer {
        &self.pacer
    }

    /// Hears the status of an answer to a call that was sent at `sent`, and tells the other nodes of a rest.
    pub(super) fn heard(&self, sent: Duration, status: u16, retry_after: Option<Duration>) {
        if let Some(rest) = self.pacer.heard(sent, status, retry_after) {
            self.writes.rest(rest);
            if let Some(queries) = &self.queries {
                queries.rest(rest);
            }
        }
    }

    fn exhausted(&self, wait: Duration) -> Error {
        let problem = match self.pacer.rest() {
            None => {
                Error::new(Kind::RateLimited, "our quota of HrFlow requests is used up").of_our_own_quota()
            }
            Some(_) if self.pacer.is_too_fast() => Error::new(Kind::RateLimited, "HrFlow asked us to wait"),
            // Nobody was too fast, so nobody is told so.
            Some(_) => Error::new(Kind::Down, "HrFlow is not available and asked us to wait"),
        };
        problem.retry_after(wait)
    }
}

/// The part of a whole number that a share is; never all of it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a u32 lies within a u32"
)]
fn share_of(whole: u32, share: f64) -> u32 {
    ((f64::from(whole) * share.clamp(0.0, 1.0)) as u32).min(whole - 1)
}

fn busy() -> Error {
    Error::new(Kind::RateLimited, "all our connections to HrFlow are busy")
        .retry_after(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn workspace(per_minute: u32, concurrency: usize, query_share: f64) -> Workspace {
        Workspace::of(per_minute, concurrency, query_share, &Pacing::default(), "")
    }

    #[tokio::test]
    async fn queries_have_their_own_share_and_then_borrow() {
        let workspace = workspace(10, 16, 0.3);
        for _ in 0..3 {
            drop(workspace.for_query(NOW).await.unwrap());
        }
        drop(workspace.for_query(NOW).await.unwrap());
        let error = workspace.for_query(NOW).await.err().unwrap();
        assert_eq!(error.kind(), Kind::RateLimited);
        let wait = error.wait().unwrap();
        assert!(wait > Duration::ZERO && wait < Duration::from_secs(10), "{wait:?}");
    }

    #[tokio::test]
    async fn writes_never_take_what_is_kept_for_queries() {
        let workspace = workspace(10, 16, 0.3);
        drop(workspace.for_write(NOW).await.unwrap());
        assert_eq!(workspace.for_write(NOW).await.err().unwrap().kind(), Kind::RateLimited);
        for _ in 0..3 {
            drop(workspace.for_query(NOW).await.unwrap());
        }
    }

    #[tokio::test]
    async fn writes_that_hold_all_their_slots_leave_one_for_a_query() {
        let workspace = workspace(60_000, 4, 0.25);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(workspace.for_write(NOW).await.unwrap());
        }
        assert_eq!(workspace.for_write(NOW).await.err().unwrap().kind(), Kind::RateLimited);
        drop(workspace.for_query(NOW).await.unwrap());
    }

    #[tokio::test]
    async fn calls_that_take_long_leave_half_of_the_slots() {
        for (concurrency, long) in [(1, 1), (2, 1), (4, 2), (5, 2)] {
            let workspace = workspace(60_000, concurrency, 0.25);
            let mut held = Vec::new();
            for _ in 0..long {
                held.push(workspace.for_long(NOW).await.unwrap());
            }
            assert_eq!(workspace.for_long(NOW).await.err().unwrap().kind(), Kind::RateLimited);
            held.pop();
            assert!(workspace.for_long(NOW).await.is_ok());
        }
    }

    #[tokio::test]
    async fn the_smallest_workspace_still_does_both() {
        for share in [0.0, 0.5, 1.0] {
            let workspace = workspace(1, 1, share);
            drop(workspace.for_write(NOW).await.unwrap());
            assert_eq!(workspace.for_query(NOW).await.err().unwrap().kind(), Kind::RateLimited);
        }
    }

    #[tokio::test]
    async fn a_query_that_is_told_to_wait_makes_writes_wait_too_and_the_other_way_round() {
        for (status, kind, message) in [
            (429, Kind::RateLimited, "HrFlow asked us to wait"),
            (503, Kind::Down, "HrFlow is not available and asked us to wait"),
        ] {
            let workspace = workspace(60_000, 4, 0.3);
            workspace.heard(workspace.pacer().now(), status, Some(Duration::from_mins(2)));
            for refused in [workspace.for_query(NOW).await, workspace.for_write(NOW).await] {
                let error = refused.err().unwrap();
                assert_eq!((error.kind(), error.message()), (kind, message));
                assert!(!error.is_our_own_quota());
                assert!(error.wait().unwrap() > Duration::from_secs(100), "{error:?}");
            }
        }
    }
}
