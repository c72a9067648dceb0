//! The ledger, which is also the queue: one row per object of a partner.

use std::collections::HashSet;
use std::hash::BuildHasher;

use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Text};
use serde::Serialize;

use super::among::Among;
use super::backend::{Db, on};
use super::schema::records;
use super::text::{as_json, text_enum};
use super::written_out::WrittenOut;
use crate::error::Result;
use crate::model::{Entity, Reference};

text_enum! {
    /// What the partner wants HrFlow to show.
    Wanted {
        /// What the partner has.
        Present => "present",
        /// Nothing, until there is later news.
        Archived => "archived",
        /// Nothing any more, whatever is told: what is left of the record is its tombstone.
        Erased => "erased",
    }
}

text_enum! {
    /// What we believe the target holds under the reference.
    Presence {
        /// Never sent.
        Absent => "absent",
        /// Sent, and the answer was not read: it may be there or not.
        Unclear => "unclear",
        /// It is there.
        Present => "present",
        /// It is there, archived.
        Archived => "archived",
    }
}

text_enum! {
    /// How the last settlement ended.
    Outcome {
        /// HrFlow took it.
        Indexed => "indexed",
        /// HrFlow had it already.
        Unchanged => "unchanged",
        /// HrFlow shows it no longer.
        Archived => "archived",
        /// HrFlow holds nothing of it, and neither do we.
        Erased => "erased",
        /// It waits for a change, or for somebody.
        SetAside => "set_aside",
    }
}

/// What we know of one object. Times are Unix microseconds; the columns are explained in the migration.
#[derive(
    Clone, Debug, PartialEq, Serialize, Queryable, QueryableByName, Insertable, AsChangeset, Identifiable,
)]
#[diesel(table_name = records, primary_key(partner, entity, reference), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub struct Record {
    pub partner: String,
    pub entity: String,
    pub reference: String,
    pub wanted: Wanted,
    pub present_on: Option<i64>,
    pub archived_on: Option<i64>,
    pub archived_stamp: i64,
    pub version: i64,
    pub settled_version: i64,
    pub read_version: i64,
    pub stamp: i64,
    pub due_at: Option<i64>,
    pub waiting_since: Option<i64>,
    pub lease: Option<String>,
    pub attempts: i32,
    pub failures: i32,
    pub missing: i32,
    pub missing_since: Option<i64>,
    pub rereads: i32,
    pub last_event: Option<String>,
    pub updated_at: Option<i64>,
    pub body: Option<String>,
    pub target: Option<String>,
    pub presence: Presence,
    pub hrflow_key: Option<String>,
    pub fingerprint: Option<String>,
    pub indexed_at: Option<i64>,
    pub outcome: Option<Outcome>,
    pub problem: Option<String>,
    pub notes: Option<String>,
    pub pull: Option<String>,
}

impl Record {
    /// A record of an object nothing has been heard of yet.
    pub fn unknown(partner: &str, entity: Entity, reference: &Reference) -> Self {
        Self::empty(partner.to_owned(), entity.singular().to_owned(), reference.as_str().to_owned())
    }

    /// What is left when everything is dropped but the name.
    pub(super) fn emptied(&self) -> Self {
        Self::empty(self.partner.clone(), self.entity.clone(), self.reference.clone())
    }

    fn empty(partner: String, entity: String, reference: String) -> Self {
        Self {
            partner,
            entity,
            reference,
            wanted: Wanted::Present,
            present_on: None,
            archived_on: None,
            archived_stamp: 0,
            version: 0,
            settled_version: 0,
            read_version: 0,
            stamp: 0,
            due_at: None,
            waiting_since: None,
            lease: None,
            attempts: 0,
            failures: 0,
            missing: 0,
            missing_since: None,
            rereads: 0,
            last_event: None,
            updated_at: None,
            body: None,
            target: None,
            presence: Presence::Absent,
            hrflow_key: None,
            fingerprint: None,
            indexed_at: None,
            outcome: None,
            problem: None,
            notes: None,
            pull: None,
        }
    }

    /// Whether a change waits to be brought to HrFlow.
    pub fn is_pending(&self) -> bool {
        self.version > self.settled_version && self.outcome != Some(Outcome::SetAside)
    }

    /// Whether nobody but a scoring call has ever spoken of it, and HrFlow was told nothing.
    pub fn is_only_asked_for(&self) -> bool {
        self.wanted == Wanted::Present
            && self.last_event.is_none()
            && self.pull.is_none()
            && self.settled_version == 0
            && self.presence == Presence::Absent
    }

    /// Whether HrFlow shows it, as far as we know.
    pub fn is_indexed(&self) -> bool {
        self.presence == Presence::Present && self.hrflow_key.is_some()
    }
}

/// The record of one object, if anything was ever heard of it.
pub fn find(db: &mut Db<'_>, partner: &str, entity: Entity, reference: &Reference) -> Result<Option<Record>> {
    let key = (partner, entity.singular(), reference.as_str());
    // Without a limit, which a key needs none of: SQLite plans a statement with a bound limit anew at every use.
    Ok(on!(db, |c| records::table.find(key).get_result(*c).optional())?)
}

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

fn select_for_update(
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

/// Which of `references` are a partner's own and live.
pub fn live(db: &mut Db<'_>, partner: &str, entity: Entity, references: &[&str]) -> Result<HashSet<String>> {
    let live = records::table
        .filter(records::partner.eq(partner))
        .filter(records::entity.eq(entity.singular()))
        .filter(WrittenOut("records.wanted = 'present'"))
        .select(records::reference);
    let live: Vec<String> = match db {
        Db::Postgres(c) => live.filter(records::reference.eq_any(references)).load(*c)?,
        Db::Sqlite(c) => live.filter(Among::of(references)?).load(*c)?,
    };
    Ok(live.into_iter().collect())
}

/// How many of `references`, of which these are live, were never heard of: the others are archived or erased.
pub fn unknown(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    references: &[&str],
    live: &HashSet<String, impl BuildHasher>,
) -> Result<usize> {
    let others = references.iter().filter(|one| !live.contains(**one)).map(|one| (*one).to_owned());
    let others: Vec<String> = others.collect();
    if others.is_empty() {
        return Ok(0);
    }
    Ok(others.len() - glance(db, partner, entity, &others)?.len())
}

/// A record at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = records)]
pub struct Glance {
    pub reference: String,
    pub wanted: Wanted,
    pub fingerprint: Option<String>,
    pub indexed_at: Option<i64>,
    pub lease: Option<String>,
}

impl Glance {
    /// The fingerprint of what HrFlow has, if it is sure that HrFlow had the same at `then`: it was sent nothing since, and
    /// nobody is about to send it anything.
    pub fn fingerprint_since(self, then: i64) -> Option<String> {
        let is_sure = self.lease.is_none() && self.indexed_at.is_some_and(|indexed_at| indexed_at <= then);
        self.fingerprint.filter(|_| is_sure)
    }
}

/// Those of `references` of which anything was ever heard.
pub fn glance(db: &mut Db<'_>, partner: &str, entity: Entity, references: &[String]) -> Result<Vec<Glance>> {
    let heard_of =
        records::table.filter(records::partner.eq(partner)).filter(records::entity.eq(entity.singular()));
    Ok(match db {
        Db::Postgres(c) => {
            heard_of.filter(records::reference.eq_any(references)).select(Glance::as_select()).load(*c)?
        }
        Db::Sqlite(c) => heard_of.filter(Among::of(references)?).select(Glance::as_select()).load(*c)?,
    })
}

/// Which of `references` are a partner's own and live, held so until the transaction ends.
pub fn hold_live(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    references: &[&Reference],
) -> Result<HashSet<String>> {
    let held = select_for_update(db, partner, entity, references)?;
    let live = held.into_iter().filter(|record| record.wanted == Wanted::Present);
    Ok(live.map(|record| record.reference).collect())
}

/// Deletes a record of which nobody knows but whoever asked for the object.
pub fn delete(db: &mut Db<'_>, record: &Record) -> Result<()> {
    let key = (&record.partner, &record.entity, &record.reference);
    on!(db, |c| diesel::delete(records::table.find(key)).execute(*c))?;
    Ok(())
}

/// How many records a pull made due and are not settled yet, and how many of its were set aside.
pub fn progress_of(db: &mut Db<'_>, pull: &str) -> Result<(i64, i64)> {
    let waiting = records::table
        .filter(records::pull.eq(pull))
        .filter(records::due_at.is_not_null())
        .select(count_star());
    let set_aside = records::table
        .filter(records::pull.eq(pull))
        .filter(records::outcome.eq(Outcome::SetAside))
        .select(count_star());
    Ok((on!(db, |c| waiting.first(*c))?, on!(db, |c| set_aside.first(*c))?))
}

/// What a partner's mailbox looks like from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Records that are due or leased.
    pub due: i64,
    /// Since when the oldest change waits to be brought to HrFlow, whatever it waits for.
    pub waiting_since: Option<i64>,
    /// Records that were set aside.
    pub set_aside: i64,
}

/// What a partner's mailbox looks like from outside.
pub fn backlog(db: &mut Db<'_>, partner: &str) -> Result<Backlog> {
    let due = records::table
        .filter(records::partner.eq(partner))
        .filter(records::due_at.is_not_null())
        .select(count_star());
    let waiting_since = records::table
        .filter(records::partner.eq(partner))
        .filter(records::due_at.is_not_null())
        .select(min(records::waiting_since));
    // Written out: a bound value would not find the partial index.
    let set_aside = records::table
        .filter(records::partner.eq(partner))
        .filter(sql::<Bool>("outcome = 'set_aside'"))
        .select(count_star());
    Ok(Backlog {
        due: on!(db, |c| due.first(*c))?,
        waiting_since: on!(db, |c| waiting_since.first(*c))?,
        set_aside: on!(db, |c| set_aside.first(*c))?,
    })
}
