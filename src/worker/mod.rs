//! Works off what is due, for each partner by itself, so that one slow partner holds up no other.

mod export;
mod index;
mod pull;
mod retention;
mod schedule;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::Error;
use crate::flows::{Context, Partner};

/// How long an idle worker waits before it looks for what other processes wrote.
const POLL: Duration = Duration::from_secs(1);

/// The loops of one process.
pub struct Worker {
    loops: JoinSet<()>,
    stop: watch::Sender<bool>,
    shutdown: Duration,
}

impl Worker {
    /// Starts working off what these partners have due.
    pub fn start(context: &Arc<Context>, partners: &[Arc<Partner>]) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut loops = JoinSet::new();
        for partner in partners {
            loops.spawn(index::index_what_is_due(context.clone(), partner.clone(), stopped.clone()));
            loops.spawn(pull::pull_what_is_due(context.clone(), partner.clone(), stopped.clone()));
            loops.spawn(export::export_what_is_due(context.clone(), partner.clone(), stopped.clone()));
        }
        loops.spawn(retention::forget_what_is_old(context.clone(), stopped));
        Self { loops, stop, shutdown: context.limits.shutdown }
    }

    /// Starts the pulls of these partners that are due by schedule, as a server does and a single command does not.
    pub fn keep_schedules(&mut self, context: &Arc<Context>, partners: &[Arc<Partner>]) {
        for partner in partners {
            let stopped = self.stop.subscribe();
            self.loops.spawn(schedule::start_what_is_due(context.clone(), partner.clone(), stopped));
        }
    }

    /// Begins nothing new and returns when what was begun has ended or was given back, within `shutdown_seconds`.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let ending = async { while self.loops.join_next().await.is_some() {} };
        let ended = tokio::time::timeout(self.shutdown, ending);
        if ended.await.is_err() {
            tracing::warn!("some work did not end in time; it goes on when its lease has ended");
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
