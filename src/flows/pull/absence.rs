//! What a complete listing lacked: each such object is asked for by its reference, and archived if it is gone, unless so
//! many are that a person has to approve.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;

use super::super::{Context, Partner};
use super::read::insist;
use super::record::{Entry, entry};
use super::{end, while_held};
use crate::config::Absent;
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};
use crate::store::absences::{self, Verdict};
use crate::store::{self, Absence, Db, Mode, Pull, Record, State, fuse, listings, mailbox, pulls, records};

/// Objects that one transaction archives.
const BATCH: i64 = 100;

/// What the partner's service says of an object that was not listed.
enum Answer {
    Gone,
    Here(Entry),
    Unclear(Error),
}

impl Answer {
    /// Whether it says something of the service and nothing of the object.
    fn is_failure(&self) -> bool {
        matches!(self, Self::Unclear(problem) if problem.kind().is_temporary())
    }
}

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

fn absent(partner: &Partner, entity: Entity) -> Absent {
    partner.settings.service.resource(entity).map_or(Absent::Keep, |resource| resource.absent)
}

/// Does `work` on the pull and writes it back, while it is ours.
async fn change<T: Send + 'static>(
    context: &Context,
    pull: &Pull,
    work: impl FnOnce(&mut Db<'_>, &mut Pull, DateTime<Utc>) -> Result<T> + Send + 'static,
) -> Result<Option<(T, Pull)>> {
    let (id, token) = (pull.id.clone(), pull.lease.clone().unwrap_or_default());
    let clock = context.clock.clone();
    context
        .store
        .write(move |db| {
            let Some(mut pull) = pulls::held(db, &id, &token)? else { return Ok(None) };
            let now = store::now(db, &clock)?;
            let done = work(db, &mut pull, now)?;
            pulls::save(db, &pull)?;
            Ok(Some((done, pull)))
        })
        .await
}

/// Notes what the listing lacked. What was noted before a crash stays as it is known.
async fn gather(context: &Context, entity: Entity, pull: &Pull, verdict: Verdict) -> Result<()> {
    let mut after = Some(String::new());
    while let Some(from) = after {
        let looking = pull.clone();
        let (lacking, next) =
            context.store.read(move |db| listings::unlisted(db, &looking, entity, &from)).await?;
        if !lacking.is_empty() {
            let noted = change(context, pull, move |db, pull, _| {
                absences::enter(db, &pull.id, &lacking, verdict, pull.began_stamp.unwrap_or_default())
            });
            if noted.await?.is_none() {
                return Ok(());
            }
        }
        after = next;
    }
    Ok(())
}

/// Asks for each object of which `verdict` is known so far, a few at a time, and keeps each answer at once.
async fn ask_for_all(
    context: &Context,
    partner: &Arc<Partner>,
    entity: Entity,
    pull: &Pull,
    verdict: Verdict,
) -> Result<()> {
    let limit = i64::try_from(partner.settings.service.concurrency).unwrap_or(BATCH);
    // What was known before this begins is asked for once.
    let mut after = String::new();
    loop {
        let (id, from) = (pull.id.clone(), after.clone());
        let batch = context.store.read(move |db| absences::next(db, &id, verdict, &from, limit)).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after.clone_from(&last.reference);
        // Whatever happens to a record from here on is newer than the answer.
        let stamp = context.store.write(store::next_stamp).await?;
        let asked = batch.into_iter().map(|absence| async move {
            let answer = ask(context, partner, entity, pull, stamp, &absence.reference).await?;
            Ok::<_, Error>((absence, answer))
        });
        let answers = join_all(asked).await.into_iter().collect::<Result<Vec<_>>>()?;
        // A service that fails for all of them will fail for the rest: they are kept, and the next pull asks again.
        let failing = answers.iter().all(|(_, answer)| answer.is_failure());
        let noted = change(context, pull, move |db, pull, now| {
            note(db, pull, entity, answers, stamp, now)?;
            if failing {
                absences::turn(db, &pull.id, verdict, Verdict::Unclear, now.timestamp_micros())?;
            }
            Ok(())
        });
        if noted.await?.is_none() || failing {
            return Ok(());
        }
    }
}

async fn ask(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    pull: &Pull,
    stamp: i64,
    reference: &str,
) -> Result<Answer> {
    let reference = match Reference::parse(reference) {
        Ok(reference) => reference,
        Err(problem) => return Ok(Answer::Unclear(problem)),
    };
    let name = (entity, reference.as_str());
    let found = insist(context, partner, pull, name, || partner.service.fetch(entity, &reference)).await?;
    Ok(match found {
        Ok(item) => Answer::Here(entry(partner, entity, &pull.id, stamp, Ok(item))),
        Err(problem) => match problem.kind() {
            Kind::NotFound | Kind::Gone => Answer::Gone,
            // It is there, and cannot be mapped.
            Kind::Invalid => Answer::Here(Entry::Broken(Some(reference), problem)),
            _ => Answer::Unclear(problem),
        },
    })
}

/// Keeps what the partner's service said; an object that is there goes the way of one that was listed.
fn note(
    db: &mut Db<'_>,
    pull: &Pull,
    entity: Entity,
    answers: Vec<(Absence, Answer)>,
    stamp: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut ledger = lock(db, pull, entity, answers.iter().map(|(absence, _)| absence.reference.as_str()))?;
    let mut changed = Vec::new();
    for (mut absence, answer) in answers {
        let record = ledger.remove(&absence.reference);
        absence.checked_at = Some(now.timestamp_micros());
        absence.verdict = match (answer, record) {
            (Answer::Gone, _) => Verdict::Gone,
            (Answer::Here(found), Some(mut record)) => {
                match found {
                    Entry::Whole(_, listing) => drop(mailbox::list(&mut record, listing, now)),
                    Entry::Broken(_, problem) => {
                        mailbox::list_broken(&mut record, stamp, &pull.id, &problem, now);
                    }
                }
                changed.push(record);
                Verdict::Here
            }
            (Answer::Here(_), None) => Verdict::Here,
            (Answer::Unclear(_), _) => Verdict::Unclear,
        };
        absences::put(db, &absence)?;
    }
    if !changed.is_empty() {
        pulls::answered(db, &pull.partner, entity, now)?;
    }
    records::save_all(db, &changed)
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

fn lock<'a>(
    db: &mut Db<'_>,
    pull: &Pull,
    entity: Entity,
    references: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, Record>> {
    let references: Vec<Reference> = references.filter_map(|text| Reference::parse(text).ok()).collect();
    let locked = records::lock(db, &pull.partner, entity, &references.iter().collect::<Vec<_>>())?;
    Ok(locked.into_iter().map(|record| (record.reference.clone(), record)).collect())
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
