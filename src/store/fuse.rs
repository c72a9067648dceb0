//! The deletion fuse: how many objects may be archived within an hour because they are gone, without asking a person.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::backend::{Db, on};
use super::records::Wanted;
use super::schema::{archivals, records};
use crate::error::Result;
use crate::model::Entity;

/// So many may always be archived: a share of a small board would be nothing.
const ALWAYS: i64 = 20;

/// How long an archived object counts.
const WINDOW: TimeDelta = TimeDelta::hours(1);

/// Whether archiving `more` objects would be too many: with those of the last hour more than 20, and more than `share`
/// of the objects that were live before.
pub fn is_blown(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    more: i64,
    share: f64,
    now: DateTime<Utc>,
) -> Result<bool> {
    let since = (now - WINDOW).timestamp_micros();
    let recent = archivals::table
        .filter(archivals::partner.eq(partner))
        .filter(archivals::entity.eq(entity.singular()))
        .filter(archivals::archived_at.gt(since))
        .select(count_star());
    let recent: i64 = on!(db, |c| recent.get_result(*c))?;
    if recent + more <= ALWAYS {
        return Ok(false);
    }
    // As many as it takes, and no more: the ledger may be long.
    let needed = least_board(recent + more, share).saturating_sub(recent);
    let live = records::table
        .filter(records::partner.eq(partner))
        .filter(records::entity.eq(entity.singular()))
        .filter(records::wanted.eq(Wanted::Present))
        .order(records::reference)
        .select(records::reference)
        .offset(needed - 1)
        .limit(1);
    let nth: Option<String> =
        if needed > 0 { on!(db, |c| live.get_result(*c).optional())? } else { return Ok(false) };
    Ok(nth.is_none())
}

/// How many objects there must be for `gone` to be no more than `share` of them.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts far below 2^52; a division by zero ends at the largest number"
)]
fn least_board(gone: i64, share: f64) -> i64 {
    // Less a hair: 21 of 420 are a twentieth, though their quotient in floats is not.
    (gone as f64 / share - 1e-6).ceil() as i64
}

/// Counts objects that are archived now because they are gone, and forgets those that count no more.
pub fn count(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    references: &[&str],
    now: DateTime<Utc>,
) -> Result<()> {
    let old = archivals::table
        .filter(archivals::partner.eq(partner))
        .filter(archivals::entity.eq(entity.singular()))
        .filter(archivals::archived_at.le((now - WINDOW).timestamp_micros()));
    on!(db, |c| diesel::delete(old).execute(*c))?;
    for reference in references {
        let row = (
            archivals::partner.eq(partner),
            archivals::entity.eq(entity.singular()),
            archivals::archived_at.eq(now.timestamp_micros()),
            archivals::reference.eq(reference),
        );
        on!(db, |c| diesel::insert_into(archivals::table).values(row).on_conflict_do_nothing().execute(*c))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_board_is_counted_exactly() {
        assert_eq!(least_board(21, 0.05), 420);
        assert_eq!(least_board(25, 0.05), 500);
        assert_eq!(least_board(30, 0.1), 300);
        assert_eq!(least_board(21, 0.0), i64::MAX);
    }
}
