//! The move from SQLite to PostgreSQL: every table in batches by its key, resumable, compared row by row at the end.
//!
//! The tables come from the databases' own catalogues, so that a new one needs no line here. Both databases are the
//! move's alone while it runs. The way back is none: what orders changes in PostgreSQL has no meaning elsewhere.

mod catalogue;
mod source;
mod sum;
mod target;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::Text;

pub use sum::Sum;
pub use target::coming_from;

use crate::error::{Error, Kind, Result};
use catalogue::Table;
use source::Source;
use target::Target;

/// How much is read at once, in bytes: memory stays flat whatever a row holds.
const BATCH_BYTES: usize = 4 << 20;

/// The most rows read at once.
const BATCH_ROWS: usize = 2_000;

/// How far a move has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Whether rows are compared already, or still copied.
    pub comparing: bool,
    /// The table it is at.
    pub table: &'a str,
    /// Rows done.
    pub done: u64,
    /// Rows there are to do.
    pub of: u64,
}

/// What a table holds on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The table.
    pub table: String,
    /// What the source holds.
    pub source: Sum,
    /// What the target holds.
    pub target: Sum,
}

/// A row as JSON, and its key.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = Text)]
    key: String,
}

/// Copies what is not copied yet, and compares it all. The target serves once everything is equal; a move that ended
/// before is only compared again.
///
/// # Errors
/// `Invalid` for URLs it cannot move between, `Conflict` when one of the databases is in use or the target holds a
/// ledger that did not come from this source.
pub fn run(
    from: &str,
    to: &str,
    now: DateTime<Utc>,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Compared>> {
    let mut source = Source::open(from)?;
    let mut target = Target::open(to)?;
    let tables = paired(&mut source, &mut target)?;
    let mut of = 0;
    for (table, _) in &tables {
        of += source.count(table)?;
    }
    let begun = target.begin(&source.place, &tables)?;
    if begun.finished_at.is_none() {
        copy(&mut source, &mut target, &tables, begun.place.as_ref(), of, tell)?;
    }
    let compared = compare(&mut source, &mut target, &tables, of, tell)?;
    if begun.finished_at.is_none() && compared.iter().all(|table| table.source == table.target) {
        target.finish(&tables, &source.counters()?, now)?;
    }
    Ok(compared)
}

/// Each table as the source and as the target describes it. What only the target has is between its nodes.
fn paired(source: &mut Source, target: &mut Target) -> Result<Vec<(Table, Table)>> {
    let mut there = target.tables()?;
    let pair = |here: Table| match there.iter().position(|there| there.shape() == here.shape()) {
        Some(place) => Ok((here, there.swap_remove(place))),
        None => Err(Error::new(Kind::Internal, format!("the target has no table like `{}`", here.name))),
    };
    source.tables()?.into_iter().map(pair).collect()
}

fn copy(
    source: &mut Source,
    target: &mut Target,
    tables: &[(Table, Table)],
    from: Option<&(String, String)>,
    of: u64,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<()> {
    let mut done = 0;
    for (table, _) in tables {
        let mut after = match from {
            Some((at, _)) if table.name < *at => {
                done += source.count(table)?;
                continue;
            }
            Some((at, key)) if table.name == *at => {
                done += target.count(table)?;
                Some(key.clone())
            }
            _ => None,
        };
        let mut limit = BATCH_ROWS;
        loop {
            let rows = source.rows(table, after.as_deref(), limit)?;
            let Some(last) = rows.last() else { break };
            target.insert(table, &rows, &last.key)?;
            done += rows.len() as u64;
            tell(Progress { comparing: false, table: &table.name, done, of });
            limit = next_limit(&rows);
            after = rows.into_iter().next_back().map(|row| row.key);
        }
    }
    Ok(())
}

fn compare(
    source: &mut Source,
    target: &mut Target,
    tables: &[(Table, Table)],
    of: u64,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Compared>> {
    let mut done = 0;
    let mut compared = Vec::with_capacity(tables.len());
    for (here, there) in tables {
        let told = Sum::of(|after, limit| source.rows(here, after, limit))?;
        let found = Sum::of(|after, limit| target.rows(there, after, limit))?;
        done += told.rows;
        tell(Progress { comparing: true, table: &here.name, done, of });
        compared.push(Compared { table: here.name.clone(), source: told, target: found });
    }
    Ok(compared)
}

/// So many rows of this size that the next batch has about [`BATCH_BYTES`].
fn next_limit(rows: &[Row]) -> usize {
    let bytes: usize = rows.iter().map(|row| row.text.len()).sum();
    (rows.len() * BATCH_BYTES / bytes.max(1)).clamp(1, BATCH_ROWS)
}

/// Somebody else has the database open.
fn in_use(which: &str, cause: diesel::result::Error) -> Error {
    let message = format!("the {which} is in use: stop every `serve`, `pull` and shell that has it open");
    Error::new(Kind::Conflict, message).because(cause)
}
