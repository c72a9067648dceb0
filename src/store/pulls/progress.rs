//! What a partner's service has told so far: up to when its changes have been read, and when it last gave an object.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::error::Result;
use crate::model::Entity;
use crate::store::backend::{Db, on};
use crate::store::schema::{answers, cursors};

/// How far the changes of this partner and entity have been read.
pub fn cursor(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<i64>> {
    let query = cursors::table.find((partner, entity.singular())).select(cursors::changed_until);
    Ok(on!(db, |c| query.first(*c).optional())?)
}

/// Moves the cursor, never back.
pub fn advance(db: &mut Db<'_>, partner: &str, entity: Entity, changed_until: i64) -> Result<()> {
    if cursor(db, partner, entity)?.is_some_and(|known| known >= changed_until) {
        return Ok(());
    }
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
