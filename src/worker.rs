//! Works off what is due, for each partner by itself, so that one slow partner holds up no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use crate::error::Error;
use crate::flows::lease::{self, Held, Leased};
use crate::flows::{Context, Partner, index, pull};

/// How long an idle worker waits before it looks for what other processes wrote.
const POLL: Duration = Duration::from_secs(1);

/// What is due and not ours is being claimed by another process just now.
const SHORTEST_LOOK: Duration = Duration::from_millis(50);

/// How long a stopping worker lets calls end; what is left then goes on when its lease has ended.
const GRACE: Duration = Duration::from_secs(25);

/// The loops of one process.
pub struct Worker {
    loops: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Worker {
    /// Starts working off what these partners have due.
    pub fn start(context: &Arc<Context>, partners: &[Arc<Partner>]) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut loops = JoinSet::new();
        for partner in partners {
            loops.spawn(index_what_is_due(context.clone(), partner.clone(), stopped.clone()));
            loops.spawn(pull_what_is_due(context.clone(), partner.clone(), stopped.clone()));
        }
        Self { loops, stop }
    }

    /// Begins nothing new and returns when what was begun has ended.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let ended = tokio::time::timeout(GRACE, async { while self.loops.join_next().await.is_some() {} });
        if ended.await.is_err() {
            tracing::warn!("some work did not end in time; it goes on when its lease has ended");
        }
    }
}

async fn index_what_is_due(context: Arc<Context>, partner: Arc<Partner>, mut stop: watch::Receiver<bool>) {
    // Enough to keep both sides busy; each side's own limit decides how many calls are under way.
    let capacity = partner.settings.hrflow.concurrency + partner.settings.service.concurrency;
    let mut running = JoinSet::new();
    let mut held: HashMap<Id, Held> = HashMap::new();
    let mut renewal = interval(context.limits.lease / 3);
    renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*stop.borrow() || !running.is_empty() {
        let mut look_again = Instant::now() + POLL;
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
                        held.insert(running.spawn(task).id(), handle);
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
                let leases: Vec<Held> = held.values().cloned().collect();
                if !leases.is_empty() && let Err(problem) = lease::renew(&context, &partner, leases).await {
                    report(&partner, "leases could not be renewed", &problem);
                }
            }
            () = partner.records_due.notified(), if running.len() <= capacity / 2 => {}
            () = sleep_until(look_again), if running.len() <= capacity / 2 => {}
            _ = stop.changed() => {}
        }
    }
}

async fn run(context: Arc<Context>, partner: Arc<Partner>, leased: Leased) {
    if let Err(problem) = index::work(&context, &partner, leased).await {
        report(&partner, "a record could not be settled; it goes on when its lease has ended", &problem);
    }
}

async fn pull_what_is_due(context: Arc<Context>, partner: Arc<Partner>, mut stop: watch::Receiver<bool>) {
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

fn report(partner: &Partner, what: &str, problem: &Error) {
    tracing::error!(
        partner = %partner.settings.name,
        code = problem.kind().code(),
        cause = std::error::Error::source(problem).map(tracing::field::display),
        "{what}: {problem}"
    );
}
