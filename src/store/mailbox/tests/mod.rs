//! The mailbox against news in any order, and against a world that changes, forgets and crashes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod listings;
mod news;
mod work;
mod world;

use std::time::Duration;

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

fn timed_out() -> Settlement {
    Settlement::Failed {
        problem: Error::new(crate::error::Kind::TimedOut, "no answer"),
        unclear: true,
        wait: Duration::from_secs(1),
        attempts: 5,
    }
}
