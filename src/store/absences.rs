//! Absences: the objects that a complete listing lacked or that single 404s would archive, and what became of each.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel::upsert::excluded;

use super::backend::{Db, on};
use super::schema::{absences, decisions};
use super::text::text_enum;
use crate::error::Result;

text_enum! {
    /// What is known of an object that was not listed.
    Verdict {
        /// Nothing yet.
        Unchecked => "unchecked",
        /// The partner no longer has it.
        Gone => "gone",
        /// The partner still has it.
        Here => "here",
        /// The partner's service could not say.
        Unclear => "unclear",
        /// Something happened to it since: it is left alone.
        Touched => "touched",
        /// It was gone, and was archived.
        Archived => "archived",
    }
}

text_enum! {
    /// What a person decided about a pull that waited.
    Decided { Approved => "approved", Rejected => "rejected" }
}

/// One object. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = absences)]
pub struct Absence {
    pub pull: String,
    pub reference: String,
    pub verdict: Verdict,
    pub stamp: i64,
    pub checked_at: Option<i64>,
}

/// A decision, when it was made and by whom.
#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = decisions)]
pub struct Decision {
    pub pull: String,
    pub verdict: Decided,
    pub decided_at: i64,
    pub decided_by: String,
}

/// Notes objects that are not known to be there; those that are noted already stay as they are.
pub fn enter(db: &mut Db<'_>, pull: &str, references: &[String], verdict: Verdict, stamp: i64) -> Result<()> {
    match db {
        Db::Postgres(c) => {
            let query = "INSERT INTO absences SELECT $1, unnest($2), $3, $4, NULL ON CONFLICT DO NOTHING";
            diesel::sql_query(query)
                .bind::<Text, _>(pull)
                .bind::<Array<Text>, _>(references)
                .bind::<Text, _>(verdict)
                .bind::<BigInt, _>(stamp)
                .execute(*c)?;
        }
        // One by one: the statement stays prepared, whatever their number.
        Db::Sqlite(c) => {
            for reference in references {
                let (pull, reference) = (pull.to_owned(), reference.clone());
                let row = Absence { pull, reference, verdict, stamp, checked_at: None };
                diesel::insert_into(absences::table).values(&row).on_conflict_do_nothing().execute(*c)?;
            }
        }
    }
    Ok(())
}

/// Notes one object as it is known now.
pub fn put(db: &mut Db<'_>, absence: &Absence) -> Result<()> {
    on!(db, |c| diesel::insert_into(absences::table)
        .values(absence)
        .on_conflict((absences::pull, absences::reference))
        .do_update()
        .set((
            absences::verdict.eq(excluded(absences::verdict)),
            absences::stamp.eq(excluded(absences::stamp)),
            absences::checked_at.eq(excluded(absences::checked_at)),
        ))
        .execute(*c))?;
    Ok(())
}

/// Whether an object is on the list of a pull.
pub fn has(db: &mut Db<'_>, pull: &str, reference: &str) -> Result<bool> {
    let found = absences::table.find((pull, reference));
    Ok(on!(db, |c| diesel::select(diesel::dsl::exists(found)).get_result(*c))?)
}

/// What is known of an object that a pull lacked.
pub fn find(db: &mut Db<'_>, pull: &str, reference: &str) -> Result<Option<Absence>> {
    Ok(on!(db, |c| absences::table.find((pull, reference)).get_result(*c).optional())?)
}

/// Up to `limit` objects of a pull, after `after`, of which this is known.
pub fn next(db: &mut Db<'_>, pull: &str, verdict: Verdict, after: &str, limit: i64) -> Result<Vec<Absence>> {
    let query = absences::table
        .filter(absences::pull.eq(pull))
        .filter(absences::verdict.eq(verdict))
        .filter(absences::reference.gt(after))
        .order(absences::reference)
        .limit(limit);
    Ok(on!(db, |c| query.load(*c))?)
}

/// Everything of a pull that is known so far is from now on known otherwise.
pub fn turn(db: &mut Db<'_>, pull: &str, from: Verdict, to: Verdict, now: i64) -> Result<()> {
    let rows = absences::table.filter(absences::pull.eq(pull)).filter(absences::verdict.eq(from));
    let known = (absences::verdict.eq(to), absences::checked_at.eq(now));
    on!(db, |c| diesel::update(rows).set(known).execute(*c))?;
    Ok(())
}

/// How many objects of a pull there are of each kind.
pub fn counts(db: &mut Db<'_>, pull: &str) -> Result<Vec<(Verdict, i64)>> {
    let query = absences::table
        .filter(absences::pull.eq(pull))
        .group_by(absences::verdict)
        .select((absences::verdict, count_star()));
    Ok(on!(db, |c| query.load(*c))?)
}

/// The objects of a pull by reference, from after `after`.
pub fn list(db: &mut Db<'_>, pull: &str, after: &str, limit: i64) -> Result<Vec<Absence>> {
    let query = absences::table
        .filter(absences::pull.eq(pull))
        .filter(absences::reference.gt(after))
        .order(absences::reference)
        .limit(limit);
    Ok(on!(db, |c| query.load(*c))?)
}

/// Remembers what was decided.
pub fn decide(db: &mut Db<'_>, decision: &Decision) -> Result<()> {
    on!(db, |c| diesel::insert_into(decisions::table).values(decision).execute(*c))?;
    Ok(())
}

/// What was decided about a pull.
pub fn decision(db: &mut Db<'_>, pull: &str) -> Result<Option<Decision>> {
    Ok(on!(db, |c| decisions::table.find(pull).get_result(*c).optional())?)
}
