//! Pull: a partner's list becomes records, one page at a time, each page and the place of the next in one transaction.

mod absence;
mod gate;
mod plan;
mod proof;
mod read;
mod record;
mod verdict;

use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::{Context, Partner};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};
use crate::partner::Position;
use crate::store::{self, Db, Mode, Pull, State, Wish, pulls};
use plan::Plan;
use read::{advanced, hold_back, read};
use record::record;

pub use crate::store::By;

/// Starts a pull, or returns the active one. The flag tells whether it is new.
///
/// # Errors
/// `Invalid` when the partner has no service for this entity.
pub async fn start(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    mode: Mode,
    by: By,
) -> Result<(Pull, bool)> {
    let name = partner.settings.name.clone();
    let Some(resource) = partner.settings.service.resource(entity).cloned() else {
        let message = format!("the partner `{name}` has no service for {}", entity.plural());
        return Err(Error::new(Kind::Invalid, message).field("entity", "is not configured for this partner"));
    };
    let clock = context.clock.clone();
    let started = context
        .store
        .write(move |db| {
            let cursor = match mode {
                Mode::Full | Mode::Missing => None,
                Mode::Delta => pulls::cursor(db, &name, entity)?,
            };
            let overlap = resource.changes.overlap.num_microseconds().unwrap_or_default();
            let plan = Plan::new(&resource, mode, pulls::is_imported(db, &name, entity)?);
            let wish = Wish { since: cursor.map(|cursor| cursor - overlap), plan: plan.kept(), asked_by: by };
            let now = store::now(db, &clock)?.timestamp_micros();
            pulls::start(db, &name, entity, mode, &wish, now)
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

/// Reads a leased pull from its place to the end of the list, and decides about what was not listed. A failure of the
/// partner ends the pull; one of our database leaves it to the end of its lease. Either way nothing that was recorded is
/// read again.
pub async fn run(context: &Context, partner: &Arc<Partner>, mut pull: Pull) -> Result<()> {
    let Some(entity) = Entity::parse(&pull.entity) else { return Ok(()) };
    let mut last_listed = Vec::new();
    while pull.state.is_worked_on() {
        let next = match pull.state {
            State::Checking => verdict::check(context, partner, entity, &pull).await?,
            State::Approved => verdict::carry_out(context, partner, entity, &pull).await?,
            _ => step(context, partner, entity, &pull, &mut last_listed).await?,
        };
        // Where the lease was lost, another worker goes on.
        let Some(next) = next else { return Ok(()) };
        pull = next;
        partner.records_due.notify_one();
    }
    proof::forget(context, &pull.partner, entity).await?;
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
    let Some(resource) = partner.settings.service.resource(entity) else { return Ok(None) };
    let plan = match Plan::of(pull, resource) {
        Ok(plan) => plan,
        Err(problem) => return fail(context, pull, &problem).await,
    };
    let ask = plan.ask(pull);
    let reading = async {
        hold_back(context, partner, entity, pull).await?;
        // Whatever happens to a record from here on is newer than the page.
        let stamp = context.store.write(store::next_stamp).await?;
        Ok((stamp, read(context, partner, entity, pull, &ask).await?))
    };
    let Some((stamp, page)) = while_held(context, pull, reading).await? else { return Ok(None) };
    let recorded = match page.and_then(|page| advanced(page, last_listed)) {
        Ok(mut page) => {
            let is_part = plan.asks_for_a_part();
            let turn = plan.turn(pull, &page, Position::start(&resource.paging), &resource.changes);
            if is_part {
                page.total = None;
            }
            if turn.anew {
                last_listed.clear();
            }
            record(context, partner, entity, pull, stamp, page, turn).await
        }
        Err(problem) => return fail(context, pull, &problem).await,
    };
    match recorded {
        Err(problem) if problem.kind() != Kind::Unavailable => fail(context, pull, &problem).await,
        recorded => recorded,
    }
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
        .change(&pull.partner, move |db| {
            let Some(mut pull) = pulls::held(db, &id, &token)? else { return Ok(None) };
            let now = store::now(db, &clock)?;
            let done = work(db, &mut pull, now)?;
            pulls::save(db, &pull)?;
            Ok(Some((done, pull)))
        })
        .await
}

async fn fail(context: &Context, pull: &Pull, problem: &Error) -> Result<Option<Pull>> {
    // What would refuse this place again would end every later pull too: the next one begins anew.
    let lost = !problem.kind().is_temporary();
    let problem = problem.to_string();
    let failed = change(context, pull, move |_, pull, now| {
        end(pull, State::Failed, now);
        pull.problem = Some(problem);
        if lost {
            pull.position = None;
        }
        Ok(())
    });
    Ok(failed.await?.map(|((), pull)| pull))
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
