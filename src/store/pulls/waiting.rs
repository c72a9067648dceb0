//! Pulls that wait for a person: what they would archive is kept until somebody approves, or a later listing decides.

use diesel::prelude::*;

use super::{Mode, Pull, State};
use crate::error::Result;
use crate::model::Entity;
use crate::store::backend::{Db, on};
use crate::store::schema::pulls;

/// The pull that collects what individual 404s would archive, if one waits.
pub fn missing(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<Pull>> {
    let query = pulls::table
        .filter(pulls::partner.eq(partner))
        .filter(pulls::entity.eq(entity.singular()))
        .filter(pulls::mode.eq(Mode::Missing))
        .filter(pulls::state.eq(State::WaitingForApproval));
    Ok(on!(db, |c| query.first(*c).optional())?)
}

/// That pull, made if none waits.
pub fn open_missing(db: &mut Db<'_>, partner: &str, entity: Entity, stamp: i64, now: i64) -> Result<Pull> {
    loop {
        if let Some(open) = missing(db, partner, entity)? {
            return Ok(open);
        }
        let mut pull = Pull::new(partner, entity, Mode::Missing, now);
        pull.state = State::WaitingForApproval;
        pull.began_stamp = Some(stamp);
        pull.finished_at = Some(now);
        // Another node may be faster; then its pull is the one.
        on!(db, |c| diesel::insert_into(pulls::table).values(&pull).on_conflict_do_nothing().execute(*c))?;
    }
}

/// Ends the pulls that waited before a later listing began, which has looked at all of it again.
pub fn supersede(db: &mut Db<'_>, pull: &Pull, now: i64) -> Result<()> {
    let waiting = pulls::table
        .filter(pulls::partner.eq(&pull.partner))
        .filter(pulls::entity.eq(&pull.entity))
        .filter(pulls::state.eq(State::WaitingForApproval))
        .filter(pulls::created_at.lt(pull.began_at.unwrap_or(pull.created_at)))
        .filter(pulls::id.ne(&pull.id));
    let ended = (pulls::state.eq(State::Superseded), pulls::finished_at.eq(now));
    on!(db, |c| diesel::update(waiting).set(ended).execute(*c))?;
    Ok(())
}
