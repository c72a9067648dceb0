//! The rules of a breaker: when it opens, how long it rests, who probes, and when it closes. Pure; the time is passed in.

use std::time::Duration;

use super::class::Class;
use crate::config::Limits;
use crate::error::{Error, Result};
use crate::store::{Breaker, Standing};

/// Whether a call may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// It may.
    Free,
    /// One may, for whoever takes the probe.
    Probe,
    /// None may before this long has passed.
    Wait(Duration),
}

/// Whether a call may begin under this breaker, which is closed when there is none.
pub fn pass(breaker: Option<&Breaker>, now: i64) -> Pass {
    match breaker {
        None | Some(Breaker { state: Standing::Closed, .. }) => Pass::Free,
        Some(breaker) => {
            // A probe that was taken and never came back counts as lost when its time is over.
            let left = breaker.probe_at.map_or(0, |probe_at| probe_at - now);
            match u64::try_from(left) {
                Ok(left) if left > 0 => Pass::Wait(Duration::from_micros(left)),
                _ => Pass::Probe,
            }
        }
    }
}

/// What a call made known of its side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It answers.
    Well,
    /// It does not, or it refuses us.
    Failed {
        /// The code of the problem.
        code: &'static str,
        /// The problem in a sentence.
        reason: String,
        /// How long it asks to be left alone.
        asked: Option<Duration>,
        /// Whether it refuses us, whatever we ask.
        refused: bool,
    },
}

impl Word {
    /// What the result of a call makes known, if anything.
    pub(super) fn of<T>(result: &Result<T>) -> Option<Self> {
        match result {
            Ok(_) => Some(Self::Well),
            Err(problem) => Self::of_failure(problem),
        }
    }

    fn of_failure(problem: &Error) -> Option<Self> {
        let class = Class::of(problem.kind());
        match class {
            Class::Answered => Some(Self::Well),
            Class::Unheard => None,
            Class::Temporary | Class::Refused => Some(Self::Failed {
                code: problem.kind().code(),
                reason: problem.to_string(),
                asked: problem.wait(),
                refused: class == Class::Refused,
            }),
        }
    }
}

/// The objects that failed since one succeeded, as one process sees them while the breaker is closed. They are counted,
/// not their failures: an object that fails again and again says something of itself alone.
#[derive(Debug, Default)]
pub(super) struct Streak(Vec<String>);

impl Streak {
    /// Counts what was heard in the work on `object`; `again`: it had failed before. Returns whether that opens the
    /// breaker: as many objects as `limit` have failed, or one is refused. One that is refused again, after others
    /// brought the breaker back, is an object that we may not see, and counts like any other failure.
    pub(super) fn count(&mut self, object: &str, word: &Word, again: bool, limit: usize) -> bool {
        let Word::Failed { refused, .. } = word else {
            self.0.clear();
            return false;
        };
        if !self.0.iter().any(|known| known == object) {
            self.0.push(object.to_owned());
        }
        let opens = self.0.len() >= limit || (*refused && !again);
        if opens {
            self.0.clear();
        }
        opens
    }
}

/// What a breaker hears of one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hearing<'a> {
    /// What the call made known; none when it was never made.
    pub(super) word: Option<&'a Word>,
    /// The token of who made it, if it was made as the probe.
    pub(super) probe: Option<&'a str>,
    /// Whether failures have come to what opens a closed breaker.
    pub(super) opens: bool,
}

/// Moves a breaker by what was heard. Returns whether it changed. Calls that began before it opened change nothing.
pub(super) fn hear(
    breaker: &mut Breaker,
    hearing: Hearing<'_>,
    limits: &Limits,
    now: i64,
    chance: f64,
) -> bool {
    let probed = breaker.state == Standing::HalfOpen
        && hearing.probe.is_some_and(|token| breaker.probe.as_deref() == Some(token));
    match hearing.word {
        Some(Word::Well) if probed => {
            *breaker = Breaker {
                state: Standing::Closed,
                failures: 0,
                code: None,
                reason: None,
                since: now,
                probe_at: None,
                probe: None,
                ..breaker.clone()
            };
        }
        Some(Word::Failed { code, reason, asked, .. })
            if probed || (hearing.opens && breaker.state == Standing::Closed) =>
        {
            if breaker.state == Standing::Closed {
                breaker.since = now;
            }
            let wait = rest(breaker.failures, *asked, limits, chance);
            breaker.state = Standing::Open;
            breaker.failures += 1;
            breaker.code = Some((*code).to_owned());
            breaker.reason = Some(reason.clone());
            breaker.probe_at = Some(now + i64::try_from(wait.as_micros()).unwrap_or(i64::MAX / 2));
            breaker.probe = None;
        }
        // The probe was taken and its side never called: somebody else may take it at once.
        None if probed => {
            breaker.state = Standing::Open;
            breaker.probe_at = Some(now);
            breaker.probe = None;
        }
        _ => return false,
    }
    true
}

/// How long a side is left alone after `failures` probes in a row that failed: doubling up to the longest rest, of which
/// up to a half is left to chance, and never less than it asks for.
fn rest(failures: i32, asked: Option<Duration>, limits: &Limits, chance: f64) -> Duration {
    let doubled = 1_u32 << failures.clamp(0, 20);
    let ceiling = limits.breaker_rest.saturating_mul(doubled).min(limits.breaker_longest_rest);
    let planned = ceiling.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
    asked.map_or(planned, |asked| asked.max(planned))
}
