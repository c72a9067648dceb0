//! Export: many references in, the best matches of each out, a durable line each, worked off within the quota.
//!
//! ```text
//! mod    what is asked for, ended and told      run     the work, line by line
//! lease  who works on it                        take    what is taken up at a time
//! ```

mod lease;
mod run;
mod take;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::question::Question;
use super::{Context, Partner, query};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference, digest};
use crate::store::{self, Db, Export, exports};

pub use lease::{claim, release};
pub use run::run;
pub use store::exports::State;

/// Exports of a partner that may be open at a time.
const MOST_OPEN: i64 = 10;

/// Exports of a partner that are kept, open or ended.
const MOST_KEPT: i64 = 200;

/// Matches that all lines of an export may list.
const MOST_MATCHES: i64 = 5_000_000;

/// What is asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Wish {
    /// What is ranked.
    pub ranked: Entity,
    /// What it is ranked for; none means every object of the other kind that HrFlow shows.
    pub references: Option<Vec<Reference>>,
    /// How many matches a line has at most.
    pub top: u32,
    /// Which matches count.
    pub question: Question,
    /// The caller's key for this very wish.
    #[serde(skip)]
    pub idempotency: Option<String>,
}

/// Writes an export down, or finds the one that was asked for under the same key; and which of the two.
///
/// # Errors
/// `Conflict` when too many are open or kept, `Invalid` when it would list too much or its key was used for another.
pub async fn start(context: &Context, partner: &Partner, wish: Wish) -> Result<(Export, bool)> {
    let (name, clock) = (partner.settings.name.clone(), context.clock.clone());
    let mut planned = Planned::of(&name, wish)?;
    let draft = planned.export.clone();
    let (known, total) = context.store.read(move |db| Ok((of_key(db, &draft)?, total(db, &draft)?))).await?;
    // What was started under the key stays so, however the ledger has grown.
    if let Some(known) = known {
        return Ok((same(known, &planned.export)?, true));
    }
    planned.export.total = total;
    ensure_listable(&planned.export)?;
    let kept = context.limits.export_days;
    let started = context
        .store
        .write(move |db| {
            exports::queue_up(db, &name)?;
            let Planned { mut export, references } = planned;
            // Another may have been faster.
            if let Some(known) = of_key(db, &export)? {
                return Ok((same(known, &export)?, true));
            }
            ensure_few(exports::count(db, &name)?, kept)?;
            let now = store::now(db, &clock)?.timestamp_micros();
            (export.created_at, export.due_at) = (now, now);
            exports::insert(db, &export)?;
            if let Some(references) = references {
                exports::lines::plan(db, &mut export, &references, now)?;
                exports::save(db, &export)?;
            }
            Ok((export, false))
        })
        .await?;
    partner.exports_due.notify_one();
    Ok(started)
}

/// An export before it is written down, and what it is of, if that was listed.
struct Planned {
    export: Export,
    references: Option<Vec<String>>,
}

impl Planned {
    fn of(partner: &str, wish: Wish) -> Result<Self> {
        let listed = wish.references.as_ref().map(Vec::len);
        let unwritable = |cause| Error::new(Kind::Internal, "an export could not be written").because(cause);
        let asked = serde_json::to_vec(&wish).map_err(unwritable)?;
        let question = serde_json::to_string(&wish.question).map_err(unwritable)?;
        let key = wish.idempotency.map(|key| digest(&[key.as_bytes()]));
        let export = Export {
            id: uuid::Uuid::now_v7().to_string(),
            partner: partner.to_owned(),
            ranked: wish.ranked.singular().to_owned(),
            state: State::Waiting,
            top: i64::from(wish.top),
            question,
            idempotency: key,
            fingerprint: digest(&[&asked]),
            lease: None,
            lease_until: None,
            due_at: 0,
            walked: listed.is_none().then(String::new),
            planned: 0,
            total: listed.map_or(0, |listed| i64::try_from(listed).unwrap_or(i64::MAX)),
            lines: 0,
            failed: 0,
            names: 0,
            problem: None,
            created_at: 0,
            started_at: None,
            finished_at: None,
        };
        let references = wish.references.map(|listed| listed.into_iter().map(String::from).collect());
        Ok(Self { export, references })
    }
}

/// The export that was started under the key of this one.
fn of_key(db: &mut Db<'_>, export: &Export) -> Result<Option<Export>> {
    match &export.idempotency {
        Some(key) => exports::of_key(db, &export.partner, key),
        None => Ok(None),
    }
}

/// How many lines an export will have: of what was listed, or of every object that HrFlow shows.
fn total(db: &mut Db<'_>, export: &Export) -> Result<i64> {
    match exports::scored_for(export).filter(|_| export.walked.is_some()) {
        Some(entity) => exports::lines::count_live(db, &export.partner, entity),
        None => Ok(export.total),
    }
}

fn ensure_listable(export: &Export) -> Result<()> {
    let Export { top, total, .. } = export;
    if total.saturating_mul(*top) <= MOST_MATCHES {
        return Ok(());
    }
    let message = format!("an export lists {MOST_MATCHES} matches at most");
    let detail = format!("is too much for {total} objects: at most {}", MOST_MATCHES / total.max(&1));
    Err(Error::new(Kind::Invalid, message).field("top", detail))
}

/// The export of this key, if it is the one that is asked for.
fn same(known: Export, asked: &Export) -> Result<Export> {
    if known.fingerprint == asked.fingerprint {
        return Ok(known);
    }
    let problem = Error::new(Kind::Invalid, "the export cannot be started");
    Err(problem
        .field("Idempotency-Key", "was sent with another body before: take a new key for a new export"))
}

fn ensure_few((open, kept): (i64, i64), days: Duration) -> Result<()> {
    if open >= MOST_OPEN {
        let message = format!("{MOST_OPEN} exports are open already: wait until one ends, or cancel one");
        return Err(Error::new(Kind::Conflict, message));
    }
    if kept >= MOST_KEPT {
        let days = days.as_secs() / 86_400;
        let message =
            format!("{MOST_KEPT} exports are kept already: each is deleted {days} days after its end");
        return Err(Error::new(Kind::Conflict, message));
    }
    Ok(())
}

/// Ends an export at its owner's wish; one that has ended stays as it is.
///
/// # Errors
/// `NotFound` when the partner has no such export.
pub async fn cancel(context: &Context, partner: &Partner, id: &str) -> Result<Export> {
    let (name, wanted, clock) = (partner.settings.name.clone(), id.to_owned(), context.clock.clone());
    let cancelled = context.store.write(move |db| {
        let Some(mut export) = exports::lock(db, &name, &wanted)? else { return Ok(None) };
        if export.state.is_open() {
            export.end(State::Cancelled, store::now(db, &clock)?.timestamp_micros());
            exports::save(db, &export)?;
        }
        Ok(Some(export))
    });
    cancelled.await?.ok_or_else(|| unknown(id))
}

/// One export of a partner.
///
/// # Errors
/// `NotFound` when the partner has no such export.
pub async fn find(context: &Context, partner: &Partner, id: &str) -> Result<Export> {
    let (name, wanted) = (partner.settings.name.clone(), id.to_owned());
    let found = context.store.read(move |db| exports::find(db, &name, &wanted)).await?;
    found.ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Error {
    Error::new(Kind::NotFound, format!("no export has the id `{id}`"))
}

/// When an open export should have ended: as the quota lets it, or as it went so far where that is slower.
pub fn estimated_end(partner: &Partner, export: &Export, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if !export.state.is_open() {
        return None;
    }
    let left = (export.total.max(export.planned) - export.lines).max(0);
    let settings = &partner.settings.hrflow;
    let per_minute = (f64::from(settings.requests_per_minute) * (1.0 - settings.query_share)).max(1.0);
    let each = query::calls(export.top.unsigned_abs());
    let calls = left.saturating_mul(i64::try_from(each).unwrap_or(i64::MAX));
    let by_quota = TimeDelta::milliseconds(share(calls, 60_000.0 / per_minute));
    let since = export.started_at.and_then(DateTime::from_timestamp_micros);
    let so_far = since.filter(|_| export.lines > 0).map(|since| (now - since).num_milliseconds());
    let by_experience = so_far.map(|took| TimeDelta::milliseconds(share(left * took, 1.0) / export.lines));
    Some(now + by_experience.map_or(by_quota, |pace| pace.max(by_quota)))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "an estimate is no exact number"
)]
fn share(count: i64, each: f64) -> i64 {
    (count as f64 * each).min(1e14) as i64
}
