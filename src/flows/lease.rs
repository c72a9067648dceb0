//! Leases: a due record becomes one worker's own for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::breaker::Rests;
use super::{Context, Partner, breaker, road};
use crate::error::{Error, Kind, Result};
use crate::hrflow::Guard;
use crate::model::{Entity, Reference};
use crate::store::{self, Db, Record, Side, breakers, changes, erasures, mailbox, records};

/// A record that is ours to work on until the lease ends.
pub struct Leased {
    /// The record as it was when it was leased.
    pub record: Record,
    /// What it is.
    pub entity: Entity,
    /// Its reference.
    pub reference: Reference,
    /// The lease.
    pub lease: Lease,
    /// The sides whose breakers it is to probe.
    pub probes: Vec<Side>,
    /// When the work on it began, at the latest.
    pub begun: Instant,
}

impl Leased {
    /// What renews its lease while the work runs.
    pub fn handle(&self) -> Held {
        Held {
            entity: self.entity,
            reference: self.reference.clone(),
            lease: self.lease.clone(),
            probes: self.probes.clone(),
        }
    }

    /// Refuses to begin a call to HrFlow that could outlive the lease.
    pub(super) fn guard(&self, timeout: Duration) -> Guard {
        let lease = self.lease.clone();
        Arc::new(move || lease.begin_call(timeout))
    }
}

/// Who may settle, and until when. Clones share the end, which a renewal moves.
#[derive(Clone)]
pub struct Lease {
    /// What proves it to the database.
    pub token: String,
    term: Arc<Mutex<Term>>,
}

struct Term {
    until: Instant,
    /// Whether HrFlow was called under it.
    called: bool,
}

impl Lease {
    /// A lease that ends at `until`.
    pub fn new(token: String, until: Instant) -> Self {
        Self { token, term: Arc::new(Mutex::new(Term { until, called: false })) }
    }

    /// Refuses when less than `needed` is left: a call that outlives its lease would write over its successor's.
    fn begin_call(&self, needed: Duration) -> Result<()> {
        let mut term = self.term();
        if term.until < Instant::now() + needed {
            return Err(Error::new(Kind::Unavailable, "the lease would end before the call could"));
        }
        term.called = true;
        Ok(())
    }

    fn extend(&self, until: Instant) {
        self.term().until = until;
    }

    fn term(&self) -> MutexGuard<'_, Term> {
        self.term.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leases up to `limit` due records of a partner that neither a breaker nor a side that asked to be left alone holds back.
pub async fn claim(context: &Context, partner: &Partner, limit: usize) -> Result<Vec<Leased>> {
    let (name, clock, length) = (partner.settings.name.clone(), context.clock.clone(), context.limits.lease);
    let targets = Entity::ALL.map(|entity| partner.target(entity));
    let rests = Rests::of(partner);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let token = uuid::Uuid::now_v7().to_string();
    let lease_token = token.clone();
    // Counted from before the claim, so that ours is never the later end of the two.
    let begun = Instant::now();
    let until = begun + length;
    let claimed = context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            let end = (now + length).timestamp_micros();
            let due = breaker::due(db, &name, rests, (&lease_token, end), now.timestamp_micros(), limit)?;
            if due.is_empty() {
                return Ok(Vec::new());
            }
            let (mut due, probes): (Vec<Record>, Vec<Vec<Side>>) = due.into_iter().unzip();
            let stamp = store::next_stamp(db)?;
            let mut leased = Vec::with_capacity(due.len());
            for (record, probes) in due.iter_mut().zip(&probes) {
                let is_job = record.entity == Entity::Job.singular();
                let target = &targets[usize::from(is_job)];
                let waiting_since = record.waiting_since;
                let claimed = mailbox::claim(record, &lease_token, target, stamp, end, now);
                if !claimed {
                    changes::add(db, &road::set_aside(record, waiting_since, Kind::Internal, now))?;
                    erasures::follow(db, record, None, now)?;
                    let entity = Entity::ALL[usize::from(is_job)];
                    give_back(db, &name, entity, probes, &lease_token, now)?;
                }
                leased.push(claimed);
            }
            records::save_all(db, &due)?;
            let claimed = due.into_iter().zip(probes).zip(leased);
            Ok(claimed.filter_map(|(due, leased)| leased.then_some(due)).collect())
        })
        .await?;
    let leased = claimed.into_iter().filter_map(|(record, probes)| {
        let entity = Entity::parse(&record.entity)?;
        let reference = Reference::parse(record.reference.clone()).ok()?;
        Some(Leased { record, entity, reference, lease: Lease::new(token.clone(), until), probes, begun })
    });
    Ok(leased.collect())
}

/// How long until the next record of a partner is due and nothing holds it back.
pub async fn next_due_in(context: &Context, partner: &Partner) -> Result<Option<Duration>> {
    let (name, clock, rests) = (partner.settings.name.clone(), context.clock.clone(), Rests::of(partner));
    context
        .store
        .read(move |db| {
            let now = store::now(db, &clock)?.timestamp_micros();
            let due = breaker::next_due(db, &name, rests, now)?;
            Ok(due.map(|due| Duration::from_micros(u64::try_from(due - now).unwrap_or_default())))
        })
        .await
}

/// What renews a lease while the work runs, or gives it back.
#[derive(Clone)]
pub struct Held {
    entity: Entity,
    reference: Reference,
    lease: Lease,
    probes: Vec<Side>,
}

impl Held {
    /// Lets no call to HrFlow begin from now on. Returns whether none has begun: only then may another worker have the
    /// record before the lease has ended.
    pub fn give_up(&self) -> bool {
        let mut term = self.lease.term();
        term.until = Instant::now();
        !term.called
    }
}

/// Extends leases of a partner's records that are still ours.
pub async fn renew(context: &Context, partner: &Partner, held: Vec<Held>) -> Result<()> {
    let (name, clock, length) = (partner.settings.name.clone(), context.clock.clone(), context.limits.lease);
    let until = Instant::now() + length;
    context
        .store
        .write(move |db| {
            let end = (store::now(db, &clock)? + length).timestamp_micros();
            for entity in Entity::ALL {
                let ours: Vec<&Held> = held.iter().filter(|held| held.entity == entity).collect();
                let tokens: Vec<(&Reference, &str)> =
                    ours.iter().map(|held| (&held.reference, held.lease.token.as_str())).collect();
                let renewed = records::renew(db, &name, entity, &tokens, end)?;
                for held in ours {
                    // A lease that was lost covers no further call.
                    let still_ours = renewed.contains(held.reference.as_str());
                    held.lease.extend(if still_ours { until } else { Instant::now() });
                }
            }
            Ok(())
        })
        .await
}

/// Gives back records of a partner that were given up, so that another worker takes them at once.
pub async fn release(context: &Context, partner: &Partner, given_up: Vec<Held>) -> Result<()> {
    let (name, clock) = (partner.settings.name.clone(), context.clock.clone());
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            for entity in Entity::ALL {
                let ours: Vec<&Held> = given_up.iter().filter(|held| held.entity == entity).collect();
                let references: Vec<&Reference> = ours.iter().map(|held| &held.reference).collect();
                let mut records = records::lock(db, &name, entity, &references)?;
                records.retain_mut(|record| {
                    let held = ours.iter().find(|held| held.reference.as_str() == record.reference);
                    held.is_some_and(|held| mailbox::release(record, &held.lease.token, now))
                });
                records::save_all(db, &records)?;
            }
            // After all records, as whoever claims locks them.
            given_up.iter().try_for_each(|Held { entity, lease, probes, .. }| {
                give_back(db, &name, *entity, probes, &lease.token, now)
            })
        })
        .await
}

/// Lets somebody else take the probes that were taken with a record on which nobody works.
fn give_back(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    probes: &[Side],
    token: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    probes
        .iter()
        .try_for_each(|side| breakers::give_back(db, (partner, *side, entity), token, now.timestamp_micros()))
}
