//! How far HrFlow is behind what we know: for every match answer, so each query is a look into a small index.

use diesel::dsl::{max, min};
use diesel::prelude::*;

use super::backend::{Db, on};
use super::pulls::{Mode, State};
use super::schema::{pulls, records};
use crate::error::Result;
use crate::model::Entity;

/// How many waiting changes are counted: beyond that it only matters that there are many.
const MOST: i64 = 1_000;

/// How far HrFlow is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// Up to when every change we know of has reached HrFlow, in Unix microseconds. What was set aside does not count: it
    /// waits for another change.
    pub as_of: i64,
    /// How many of the partner's changes are on their way.
    pub pending: i64,
    /// Whether there are more than were counted.
    pub more_pending: bool,
    /// How much of the partner's list has been read, if it was ever asked for.
    pub coverage: Option<Coverage>,
}

/// How much of a partner's list has been read by full pulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Objects read.
    pub seen: i64,
    /// Objects there are, if that is known.
    pub total: Option<i64>,
}

/// How far HrFlow is behind at `now`, for an answer that ranks objects of this kind.
pub fn read(db: &mut Db<'_>, partner: &str, entity: Entity, now: i64) -> Result<Freshness> {
    let waiting =
        records::table.filter(records::partner.eq(partner)).filter(records::waiting_since.is_not_null());
    let oldest = waiting.select(min(records::waiting_since));
    let oldest: Option<i64> = on!(db, |c| oldest.get_result(*c))?;
    let mut pending = 0;
    if oldest.is_some() {
        // Only now: a bound limit is planned anew each time, and most of the time nothing waits.
        let some = waiting.select(records::waiting_since).limit(MOST + 1);
        let rows = on!(db, |c| some.load::<Option<i64>>(*c))?;
        pending = i64::try_from(rows.len()).unwrap_or(MOST);
    }
    Ok(Freshness {
        as_of: oldest.map_or(now, |oldest| oldest.min(now)),
        pending: pending.min(MOST),
        more_pending: pending > MOST,
        coverage: coverage(db, partner, entity)?,
    })
}

/// Of the newest list that was read to its end, or else of the newest that is being read. One list may take several pulls,
/// each going on where the one before it failed: they share when the first of them began.
fn coverage(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<Coverage>> {
    let full = pulls::table
        .filter(pulls::partner.eq(partner))
        .filter(pulls::entity.eq(entity.singular()))
        .filter(pulls::mode.eq(Mode::Full));
    let done = full.filter(pulls::state.eq(State::Done)).select(max(pulls::began_at));
    let done: Option<i64> = on!(db, |c| done.get_result(*c))?;
    let newest = match done {
        Some(_) => done,
        None => on!(db, |c| full.select(max(pulls::began_at)).get_result(*c))?,
    };
    let Some(began_at) = newest else { return Ok(None) };
    let pages = full.filter(pulls::began_at.eq(began_at)).select(pulls::seen);
    let seen: i64 = on!(db, |c| pages.load::<i64>(*c))?.into_iter().sum();
    // A list that was read to its end has as many objects as were read.
    Ok(Some(Coverage { seen, total: done.map(|_| seen) }))
}
