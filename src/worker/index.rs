//! The loop that leases due records and works on them side by side.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{POLL, report};
use crate::flows::lease::{self, Held, Leased};
use crate::flows::{Context, Partner, index};

/// What is due and not ours is being claimed by another process just now.
const SHORTEST_LOOK: Duration = Duration::from_millis(50);

pub(super) async fn index_what_is_due(
    context: Arc<Context>,
    partner: Arc<Partner>,
    mut stop: watch::Receiver<bool>,
) {
    // Enough to keep both sides busy; each side's own limit decides how many calls are under way.
    let capacity = partner.settings.hrflow.concurrency + partner.settings.service.concurrency;
    let mut running = JoinSet::new();
    let mut held: HashMap<Id, (Held, AbortHandle)> = HashMap::new();
    let mut give_back_at = None;
    let mut renewal = interval(context.limits.lease / 3);
    renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*stop.borrow() || !running.is_empty() {
        let mut look_again = Instant::now() + POLL;
        if *stop.borrow() {
            // The rest of the time is for giving back, which needs the database.
            give_back_at.get_or_insert(Instant::now() + context.limits.shutdown * 4 / 5);
        }
        // Claims in handfuls: each costs a commit.
        if !*stop.borrow() && running.len() <= capacity / 2 {
            match lease::claim(&context, &partner, capacity - running.len()).await {
                Ok(claimed) => {
                    if let Ok(Some(due)) = lease::next_due_in(&context, &partner).await {
                        look_again = look_again.min(Instant::now() + due.max(SHORTEST_LOOK));
                    }
                    for leased in claimed {
                        let handle = leased.handle();
                        let task = run(context.clone(), partner.clone(), leased);
                        let task = running.spawn(task);
                        held.insert(task.id(), (handle, task));
                    }
                }
                Err(problem) => report(&partner, "nothing could be claimed", &problem),
            }
        }
        tokio::select! {
            Some(ended) = running.join_next_with_id() => {
                held.remove(&ended.map_or_else(|failure| failure.id(), |(id, ())| id));
                while let Some(ended) = running.try_join_next_with_id() {
                    held.remove(&ended.map_or_else(|failure| failure.id(), |(id, ())| id));
                }
            }
            _ = renewal.tick() => {
                let leases: Vec<Held> = held.values().map(|(held, _)| held.clone()).collect();
                if !leases.is_empty() && let Err(problem) = lease::renew(&context, &partner, leases).await {
                    report(&partner, "leases could not be renewed", &problem);
                }
            }
            () = partner.records_due.notified(), if running.len() <= capacity / 2 => {}
            () = sleep_until(look_again), if running.len() <= capacity / 2 => {}
            _ = stop.changed() => {}
            () = sleep_until(give_back_at.unwrap_or(look_again)), if give_back_at.is_some() => {
                return give_back(&context, &partner, running, held).await;
            }
        }
    }
}

/// Gives back what waits for its turn, and lets end what HrFlow has been asked to do.
async fn give_back(
    context: &Context,
    partner: &Partner,
    mut running: JoinSet<()>,
    held: HashMap<Id, (Held, AbortHandle)>,
) {
    let (waiting, tasks): (Vec<Held>, Vec<AbortHandle>) =
        held.into_values().filter(|(held, _)| held.give_up()).unzip();
    tasks.iter().for_each(AbortHandle::abort);
    if let Err(problem) = lease::release(context, partner, waiting).await {
        report(partner, "records could not be given back; they go on when their leases have ended", &problem);
    }
    while running.join_next().await.is_some() {}
}

async fn run(context: Arc<Context>, partner: Arc<Partner>, leased: Leased) {
    if let Err(problem) = index::work(&context, &partner, leased).await {
        report(&partner, "a record could not be settled; it goes on when its lease has ended", &problem);
    }
}
