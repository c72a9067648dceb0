//! Group commit: a thread takes the requests that wait, keeps all their webhooks in one transaction and answers after
//! the commit.
//!
//! A commit costs the disk the same whatever is in it. While one is under way the next webhooks gather, so the batch
//! grows with the load by itself and no webhook waits for company.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::backend::Pools;
use super::deliveries::{self, Delivery, Receipt};
use super::generations::Generations;
use crate::error::{Error, Kind, Result};
use crate::model::Clock;

/// Webhooks after which no further request joins a commit: a larger batch only makes the first of it wait.
const BATCH: usize = 256;

/// What became of each webhook of a request.
type Receipts = Vec<Result<Receipt>>;

/// The webhooks of a request, which wait, and who waits for them.
struct Waiting {
    deliveries: Vec<Delivery>,
    answer: oneshot::Sender<Result<Receipts>>,
    /// Their room in the queue, until they are taken out of it.
    room: OwnedSemaphorePermit,
}

/// The door to the writing threads. They end when the last door is closed, after what waits is committed.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::UnboundedSender<Waiting>,
    /// What bounds the queue: a request takes as much room as it has webhooks.
    room: Arc<Semaphore>,
    capacity: u32,
}

impl Writer {
    /// Starts the threads, with room for `capacity` webhooks to wait.
    pub(super) fn start(
        pools: &Arc<Pools>,
        clock: &Clock,
        capacity: usize,
        generations: &Generations,
    ) -> Result<Self> {
        let (queue, waiting) = mpsc::unbounded_channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..pools.writers() {
            let (clock, waiting) = (clock.clone(), waiting.clone());
            let ledger = Ledger { pools: pools.clone(), clock, generations: generations.clone() };
            thread::Builder::new()
                .name("writer".to_owned())
                .spawn(move || write(&ledger, &waiting))
                .map_err(|cause| {
                    Error::new(Kind::Internal, "a writer could not be started").because(cause)
                })?;
        }
        let capacity = u32::try_from(capacity).unwrap_or(u32::MAX).max(1);
        Ok(Self { queue, room: Arc::new(Semaphore::new(capacity as usize)), capacity })
    }

    /// Whether there is a thread to write.
    pub(super) fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Answers after the commit, or at once when the queue is full.
    pub(super) async fn keep(&self, deliveries: Vec<Delivery>) -> Result<Receipts> {
        if deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        let refused = |message: &str| {
            Error::new(Kind::Unavailable, format!("{message}; send it again"))
                .retry_after(Duration::from_secs(1))
        };
        // One that is larger than the whole queue goes when the queue is empty.
        let needed = u32::try_from(deliveries.len()).unwrap_or(u32::MAX).min(self.capacity);
        let room = self.room.clone().try_acquire_many_owned(needed);
        let room = room.map_err(|_| refused("too many webhooks are waiting to be written"))?;
        let unwritten = || refused("the webhook could not be written");
        self.queue.send(Waiting { deliveries, answer, room }).map_err(|_| unwritten())?;
        answered.await.map_err(|_| unwritten())?
    }
}

/// Where webhooks are kept, and who is told that they were.
struct Ledger {
    pools: Arc<Pools>,
    clock: Clock,
    generations: Generations,
}

/// Commits one batch after the other until the door is closed.
fn write(ledger: &Ledger, waiting: &Mutex<mpsc::UnboundedReceiver<Waiting>>) {
    let mut batch = Vec::with_capacity(BATCH);
    // Whoever waits for webhooks holds the lock; a batch is committed without it.
    while take(&mut waiting.lock().unwrap_or_else(PoisonError::into_inner), &mut batch) {
        // A defect costs its batch, whose callers are told to send it again, and not the writer.
        let committed = catch_unwind(AssertUnwindSafe(|| commit(ledger, &mut batch)));
        if committed.is_err() {
            tracing::error!("a batch of webhooks was given up after a defect");
            batch.clear();
        }
    }
}

/// A request as it is committed.
type Taken = (Vec<Delivery>, oneshot::Sender<Result<Receipts>>);

/// Waits for a request and takes those that wait beside it, whole: what one of them says of one object stays in order.
fn take(waiting: &mut mpsc::UnboundedReceiver<Waiting>, batch: &mut Vec<Taken>) -> bool {
    let mut next = waiting.blocking_recv();
    let mut count = 0;
    while let Some(Waiting { deliveries, answer, room }) = next {
        drop(room);
        count += deliveries.len();
        batch.push((deliveries, answer));
        next = if count < BATCH { waiting.try_recv().ok() } else { None };
    }
    count > 0
}

fn commit(ledger: &Ledger, batch: &mut Vec<Taken>) {
    let mut deliveries = Vec::with_capacity(BATCH);
    let mut callers = Vec::with_capacity(batch.len());
    for (mut of_one, answer) in batch.drain(..) {
        callers.push((of_one.len(), answer));
        deliveries.append(&mut of_one);
    }
    let mut receipts = match ledger.keep(&deliveries) {
        Ok(receipts) => receipts.into_iter().map(Ok).collect::<Receipts>().into_iter(),
        // One that the database cannot take must not fail its neighbours; when the database is away, they all wait.
        Err(problem) if problem.kind() != Kind::Unavailable && deliveries.len() > 1 => {
            let one_by_one = deliveries.into_iter().map(|delivery| ledger.keep(&[delivery]).and_then(only));
            one_by_one.collect::<Receipts>().into_iter()
        }
        Err(problem) => {
            tracing::error!(
                error = &problem as &dyn std::error::Error,
                waiting = deliveries.len(),
                "webhooks could not be written"
            );
            let wait = problem.wait().unwrap_or(Duration::from_secs(1));
            let refusal = |_| Err(Error::new(problem.kind(), problem.message()).retry_after(wait));
            deliveries.iter().map(refusal).collect::<Receipts>().into_iter()
        }
    };
    for (count, answer) in callers {
        // A caller that went away has its webhooks kept all the same.
        let _ = answer.send(whole(receipts.by_ref().take(count).collect()));
    }
}

/// The receipts of a request, unless one of its webhooks has to be sent again, and so the request.
fn whole(receipts: Receipts) -> Result<Receipts> {
    let of_one = |receipt: Result<Receipt>| match receipt {
        Err(problem) if problem.kind() == Kind::Unavailable => Err(problem),
        receipt => Ok(receipt),
    };
    receipts.into_iter().map(of_one).collect()
}

impl Ledger {
    fn keep(&self, batch: &[Delivery]) -> Result<Vec<Receipt>> {
        let kept = self.pools.write(|db| {
            let now = super::now(db, &self.clock)?;
            deliveries::keep(db, batch, now)
        });
        // Also where it failed: a commit whose answer was lost may stand.
        for of_one in batch.chunk_by(|one, next| one.partner == next.partner) {
            of_one.iter().take(1).for_each(|delivery| self.generations.raise(&delivery.partner, true));
        }
        kept
    }
}

fn only(receipts: Vec<Receipt>) -> Result<Receipt> {
    receipts.into_iter().next().ok_or_else(unanswered)
}

fn unanswered() -> Error {
    Error::new(Kind::Internal, "a webhook was kept without a receipt")
}
