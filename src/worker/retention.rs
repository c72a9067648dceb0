//! The loop that deletes what is too old, one for the process.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::flows::{Context, retention};

/// How long after everything too old was deleted there may be more of it.
const ROUND: Duration = Duration::from_mins(10);

/// Between two batches the database is everybody else's.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn forget_what_is_old(context: Arc<Context>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let wait = match retention::forget(&context).await {
            Ok(0) => ROUND,
            Ok(_) => PAUSE,
            Err(problem) => {
                tracing::error!(
                    code = problem.kind().code(),
                    cause = std::error::Error::source(&problem).map(tracing::field::display),
                    "old rows could not be deleted: {problem}"
                );
                ROUND
            }
        };
        tokio::select! {
            () = sleep(wait) => {}
            _ = stop.changed() => {}
        }
    }
}
