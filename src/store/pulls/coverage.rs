//! How much of what a partner has is known here, by what its pulls have listed.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Mode, Pull, State, last};
use crate::error::Result;
use crate::model::Entity;
use crate::store::backend::{Db, on};
use crate::store::schema::pulls;

/// How much of what a partner has is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Objects that are known.
    pub seen: i64,
    /// Objects there are: as the partner tells, else as were listed, else as the last whole listing had.
    pub total: Option<i64>,
}

impl Pull {
    /// How much of the partner's objects this pull has listed; none for a delta, which says nothing of the others.
    pub fn coverage(&self) -> Option<Coverage> {
        let listed = State::READ.contains(&self.state).then_some(self.covered);
        let total = self.total.or(listed).or(self.expected);
        // There may be more by now than the last listing had.
        let seen = total.map_or(self.covered, |total| self.covered.min(total));
        (self.mode == Mode::Full).then_some(Coverage { seen, total })
    }
}

/// How much of what a partner has is known here, by the running or the last full pull; none before the first. What an
/// earlier pull listed to its end stays known while the next one reads it again.
pub fn coverage(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<Coverage>> {
    let Some(pull) = last(db, partner, entity, Mode::Full)? else { return Ok(None) };
    let known = pull.expected.unwrap_or_default();
    Ok(pull.coverage().map(|Coverage { seen, total }| {
        let seen = seen.max(known);
        Coverage { seen: total.map_or(seen, |total| seen.min(total)), total }
    }))
}

/// How many objects the last whole listing had; none before the first.
pub(super) fn expected(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<i64>> {
    let query = pulls::table
        .filter(pulls::partner.eq(partner))
        .filter(pulls::entity.eq(entity.singular()))
        .filter(pulls::mode.eq(Mode::Full))
        .filter(pulls::state.eq_any(State::READ))
        .order((pulls::created_at.desc(), pulls::id.desc()))
        .select(pulls::covered);
    Ok(on!(db, |c| query.first(*c).optional())?)
}

/// Whether everything the partner has was listed once.
pub fn is_imported(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<bool> {
    Ok(expected(db, partner, entity)?.is_some())
}
