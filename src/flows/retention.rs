//! Retention: what is older than `retention_days` is deleted, a batch at a time; receipts after `receipts_days`, snapshots
//! and tickets when their time is over, exports after `export_days`, and explanations after a week.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Context;
use crate::error::Result;
use crate::store::{self, Db, explanations, exports, feedback, receipts, retention, snapshots, tickets};

/// The most rows of one transaction, as of everything that is deleted.
const BATCH: i64 = 500;

/// The most receipts of one: each is found by every object in it, up to a hundred.
const RECEIPTS: i64 = 25;

/// How long an explanation is kept, at most: it says something of a person, and HrFlow can be asked again.
const EXPLANATIONS: Duration = Duration::from_hours(7 * 24);

/// How long things are kept.
#[derive(Clone, Copy)]
struct Kept {
    history: Duration,
    receipts: Duration,
    exports: Duration,
}

/// One kind of what is deleted: what it is called in the log, and how a batch of it goes.
type Stage = (&'static str, fn(&mut Db<'_>, Kept, DateTime<Utc>) -> Result<usize>);

const STAGES: [Stage; 7] = [
    ("snapshots", |db, _, now| snapshots::forget(db, now.timestamp_micros())),
    ("explanations", |db, kept, now| {
        explanations::delete_batch(db, before(now, kept.history.min(EXPLANATIONS)), BATCH)
    }),
    ("history", |db, kept, now| retention::delete_batch(db, before(now, kept.history))),
    ("feedback", |db, _, now| feedback::forget(db, now, BATCH)),
    ("receipts", |db, kept, now| receipts::forget(db, before(now, kept.receipts), RECEIPTS)),
    ("tickets", |db, _, now| tickets::delete_expired(db, now.timestamp_micros())),
    ("exports", |db, kept, now| {
        // One that takes as long as an export may is ended by its worker, and then kept as long.
        exports::delete_old(db, before(now, kept.exports), before(now, kept.exports * 3))
    }),
];

/// Deletes one batch of each kind of what is too old, each in a transaction of its own. Returns how many rows it was; none
/// when there is nothing left to delete.
///
/// With a delivery goes the identity of a webhook: one that is sent again after that is a new one, and the mailbox does
/// with it what it does with a duplicate of something that was carried out.
///
/// # Errors
/// What a kind failed with, where no other had anything to delete; else it is only logged.
pub async fn forget(context: &Context) -> Result<usize> {
    let kept = Kept {
        history: context.retention,
        receipts: context.receipts_kept,
        exports: context.limits.export_days,
    };
    let (mut deleted, mut failed) = (0, None);
    for (kind, forget) in STAGES {
        let clock = context.clock.clone();
        let batch = context.store.write(move |db| {
            let now = store::now(db, &clock)?;
            forget(db, kept, now)
        });
        match batch.await {
            Ok(rows) => deleted += rows,
            Err(problem) => {
                tracing::error!(
                    kind,
                    code = problem.kind().code(),
                    cause = std::error::Error::source(&problem).map(tracing::field::display),
                    "old rows of this kind could not be deleted: {problem}"
                );
                failed = Some(problem);
            }
        }
    }
    failed.filter(|_| deleted == 0).map_or(Ok(deleted), Err)
}

fn before(now: DateTime<Utc>, kept: Duration) -> i64 {
    (now - kept).timestamp_micros()
}
