//! The ledger as a queue: what is due, when the next is, and whose lease lasts.

use std::collections::HashSet;

use diesel::dsl::{min, sql};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::Record;
use super::write::select_for_update;
use crate::error::Result;
use crate::model::{Entity, Reference};
use crate::store::backend::{Db, on};
use crate::store::schema::records;

/// Up to `limit` records of a partner that are due, the longest due first, locked; those another node has just locked
/// are left to it.
pub fn due(db: &mut Db<'_>, partner: &str, now: i64, limit: i64) -> Result<Vec<Record>> {
    let query = records::table
        .filter(records::partner.eq(partner))
        .filter(records::due_at.le(now))
        .order(records::due_at)
        .limit(limit);
    Ok(match db {
        Db::Postgres(c) => query.for_update().skip_locked().load(*c)?,
        Db::Sqlite(c) => query.load(*c)?,
    })
}

/// Whether a record must be fetched before anything can be sent, as the index `records_by_need` has it.
const IS_UNREAD: &str = "(CASE WHEN body IS NULL AND wanted = 'present' THEN 1 ELSE 0 END)";

/// As [`due`], of those alone that must be fetched from the partner first (`unread`), or of those that need not.
pub fn due_in_need(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    unread: bool,
    now: i64,
    limit: i64,
) -> Result<Vec<Record>> {
    let query = records::table
        .filter(records::partner.eq(partner))
        .filter(records::entity.eq(entity.singular()))
        .filter(sql::<Integer>(IS_UNREAD).eq(i32::from(unread)))
        .filter(records::due_at.le(now))
        .order(records::due_at)
        .limit(limit);
    Ok(match db {
        Db::Postgres(c) => query.for_update().skip_locked().load(*c)?,
        Db::Sqlite(c) => query.load(*c)?,
    })
}

/// When the next of them is due.
pub fn next_due_in_need(db: &mut Db<'_>, partner: &str, entity: Entity, unread: bool) -> Result<Option<i64>> {
    let query = records::table
        .filter(records::partner.eq(partner))
        .filter(records::entity.eq(entity.singular()))
        .filter(sql::<Integer>(IS_UNREAD).eq(i32::from(unread)))
        .filter(records::due_at.is_not_null())
        .select(min(records::due_at));
    Ok(on!(db, |c| query.get_result(*c))?)
}

/// When the next record of a partner is due.
pub fn next_due(db: &mut Db<'_>, partner: &str) -> Result<Option<i64>> {
    let query = records::table
        .filter(records::partner.eq(partner))
        .filter(records::due_at.is_not_null())
        .select(min(records::due_at));
    Ok(on!(db, |c| query.get_result(*c))?)
}

/// How many records of a partner are due or leased, counted up to `limit`; those that wait for the partner to find them
/// again are not, since reading more would not delay them.
pub fn count_due(db: &mut Db<'_>, partner: &str, limit: i64) -> Result<i64> {
    let query = records::table
        .filter(records::partner.eq(partner))
        .filter(records::due_at.is_not_null())
        .filter(records::missing.eq(0))
        .select(records::due_at)
        .limit(limit);
    let rows = on!(db, |c| query.load::<Option<i64>>(*c))?;
    Ok(i64::try_from(rows.len()).unwrap_or(limit))
}

/// Extends leases until `until`, each given as reference and token. Returns the references that are still their tokens'.
pub fn renew(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    leases: &[(&Reference, &str)],
    until: i64,
) -> Result<HashSet<String>> {
    let references: Vec<&Reference> = leases.iter().map(|(reference, _)| *reference).collect();
    // Locked in the order in which everybody locks: a renewal and a page never wait for each other.
    let mut ours = select_for_update(db, partner, entity, &references)?;
    ours.retain(|record| {
        leases.iter().any(|(reference, token)| {
            reference.as_str() == record.reference && record.lease.as_deref() == Some(token)
        })
    });
    let references: Vec<String> = ours.into_iter().map(|record| record.reference).collect();
    let held = records::table
        .filter(records::partner.eq(partner))
        .filter(records::entity.eq(entity.singular()))
        .filter(records::reference.eq_any(&references));
    on!(db, |c| diesel::update(held).set(records::due_at.eq(until)).execute(*c))?;
    Ok(references.into_iter().collect())
}
