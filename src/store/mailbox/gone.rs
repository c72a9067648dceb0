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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::super::{Settlement, claim, receive, settle};
    use super::*;
    use crate::model::{Action, Entity, EventKind, Reference, rfc3339};
    use crate::store::Event;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn event(action: Action, second: i64) -> Event {
        let reference = Reference::parse("CRM-1").unwrap();
        let kind = EventKind { entity: Entity::Profile, action };
        Event { id: "e".to_owned(), kind, reference, raw_date: rfc3339(at(second)), date: at(second) }
    }

    /// A record that was heard of under stamp 1.
    fn heard_of() -> Record {
        let reference = Reference::parse("CRM-1").unwrap();
        let mut record = Record::unknown("acme", Entity::Profile, &reference);
        receive(&mut record, &event(Action::Create, 1), 1, at(1));
        record
    }

    #[test]
    fn an_absent_object_is_archived_without_a_date_so_that_a_listing_brings_it_back() {
        let mut record = heard_of();
        let version = record.version;
        assert!(archive_absent(&mut record, 5, "p", 9, at(10)));
        assert_eq!((record.wanted, record.archived_on, record.archived_stamp), (Wanted::Archived, None, 9));
        assert_eq!((record.version, record.due_at), (version + 1, Some(at(10).timestamp_micros())));
        assert!(!archive_absent(&mut record, 99, "p", 100, at(11)), "it is archived already");
    }

    #[test]
    fn an_event_or_a_lease_after_it_was_found_to_be_away_wins() {
        let mut told = heard_of();
        receive(&mut told, &event(Action::Update, 9), 6, at(9));
        let mut leased = heard_of();
        claim(&mut leased, "t", "target", 6, at(35).timestamp_micros(), at(9));
        for record in [&mut told, &mut leased] {
            let before = record.clone();
            assert!(!archive_absent(record, 5, "p", 9, at(10)));
            assert_eq!(*record, before);
        }
    }

    #[test]
    fn what_waits_for_a_person_is_kept_and_asked_for_a_day_later() {
        let mut record = heard_of();
        claim(&mut record, "t", "target", 2, at(35).timestamp_micros(), at(9));
        let version = record.version;
        assert!(settle(&mut record, "t", version, Settlement::Held, 3, at(10)));
        assert_eq!((record.wanted, record.attempts, record.missing), (Wanted::Present, 0, 1));
        assert_eq!(record.due_at, Some(at(10 + 86_400).timestamp_micros()));
        assert!(record.problem.as_deref().unwrap().contains("waits for approval"));
    }
}
