//! What events, replays and questions do to a record, in whatever order they come.

use super::*;

#[test]
fn an_archive_older_than_the_newest_change_is_stale_and_an_equal_one_wins() {
    let mut record = unknown();
    assert_eq!(receive(&mut record, &event(Action::Update, 10), 1, at(20)), Verdict::Accepted);
    assert_eq!(receive(&mut record, &event(Action::Archive, 9), 2, at(20)), Verdict::Stale);
    assert_eq!(record.wanted, Wanted::Present);
    assert_eq!(receive(&mut record, &event(Action::Archive, 10), 3, at(20)), Verdict::Accepted);
    assert_eq!(record.wanted, Wanted::Archived);
}

#[test]
fn a_change_at_or_before_the_archive_that_stands_is_stale_and_a_later_one_brings_back() {
    let mut record = unknown();
    receive(&mut record, &event(Action::Archive, 10), 1, at(20));
    assert_eq!(receive(&mut record, &event(Action::Create, 10), 2, at(20)), Verdict::Stale);
    assert_eq!(receive(&mut record, &event(Action::Update, 11), 3, at(20)), Verdict::Accepted);
    assert_eq!((record.wanted, record.archived_on), (Wanted::Present, None));
}

#[test]
fn a_date_in_the_future_counts_as_the_moment_of_receipt() {
    let mut record = unknown();
    receive(&mut record, &event(Action::Archive, 9_999), 1, at(20));
    assert_eq!(receive(&mut record, &event(Action::Create, 21), 2, at(21)), Verdict::Accepted);
}

#[test]
fn an_old_update_of_a_live_object_still_leads_to_a_read() {
    let mut record = settled("a");
    let version = record.version;
    assert_eq!(receive(&mut record, &event(Action::Update, 0), 9, at(30)), Verdict::Accepted);
    assert_eq!((record.version, record.due_at), (version + 1, Some(micros(30))));
}

#[test]
fn a_duplicate_counts_only_after_a_read_of_the_current_version_has_begun() {
    let mut record = unknown();
    let update = event(Action::Update, 10);
    receive(&mut record, &update, 1, at(10));
    repeat(&mut record, &update, 2, at(10));
    assert_eq!(record.version, 1);
    claim(&mut record, "t", TARGET, 3, micros(35), at(10));
    repeat(&mut record, &update, 4, at(11));
    assert_eq!(record.version, 2);
}

#[test]
fn a_second_archive_of_an_archived_object_asks_for_no_second_call() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Archive, 10), 5, at(10));
    claim(&mut record, "t", TARGET, 6, micros(35), at(10));
    end(&mut record, "t", Settlement::Archived, 7, at(11));
    assert_eq!(receive(&mut record, &event(Action::Archive, 12), 8, at(12)), Verdict::Accepted);
    assert_eq!((record.due_at, record.archived_on), (None, Some(micros(12))));
}

#[test]
fn a_replay_brings_back_a_dead_letter_and_nothing_else() {
    for mut record in [unknown(), settled("a")] {
        let before = record.clone();
        assert!(!reopen(&mut record, 9, at(30)));
        assert_eq!(record, before);
    }
    let mut record = settled("a");
    receive(&mut record, &event(Action::Update, 10), 5, at(10));
    claim(&mut record, "t", TARGET, 6, micros(35), at(10));
    let problem = Error::new(Kind::Refused, "no").answered(Side::HrFlow, 200, Some(422));
    end(&mut record, "t", Settlement::Refused { problem }, 7, at(11));
    assert_eq!(record.outcome, Some(Outcome::SetAside));
    let written: serde_json::Value = serde_json::from_str(record.problem.as_deref().unwrap()).unwrap();
    let answer = json!({"side": "hrflow", "status": 200, "code": 422});
    assert_eq!((&written["attempts"], &written["answer"]), (&json!(1), &answer));

    let version = record.version;
    assert!(reopen(&mut record, 8, at(30)));
    assert_eq!((record.version, record.due_at, record.stamp), (version + 1, Some(micros(30)), 8));
    assert_eq!((record.attempts, record.problem.is_none(), record.is_pending()), (0, true, true));
    assert!(!reopen(&mut record, 9, at(31)), "it was brought back already");
}

#[test]
fn a_replayed_archive_is_archived_again() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Archive, 10), 5, at(10));
    claim(&mut record, "t", TARGET, 6, micros(35), at(10));
    end(&mut record, "t", Settlement::Refused { problem: Error::new(Kind::Refused, "no") }, 7, at(11));
    assert!(reopen(&mut record, 8, at(30)));
    assert_eq!((record.wanted, record.archived_on), (Wanted::Archived, Some(micros(10))));
}

#[test]
fn what_is_heard_again_after_it_was_forgotten_does_what_a_duplicate_does() {
    let mut archived = settled("a");
    receive(&mut archived, &event(Action::Archive, 10), 5, at(10));
    claim(&mut archived, "t", TARGET, 6, micros(35), at(10));
    end(&mut archived, "t", Settlement::Archived, 7, at(11));
    for known in [settled("a"), archived] {
        for old in [event(Action::Create, 1), event(Action::Archive, 10), event(Action::Archive, 0)] {
            let (mut duplicate, mut forgotten) = (known.clone(), known.clone());
            repeat(&mut duplicate, &old, 9, at(50));
            receive(&mut forgotten, &old, 9, at(50));
            assert_eq!(duplicate, forgotten);
        }
    }
}

#[test]
fn news_empties_the_body_that_waits() {
    let mut record = unknown();
    list(&mut record, listing(1, "a", None), at(1));
    assert_eq!(record.body.as_deref(), Some("a"));
    receive(&mut record, &event(Action::Update, 2), 2, at(2));
    assert_eq!(record.body, None);
}

#[test]
fn an_archive_told_again_is_no_later_one() {
    let mut record = settled("a");
    let archive = event(Action::Archive, 40);
    receive(&mut record, &archive, 100, at(41));
    repeat(&mut record, &archive, 102, at(42));
    receive(&mut record, &event(Action::Archive, 39), 103, at(43));
    list(&mut record, listing(101, "b", Some(51)), at(60));
    assert_eq!(record.wanted, Wanted::Present, "the page was asked for after the archive");
}

#[test]
fn who_asks_for_an_object_has_it_read_if_nothing_was_ever_heard_of_it() {
    let mut record = unknown();
    assert!(ask_for(&mut record, 1, at(1)));
    assert_eq!((record.version, record.due_at, &record.last_event), (1, Some(micros(1)), &None));
    let mut known = settled("a");
    for record in [&mut record, &mut known] {
        let before = record.clone();
        assert!(!ask_for(record, 9, at(9)), "what is known needs no asking");
        assert_eq!(*record, before);
    }
}

#[test]
fn only_what_nobody_else_has_spoken_of_may_be_forgotten_for_a_404() {
    let mut asked_for = unknown();
    ask_for(&mut asked_for, 1, at(1));
    let mut announced = unknown();
    receive(&mut announced, &event(Action::Create, 1), 1, at(1));
    let mut listed = unknown();
    list(&mut listed, listing(1, "a", None), at(1));
    for (record, ends) in [(&mut asked_for, true), (&mut announced, false), (&mut listed, false)] {
        claim(record, "t", TARGET, 2, micros(26), at(1));
        assert_eq!(ends_unknown(record, "t", record.version), ends);
        assert!(!ends_unknown(record, "u", record.version), "only who holds it");
    }
    receive(&mut asked_for, &event(Action::Create, 2), 3, at(2));
    assert!(!ends_unknown(&asked_for, "t", 1), "it was announced while the partner was asked");
}
