//! What a list is asked beside its pages: which dates, in which order, in the partner's own spelling.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use jaq_json::Val;

use super::json;
use super::mapping::Filter;
use crate::config::{Changes, DateFormat, DateParameter, Sort};
use crate::error::{Error, Kind, Result};
use crate::model::rfc3339;

/// What is wanted of a list. What the partner has no parameter for is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// What changed at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// What changed up to this time.
    pub until: Option<DateTime<Utc>>,
    /// In this order of modification.
    pub direction: Option<Direction>,
}

/// An order by date of modification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What has not changed for the longest time comes first.
    OldestFirst,
    /// What changed last comes first.
    NewestFirst,
}

/// The parameters of one list, ready to be written.
pub(super) struct Questions {
    since: Option<Bound>,
    until: Option<Bound>,
    sort: Option<Sort>,
}

struct Bound {
    parameter: String,
    spelling: Spelling,
}

enum Spelling {
    Rfc3339,
    Date,
    EpochS,
    EpochMs,
    Template(Filter),
}

/// To which side a date is rounded that the format has no room for.
#[derive(Clone, Copy)]
enum Rounding {
    Down,
    Up,
}

impl Questions {
    /// Compiles the templates; none if one does not compile, which `compile` tells.
    pub(super) fn compile(
        changes: &Changes,
        mut compile: impl FnMut(&'static str, &str) -> Option<Filter>,
    ) -> Option<Self> {
        let mut bound = |name, parameter: &Option<DateParameter>| {
            let Some(DateParameter { parameter, format }) = parameter else { return Some(None) };
            let spelling = match format {
                DateFormat::Rfc3339 => Spelling::Rfc3339,
                DateFormat::Date => Spelling::Date,
                DateFormat::EpochS => Spelling::EpochS,
                DateFormat::EpochMs => Spelling::EpochMs,
                DateFormat::Template(code) => Spelling::Template(compile(name, code)?),
            };
            Some(Some(Bound { parameter: parameter.clone(), spelling }))
        };
        let (since, until) =
            (bound("since.template", &changes.since), bound("until.template", &changes.until));
        Some(Self { since: since?, until: until?, sort: changes.sort.clone() })
    }

    /// Adds what is asked to the parameters of a page.
    pub(super) fn add(&self, ask: &Ask, parameters: &mut Vec<(String, String)>) -> Result<()> {
        if let (Some(bound), Some(since)) = (&self.since, ask.since) {
            parameters.push((bound.parameter.clone(), bound.write(since, Rounding::Down)?));
        }
        if let (Some(bound), Some(until)) = (&self.until, ask.until) {
            parameters.push((bound.parameter.clone(), bound.write(until, Rounding::Up)?));
        }
        if let (Some(sort), Some(direction)) = (&self.sort, ask.direction) {
            let value = match direction {
                Direction::OldestFirst => &sort.oldest_first,
                Direction::NewestFirst => &sort.newest_first,
            };
            parameters.extend(value.iter().map(|value| (sort.parameter.clone(), value.clone())));
        }
        Ok(())
    }
}

impl Bound {
    fn write(&self, date: DateTime<Utc>, rounding: Rounding) -> Result<String> {
        let step = match self.spelling {
            Spelling::Date => TimeDelta::days(1),
            Spelling::EpochMs => TimeDelta::milliseconds(1),
            // A template is given whole seconds; how much of them it keeps is its own matter.
            Spelling::Rfc3339 | Spelling::EpochS | Spelling::Template(_) => TimeDelta::seconds(1),
        };
        let rounded = match rounding {
            Rounding::Down => date.duration_trunc(step),
            Rounding::Up => date.duration_round_up(step),
        };
        // Only a date beyond the year 2262 cannot be rounded, and none of ours is.
        let date = rounded.unwrap_or(date);
        Ok(match &self.spelling {
            Spelling::Rfc3339 => rfc3339(date),
            Spelling::Date => date.format("%Y-%m-%d").to_string(),
            Spelling::EpochS => date.timestamp().to_string(),
            Spelling::EpochMs => date.timestamp_millis().to_string(),
            Spelling::Template(filter) => written_by(filter, rfc3339(date))?,
        })
    }
}

fn written_by(filter: &Filter, date: String) -> Result<String> {
    let unusable = |what: String| Error::new(Kind::Invalid, format!("a date cannot be written: {what}"));
    match filter.one(Val::from(date)).map_err(unusable)? {
        Val::TStr(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        number @ Val::Num(_) => Ok(number.to_string()),
        other => Err(unusable(format!(
            "`{}` must give a text or a number, not {}",
            filter.name(),
            json::kind_of(&other)
        ))),
    }
}
