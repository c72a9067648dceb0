//! The loop that starts the pulls that are due by schedule.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::sleep;

use super::{POLL, report};
use crate::flows::{Context, Partner, schedule};

pub(super) async fn start_what_is_due(
    context: Arc<Context>,
    partner: Arc<Partner>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let wait = match schedule::start_due(&context, &partner).await {
            Ok(Some(wait)) => wait,
            Ok(None) => return,
            Err(problem) => {
                report(&partner, "no scheduled pull could be started", &problem);
                POLL
            }
        };
        tokio::select! {
            () = sleep(wait) => {}
            _ = stop.changed() => {}
        }
    }
}
