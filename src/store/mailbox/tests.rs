//! The mailbox against a world that changes, forgets and crashes: whatever the order of things, in the end HrFlow shows
//! what the partner has.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use proptest::prelude::*;

use super::super::records::{Outcome, Presence, Record, Wanted};
use super::*;
use crate::error::{Kind, Side};
use crate::model::{Action, Entity, EventKind, Reference};

const LEASE: i64 = 25;
const TARGET: &str = "api source";

/// A moment of the test's time: the given second.
fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn micros(second: i64) -> i64 {
    at(second).timestamp_micros()
}

fn reference() -> Reference {
    Reference::parse("CRM-1").unwrap()
}

fn unknown() -> Record {
    Record::unknown("acme", Entity::Profile, &reference())
}

fn event(action: Action, second: i64) -> Event {
    let date = at(second);
    Event {
        id: format!("{action:?}-{second}"),
        kind: EventKind { entity: Entity::Profile, action },
        reference: reference(),
        raw_date: rfc3339(date),
        date,
    }
}

fn indexed(content: &str, updated: Option<i64>) -> Indexed {
    Indexed {
        key: Some("k".to_owned()),
        fingerprint: content.to_owned(),
        updated_at: updated.map(at),
        notes: Vec::new(),
        fetched: true,
    }
}

fn listing(stamp: i64, content: &str, updated: Option<i64>) -> Listing {
    Listing {
        stamp,
        pull: "p".to_owned(),
        updated_at: updated.map(at),
        body: content.to_owned(),
        target: TARGET.to_owned(),
        fingerprint: content.to_owned(),
    }
}

/// Ends the work that the last claim began.
fn end(record: &mut Record, token: &str, settlement: Settlement, stamp: i64, now: DateTime<Utc>) -> bool {
    settle(record, token, record.read_version, settlement, stamp, now)
}

/// A record that was created at second 1 and indexed with `content` under stamp 2.
fn settled(content: &str) -> Record {
    let mut record = unknown();
    receive(&mut record, &event(Action::Create, 1), 1, at(1));
    claim(&mut record, "t", TARGET, 2, micros(1 + LEASE), at(1));
    assert!(end(&mut record, "t", Settlement::Indexed(indexed(content, Some(1))), 3, at(2)));
    record
}

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
fn a_page_asked_for_before_the_last_news_only_makes_the_record_due() {
    let mut record = settled("a");
    let stamp = record.stamp;
    assert_eq!(list(&mut record, listing(stamp - 1, "b", Some(1)), at(9)), Listed::Changed);
    assert_eq!((record.body.clone(), record.due_at), (None, Some(micros(9))));
}

#[test]
fn a_page_asked_for_before_a_lease_is_older_than_what_the_lease_reads() {
    let mut record = settled("a");
    let page = record.stamp + 1;
    receive(&mut record, &event(Action::Update, 5), page - 1, at(5));
    claim(&mut record, "t", TARGET, page + 1, micros(30), at(5));
    end(&mut record, "t", Settlement::Indexed(indexed("c", Some(5))), page + 2, at(6));
    list(&mut record, listing(page, "b", Some(3)), at(9));
    assert_eq!((record.body.clone(), record.due_at), (None, Some(micros(9))), "it is fetched, not believed");
}

#[test]
fn a_page_that_shows_what_hrflow_shows_changes_nothing() {
    let mut record = settled("a");
    let before = record.clone();
    assert_eq!(list(&mut record, listing(99, "a", Some(1)), at(9)), Listed::Unchanged);
    assert_eq!(record, before);
}

#[test]
fn a_listing_brings_an_archived_object_back_only_when_it_is_later_than_the_archive_in_both_ways() {
    let mut archived = settled("a");
    receive(&mut archived, &event(Action::Archive, 50), 100, at(60));
    for (stamp, updated, back) in [
        (101, Some(51), true),
        (101, Some(50), false),
        (101, None, false),
        (100, Some(51), false),
        (99, Some(55), false),
    ] {
        let mut record = archived.clone();
        list(&mut record, listing(stamp, "a", updated), at(70));
        assert_eq!(record.wanted == Wanted::Present, back, "page {stamp}, updated {updated:?}");
    }
}

#[test]
fn an_archive_told_again_after_a_listing_brought_the_object_back_is_stale() {
    let mut record = settled("a");
    let archive = event(Action::Archive, 40);
    receive(&mut record, &archive, 100, at(41));
    list(&mut record, listing(101, "b", Some(51)), at(60));
    claim(&mut record, "t", TARGET, 102, micros(85), at(60));
    end(&mut record, "t", Settlement::Indexed(indexed("b", Some(51))), 103, at(61));
    repeat(&mut record, &archive, 104, at(62));
    assert_eq!(record.wanted, Wanted::Present);
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
fn a_body_that_waits_belongs_to_the_target_it_was_prepared_for() {
    let mut record = unknown();
    list(&mut record, listing(1, "a", None), at(1));
    claim(&mut record, "t", "another api", 2, micros(26), at(1));
    assert_eq!(record.body, None, "it is fetched and prepared anew");
}

#[test]
fn a_duplicate_after_the_page_that_was_read_for_its_change_counts_again() {
    let mut record = settled("a");
    let update = event(Action::Update, 10);
    receive(&mut record, &update, 10, at(10));
    list(&mut record, listing(11, "b", Some(10)), at(11));
    repeat(&mut record, &update, 12, at(11));
    assert_eq!(record.body, None, "the second change of that second may not be in the page");
}

#[test]
fn a_listing_brings_back_what_was_archived_because_it_was_gone() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Update, 5), 5, at(5));
    claim(&mut record, "t", TARGET, 6, micros(30), at(5));
    end(&mut record, "t", Settlement::Gone, 7, at(6));
    assert_eq!(record.wanted, Wanted::Archived);
    list(&mut record, listing(8, "a", None), at(8));
    assert_eq!(record.wanted, Wanted::Present);
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

fn timed_out() -> Settlement {
    Settlement::Failed {
        problem: Error::new(crate::error::Kind::TimedOut, "no answer"),
        unclear: true,
        wait: Duration::from_secs(1),
        attempts: 5,
    }
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

/// One thing that happens in the world. Each takes a second.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The partner changes, creates or deletes the object and sends its event, which arrives whenever. There are few
    /// contents, so that it often goes back to an earlier one.
    Change(u8),
    Delete,
    /// One of the events on their way arrives; it stays on its way, so it may arrive again.
    Deliver(usize),
    /// A change's event is lost on its way.
    Lose(usize),
    /// The pull takes its number and reads the partner; later it commits what it read.
    AskForPage,
    CommitPage(usize),
    /// A worker claims, reads, writes and settles, with anything in between.
    Claim,
    Read,
    Write,
    Settle,
    /// The worker dies; its lease ends.
    Crash,
    /// HrFlow carries the write out and the answer is lost.
    LoseAnswer,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..3u8).prop_map(Step::Change),
        1 => Just(Step::Delete),
        4 => (0..8usize).prop_map(Step::Deliver),
        1 => (0..8usize).prop_map(Step::Lose),
        2 => Just(Step::AskForPage),
        2 => (0..4usize).prop_map(Step::CommitPage),
        4 => Just(Step::Claim),
        4 => Just(Step::Read),
        4 => Just(Step::Write),
        4 => Just(Step::Settle),
        1 => Just(Step::Crash),
        1 => Just(Step::LoseAnswer),
    ];
    prop::collection::vec(step, 1..80)
}

/// What a fetch found: the content and when it changed, or that the object is gone.
#[derive(Clone)]
enum Read {
    Found(String, i64),
    Gone,
}

/// What a worker holds between its steps.
struct Work {
    token: String,
    version: i64,
    wanted: Wanted,
    body: Option<String>,
    fingerprint: Option<String>,
    presence: Presence,
    read: Option<Read>,
    done: Option<Settlement>,
}

struct World {
    now: i64,
    stamps: i64,
    partner: Option<(String, i64)>,
    sent: Vec<Event>,
    heard: Vec<String>,
    pages: Vec<(i64, Option<(String, i64)>)>,
    record: Record,
    hrflow: Option<String>,
    work: Option<Work>,
}

impl World {
    fn new() -> Self {
        Self {
            now: 10,
            stamps: 0,
            partner: None,
            sent: Vec::new(),
            heard: Vec::new(),
            pages: Vec::new(),
            record: unknown(),
            hrflow: None,
            work: None,
        }
    }

    fn stamp(&mut self) -> i64 {
        self.stamps += 1;
        self.stamps
    }

    fn step(&mut self, step: Step) {
        self.now += 1;
        match step {
            Step::Change(content) => {
                let action = if self.partner.is_some() { Action::Update } else { Action::Create };
                self.partner = Some((format!("content {content}"), self.now));
                self.sent.push(event(action, self.now));
            }
            Step::Delete => {
                if self.partner.take().is_some() {
                    self.sent.push(event(Action::Archive, self.now));
                }
            }
            Step::Deliver(which) => {
                if !self.sent.is_empty() {
                    let event = self.sent[which % self.sent.len()].clone();
                    self.deliver(&event);
                }
            }
            Step::Lose(which) => {
                if !self.sent.is_empty() {
                    let which = which % self.sent.len();
                    if self.sent[which].kind.action != Action::Archive {
                        self.sent.remove(which);
                    }
                }
            }
            Step::AskForPage => {
                let stamp = self.stamp();
                self.pages.push((stamp, self.partner.clone()));
            }
            Step::CommitPage(which) => {
                if !self.pages.is_empty() {
                    let (stamp, object) = self.pages.remove(which % self.pages.len());
                    if let Some((content, updated)) = object {
                        list(&mut self.record, listing(stamp, &content, Some(updated)), at(self.now));
                    }
                }
            }
            Step::Claim => self.claim(),
            Step::Read => {
                let (partner, work) = (self.partner.clone(), self.work.as_mut());
                if let Some(work) = work.filter(|work| work.wanted == Wanted::Present && work.body.is_none())
                {
                    work.read.get_or_insert(match partner {
                        Some((content, updated)) => Read::Found(content, updated),
                        None => Read::Gone,
                    });
                }
            }
            Step::Write => self.write(),
            Step::Settle => {
                if let Some(mut work) = self.work.take() {
                    match work.done.take() {
                        Some(settlement) => self.settle(&work, settlement),
                        None => self.work = Some(work),
                    }
                }
            }
            Step::Crash => {
                self.work = None;
                self.now += LEASE;
            }
            Step::LoseAnswer => {
                self.write();
                if let Some(work) = self.work.take_if(|work| work.done.is_some()) {
                    self.settle(&work, timed_out());
                }
            }
        }
    }

    fn deliver(&mut self, event: &Event) {
        let stamp = self.stamp();
        if self.heard.contains(&event.id) {
            repeat(&mut self.record, event, stamp, at(self.now));
        } else {
            self.heard.push(event.id.clone());
            receive(&mut self.record, event, stamp, at(self.now));
        }
    }

    fn claim(&mut self) {
        if self.work.is_some() || self.record.due_at.is_none_or(|due_at| due_at > micros(self.now)) {
            return;
        }
        let stamp = self.stamp();
        let token = format!("token {stamp}");
        let until = micros(self.now + LEASE);
        if claim(&mut self.record, &token, TARGET, stamp, until, at(self.now)) {
            let record = &self.record;
            self.work = Some(Work {
                token,
                version: record.version,
                wanted: record.wanted,
                body: record.body.clone(),
                fingerprint: record.fingerprint.clone(),
                presence: record.presence,
                read: None,
                done: None,
            });
        }
    }

    /// The worker's call to HrFlow, which never begins after the lease.
    fn write(&mut self) {
        let leased = self.record.due_at.is_some_and(|until| until > micros(self.now));
        let Some(work) = self.work.as_mut().filter(|work| work.done.is_none() && leased) else { return };
        if work.wanted == Wanted::Archived {
            self.hrflow = None;
            work.done = Some(Settlement::Archived);
            return;
        }
        let (content, updated, fetched) = match (&work.body, &work.read) {
            (Some(body), _) => (body.clone(), self.record.updated_at.map(|m| m / 1_000_000), false),
            (None, Some(Read::Found(content, updated))) => (content.clone(), Some(*updated), true),
            (None, Some(Read::Gone)) => {
                work.done = Some(Settlement::Gone);
                return;
            }
            (None, None) => return,
        };
        let known = Indexed {
            key: Some("k".to_owned()),
            fingerprint: content.clone(),
            updated_at: updated.filter(|_| fetched).map(at),
            notes: Vec::new(),
            fetched,
        };
        if work.presence == Presence::Present && work.fingerprint.as_ref() == Some(&content) {
            work.done = Some(Settlement::Unchanged(known));
        } else {
            self.hrflow = Some(content);
            work.done = Some(Settlement::Indexed(known));
        }
    }

    fn settle(&mut self, work: &Work, settlement: Settlement) {
        let stamp = self.stamp();
        settle(&mut self.record, &work.token, work.version, settlement, stamp, at(self.now));
    }

    /// Everything that is on its way arrives, a pull makes good what was lost, every event is told once more, and the
    /// worker works until nothing is due.
    fn come_to_rest(&mut self) {
        self.work = None;
        let (heard, unheard): (Vec<Event>, Vec<Event>) =
            self.sent.clone().into_iter().partition(|event| self.heard.contains(&event.id));
        self.tell(&unheard);
        self.step(Step::AskForPage);
        let last = self.pages.len() - 1;
        self.step(Step::CommitPage(last));
        self.work_off();
        self.tell(&unheard);
        self.tell(&heard);
    }

    fn tell(&mut self, events: &[Event]) {
        for event in events {
            self.now += 1;
            self.deliver(event);
        }
        self.work_off();
    }

    fn work_off(&mut self) {
        for _ in 0..60 {
            let Some(due_at) = self.record.due_at else { return };
            self.now = self.now.max((due_at - micros(0)) / 1_000_000) + 1;
            for step in [Step::Claim, Step::Read, Step::Write, Step::Settle] {
                self.step(step);
            }
        }
        panic!("the record never comes to rest: {:?}", self.record);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn at_rest_hrflow_shows_what_the_partner_has(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.come_to_rest();
        prop_assert_eq!(world.hrflow, world.partner.map(|(content, _)| content));
    }
}
