//! Retention: what is older than `retention_days` is deleted, a batch at a time.

use super::Context;
use crate::error::Result;
use crate::store::{self, retention};

/// Deletes one batch of deliveries, changes or ended pulls that are too old, in a transaction of its own. Returns how
/// many rows it was; none when there is nothing left to delete.
///
/// With a delivery goes the identity of a webhook: one that is sent again after that is a new one, and the mailbox does
/// with it what it does with a duplicate of something that was carried out.
pub async fn forget(context: &Context) -> Result<usize> {
    let (clock, retention) = (context.clock.clone(), context.retention);
    context
        .store
        .write(move |db| {
            let before = store::now(db, &clock)? - retention;
            retention::delete_batch(db, before.timestamp_micros())
        })
        .await
}
