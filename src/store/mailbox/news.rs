//! What comes in: events, and the objects of a page.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::records::{Outcome, Presence, Record, Wanted};
use super::{renew, retarget, set_aside};
use crate::error::Error;
use crate::model::{Action, EventKind, Reference, rfc3339, second_of};

/// A webhook, understood.
#[derive(Clone, Debug)]
pub struct Event {
    /// The id of its delivery.
    pub id: String,
    /// What happened, to what.
    pub kind: EventKind,
    /// To which.
    pub reference: Reference,
    /// `event_date` as it was written.
    pub raw_date: String,
    /// `event_date`.
    pub date: DateTime<Utc>,
}

impl Event {
    /// The earlier of its date and our receipt, cut to the second: a sender's clock never decides for the future.
    fn decisive_date(&self, received_at: DateTime<Utc>) -> i64 {
        second_of(self.date.min(received_at)).timestamp_micros()
    }
}

/// Whether an event counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It changes the record.
    Accepted,
    /// The record already holds later news.
    Stale,
    /// The object was erased: nothing is heard of it any more.
    Erased,
}

/// Takes in an event that was never heard before.
pub fn receive(record: &mut Record, event: &Event, stamp: i64, now: DateTime<Utc>) -> Verdict {
    if record.wanted == Wanted::Erased {
        return Verdict::Erased;
    }
    let date = event.decisive_date(now);
    if is_stale(record, event.kind.action, date) {
        return Verdict::Stale;
    }
    record.stamp = stamp;
    record.last_event = Some(
        json!({
            "id": event.id,
            "type": event.kind.as_str(),
            "date": event.raw_date,
            "received_at": rfc3339(now),
        })
        .to_string(),
    );
    match event.kind.action {
        Action::Create | Action::Update => {
            record.wanted = Wanted::Present;
            record.archived_on = None;
            record.present_on = record.present_on.max(Some(date));
            renew(record, now);
        }
        Action::Archive => {
            let stands = record.wanted == Wanted::Archived;
            record.wanted = Wanted::Archived;
            // The same archive told again is no later one: a listing in between may have brought the object back.
            if !stands || Some(date) > record.archived_on {
                record.archived_on = Some(date);
                record.archived_stamp = stamp;
            }
            // An archive that has been carried out already needs no second one.
            if !(stands && record.settled_version == record.version) {
                renew(record, now);
            }
        }
    }
    Verdict::Accepted
}

/// Takes in an event that was heard before. Two real changes can share a second, so one that comes after a read of the
/// current version has begun counts again.
pub fn repeat(record: &mut Record, event: &Event, stamp: i64, now: DateTime<Utc>) {
    if record.read_version == record.version {
        receive(record, event, stamp, now);
    }
}

fn is_stale(record: &Record, action: Action, date: i64) -> bool {
    match (action, record.wanted) {
        (Action::Create | Action::Update, Wanted::Archived) => {
            record.archived_on.is_some_and(|archived_on| date <= archived_on)
        }
        (Action::Create | Action::Update, Wanted::Present | Wanted::Erased) => false,
        (Action::Archive, _) => record.present_on.is_some_and(|present_on| date < present_on),
    }
}

/// Takes in that somebody asks for an object of which nothing was ever heard: it is read, as if it were announced. Returns
/// false, and changes nothing, when anything is known of it.
pub fn ask_for(record: &mut Record, stamp: i64, now: DateTime<Utc>) -> bool {
    if record.version > 0 {
        return false;
    }
    record.stamp = stamp;
    renew(record, now);
    true
}

/// An object as a page listed it, mapped and ready to be sent.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The number the pull took before it asked for the page.
    pub stamp: i64,
    /// The pull's id.
    pub pull: String,
    /// When the partner says that the object last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// The body to be sent.
    pub body: String,
    /// What it is to be sent to.
    pub target: String,
    /// The fingerprint of that body for that target.
    pub fingerprint: String,
}

/// What a listing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// The record is due.
    Changed,
    /// Nothing to do.
    Unchanged,
}

/// Takes in an object of a page.
pub fn list(record: &mut Record, listing: Listing, now: DateTime<Utc>) -> Listed {
    if record.wanted == Wanted::Erased {
        return Listed::Unchanged;
    }
    retarget(record, &listing.target);
    let updated_at = listing.updated_at.map(|date| date.timestamp_micros());
    if record.wanted == Wanted::Archived {
        if !brings_back(record, &listing) {
            return Listed::Unchanged;
        }
        record.wanted = Wanted::Present;
        record.archived_on = None;
        // The partner's own word that the object lived on: an archive from before it, told late or again, is stale.
        let lived_on = listing.updated_at.map(|date| second_of(date.min(now)).timestamp_micros());
        record.present_on = record.present_on.max(lived_on);
    } else {
        let shown = record.presence == Presence::Present
            && record.fingerprint.as_ref() == Some(&listing.fingerprint)
            && !record.is_pending()
            && record.outcome != Some(Outcome::SetAside);
        if shown || record.body.as_ref() == Some(&listing.body) {
            return Listed::Unchanged;
        }
    }
    renew(record, now);
    record.pull = Some(listing.pull);
    // A page that was asked for before the last news is older than the news: it proves a change, not what it is.
    if listing.stamp > record.stamp {
        record.body = Some(listing.body);
        record.updated_at = updated_at;
        // The page is the read of this version.
        record.read_version = record.version;
    }
    Listed::Changed
}

/// Takes in an object of a page that cannot be mapped: it is set aside unless newer news is on its way.
pub fn list_broken(record: &mut Record, stamp: i64, pull: &str, problem: &Error, now: DateTime<Utc>) {
    if stamp > record.stamp && record.wanted == Wanted::Present && !record.is_pending() {
        record.version += 1;
        record.pull = Some(pull.to_owned());
        set_aside(record, problem, now);
    }
}

fn brings_back(record: &Record, listing: &Listing) -> bool {
    let later = match record.archived_on {
        Some(archived_on) => {
            listing.updated_at.is_some_and(|date| second_of(date).timestamp_micros() > archived_on)
        }
        // It was archived because it was gone, and here it is.
        None => true,
    };
    listing.stamp > record.archived_stamp && later
}
