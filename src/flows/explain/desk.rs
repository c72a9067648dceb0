//! Who makes explanations for a partner in this process, and how many wait for it.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::config::{HrFlow, Limits};
use crate::error::{Error, Kind, Result};

use std::time::Duration;

/// A bounded number of places, of which fewer work at once.
pub struct Desk {
    places: Arc<Semaphore>,
    pub(super) turns: Semaphore,
    /// Rung when one has ended.
    pub(super) ended: Notify,
}

impl Desk {
    /// No more at once than a workspace lets have calls that take long: the rest would wait there.
    pub fn new(limits: &Limits, hrflow: &HrFlow) -> Self {
        let at_once = limits.explanations.min(hrflow.concurrency / 2).max(1);
        let places = (at_once + limits.explanation_queue).min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            turns: Semaphore::new(at_once),
            ended: Notify::new(),
        }
    }

    /// # Errors
    /// `Unavailable` when every place is taken.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().map_err(|_| {
            Error::new(Kind::Unavailable, "too many explanations are being made")
                .retry_after(Duration::from_secs(5))
        })
    }
}
