//! What we know of both objects: whether HrFlow can have them at all.

use chrono::DateTime;

use super::super::pair::{Known, Pair};
use super::verdict::{Check, Reason, Step, Verdict};
use crate::error::Result;
use crate::model::{Entity, Reference, rfc3339};
use crate::store::absences::{self, Verdict as Absent};
use crate::store::{Db, Outcome, Record, Wanted, changes, records};

/// How both stand.
pub(super) struct Standing {
    /// Both records, when HrFlow has them; else what keeps one from it. The one that is asked for comes first: without it
    /// there is no list.
    pub(super) both: Result<Known, Box<Verdict>>,
    pub(super) checks: Vec<Check>,
    pub(super) stale: bool,
}

pub(super) fn look(db: &mut Db<'_>, partner: &str, pair: &Pair) -> Result<Standing> {
    let (mut checks, mut refused, mut stale) = (Vec::new(), None, false);
    let (mut job, mut profile) = (None, None);
    for entity in [pair.ranked.other(), pair.ranked] {
        let reference = pair.reference(entity);
        let record = records::find(db, partner, entity, reference)?;
        let verdict = missing(db, partner, (entity, reference), record.as_ref())?;
        checks.push(Check {
            step: Step::Ledger,
            entity: Some(entity),
            passed: verdict.is_none(),
            detail: match (&verdict, &record) {
                (Some(verdict), _) => verdict.detail.clone(),
                (None, Some(record)) => indexed(entity, reference, record),
                (None, None) => String::new(),
            },
        });
        stale |= record.as_ref().is_some_and(Record::is_pending);
        refused = refused.or(verdict);
        match entity {
            Entity::Job => job = record,
            Entity::Profile => profile = record,
        }
    }
    let both = match (refused, job, profile) {
        (None, Some(job), Some(profile)) => Ok(Known { job, profile }),
        (refused, ..) => {
            let unknown = || Verdict::about_the_list(Reason::NeverReceived, "nothing was heard of it");
            Err(Box::new(refused.unwrap_or_else(unknown)))
        }
    };
    Ok(Standing { both, checks, stale })
}

/// Why HrFlow cannot have it, if it cannot.
fn missing(
    db: &mut Db<'_>,
    partner: &str,
    (entity, reference): (Entity, &Reference),
    record: Option<&Record>,
) -> Result<Option<Verdict>> {
    let named = format!("the {entity} `{reference}`");
    let Some(record) = record else {
        let detail = format!("nothing was ever heard of {named}: no webhook, and no pull listed it");
        return Ok(Some(Verdict::of(Reason::NeverReceived, entity, detail)));
    };
    Ok(match record.wanted {
        Wanted::Erased => Some(Verdict::of(Reason::Erased, entity, format!("{named} was erased"))),
        Wanted::Archived => Some(archived(db, partner, (entity, reference), record)?),
        Wanted::Present if record.is_indexed() => None,
        Wanted::Present if record.outcome == Some(Outcome::SetAside) => Some(Verdict {
            problem: record.problem.clone(),
            ..Verdict::of(
                Reason::SetAside,
                entity,
                format!("{named} could not be brought to HrFlow and was set aside: {}", told(record)),
            )
        }),
        Wanted::Present => Some(Verdict {
            problem: record.problem.clone(),
            since: record.waiting_since,
            due_at: record.due_at,
            ..Verdict::of(Reason::Waiting, entity, waiting(&named, record))
        }),
    })
}

fn waiting(named: &str, record: &Record) -> String {
    let since = record.waiting_since.and_then(date).map_or(String::new(), |date| format!(" since {date}"));
    let next = record.due_at.and_then(date).map_or(String::new(), |date| format!(", next at {date}"));
    match record.problem {
        Some(_) => format!("{named} waits{since} to be indexed and is tried again{next}: {}", told(record)),
        None => format!("{named} waits{since} to be indexed{next}"),
    }
}

/// Archived by an event, by its absence from a complete listing, or because the partner no longer finds it.
fn archived(
    db: &mut Db<'_>,
    partner: &str,
    (entity, reference): (Entity, &Reference),
    record: &Record,
) -> Result<Verdict> {
    let settled = changes::of_object(db, partner, entity, reference, i64::MAX, 1)?;
    let settled = settled.into_iter().find(|change| change.outcome == Outcome::Archived);
    let since = record.archived_on.or_else(|| settled.as_ref().map(|change| change.settled_at));
    // Until it is settled the record knows the pull; then its change does.
    let pull = record.pull.clone().or_else(|| settled.and_then(|change| change.pull));
    let absence = match &pull {
        Some(pull) => absences::find(db, pull, reference.as_str())?,
        None => None,
    };
    let how = match (record.archived_on, absence) {
        (Some(_), _) => "by an archive webhook",
        (None, Some(absence)) if absence.verdict == Absent::Archived => "since a complete listing lacked it",
        (None, _) => "since the partner's service no longer finds it (404 or 410)",
    };
    let when = since.and_then(date).map_or(String::new(), |date| format!(" on {date}"));
    let detail = format!("the {entity} `{reference}` was archived{when} {how}");
    Ok(Verdict { since, ..Verdict::of(Reason::Archived, entity, detail) })
}

fn indexed(entity: Entity, reference: &Reference, record: &Record) -> String {
    let when = record.indexed_at.and_then(date).map_or(String::new(), |date| format!(" on {date}"));
    let since = match record.outcome {
        Some(Outcome::SetAside) => format!("; a later change of it was set aside: {}", told(record)),
        _ if record.is_pending() => "; a later change of it is on its way".to_owned(),
        _ => String::new(),
    };
    format!("HrFlow took the {entity} `{reference}`{when}{since}")
}

/// The sentence of a record's problem.
fn told(record: &Record) -> String {
    let problem: serde_json::Value =
        record.problem.as_deref().and_then(|problem| serde_json::from_str(problem).ok()).unwrap_or_default();
    problem.get("detail").and_then(serde_json::Value::as_str).unwrap_or("a failed attempt").to_owned()
}

pub(super) fn date(micros: i64) -> Option<String> {
    DateTime::from_timestamp_micros(micros).map(rfc3339)
}
