//! Dead letters: found, and brought back a batch at a time.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Context, Partner};
use crate::error::Result;
use crate::model::{Entity, Reference};
use crate::store::dead_letters::{self, DeadLetter, Key, Which};
use crate::store::{self, Db, Page, mailbox, records};

/// The most dead letters of one transaction: nobody waits long for it.
const BATCH: usize = 200;

/// The most references that are told.
const TOLD: usize = 100;

/// What a replay did, or would do.
#[derive(Debug, Default)]
pub struct Replayed {
    /// How many were meant.
    pub matched: usize,
    /// How many were brought back; the others were brought back by news of them meanwhile.
    pub replayed: usize,
    /// The first of those that were meant.
    pub references: Vec<(Entity, String)>,
}

/// Up to `limit` dead letters after `after`.
pub async fn list(
    context: &Context,
    which: Arc<Which>,
    after: Option<Key>,
    limit: usize,
) -> Result<Page<DeadLetter, Key>> {
    context.store.read(move |db| dead_letters::list(db, &which, after.as_ref(), limit)).await
}

/// Brings back those of a partner's dead letters that are meant, each batch in a transaction of its own; a replay that
/// is broken off has brought back what it came to, and can be asked for again. `dry_run` only counts.
pub async fn replay(
    context: &Context,
    partner: &Partner,
    mut which: Which,
    dry_run: bool,
) -> Result<Replayed> {
    which.partner = Some(partner.settings.name.clone());
    let which = Arc::new(which);
    let mut done = Replayed::default();
    let mut after = None;
    loop {
        let Page { items, next } = list(context, which.clone(), after, BATCH).await?;
        done.matched += items.len();
        let known =
            items.iter().filter_map(|letter| Some((Entity::parse(&letter.key.1)?, letter.key.2.clone())));
        done.references.extend(known.take(TOLD - done.references.len()));
        if !dry_run && !items.is_empty() {
            done.replayed += reopen(context, partner, items).await?;
            partner.records_due.notify_one();
        }
        if next.is_none() {
            return Ok(done);
        }
        after = next;
    }
}

async fn reopen(context: &Context, partner: &Partner, letters: Vec<DeadLetter>) -> Result<usize> {
    let (name, clock) = (partner.settings.name.clone(), context.clock.clone());
    context
        .store
        .change(&partner.settings.name, move |db| {
            let (now, stamp) = (store::now(db, &clock)?, store::next_stamp(db)?);
            let mut reopened = 0;
            for entity in Entity::ALL {
                let references: Vec<Reference> = letters
                    .iter()
                    .filter(|letter| letter.key.1 == entity.singular())
                    .filter_map(|letter| Reference::parse(letter.key.2.as_str()).ok())
                    .collect();
                let references: Vec<&Reference> = references.iter().collect();
                reopened += reopen_all(db, &name, entity, &references, stamp, now)?;
            }
            Ok(reopened)
        })
        .await
}

fn reopen_all(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    references: &[&Reference],
    stamp: i64,
    now: DateTime<Utc>,
) -> Result<usize> {
    let mut ledger = records::lock(db, partner, entity, references)?;
    ledger.retain_mut(|record| mailbox::reopen(record, stamp, now));
    records::save_all(db, &ledger)?;
    Ok(ledger.len())
}
