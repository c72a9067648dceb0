//! How a list is asked for what changed, in what order it comes, and which end of it a full pull reads first.

use chrono::TimeDelta;

use super::check;
use super::section::Section;

/// What a partner's list can be asked beside its pages. All of it stands directly in the table of the resource.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Asks for what changed at or after a date. `since = { parameter = … }`, default none.
    pub since: Option<DateParameter>,
    /// Asks for what changed up to a date. `until = { parameter = … }`, default none.
    pub until: Option<DateParameter>,
    /// Asks for an order. `sort = { parameter = … }`, default none.
    pub sort: Option<Sort>,
    /// What a full pull reads first. `order`, default `"as_listed"`.
    pub order: Order,
    /// How far before the cursor a delta asks: partners commit their changes in another order than they date them.
    /// `overlap_minutes`, default 5, at most 1440.
    pub overlap: TimeDelta,
}

impl Default for Changes {
    fn default() -> Self {
        Self { since: None, until: None, sort: None, order: Order::AsListed, overlap: TimeDelta::minutes(5) }
    }
}

/// A parameter that takes a date. `since = { parameter = … }`, `until = { parameter = … }`.
#[derive(Clone, Debug)]
pub struct DateParameter {
    /// The parameter's name. `parameter`.
    pub parameter: String,
    /// How the date is written. `format`, default `"rfc3339"`; or `template`.
    pub format: DateFormat,
}

/// How a date is written. A bound is never cut to the wrong side: `since` is rounded down and `until` up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DateFormat {
    /// `2026-03-01T14:21:58Z`. `"rfc3339"`.
    Rfc3339,
    /// `2026-03-01`, the day in UTC. `"date"`.
    Date,
    /// Seconds since 1970. `"epoch_s"`.
    EpochS,
    /// Milliseconds since 1970. `"epoch_ms"`.
    EpochMs,
    /// jq: from the date as RFC 3339 text to a text or a number. `template`.
    Template(String),
}

impl DateFormat {
    /// The step in which this format can tell dates apart. What a template keeps of a date is not known: a day.
    pub fn grain(&self) -> TimeDelta {
        match self {
            Self::Rfc3339 | Self::EpochS => TimeDelta::seconds(1),
            Self::EpochMs => TimeDelta::milliseconds(1),
            Self::Date | Self::Template(_) => TimeDelta::days(1),
        }
    }
}

/// A parameter that takes an order by date of modification. `sort = { parameter = … }`; one value may be missing.
#[derive(Clone, Debug)]
pub struct Sort {
    /// The parameter's name. `parameter`.
    pub parameter: String,
    /// Its value for the longest unchanged first. `oldest_first`, default none.
    pub oldest_first: Option<String>,
    /// Its value for the last changed first. `newest_first`, default none.
    pub newest_first: Option<String>,
}

/// What a full pull reads first. `order`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Whatever the list begins with. `"as_listed"`.
    AsListed,
    /// What changed last, so that matching is of use before the pull has ended. Needs `sort.newest_first`, or both
    /// `since` and `until`. `"newest_first"`.
    NewestFirst,
}

/// Reads the part of a resource's table that is about changes.
pub(super) fn changes(section: &Section<'_>) -> Option<Changes> {
    let since = date_parameter(section, "since");
    let until = date_parameter(section, "until");
    if section.has("until") && !section.has("since") {
        section.tell("until", "is of no use without `since`");
    }
    let sort =
        if section.has("sort") { section.section("sort").and_then(sort).map(Some) } else { Some(None) };
    let order = order(section);
    let overlap = section.whole("overlap_minutes", 5, 0, 1440);
    let changes = Changes {
        since: since?,
        until: until?,
        sort: sort?,
        order: order?,
        overlap: TimeDelta::minutes(overlap?),
    };
    let sorts = changes.sort.as_ref().is_some_and(|sort| sort.newest_first.is_some());
    let filters = changes.since.is_some() && changes.until.is_some();
    if changes.order == Order::NewestFirst && !sorts && !filters {
        section.tell("order", "needs `sort` with `newest_first`, or both `since` and `until`");
    }
    Some(changes)
}

/// A parameter for a date; the outer none when it is there and cannot be used.
#[expect(clippy::option_option, reason = "absent and unusable are two things here")]
fn date_parameter(section: &Section<'_>, name: &'static str) -> Option<Option<DateParameter>> {
    if !section.has(name) {
        return Some(None);
    }
    let section = section.section(name)?;
    section.need("parameter");
    let parameter = section.read("parameter", check::parameter);
    if section.has("format") && section.has("template") {
        section.tell("template", "stands in place of `format`; keep one of them");
    }
    let format = if section.has("template") {
        section.text("template").map(DateFormat::Template)
    } else if section.has("format") {
        section.read("format", |text| match text {
            "rfc3339" => Ok(DateFormat::Rfc3339),
            "date" => Ok(DateFormat::Date),
            "epoch_s" => Ok(DateFormat::EpochS),
            "epoch_ms" => Ok(DateFormat::EpochMs),
            _ => Err("must be rfc3339, date, epoch_s or epoch_ms".to_owned()),
        })
    } else {
        Some(DateFormat::Rfc3339)
    };
    section.finish();
    Some(Some(DateParameter { parameter: parameter?, format: format? }))
}

fn sort(section: Section<'_>) -> Option<Sort> {
    section.need("parameter");
    let parameter = section.read("parameter", check::parameter);
    let (oldest_first, newest_first) = (section.text("oldest_first"), section.text("newest_first"));
    if !section.has("oldest_first") && !section.has("newest_first") {
        section.tell("parameter", "needs a value for `oldest_first` or `newest_first`");
    }
    section.finish();
    Some(Sort { parameter: parameter?, oldest_first, newest_first })
}

fn order(section: &Section<'_>) -> Option<Order> {
    if !section.has("order") {
        return Some(Order::AsListed);
    }
    section.read("order", |text| match text {
        "as_listed" => Ok(Order::AsListed),
        "newest_first" => Ok(Order::NewestFirst),
        _ => Err("must be as_listed or newest_first".to_owned()),
    })
}
