//! What becomes of an object that the partner no longer has: archived because it was not listed or not found, or kept
//! because so many are gone that a person has to say so first.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::records::{Record, Wanted};
use super::{describe, renew};
use crate::error::{Error, Kind};

/// When an object that waits for a person is asked for again.
const HELD: TimeDelta = TimeDelta::days(1);

/// Archives an object that a complete listing lacked or that is no longer found. Returns false, and changes nothing, when
/// something happened to it after `unseen`, the stamp under which it was found to be away: an event or a lease wins.
pub fn archive_absent(record: &mut Record, unseen: i64, pull: &str, stamp: i64, now: DateTime<Utc>) -> bool {
    if record.wanted != Wanted::Present || record.stamp > unseen {
        return false;
    }
    archive_as_gone(record, stamp, now);
    record.pull = Some(pull.to_owned());
    true
}

/// Archives an object that is gone. Without a date of its archive it comes back as soon as it is listed or fetched.
pub(super) fn archive_as_gone(record: &mut Record, stamp: i64, now: DateTime<Utc>) {
    record.wanted = Wanted::Archived;
    record.archived_on = None;
    record.archived_stamp = stamp;
    record.stamp = stamp;
    renew(record, now);
}

/// Keeps an object that is gone until a person has decided, and asks for it again much later.
pub(super) fn hold(record: &mut Record, now: DateTime<Utc>) {
    // It waits for the partner to find it again, and holds back no pull meanwhile.
    record.missing = record.missing.max(1);
    record.missing_since.get_or_insert(now.timestamp_micros());
    let message = "the partner's service no longer finds it, nor many others: archiving them waits for approval under /v1/pulls";
    record.problem = Some(describe(record, &Error::new(Kind::NotFound, message), now));
    record.due_at = Some((now + HELD).timestamp_micros());
}
