//! Pulls: what was asked for, how far it came, and how far each partner's changes have been read.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::backend::{Db, on};
use super::schema::{answers, cursors, pulls};
use super::text::text_enum;
use crate::error::Result;
use crate::model::Entity;

text_enum! {
    /// How much is asked for.
    Mode {
        /// Everything the partner has.
        Full => "full",
        /// What changed since the last pull.
        Delta => "delta",
    }
}

text_enum! {
    /// How far a pull has come.
    State {
        /// Nobody has begun.
        Queued => "queued",
        /// A worker is reading.
        Running => "running",
        /// Every page is read and durably recorded; indexing may still go on.
        Done => "done",
        /// A page could not be read; the next pull goes on from there.
        Failed => "failed",
    }
}

/// One pull. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = pulls, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub struct Pull {
    pub id: String,
    pub partner: String,
    pub entity: String,
    pub mode: Mode,
    pub state: State,
    pub lease: Option<String>,
    pub lease_until: Option<i64>,
    pub position: Option<String>,
    pub since: Option<i64>,
    pub newest: Option<i64>,
    pub began_at: Option<i64>,
    pub pages: i64,
    pub seen: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub failed: i64,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub problem: Option<String>,
    pub total: Option<i64>,
    pub listing: Option<String>,
    pub began_stamp: Option<i64>,
    pub doubt: Option<String>,
}

/// The active pull of this partner and entity, or a new one. Returns whether it is new. A pull goes on where the last
/// one of its mode failed, if that kept its place.
pub fn start(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    mode: Mode,
    since: Option<i64>,
    now: i64,
) -> Result<(Pull, bool)> {
    if let Some(active) = active(db, partner, entity)? {
        return Ok((active, false));
    }
    let failed = last(db, partner, entity, mode)?
        .filter(|last| last.state == State::Failed && last.position.is_some());
    let id = uuid::Uuid::now_v7().to_string();
    let pull = Pull {
        listing: failed.as_ref().map_or(Some(id.clone()), |failed| failed.listing.clone()),
        id,
        partner: partner.to_owned(),
        entity: entity.singular().to_owned(),
        mode,
        state: State::Queued,
        lease: None,
        lease_until: None,
        position: failed.as_ref().and_then(|failed| failed.position.clone()),
        since: failed.as_ref().map_or(since, |failed| failed.since),
        newest: failed.as_ref().and_then(|failed| failed.newest),
        began_at: failed.as_ref().and_then(|failed| failed.began_at),
        pages: 0,
        seen: 0,
        changed: 0,
        unchanged: 0,
        failed: 0,
        created_at: now,
        started_at: None,
        finished_at: None,
        problem: None,
        total: None,
        began_stamp: failed.as_ref().and_then(|failed| failed.began_stamp),
        doubt: failed.and_then(|failed| failed.doubt),
    };
    loop {
        let inserted = on!(db, |c| diesel::insert_into(pulls::table)
            .values(&pull)
            .on_conflict_do_nothing()
            .execute(*c))?;
        if inserted > 0 {
            return Ok((pull, true));
        }
        // Another node was faster; unless its pull has ended in between, it is the one.
        if let Some(active) = active(db, partner, entity)? {
            return Ok((active, false));
        }
    }
}

fn active(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<Pull>> {
    let query = pulls::table
        .filter(pulls::partner.eq(partner))
        .filter(pulls::entity.eq(entity.singular()))
        .filter(pulls::state.eq_any([State::Queued, State::Running]));
    Ok(on!(db, |c| query.first(*c).optional())?)
}

fn last(db: &mut Db<'_>, partner: &str, entity: Entity, mode: Mode) -> Result<Option<Pull>> {
    let query = pulls::table
        .filter(pulls::partner.eq(partner))
        .filter(pulls::entity.eq(entity.singular()))
        .filter(pulls::mode.eq(mode))
        .order((pulls::created_at.desc(), pulls::id.desc()));
    Ok(on!(db, |c| query.first(*c).optional())?)
}

/// Leases a pull of this partner that nobody works on to the holder of `token`.
pub fn claim(db: &mut Db<'_>, partner: &str, token: &str, until: i64, now: i64) -> Result<Option<Pull>> {
    let query = pulls::table
        .filter(pulls::partner.eq(partner))
        .filter(pulls::state.eq_any([State::Queued, State::Running]))
        .filter(pulls::lease_until.is_null().or(pulls::lease_until.le(now)))
        .order(pulls::created_at);
    let found: Option<Pull> = match db {
        Db::Postgres(c) => query.for_update().skip_locked().first(*c).optional()?,
        Db::Sqlite(c) => query.first(*c).optional()?,
    };
    let Some(mut pull) = found else { return Ok(None) };
    pull.state = State::Running;
    pull.lease = Some(token.to_owned());
    pull.lease_until = Some(until);
    pull.started_at.get_or_insert(now);
    pull.began_at.get_or_insert(now);
    save(db, &pull)?;
    Ok(Some(pull))
}

/// Extends the lease that `token` holds on a pull. Returns whether it still holds it.
pub fn renew(db: &mut Db<'_>, id: &str, token: &str, until: i64) -> Result<bool> {
    let renewed = on!(db, |c| diesel::update(pulls::table.find(id))
        .filter(pulls::lease.eq(token))
        .set(pulls::lease_until.eq(until))
        .execute(*c))?;
    Ok(renewed > 0)
}

/// The pull, locked, while `token` still holds its lease.
pub fn held(db: &mut Db<'_>, id: &str, token: &str) -> Result<Option<Pull>> {
    let query = pulls::table.find(id).filter(pulls::lease.eq(token));
    Ok(match db {
        Db::Postgres(c) => query.for_update().first(*c).optional()?,
        Db::Sqlite(c) => query.first(*c).optional()?,
    })
}

/// Writes a pull back.
pub fn save(db: &mut Db<'_>, pull: &Pull) -> Result<()> {
    on!(db, |c| diesel::update(pulls::table.find(&pull.id)).set(pull).execute(*c))?;
    Ok(())
}

/// One pull.
pub fn find(db: &mut Db<'_>, id: &str) -> Result<Option<Pull>> {
    let query = pulls::table.find(id);
    Ok(on!(db, |c| query.first(*c).optional())?)
}

/// The newest pulls, of one partner or of all.
pub fn list(db: &mut Db<'_>, partner: Option<&str>, limit: i64) -> Result<Vec<Pull>> {
    let newest = pulls::table.order((pulls::created_at.desc(), pulls::id.desc())).limit(limit);
    Ok(if let Some(partner) = partner {
        let query = newest.filter(pulls::partner.eq(partner));
        on!(db, |c| query.load(*c))?
    } else {
        on!(db, |c| newest.load(*c))?
    })
}

/// How far the changes of this partner and entity have been read.
pub fn cursor(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<i64>> {
    let query = cursors::table.find((partner, entity.singular())).select(cursors::changed_until);
    Ok(on!(db, |c| query.first(*c).optional())?)
}

/// Moves the cursor.
pub fn advance(db: &mut Db<'_>, partner: &str, entity: Entity, changed_until: i64) -> Result<()> {
    on!(db, |c| diesel::insert_into(cursors::table)
        .values((
            cursors::partner.eq(partner),
            cursors::entity.eq(entity.singular()),
            cursors::changed_until.eq(changed_until),
        ))
        .on_conflict((cursors::partner, cursors::entity))
        .do_update()
        .set(cursors::changed_until.eq(excluded(cursors::changed_until)))
        .execute(*c))?;
    Ok(())
}

/// When the partner's service last gave an object by its reference, in Unix microseconds.
pub fn answered_at(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<i64>> {
    let query = answers::table.find((partner, entity.singular())).select(answers::answered_at);
    Ok(on!(db, |c| query.first(*c).optional())?)
}

/// Remembers that the partner's service gave an object by its reference; once a second is enough to know.
pub fn answered(db: &mut Db<'_>, partner: &str, entity: Entity, now: DateTime<Utc>) -> Result<()> {
    let (now, entity) = (now.timestamp_micros(), entity.singular());
    let known = answers::table.find((partner, entity)).filter(answers::answered_at.gt(now - 1_000_000));
    if on!(db, |c| diesel::select(diesel::dsl::exists(known)).get_result::<bool>(*c))? {
        return Ok(());
    }
    on!(db, |c| diesel::insert_into(answers::table)
        .values((answers::partner.eq(partner), answers::entity.eq(entity), answers::answered_at.eq(now)))
        .on_conflict((answers::partner, answers::entity))
        .do_update()
        .set(answers::answered_at.eq(excluded(answers::answered_at)))
        .execute(*c))?;
    Ok(())
}
