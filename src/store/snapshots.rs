//! Snapshots: rankings that somebody pages through, kept for some minutes, so that any node goes on with them.

use diesel::dsl::min;
use diesel::prelude::*;

use super::backend::{Db, on};
use super::records;
use super::schema::{snapshot_lines, snapshots};
use crate::error::Result;
use crate::model::Entity;

/// The most snapshots of a partner at a time: with one more, the oldest is given up. An ATS has hundreds of recruiters, each
/// of whom may page through a list or two within the minutes that it is kept, and none should lose it to a colleague.
/// What this bounds is the disk: a line takes some 200 bytes, and most lists have hundreds of them.
const MOST: i64 = 500;

/// Until when a snapshot is kept that was given up: it was over long ago.
const GIVEN_UP: i64 = 0;

/// The most lines that one transaction writes or deletes: a webhook that waits for it does not notice.
pub const BATCH: usize = 500;

/// A ranking as HrFlow gave it at one moment. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = snapshots)]
pub struct Snapshot {
    pub id: String,
    pub partner: String,
    pub query: String,
    pub lines: i64,
    pub total: i64,
    pub unread: i64,
    pub version: Option<i64>,
    pub freshness: String,
    pub asked_at: i64,
    pub kept_until: i64,
}

/// An object in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = snapshot_lines, treat_none_as_default_value = false)]
pub struct Line {
    pub snapshot: String,
    pub place: i64,
    pub partner: String,
    pub entity: String,
    pub reference: String,
    pub score: Option<String>,
    pub rank: i64,
}

/// Keeps what is known of a snapshot, before its lines. Of a partner that has too many the oldest is given up: it is over
/// at once, and [`forget`] deletes it a part at a time, since webhooks wait for this transaction.
pub fn begin(db: &mut Db<'_>, snapshot: &Snapshot) -> Result<()> {
    on!(db, |c| diesel::insert_into(snapshots::table).values(snapshot).execute(*c))?;
    let too_many = snapshots::table
        .filter(snapshots::partner.eq(&snapshot.partner))
        .filter(snapshots::kept_until.gt(GIVEN_UP))
        .order((snapshots::kept_until.desc(), snapshots::id.desc()))
        .select(snapshots::id)
        .offset(MOST)
        // Each makes room for one; two, so that nodes that count at the same moment catch up.
        .limit(2);
    for id in on!(db, |c| too_many.load::<String>(*c))? {
        let oldest = diesel::update(snapshots::table.find(&id)).set(snapshots::kept_until.eq(GIVEN_UP));
        on!(db, |c| oldest.execute(*c))?;
    }
    Ok(())
}

/// Keeps lines of a snapshot whose objects are the partner's own and live. Returns how many of them the ledger
/// has never heard of; none where the snapshot was given up meanwhile, and nothing was kept.
pub fn add(db: &mut Db<'_>, entity: Entity, lines: Vec<Line>) -> Result<Option<usize>> {
    let Some(first) = lines.first() else { return Ok(Some(0)) };
    let (id, partner) = (first.snapshot.clone(), first.partner.clone());
    let header = snapshots::table.find(&id).filter(snapshots::kept_until.gt(GIVEN_UP)).select(snapshots::id);
    let held: Option<String> = match db {
        // Nobody gives it up before these lines are there to be deleted with it.
        Db::Postgres(c) => header.for_share().get_result(*c).optional()?,
        Db::Sqlite(c) => header.get_result(*c).optional()?,
    };
    if held.is_none() {
        return Ok(None);
    }
    let references: Vec<&str> = lines.iter().map(|line| line.reference.as_str()).collect();
    let live = records::live(db, &partner, entity, &references)?;
    let unknown = records::unknown(db, &partner, entity, &references, &live)?;
    let lines: Vec<Line> = lines.into_iter().filter(|line| live.contains(&line.reference)).collect();
    match db {
        Db::Postgres(c) => drop(diesel::insert_into(snapshot_lines::table).values(&lines).execute(*c)?),
        // One by one: the statement stays prepared, whatever their number.
        Db::Sqlite(c) => {
            for line in &lines {
                diesel::insert_into(snapshot_lines::table).values(line).execute(*c)?;
            }
        }
    }
    Ok(Some(unknown))
}

/// A partner's snapshot of this query, if it is still kept at `now`.
pub fn find(db: &mut Db<'_>, partner: &str, id: &str, query: &str, now: i64) -> Result<Option<Snapshot>> {
    let found = on!(db, |c| snapshots::table.find(id).get_result::<Snapshot>(*c).optional())?;
    Ok(found.filter(|kept| kept.partner == partner && kept.query == query && kept.kept_until > now))
}

/// Up to `limit` lines of a snapshot behind the place `after`.
pub fn lines(db: &mut Db<'_>, snapshot: &str, after: i64, limit: i64) -> Result<Vec<Line>> {
    let query = snapshot_lines::table
        .filter(snapshot_lines::snapshot.eq(snapshot))
        .filter(snapshot_lines::place.gt(after))
        .order(snapshot_lines::place)
        .limit(limit);
    Ok(on!(db, |c| query.load(*c))?)
}

/// Deletes a part of a snapshot whose time was over at `now`, if there is any. Returns how many rows it was.
pub fn forget(db: &mut Db<'_>, now: i64) -> Result<usize> {
    let over = snapshots::table.filter(snapshots::kept_until.le(now)).select(snapshots::id).limit(1);
    let Some(id) = on!(db, |c| over.get_result::<String>(*c).optional())? else { return Ok(0) };
    let lines = snapshot_lines::table.filter(snapshot_lines::snapshot.eq(&id));
    let first: Option<i64> =
        on!(db, |c| lines.select(min(snapshot_lines::place)).get_result::<Option<i64>>(*c))?;
    let Some(first) = first else {
        on!(db, |c| diesel::delete(snapshots::table.find(&id)).execute(*c))?;
        return Ok(1);
    };
    let batch = lines.filter(snapshot_lines::place.lt(first + i64::try_from(BATCH).unwrap_or_default()));
    Ok(on!(db, |c| diesel::delete(batch).execute(*c))?)
}
