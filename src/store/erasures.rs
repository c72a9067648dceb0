//! Erasures: the evidence, which names nobody, and everything of ours that must go.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::backend::{Db, on};
use super::records::{Outcome, Record, Wanted};
use super::schema::{
    absences, archivals, changes, deliveries, erasures, listed, pulls, snapshot_lines, tickets,
};
use super::{explanations, exports, mailbox};
use crate::error::{Error, Kind, Result};
use crate::model::{self, Entity};

/// The evidence of one erasure. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = erasures, treat_none_as_default_value = false)]
pub struct Erasure {
    pub id: String,
    pub partner: String,
    pub entity: String,
    pub subject: String,
    pub requested_at: i64,
    pub requested_by: String,
    pub erased_at: Option<i64>,
    pub proof: Option<String>,
    pub problem: Option<String>,
}

/// Who or what an erasure is about, for whoever knows the reference.
fn subject(record: &Record) -> String {
    model::subject(&record.partner, &record.entity, &record.reference)
}

/// Deletes what tables hold of a record's object; each needs an index that begins with `(partner, entity)`.
macro_rules! delete_from {
    ($db:expr, $record:expr, $($table:ident),+) => {$({
        let rows = $table::table
            .filter($table::partner.eq(&$record.partner))
            .filter($table::entity.eq(&$record.entity))
            .filter($table::reference.eq(&$record.reference));
        on!($db, |c| diesel::delete(rows).execute(*c))?;
    })+};
}

/// Asks for the erasure of a locked record's object, which the caller writes back; the one that was asked for before, if
/// there is one. What we keep of the object goes at once; what HrFlow holds of it is the worker's.
pub fn request(
    db: &mut Db<'_>,
    record: &mut Record,
    by: &str,
    stamp: i64,
    now: DateTime<Utc>,
) -> Result<Erasure> {
    let begun = mailbox::erase(record, stamp, now);
    let subject = subject(record);
    let query = erasures::table.filter(erasures::subject.eq(&subject));
    if let Some(known) = on!(db, |c| query.get_result::<Erasure>(*c).optional())? {
        return Ok(known);
    }
    if !begun {
        return Err(Error::new(Kind::Internal, "a tombstone has no evidence"));
    }
    let erasure = Erasure {
        id: uuid::Uuid::now_v7().to_string(),
        partner: record.partner.clone(),
        entity: record.entity.clone(),
        subject,
        requested_at: now.timestamp_micros(),
        requested_by: by.to_owned(),
        erased_at: None,
        proof: None,
        problem: None,
    };
    on!(db, |c| diesel::insert_into(erasures::table).values(&erasure).execute(*c))?;
    forget_news(db, record)?;
    Ok(erasure)
}

/// Takes over how the work on a record ended, if the record is to be erased. Its last change, that it was erased, is to be
/// added after this: it stands in the feed behind all that was deleted, so that nobody's cursor points past its end.
pub fn follow(db: &mut Db<'_>, record: &Record, proof: Option<&str>, now: DateTime<Utc>) -> Result<()> {
    if record.wanted != Wanted::Erased {
        return Ok(());
    }
    let erased = record.outcome == Some(Outcome::Erased);
    if erased {
        // What was written down while the erasure was under way goes too.
        forget_news(db, record)?;
        delete_from!(db, record, changes);
    }
    let evidence = (
        erasures::erased_at.eq(erased.then(|| now.timestamp_micros())),
        erasures::proof.eq(proof),
        erasures::problem.eq(record.problem.as_deref()),
    );
    let ours = erasures::table.filter(erasures::subject.eq(subject(record)));
    on!(db, |c| diesel::update(ours).set(evidence).execute(*c))?;
    Ok(())
}

/// One erasure.
pub fn find(db: &mut Db<'_>, id: &str) -> Result<Option<Erasure>> {
    let query = erasures::table.find(id);
    Ok(on!(db, |c| query.get_result(*c).optional())?)
}

/// Drops what was heard of a record's object: what came of it stays until there is something to stand in its place.
fn forget_news(db: &mut Db<'_>, record: &Record) -> Result<()> {
    delete_from!(db, record, deliveries, archivals, snapshot_lines, tickets);
    if record.entity == Entity::Profile.singular() {
        explanations::forget(db, &record.partner, &record.reference)?;
    }
    if let Some(entity) = Entity::parse(&record.entity) {
        exports::lines::forget(db, &record.partner, entity, &record.reference)?;
        exports::names::forget(db, &record.partner, entity, &record.reference)?;
    }
    // A listing goes by the id of the pull that began it.
    let of_pulls = pulls::table
        .filter(pulls::partner.eq(&record.partner))
        .filter(pulls::entity.eq(&record.entity))
        .select(pulls::id);
    let absent = absences::table
        .filter(absences::pull.eq_any(of_pulls))
        .filter(absences::reference.eq(&record.reference));
    on!(db, |c| diesel::delete(absent).execute(*c))?;
    let named = listed::table
        .filter(listed::listing.eq_any(of_pulls))
        .filter(listed::reference.eq(&record.reference));
    on!(db, |c| diesel::delete(named).execute(*c))?;
    let told = pulls::table
        .filter(pulls::partner.eq(&record.partner))
        .filter(pulls::entity.eq(&record.entity))
        .filter(pulls::problem.is_not_null())
        .select((pulls::id, pulls::problem.assume_not_null()));
    // A pull that could not use an object begins its problem with the reference.
    let named = format!("`{}`: ", record.reference);
    for (id, problem) in on!(db, |c| told.load::<(String, String)>(*c))? {
        if problem.starts_with(&named) {
            let pull = pulls::table.find(id);
            on!(db, |c| diesel::update(pull).set(pulls::problem.eq(None::<String>)).execute(*c))?;
        }
    }
    Ok(())
}
