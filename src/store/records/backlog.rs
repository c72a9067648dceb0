//! What the queue looks like from outside: how much waits, since when, and what was set aside.

use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Outcome;
use crate::error::Result;
use crate::store::backend::{Db, on};
use crate::store::schema::records;

/// How many records a pull made due and are not settled yet, and how many of its were set aside.
pub fn progress_of(db: &mut Db<'_>, pull: &str) -> Result<(i64, i64)> {
    let waiting = records::table
        .filter(records::pull.eq(pull))
        .filter(records::due_at.is_not_null())
        .select(count_star());
    let set_aside = records::table
        .filter(records::pull.eq(pull))
        .filter(records::outcome.eq(Outcome::SetAside))
        .select(count_star());
    Ok((on!(db, |c| waiting.first(*c))?, on!(db, |c| set_aside.first(*c))?))
}

/// What a partner's mailbox looks like from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Records that are due or leased.
    pub due: i64,
    /// Since when the oldest change waits to be brought to HrFlow, whatever it waits for.
    pub waiting_since: Option<i64>,
    /// Records that were set aside.
    pub set_aside: i64,
}

/// What a partner's mailbox looks like from outside.
pub fn backlog(db: &mut Db<'_>, partner: &str) -> Result<Backlog> {
    let due = records::table
        .filter(records::partner.eq(partner))
        .filter(records::due_at.is_not_null())
        .select(count_star());
    let waiting_since = records::table
        .filter(records::partner.eq(partner))
        .filter(records::due_at.is_not_null())
        .select(min(records::waiting_since));
    // Written out: a bound value would not find the partial index.
    let set_aside = records::table
        .filter(records::partner.eq(partner))
        .filter(sql::<Bool>("outcome = 'set_aside'"))
        .select(count_star());
    Ok(Backlog {
        due: on!(db, |c| due.first(*c))?,
        waiting_since: on!(db, |c| waiting_since.first(*c))?,
        set_aside: on!(db, |c| set_aside.first(*c))?,
    })
}
