//! What a worker's claims and settlements do to a record, also those that end badly or never.

use super::*;

#[test]
fn a_body_that_waits_belongs_to_the_target_it_was_prepared_for() {
    let mut record = unknown();
    list(&mut record, listing(1, "a", None), at(1));
    claim(&mut record, "t", "another api", 2, micros(26), at(1));
    assert_eq!(record.body, None, "it is fetched and prepared anew");
}

#[test]
fn a_settlement_counts_only_under_its_own_lease() {
    let mut record = unknown();
    receive(&mut record, &event(Action::Create, 1), 1, at(1));
    claim(&mut record, "first", TARGET, 2, micros(26), at(1));
    claim(&mut record, "second", TARGET, 3, micros(60), at(30));
    let before = record.clone();
    assert!(!end(&mut record, "first", Settlement::Indexed(indexed("a", None)), 4, at(31)));
    assert_eq!(record, before);
}

#[test]
fn a_record_given_back_is_due_at_once_and_as_if_it_had_never_been_claimed() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Update, 5), 5, at(5));
    let before = record.clone();
    claim(&mut record, "t", TARGET, 6, micros(5 + LEASE), at(5));
    assert!(!release(&mut record, "u", at(6)), "only who holds it");
    assert!(release(&mut record, "t", at(6)));
    assert_eq!((record.due_at, &record.lease, record.attempts), (Some(micros(6)), &None, before.attempts));
    assert_eq!((&record.fingerprint, record.version), (&before.fingerprint, before.version));
    let late = Settlement::Indexed(indexed("b", None));
    assert!(!end(&mut record, "t", late, 7, at(7)), "what it was given back from cannot settle it");
}

#[test]
fn a_settlement_of_an_older_version_leaves_the_record_due() {
    let mut record = unknown();
    receive(&mut record, &event(Action::Create, 1), 1, at(1));
    claim(&mut record, "t", TARGET, 2, micros(26), at(1));
    receive(&mut record, &event(Action::Update, 2), 3, at(2));
    end(&mut record, "t", Settlement::Indexed(indexed("a", None)), 4, at(3));
    assert_eq!((record.due_at, record.is_pending()), (Some(micros(3)), true));
    assert_eq!(record.fingerprint.as_deref(), Some("a"));
}

#[test]
fn an_expired_lease_forgets_the_fingerprint() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Update, 5), 5, at(5));
    claim(&mut record, "t", TARGET, 6, micros(30), at(5));
    claim(&mut record, "u", TARGET, 7, micros(60), at(31));
    assert_eq!(record.fingerprint, None);
}

#[test]
fn an_archive_and_an_unread_answer_forget_the_fingerprint() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Archive, 5), 5, at(5));
    claim(&mut record, "t", TARGET, 6, micros(30), at(5));
    end(&mut record, "t", Settlement::Archived, 7, at(6));
    assert_eq!((record.fingerprint.clone(), record.presence), (None, Presence::Archived));

    let mut record = settled("a");
    receive(&mut record, &event(Action::Update, 5), 5, at(5));
    claim(&mut record, "t", TARGET, 6, micros(30), at(5));
    end(&mut record, "t", timed_out(), 7, at(6));
    assert_eq!(record.fingerprint, None);
}

#[test]
fn a_fingerprint_and_a_key_belong_to_their_target() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Update, 5), 5, at(5));
    claim(&mut record, "t", "another api", 6, micros(30), at(5));
    assert_eq!((record.fingerprint, record.hrflow_key, record.presence), (None, None, Presence::Absent));
}

#[test]
fn a_temporary_failure_never_sets_a_record_aside_and_its_own_does_after_some() {
    let mut record = unknown();
    receive(&mut record, &event(Action::Create, 1), 1, at(1));
    for round in 0..50 {
        claim(&mut record, "t", TARGET, 2 + round, micros(round + LEASE), at(round));
        end(&mut record, "t", timed_out(), 3 + round, at(round));
    }
    assert!(record.is_pending() && record.attempts == 0);
    for round in 0..5 {
        assert!(record.is_pending());
        claim(&mut record, "t", TARGET, 100 + round, micros(100 + LEASE), at(100));
        let refused = Settlement::Failed {
            problem: Error::new(crate::error::Kind::Refused, "no"),
            unclear: false,
            wait: Duration::ZERO,
            attempts: 5,
        };
        end(&mut record, "t", refused, 100 + round, at(100));
    }
    assert_eq!((record.outcome, record.due_at), (Some(Outcome::SetAside), None));
    receive(&mut record, &event(Action::Update, 200), 300, at(200));
    assert!(record.is_pending() && record.due_at.is_some());
}

#[test]
fn a_claim_that_never_ends_is_given_up() {
    let mut record = unknown();
    receive(&mut record, &event(Action::Create, 1), 1, at(1));
    let ours = (0..20).filter(|round| {
        record.due_at.is_some()
            && claim(&mut record, "t", TARGET, 2 + round, micros(30 * round), at(30 * round))
    });
    assert_eq!(ours.count(), 10);
    assert_eq!(record.outcome, Some(Outcome::SetAside));
}

#[test]
fn a_404_is_asked_again_after_1_5_and_15_minutes_and_counts_only_while_others_answer() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Update, 5), 5, at(5));
    let mut now = 5;
    let mut ask = |record: &mut Record, answered: Option<i64>| {
        claim(record, "t", TARGET, 6, micros(now + LEASE), at(now));
        end(record, "t", Settlement::Missing { answered_at: answered.map(micros) }, 7, at(now));
        let waited = (record.due_at.unwrap() - micros(now)) / 1_000_000;
        now += waited;
        waited
    };
    assert_eq!([ask(&mut record, None), ask(&mut record, None), ask(&mut record, None)], [60, 300, 900]);
    assert_eq!(ask(&mut record, Some(5)), 900, "an answer from before the first 404 proves nothing");
    assert_eq!(record.wanted, Wanted::Present);
    ask(&mut record, Some(100));
    assert_eq!(record.wanted, Wanted::Archived);
}

#[test]
fn a_read_older_than_its_event_is_repeated_after_10_and_60_seconds() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Update, 100), 5, at(100));
    let mut waits = Vec::new();
    let mut now = 100;
    while let Some(due_at) = record.due_at {
        waits.push(due_at - micros(now));
        now += waits.last().unwrap() / 1_000_000;
        claim(&mut record, "t", TARGET, 6, micros(now + LEASE), at(now));
        end(&mut record, "t", Settlement::Unchanged(indexed("a", Some(1))), 7, at(now));
    }
    assert_eq!(waits, [0, 10_000_000, 60_000_000]);
    assert!(!record.is_pending());
}
