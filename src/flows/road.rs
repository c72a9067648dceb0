//! The road of a change, from the news of it to the search that finds it: when it came to each step, and the row that
//! keeps it.

use chrono::{DateTime, TimeDelta, Utc};

use super::breaker::Heard;
use crate::error::Kind;
use crate::store::{Change, Outcome, Record, Settlement};

/// When the work on a record came to each step, by this process's clock.
#[derive(Debug, Default)]
pub(super) struct Road {
    /// The partner had given the object.
    pub(super) fetched: Option<DateTime<Utc>>,
    /// It was checked and ready to be sent.
    pub(super) mapped: Option<DateTime<Utc>>,
    /// HrFlow had acknowledged a write.
    pub(super) acknowledged: Option<DateTime<Utc>>,
    /// What it made known of the sides.
    pub(super) heard: Heard,
}

/// What of a settlement is kept.
pub(super) struct Ended {
    sent: Option<Outcome>,
    can_be_found: bool,
    problem: Option<Kind>,
}

impl Ended {
    pub(super) fn of(settlement: &Settlement) -> Self {
        let (sent, can_be_found, problem) = match settlement {
            // HrFlow shows no other sign of it: an object that is eligible is searchable as soon as it is acknowledged.
            Settlement::Indexed(indexed) => (Some(Outcome::Indexed), indexed.notes.is_empty(), None),
            Settlement::Archived => (Some(Outcome::Archived), false, None),
            Settlement::Erased { .. } => (Some(Outcome::Erased), false, None),
            Settlement::Failed { problem, .. }
            | Settlement::HeldBack { problem, .. }
            | Settlement::Refused { problem } => (None, false, Some(problem.kind())),
            Settlement::Unchanged(_) | Settlement::Missing { .. } | Settlement::Gone | Settlement::Held => {
                (None, false, None)
            }
        };
        Self { sent, can_be_found, problem }
    }
}

impl Road {
    /// The row of a settlement that turned `before` into `after`; none where the work only goes on later. `ahead`: by
    /// how much the database's clock, which dates everything else, is ahead of ours.
    pub(super) fn change(
        &self,
        before: &Record,
        after: &Record,
        ended: &Ended,
        now: DateTime<Utc>,
        ahead: TimeDelta,
    ) -> Option<Change> {
        let current = after.version == before.version;
        let set_aside = current && after.outcome == Some(Outcome::SetAside);
        let unchanged = current && after.outcome == Some(Outcome::Unchanged) && after.due_at.is_none();
        let outcome = match ended.sent {
            Some(sent) => sent,
            None if set_aside => Outcome::SetAside,
            None if unchanged => Outcome::Unchanged,
            None => return None,
        };
        let dated = |step: Option<DateTime<Utc>>| step.map(|at| (at + ahead).min(now).timestamp_micros());
        let indexed_at = dated(self.acknowledged);
        Some(Change {
            fetched_at: dated(self.fetched),
            mapped_at: dated(self.mapped),
            indexed_at,
            searchable_at: indexed_at.filter(|_| ended.can_be_found),
            problem: ended.problem.filter(|_| set_aside).map(|kind| kind.code().to_owned()),
            ..row(before, outcome, now)
        })
    }
}

/// The row of a record that was set aside by a look at it alone.
pub(super) fn set_aside(
    record: &Record,
    waiting_since: Option<i64>,
    problem: Kind,
    now: DateTime<Utc>,
) -> Change {
    let problem = Some(problem.code().to_owned());
    Change { received_at: waiting_since, problem, ..row(record, Outcome::SetAside, now) }
}

fn row(record: &Record, outcome: Outcome, now: DateTime<Utc>) -> Change {
    Change {
        partner: record.partner.clone(),
        entity: record.entity.clone(),
        reference: record.reference.clone(),
        version: record.version,
        outcome,
        received_at: record.waiting_since,
        fetched_at: None,
        mapped_at: None,
        indexed_at: None,
        searchable_at: None,
        settled_at: now.timestamp_micros(),
        attempts: record.attempts,
        problem: None,
        pull: record.pull.clone(),
    }
}
