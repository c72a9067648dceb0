//! How far HrFlow is behind what we know: for every match answer, so each query is a look into a small index.

use diesel::dsl::min;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::backend::{Db, on};
use super::pulls::{self, Coverage};
use super::schema::records;
use crate::error::Result;
use crate::model::Entity;

/// How many waiting changes are counted: beyond that it only matters that there are many.
const MOST: i64 = 1_000;

/// How far HrFlow is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// Up to when every change we know of has reached HrFlow, in Unix microseconds. What was set aside does not count: it
    /// waits for another change.
    pub as_of: i64,
    /// How many of the partner's changes are on their way.
    pub pending: i64,
    /// Whether there are more than were counted.
    pub more_pending: bool,
    /// How much of what the partner has is known, if a full pull was ever asked for.
    pub coverage: Option<Coverage>,
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
        coverage: pulls::coverage(db, partner, entity)?,
    })
}
