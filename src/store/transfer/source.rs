//! The SQLite file that is moved: read in batches, and nobody else's meanwhile.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::super::backend::{self, SQLITE};
use super::catalogue::{self, Table};
use super::{Row, in_use};
use crate::error::{Error, Kind, Result};

/// Other processes hold a shared lock on the file for as long as they have it open in WAL mode; the first access in
/// exclusive mode is refused while one does, and keeps them out from then on.
const ALONE: &str = "PRAGMA busy_timeout = 5000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; \
    BEGIN EXCLUSIVE; COMMIT;";

/// The file, opened by nobody else.
pub(super) struct Source {
    /// Where it is.
    pub(super) place: String,
    connection: SqliteConnection,
    counters: Vec<String>,
}

/// A number that must not be given again: the sequence or the table it belongs to, and the last one given.
#[derive(QueryableByName)]
pub(super) struct Counter {
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    #[diesel(sql_type = BigInt)]
    pub(super) value: i64,
}

impl Source {
    pub(super) fn open(url: &str) -> Result<Self> {
        let invalid = |detail: &str| {
            Error::new(Kind::Invalid, "there is nothing to move from").field("from", detail.to_owned())
        };
        let path = url.strip_prefix("sqlite://").ok_or_else(|| invalid("must be sqlite://FILE"))?;
        let place = Path::new(path).canonicalize().map_err(|_| invalid("must be a file that exists"))?;
        let mut connection = SqliteConnection::establish(path)
            .map_err(|cause| Error::new(Kind::Unavailable, "the source cannot be opened").because(cause))?;
        connection.batch_execute(ALONE).map_err(|cause| in_use("source", cause))?;
        if backend::pending(&mut connection, SQLITE)? {
            let message = "the source is of an earlier version: bring it up to date with `migrate` first";
            return Err(Error::new(Kind::Conflict, message));
        }
        Ok(Self { place: place.display().to_string(), connection, counters: Vec::new() })
    }

    pub(super) fn tables(&mut self) -> Result<Vec<Table>> {
        let (tables, counters) = catalogue::of_sqlite(&mut self.connection)?;
        self.counters = counters;
        Ok(tables)
    }

    pub(super) fn count(&mut self, table: &Table) -> Result<u64> {
        let count: i64 = diesel::select(table.count()).get_result(&mut self.connection)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Up to `limit` rows in the order of their keys, after this one.
    pub(super) fn rows(&mut self, table: &Table, after: Option<&str>, limit: usize) -> Result<Vec<Row>> {
        let object = |columns: &mut dyn Iterator<Item = &str>| {
            let members: Vec<String> = columns.map(|name| format!("'{name}', \"{name}\"")).collect();
            format!("json_object({})", members.join(", "))
        };
        let key = table.key();
        let names: Vec<String> = key.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let names = names.join(", ");
        let bounds: Vec<String> =
            key.iter().map(|(name, _)| format!("json_extract($1, '$.{name}')")).collect();
        let bound = after.map(|_| format!("WHERE ({names}) > ({})", bounds.join(", "))).unwrap_or_default();
        let query = format!(
            "SELECT {} AS text, {} AS key FROM \"{}\" {bound} ORDER BY {names} LIMIT {limit}",
            object(&mut table.columns().map(|(name, _)| name)),
            object(&mut key.iter().map(|(name, _)| *name)),
            table.name,
        );
        let query = diesel::sql_query(query);
        Ok(match after {
            Some(after) => query.bind::<Text, _>(after).load(&mut self.connection)?,
            None => query.load(&mut self.connection)?,
        })
    }

    /// The database's counters, and those of tables that number their rows.
    pub(super) fn counters(&mut self) -> Result<Vec<Counter>> {
        let mut counters = Vec::new();
        for name in &self.counters {
            let query = format!("SELECT '{name}' AS name, value FROM \"{name}\"");
            counters.append(&mut diesel::sql_query(query).load(&mut self.connection)?);
        }
        let numbered = sql::<Bool>("EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence')");
        if diesel::select(numbered).get_result(&mut self.connection)? {
            let query = "SELECT name, seq AS value FROM sqlite_sequence";
            counters.append(&mut diesel::sql_query(query).load(&mut self.connection)?);
        }
        Ok(counters)
    }
}
