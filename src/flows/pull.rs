//! Pull: a partner's list becomes records, one page at a time, each page and the place of the next in one transaction.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::backoff::backoff;
use super::{Context, Partner};
use crate::error::{Error, Kind, Result};
use crate::hrflow::prepare;
use crate::model::{Entity, Fingerprint, Reference};
use crate::partner::{Listed, Page, Position};
use crate::store::{self, Db, Listing, Mode, Pull, Record, State, mailbox, pulls, records};

/// How far before the cursor a delta asks: partners commit their changes in another order than they date them.
const OVERLAP: Duration = Duration::from_mins(5);

/// The longest wait between two attempts at a page, unlike those at a record: somebody waits for the pull to end.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long reading pauses before it looks again whether enough records were worked off.
const PAUSE: Duration = Duration::from_millis(200);

/// Starts a pull, or returns the active one. The flag tells whether it is new.
///
/// # Errors
/// `Invalid` when the partner has no service for this entity.
pub async fn start(context: &Context, partner: &Partner, entity: Entity, mode: Mode) -> Result<(Pull, bool)> {
    let name = partner.settings.name.clone();
    if partner.settings.service.resource(entity).is_none() {
        let message = format!("the partner `{name}` has no service for {}", entity.plural());
        return Err(Error::new(Kind::Invalid, message).field("entity", "is not configured for this partner"));
    }
    let clock = context.clock.clone();
    let started = context
        .store
        .write(move |db| {
            let since = match mode {
                Mode::Full => None,
                Mode::Delta => pulls::cursor(db, &name, entity)?,
            };
            let overlap = i64::try_from(OVERLAP.as_micros()).unwrap_or_default();
            let now = store::now(db, &clock)?.timestamp_micros();
            pulls::start(db, &name, entity, mode, since.map(|since| since - overlap), now)
        })
        .await?;
    partner.pulls_due.notify_one();
    Ok(started)
}

/// Leases a pull of this partner that nobody works on.
pub async fn claim(context: &Context, partner: &Partner) -> Result<Option<Pull>> {
    let (name, clock, length) = (partner.settings.name.clone(), context.clock.clone(), context.limits.lease);
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            let token = uuid::Uuid::now_v7().to_string();
            let until = (now + length).timestamp_micros();
            pulls::claim(db, &name, &token, until, now.timestamp_micros())
        })
        .await
}

/// Reads a leased pull from its place to the end of the list. A failure of the partner ends the pull; one of our
/// database leaves it to the end of its lease. Either way nothing that was recorded is read again.
pub async fn run(context: &Context, partner: &Arc<Partner>, mut pull: Pull) -> Result<()> {
    let Some(entity) = Entity::parse(&pull.entity) else { return Ok(()) };
    let mut last_listed = Vec::new();
    while pull.state == State::Running {
        // Where the lease was lost, another worker goes on.
        let Some(next) = step(context, partner, entity, &pull, &mut last_listed).await? else {
            return Ok(());
        };
        pull = next;
        partner.records_due.notify_one();
    }
    tracing::info!(
        partner = %pull.partner, entity = %pull.entity, pull = %pull.id, state = pull.state.as_str(),
        pages = pull.pages, seen = pull.seen, changed = pull.changed, failed = pull.failed, "pull ended"
    );
    Ok(())
}

/// Reads and records one page. Returns the pull as it is then, unless it is no longer ours.
async fn step(
    context: &Context,
    partner: &Arc<Partner>,
    entity: Entity,
    pull: &Pull,
    last_listed: &mut Vec<Option<Reference>>,
) -> Result<Option<Pull>> {
    let reading = async {
        hold_back(context, partner).await?;
        // Whatever happens to a record from here on is newer than the page.
        let stamp = context.store.write(store::next_stamp).await?;
        Ok((stamp, read(context, partner, entity, pull).await))
    };
    let Some((stamp, page)) = while_held(context, pull, reading).await? else { return Ok(None) };
    let recorded = match page.and_then(|page| advanced(page, last_listed)) {
        Ok(page) => record(context, partner, entity, pull, stamp, page).await,
        Err(problem) => return fail(context, pull, &problem).await,
    };
    match recorded {
        Err(problem) if problem.kind() != Kind::Unavailable => fail(context, pull, &problem).await,
        recorded => recorded,
    }
}

/// Refuses a page that lists what the one before it listed: a service that does not know the parameters of its paging
/// gives its first page for ever.
fn advanced(page: Page, last_listed: &mut Vec<Option<Reference>>) -> Result<Page> {
    let listed: Vec<Option<Reference>> = page
        .items
        .iter()
        .map(|item| match item {
            Ok(item) => Some(item.reference.clone()),
            Err(broken) => broken.reference.clone(),
        })
        .collect();
    if !listed.is_empty() && listed == *last_listed {
        let message =
            "the partner's service lists the same page again: does it know the parameters in `paging`?";
        return Err(Error::new(Kind::Refused, message));
    }
    *last_listed = listed;
    Ok(page)
}

/// Does `work` while the pull's lease is renewed beside it; nothing when the lease was lost.
async fn while_held<T>(
    context: &Context,
    pull: &Pull,
    work: impl Future<Output = Result<T>>,
) -> Result<Option<T>> {
    let mut work = pin!(work);
    while renew(context, pull).await? {
        tokio::select! {
            done = &mut work => return done.map(Some),
            () = sleep(context.limits.lease / 3) => {}
        }
    }
    Ok(None)
}

async fn renew(context: &Context, pull: &Pull) -> Result<bool> {
    let (clock, length) = (context.clock.clone(), context.limits.lease);
    let (id, token) = (pull.id.clone(), pull.lease.clone().unwrap_or_default());
    context
        .store
        .write(move |db| {
            let until = (store::now(db, &clock)? + length).timestamp_micros();
            pulls::renew(db, &id, &token, until)
        })
        .await
}

/// Waits while too many records are due: what is read but not indexed would only pile up.
async fn hold_back(context: &Context, partner: &Partner) -> Result<()> {
    let limit = context.limits.due_records;
    loop {
        let name = partner.settings.name.clone();
        if context.store.read(move |db| records::count_due(db, &name, limit)).await? < limit {
            return Ok(());
        }
        partner.records_due.notify_one();
        sleep(PAUSE).await;
    }
}

/// Asks for the page at the pull's place, several times if it must.
async fn read(context: &Context, partner: &Partner, entity: Entity, pull: &Pull) -> Result<Page> {
    let position = match &pull.position {
        Some(text) => serde_json::from_str::<Position>(text).ok(),
        None => partner.service.start(entity),
    };
    let position = position.ok_or_else(|| Error::new(Kind::Internal, "the pull's place cannot be read"))?;
    let since = pull.since.and_then(DateTime::from_timestamp_micros);
    let mut attempt = 0;
    loop {
        let problem = match partner.service.page(entity, &position, since).await {
            Ok(page) => return Ok(page),
            Err(problem) => problem,
        };
        attempt += 1;
        tracing::warn!(
            partner = %pull.partner, entity = %pull.entity, pull = %pull.id, attempt,
            code = problem.kind().code(), "{problem}"
        );
        // A service that asks for a long rest gets it: the next pull goes on from this place.
        let too_long = problem.wait().is_some_and(|asked| asked > LONGEST_WAIT);
        if attempt >= context.limits.page_attempts || !problem.kind().is_temporary() || too_long {
            return Err(problem);
        }
        sleep(backoff(attempt, problem.wait(), rand::random())).await;
    }
}

/// An object of a page on its way into its record.
enum Entry {
    Whole(Reference, Listing),
    Broken(Option<Reference>, Error),
}

/// Writes a page's changed objects as due, with their bodies, and the place of the next page, in one transaction.
/// Returns the pull as it is then, unless it is no longer ours.
async fn record(
    context: &Context,
    partner: &Arc<Partner>,
    entity: Entity,
    pull: &Pull,
    stamp: i64,
    page: Page,
) -> Result<Option<Pull>> {
    let (id, token) = (pull.id.clone(), pull.lease.clone().unwrap_or_default());
    let (partner, clock) = (partner.clone(), context.clock.clone());
    let Page { items, next } = page;
    let newest = items.iter().filter_map(|item| item.as_ref().ok()?.updated_at).max();
    let pull_id = id.clone();
    // Before the transaction, which others wait for, and off the threads that answer requests.
    let entries = tokio::task::spawn_blocking(move || {
        items.into_iter().map(|item| entry(&partner, entity, &pull_id, stamp, item)).collect::<Vec<_>>()
    })
    .await
    .map_err(|cause| Error::new(Kind::Internal, "a page could not be prepared").because(cause))?;
    context
        .store
        .write(move |db| {
            let Some(mut pull) = pulls::held(db, &id, &token)? else { return Ok(None) };
            let now = store::now(db, &clock)?;
            pull.newest = pull.newest.max(newest.map(|date| date.timestamp_micros()));
            pull.pages += 1;
            enter(db, &mut pull, entity, stamp, entries, now)?;
            match next {
                Some(next) => pull.position = serde_json::to_string(&next).ok(),
                None => finish(db, &mut pull, entity, now)?,
            }
            pulls::save(db, &pull)?;
            Ok(Some(pull))
        })
        .await
}

fn entry(partner: &Partner, entity: Entity, pull: &str, stamp: i64, item: Listed) -> Entry {
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
                    mailbox::list_broken(record, stamp, &pull.id, &problem, now);
                    *touched = true;
                }
            }
        }
    }
    let changed: Vec<Record> =
        ledger.into_values().filter_map(|(record, touched)| touched.then_some(record)).collect();
    records::save_all(db, &changed)
}

fn sentence(reference: Option<&Reference>, problem: &Error) -> String {
    reference.map_or_else(|| problem.to_string(), |reference| format!("`{reference}`: {problem}"))
}

/// The list is read to its end: the cursor moves to the partner's newest date, or to the beginning of the pull where it
/// gives none, and never past that. A list of nothing proves nothing of the partner's clock, and moves nothing.
fn finish(db: &mut Db<'_>, pull: &mut Pull, entity: Entity, now: DateTime<Utc>) -> Result<()> {
    let began_at = pull.began_at.unwrap_or(pull.created_at);
    let known = pulls::cursor(db, &pull.partner, entity)?;
    if pull.newest.is_some() || pull.seen > 0 {
        let read_until = pull.newest.map_or(began_at, |newest| newest.min(began_at));
        pull.newest = Some(read_until);
        pulls::advance(db, &pull.partner, entity, known.map_or(read_until, |known| known.max(read_until)))?;
    }
    end(pull, State::Done, now);
    pull.position = None;
    Ok(())
}

async fn fail(context: &Context, pull: &Pull, problem: &Error) -> Result<Option<Pull>> {
    let (id, token) = (pull.id.clone(), pull.lease.clone().unwrap_or_default());
    // What would refuse this place again would end every later pull too: the next one begins anew.
    let lost = !problem.kind().is_temporary();
    let (clock, problem) = (context.clock.clone(), problem.to_string());
    context
        .store
        .write(move |db| {
            let Some(mut pull) = pulls::held(db, &id, &token)? else { return Ok(None) };
            end(&mut pull, State::Failed, store::now(db, &clock)?);
            pull.problem = Some(problem);
            if lost {
                pull.position = None;
            }
            pulls::save(db, &pull)?;
            Ok(Some(pull))
        })
        .await
}

fn end(pull: &mut Pull, state: State, now: DateTime<Utc>) {
    pull.state = state;
    pull.finished_at = Some(now.timestamp_micros());
    pull.lease = None;
    pull.lease_until = None;
}

/// Gives a pull back before its lease ends, so that whoever comes next goes on at once.
pub async fn release(context: &Context, id: String, token: String) -> Result<()> {
    let clock = context.clock.clone();
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?.timestamp_micros();
            pulls::renew(db, &id, &token, now)
        })
        .await
        .map(drop)
}
