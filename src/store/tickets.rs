//! Tickets: scoring calls whose object was not ready when the caller's patience ended.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::backend::{Db, on};
use super::retention::BATCH;
use super::schema::tickets;
use crate::error::Result;

/// One ticket. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = tickets)]
pub struct Ticket {
    pub id: String,
    pub partner: String,
    pub entity: String,
    pub reference: String,
    pub version: i64,
    pub question: String,
    pub created_at: i64,
    pub expires_at: i64,
}

/// Writes a ticket down.
pub fn insert(db: &mut Db<'_>, ticket: &Ticket) -> Result<()> {
    on!(db, |c| diesel::insert_into(tickets::table).values(ticket).execute(*c))?;
    Ok(())
}

/// One ticket of a partner that has not expired.
pub fn find(db: &mut Db<'_>, partner: &str, id: &str, now: i64) -> Result<Option<Ticket>> {
    let query =
        tickets::table.find(id).filter(tickets::partner.eq(partner)).filter(tickets::expires_at.gt(now));
    Ok(on!(db, |c| query.get_result(*c).optional())?)
}

/// How many tickets a partner holds.
pub fn count(db: &mut Db<'_>, partner: &str, now: i64) -> Result<i64> {
    let query = tickets::table
        .filter(tickets::partner.eq(partner))
        .filter(tickets::expires_at.gt(now))
        .select(count_star());
    Ok(on!(db, |c| query.get_result(*c))?)
}

/// How the tickets of a partner stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Tally {
    /// Those whose object is on its way.
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
    /// Those that have an answer: a page or a problem.
    #[diesel(sql_type = BigInt)]
    pub done: i64,
    /// Those that have expired and are to be deleted.
    #[diesel(sql_type = BigInt)]
    pub expired: i64,
}

/// Counts the tickets of a partner.
pub fn tally(db: &mut Db<'_>, partner: &str, now: i64) -> Result<Tally> {
    let query = "SELECT count(CASE WHEN state = 'waiting' THEN 1 END) AS waiting, \
        count(CASE WHEN state = 'done' THEN 1 END) AS done, count(CASE WHEN state = 'expired' THEN 1 END) AS expired \
        FROM (SELECT CASE WHEN tickets.expires_at <= $1 THEN 'expired' \
            WHEN records.settled_version < tickets.version AND records.wanted = 'present' AND records.missing = 0 \
                AND coalesce(records.outcome, '') <> 'set_aside' THEN 'waiting' \
            ELSE 'done' END AS state \
        FROM tickets LEFT JOIN records ON records.partner = tickets.partner AND records.entity = tickets.entity \
            AND records.reference = tickets.reference WHERE tickets.partner = $2) AS standing";
    let query = diesel::sql_query(query).bind::<BigInt, _>(now).bind::<Text, _>(partner);
    Ok(on!(db, |c| query.get_result(*c))?)
}

/// How many records of a partner that nobody but a scoring call has ever spoken of wait for their first read, counted up
/// to `limit`.
pub fn count_asked_for(db: &mut Db<'_>, partner: &str, limit: i64) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        counted: i64,
    }
    // Written as the partial index has it.
    let query = "SELECT count(*) AS counted FROM (SELECT 1 FROM records WHERE partner = $1 AND due_at IS NOT NULL \
        AND last_event IS NULL AND pull IS NULL AND presence = 'absent' AND wanted = 'present' LIMIT $2) AS waiting";
    let query = diesel::sql_query(query).bind::<Text, _>(partner).bind::<BigInt, _>(limit);
    let row: Row = on!(db, |c| query.get_result(*c))?;
    Ok(row.counted)
}

/// Deletes a batch of tickets that have expired. Returns how many it were.
pub fn delete_expired(db: &mut Db<'_>, now: i64) -> Result<usize> {
    let lock = match db {
        Db::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        Db::Sqlite(_) => "",
    };
    let query = diesel::sql_query(format!(
        "DELETE FROM tickets WHERE id IN (SELECT id FROM tickets WHERE expires_at <= $1 LIMIT {BATCH} {lock})"
    ));
    let query = query.bind::<BigInt, _>(now);
    Ok(on!(db, |c| query.execute(*c))?)
}
