//! Which due records may be claimed: what a record needs decides which breakers hold it back, and which side's wish to be
//! left alone.

use std::time::Duration;

use super::rules::{Pass, pass};
use crate::error::Result;
use crate::flows::Partner;
use crate::model::Entity;
use crate::store::{Breaker, Db, Record, Side, Standing, breakers, records};

/// How long each side asks us to leave it alone, as this process heard it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::flows) struct Rests {
    pub(super) service: Duration,
    pub(super) hrflow: Duration,
}

impl Rests {
    pub(in crate::flows) fn of(partner: &Partner) -> Self {
        let service = partner.service.rest().unwrap_or_default();
        Self { service, hrflow: partner.hrflow.rest().unwrap_or_default() }
    }

    fn side(self, side: Side) -> Duration {
        match side {
            Side::Service => self.service,
            Side::HrFlow => self.hrflow,
        }
    }
}

/// The due records of one kind that need the same sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    /// What they are.
    pub(super) entity: Entity,
    /// Whether they must be fetched from the partner before anything can be sent.
    pub(super) unread: bool,
    /// How long none of them may be claimed.
    pub(super) wait: Duration,
    /// What claiming one takes the probe of; then no other may be claimed.
    pub(super) probes: Vec<Side>,
}

/// The four lanes under these breakers and rests; none when all are free.
pub(super) fn lanes(breakers: &[Breaker], rests: Rests, now: i64) -> Option<Vec<Lane>> {
    let is_closed = breakers.iter().all(|breaker| breaker.state == Standing::Closed);
    if is_closed && Side::ALL.into_iter().all(|side| rests.side(side).is_zero()) {
        return None;
    }
    let lane = |entity: Entity, unread: bool| {
        let needs: &[Side] = if unread { &Side::ALL } else { &[Side::HrFlow] };
        let mut lane = Lane { entity, unread, wait: Duration::ZERO, probes: Vec::new() };
        for side in needs {
            // A record that was claimed all the same would only wait in vain, and be put off for it.
            lane.wait = lane.wait.max(rests.side(*side));
            match pass(breakers.iter().find(|breaker| breaker.guards(*side, entity)), now) {
                Pass::Free => {}
                Pass::Probe => lane.probes.push(*side),
                Pass::Wait(wait) => lane.wait = lane.wait.max(wait),
            }
        }
        lane
    };
    Some(Entity::ALL.into_iter().flat_map(|entity| [lane(entity, false), lane(entity, true)]).collect())
}

/// A due record, and the sides it is to probe.
pub(in crate::flows) type Due = (Record, Vec<Side>);

/// Up to `limit` due records that may be worked on, the longest due first, locked. Probes are taken under `token` until
/// `until`.
pub(in crate::flows) fn due(
    db: &mut Db<'_>,
    partner: &str,
    rests: Rests,
    (token, until): (&str, i64),
    now: i64,
    limit: i64,
) -> Result<Vec<Due>> {
    let breakers = breakers::of_partner(db, partner)?;
    let Some(lanes) = lanes(&breakers, rests, now) else {
        let due = records::due(db, partner, now, limit)?;
        return Ok(due.into_iter().map(|record| (record, Vec::new())).collect());
    };
    let mut found = Vec::new();
    for lane in lanes.iter().filter(|lane| lane.wait.is_zero()) {
        let most = if lane.probes.is_empty() { limit } else { 1 };
        let due = records::due_in_need(db, partner, lane.entity, lane.unread, now, most)?;
        found.extend(due.into_iter().map(|record| (record, lane)));
    }
    // The longest due probes: one that fails goes behind the others, so that no object keeps a breaker open for all.
    found.sort_by_key(|(record, _)| record.due_at);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut tried = Vec::new();
    found.retain(|(_, lane)| {
        let wanted = lane.probes.iter().map(|side| (*side, lane.entity));
        let is_first = !wanted.clone().any(|probe| tried.contains(&probe));
        tried.extend(wanted.filter(|_| is_first));
        is_first
    });
    // In one order for everybody: two nodes that take probes never wait for each other.
    found.sort_by_key(|(_, lane)| lane.entity);
    let mut claimed = Vec::new();
    for (record, lane) in found {
        if take(db, partner, lane, token, until, now)? {
            claimed.push((record, lane.probes.clone()));
        }
    }
    Ok(claimed)
}

/// Takes all probes of a lane, or none.
fn take(db: &mut Db<'_>, partner: &str, lane: &Lane, token: &str, until: i64, now: i64) -> Result<bool> {
    for (taken, side) in lane.probes.iter().enumerate() {
        if !breakers::take_probe(db, (partner, *side, lane.entity), token, until, now)? {
            // Another node was faster with this one: what was taken before it is free again.
            for side in &lane.probes[..taken] {
                breakers::give_back(db, (partner, *side, lane.entity), token, now)?;
            }
            return Ok(false);
        }
    }
    Ok(true)
}

/// When the next record of a partner may be claimed.
pub(in crate::flows) fn next_due(
    db: &mut Db<'_>,
    partner: &str,
    rests: Rests,
    now: i64,
) -> Result<Option<i64>> {
    let breakers = breakers::of_partner(db, partner)?;
    let Some(lanes) = lanes(&breakers, rests, now) else { return records::next_due(db, partner) };
    let mut next: Option<i64> = None;
    for lane in lanes {
        if let Some(due) = records::next_due_in_need(db, partner, lane.entity, lane.unread)? {
            let due = due.max(now + i64::try_from(lane.wait.as_micros()).unwrap_or(i64::MAX / 2));
            next = Some(next.map_or(due, |next| next.min(due)));
        }
    }
    Ok(next)
}
