//! The loop that leases due exports and works on them.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use super::{POLL, report};
use crate::flows::{Context, Partner, export};

/// Exports of a partner that are worked on at once: indexing waits in the same line for its calls to HrFlow.
const AT_WORK: usize = 2;

pub(super) async fn export_what_is_due(
    context: Arc<Context>,
    partner: Arc<Partner>,
    mut stop: watch::Receiver<bool>,
) {
    let mut running = JoinSet::new();
    let mut begun: HashMap<Id, (String, String)> = HashMap::new();
    while !*stop.borrow() {
        let has_room = running.len() < AT_WORK;
        let claimed = if has_room { export::claim(&context, &partner).await } else { Ok(None) };
        match claimed {
            Ok(Some(claimed)) => {
                let (context, partner) = (context.clone(), partner.clone());
                let held = (claimed.id.clone(), claimed.lease.clone().unwrap_or_default());
                let task = running.spawn(async move {
                    if let Err(problem) = export::run(&context, &partner, claimed).await {
                        report(&partner, "an export stopped; it goes on when its lease has ended", &problem);
                    }
                });
                begun.insert(task.id(), held);
                continue;
            }
            Ok(None) => {}
            Err(problem) => report(&partner, "no export could be claimed", &problem),
        }
        tokio::select! {
            Some(ended) = running.join_next_with_id() => {
                begun.remove(&ended.map_or_else(|failure| failure.id(), |(id, ())| id));
            }
            () = partner.exports_due.notified() => {}
            () = sleep(POLL) => {}
            _ = stop.changed() => {}
        }
    }
    // A line is written whole or not at all, so an export may stop anywhere.
    running.shutdown().await;
    for (id, token) in begun.into_values() {
        if let Err(problem) = export::release(&context, id, token).await {
            report(
                &partner,
                "an export could not be given back; it goes on when its lease has ended",
                &problem,
            );
        }
    }
}
