//! The deletion fuse: what single 404s and 410s may archive, and what a person decides where they are too many.

use chrono::{DateTime, Utc};

use super::Context;
use crate::error::{Error, Kind, Result};
use crate::model::Entity;
use crate::store::absences::{self, Verdict};
use crate::store::{
    self, Absence, By, Db, Decided, Decision, Pull, Record, Settlement, State, Wanted, fuse, mailbox, pulls,
};

/// Whose objects of which kind, and what share of them may be archived without a person.
pub(super) struct Board<'a> {
    pub(super) partner: &'a str,
    pub(super) entity: Entity,
    pub(super) share: f64,
}

/// Settles a record whose object was not found. Where that would archive one too many, the record is kept and put on the
/// list of a pull that waits for a person. Returns whether the lease was still `token`'s.
pub(super) fn settle(
    db: &mut Db<'_>,
    board: &Board<'_>,
    record: &mut Record,
    (token, version): (&str, i64),
    settlement: Settlement,
    stamp: i64,
    now: DateTime<Utc>,
) -> Result<bool> {
    let before = record.clone();
    let settled = mailbox::settle(record, token, version, settlement, stamp, now);
    if before.wanted == record.wanted || record.wanted != Wanted::Archived {
        return Ok(settled);
    }
    if !holds(db, board, &before, now)? {
        fuse::count(db, board.partner, board.entity, &[&record.reference], now)?;
        return Ok(settled);
    }
    let pull = pulls::open_missing(db, board.partner, board.entity, stamp, now.timestamp_micros())?;
    absences::put(
        db,
        &Absence {
            pull: pull.id,
            reference: before.reference.clone(),
            verdict: Verdict::Gone,
            stamp,
            checked_at: Some(now.timestamp_micros()),
        },
    )?;
    let reference = &before.reference;
    tracing::warn!(partner = board.partner, entity = %board.entity, %reference, "gone like many others: it waits for approval");
    *record = before;
    Ok(mailbox::settle(record, token, version, Settlement::Held, stamp, now))
}

/// Whether one more is too many; what is on the list already stays there until somebody decides.
fn holds(db: &mut Db<'_>, board: &Board<'_>, record: &Record, now: DateTime<Utc>) -> Result<bool> {
    if let Some(open) = pulls::missing(db, board.partner, board.entity)?
        && absences::has(db, &open.id, &record.reference)?
    {
        return Ok(true);
    }
    fuse::is_blown(db, board.partner, board.entity, 1, board.share, now)
}

/// Decides about a pull that waits. What was approved is asked for once more before it is archived.
///
/// # Errors
/// `NotFound` where there is no such pull, `Conflict` where it does not wait.
pub async fn decide(context: &Context, id: String, verdict: Decided, by: String) -> Result<Pull> {
    let clock = context.clock.clone();
    let pull = context
        .store
        .write(move |db| {
            let found = pulls::lock(db, &id)?;
            let mut pull =
                found.ok_or_else(|| Error::new(Kind::NotFound, format!("no pull has the id `{id}`")))?;
            if pull.state != State::WaitingForApproval {
                let message = format!("the pull does not wait for approval: it is {}", pull.state.as_str());
                return Err(Error::new(Kind::Conflict, message));
            }
            let now = store::now(db, &clock)?.timestamp_micros();
            pull.state = match verdict {
                Decided::Approved => State::Approved,
                Decided::Rejected => State::Rejected,
            };
            pull.finished_at = (verdict == Decided::Rejected).then_some(now);
            // It is no longer the schedule's alone, which keeps quiet hours.
            pull.asked_by = By::Operator;
            absences::decide(db, &Decision { pull: id, verdict, decided_at: now, decided_by: by })?;
            pulls::save(db, &pull)?;
            Ok(pull)
        })
        .await?;
    tracing::info!(
        partner = %pull.partner, entity = %pull.entity, pull = %pull.id, state = pull.state.as_str(), "a pull was decided about"
    );
    if let Ok(partner) = context.partner(&pull.partner) {
        partner.pulls_due.notify_one();
    }
    Ok(pull)
}
