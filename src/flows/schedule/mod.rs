//! Schedule: which pulls are due by themselves, by the configuration and by what the pulls before them tell.
//!
//! Nothing is kept but the pulls: after a restart, and on every node, the same run is due at the same time. Runs fall on
//! slots, one per interval, which differ by partner, entity and mode, so that many partners do not start together.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::pull::{self, By};
use super::{Context, Partner};
use crate::config::Schedule;
use crate::error::Result;
use crate::model::{Entity, digest};
use crate::store::{self, Mode, Pull, State, pulls};

/// How soon a failed pull goes on from its place, unless its interval is shorter.
const RETRY: TimeDelta = TimeDelta::minutes(10);

/// How soon one begins anew that failed and lost its place.
const RETRY_ANEW: TimeDelta = TimeDelta::hours(1);

/// Over what time the runs are spread that quiet hours held.
const SPREAD: TimeDelta = TimeDelta::minutes(10);

/// The longest time until the pulls are looked at again: others start and end some too.
const LONGEST_LOOK: Duration = Duration::from_secs(30);

/// The shortest.
const SHORTEST_LOOK: Duration = Duration::from_secs(1);

/// What is known of the pulls of one kind of object.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The last full pull.
    pub full: Option<Past>,
    /// The last delta.
    pub delta: Option<Past>,
    /// Whether changes have been read up to some time, so that a delta is not everything.
    pub has_cursor: bool,
}

/// A pull that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// How it stands.
    pub stands: Stands,
}

/// How a pull stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It waits or runs.
    Active,
    /// It read everything it asked for.
    Whole,
    /// It failed at this time, and the next goes on from its place or begins anew.
    Failed {
        /// When.
        at: DateTime<Utc>,
        /// Whether its place was kept.
        resumes: bool,
    },
}

/// The next run of one mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Of which mode.
    pub mode: Mode,
    /// From one to the next.
    pub every: Duration,
    /// When it starts, now at the earliest; none while a delta waits for the first full pull.
    pub at: Option<DateTime<Utc>>,
    /// How long it is until then.
    pub wait: Option<Duration>,
    /// Whether it would start earlier but for the quiet hours.
    pub held: bool,
}

/// The next run of each scheduled mode. `name` tells this schedule from others.
pub fn next_runs(name: &str, schedule: &Schedule, history: &History, now: DateTime<Utc>) -> Vec<Run> {
    let modes = [(Mode::Full, schedule.full), (Mode::Delta, schedule.delta)];
    let scheduled = modes.into_iter().filter_map(|(mode, every)| Some((mode, every?)));
    scheduled
        .map(|(mode, every)| {
            let seed = seed(name, mode);
            let due = due_at(schedule, history, mode, span(every), seed, now);
            let at = due.map(|due| out_of_quiet_hours(schedule, due, seed, now));
            let held = due.zip(at).is_some_and(|(due, at)| at > due.max(now));
            let wait = at.map(|at| (at - now).to_std().unwrap_or_default());
            Run { mode, every, at, wait, held }
        })
        .collect()
}

/// When a mode is due, quiet hours apart.
fn due_at(
    schedule: &Schedule,
    history: &History,
    mode: Mode,
    every: TimeDelta,
    seed: i64,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let last = match mode {
        Mode::Full => history.full,
        Mode::Missing => return None,
        Mode::Delta if !history.has_cursor && schedule.full.is_some() => return None,
        // A full pull reads what changed too.
        Mode::Delta => {
            let full = history.full.filter(|full| !matches!(full.stands, Stands::Failed { .. }));
            [history.delta, full].into_iter().flatten().max_by_key(|past| past.asked_at)
        }
    };
    let Some(last) = last else { return Some(now) };
    Some(match last.stands {
        Stands::Failed { at, resumes } => at + every.min(if resumes { RETRY } else { RETRY_ANEW }),
        // Half an interval at least lies between two runs, whoever asked for the first.
        Stands::Active | Stands::Whole => slot_from(last.asked_at + every / 2, every, seed),
    })
}

/// The first slot at or after a time.
fn slot_from(time: DateTime<Utc>, every: TimeDelta, seed: i64) -> DateTime<Utc> {
    let (time_at, every) = (time.timestamp_micros(), every.num_microseconds().unwrap_or(i64::MAX));
    time + TimeDelta::microseconds((seed % every - time_at).rem_euclid(every))
}

fn out_of_quiet_hours(
    schedule: &Schedule,
    due: DateTime<Utc>,
    seed: i64,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let Some(quiet) = &schedule.quiet else { return due.max(now) };
    let after = |at: DateTime<Utc>| {
        if !quiet.hold(at) {
            return at;
        }
        let end = quiet.end(at);
        let spread = end + TimeDelta::microseconds(seed % SPREAD.num_microseconds().unwrap_or(1));
        if quiet.hold(spread) { end } else { spread }
    };
    after(after(due).max(now))
}

/// A number for a name, the same everywhere and always.
fn seed(name: &str, mode: Mode) -> i64 {
    let digest = digest(&[name.as_bytes(), mode.as_str().as_bytes()]);
    i64::from_str_radix(digest.get(..15).unwrap_or_default(), 16).unwrap_or_default()
}

fn span(every: Duration) -> TimeDelta {
    TimeDelta::from_std(every).unwrap_or(TimeDelta::MAX)
}

/// What comes next for one kind of object.
#[derive(Clone, Debug)]
pub struct Upcoming {
    /// Of what.
    pub entity: Entity,
    /// Whether a pull of it waits or runs: until it ends, nothing is started.
    pub active: bool,
    /// The next run of each scheduled mode.
    pub runs: Vec<Run>,
}

/// What comes next for a partner; nothing where nothing is scheduled.
pub async fn upcoming(context: &Context, partner: &Partner) -> Result<Vec<Upcoming>> {
    let settings = &partner.settings;
    let entities: Vec<Entity> =
        Entity::ALL.into_iter().filter(|entity| is_scheduled(partner, *entity)).collect();
    if entities.is_empty() {
        return Ok(Vec::new());
    }
    let (name, clock) = (settings.name.clone(), context.clock.clone());
    let (histories, now) = context
        .store
        .read(move |db| {
            let histories = entities.into_iter().map(|entity| Ok((entity, history(db, &name, entity)?)));
            Ok((histories.collect::<Result<Vec<_>>>()?, store::now(db, &clock)?))
        })
        .await?;
    let upcoming = histories.into_iter().map(|(entity, history)| {
        let name = format!("{}/{}", settings.name, entity.plural());
        let runs = next_runs(&name, settings.schedule.of(entity), &history, now);
        let pasts = [history.full, history.delta];
        let active = pasts.into_iter().flatten().any(|past| past.stands == Stands::Active);
        Upcoming { entity, active, runs }
    });
    Ok(upcoming.collect())
}

fn is_scheduled(partner: &Partner, entity: Entity) -> bool {
    let schedule = partner.settings.schedule.of(entity);
    partner.settings.service.resource(entity).is_some()
        && (schedule.delta.is_some() || schedule.full.is_some())
}

fn history(db: &mut store::Db<'_>, partner: &str, entity: Entity) -> Result<History> {
    Ok(History {
        full: pulls::last(db, partner, entity, Mode::Full)?.as_ref().map(Past::of),
        delta: pulls::last(db, partner, entity, Mode::Delta)?.as_ref().map(Past::of),
        has_cursor: pulls::cursor(db, partner, entity)?.is_some(),
    })
}

impl Past {
    fn of(pull: &Pull) -> Self {
        let date = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        let stands = match pull.state {
            State::Queued | State::Running | State::Checking => Stands::Active,
            State::Failed => Stands::Failed {
                at: date(pull.finished_at.unwrap_or(pull.created_at)),
                resumes: pull.position.is_some(),
            },
            // What waits for a person, or is done since one decided, was read whole and holds nothing up.
            State::WaitingForApproval
            | State::Approved
            | State::Rejected
            | State::Superseded
            | State::Done => Stands::Whole,
        };
        Self { asked_at: date(pull.created_at), stands }
    }
}

/// Starts what is due of a partner, and tells when to look again; never where nothing is scheduled.
pub async fn start_due(context: &Context, partner: &Partner) -> Result<Option<Duration>> {
    let upcoming = upcoming(context, partner).await?;
    let mut look = (!upcoming.is_empty()).then_some(LONGEST_LOOK);
    for Upcoming { entity, runs, .. } in upcoming.into_iter().filter(|upcoming| !upcoming.active) {
        // A full pull comes first: what it reads, a delta that is due with it need not read again.
        if let Some(run) = runs.iter().find(|run| run.wait == Some(Duration::ZERO)) {
            pull::start(context, partner, entity, run.mode, By::Schedule).await?;
        }
        let next = runs.iter().filter_map(|run| run.wait).min();
        look = look.min(next.map(|next| next.max(SHORTEST_LOOK))).or(look);
    }
    Ok(look)
}

#[cfg(test)]
mod tests;
