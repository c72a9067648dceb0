//! Group commit: a thread takes all the webhooks that wait and commits them together.
//!
//! A commit costs a flush of the disk, whatever is in it. While one is under way the next webhooks gather, so the batch
//! grows with the load by itself and no webhook waits for company.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::backend::Pools;
use super::deliveries::{self, Delivery, Receipt};
use crate::error::{Error, Kind, Result};
use crate::model::Clock;

/// The most webhooks of one commit: beyond that a larger batch only makes the first of it wait.
const BATCH: usize = 256;

/// A webhook that waits, and who waits for it.
struct Waiting {
    delivery: Delivery,
    answer: oneshot::Sender<Result<Receipt>>,
}

/// The door to the writing threads. They end when the last door is closed, after what waits is committed.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Waiting>,
}

impl Writer {
    /// Starts the threads, with room for `capacity` webhooks to wait.
    pub(super) fn start(pools: &Arc<Pools>, clock: &Clock, capacity: usize) -> Result<Self> {
        let (queue, waiting) = mpsc::channel(capacity.max(1));
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..pools.writers() {
            let (pools, clock, waiting) = (pools.clone(), clock.clone(), waiting.clone());
            thread::Builder::new()
                .name("writer".to_owned())
                .spawn(move || write(&pools, &clock, &waiting))
                .map_err(|cause| Error::new(Kind::Internal, "a writer could not be started").because(cause))?;
        }
        Ok(Self { queue })
    }

    /// Whether there is a thread to write.
    pub(super) fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Answers after the commit, or at once when the queue is full.
    pub(super) async fn keep(&self, delivery: Delivery) -> Result<Receipt> {
        let (answer, answered) = oneshot::channel();
        let refused = |message: &str| {
            Error::new(Kind::Unavailable, format!("{message}; send it again"))
                .retry_after(Duration::from_secs(1))
        };
        self.queue
            .try_send(Waiting { delivery, answer })
            .map_err(|_| refused("too many webhooks are waiting to be written"))?;
        answered.await.map_err(|_| refused("the webhook could not be written"))?
    }
}

/// Commits one batch after the other until the door is closed.
fn write(pools: &Pools, clock: &Clock, waiting: &Mutex<mpsc::Receiver<Waiting>>) {
    let mut batch = Vec::with_capacity(BATCH);
    // Whoever waits for webhooks holds the lock; a batch is committed without it.
    let next = |batch: &mut Vec<Waiting>| {
        waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv_many(batch, BATCH)
    };
    while next(&mut batch) > 0 {
        // A defect costs its batch, whose callers are told to send it again, and not the writer.
        let committed = catch_unwind(AssertUnwindSafe(|| commit(pools, clock, &mut batch)));
        if committed.is_err() {
            tracing::error!("a batch of webhooks was given up after a defect");
            batch.clear();
        }
    }
}

fn commit(pools: &Pools, clock: &Clock, batch: &mut Vec<Waiting>) {
    let (deliveries, answers): (Vec<_>, Vec<_>) =
        batch.drain(..).map(|waiting| (waiting.delivery, waiting.answer)).unzip();
    match keep(pools, clock, &deliveries) {
        Ok(receipts) => {
            for (answer, receipt) in answers.into_iter().zip(receipts) {
                // A caller that went away has its webhook kept all the same.
                let _ = answer.send(Ok(receipt));
            }
        }
        // One that the database cannot take must not fail its neighbours; when the database is away, they all wait.
        Err(problem) if problem.kind() != Kind::Unavailable && deliveries.len() > 1 => {
            for (answer, delivery) in answers.into_iter().zip(deliveries) {
                let _ = answer.send(keep(pools, clock, &[delivery]).and_then(only));
            }
        }
        Err(problem) => {
            tracing::error!(
                error = &problem as &dyn std::error::Error,
                waiting = answers.len(),
                "webhooks could not be written"
            );
            let wait = problem.wait().unwrap_or(Duration::from_secs(1));
            for answer in answers {
                let refusal = Error::new(problem.kind(), problem.message()).retry_after(wait);
                let _ = answer.send(Err(refusal));
            }
        }
    }
}

fn keep(pools: &Pools, clock: &Clock, batch: &[Delivery]) -> Result<Vec<Receipt>> {
    pools.write(|db| {
        let now = super::now(db, clock)?;
        deliveries::keep(db, batch, now)
    })
}

fn only(receipts: Vec<Receipt>) -> Result<Receipt> {
    receipts
        .into_iter()
        .next()
        .ok_or_else(|| Error::new(Kind::Internal, "a webhook was kept without a receipt"))
}
