//! The loop that leases due pulls and reads them.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use super::{POLL, report};
use crate::flows::{Context, Partner, pull};

pub(super) async fn pull_what_is_due(
    context: Arc<Context>,
    partner: Arc<Partner>,
    mut stop: watch::Receiver<bool>,
) {
    let mut running = JoinSet::new();
    let mut begun: HashMap<Id, (String, String)> = HashMap::new();
    while !*stop.borrow() {
        match pull::claim(&context, &partner).await {
            Ok(Some(claimed)) => {
                let (context, partner) = (context.clone(), partner.clone());
                let held = (claimed.id.clone(), claimed.lease.clone().unwrap_or_default());
                let task = running.spawn(async move {
                    if let Err(problem) = pull::run(&context, &partner, claimed).await {
                        report(&partner, "a pull stopped; it goes on when its lease has ended", &problem);
                    }
                });
                begun.insert(task.id(), held);
                continue;
            }
            Ok(None) => {}
            Err(problem) => report(&partner, "no pull could be claimed", &problem),
        }
        tokio::select! {
            Some(ended) = running.join_next_with_id() => {
                begun.remove(&ended.map_or_else(|failure| failure.id(), |(id, ())| id));
            }
            () = partner.pulls_due.notified() => {}
            () = sleep(POLL) => {}
            _ = stop.changed() => {}
        }
    }
    // A page is written whole or not at all, so a pull may end anywhere.
    running.shutdown().await;
    for (id, token) in begun.into_values() {
        if let Err(problem) = pull::release(&context, id, token).await {
            report(&partner, "a pull could not be given back; it goes on when its lease has ended", &problem);
        }
    }
}
