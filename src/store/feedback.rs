//! What was done under an `Idempotency-Key`, so that feedback sent again is not recorded twice.
//!
//! HrFlow's call is not idempotent and has no key of its own: a row says whether it was made, and an attempt whose end
//! nobody saw is looked up before the next one.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::backend::{Db, on};
use super::schema::feedback_keys;
use super::text::text_enum;
use crate::error::{Error, Kind, Result};

/// How long a key is remembered.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

text_enum! {
    /// How far feedback has come.
    Progress {
        /// It is being sent, or whoever sent it died.
        UnderWay => "under_way",
        /// It was sent, and what became of it is not known.
        Unclear => "unclear",
        /// HrFlow has it.
        Recorded => "recorded",
    }
}

/// Under which key it is sent, and what.
#[derive(Clone, Debug)]
pub struct Keyed {
    pub partner: String,
    /// `rating` or `tracking`.
    pub kind: &'static str,
    pub key_digest: String,
    pub body_digest: String,
}

/// An attempt to send it: what HrFlow and the answer are told is the same in all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The answer's id.
    pub id: String,
    /// When it was said.
    pub said_at: DateTime<Utc>,
    token: String,
}

/// What an attempt finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing was sent under this key.
    First(Attempt),
    /// It may have been recorded: it is to be looked for.
    Again(Attempt),
    /// It was recorded.
    Recorded(Attempt),
    /// It is under way, or was until just now: try again after this.
    UnderWay(Duration),
    /// Something else was sent under this key.
    Other,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = feedback_keys)]
struct Row {
    partner: String,
    kind: String,
    key_digest: String,
    body_digest: String,
    state: Progress,
    id: String,
    said_at: i64,
    begun_at: i64,
    rests_until: i64,
    attempt: String,
}

impl Row {
    fn attempt(&self) -> Attempt {
        let said_at = DateTime::from_timestamp_micros(self.said_at).unwrap_or_default();
        Attempt { id: self.id.clone(), said_at, token: self.attempt.clone() }
    }
}

/// Takes the key for an attempt that ends before `lease` has passed. `said_at`: when it was said, if this is the first.
pub fn begin(
    db: &mut Db<'_>,
    keyed: &Keyed,
    said_at: DateTime<Utc>,
    now: DateTime<Utc>,
    lease: Duration,
) -> Result<Begun> {
    let (now_micros, rests_until) = (now.timestamp_micros(), (now + lease).timestamp_micros());
    let place = (&keyed.partner, keyed.kind, &keyed.key_digest);
    let forgotten = feedback_keys::table
        .find(place)
        .filter(feedback_keys::begun_at.le((now - REMEMBERED).timestamp_micros()));
    on!(db, |c| diesel::delete(forgotten).execute(*c))?;
    let first = Row {
        partner: keyed.partner.clone(),
        kind: keyed.kind.to_owned(),
        key_digest: keyed.key_digest.clone(),
        body_digest: keyed.body_digest.clone(),
        state: Progress::UnderWay,
        id: uuid::Uuid::now_v7().to_string(),
        said_at: said_at.timestamp_micros(),
        begun_at: now_micros,
        rests_until,
        attempt: uuid::Uuid::now_v7().to_string(),
    };
    let made = on!(db, |c| diesel::insert_into(feedback_keys::table)
        .values(&first)
        .on_conflict_do_nothing()
        .execute(*c))?;
    if made == 1 {
        return Ok(Begun::First(first.attempt()));
    }
    let query = feedback_keys::table.find(place);
    let known = match db {
        Db::Postgres(c) => query.for_update().get_result::<Row>(*c).optional()?,
        Db::Sqlite(c) => query.get_result::<Row>(*c).optional()?,
    };
    // Whoever had it has just let it go.
    let Some(known) = known else { return Ok(Begun::UnderWay(Duration::from_secs(1))) };
    if known.body_digest != keyed.body_digest {
        return Ok(Begun::Other);
    }
    if known.state == Progress::Recorded {
        return Ok(Begun::Recorded(known.attempt()));
    }
    if known.rests_until > now_micros {
        let rest = u64::try_from(known.rests_until - now_micros).unwrap_or_default();
        return Ok(Begun::UnderWay(Duration::from_micros(rest)));
    }
    let next = Row { rests_until, attempt: first.attempt, ..known };
    let change = (
        feedback_keys::state.eq(Progress::UnderWay),
        feedback_keys::rests_until.eq(rests_until),
        feedback_keys::attempt.eq(&next.attempt),
    );
    on!(db, |c| diesel::update(feedback_keys::table.find(place)).set(change).execute(*c))?;
    Ok(Begun::Again(next.attempt()))
}

/// Notes that HrFlow has it.
pub fn recorded(db: &mut Db<'_>, keyed: &Keyed, attempt: &Attempt) -> Result<()> {
    settle(db, keyed, attempt, Progress::Recorded, 0)
}

/// Notes that nobody knows whether HrFlow has it; nobody looks for it before `rests_until`.
pub fn unclear(db: &mut Db<'_>, keyed: &Keyed, attempt: &Attempt, rests_until: DateTime<Utc>) -> Result<()> {
    settle(db, keyed, attempt, Progress::Unclear, rests_until.timestamp_micros())
}

fn settle(
    db: &mut Db<'_>,
    keyed: &Keyed,
    attempt: &Attempt,
    state: Progress,
    rests_until: i64,
) -> Result<()> {
    let ours = feedback_keys::table
        .find((&keyed.partner, keyed.kind, &keyed.key_digest))
        .filter(feedback_keys::attempt.eq(&attempt.token));
    let change = (feedback_keys::state.eq(state), feedback_keys::rests_until.eq(rests_until));
    match on!(db, |c| diesel::update(ours).set(change).execute(*c))? {
        0 => Err(Error::new(Kind::Conflict, "another attempt under the same Idempotency-Key took over")),
        _ => Ok(()),
    }
}

/// Lets the key go: HrFlow does not have it.
pub fn release(db: &mut Db<'_>, keyed: &Keyed, attempt: &Attempt) -> Result<()> {
    let ours = feedback_keys::table
        .find((&keyed.partner, keyed.kind, &keyed.key_digest))
        .filter(feedback_keys::attempt.eq(&attempt.token));
    on!(db, |c| diesel::delete(ours).execute(*c))?;
    Ok(())
}

/// Deletes up to `limit` keys that are no longer remembered. Returns how many.
pub fn forget(db: &mut Db<'_>, now: DateTime<Utc>, limit: i64) -> Result<usize> {
    let before = (now - REMEMBERED).timestamp_micros();
    let old = feedback_keys::table
        .filter(feedback_keys::begun_at.le(before))
        .select((feedback_keys::partner, feedback_keys::kind, feedback_keys::key_digest))
        .order(feedback_keys::begun_at)
        .limit(limit);
    let old: Vec<(String, String, String)> = on!(db, |c| old.load(*c))?;
    let mut deleted = 0;
    for (partner, kind, key_digest) in old {
        let row =
            feedback_keys::table.find((partner, kind, key_digest)).filter(feedback_keys::begun_at.le(before));
        deleted += on!(db, |c| diesel::delete(row).execute(*c))?;
    }
    Ok(deleted)
}
