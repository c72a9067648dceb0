//! What a complete listing lacked: each such object is noted, and asked for by its reference.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;

use super::super::{Context, Partner};
use super::change;
use super::read::{insist, keep_quiet};
use super::record::{Entry, entry, set_aside};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};
use crate::store::absences::{self, Verdict};
use crate::store::{self, Absence, Db, Pull, Record, listings, mailbox, pulls, records};

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

/// Notes what the listing lacked. What was noted before a crash stays as it is known.
pub(super) async fn gather(context: &Context, entity: Entity, pull: &Pull, verdict: Verdict) -> Result<()> {
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
pub(super) async fn ask_for_all(
    context: &Context,
    partner: &Arc<Partner>,
    entity: Entity,
    pull: &Pull,
    verdict: Verdict,
) -> Result<()> {
    let limit = i64::try_from(partner.settings.service.concurrency).unwrap_or(i64::MAX);
    // What was known before this begins is asked for once.
    let mut after = String::new();
    loop {
        let (id, from) = (pull.id.clone(), after.clone());
        let batch = context.store.read(move |db| absences::next(db, &id, verdict, &from, limit)).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after.clone_from(&last.reference);
        keep_quiet(context, partner, entity, pull).await?;
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
                        set_aside(db, &mut record, stamp, &pull.id, &problem, now)?;
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

pub(super) fn lock<'a>(
    db: &mut Db<'_>,
    pull: &Pull,
    entity: Entity,
    references: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, Record>> {
    let references: Vec<Reference> = references.filter_map(|text| Reference::parse(text).ok()).collect();
    let locked = records::lock(db, &pull.partner, entity, &references.iter().collect::<Vec<_>>())?;
    Ok(locked.into_iter().map(|record| (record.reference.clone(), record)).collect())
}
