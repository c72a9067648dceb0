//! `[partner.schedule]`: which pulls start by themselves, how often, and when none may.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::section::Section;
use crate::model::Entity;

/// The schedules of a partner. `[partner.schedule]`, with what `[partner.schedule.profiles]` and
/// `[partner.schedule.jobs]` say otherwise.
#[derive(Clone, Debug, Default)]
pub struct Schedules {
    /// For profiles.
    pub profiles: Schedule,
    /// For jobs.
    pub jobs: Schedule,
}

impl Schedules {
    /// The one for this kind of object.
    pub fn of(&self, entity: Entity) -> &Schedule {
        match entity {
            Entity::Profile => &self.profiles,
            Entity::Job => &self.jobs,
        }
    }
}

/// Which pulls of one kind of object start by themselves.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    /// From one delta to the next. `delta_minutes`, default 0: none, at most a week.
    pub delta: Option<Duration>,
    /// From one full pull to the next. `full_days`, default 0: none, at most a year.
    pub full: Option<Duration>,
    /// When no scheduled pull starts, and one under way asks for no page. `quiet_hours`, default none.
    pub quiet: Option<QuietHours>,
}

/// A part of every day. `quiet_hours = "22:00-06:00"`; it may cross midnight. By the clocks of `time_zone`, a name such as
/// `Europe/Paris` or an offset such as `+02:00`, default `UTC`: where clocks change, the hours go with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: NaiveTime,
    to: NaiveTime,
    zone: Zone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Zone {
    Named(Tz),
    Offset(FixedOffset),
}

impl QuietHours {
    /// Reads `22:00-06:00` and a time zone.
    pub fn parse(hours: &str, zone: &str) -> Result<Self, String> {
        let clock = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let times = hours.split_once('-').and_then(|(from, to)| clock(from).zip(clock(to)));
        let (from, to) =
            times.filter(|(from, to)| from != to).ok_or("must be two different times such as 22:00-06:00")?;
        Ok(Self { from, to, zone: parse_zone(zone)? })
    }

    /// Whether no scheduled pull may start at this time.
    pub fn hold(&self, now: DateTime<Utc>) -> bool {
        let at = match self.zone {
            Zone::Named(zone) => zone.from_utc_datetime(&now.naive_utc()).time(),
            Zone::Offset(zone) => zone.from_utc_datetime(&now.naive_utc()).time(),
        };
        if self.from < self.to { (self.from..self.to).contains(&at) } else { at >= self.from || at < self.to }
    }

    /// When they end, asked at a time in them. Minute by minute: on the days when clocks change, the end may come an hour
    /// early or late, twice, or not by itself.
    pub fn end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        const MINUTES_OF_TWO_DAYS: i64 = 2 * 24 * 60;
        let this_minute = now - TimeDelta::microseconds(now.timestamp_micros().rem_euclid(60_000_000));
        let minutes = (1..MINUTES_OF_TWO_DAYS).map(|minute| this_minute + TimeDelta::minutes(minute));
        minutes.into_iter().find(|at| !self.hold(*at)).unwrap_or(now)
    }
}

fn parse_zone(text: &str) -> Result<Zone, String> {
    let unknown = || "must be a time zone such as Europe/Paris or +02:00".to_owned();
    if text.starts_with(['+', '-']) {
        return text.parse().map(Zone::Offset).map_err(|_| unknown());
    }
    text.parse().map(Zone::Named).map_err(|_| unknown())
}

/// The texts and numbers of one table, before defaults.
struct Draft {
    delta_minutes: Option<u64>,
    full_days: Option<u64>,
    quiet_hours: Option<String>,
    time_zone: Option<String>,
}

/// The schedules of a partner; none of them without the table.
pub(super) fn schedules(section: Option<Section<'_>>) -> Option<Schedules> {
    let Some(section) = section else { return Some(Schedules::default()) };
    let shared = draft(&section)?;
    let own = |name| match section.section(name) {
        Some(section) => {
            let schedule = draft(&section).and_then(|own| merged(&section, Some(own), &shared));
            section.finish();
            schedule
        }
        None if section.has(name) => None,
        None => merged(&section, None, &shared),
    };
    let (profiles, jobs) = (own("profiles"), own("jobs"));
    section.finish();
    Some(Schedules { profiles: profiles?, jobs: jobs? })
}

fn draft(section: &Section<'_>) -> Option<Draft> {
    // A number that cannot be used was told, and is not one that is missing.
    let number = |name, most| {
        if section.has(name) { section.whole(name, 0, 0, most).map(Some) } else { Some(None) }
    };
    let (delta_minutes, full_days) = (number("delta_minutes", 7 * 24 * 60), number("full_days", 366));
    let (quiet_hours, time_zone) = (section.text("quiet_hours"), section.text("time_zone"));
    Some(Draft { delta_minutes: delta_minutes?, full_days: full_days?, quiet_hours, time_zone })
}

fn merged(section: &Section<'_>, own: Option<Draft>, shared: &Draft) -> Option<Schedule> {
    let own =
        own.unwrap_or(Draft { delta_minutes: None, full_days: None, quiet_hours: None, time_zone: None });
    let zone = own.time_zone.or(shared.time_zone.clone());
    let quiet = match own.quiet_hours.or(shared.quiet_hours.clone()) {
        // Without hours a zone says nothing, but a wrong one is still a mistake.
        None => {
            if let Some(Err(reason)) = zone.as_deref().map(parse_zone) {
                section.tell("time_zone", reason);
            }
            None
        }
        Some(hours) => {
            let zone = zone.as_deref().unwrap_or("UTC");
            let field = if parse_zone(zone).is_err() { "time_zone" } else { "quiet_hours" };
            let read = QuietHours::parse(&hours, zone).map_err(|reason| section.tell(field, reason));
            Some(read.ok()?)
        }
    };
    let every = |own: Option<u64>, shared: Option<u64>, unit: u64| {
        own.or(shared).filter(|count| *count > 0).map(|count| Duration::from_secs(count * unit))
    };
    Some(Schedule {
        delta: every(own.delta_minutes, shared.delta_minutes, 60),
        full: every(own.full_days, shared.full_days, 24 * 60 * 60),
        quiet,
    })
}
