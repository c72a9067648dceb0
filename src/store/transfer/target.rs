//! The PostgreSQL database that is moved into: filled in batches, each with the place of the next, and nobody else's
//! meanwhile.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::super::backend::{self, Db, IN_USE, POSTGRES, on};
use super::catalogue::{self, Table};
use super::source::Counter;
use super::{Row, in_use};
use crate::error::{Error, Kind, Result};

/// The database, opened by no other process of ours.
pub(super) struct Target {
    connection: PgConnection,
}

/// A move that has begun.
pub(super) struct Begun {
    /// The table it has come to, and the key of the last row copied.
    pub(super) place: Option<(String, String)>,
    /// When it ended.
    pub(super) finished_at: Option<i64>,
}

#[derive(QueryableByName)]
struct Move {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Nullable<Text>)]
    at_table: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    after_key: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    finished_at: Option<i64>,
}

/// From where the database is being filled, while the move has not ended.
pub fn coming_from(db: &mut Db<'_>) -> Result<Option<String>> {
    let query = "SELECT * FROM moves WHERE finished_at IS NULL";
    let unfinished: Option<Move> = on!(db, |c| diesel::sql_query(query).get_result(*c).optional())?;
    Ok(unfinished.map(|unfinished| unfinished.source))
}

impl Target {
    /// Opens the database and brings it up to date.
    pub(super) fn open(url: &str) -> Result<Self> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            let problem = Error::new(Kind::Invalid, "there is nowhere to move to");
            return Err(problem.field("to", "must be postgres://…"));
        }
        let mut connection = PgConnection::establish(&backend::with_limits(url)?)
            .map_err(|cause| Error::new(Kind::Unavailable, "the target cannot be reached").because(cause))?;
        connection
            .batch_execute(&format!(
                "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; SET lock_timeout = '5s'; \
                 SELECT pg_advisory_lock({IN_USE})"
            ))
            .map_err(|cause| in_use("target", cause))?;
        backend::apply(&mut connection, POSTGRES)?;
        Ok(Self { connection })
    }

    pub(super) fn tables(&mut self) -> Result<Vec<Table>> {
        catalogue::of_postgres(&mut self.connection)
    }

    /// The move from this source, which begins only where there is nothing yet.
    pub(super) fn begin(&mut self, source: &str, tables: &[(Table, Table)]) -> Result<Begun> {
        let known: Option<Move> =
            diesel::sql_query("SELECT * FROM moves").get_result(&mut self.connection).optional()?;
        if let Some(known) = known {
            if known.source != source {
                let message = format!("the target was filled from {}; take an empty database", known.source);
                return Err(Error::new(Kind::Conflict, message));
            }
            let place = known.at_table.zip(known.after_key);
            return Ok(Begun { place, finished_at: known.finished_at });
        }
        for (table, _) in tables {
            if self.count(table)? > 0 {
                let message = "the target holds a ledger of its own; take an empty database";
                return Err(Error::new(Kind::Conflict, message));
            }
        }
        let insert = "INSERT INTO moves (source) VALUES ($1)";
        diesel::sql_query(insert).bind::<Text, _>(source).execute(&mut self.connection)?;
        Ok(Begun { place: None, finished_at: None })
    }

    pub(super) fn count(&mut self, table: &Table) -> Result<u64> {
        let count: i64 = diesel::select(table.count()).get_result(&mut self.connection)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Writes rows down, and that the move has come to this key, in one transaction.
    pub(super) fn insert(&mut self, table: &Table, rows: &[Row], key: &str) -> Result<()> {
        let name = &table.name;
        let rows: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let rows = format!("[{}]", rows.join(","));
        self.connection.transaction(|connection| {
            let insert = format!(
                "INSERT INTO \"{name}\" SELECT * FROM json_populate_recordset(NULL::\"{name}\", $1::json)"
            );
            diesel::sql_query(insert).bind::<Text, _>(rows).execute(connection)?;
            diesel::sql_query("UPDATE moves SET at_table = $1, after_key = $2")
                .bind::<Text, _>(name)
                .bind::<Text, _>(key)
                .execute(connection)?;
            Ok(())
        })
    }

    /// Up to `limit` rows in the order of their keys, after this one. The database sorts text its own way, which is of no
    /// account: each row is read once.
    pub(super) fn rows(&mut self, table: &Table, after: Option<&str>, limit: usize) -> Result<Vec<Row>> {
        let key = table.key();
        let names: Vec<String> = key.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let names = names.join(", ");
        let members: Vec<String> = key.iter().map(|(name, _)| format!("'{name}', \"{name}\"")).collect();
        let bounds: Vec<String> =
            key.iter().map(|(name, kind)| format!("($1::json ->> '{name}')::{kind}")).collect();
        let bound = after.map(|_| format!("WHERE ({names}) > ({})", bounds.join(", "))).unwrap_or_default();
        let query = format!(
            "SELECT row_to_json(t)::text AS text, json_build_object({})::text AS key FROM \"{}\" AS t {bound} \
             ORDER BY {names} LIMIT {limit}",
            members.join(", "),
            table.name,
        );
        let query = diesel::sql_query(query);
        Ok(match after {
            Some(after) => query.bind::<Text, _>(after).load(&mut self.connection)?,
            None => query.load(&mut self.connection)?,
        })
    }

    /// Sets every sequence to go on above the source's counter, and ends the move.
    pub(super) fn finish(
        &mut self,
        tables: &[(Table, Table)],
        counters: &[Counter],
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.connection.transaction(|connection| {
            for Counter { name, value } in counters.iter().filter(|counter| counter.value > 0) {
                // A counter is a sequence of its own, or that of the column by which a table numbers its rows.
                let numbered = tables.iter().map(|(_, table)| table).find(|table| table.name == *name);
                let sequence = match numbered.and_then(|table| table.key().first().copied()) {
                    Some((column, _)) => format!("pg_get_serial_sequence('\"{name}\"', '{column}')"),
                    None => format!("'\"{name}\"'"),
                };
                let set = format!("SELECT setval({sequence}::regclass, $1)");
                diesel::sql_query(set).bind::<BigInt, _>(value).execute(connection)?;
            }
            diesel::sql_query("UPDATE moves SET finished_at = $1, at_table = NULL, after_key = NULL")
                .bind::<BigInt, _>(now.timestamp_micros())
                .execute(connection)?;
            Ok(())
        })
    }
}
