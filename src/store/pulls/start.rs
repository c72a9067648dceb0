//! How a pull begins: one is asked for, or goes on where another failed.

use diesel::prelude::*;

use super::coverage::expected;
use super::{By, Mode, Pull, State, last};
use crate::error::Result;
use crate::model::Entity;
use crate::store::backend::{Db, on};
use crate::store::schema::pulls;

/// A pull that is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What a delta asks for, in Unix microseconds.
    pub since: Option<i64>,
    /// How it reads, unless it goes on where another failed.
    pub plan: String,
    /// Who asks.
    pub asked_by: By,
}

/// The active pull of this partner and entity, or a new one. Returns whether it is new. A pull goes on where the last
/// one of its mode failed, if that kept its place.
pub fn start(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    mode: Mode,
    wish: &Wish,
    now: i64,
) -> Result<(Pull, bool)> {
    if let Some(active) = active(db, partner, entity)? {
        return Ok((also_asked_for(db, active, wish)?, false));
    }
    let failed = last(db, partner, entity, mode)?
        .filter(|last| last.state == State::Failed && last.position.is_some());
    let mut pull = Pull {
        since: wish.since,
        plan: Some(wish.plan.clone()),
        expected: expected(db, partner, entity)?,
        asked_by: wish.asked_by,
        ..Pull::new(partner, entity, mode, now)
    };
    if let Some(failed) = failed {
        pull.position = failed.position;
        pull.since = failed.since;
        pull.newest = failed.newest;
        pull.began_at = failed.began_at;
        pull.total = failed.total;
        pull.listing = failed.listing.or(pull.listing);
        pull.began_stamp = failed.began_stamp;
        pull.doubt = failed.doubt;
        pull.covered = failed.covered;
        pull.plan = failed.plan.or(pull.plan);
    }
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
            return Ok((also_asked_for(db, active, wish)?, false));
        }
    }
}

/// Somebody asks for a pull that is active: from now on it is not the schedule's alone.
fn also_asked_for(db: &mut Db<'_>, mut active: Pull, wish: &Wish) -> Result<Pull> {
    if active.asked_by == By::Schedule && wish.asked_by == By::Operator {
        active.asked_by = By::Operator;
        let row = pulls::table.find(&active.id);
        on!(db, |c| diesel::update(row).set(pulls::asked_by.eq(By::Operator)).execute(*c))?;
    }
    Ok(active)
}

fn active(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<Pull>> {
    let query = pulls::table
        .filter(pulls::partner.eq(partner))
        .filter(pulls::entity.eq(entity.singular()))
        .filter(pulls::state.eq_any([State::Queued, State::Running, State::Checking]));
    Ok(on!(db, |c| query.first(*c).optional())?)
}
