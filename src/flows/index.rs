//! Index: a due record is leased, read, brought to HrFlow with one write, and settled.

use chrono::{DateTime, Utc};

use super::backoff::backoff;
use super::breaker::Object;
use super::erase::erase;
use super::lease::Leased;
use super::road::{Ended, Road};
use super::{Context, Partner, breaker, fuse};
use crate::error::{Error, Kind, Result};
use crate::hrflow::{self, By, Prepared, Written, prepare};
use crate::model::{Entity, Fingerprint, Reference};
use crate::store::{
    self, Indexed, Presence, Record, Settlement, Side, Wanted, changes, erasures, mailbox, pulls, records,
};

/// Works on a leased record to the end: whatever happens is settled or left to the end of the lease.
pub async fn work(context: &Context, partner: &Partner, leased: Leased) -> Result<()> {
    let mut road = Road::default();
    let settlement = match leased.record.wanted {
        Wanted::Present => show(context, partner, &leased, &mut road).await,
        Wanted::Archived => archive(context, partner, &leased, &mut road).await,
        Wanted::Erased => erase(context, partner, &leased, &mut road).await,
    };
    settle(context, partner, leased, road, settlement).await
}

async fn settle(
    context: &Context,
    partner: &Partner,
    leased: Leased,
    mut road: Road,
    settlement: Settlement,
) -> Result<()> {
    let Leased { record: before, entity, reference, lease, probes, begun } = leased;
    let version = before.version;
    let object = Object { entity, name: reference.as_str(), again: before.failures > 0 };
    let heard = std::mem::take(&mut road.heard);
    let reports = partner.breakers.count(object, heard, &probes, &context.limits);
    let name = partner.settings.name.clone();
    let outcome = outcome_of(&settlement);
    report(&name, entity, &reference, &settlement);
    let (clock, owner, limits) = (context.clock.clone(), name.clone(), context.limits.clone());
    let settled_object = reference.clone();
    let share = partner.settings.max_archive_share;
    // What was compared is what HrFlow shows, and nothing was sent; what makes it less than live is counted when it comes.
    let changes = !matches!(settlement, Settlement::Unchanged(_));
    let (settled, moved) = context
        .store
        .settle(&name, changes, move |db| {
            let Some(mut record) = records::lock_one(db, &owner, entity, &reference)? else {
                return Ok((false, Vec::new()));
            };
            let now = store::now(db, &clock)?;
            let stamp = store::next_stamp(db)?;
            let told = breaker::tell(db, &owner, entity, &reports, &lease.token, &limits, now)?;
            let settlement = match settlement {
                Settlement::Failed { problem, unclear, wait, attempts } => match told.held_until {
                    Some(until) => Settlement::HeldBack { problem, unclear, until },
                    None => Settlement::Failed { problem, unclear, wait, attempts },
                },
                Settlement::Missing { .. } => {
                    Settlement::Missing { answered_at: pulls::answered_at(db, &owner, entity)? }
                }
                Settlement::Indexed(ref indexed) | Settlement::Unchanged(ref indexed) if indexed.fetched => {
                    // Dated back to the beginning: a service that has failed since then proves nothing by it.
                    pulls::answered(db, &owner, entity, now - begun.elapsed())?;
                    settlement
                }
                other => other,
            };
            let proof = match &settlement {
                Settlement::Erased { proof } => Some(proof.clone()),
                _ => None,
            };
            let ended = Ended::of(&settlement);
            let settled = match settlement {
                Settlement::Missing { .. } | Settlement::Gone
                    if mailbox::ends_unknown(&record, &lease.token, version) =>
                {
                    records::delete(db, &record)?;
                    return Ok((true, told.moved));
                }
                Settlement::Missing { .. } | Settlement::Gone => {
                    let board = fuse::Board { partner: &owner, entity, share };
                    fuse::settle(db, &board, &mut record, (&lease.token, version), settlement, stamp, now)?
                }
                settlement => mailbox::settle(&mut record, &lease.token, version, settlement, stamp, now),
            };
            if settled {
                records::save(db, &record)?;
                erasures::follow(db, &record, proof.as_deref(), now)?;
                if let Some(change) = road.change(&before, &record, &ended, now, now - clock.now()) {
                    changes::add(db, &change)?;
                }
            }
            Ok((settled, told.moved))
        })
        .await?;
    breaker::announce(partner, &moved);
    partner.waiting.ring(entity, &settled_object);
    context.metrics.settled(&name, entity.singular(), if settled { outcome } else { "late" });
    Ok(())
}

/// Brings what the partner has to HrFlow.
async fn show(context: &Context, partner: &Partner, leased: &Leased, road: &mut Road) -> Settlement {
    let Leased { record, entity, reference, .. } = leased;
    let container = partner.settings.container_key(*entity);
    let (prepared, updated_at, fetched) = if let Some(body) = &record.body {
        let updated_at = record.updated_at.and_then(DateTime::from_timestamp_micros);
        (Prepared::restore(*entity, body.clone()), updated_at, false)
    } else {
        let item = match road.heard.note(Side::Service, partner.service.fetch(*entity, reference).await) {
            Ok(item) => item,
            Err(problem) => return unread(context, record, problem),
        };
        road.fetched = Some(context.clock.now());
        match prepare(*entity, container, reference, item.mapped) {
            Ok(prepared) => {
                road.mapped = Some(context.clock.now());
                (prepared, item.updated_at, true)
            }
            Err(problem) => return Settlement::Refused { problem },
        }
    };
    let fingerprint = Fingerprint::of(&partner.target(*entity), prepared.body());
    let indexed = |key: Option<String>, updated_at: Option<DateTime<Utc>>| Indexed {
        key,
        fingerprint: fingerprint.as_str().to_owned(),
        updated_at,
        notes: prepared.notes(),
        fetched,
    };
    if record.presence == Presence::Present && record.fingerprint.as_deref() == Some(fingerprint.as_str()) {
        return Settlement::Unchanged(indexed(None, updated_at));
    }
    match road.heard.note(Side::HrFlow, write(context, partner, leased, &prepared).await) {
        Ok(written) => {
            road.acknowledged = Some(context.clock.now());
            Settlement::Indexed(indexed(Some(written.key), updated_at))
        }
        Err(problem) => unsent(context, record, problem),
    }
}

/// One write in the common cases: known: edit; unknown: create. A key belongs to what we created ourselves; where it may
/// be there without our knowing (an answer that was not read), an edit by reference asks and writes in one call.
async fn write(context: &Context, partner: &Partner, leased: &Leased, object: &Prepared) -> Result<Written> {
    let hrflow = partner.hrflow.under(leased.guard(context.limits.call_timeout));
    let known = match (leased.record.presence, &leased.record.hrflow_key) {
        (Presence::Absent | Presence::Archived, _) => None,
        (Presence::Present, Some(key)) => Some(By::Key(key)),
        (Presence::Present | Presence::Unclear, _) => Some(By::Reference),
    };
    if let Some(by) = known {
        match hrflow.edit(by, object).await {
            Err(problem) if problem.kind() == Kind::NotFound => {}
            written => return unarchived(partner, &hrflow, leased, written?).await,
        }
    }
    match hrflow.create(object).await {
        Err(problem) if problem.kind() == Kind::Conflict => take_over(partner, &hrflow, leased, object).await,
        written => written,
    }
}

/// The reference is used: by an object of an earlier ledger, or by the one that was archived.
async fn take_over(
    partner: &Partner,
    hrflow: &hrflow::Client,
    leased: &Leased,
    object: &Prepared,
) -> Result<Written> {
    if leased.record.presence != Presence::Archived {
        match hrflow.edit(By::Reference, object).await {
            Err(problem) if problem.kind() == Kind::NotFound => {}
            written => return unarchived(partner, hrflow, leased, written?).await,
        }
    }
    bring_back(partner, hrflow, leased, None).await?;
    hrflow.edit(By::Reference, object).await
}

/// An edit alone does not bring an archived object back.
async fn unarchived(
    partner: &Partner,
    hrflow: &hrflow::Client,
    leased: &Leased,
    written: Written,
) -> Result<Written> {
    if written.archived {
        bring_back(partner, hrflow, leased, Some(&written.key)).await?;
    }
    Ok(written)
}

async fn bring_back(
    partner: &Partner,
    hrflow: &hrflow::Client,
    leased: &Leased,
    key: Option<&str>,
) -> Result<()> {
    let container = partner.settings.container_key(leased.entity);
    let found = hrflow.restore(leased.entity, container, key, &leased.reference).await?;
    found.map(drop).ok_or_else(|| {
        Error::new(
            Kind::Upstream,
            "HrFlow holds the reference as archived and does not find it to bring it back",
        )
    })
}

/// Takes the object out of HrFlow, by reference: a key may never have been learnt. Not found is as good as done.
async fn archive(context: &Context, partner: &Partner, leased: &Leased, road: &mut Road) -> Settlement {
    let hrflow = partner.hrflow.under(leased.guard(context.limits.call_timeout));
    let container = partner.settings.container_key(leased.entity);
    let archived = hrflow.archive(leased.entity, container, &leased.reference).await;
    match road.heard.note(Side::HrFlow, archived) {
        Ok(_) => {
            road.acknowledged = Some(context.clock.now());
            Settlement::Archived
        }
        Err(problem) => unsent(context, &leased.record, problem),
    }
}

fn unread(context: &Context, record: &Record, problem: Error) -> Settlement {
    match problem.kind() {
        Kind::NotFound => Settlement::Missing { answered_at: None },
        Kind::Gone => Settlement::Gone,
        _ => failed(context, record, problem, false),
    }
}

pub(super) fn unsent(context: &Context, record: &Record, problem: Error) -> Settlement {
    // Whatever was sent may have been carried out when its answer was not read, or was the other side's own failure; and
    // of several calls the first may have changed what was there.
    let unclear =
        record.presence == Presence::Present || matches!(problem.kind(), Kind::TimedOut | Kind::Upstream);
    failed(context, record, problem, unclear)
}

fn failed(context: &Context, record: &Record, problem: Error, unclear: bool) -> Settlement {
    if problem.kind() == Kind::Invalid {
        return Settlement::Refused { problem };
    }
    let failures = u32::try_from(record.failures).unwrap_or_default();
    let wait = backoff(failures, problem.wait(), rand::random());
    Settlement::Failed { problem, unclear, wait, attempts: context.limits.record_attempts }
}

fn outcome_of(settlement: &Settlement) -> &'static str {
    match settlement {
        Settlement::Indexed(_) => "indexed",
        Settlement::Unchanged(_) => "unchanged",
        Settlement::Archived => "archived",
        Settlement::Erased { .. } => "erased",
        Settlement::Missing { .. } => "missing",
        Settlement::Gone => "gone",
        Settlement::Held => "held",
        Settlement::Failed { .. } | Settlement::HeldBack { .. } => "failed",
        Settlement::Refused { .. } => "refused",
    }
}

fn report(partner: &str, entity: Entity, reference: &Reference, settlement: &Settlement) {
    match settlement {
        // The sentence stands in the record; the log says where to look.
        Settlement::Failed { problem, wait, .. } => tracing::warn!(
            partner, %entity, %reference, code = problem.kind().code(),
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), "an attempt failed"
        ),
        Settlement::Refused { problem } => {
            tracing::warn!(partner, %entity, %reference, code = problem.kind().code(), "set aside");
        }
        settled => tracing::debug!(partner, %entity, %reference, outcome = outcome_of(settled), "settled"),
    }
}
