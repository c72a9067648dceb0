//! The lines of exports: planned in the order of the ledger, written in the order in which they are done.

use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};

use super::super::backend::{Db, on};
use super::super::retention::BATCH;
use super::super::schema::{export_lines, exports, records};
use super::{Export, names, save, scored_for};
use crate::error::{Error, Kind, Result};
use crate::model::Entity;

/// Lines that are planned at a time.
const PLANNED: i64 = 500;

/// A line that waits to be written.
#[derive(Clone, Debug, PartialEq, Queryable)]
pub struct Planned {
    pub number: i64,
    pub reference: String,
    pub attempts: i32,
}

/// An object that a line lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    pub reference: String,
    pub score: f64,
    pub rank: u64,
}

/// What is written in a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// The matches, the best first.
    Matches(Vec<Match>),
    /// Why there are none, as JSON.
    Problem(String),
}

/// A line as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub position: i64,
    pub reference: String,
    pub scored_at: i64,
    pub items: Option<Vec<Match>>,
    pub problem: Option<String>,
}

/// What HrFlow shows. Written out: a bound value would not find the partial index.
const SHOWN: &str = "wanted = 'present' AND presence = 'present'";

/// How many objects of a kind a partner has that HrFlow shows.
pub fn count_live(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<i64> {
    let query = records::table
        .filter(records::partner.eq(partner))
        .filter(records::entity.eq(entity.singular()))
        .filter(sql::<Bool>(SHOWN))
        .select(count_star());
    Ok(on!(db, |c| query.get_result(*c))?)
}

/// Plans lines of these objects, behind those that are planned.
pub fn plan(db: &mut Db<'_>, export: &mut Export, references: &[String], now: i64) -> Result<()> {
    let numbers: Vec<i64> = (export.planned + 1..).take(references.len()).collect();
    match db {
        Db::Postgres(c) => {
            let query = "INSERT INTO export_lines (export, number, reference, due_at, attempts) \
                SELECT $1, number, reference, $4, 0 FROM unnest($2, $3) AS planned (number, reference)";
            diesel::sql_query(query)
                .bind::<Text, _>(&export.id)
                .bind::<Array<BigInt>, _>(&numbers)
                .bind::<Array<Text>, _>(references)
                .bind::<BigInt, _>(now)
                .execute(*c)?;
        }
        // One by one: the statement stays prepared, whatever their number.
        Db::Sqlite(c) => {
            for (number, reference) in numbers.iter().zip(references) {
                let row = (
                    export_lines::export.eq(&export.id),
                    export_lines::number.eq(number),
                    export_lines::reference.eq(reference),
                    export_lines::due_at.eq(now),
                    export_lines::attempts.eq(0),
                );
                diesel::insert_into(export_lines::table).values(row).execute(*c)?;
            }
        }
    }
    export.planned = numbers.last().copied().unwrap_or(export.planned);
    Ok(())
}

/// Walks on in the ledger, until its end, for lines of the objects that HrFlow shows.
pub fn walk(db: &mut Db<'_>, export: &mut Export, now: i64) -> Result<()> {
    let (Some(after), Some(entity)) = (export.walked.clone(), scored_for(export)) else { return Ok(()) };
    let query = records::table
        .filter(records::partner.eq(&export.partner))
        .filter(records::entity.eq(entity.singular()))
        .filter(records::reference.gt(&after))
        .filter(sql::<Bool>(SHOWN))
        .order(records::reference)
        .select(records::reference)
        .limit(PLANNED);
    let found: Vec<String> = on!(db, |c| query.load(*c))?;
    plan(db, export, &found, now)?;
    export.walked = found.last().filter(|_| i64::try_from(found.len()) == Ok(PLANNED)).cloned();
    Ok(())
}

/// Up to `limit` lines that are due, in the order in which they were planned.
pub fn due(db: &mut Db<'_>, export: &str, now: i64, limit: i64) -> Result<Vec<Planned>> {
    let query = waiting(export)
        .filter(export_lines::due_at.le(now))
        .order((export_lines::due_at, export_lines::number))
        .select((export_lines::number, export_lines::reference, export_lines::attempts))
        .limit(limit);
    Ok(on!(db, |c| query.load(*c))?)
}

/// When the next line is due; none when every line that was planned is written.
pub fn next_due(db: &mut Db<'_>, export: &str) -> Result<Option<i64>> {
    let query = waiting(export).select(min(export_lines::due_at));
    Ok(on!(db, |c| query.get_result(*c))?)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn waiting<'a>(export: &'a str) -> _ {
    export_lines::table.filter(export_lines::export.eq(export)).filter(export_lines::position.is_null())
}

/// Writes a line and counts it, for whoever holds the export's lease. Nothing happens to a line that is written already,
/// or whose object was forgotten meanwhile.
pub fn write(db: &mut Db<'_>, export: &mut Export, number: i64, content: &Content, now: i64) -> Result<()> {
    let line = export_lines::table.find((&export.id, number)).filter(export_lines::position.is_null());
    let position = export.lines + 1;
    let taken = (export_lines::position.eq(position), export_lines::scored_at.eq(now));
    if on!(db, |c| diesel::update(line).set(taken).execute(*c))? == 0 {
        return Ok(());
    }
    let (items, problem) = match content {
        Content::Matches(matches) => (Some(names::encode(db, export, matches)?), None),
        Content::Problem(problem) => (None, Some(problem)),
    };
    let content = (export_lines::items.eq(items), export_lines::problem.eq(problem));
    let line = export_lines::table.find((&export.id, number));
    on!(db, |c| diesel::update(line).set(content).execute(*c))?;
    export.lines = position;
    export.failed += i64::from(problem.is_some());
    save(db, export)
}

/// Tries a line again at `due_at`, after `attempts` failures in a row.
pub fn put_off(db: &mut Db<'_>, export: &str, number: i64, due_at: i64, attempts: i32) -> Result<()> {
    let line = export_lines::table.find((export, number)).filter(export_lines::position.is_null());
    let later = (export_lines::due_at.eq(due_at), export_lines::attempts.eq(attempts));
    on!(db, |c| diesel::update(line).set(later).execute(*c))?;
    Ok(())
}

/// Up to `limit` lines behind a position.
pub fn read(db: &mut Db<'_>, export: &str, after: i64, limit: i64) -> Result<Vec<Line>> {
    type Row = (Option<i64>, String, Option<i64>, Option<String>, Option<String>);
    let query = export_lines::table
        .filter(export_lines::export.eq(export))
        .filter(sql::<Bool>("position IS NOT NULL"))
        .filter(export_lines::position.gt(after))
        .order(export_lines::position)
        .limit(limit)
        .select((
            export_lines::position,
            export_lines::reference,
            export_lines::scored_at,
            export_lines::items,
            export_lines::problem,
        ));
    let rows: Vec<Row> = on!(db, |c| query.load(*c))?;
    let mut encoded = Vec::with_capacity(rows.len());
    for (_, _, _, items, _) in &rows {
        encoded.push(items.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?);
    }
    let mut decoded = names::decode(db, export, encoded)?.into_iter();
    let lines = rows.into_iter().map(|(position, reference, scored_at, _, problem)| Line {
        position: position.unwrap_or_default(),
        reference,
        scored_at: scored_at.unwrap_or_default(),
        items: decoded.next().flatten(),
        problem,
    });
    Ok(lines.collect())
}

fn unreadable(cause: serde_json::Error) -> Error {
    Error::new(Kind::Internal, "a line of an export cannot be read").because(cause)
}

/// Forgets an object: its own lines. Those that list it know only the number of its name.
pub(in crate::store) fn forget(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    reference: &str,
) -> Result<()> {
    let ours = exports::table
        .filter(exports::partner.eq(partner))
        .filter(exports::ranked.eq(entity.other().singular()))
        .select(exports::id);
    let lines = export_lines::table
        .filter(export_lines::export.eq_any(ours))
        .filter(export_lines::reference.eq(reference));
    on!(db, |c| diesel::delete(lines).execute(*c))?;
    Ok(())
}

/// Deletes some lines of an export. Returns how many it were.
pub(super) fn delete_batch(db: &mut Db<'_>, export: &str) -> Result<usize> {
    let query = diesel::sql_query(format!(
        "DELETE FROM export_lines WHERE export = $1 AND number IN \
         (SELECT number FROM export_lines WHERE export = $1 ORDER BY number LIMIT {BATCH})"
    ));
    let query = query.bind::<Text, _>(export);
    Ok(on!(db, |c| query.execute(*c))?)
}
