//! How a pull goes through a list: in which order, between which dates, and where it goes on after a page. Pure.
//!
//! | the pull and what the list can be asked | it reads |
//! | --- | --- |
//! | delta, `since` and `sort.oldest_first` | oldest first; each page moves the cursor, and the next is asked from its last date |
//! | delta, `since` | as listed; the end moves the cursor |
//! | delta, `sort.newest_first` and `updated_at` | newest first, until a page reaches back behind the cursor |
//! | delta, neither | all of it |
//! | full, `order = "newest_first"` and `sort.newest_first` | newest first |
//! | full, `order = "newest_first"`, `since` and `until` | the first time: the last week, then month, … back to the oldest |
//! | full otherwise | as listed |

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::config::{Changes, Order, Resource};
use crate::error::{Error, Kind, Result};
use crate::partner::{Ask, Direction, Page, Position};
use crate::store::{Mode, Pull};

/// Where each window of a pull that reads by windows begins, in days before the pull; the last is open.
const WINDOWS: [i64; 4] = [7, 30, 90, 365];

/// How far the next page's bound stays behind the last date of a page: some services take theirs as exclusive.
const BEHIND: TimeDelta = TimeDelta::seconds(1);

/// How a pull reads, and how far it came in it; kept with the pull.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    way: Way,
    /// Windows that were read to their ends.
    window: usize,
    /// Objects that were listed since the list was asked what it is asked now.
    listed: u64,
    /// Whether the bound has moved since the pull began.
    moved: bool,
    /// Whether the order that was asked for is kept.
    order: Kept,
    /// Whether dates came from before the bound.
    strays: bool,
}

/// Whether a list comes in the order that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    /// All dates so far were the same.
    Unproven,
    /// They changed in the right direction.
    Yes,
    /// They changed in the wrong one.
    No,
}

impl Kept {
    /// With the pairs of neighbours of one more page, each the one that should come first and the other.
    fn and(self, pairs: impl Iterator<Item = (i64, i64)>) -> Self {
        pairs.fold(self, |kept, (first, second)| match kept {
            Self::No => Self::No,
            _ if first > second => Self::No,
            _ if first < second => Self::Yes,
            kept => kept,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    AsListed,
    OldestFirst,
    NewestFirst,
    Windows,
}

/// What follows a page.
#[derive(Debug, PartialEq)]
pub(super) struct Turn {
    /// The plan from here on.
    pub(super) plan: Plan,
    /// Of which part the page is, of a list that is read in parts: two may list the same.
    pub(super) part: usize,
    /// From when the next page is asked, in Unix microseconds.
    pub(super) since: Option<i64>,
    /// Where the next page is; none at the end.
    pub(super) next: Option<Position>,
    /// Whether the next page is the first one of another question.
    pub(super) anew: bool,
    /// How far the partner's changes have been read once this page is recorded.
    pub(super) read_until: Option<i64>,
}

impl Turn {
    /// To a page of the same question.
    fn to(next: Option<Position>, plan: Plan, pull: &Pull) -> Self {
        Self { part: plan.window, plan, since: pull.since, next, anew: false, read_until: None }
    }
}

impl Plan {
    /// The plan of a new pull. `imported`: whether everything was listed once.
    pub(super) fn new(resource: &Resource, mode: Mode, imported: bool) -> Self {
        let changes = &resource.changes;
        let way = match mode {
            Mode::Delta if Way::OldestFirst.is_possible(changes) => Way::OldestFirst,
            Mode::Delta if changes.since.is_some() => Way::AsListed,
            Mode::Delta if resource.updated_at.is_some() && Way::NewestFirst.is_possible(changes) => {
                Way::NewestFirst
            }
            Mode::Full if changes.order == Order::NewestFirst => {
                let sorts = Way::NewestFirst.is_possible(changes);
                if imported && !(sorts && resource.total.is_some()) {
                    // What changes meanwhile moves from what is still to come into what was read, so that only a plain
                    // listing, or a total beside, can prove what is gone.
                    Way::AsListed
                } else if sorts {
                    Way::NewestFirst
                } else {
                    Way::Windows
                }
            }
            _ => Way::AsListed,
        };
        Self { way, window: 0, listed: 0, moved: false, order: Kept::Unproven, strays: false }
    }

    /// The plan as it is kept.
    pub(super) fn kept(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The plan that was kept with a pull. Fails when the partner can no longer be asked in this way.
    pub(super) fn of(pull: &Pull, resource: &Resource) -> Result<Self> {
        // A pull from before there were plans reads the list as it comes.
        let Some(kept) = &pull.plan else { return Ok(Self::new(resource, Mode::Full, true)) };
        let plan: Self = serde_json::from_str(kept)
            .map_err(|_| Error::new(Kind::Internal, "the pull's plan cannot be read"))?;
        if plan.way.is_possible(&resource.changes) {
            return Ok(plan);
        }
        let message = "the listing was begun in an order that is configured no longer; begin it anew";
        Err(Error::new(Kind::Invalid, message))
    }

    /// What to ask the list.
    pub(super) fn ask(&self, pull: &Pull) -> Ask {
        let since = pull.since.and_then(DateTime::from_timestamp_micros);
        match self.way {
            Way::AsListed => Ask { since, ..Ask::default() },
            Way::OldestFirst => Ask { since, direction: Some(Direction::OldestFirst), ..Ask::default() },
            Way::NewestFirst => Ask { direction: Some(Direction::NewestFirst), ..Ask::default() },
            Way::Windows => {
                let began = DateTime::from_timestamp_micros(began_at(pull)).unwrap_or_default();
                let edge = |window: usize| WINDOWS.get(window).map(|days| began - TimeDelta::days(*days));
                let until = self.window.checked_sub(1).and_then(edge);
                Ask { since: edge(self.window), until, direction: None }
            }
        }
    }

    /// Whether the list as it is asked is only a part of what the pull reads.
    pub(super) fn asks_for_a_part(&self) -> bool {
        self.moved || self.way == Way::Windows
    }

    /// Why a full listing read in this way proves nothing of what it lacks.
    pub(super) fn unproven(&self, total: Option<i64>) -> Option<&'static str> {
        match self.way {
            Way::Windows => Some("it was read in windows, and what changed meanwhile may have been in none"),
            Way::NewestFirst if total.is_none() => {
                Some("it was read newest first, and no total tells whether objects moved meanwhile")
            }
            _ => None,
        }
    }

    /// Why not everything went as planned.
    pub(super) fn problem(&self) -> Option<&'static str> {
        (self.order == Kept::No).then_some(
            "the partner's list does not come in the order that `sort` asks for, so all of it is read",
        )
    }

    /// Where to go on after a page of this pull; `start` is where a listing begins.
    pub(super) fn turn(mut self, pull: &Pull, page: &Page, start: Position, changes: &Changes) -> Turn {
        let dates: Vec<i64> = page
            .items
            .iter()
            .filter_map(|item| Some(item.as_ref().ok()?.updated_at?.timestamp_micros()))
            .collect();
        self.listed += page.items.len() as u64;
        // A short page proves little: services give less than they are asked for. It is the last only where the partner
        // tells how many there are, and they have come.
        let is_last = !page.full && page.total.is_some_and(|total| self.listed >= total);
        let next = page.next.clone().filter(|_| !is_last);
        let mut turn = match self.way {
            Way::OldestFirst => self.after_older(pull, &dates, next, start, changes),
            Way::NewestFirst => self.after_newer(pull, &dates, next),
            Way::Windows if next.is_none() && self.window < WINDOWS.len() => {
                let mut turn = Turn { anew: true, ..Turn::to(Some(start), self, pull) };
                turn.plan.window += 1;
                turn
            }
            Way::AsListed | Way::Windows => Turn::to(next, self, pull),
        };
        if turn.anew {
            turn.plan.listed = 0;
        }
        turn
    }

    /// While dates rise as they should, a page tells how far all changes are known. The next one is asked from its last
    /// date instead of by its number: what changes meanwhile leaves its place, and would move others out of sight.
    fn after_older(
        mut self,
        pull: &Pull,
        dates: &[i64],
        next: Option<Position>,
        start: Position,
        changes: &Changes,
    ) -> Turn {
        let grain = changes.since.as_ref().map_or(TimeDelta::days(1), |since| since.format.grain());
        let floor = |date: i64| date - date.rem_euclid(grain.num_microseconds().unwrap_or(1).max(1));
        self.order = self.order.and(dates.windows(2).map(|pair| (pair[0], pair[1])));
        self.strays |= pull.since.is_some_and(|since| dates.iter().any(|date| *date < floor(since)));
        let (Some(first), Some(last), false) =
            (dates.first(), dates.last(), self.order == Kept::No || self.strays)
        else {
            return Turn::to(next, self, pull);
        };
        let began = began_at(pull);
        let read_until = dates.iter().copied().filter(|date| *date <= began).max();
        let behind = (last - BEHIND.num_microseconds().unwrap_or_default()).min(began);
        // Only where it leaves a part of this page behind: a page of one date is followed by its number.
        let moves = next.is_some() && floor(*first) < floor(behind) && pull.since < Some(floor(behind));
        if moves {
            self.moved = true;
            return Turn { since: Some(behind), anew: true, read_until, ..Turn::to(Some(start), self, pull) };
        }
        Turn { read_until, ..Turn::to(next, self, pull) }
    }

    /// A delta is at its end when a page reaches back behind its bound. Dates that never fall prove no order: a service that
    /// does not know the parameter would be left at the first page for ever.
    fn after_newer(mut self, pull: &Pull, dates: &[i64], next: Option<Position>) -> Turn {
        self.order = self.order.and(dates.windows(2).map(|pair| (pair[1], pair[0])));
        let behind = pull.since.is_some_and(|since| dates.iter().any(|date| *date < since));
        let at_end = pull.mode == Mode::Delta && behind && self.order == Kept::Yes;
        Turn::to(next.filter(|_| !at_end), self, pull)
    }
}

impl Way {
    /// Whether the list can be asked in this way.
    fn is_possible(self, changes: &Changes) -> bool {
        let sort = changes.sort.as_ref();
        match self {
            Self::AsListed => true,
            Self::OldestFirst => {
                changes.since.is_some() && sort.is_some_and(|sort| sort.oldest_first.is_some())
            }
            Self::NewestFirst => sort.is_some_and(|sort| sort.newest_first.is_some()),
            Self::Windows => changes.since.is_some() && changes.until.is_some(),
        }
    }
}

/// When the first page was asked for.
pub(super) fn began_at(pull: &Pull) -> i64 {
    pull.began_at.unwrap_or(pull.created_at)
}

/// The newest of some dates that may move a cursor: none lies after the pull's begin, whatever a partner's clock says.
pub(super) fn newest(pull: &Pull, dates: impl Iterator<Item = DateTime<Utc>>) -> Option<i64> {
    dates.map(|date| date.timestamp_micros()).filter(|date| *date <= began_at(pull)).max()
}
