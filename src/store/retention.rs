//! Deletes what is older than the retention, a small batch at a time.
//!
//! On PostgreSQL any node may do it: rows that another one is deleting are left to it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::backend::{Db, on};
use super::changes::{self, Place};
use crate::error::Result;

/// The most rows of one transaction: a webhook that waits for it does not notice.
pub const BATCH: usize = 500;

/// What is deleted of a table: rows of a partner from before `$2`, the oldest first.
struct Old {
    table: &'static str,
    key: &'static str,
    time: &'static str,
    /// What else must be true of a row.
    also: &'static str,
    /// Where it stood in the feed.
    place: &'static str,
}

const OLD: [Old; 3] = [
    Old { table: "deliveries", key: "id", time: "received_at", also: "true", place: NOWHERE },
    Old {
        table: "changes",
        key: "seq",
        time: "settled_at",
        also: "true",
        // What changed nothing was never in the feed.
        place: "CASE WHEN outcome = 'unchanged' THEN -1 ELSE xid END AS xid, seq",
    },
    Old {
        table: "pulls",
        key: "id",
        time: "created_at",
        // But for the last of each kind: the next one goes on from it.
        also: "finished_at < $2 AND state IN ('done', 'failed') AND EXISTS (SELECT 1 FROM pulls AS later \
            WHERE later.partner = old.partner AND later.entity = old.entity AND later.mode = old.mode \
            AND (later.created_at, later.id) > (old.created_at, old.id))",
        place: NOWHERE,
    },
];

const NOWHERE: &str = "CAST(-1 AS BIGINT) AS xid, CAST(0 AS BIGINT) AS seq";

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    partner: String,
}

#[derive(QueryableByName)]
struct Deleted {
    #[diesel(sql_type = BigInt)]
    xid: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// Deletes a batch of what is older than `before`, if there is any. Returns how many rows it was.
pub fn delete_batch(db: &mut Db<'_>, before: i64) -> Result<usize> {
    for old in &OLD {
        for partner in partners(db, old.table)? {
            let deleted = delete(db, old, &partner, before)?;
            let last: Option<Place> = deleted.iter().map(|row| (row.xid, row.seq)).max();
            if let Some(last) = last.filter(|(xid, _)| *xid >= 0) {
                changes::forget_until(db, &partner, last)?;
            }
            if !deleted.is_empty() {
                return Ok(deleted.len());
            }
        }
    }
    Ok(0)
}

fn delete(db: &mut Db<'_>, old: &Old, partner: &str, before: i64) -> Result<Vec<Deleted>> {
    let lock = match db {
        Db::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        Db::Sqlite(_) => "",
    };
    let Old { table, key, time, also, place } = old;
    let query = diesel::sql_query(format!(
        "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} AS old \
         WHERE partner = $1 AND {time} < $2 AND {also} ORDER BY {time} LIMIT {BATCH} {lock}) RETURNING {place}"
    ));
    let query = query.bind::<Text, _>(partner).bind::<BigInt, _>(before);
    Ok(on!(db, |c| query.load(*c))?)
}

/// The partners that a table knows, also those that are no longer configured; a look into the index for each.
fn partners(db: &mut Db<'_>, table: &str) -> Result<Vec<String>> {
    let query = diesel::sql_query(format!(
        "WITH RECURSIVE names (partner) AS (SELECT min(partner) FROM {table} UNION ALL \
         SELECT (SELECT min(partner) FROM {table} WHERE partner > names.partner) FROM names \
         WHERE names.partner IS NOT NULL) SELECT partner FROM names WHERE partner IS NOT NULL"
    ));
    let names: Vec<Name> = on!(db, |c| query.load(*c))?;
    Ok(names.into_iter().map(|name| name.partner).collect())
}
