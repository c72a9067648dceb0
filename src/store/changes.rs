//! Changes: what came of each piece of work, one narrow row each, for timelines and for those who poll.
//!
//! The feed must never skip. On PostgreSQL commits become visible in another order than their numbers were given, so a
//! row keeps its transaction, and only those are read below which no transaction is under way: whatever commits later
//! comes later in the order of `(xid, seq)`. SQLite has one writer, so `seq` alone is that order and `xid` stays 0.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::backend::{Db, on};
use super::page::look_at;
use super::records::Outcome;
use super::schema::{changes, forgotten};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};

/// A piece of work that was settled. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = changes, treat_none_as_default_value = false)]
pub struct Change {
    pub partner: String,
    pub entity: String,
    pub reference: String,
    pub version: i64,
    pub outcome: Outcome,
    pub received_at: Option<i64>,
    pub fetched_at: Option<i64>,
    pub mapped_at: Option<i64>,
    pub indexed_at: Option<i64>,
    pub searchable_at: Option<i64>,
    pub settled_at: i64,
    pub attempts: i32,
    pub problem: Option<String>,
    pub pull: Option<String>,
}

/// A change with its place in the feed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Kept {
    pub seq: i64,
    pub xid: i64,
    pub partner: String,
    pub entity: String,
    pub reference: String,
    pub version: i64,
    pub outcome: Outcome,
    pub received_at: Option<i64>,
    pub fetched_at: Option<i64>,
    pub mapped_at: Option<i64>,
    pub indexed_at: Option<i64>,
    pub searchable_at: Option<i64>,
    pub settled_at: i64,
    pub attempts: i32,
    pub problem: Option<String>,
    pub pull: Option<String>,
}

/// A place in the feed: the transaction and the number of the last row that was read.
pub type Place = (i64, i64);

/// What is in the feed; written out, since a bound value would not find the partial index.
const CHANGED: &str = "outcome <> 'unchanged'";

/// Keeps a change, in the transaction that settles it.
pub fn add(db: &mut Db<'_>, change: &Change) -> Result<()> {
    on!(db, |c| diesel::insert_into(changes::table).values(change).execute(*c))?;
    Ok(())
}

/// Up to one more than `limit` changes of one object, the newest first, from before the number `before`.
pub fn of_object(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    reference: &Reference,
    before: i64,
    limit: usize,
) -> Result<Vec<Kept>> {
    let query = changes::table
        .filter(changes::partner.eq(partner))
        .filter(changes::entity.eq(entity.singular()))
        .filter(changes::reference.eq(reference.as_str()))
        .filter(changes::seq.lt(before))
        .order(changes::seq.desc())
        .limit(look_at(limit, false));
    Ok(on!(db, |c| query.load(*c))?)
}

/// Up to one more than `limit` of what changed after `place`, the oldest first, or from the beginning; and the place that
/// was meant, which an empty answer leaves where it is.
///
/// # Errors
/// `Expired` when some of it was deleted already, `Invalid` when the feed never came to the place.
pub fn feed(
    db: &mut Db<'_>,
    partner: &str,
    place: Option<Place>,
    limit: usize,
) -> Result<(Vec<Kept>, Place)> {
    let found = after(db, partner, place.unwrap_or_default(), limit)?;
    // Asked after the rows: what is deleted between the two is told, and never passed over in silence.
    let newest = changes::table
        .filter(changes::partner.eq(partner))
        .filter(sql::<Bool>(CHANGED))
        .select((changes::xid, changes::seq))
        .order((changes::xid.desc(), changes::seq.desc()))
        .limit(1);
    let newest: Option<Place> = on!(db, |c| newest.load(*c))?.pop();
    let deleted = forgotten_until(db, partner)?.unwrap_or_default();
    let Some(place) = place else { return Ok((found, deleted)) };
    if place > deleted.max(newest.unwrap_or_default()) {
        let message = "the feed never came to this cursor; begin again without one";
        return Err(Error::new(Kind::Invalid, message).field("cursor", "is none of this feed's"));
    }
    if place < deleted {
        let message = "what followed this cursor is older than the retention and was deleted; read the records anew, \
                       and begin again without a cursor";
        return Err(Error::new(Kind::Expired, message));
    }
    Ok((found, place))
}

fn after(db: &mut Db<'_>, partner: &str, (xid, seq): Place, limit: usize) -> Result<Vec<Kept>> {
    let feed = changes::table
        .filter(changes::partner.eq(partner))
        .filter(sql::<Bool>(CHANGED))
        .order((changes::xid, changes::seq))
        .limit(look_at(limit, false));
    Ok(match db {
        Db::Postgres(c) => {
            let later = sql::<Bool>("(xid, seq) > (").bind::<BigInt, _>(xid).sql(", ").bind::<BigInt, _>(seq);
            let visible = "xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
            feed.filter(later.sql(")")).filter(sql::<Bool>(visible)).load(*c)?
        }
        // Equal, so that the index leads to the number: a comparison of both would read the feed from its beginning.
        Db::Sqlite(c) => feed.filter(changes::xid.eq(0)).filter(changes::seq.gt(seq)).load(*c)?,
    })
}

fn forgotten_until(db: &mut Db<'_>, partner: &str) -> Result<Option<Place>> {
    let query = forgotten::table.find(partner).select((forgotten::xid, forgotten::seq));
    Ok(on!(db, |c| query.get_result(*c).optional())?)
}

/// Remembers that a partner's feed was deleted up to `place`.
pub(super) fn forget_until(db: &mut Db<'_>, partner: &str, place: Place) -> Result<()> {
    let query = "INSERT INTO forgotten (partner, xid, seq) VALUES ($1, $2, $3) \
        ON CONFLICT (partner) DO UPDATE SET xid = excluded.xid, seq = excluded.seq \
        WHERE (excluded.xid, excluded.seq) > (forgotten.xid, forgotten.seq)";
    let query = diesel::sql_query(query)
        .bind::<Text, _>(partner)
        .bind::<BigInt, _>(place.0)
        .bind::<BigInt, _>(place.1);
    on!(db, |c| query.execute(*c))?;
    Ok(())
}
