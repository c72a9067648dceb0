//! How rows change: locked in one order by everybody, and written back many at a time.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::{Record, find};
use crate::error::Result;
use crate::model::{Entity, Reference};
use crate::store::backend::{Db, on};
use crate::store::schema::records;
use crate::store::text::as_json;

/// The records of several objects, locked until the transaction ends; those nothing was heard of come as unknown, and
/// on PostgreSQL they are made first, so that two nodes that hear of one at the same time meet at its row.
pub fn lock(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    references: &[&Reference],
) -> Result<Vec<Record>> {
    let mut found = select_for_update(db, partner, entity, references)?;
    let known: HashSet<&str> = found.iter().map(|record| record.reference.as_str()).collect();
    let mut missing: Vec<Record> = references
        .iter()
        .filter(|reference| !known.contains(reference.as_str()))
        .map(|reference| Record::unknown(partner, entity, reference))
        .collect();
    match db {
        Db::Postgres(c) if !missing.is_empty() => {
            // One order for everybody: two transactions never wait for each other.
            missing.sort_by(|a, b| a.reference.cmp(&b.reference));
            let made = diesel::sql_query(INSERT).bind::<Text, _>(as_json(&missing)?).execute(*c)?;
            if made == missing.len() {
                found.append(&mut missing);
            } else {
                // Another node has just made some of them.
                found = select_for_update(db, partner, entity, references)?;
            }
        }
        // The transaction already is SQLite's one writer: nobody else can make them.
        _ => found.append(&mut missing),
    }
    Ok(found)
}

pub(super) fn select_for_update(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    references: &[&Reference],
) -> Result<Vec<Record>> {
    match db {
        // Row by row in the order that is asked, so that two nodes never wait for each other; and always by the whole
        // key: a database that thinks the table is small would read all of a partner's rows instead.
        Db::Postgres(c) => {
            let query = "SELECT found.* FROM unnest($3) AS asked (reference) CROSS JOIN LATERAL (SELECT * FROM records \
                WHERE partner = $1 AND entity = $2 AND reference = asked.reference FOR UPDATE) AS found";
            let mut names: Vec<&str> = references.iter().map(|reference| reference.as_str()).collect();
            names.sort_unstable();
            let query = diesel::sql_query(query)
                .bind::<Text, _>(partner)
                .bind::<Text, _>(entity.singular())
                .bind::<Array<Text>, _>(names);
            Ok(query.load(*c)?)
        }
        // One by one: a list would be another statement for every length, to be prepared anew each time.
        Db::Sqlite(_) => {
            let found = references.iter().map(|reference| find(db, partner, entity, reference));
            found.filter_map(Result::transpose).collect()
        }
    }
}

/// The record of one object, locked until the transaction ends.
pub fn lock_one(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    reference: &Reference,
) -> Result<Option<Record>> {
    Ok(select_for_update(db, partner, entity, &[reference])?.pop())
}

/// Writes one record back.
pub fn save(db: &mut Db<'_>, record: &Record) -> Result<()> {
    let key = (&record.partner, &record.entity, &record.reference);
    on!(db, |c| diesel::update(records::table.find(key)).set(record).execute(*c))?;
    Ok(())
}

/// Writes several records back, or down for the first time; they were locked by this transaction.
pub fn save_all(db: &mut Db<'_>, changed: &[Record]) -> Result<()> {
    match db {
        Db::Postgres(c) => {
            if !changed.is_empty() {
                diesel::sql_query(UPSERT).bind::<Text, _>(as_json(changed)?).execute(*c)?;
            }
        }
        // One by one: the statement stays prepared, whatever their number.
        Db::Sqlite(c) => {
            for record in changed {
                diesel::replace_into(records::table).values(record).execute(*c)?;
            }
        }
    }
    Ok(())
}

/// Rows as one bound value: a statement with a value per column spends its time on being planned.
const UPSERT: &str = "INSERT INTO records SELECT * FROM json_populate_recordset(NULL::records, $1::json) \
    ON CONFLICT (partner, entity, reference) DO UPDATE SET \
    wanted = excluded.wanted, present_on = excluded.present_on, archived_on = excluded.archived_on, \
    archived_stamp = excluded.archived_stamp, version = excluded.version, \
    settled_version = excluded.settled_version, read_version = excluded.read_version, stamp = excluded.stamp, \
    due_at = excluded.due_at, waiting_since = excluded.waiting_since, lease = excluded.lease, \
    attempts = excluded.attempts, failures = excluded.failures, missing = excluded.missing, \
    missing_since = excluded.missing_since, rereads = excluded.rereads, last_event = excluded.last_event, \
    updated_at = excluded.updated_at, body = excluded.body, target = excluded.target, \
    presence = excluded.presence, hrflow_key = excluded.hrflow_key, fingerprint = excluded.fingerprint, \
    indexed_at = excluded.indexed_at, outcome = excluded.outcome, problem = excluded.problem, \
    notes = excluded.notes, pull = excluded.pull";

/// Makes rows that are not there; returns how many were not.
const INSERT: &str = "INSERT INTO records SELECT * FROM json_populate_recordset(NULL::records, $1::json) \
    ON CONFLICT DO NOTHING";

/// Deletes a record of which nobody knows but whoever asked for the object.
pub fn delete(db: &mut Db<'_>, record: &Record) -> Result<()> {
    let key = (&record.partner, &record.entity, &record.reference);
    on!(db, |c| diesel::delete(records::table.find(key)).execute(*c))?;
    Ok(())
}
