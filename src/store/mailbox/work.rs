//! What a worker does: it claims a record, and settles what came of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::records::{Outcome, Presence, Record};
use super::erasure::bury;
use super::gone::{archive_as_gone, hold};
use super::{describe, retarget, set_aside};
use crate::error::{Error, Kind};
use crate::model::second_of;

/// How long after each 404 in a row the object is asked for again; the last wait repeats.
const MISSING_WAITS: [Duration; 3] =
    [Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15)];

/// How long after a read that was older than its event the object is read again.
const REREAD_WAITS: [Duration; 2] = [Duration::from_secs(10), Duration::from_mins(1)];

/// Claims in a row that never ended after which a record is set aside: it ends its worker.
const UNFINISHED_CLAIMS: i32 = 10;

/// Leases a due record to the holder of `token` until `until`. Returns false when it was set aside instead, because
/// its claims never end.
pub fn claim(
    record: &mut Record,
    token: &str,
    target: &str,
    stamp: i64,
    until: i64,
    now: DateTime<Utc>,
) -> bool {
    if record.lease.is_some() {
        // Whoever held it may have written to HrFlow and not told: what is there is unknown.
        forget_what_is_there(record);
        if record.attempts >= UNFINISHED_CLAIMS {
            let message = format!("{UNFINISHED_CLAIMS} attempts in a row were never finished");
            record.lease = None;
            set_aside(record, &Error::new(Kind::Internal, message), now);
            return false;
        }
    }
    retarget(record, target);
    record.lease = Some(token.to_owned());
    record.due_at = Some(until);
    record.attempts += 1;
    record.stamp = stamp;
    record.read_version = record.version;
    true
}

fn forget_what_is_there(record: &mut Record) {
    record.fingerprint = None;
    if record.presence != Presence::Present {
        record.presence = Presence::Unclear;
    }
}

/// Gives back a record for which nothing was begun: another takes it at once, and it costs no attempt. Returns false, and
/// changes nothing, when the lease is no longer `token`'s.
pub fn release(record: &mut Record, token: &str, now: DateTime<Utc>) -> bool {
    if record.lease.as_deref() != Some(token) {
        return false;
    }
    record.lease = None;
    record.attempts = (record.attempts - 1).max(0);
    record.due_at = Some(now.timestamp_micros());
    true
}

/// Whether a record that the partner does not know may be forgotten by the holder of `token`, who claimed `version`: nobody
/// but a caller of ours has ever spoken of it, so there is nothing to archive, and the partner's word ends it at once.
pub fn ends_unknown(record: &Record, token: &str, version: i64) -> bool {
    record.lease.as_deref() == Some(token) && record.version == version && record.is_only_asked_for()
}

/// What came of the work on a leased record.
#[derive(Debug)]
pub enum Settlement {
    /// HrFlow shows the object as it was read.
    Indexed(Indexed),
    /// HrFlow had it already: nothing was sent.
    Unchanged(Indexed),
    /// HrFlow shows it no longer.
    Archived,
    /// HrFlow holds nothing of it any more.
    Erased {
        /// What was verified, and how.
        proof: String,
    },
    /// The partner answered 404. `answered_at`: when its service last gave an object by reference.
    Missing {
        /// When the service last answered 200 for a reference, in Unix microseconds.
        answered_at: Option<i64>,
    },
    /// The partner answered 410.
    Gone,
    /// The object is gone and so are too many others: it is kept until a person has decided.
    Held,
    /// The work failed and is tried again after `wait`, or is set aside after `attempts` failures of its own.
    Failed {
        /// What went wrong.
        problem: Error,
        /// Whether a write was sent whose answer was not read.
        unclear: bool,
        /// How long to wait.
        wait: Duration,
        /// How many failures of its own a record has.
        attempts: i32,
    },
    /// The side it needs is out of order: it waits for that, at no cost of its own.
    HeldBack {
        /// What went wrong.
        problem: Error,
        /// Whether a write was sent whose answer was not read.
        unclear: bool,
        /// When the side is asked again, in Unix microseconds.
        until: i64,
    },
    /// Trying again would end the same way.
    Refused {
        /// What went wrong.
        problem: Error,
    },
}

/// What is known of an object that HrFlow shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// Its key there.
    pub key: Option<String>,
    /// The fingerprint of what was accepted.
    pub fingerprint: String,
    /// When the partner says that it last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// Why it is not searchable or scorable, a sentence each.
    pub notes: Vec<String>,
    /// Whether it was fetched by reference for this.
    pub fetched: bool,
}

/// Ends the work on a record that was leased with `version`. Returns false, and changes nothing, when the lease is no
/// longer `token`'s.
pub fn settle(
    record: &mut Record,
    token: &str,
    version: i64,
    settlement: Settlement,
    stamp: i64,
    now: DateTime<Utc>,
) -> bool {
    if record.lease.as_deref() != Some(token) {
        return false;
    }
    let micros = now.timestamp_micros();
    // Every accepted change since the claim raised the version: the work is done, and there is more of it.
    let current = record.version == version;
    record.lease = None;
    record.due_at = Some(micros);
    match settlement {
        Settlement::Indexed(indexed) => {
            record.presence = Presence::Present;
            record.hrflow_key = indexed.key.clone().or(record.hrflow_key.take());
            record.indexed_at = Some(micros);
            show(record, indexed, Outcome::Indexed, current, micros);
        }
        Settlement::Unchanged(indexed) => show(record, indexed, Outcome::Unchanged, current, micros),
        Settlement::Archived => {
            record.presence = Presence::Archived;
            record.fingerprint = None;
            if current {
                finish(record, Outcome::Archived);
            }
        }
        Settlement::Erased { .. } => {
            if current {
                bury(record);
            }
        }
        Settlement::Missing { answered_at } => {
            record.attempts = (record.attempts - 1).max(0);
            if current {
                ask_again(record, answered_at, stamp, now);
            }
        }
        Settlement::Gone => {
            if current {
                archive_as_gone(record, stamp, now);
            }
        }
        Settlement::Held => {
            record.attempts = (record.attempts - 1).max(0);
            if current {
                hold(record, now);
            }
        }
        Settlement::Failed { problem, unclear, wait, attempts } => {
            if unclear {
                forget_what_is_there(record);
            }
            let temporary = problem.kind().is_temporary();
            if temporary {
                record.attempts = (record.attempts - 1).max(0);
            }
            if current && !temporary && record.attempts >= attempts {
                set_aside(record, &problem, now);
            } else if current {
                record.failures += 1;
                record.problem = Some(describe(record, &problem, now));
                record.due_at = Some(micros + micros_of(wait));
            }
        }
        Settlement::HeldBack { problem, unclear, until } => {
            if unclear {
                forget_what_is_there(record);
            }
            record.attempts = (record.attempts - 1).max(0);
            if current {
                record.failures += 1;
                record.problem = Some(describe(record, &problem, now));
                // Behind those that wait already: another one is the next probe.
                record.due_at = Some(until);
            }
        }
        Settlement::Refused { problem } => {
            if current {
                set_aside(record, &problem, now);
            }
        }
    }
    true
}

fn show(record: &mut Record, indexed: Indexed, outcome: Outcome, current: bool, now: i64) {
    record.fingerprint = Some(indexed.fingerprint);
    if !current {
        return;
    }
    let sent = outcome == Outcome::Indexed;
    record.updated_at = indexed.updated_at.map(|date| date.timestamp_micros()).or(record.updated_at);
    record.notes = (!indexed.notes.is_empty()).then(|| json!(indexed.notes).to_string());
    let older_than_its_event = indexed.fetched
        && indexed
            .updated_at
            .zip(record.present_on)
            .is_some_and(|(updated_at, present_on)| second_of(updated_at).timestamp_micros() < present_on);
    let rereads = record.rereads;
    match usize::try_from(rereads).ok().and_then(|done| REREAD_WAITS.get(done)) {
        // The service has not caught up with its own event: what was read may be what was there before it.
        Some(wait) if older_than_its_event => {
            if sent {
                finish(record, outcome);
            } else {
                record.attempts = (record.attempts - 1).max(0);
            }
            record.rereads = rereads + 1;
            record.due_at = Some(now + micros_of(*wait));
        }
        _ => finish(record, outcome),
    }
}

fn finish(record: &mut Record, outcome: Outcome) {
    record.settled_version = record.version;
    record.outcome = Some(outcome);
    record.due_at = None;
    record.waiting_since = None;
    record.pull = None;
    record.body = None;
    record.attempts = 0;
    record.failures = 0;
    record.missing = 0;
    record.missing_since = None;
    record.problem = None;
    if outcome == Outcome::Archived {
        record.notes = None;
    }
}

fn ask_again(record: &mut Record, answered_at: Option<i64>, stamp: i64, now: DateTime<Utc>) {
    let micros = now.timestamp_micros();
    let since = *record.missing_since.get_or_insert(micros);
    record.missing += 1;
    let asked = usize::try_from(record.missing).unwrap_or(usize::MAX);
    let others_answer = answered_at.is_some_and(|answered_at| answered_at > since);
    if asked > MISSING_WAITS.len() && others_answer {
        archive_as_gone(record, stamp, now);
    } else {
        let wait = MISSING_WAITS[asked.clamp(1, MISSING_WAITS.len()) - 1];
        let message = format!(
            "the partner's service answered 404, {asked} times by now; it is asked again in {} min",
            wait.as_secs() / 60
        );
        record.problem = Some(describe(record, &Error::new(Kind::NotFound, message), now));
        record.due_at = Some(micros + micros_of(wait));
    }
}

fn micros_of(wait: Duration) -> i64 {
    i64::try_from(wait.as_micros()).unwrap_or(i64::MAX / 2)
}
