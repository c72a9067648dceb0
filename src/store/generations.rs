//! How often each partner's objects changed, as far as this process knows: what is remembered of an answer counts only
//! until the next time.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::backend::{Db, on};
use super::schema::changes;
use crate::error::Result;

/// As many of the last changes are looked at, since transactions become visible in another order than they began: one
/// that ends late still shows, unless as many began after it and ended before.
const LAST: i64 = 64;

/// The counts of one process, by partner. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Generations(Arc<RwLock<HashMap<String, Counts>>>);

/// What happened to one partner's objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// How often they changed.
    pub(super) changes: u64,
    /// How often anything was settled of them, which tells how far HrFlow is behind: also that nothing had changed.
    pub(super) settlements: u64,
}

impl Generations {
    pub(super) fn of(&self, partner: &str) -> Counts {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(partner).copied().unwrap_or_default()
    }

    /// Counts a settlement, and a change where it was one.
    pub(super) fn raise(&self, partner: &str, changed: bool) {
        let mut counts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !counts.contains_key(partner) {
            counts.insert(partner.to_owned(), Counts::default());
        }
        if let Some(counts) = counts.get_mut(partner) {
            counts.settlements += 1;
            counts.changes += u64::from(changed);
        }
    }
}

/// What the last settled changes of a partner are, in one number: another number means that there were others since,
/// whichever node settled them.
pub fn pulse(db: &mut Db<'_>, partner: &str) -> Result<i64> {
    let last = changes::table
        .filter(changes::partner.eq(partner))
        // Written out, since a bound value would not find the partial index.
        .filter(sql::<Bool>("outcome <> 'unchanged'"))
        .select(changes::seq)
        .order((changes::xid.desc(), changes::seq.desc()))
        .limit(LAST);
    let last: Vec<i64> = on!(db, |c| last.load(*c))?;
    Ok(last.into_iter().fold(0, i64::wrapping_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partner_has_a_count_of_its_own() {
        let generations = Generations::default();
        generations.clone().raise("acme", true);
        generations.raise("acme", false);
        assert_eq!(generations.of("acme"), Counts { changes: 1, settlements: 2 });
        assert_eq!(generations.of("other"), Counts::default());
    }
}
