//! What our own ledger says: of the object that is scored for, before HrFlow is asked, and of those that it names.

use std::time::Duration;

use super::{Asked, Match};
use crate::error::{Error, Kind, Result};
use crate::flows::{Context, Partner};
use crate::model::{Entity, Reference};
use crate::store::{Freshness, Outcome, Record, Wanted, freshness, records};

/// What is known of a question before HrFlow is asked.
pub(super) struct Standing {
    /// When it was asked, in Unix microseconds.
    pub(super) asked_at: i64,
    pub(super) scored_for: Option<ScoredForNow>,
}

/// The object that is scored for, as it is now.
#[derive(Clone, Debug)]
pub(super) struct ScoredForNow {
    pub(super) freshness: Freshness,
    /// Whether a change of it is on its way.
    pub(super) is_pending: bool,
    pub(super) settled_version: i64,
}

impl ScoredForNow {
    /// The same at a later time, if nothing changed meanwhile: where nothing waits, HrFlow is up to date until then.
    pub(super) fn at(mut self, now: i64) -> Self {
        if self.freshness.pending == 0 {
            self.freshness.as_of = now;
        }
        self
    }
}

/// Looks whether a question can be asked.
pub(super) async fn stand(context: &Context, partner: &Partner, asked: &Asked) -> Result<Standing> {
    let asked_at = context.clock.now().timestamp_micros();
    let scored_for = match &asked.scored_for {
        Some(reference) => {
            let (entity, facts) = (asked.entity.other(), &context.answers.facts);
            let look = facts.look(&context.store, &partner.settings.name, asked_at);
            if let Some(known) = look.scorable(entity, reference) {
                Some(known)
            } else {
                let read = ensure_scorable(context, partner, asked.entity, reference).await?;
                look.add_scorable(entity, reference, &read);
                Some(read)
            }
        }
        None => None,
    };
    Ok(Standing { asked_at, scored_for })
}

/// What HrFlow answers is checked against the caller's own ledger; which also tells how far HrFlow is behind, unless that
/// is known. Returns that, and how many of them the ledger has never heard of, where it was asked.
pub(super) async fn keep_live(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    items: &mut Vec<Match>,
    known: Option<Freshness>,
    asked_at: i64,
) -> Result<(Freshness, usize)> {
    let name = &partner.settings.name;
    let look = context.answers.facts.look(&context.store, name, asked_at);
    let remembered = look.live(entity, items.iter().map(|item| item.reference.as_str())).zip(known);
    let (live, freshness, unknown) = if let Some((live, freshness)) = remembered {
        (live, freshness, 0)
    } else {
        let references = items.iter().map(|item| item.reference.clone()).collect();
        let read = read_live(context, name.clone(), entity, references, known, asked_at);
        let Read { references, live, freshness, unknown } = read.await?;
        look.add_live(entity, references, &live);
        (live, freshness, unknown)
    };
    let mut live = live.into_iter();
    items.retain(|_| live.next().unwrap_or_default());
    Ok((freshness, unknown))
}

/// What the ledger says of what HrFlow listed.
struct Read {
    references: Vec<String>,
    /// Which of them are live, in the same order.
    live: Vec<bool>,
    freshness: Freshness,
    /// How many of them it has never heard of.
    unknown: usize,
}

async fn read_live(
    context: &Context,
    partner: String,
    entity: Entity,
    references: Vec<String>,
    known: Option<Freshness>,
    asked_at: i64,
) -> Result<Read> {
    let read = context.store.read(move |db| {
        let listed: Vec<&str> = references.iter().map(String::as_str).collect();
        let live = records::live(db, &partner, entity, &listed)?;
        let unknown = records::unknown(db, &partner, entity, &listed, &live)?;
        let live = listed.iter().map(|reference| live.contains(*reference)).collect();
        let freshness = match known {
            Some(known) => known,
            None => freshness::read(db, &partner, entity, asked_at)?,
        };
        Ok(Read { references, live, freshness, unknown })
    });
    read.await
}

/// Whether objects of kind `ranked` can be scored for an object of the other kind: how far HrFlow is behind, and what is
/// known of that object.
pub(super) async fn ensure_scorable(
    context: &Context,
    partner: &Partner,
    ranked: Entity,
    reference: &Reference,
) -> Result<ScoredForNow> {
    let (name, wanted, entity) = (partner.settings.name.clone(), reference.clone(), ranked.other());
    let now = context.clock.now().timestamp_micros();
    let (record, freshness) = context
        .store
        .read(move |db| {
            let record = records::find(db, &name, entity, &wanted)?;
            Ok((record, freshness::read(db, &name, ranked, now)?))
        })
        .await?;
    let record = ensure_indexed(entity, reference, record, now)?;
    Ok(ScoredForNow { freshness, is_pending: record.is_pending(), settled_version: record.settled_version })
}

/// The record of an object that HrFlow can be asked about.
///
/// # Errors
/// `NotFound`, `Gone` or `Pending`.
pub(in crate::flows) fn ensure_indexed(
    entity: Entity,
    reference: &Reference,
    record: Option<Record>,
    now: i64,
) -> Result<Record> {
    match record {
        None => Err(Error::new(Kind::NotFound, format!("no {entity} has the reference `{reference}`"))),
        Some(record) if record.wanted == Wanted::Archived => {
            Err(Error::new(Kind::Gone, format!("the {entity} `{reference}` is archived")))
        }
        Some(record) if record.wanted == Wanted::Erased => {
            Err(Error::new(Kind::Gone, format!("the {entity} `{reference}` was erased")))
        }
        Some(record) if record.is_indexed() => Ok(record),
        Some(record) => Err(not_yet(entity, reference, &record, now)),
    }
}

fn not_yet(entity: Entity, reference: &Reference, record: &Record, now: i64) -> Error {
    // One that was set aside waits for a change, and nobody knows for how long.
    let due_in = record.due_at.map_or(300, |due_at| (due_at - now).max(0) / 1_000_000);
    let waits_for = match &record.problem {
        Some(problem) => {
            let problem: serde_json::Value = serde_json::from_str(problem).unwrap_or_default();
            let detail =
                problem.get("detail").and_then(serde_json::Value::as_str).unwrap_or("a failed attempt");
            if record.outcome == Some(Outcome::SetAside) {
                format!("it was set aside until it changes: {detail}")
            } else {
                format!("it is tried again: {detail}")
            }
        }
        None => "it waits to be indexed".to_owned(),
    };
    Error::new(Kind::Pending, format!("the {entity} `{reference}` is not in HrFlow yet: {waits_for}"))
        .retry_after(Duration::from_secs(u64::try_from(due_in).unwrap_or_default().clamp(1, 300)))
}
