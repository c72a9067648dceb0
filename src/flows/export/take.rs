//! What is taken up at a time: the lines that are due, if HrFlow may be asked at all.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::super::breaker::{Pass, pass};
use super::State;
use crate::error::Result;
use crate::model::Entity;
use crate::store::exports::lines::{self, Planned};
use crate::store::{Db, Export, Side, breakers};

/// Lines that are taken up in one transaction.
const HANDFUL: i64 = 32;

/// A second, in microseconds.
const SOON: i64 = 1_000_000;

/// Lines that are taken up, and the sides that the first is to probe.
pub(super) struct Handful {
    pub(super) lines: Vec<Planned>,
    pub(super) probes: Vec<Side>,
}

/// Takes up what is due of a locked export, which the caller writes back; with nothing due it rests or has ended.
pub(super) fn take(
    db: &mut Db<'_>,
    export: &mut Export,
    ranked: Entity,
    rest: Duration,
    probing: (&str, i64),
    now: DateTime<Utc>,
) -> Result<Option<Handful>> {
    let micros = now.timestamp_micros();
    let mut lines = lines::due(db, &export.id, micros, HANDFUL)?;
    while lines.is_empty() && export.walked.is_some() {
        lines::walk(db, export, micros)?;
        lines = lines::due(db, &export.id, micros, HANDFUL)?;
    }
    if lines.is_empty() {
        if let Some(due_at) = lines::next_due(db, &export.id)? {
            put_down(export, due_at);
        } else {
            export.total = export.lines;
            export.end(State::Done, micros);
        }
        return Ok(None);
    }
    match enter(db, &export.partner, ranked, rest, probing, now)? {
        Gate::Closed(until) => {
            put_down(export, until);
            Ok(None)
        }
        Gate::Probe => {
            lines.truncate(1);
            Ok(Some(Handful { lines, probes: vec![Side::HrFlow] }))
        }
        Gate::Open => Ok(Some(Handful { lines, probes: Vec::new() })),
    }
}

/// Nobody works on it before `due_at`.
fn put_down(export: &mut Export, due_at: i64) {
    export.due_at = due_at;
    export.lease = None;
    export.lease_until = None;
}

/// Whether HrFlow may be asked.
enum Gate {
    Open,
    /// By one call, whose probe was taken.
    Probe,
    /// Not before this.
    Closed(i64),
}

/// Asks the breakers of what is ranked and of what it is ranked for. Only that of what is ranked is probed: the other is
/// whoever's who writes there.
fn enter(
    db: &mut Db<'_>,
    partner: &str,
    ranked: Entity,
    rest: Duration,
    (token, until): (&str, i64),
    now: DateTime<Utc>,
) -> Result<Gate> {
    let micros = now.timestamp_micros();
    if !rest.is_zero() {
        return Ok(Gate::Closed((now + rest).timestamp_micros()));
    }
    let known = breakers::of_partner(db, partner)?;
    let passes = |entity| pass(known.iter().find(|breaker| breaker.guards(Side::HrFlow, entity)), micros);
    match (passes(ranked), passes(ranked.other())) {
        (Pass::Wait(wait), _) | (_, Pass::Wait(wait)) => Ok(Gate::Closed((now + wait).timestamp_micros())),
        (Pass::Free, _) => Ok(Gate::Open),
        (Pass::Probe, _) => {
            let is_ours = breakers::take_probe(db, (partner, Side::HrFlow, ranked), token, until, micros)?;
            // Where somebody else was faster, that probe decides any moment now.
            Ok(if is_ours { Gate::Probe } else { Gate::Closed(until.min(micros + SOON)) })
        }
    }
}
