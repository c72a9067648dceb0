//! Retention: what is older than `retention_days` is deleted, a batch at a time; snapshots when their time is over.

use super::Context;
use crate::error::Result;
use crate::store::{self, retention, snapshots};

/// Deletes one batch of what is too old, in a transaction of its own. Returns how many rows it was; none when there is nothing left
/// to delete.
///
/// With a delivery goes the identity of a webhook: one that is sent again after that is a new one, and the mailbox does
/// with it what it does with a duplicate of something that was carried out.
pub async fn forget(context: &Context) -> Result<usize> {
    let (clock, retention) = (context.clock.clone(), context.retention);
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            let mut deleted = snapshots::forget(db, now.timestamp_micros())?;
            if deleted == 0 {
                deleted = retention::delete_batch(db, (now - retention).timestamp_micros())?;
            }
            Ok(deleted)
        })
        .await
}
