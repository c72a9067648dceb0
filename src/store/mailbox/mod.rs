//! The rules of the mailbox: what each piece of news does to a record. Pure functions; the transaction is the caller's.
//!
//! An event is a hint and the fetch is the truth: dates only decide between present and archived, and whatever else
//! happens, an accepted change leads to a read that begins after it. Three numbers carry that through every race.
//! `version` counts accepted changes, so that a settlement sees whether it still speaks of the latest. `stamp` comes
//! from one database-wide sequence and tells a page that was asked for before an event from one asked for after it.
//! `lease` names the one worker that may settle.

mod erasure;
mod gone;
mod news;
#[cfg(test)]
mod tests;
mod work;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::records::{Outcome, Presence, Record};
use crate::error::Error;
use crate::model::rfc3339;

pub use erasure::erase;
pub use gone::archive_absent;
pub use news::{Event, Listed, Listing, Verdict, ask_for, list, list_broken, receive, repeat};
pub use work::{Indexed, Settlement, claim, ends_unknown, release, settle};

/// An accepted change: what waited to be sent is old news now, and earlier failures were those of an earlier version.
fn renew(record: &mut Record, now: DateTime<Utc>) {
    record.version += 1;
    record.waiting_since.get_or_insert(now.timestamp_micros());
    record.body = None;
    record.attempts = 0;
    record.failures = 0;
    record.missing = 0;
    record.missing_since = None;
    record.rereads = 0;
    if record.outcome == Some(Outcome::SetAside) {
        record.outcome = None;
    }
    record.problem = None;
    // While somebody holds the lease, `due_at` is its end; the settlement sees the new version and makes the record due.
    if record.lease.is_none() {
        record.due_at = Some(now.timestamp_micros());
    }
}

/// Brings a dead letter back: the object is read again, or archived again where that is what is wanted. Returns false,
/// and changes nothing, when it is none, or none any more: whatever reopened it leads to a read by itself.
pub fn reopen(record: &mut Record, stamp: i64, now: DateTime<Utc>) -> bool {
    if record.outcome != Some(Outcome::SetAside) {
        return false;
    }
    // A page that was asked for before shows nothing of what was repaired since.
    record.stamp = stamp;
    renew(record, now);
    true
}

/// What is known of an object in HrFlow belongs to the API and the source or board it was sent to, and so does a body
/// that was prepared for them.
fn retarget(record: &mut Record, target: &str) {
    if record.target.as_deref() != Some(target) {
        record.target = Some(target.to_owned());
        record.presence = Presence::Absent;
        record.hrflow_key = None;
        record.fingerprint = None;
        record.indexed_at = None;
        record.body = None;
    }
}

fn set_aside(record: &mut Record, problem: &Error, now: DateTime<Utc>) {
    record.outcome = Some(Outcome::SetAside);
    record.problem = Some(describe(record, problem, now));
    record.body = None;
    record.waiting_since = None;
    if record.lease.is_none() {
        record.due_at = None;
    }
}

fn describe(record: &Record, problem: &Error, now: DateTime<Utc>) -> String {
    json!({
        "code": problem.kind().code(),
        "detail": problem.to_string(),
        "at": rfc3339(now),
        "attempts": record.attempts,
        "answer": problem.answer(),
    })
    .to_string()
}
