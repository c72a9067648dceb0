//! The quota of one workspace: a part is kept for queries, which go before indexing.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use crate::config;
use crate::error::{Error, Kind, Result};
use crate::http::{Quota, Slots};

/// The quota and the slots of one workspace.
///
/// `query_share` of the requests per minute, and of the slots, are the queries' own. A query takes from its own part
/// first, then from the writes' part; a write never takes from the queries'. Queries may come in a burst of a minute's
/// share, writes in a burst of one second's.
pub struct Workspace {
    writes: Quota,
    queries: Option<Quota>,
    slots: Slots,
    write_slots: Slots,
}

/// The slots that a call holds while it runs.
pub(super) struct Held {
    _slot: OwnedSemaphorePermit,
    _write_slot: Option<OwnedSemaphorePermit>,
}

impl Workspace {
    /// The quota that these settings state.
    pub fn new(settings: &config::HrFlow) -> Self {
        Self::of(settings.requests_per_minute, settings.concurrency, settings.query_share)
    }

    /// The smallest quota that any of these settings states.
    pub(super) fn shared_by<'a>(settings: impl Iterator<Item = &'a config::HrFlow> + Clone) -> Self {
        let per_minute = settings.clone().map(|one| one.requests_per_minute).min().unwrap_or(1);
        let concurrency = settings.clone().map(|one| one.concurrency).min().unwrap_or(1);
        let share = settings.map(|one| one.query_share).fold(0.0, f64::max);
        Self::of(per_minute, concurrency, share)
    }

    fn of(per_minute: u32, concurrency: usize, query_share: f64) -> Self {
        let queries = share_of(per_minute.max(1), query_share);
        let writes = (per_minute.max(1) - queries).max(1);
        let at_once = u32::try_from(concurrency).unwrap_or(u32::MAX).max(1);
        let reserved = share_of(at_once, query_share) as usize;
        Self {
            writes: Quota::per_minute(at_least_one(writes), at_least_one(writes / 60)),
            queries: NonZeroU32::new(queries).map(|queries| Quota::per_minute(queries, queries)),
            slots: Slots::new(concurrency),
            write_slots: Slots::new(concurrency.saturating_sub(reserved)),
        }
    }

    /// Waits for a turn of a write, at most `at_most`; then [`Kind::RateLimited`] with the time until the next turn.
    pub(super) async fn for_write(&self, at_most: Duration) -> Result<Held> {
        let write_slot = self.write_slots.enter(at_most).await.ok_or_else(busy)?;
        // The turn is waited for before the slot, which a query could use meanwhile.
        self.writes.wait(at_most).await.map_err(exhausted)?;
        let slot = self.slots.enter(at_most).await.ok_or_else(busy)?;
        Ok(Held { _slot: slot, _write_slot: Some(write_slot) })
    }

    /// A turn of a query: at once, or [`Kind::RateLimited`] with the time until the next one. Only a slot is waited for.
    pub(super) async fn for_query(&self, at_most: Duration) -> Result<Held> {
        let own = self.queries.as_ref().map_or(Err(Duration::MAX), Quota::take);
        if let Err(own) = own {
            self.writes.take().map_err(|lent| exhausted(lent.min(own)))?;
        }
        let slot = self.slots.enter(at_most).await.ok_or_else(busy)?;
        Ok(Held { _slot: slot, _write_slot: None })
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

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

fn exhausted(wait: Duration) -> Error {
    Error::new(Kind::RateLimited, "our quota of HrFlow requests is used up").retry_after(wait)
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

    #[tokio::test]
    async fn queries_have_their_own_share_and_then_borrow() {
        let workspace = Workspace::of(10, 16, 0.3);
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
        let workspace = Workspace::of(10, 16, 0.3);
        drop(workspace.for_write(NOW).await.unwrap());
        assert_eq!(workspace.for_write(NOW).await.err().unwrap().kind(), Kind::RateLimited);
        for _ in 0..3 {
            drop(workspace.for_query(NOW).await.unwrap());
        }
    }

    #[tokio::test]
    async fn writes_that_hold_all_their_slots_leave_one_for_a_query() {
        let workspace = Workspace::of(60_000, 4, 0.25);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(workspace.for_write(NOW).await.unwrap());
        }
        assert_eq!(workspace.for_write(NOW).await.err().unwrap().kind(), Kind::RateLimited);
        drop(workspace.for_query(NOW).await.unwrap());
    }

    #[tokio::test]
    async fn the_smallest_workspace_still_does_both() {
        for share in [0.0, 0.5, 1.0] {
            let workspace = Workspace::of(1, 1, share);
            drop(workspace.for_write(NOW).await.unwrap());
            assert_eq!(workspace.for_query(NOW).await.err().unwrap().kind(), Kind::RateLimited);
        }
    }
}
