//! What is decided about objects that a complete listing lacked: archived if they are gone, unless so many are that a
//! person has to approve.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::super::{Context, Partner};
use super::absence::{ask_for_all, gather, lock};
use super::{change, end, while_held};
use crate::config::Absent;
use crate::error::Result;
use crate::model::Entity;
use crate::store::absences::{self, Verdict};
use crate::store::{self, Absence, Db, Mode, Pull, State, fuse, mailbox, pulls, records};

/// Objects that one transaction archives.
const BATCH: i64 = 100;

/// Looks at what a complete listing lacked. Returns the pull as it is then, unless it is no longer ours.
pub(super) async fn check(
    context: &Context,
    partner: &Arc<Partner>,
    entity: Entity,
    pull: &Pull,
) -> Result<Option<Pull>> {
    let asking = async {
        match absent(partner, entity) {
            Absent::Keep => Ok(()),
            Absent::Archive => gather(context, entity, pull, Verdict::Gone).await,
            Absent::Confirm => {
                gather(context, entity, pull, Verdict::Unchecked).await?;
                ask_for_all(context, partner, entity, pull, Verdict::Unchecked).await
            }
        }
    };
    match while_held(context, pull, asking).await? {
        Some(()) => decide(context, partner, entity, pull).await,
        None => Ok(None),
    }
}

/// Archives what is gone, a batch at a time, unless it is too much: then the pull waits for a person.
async fn decide(
    context: &Context,
    partner: &Arc<Partner>,
    entity: Entity,
    pull: &Pull,
) -> Result<Option<Pull>> {
    let share = partner.settings.max_archive_share;
    loop {
        let decided = change(context, pull, move |db, pull, now| {
            let gone = absences::next(db, &pull.id, Verdict::Gone, "", BATCH)?;
            if gone.is_empty() {
                return conclude(db, pull, State::Done, now);
            }
            let counts = absences::counts(db, &pull.id)?;
            let all = counts.iter().find(|(verdict, _)| *verdict == Verdict::Gone).map_or(0, |(_, all)| *all);
            if fuse::is_blown(db, &pull.partner, entity, all, share, now)? {
                tracing::warn!(partner = %pull.partner, entity = %pull.entity, pull = %pull.id, gone = all, "waits for approval");
                return conclude(db, pull, State::WaitingForApproval, now);
            }
            let archived = archive(db, pull, entity, gone, now)?;
            let archived: Vec<&str> = archived.iter().map(String::as_str).collect();
            fuse::count(db, &pull.partner, entity, &archived, now)
        })
        .await?;
        match decided {
            Some(((), pull)) if pull.state == State::Checking => {}
            ended => return Ok(ended.map(|((), pull)| pull)),
        }
    }
}

/// Archives what a person approved of, if it is still gone. Returns the pull as it is then, unless it is no longer ours.
pub(super) async fn carry_out(
    context: &Context,
    partner: &Arc<Partner>,
    entity: Entity,
    pull: &Pull,
) -> Result<Option<Pull>> {
    if pull.mode == Mode::Missing || absent(partner, entity) == Absent::Confirm {
        let asking = ask_for_all(context, partner, entity, pull, Verdict::Gone);
        if while_held(context, pull, asking).await?.is_none() {
            return Ok(None);
        }
    }
    loop {
        let carried_out = change(context, pull, move |db, pull, now| {
            let gone = absences::next(db, &pull.id, Verdict::Gone, "", BATCH)?;
            if gone.is_empty() {
                conclude(db, pull, State::Done, now)?;
            }
            archive(db, pull, entity, gone, now).map(drop)
        })
        .await?;
        match carried_out {
            Some(((), pull)) if pull.state == State::Approved => {}
            ended => return Ok(ended.map(|((), pull)| pull)),
        }
    }
}

/// Archives objects that are gone, but for those that something happened to. Returns which were archived.
fn archive(
    db: &mut Db<'_>,
    pull: &Pull,
    entity: Entity,
    gone: Vec<Absence>,
    now: DateTime<Utc>,
) -> Result<Vec<String>> {
    let mut ledger = lock(db, pull, entity, gone.iter().map(|absence| absence.reference.as_str()))?;
    let stamp = store::next_stamp(db)?;
    let mut changed = Vec::new();
    for mut absence in gone {
        let record = ledger.remove(&absence.reference);
        let archived = record.and_then(|mut record| {
            mailbox::archive_absent(&mut record, absence.stamp, &pull.id, stamp, now).then_some(record)
        });
        absence.verdict = if archived.is_some() { Verdict::Archived } else { Verdict::Touched };
        absences::put(db, &absence)?;
        changed.extend(archived);
    }
    records::save_all(db, &changed)?;
    Ok(changed.into_iter().map(|record| record.reference).collect())
}

fn absent(partner: &Partner, entity: Entity) -> Absent {
    partner.settings.service.resource(entity).map_or(Absent::Keep, |resource| resource.absent)
}

/// Ends the pull, or its work until a person has decided.
fn conclude(db: &mut Db<'_>, pull: &mut Pull, state: State, now: DateTime<Utc>) -> Result<()> {
    let counts = absences::counts(db, &pull.id)?;
    if let Some((_, unclear)) = counts.iter().find(|(verdict, _)| *verdict == Verdict::Unclear) {
        pull.problem.get_or_insert_with(|| {
            format!(
                "the partner's service did not say whether {unclear} objects are still there; they are kept"
            )
        });
    }
    if pull.state == State::Checking {
        pulls::supersede(db, pull, now.timestamp_micros())?;
    }
    end(pull, state, now);
    Ok(())
}
