//! The connector's database, and alone in knowing it: records, deliveries, pulls, and the rules that move them.
//!
//! ```text
//! records     the ledger and the queue: one row per object      mailbox   what each piece of news does to a row
//! deliveries  every webhook, once                               writer    many webhooks in one commit
//! changes     what came of each piece of work                   delivery_log, dead_letters   what is looked for
//! retention   what is old is deleted                            page      bounded looks at long lists
//! pulls       what is read, and how far                         backend   SQLite and PostgreSQL behind one door
//! erasures    what is kept of an erasure, and what must go      freshness how far HrFlow is behind
//! listings    what proves that a listing was complete           absences  what a listing lacked, and what became of it
//! fuse        how many may be archived as gone                  budgets   how many calls all nodes may make
//! breakers    which side is out of order                        transfer  from SQLite to PostgreSQL
//! receipts    what rankings were made of, chained by hashes     feedback  what was sent under an Idempotency-Key
//! snapshots   rankings that somebody pages through              generations   how often a partner's objects changed
//! explanations    why a pair matches as it does
//! exports     the best of many objects, line by line            tickets   scoring calls that outlast their callers
//! ```

pub mod absences;
mod among;
mod backend;
pub mod breakers;
pub mod budgets;
pub mod changes;
pub mod dead_letters;
pub mod deliveries;
pub mod delivery_log;
pub mod erasures;
pub mod explanations;
pub mod exports;
pub mod feedback;
pub mod freshness;
pub mod fuse;
pub mod generations;
pub mod listings;
pub mod mailbox;
mod page;
pub mod pulls;
pub mod receipts;
pub mod records;
pub mod retention;
mod schema;
pub mod snapshots;
mod text;
pub mod tickets;
pub mod transfer;
mod writer;
mod written_out;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

pub use absences::{Absence, Decided, Decision};
pub use backend::{Db, next_stamp, now};
pub use breakers::{Breaker, Side, Standing};
pub use changes::Change;
pub use deliveries::{Delivery, Receipt};
pub use erasures::Erasure;
pub use explanations::Explanation;
pub use exports::Export;
pub use freshness::Freshness;
pub use mailbox::{Event, Indexed, Listed, Listing, Settlement};
pub use page::Page;
pub use pulls::{By, Coverage, Mode, Pull, State, Wish};
pub use records::{Outcome, Presence, Record, Wanted};
pub use snapshots::Snapshot;
pub use tickets::Ticket;

use crate::error::{Error, Kind, Result};
use crate::model::Clock;
use backend::Pools;
use generations::Generations;
use writer::Writer;

/// The database, SQLite or PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pools: Arc<Pools>,
    // Readers never wait for writers.
    reading: Turns,
    writing: Turns,
    writer: Writer,
    generations: Generations,
}

/// Only as many closures go to the blocking threads as there are connections; the rest wait here, in order and at no
/// cost, but not for ever: where each turn ends in a time-out, those behind it would wait for the sum.
#[derive(Clone)]
struct Turns {
    free: Arc<Semaphore>,
    patience: Duration,
}

/// How long a reader waits for its turn: somebody waits for the answer.
const READING_PATIENCE: Duration = Duration::from_secs(5);

/// How long a writer waits for its turn: mostly it has work to settle, which would have to be done again.
const WRITING_PATIENCE: Duration = Duration::from_secs(20);

impl Store {
    /// Opens the database at `url` (`sqlite://file` or `postgres://…`); a file that is absent is made.
    /// `webhook_queue`: how many webhooks may wait to be written.
    ///
    /// # Errors
    /// `Invalid` for a URL of neither kind, `Unavailable` when the database cannot be reached.
    pub fn open(url: &str, clock: &Clock, webhook_queue: usize) -> Result<Self> {
        let pools = Arc::new(Pools::open(url)?);
        let (readers, writers) = pools.turns();
        let turns = |free, patience| Turns { free: Arc::new(Semaphore::new(free)), patience };
        let (reading, writing) = (turns(readers, READING_PATIENCE), turns(writers, WRITING_PATIENCE));
        let generations = Generations::default();
        let writer = Writer::start(&pools, clock, webhook_queue, &generations)?;
        Ok(Self { pools, reading, writing, writer, generations })
    }

    /// Runs `query` on a connection for reading.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Db<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run(&self.reading, move |pools| pools.read(query)).await
    }

    /// Runs `change` in a transaction and returns when it is durable. It must not call anyone: a transaction that
    /// waits for a network stops every other writer.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Db<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run(&self.writing, move |pools| pools.write(change)).await
    }

    /// [`Store::write`], for what may change objects of `partner`: counts it, whether or not somebody still waits for the end.
    pub async fn change<T: Send + 'static>(
        &self,
        partner: &str,
        change: impl FnOnce(&mut Db<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.settle(partner, true, change).await
    }

    /// The same; unless it `changes` anything, what HrFlow shows and what is live stay as they are, and only how far HrFlow
    /// is behind may be told otherwise than before.
    pub async fn settle<T: Send + 'static>(
        &self,
        partner: &str,
        changes: bool,
        change: impl FnOnce(&mut Db<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (generations, partner) = (self.generations.clone(), partner.to_owned());
        self.run(&self.writing, move |pools| {
            let settled = pools.write(change);
            // Also where it failed: a commit whose answer was lost may stand.
            generations.raise(&partner, changes);
            settled
        })
        .await
    }

    /// How often objects of `partner` changed, as far as this process knows.
    pub fn generation(&self, partner: &str) -> u64 {
        self.generations.of(partner).changes
    }

    /// How often anything was settled of `partner`'s objects, as far as this process knows: each time HrFlow may be less
    /// behind, whether or not they changed.
    pub fn settlements(&self, partner: &str) -> u64 {
        self.generations.of(partner).settlements
    }

    /// Counts a change of `partner`'s objects that another process made.
    pub fn raise_generation(&self, partner: &str) {
        self.generations.raise(partner, true);
    }

    /// Keeps the webhooks of one request durably, in one commit with those that wait beside them: one receipt each, in
    /// order. One that the database cannot take does not fail its neighbours.
    ///
    /// # Errors
    /// `Unavailable` when the queue is full or the database is away: not all of them were kept.
    pub async fn keep(&self, deliveries: Vec<Delivery>) -> Result<Vec<Result<Receipt>>> {
        self.writer.keep(deliveries).await
    }

    /// Applies the migrations that are missing.
    pub async fn migrate(&self) -> Result<()> {
        self.run(&self.writing, Pools::migrate).await
    }

    /// Whether webhooks can be written and every migration has been applied.
    pub async fn is_ready(&self) -> Result<bool> {
        Ok(self.writer.is_open() && self.run(&self.reading, Pools::is_migrated).await?)
    }

    async fn run<T: Send + 'static>(
        &self,
        turns: &Turns,
        work: impl FnOnce(&Pools) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = tokio::time::timeout(turns.patience, turns.free.clone().acquire_owned());
        let turn = turn.await.map_err(|_| busy())?.map_err(|_| stopped())?;
        let pools = self.pools.clone();
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&pools)
        })
        .await
        .map_err(|cause| stopped().because(cause))?
    }
}

fn busy() -> Error {
    Error::new(Kind::Unavailable, "the database is busy").retry_after(Duration::from_secs(1))
}

fn stopped() -> Error {
    Error::new(Kind::Unavailable, "the database is shutting down")
}
