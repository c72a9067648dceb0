//! Recording a page: its changed objects become due, with their bodies, and the place of the next page is kept.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::super::{Context, Partner, road};
use super::plan::{Turn, began_at, newest};
use super::{end, proof};
use crate::config::Absent;
use crate::error::{Error, Kind, Result};
use crate::hrflow::prepare;
use crate::model::{Entity, Fingerprint, Reference};
use crate::partner::{Listed, Page};
use crate::store::{
    self, Db, Listing, Mode, Pull, Record, State, changes, listings, mailbox, pulls, records,
};

/// An object of a page on its way into its record.
pub(super) enum Entry {
    Whole(Reference, Listing),
    Broken(Option<Reference>, Error),
}

/// Writes a page's changed objects as due, with their bodies, and the place of the next page, in one transaction.
/// Returns the pull as it is then, unless it is no longer ours.
pub(super) async fn record(
    context: &Context,
    partner: &Arc<Partner>,
    entity: Entity,
    pull: &Pull,
    stamp: i64,
    page: Page,
    turn: Turn,
) -> Result<Option<Pull>> {
    let (id, token) = (pull.id.clone(), pull.lease.clone().unwrap_or_default());
    let (partner, clock, limits) = (partner.clone(), context.clock.clone(), context.limits.clone());
    let resource = partner.settings.service.resource(entity);
    let absent = resource.map_or(Absent::Keep, |resource| resource.absent);
    let dated = resource.is_some_and(|resource| resource.updated_at.is_some());
    let seen = proof::Seen::of(&page, turn.part);
    let newest = newest(pull, page.items.iter().filter_map(|item| item.as_ref().ok()?.updated_at));
    let Page { items, .. } = page;
    let pull_id = id.clone();
    // Before the transaction, which others wait for, and off the threads that answer requests.
    let entries = tokio::task::spawn_blocking(move || {
        items.into_iter().map(|item| entry(&partner, entity, &pull_id, stamp, item)).collect::<Vec<_>>()
    })
    .await
    .map_err(|cause| Error::new(Kind::Internal, "a page could not be prepared").because(cause))?;
    context
        .store
        .change(&pull.partner, move |db| {
            let Some(mut pull) = pulls::held(db, &id, &token)? else { return Ok(None) };
            let now = store::now(db, &clock)?;
            pull.newest = pull.newest.max(newest);
            pull.pages += 1;
            pull.began_stamp.get_or_insert(stamp);
            let mut tally = listings::tally(db, &pull)?;
            proof::take_in(db, &mut pull, &mut tally, &seen, &limits, now)?;
            enter(db, &mut pull, entity, stamp, entries, now)?;
            if let Some(problem) = turn.plan.problem() {
                pull.problem.get_or_insert_with(|| problem.to_owned());
            }
            if let Some(read_until) = turn.read_until {
                pulls::advance(db, &pull.partner, entity, read_until)?;
            }
            pull.plan = Some(turn.plan.kept());
            pull.since = turn.since;
            if let Some(next) = turn.next {
                pull.position = serde_json::to_string(&next).ok();
            } else {
                finish(db, &mut pull, entity, dated)?;
                proof::conclude(&mut pull, &tally, &turn.plan, absent);
                if pull.mode == Mode::Full && pull.doubt.is_none() && absent != Absent::Keep {
                    pull.state = State::Checking;
                } else {
                    end(&mut pull, State::Done, now);
                }
            }
            pulls::save(db, &pull)?;
            Ok(Some(pull))
        })
        .await
}

/// Maps what was listed, or fetched as if it had been.
pub(super) fn entry(partner: &Partner, entity: Entity, pull: &str, stamp: i64, item: Listed) -> Entry {
    let item = match item {
        Ok(item) => item,
        Err(broken) => return Entry::Broken(broken.reference, broken.problem),
    };
    match prepare(entity, partner.settings.container_key(entity), &item.reference, item.mapped) {
        Ok(prepared) => {
            let target = partner.target(entity);
            let fingerprint = Fingerprint::of(&target, prepared.body());
            let listing = Listing {
                stamp,
                pull: pull.to_owned(),
                updated_at: item.updated_at,
                body: prepared.text().to_owned(),
                target,
                fingerprint: fingerprint.into(),
            };
            Entry::Whole(item.reference, listing)
        }
        Err(problem) => Entry::Broken(Some(item.reference), problem),
    }
}

fn enter(
    db: &mut Db<'_>,
    pull: &mut Pull,
    entity: Entity,
    stamp: i64,
    entries: Vec<Entry>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut references: Vec<&Reference> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Whole(reference, _) | Entry::Broken(Some(reference), _) => Some(reference),
            Entry::Broken(None, _) => None,
        })
        .collect();
    references.sort_unstable();
    references.dedup();
    let locked = records::lock(db, &pull.partner, entity, &references)?;
    let mut ledger: HashMap<String, (Record, bool)> =
        locked.into_iter().map(|record| (record.reference.clone(), (record, false))).collect();
    for entry in entries {
        pull.seen += 1;
        match entry {
            Entry::Whole(reference, listing) => {
                let Some((record, touched)) = ledger.get_mut(reference.as_str()) else { continue };
                match mailbox::list(record, listing, now) {
                    store::Listed::Changed => {
                        *touched = true;
                        pull.changed += 1;
                    }
                    store::Listed::Unchanged => pull.unchanged += 1,
                }
            }
            Entry::Broken(reference, problem) => {
                pull.failed += 1;
                tracing::warn!(
                    partner = %pull.partner, entity = %pull.entity, pull = %pull.id,
                    reference = reference.as_ref().map(Reference::as_str), code = problem.kind().code(), "{problem}"
                );
                pull.problem.get_or_insert_with(|| sentence(reference.as_ref(), &problem));
                let record = reference.and_then(|reference| ledger.get_mut(reference.as_str()));
                if let Some((record, touched)) = record {
                    set_aside(db, record, stamp, &pull.id, &problem, now)?;
                    *touched = true;
                }
            }
        }
    }
    let changed: Vec<Record> =
        ledger.into_values().filter_map(|(record, touched)| touched.then_some(record)).collect();
    records::save_all(db, &changed)
}

/// Sets aside a record whose object cannot be used.
pub(super) fn set_aside(
    db: &mut Db<'_>,
    record: &mut Record,
    stamp: i64,
    pull: &str,
    problem: &Error,
    now: DateTime<Utc>,
) -> Result<()> {
    let (outcome, waiting_since) = (record.outcome, record.waiting_since);
    mailbox::list_broken(record, stamp, pull, problem, now);
    // Told once, and not again with every pull.
    if record.outcome != outcome {
        changes::add(db, &road::set_aside(record, waiting_since, problem.kind(), now))?;
    }
    Ok(())
}

fn sentence(reference: Option<&Reference>, problem: &Error) -> String {
    reference.map_or_else(|| problem.to_string(), |reference| format!("`{reference}`: {problem}"))
}

/// The list is read to its end: the cursor moves to the partner's newest date, or to the beginning of the pull where it
/// gives none, and never past that. A list of nothing proves nothing of the partner's clock, and moves nothing; nor do
/// objects of a delta that have no date where others have one.
fn finish(db: &mut Db<'_>, pull: &mut Pull, entity: Entity, dated: bool) -> Result<()> {
    if pull.newest.is_some() || (pull.seen > 0 && (pull.mode == Mode::Full || !dated)) {
        let read_until = pull.newest.unwrap_or(began_at(pull));
        pull.newest = Some(read_until);
        pulls::advance(db, &pull.partner, entity, read_until)?;
    }
    pull.position = None;
    Ok(())
}
