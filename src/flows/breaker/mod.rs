//! Circuit breakers: a side that is out of order is left alone but for a probe, and what needs it waits at no cost.
//!
//! There is one per partner, side and kind of object: the partner's service and the partner's source or board in HrFlow,
//! for profiles and for jobs each. A token may be good for one list and not for the other, a board may be unknown while
//! the source is not, and two partners never share either; a workspace whose key is refused costs one call per breaker
//! and rest. Failures are counted in memory; transitions are rows, which every node and the next start read.
//!
//! ```text
//! class   whose a failure is      rules   when one opens and closes      lanes   which due records may go
//! ```

mod class;
mod lanes;
mod rules;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::Partner;
use crate::config::Limits;
use crate::error::Result;
use crate::model::Entity;
use crate::store::{Breaker, Db, Side, Standing, breakers};
use rules::{Hearing, Streak, hear};

pub(super) use lanes::{Rests, due, next_due};
pub use rules::{Pass, Word, pass};

/// What one process remembers of a partner's breakers.
#[derive(Default)]
pub struct Breakers {
    streaks: Mutex<[[Streak; 2]; 2]>,
    /// Rung when one has closed.
    pub recovered: Notify,
}

/// What the work on one object made known of the sides it called.
#[derive(Debug, Default)]
pub struct Heard(Vec<(Side, Word)>);

impl Heard {
    /// Takes note of a call's result and gives it back. Of several calls to one side the last one counts.
    pub fn note<T>(&mut self, side: Side, result: Result<T>) -> Result<T> {
        if let Some(word) = Word::of(&result) {
            self.0.retain(|(known, _)| *known != side);
            self.0.push((side, word));
        }
        result
    }
}

/// What is to be told to the breaker of a side.
#[derive(Debug)]
pub struct Report {
    side: Side,
    word: Option<Word>,
    is_probe: bool,
    opens: bool,
}

/// The object that was worked on.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// What it is.
    pub entity: Entity,
    /// Its reference, or what a page is called.
    pub name: &'a str,
    /// Whether it had failed before.
    pub again: bool,
}

impl Breakers {
    /// Counts what was heard. Returns what the database must hear of: failures and probes, so most often nothing.
    pub fn count(&self, object: Object<'_>, heard: Heard, probes: &[Side], limits: &Limits) -> Vec<Report> {
        let mut streaks = self.streaks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut words = heard.0;
        let mut reports = Vec::new();
        for side in Side::ALL {
            let at = words.iter().position(|(known, _)| *known == side);
            let word = at.map(|at| words.swap_remove(at).1);
            let streak =
                &mut streaks[usize::from(side == Side::HrFlow)][usize::from(object.entity == Entity::Job)];
            let opens = word
                .as_ref()
                .is_some_and(|word| streak.count(object.name, word, object.again, limits.breaker_failures));
            let is_probe = probes.contains(&side);
            if is_probe || matches!(word, Some(Word::Failed { .. })) {
                reports.push(Report { side, word, is_probe, opens });
            }
        }
        reports
    }
}

/// What came of a report.
#[derive(Debug, Default)]
pub struct Told {
    /// From when on the side that failed may be called again, if it is held back now.
    pub held_until: Option<i64>,
    /// The breakers that opened, stayed open or closed.
    pub moved: Vec<Breaker>,
}

/// Tells the breakers, in the caller's transaction. `token` is who took the probes.
pub fn tell(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    reports: &[Report],
    token: &str,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Told> {
    let (mut told, now) = (Told::default(), now.timestamp_micros());
    for Report { side, word, is_probe, opens } in reports {
        let known = breakers::lock_one(db, partner, *side, entity)?;
        let mut breaker = known.unwrap_or_else(|| Breaker::closed(partner, *side, entity, now));
        let hearing = Hearing { word: word.as_ref(), probe: is_probe.then_some(token), opens: *opens };
        let moved = hear(&mut breaker, hearing, limits, now, rand::random());
        if moved {
            breakers::save(db, &breaker)?;
        }
        if matches!(word, Some(Word::Failed { .. })) {
            told.held_until = told.held_until.max(match breaker.state {
                Standing::Closed => None,
                Standing::Open => breaker.probe_at,
                // Somebody else's probe decides any moment now.
                Standing::HalfOpen => Some(now),
            });
        }
        if moved && word.is_some() {
            told.moved.push(breaker);
        }
    }
    Ok(told)
}

/// Says in the log what the breakers did, and wakes what waited for one.
pub fn announce(partner: &Partner, moved: &[Breaker]) {
    for Breaker { side, entity, state, code, reason, failures, .. } in moved {
        let (partner_name, side) = (&*partner.settings.name, side.as_str());
        if *state == Standing::Closed {
            tracing::info!(partner = partner_name, side, entity, "works again");
            partner.records_due.notify_one();
            partner.breakers.recovered.notify_waiters();
        } else {
            let (code, reason) = (code.as_deref(), reason.as_deref().unwrap_or_default());
            tracing::warn!(partner = partner_name, side, entity, code, failures, "out of order: {reason}");
        }
    }
}
