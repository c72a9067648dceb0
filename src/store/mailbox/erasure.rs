//! What an erasure does to a record: it becomes a tombstone, which no news changes.
//!
//! An erasure is a change like any other: it raises the version, so that whoever works on the record settles without
//! effect and leaves it due, and a lease, a failure or a crash is dealt with as ever.

use chrono::{DateTime, Utc};

use super::super::records::{Outcome, Presence, Record, Wanted};
use super::renew;

/// Drops what is known of the object but where HrFlow has it, and makes its erasure due. Returns false, and changes
/// nothing, when it is erased or about to be; one that was set aside is taken up again.
pub fn erase(record: &mut Record, stamp: i64, now: DateTime<Utc>) -> bool {
    if record.wanted == Wanted::Erased && record.outcome != Some(Outcome::SetAside) {
        return false;
    }
    *record = Record {
        stamp,
        lease: record.lease.take(),
        due_at: record.due_at,
        waiting_since: record.waiting_since,
        target: record.target.take(),
        presence: record.presence,
        hrflow_key: record.hrflow_key.take(),
        ..tombstone(record)
    };
    renew(record, now);
    true
}

/// HrFlow holds nothing of the object any more: now where it was is dropped too.
pub(super) fn bury(record: &mut Record) {
    *record = Record {
        settled_version: record.version,
        presence: Presence::Archived,
        outcome: Some(Outcome::Erased),
        ..tombstone(record)
    };
}

/// The name, and the numbers that keep what is still on its way in order.
fn tombstone(record: &Record) -> Record {
    Record {
        wanted: Wanted::Erased,
        version: record.version,
        settled_version: record.settled_version,
        read_version: record.read_version,
        stamp: record.stamp,
        ..record.emptied()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::{Event, Indexed, Listed, Listing, Settlement, Verdict, claim, list, list_broken};
    use super::super::{receive, repeat, settle};
    use super::*;
    use crate::error::{Error, Kind};
    use crate::model::{Action, Entity, EventKind, Reference};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn event(action: Action, second: i64) -> Event {
        let kind = EventKind { entity: Entity::Profile, action };
        let reference = Reference::parse("CRM-1").unwrap();
        Event { id: "e".to_owned(), kind, reference, raw_date: second.to_string(), date: at(second) }
    }

    fn listing(stamp: i64, second: i64) -> Listing {
        Listing {
            stamp,
            pull: "p".to_owned(),
            updated_at: Some(at(second)),
            body: "a person".to_owned(),
            target: "api source".to_owned(),
            fingerprint: "f".to_owned(),
        }
    }

    fn shown() -> Settlement {
        Settlement::Indexed(Indexed {
            key: Some("k".to_owned()),
            fingerprint: "f".to_owned(),
            updated_at: Some(at(1)),
            notes: vec!["a person".to_owned()],
            fetched: true,
        })
    }

    fn erased() -> Settlement {
        Settlement::Erased { proof: String::new() }
    }

    fn refused() -> Settlement {
        Settlement::Refused { problem: Error::new(Kind::Refused, "HrFlow refused the profile") }
    }

    fn record() -> Record {
        let mut record = Record::unknown("acme", Entity::Profile, &Reference::parse("CRM-1").unwrap());
        receive(&mut record, &event(Action::Create, 1), 1, at(1));
        record
    }

    fn take(record: &mut Record, token: &str, second: i64) -> i64 {
        let until = at(second + 25).timestamp_micros();
        assert!(claim(record, token, "api source", 10 + second, until, at(second)));
        record.version
    }

    /// The same, asking for the erasure once more where too many workers died over it.
    fn take_again(record: &mut Record, token: &str, second: i64) -> i64 {
        let until = at(second + 25).timestamp_micros();
        if claim(record, token, "api source", 10 + second, until, at(second)) {
            return record.version;
        }
        assert_eq!(record.outcome, Some(Outcome::SetAside));
        assert!(erase(record, 10 + second, at(second)));
        take(record, token, second)
    }

    /// A record that was erased at second 4.
    fn tombstone() -> Record {
        let mut record = record();
        assert!(erase(&mut record, 2, at(2)));
        let version = take(&mut record, "t", 3);
        assert!(settle(&mut record, "t", version, erased(), 5, at(4)));
        record
    }

    #[test]
    fn nothing_is_left_but_the_name_and_the_numbers() {
        let record = tombstone();
        let expected = Record {
            wanted: Wanted::Erased,
            outcome: Some(Outcome::Erased),
            presence: Presence::Archived,
            version: 2,
            settled_version: 2,
            read_version: 2,
            stamp: 13,
            ..Record::unknown("acme", Entity::Profile, &Reference::parse("CRM-1").unwrap())
        };
        assert_eq!(record, expected);
        assert!(!record.is_pending() && !record.is_indexed());
    }

    #[test]
    fn an_erasure_drops_the_body_at_once_and_keeps_where_hrflow_has_it() {
        let mut record = record();
        let version = take(&mut record, "t", 2);
        assert!(settle(&mut record, "t", version, shown(), 3, at(3)));
        assert_eq!(
            list(&mut record, Listing { fingerprint: "g".to_owned(), ..listing(50, 4) }, at(4)),
            Listed::Changed
        );
        assert!(erase(&mut record, 51, at(5)));
        assert_eq!(
            (&record.body, &record.last_event, &record.notes, record.updated_at),
            (&None, &None, &None, None)
        );
        assert_eq!((record.presence, record.hrflow_key.as_deref()), (Presence::Present, Some("k")));
        assert_eq!(record.due_at, Some(at(5).timestamp_micros()));
    }

    #[test]
    fn no_news_changes_a_tombstone() {
        let tombstone = tombstone();
        for action in [Action::Create, Action::Update, Action::Archive] {
            let mut record = tombstone.clone();
            assert_eq!(receive(&mut record, &event(action, 90), 91, at(92)), Verdict::Erased);
            repeat(&mut record, &event(action, 90), 92, at(93));
            assert_eq!(record, tombstone);
        }
        let mut record = tombstone.clone();
        assert_eq!(list(&mut record, listing(99, 98), at(99)), Listed::Unchanged);
        list_broken(&mut record, 99, "p", &Error::new(Kind::Invalid, "odd"), at(99));
        assert!(!erase(&mut record, 99, at(99)));
        assert_eq!(record, tombstone);
    }

    #[test]
    fn whoever_works_on_it_meanwhile_settles_without_effect_but_for_the_key() {
        let mut record = record();
        let version = take(&mut record, "t", 2);
        assert!(erase(&mut record, 3, at(3)));
        assert_eq!(record.due_at, Some(at(27).timestamp_micros()), "the lease goes on");
        assert!(settle(&mut record, "t", version, shown(), 4, at(4)));
        assert_eq!((record.wanted, record.outcome), (Wanted::Erased, None));
        assert_eq!(
            (record.hrflow_key.as_deref(), record.due_at),
            (Some("k"), Some(at(4).timestamp_micros()))
        );
    }

    #[test]
    fn an_erasure_that_was_set_aside_is_taken_up_again_when_it_is_asked_for_again() {
        let mut record = record();
        assert!(erase(&mut record, 2, at(2)));
        assert!(!erase(&mut record, 3, at(3)), "it is on its way");
        let version = take(&mut record, "t", 4);
        assert!(settle(&mut record, "t", version, refused(), 5, at(5)));
        assert_eq!(record.outcome, Some(Outcome::SetAside));
        assert!(erase(&mut record, 6, at(6)));
        assert_eq!((record.due_at, record.outcome), (Some(at(6).timestamp_micros()), None));
    }

    proptest! {
        #[test]
        fn whatever_is_told_and_however_often_it_fails_it_ends_erased(steps in prop::collection::vec(0..8u8, 0..40)) {
            let mut record = record();
            let (mut now, mut held) = (2, None);
            held.get_or_insert(take(&mut record, "0", now));
            erase(&mut record, 3, at(3));
            for step in steps {
                now += 1;
                let free = record.lease.is_none() && record.due_at.is_some_and(|due| due <= at(now).timestamp_micros());
                match step {
                    0 => drop(receive(&mut record, &event(Action::Update, now), 100 + now, at(now))),
                    1 => drop(receive(&mut record, &event(Action::Archive, now), 100 + now, at(now))),
                    2 => drop(list(&mut record, listing(100 + now, now), at(now))),
                    3 if free => held = Some(take_again(&mut record, &now.to_string(), now)),
                    4..=6 => {
                        if let (Some(version), Some(token)) = (held.take(), record.lease.clone()) {
                            let failed = Settlement::Failed {
                                problem: Error::new(Kind::TimedOut, "late"), unclear: true,
                                wait: Duration::from_secs(1), attempts: 1,
                            };
                            // What was claimed before the erasure may have shown the object.
                            let settlement = if step == 4 && version == 1 { shown() } else { failed };
                            settle(&mut record, &token, version, settlement, 100 + now, at(now));
                        }
                    }
                    // The worker dies, and its lease ends.
                    _ => (held, now) = (None, now + 26),
                }
                if record.lease.is_some() && held.is_none() {
                    held = Some(take_again(&mut record, &format!("after {now}"), now + 26));
                    now += 26;
                }
                prop_assert_eq!(record.wanted, Wanted::Erased);
                prop_assert_eq!((&record.body, &record.last_event, record.updated_at), (&None, &None, None));
            }
            now += 400;
            let version = take_again(&mut record, "last", now);
            prop_assert!(settle(&mut record, "last", version, erased(), 999, at(now)));
            prop_assert_eq!(record.outcome, Some(Outcome::Erased));
            prop_assert_eq!((record.due_at, record.hrflow_key), (None, None));
        }
    }
}
