//! Exports: what was asked for, how far each has come, and who works on it.
//!
//! ```text
//! lines   what is planned, and what is written      names   who stands in the lines, and is forgotten
//! ```

pub mod lines;
pub mod names;

use diesel::dsl::{count_star, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::backend::{Db, on};
use super::page::{Page, look_at, sift};
use super::schema::exports;
use super::text::text_enum;
use crate::error::Result;
use crate::model::Entity;

text_enum! {
    /// How far an export has come.
    State {
        /// Nobody has begun.
        Waiting => "waiting",
        /// It is worked on.
        Running => "running",
        /// Every line is written.
        Done => "done",
        /// Its owner ended it; the lines that were written stay.
        Cancelled => "cancelled",
        /// It did not end in time; the lines that were written stay.
        Failed => "failed",
    }
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Running, Self::Done, Self::Cancelled, Self::Failed];

    /// The states in which a worker has something to do.
    const OPEN: [Self; 2] = [Self::Waiting, Self::Running];

    /// Whether a worker has something to do.
    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }
}

/// One export. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = exports, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub struct Export {
    pub id: String,
    pub partner: String,
    pub ranked: String,
    pub state: State,
    pub top: i64,
    pub question: String,
    pub idempotency: Option<String>,
    pub fingerprint: String,
    pub lease: Option<String>,
    pub lease_until: Option<i64>,
    pub due_at: i64,
    pub walked: Option<String>,
    pub planned: i64,
    pub total: i64,
    pub lines: i64,
    pub failed: i64,
    pub names: i64,
    pub problem: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
}

impl Export {
    /// Ends it; nobody holds it any more.
    pub fn end(&mut self, state: State, now: i64) {
        self.state = state;
        self.finished_at = Some(now);
        self.lease = None;
        self.lease_until = None;
    }
}

/// Writes a new export down.
pub fn insert(db: &mut Db<'_>, export: &Export) -> Result<()> {
    on!(db, |c| diesel::insert_into(exports::table).values(export).execute(*c))?;
    Ok(())
}

/// Writes an export back.
pub fn save(db: &mut Db<'_>, export: &Export) -> Result<()> {
    on!(db, |c| diesel::update(exports::table.find(&export.id)).set(export).execute(*c))?;
    Ok(())
}

/// One export of a partner.
pub fn find(db: &mut Db<'_>, partner: &str, id: &str) -> Result<Option<Export>> {
    let query = exports::table.find(id).filter(exports::partner.eq(partner));
    Ok(on!(db, |c| query.get_result(*c).optional())?)
}

/// The same, locked until the transaction ends.
pub fn lock(db: &mut Db<'_>, partner: &str, id: &str) -> Result<Option<Export>> {
    let query = exports::table.find(id).filter(exports::partner.eq(partner));
    Ok(match db {
        Db::Postgres(c) => query.for_update().get_result(*c).optional()?,
        Db::Sqlite(c) => query.get_result(*c).optional()?,
    })
}

/// The export that a partner asked for under this key.
pub fn of_key(db: &mut Db<'_>, partner: &str, idempotency: &str) -> Result<Option<Export>> {
    let query =
        exports::table.filter(exports::partner.eq(partner)).filter(exports::idempotency.eq(idempotency));
    Ok(on!(db, |c| query.get_result(*c).optional())?)
}

/// Lets one transaction at a time ask for exports of a partner, so that two of them cannot both be the last that may.
pub fn queue_up(db: &mut Db<'_>, partner: &str) -> Result<()> {
    if let Db::Postgres(c) = db {
        let query = "SELECT pg_advisory_xact_lock(hashtextextended('exports ' || $1, 0))";
        diesel::sql_query(query).bind::<Text, _>(partner).execute(*c)?;
    }
    // The transaction already is SQLite's one writer.
    Ok(())
}

/// How many exports of a partner are open, and how many are kept in all.
pub fn count(db: &mut Db<'_>, partner: &str) -> Result<(i64, i64)> {
    let kept = exports::table.filter(exports::partner.eq(partner)).select(count_star());
    let open = kept.filter(exports::state.eq_any(State::OPEN));
    Ok((on!(db, |c| open.get_result(*c))?, on!(db, |c| kept.get_result(*c))?))
}

/// How the exports of a partner stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many are in each state that any is in.
    pub states: Vec<(State, i64)>,
    /// How many lines of the open ones are not written yet.
    pub unwritten: i64,
}

/// Counts the exports of a partner.
pub fn tally(db: &mut Db<'_>, partner: &str) -> Result<Tally> {
    let unwritten = "CAST(SUM(CASE WHEN planned > total THEN planned ELSE total END - lines) AS BIGINT)";
    let query = exports::table.filter(exports::partner.eq(partner)).group_by(exports::state).select((
        exports::state,
        count_star(),
        sql::<BigInt>(unwritten),
    ));
    let rows: Vec<(State, i64, i64)> = on!(db, |c| query.load(*c))?;
    let open = rows.iter().filter(|(state, ..)| state.is_open());
    Ok(Tally {
        unwritten: open.map(|(.., unwritten)| unwritten).sum(),
        states: rows.into_iter().map(|(state, count, _)| (state, count)).collect(),
    })
}

/// Whether an export of this partner is due and nobody works on it.
pub fn is_due(db: &mut Db<'_>, partner: &str, now: i64) -> Result<bool> {
    let query = claimable(partner, now).select(count_star());
    let due: i64 = on!(db, |c| query.get_result(*c))?;
    Ok(due > 0)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn claimable<'a>(partner: &'a str, now: i64) -> _ {
    // Written out: a bound value would not find the partial index.
    let open: SqlLiteral<Bool> = sql::<Bool>("state IN ('waiting', 'running')");
    let free = exports::lease_until.is_null().or(exports::lease_until.le(now));
    exports::table
        .filter(exports::partner.eq(partner))
        .filter(open)
        .filter(exports::due_at.le(now))
        .filter(free)
}

/// Leases an export of this partner that is due and that nobody works on to the holder of `token`.
pub fn claim(db: &mut Db<'_>, partner: &str, token: &str, until: i64, now: i64) -> Result<Option<Export>> {
    let query = claimable(partner, now).order(exports::due_at).limit(1);
    let found: Option<Export> = match db {
        Db::Postgres(c) => query.for_update().skip_locked().get_result(*c).optional()?,
        Db::Sqlite(c) => query.get_result(*c).optional()?,
    };
    let Some(mut export) = found else { return Ok(None) };
    export.state = State::Running;
    export.lease = Some(token.to_owned());
    export.lease_until = Some(until);
    export.started_at.get_or_insert(now);
    save(db, &export)?;
    Ok(Some(export))
}

/// Extends the lease that `token` holds on an export. Returns whether it still holds it.
pub fn renew(db: &mut Db<'_>, id: &str, token: &str, until: i64) -> Result<bool> {
    let renewed = on!(db, |c| diesel::update(exports::table.find(id))
        .filter(exports::lease.eq(token))
        .set(exports::lease_until.eq(until))
        .execute(*c))?;
    Ok(renewed > 0)
}

/// The export, locked, while `token` still holds its lease.
pub fn held(db: &mut Db<'_>, id: &str, token: &str) -> Result<Option<Export>> {
    let query = exports::table.find(id).filter(exports::lease.eq(token));
    Ok(match db {
        Db::Postgres(c) => query.for_update().get_result(*c).optional()?,
        Db::Sqlite(c) => query.get_result(*c).optional()?,
    })
}

/// Where a list of exports stands: when the last was asked for, and its id.
pub type Place = (i64, String);

/// Up to `limit` exports of a partner that were asked for before `before`, the newest first.
pub fn list(
    db: &mut Db<'_>,
    partner: &str,
    before: Option<&Place>,
    limit: usize,
) -> Result<Page<Export, Place>> {
    let looked_at = look_at(limit, false);
    let rows: Vec<Export> = on!(db, |c| {
        let mut query = exports::table
            .filter(exports::partner.eq(partner))
            .order((exports::created_at.desc(), exports::id.desc()))
            .limit(looked_at)
            .into_boxed();
        if let Some((created_at, id)) = before {
            let earlier = sql::<Bool>("(created_at, id) < (")
                .bind::<BigInt, _>(created_at)
                .sql(", ")
                .bind::<Text, _>(id)
                .sql(")");
            query = query.filter(earlier);
        }
        query.load(*c)
    })?;
    Ok(sift(rows, looked_at, limit, |export: &Export| (export.created_at, export.id.clone()), |_| true))
}

/// Deletes a batch of what is left of exports that ended before `before`, or were asked for before `long_before`: whose
/// partner is no longer configured, nobody ends. Returns how many rows it was.
pub fn delete_old(db: &mut Db<'_>, before: i64, long_before: i64) -> Result<usize> {
    let is_old = exports::finished_at.lt(before).or(exports::created_at.lt(long_before));
    let old = exports::table.filter(is_old.assume_not_null()).order(exports::created_at).limit(1);
    let found: Option<Export> = match db {
        Db::Postgres(c) => old.for_update().skip_locked().get_result(*c).optional()?,
        Db::Sqlite(c) => old.get_result(*c).optional()?,
    };
    let Some(Export { id, .. }) = found else { return Ok(0) };
    let deleted = lines::delete_batch(db, &id)?;
    let deleted = if deleted > 0 { deleted } else { names::delete_batch(db, &id)? };
    if deleted > 0 {
        return Ok(deleted);
    }
    Ok(on!(db, |c| diesel::delete(exports::table.find(&id)).execute(*c))?)
}

/// What the lines of an export are of.
pub fn scored_for(export: &Export) -> Option<Entity> {
    Entity::parse(&export.ranked).map(Entity::other)
}
