//! Retention: what is older than `retention_days` is deleted, a batch at a time; receipts after `receipts_days`, snapshots
//! and tickets when their time is over, exports after `export_days`, and explanations after a week.

use std::time::Duration;

use super::Context;
use crate::error::Result;
use crate::store::{self, explanations, exports, feedback, receipts, retention, snapshots, tickets};

/// The most rows of one transaction, as of everything that is deleted.
const BATCH: i64 = 500;

/// How long an explanation is kept, at most: it says something of a person, and HrFlow can be asked again.
const EXPLANATIONS: Duration = Duration::from_hours(7 * 24);

/// Deletes one batch of what is too old, in a transaction of its own. Returns how many rows it was; none when there is nothing left
/// to delete.
///
/// With a delivery goes the identity of a webhook: one that is sent again after that is a new one, and the mailbox does
/// with it what it does with a duplicate of something that was carried out.
pub async fn forget(context: &Context) -> Result<usize> {
    let (clock, retention, receipts_kept) = (context.clock.clone(), context.retention, context.receipts_kept);
    let exports_kept = context.limits.export_days;
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            let before = |kept: Duration| (now - kept).timestamp_micros();
            let mut deleted = snapshots::forget(db, now.timestamp_micros())?;
            if deleted == 0 {
                deleted = explanations::delete_batch(db, before(retention.min(EXPLANATIONS)), BATCH)?;
            }
            if deleted == 0 {
                deleted = retention::delete_batch(db, before(retention))?;
            }
            if deleted == 0 {
                deleted = feedback::forget(db, now, BATCH)?;
            }
            if deleted == 0 {
                deleted = receipts::forget(db, before(receipts_kept), BATCH)?;
            }
            if deleted == 0 {
                deleted = tickets::delete_expired(db, now.timestamp_micros())?;
            }
            if deleted == 0 {
                // One that takes as long as an export may is ended by its worker, and then kept as long.
                deleted = exports::delete_old(db, before(exports_kept), before(exports_kept * 3))?;
            }
            Ok(deleted)
        })
        .await
}
