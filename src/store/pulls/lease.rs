//! Who works on a pull: one holder of its lease at a time, and the lock under which it is written back.

use diesel::prelude::*;

use super::{Pull, State, save};
use crate::error::Result;
use crate::store::backend::{Db, on};
use crate::store::schema::pulls;

/// Leases a pull of this partner that nobody works on to the holder of `token`.
pub fn claim(db: &mut Db<'_>, partner: &str, token: &str, until: i64, now: i64) -> Result<Option<Pull>> {
    let query = pulls::table
        .filter(pulls::partner.eq(partner))
        .filter(pulls::state.eq_any(State::WORKED_ON))
        .filter(pulls::lease_until.is_null().or(pulls::lease_until.le(now)))
        .order(pulls::created_at);
    let found: Option<Pull> = match db {
        Db::Postgres(c) => query.for_update().skip_locked().first(*c).optional()?,
        Db::Sqlite(c) => query.first(*c).optional()?,
    };
    let Some(mut pull) = found else { return Ok(None) };
    if pull.state == State::Queued {
        pull.state = State::Running;
    }
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

/// The pull, locked until the transaction ends.
pub fn lock(db: &mut Db<'_>, id: &str) -> Result<Option<Pull>> {
    let query = pulls::table.find(id);
    Ok(match db {
        Db::Postgres(c) => query.for_update().first(*c).optional()?,
        Db::Sqlite(c) => query.first(*c).optional()?,
    })
}
