//! Explanations: made once for what a job and a profile are, by one asker at a time, for all nodes.

use diesel::prelude::*;

use super::backend::{Db, on};
use super::schema::explanations;
use super::text::text_enum;
use crate::error::Result;

text_enum! {
    /// How far an explanation has come.
    Stage {
        /// Somebody makes it, until the lease ends.
        Running => "running",
        /// It is there.
        Done => "done",
        /// It could not be made; `problem` tells why.
        Failed => "failed",
    }
}

/// One explanation. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = explanations, treat_none_as_default_value = false)]
pub struct Explanation {
    pub id: String,
    pub subject: String,
    pub partner: String,
    pub job_reference: String,
    pub profile_reference: String,
    pub ranked: String,
    pub lang: String,
    pub job_fingerprint: Option<String>,
    pub profile_fingerprint: Option<String>,
    pub state: Stage,
    pub lease: Option<String>,
    pub lease_until: Option<i64>,
    pub asked_at: i64,
    pub ended_at: Option<i64>,
    pub retry_at: Option<i64>,
    pub told: Option<String>,
    pub problem: Option<String>,
}

impl Explanation {
    /// Whether somebody has to make it, the first time or once more.
    pub fn is_due(&self, now: i64) -> bool {
        match self.state {
            Stage::Running => self.lease_until.is_none_or(|until| until <= now),
            Stage::Failed => self.retry_at.is_none_or(|retry_at| retry_at <= now),
            Stage::Done => false,
        }
    }
}

/// How the making of one ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With what HrFlow said.
    Done {
        /// As JSON.
        told: String,
    },
    /// Without.
    Failed {
        /// Why, as JSON.
        problem: String,
        /// When it is worth trying again.
        retry_at: i64,
    },
}

/// The explanation of this id, if it is this partner's.
pub fn find(db: &mut Db<'_>, partner: &str, id: &str) -> Result<Option<Explanation>> {
    let query = explanations::table.find(id).filter(explanations::partner.eq(partner));
    Ok(on!(db, |c| query.get_result(*c).optional())?)
}

/// The explanation of this subject.
pub fn of_subject(db: &mut Db<'_>, subject: &str) -> Result<Option<Explanation>> {
    let query = explanations::table.filter(explanations::subject.eq(subject));
    Ok(on!(db, |c| query.get_result(*c).optional())?)
}

/// Writes one down, unless there is one of its subject. Returns whether it was written.
pub fn insert(db: &mut Db<'_>, explanation: &Explanation) -> Result<bool> {
    let inserted = on!(db, |c| diesel::insert_into(explanations::table)
        .values(explanation)
        .on_conflict(explanations::subject)
        .do_nothing()
        .execute(*c))?;
    Ok(inserted > 0)
}

/// Lets `token` make one that is due, until `until`. Returns false when somebody else was faster.
pub fn take(db: &mut Db<'_>, id: &str, token: &str, until: i64, now: i64) -> Result<bool> {
    let abandoned = explanations::state.eq(Stage::Running).and(explanations::lease_until.le(now));
    let failed = explanations::state.eq(Stage::Failed).and(explanations::retry_at.le(now));
    let due = explanations::table.filter(explanations::id.eq(id)).filter(abandoned.or(failed));
    let updated = on!(db, |c| diesel::update(due)
        .set((
            explanations::state.eq(Stage::Running),
            explanations::lease.eq(token),
            explanations::lease_until.eq(until),
            explanations::asked_at.eq(now),
            explanations::problem.eq(None::<String>),
        ))
        .execute(*c))?;
    Ok(updated > 0)
}

/// Extends the lease of `token`. Returns whether it still is its.
pub fn renew(db: &mut Db<'_>, id: &str, token: &str, until: i64) -> Result<bool> {
    let mine = explanations::table.find(id).filter(explanations::lease.eq(token));
    let renewed = on!(db, |c| diesel::update(mine).set(explanations::lease_until.eq(until)).execute(*c))?;
    Ok(renewed > 0)
}

/// Writes down how the work of `token` ended. Returns false, and changes nothing, when it no longer is its, or the
/// explanation was erased meanwhile.
pub fn settle(db: &mut Db<'_>, id: &str, token: &str, ended: Ended, now: i64) -> Result<bool> {
    let (state, told, problem, retry_at) = match ended {
        Ended::Done { told } => (Stage::Done, Some(told), None, None),
        Ended::Failed { problem, retry_at } => (Stage::Failed, None, Some(problem), Some(retry_at)),
    };
    let mine = explanations::table.find(id).filter(explanations::lease.eq(token));
    let settled = on!(db, |c| diesel::update(mine)
        .set((
            explanations::state.eq(state),
            explanations::lease.eq(None::<String>),
            explanations::lease_until.eq(None::<i64>),
            explanations::ended_at.eq(now),
            explanations::retry_at.eq(retry_at),
            explanations::told.eq(&told),
            explanations::problem.eq(&problem),
        ))
        .execute(*c))?;
    Ok(settled > 0)
}

/// Forgets all that was explained of a profile.
pub(super) fn forget(db: &mut Db<'_>, partner: &str, profile: &str) -> Result<()> {
    let rows = explanations::table
        .filter(explanations::partner.eq(partner))
        .filter(explanations::profile_reference.eq(profile));
    on!(db, |c| diesel::delete(rows).execute(*c))?;
    Ok(())
}

/// Deletes up to `limit` that were begun before `before`. Returns how many it was.
pub fn delete_batch(db: &mut Db<'_>, before: i64, limit: i64) -> Result<usize> {
    let old = explanations::table
        .filter(explanations::asked_at.lt(before))
        .order(explanations::asked_at)
        .limit(limit)
        .select(explanations::id);
    let ids: Vec<String> = on!(db, |c| old.load(*c))?;
    if ids.is_empty() {
        return Ok(0);
    }
    let rows = explanations::table.filter(explanations::id.eq_any(ids));
    Ok(on!(db, |c| diesel::delete(rows).execute(*c))?)
}
