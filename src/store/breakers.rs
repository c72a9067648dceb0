//! Circuit breakers that are open, or have been: the other nodes and the next start know of them.

use diesel::prelude::*;

use super::backend::{Db, on};
use super::schema::breakers;
use super::text::text_enum;
use crate::error::Result;
use crate::model::Entity;

text_enum! {
    /// Whom we call for a partner.
    Side {
        /// The partner's own service.
        Service => "service",
        /// The source or board of the partner in HrFlow.
        HrFlow => "hrflow",
    }
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Service, Self::HrFlow];
}

text_enum! {
    /// How a breaker stands.
    Standing {
        /// Calls go through.
        Closed => "closed",
        /// No call goes through until the next probe.
        Open => "open",
        /// One call goes through: what comes of it decides.
        HalfOpen => "half_open",
    }
}

/// One breaker. Times are Unix microseconds; the columns are explained in the migration.
#[derive(Clone, Debug, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = breakers, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub struct Breaker {
    pub partner: String,
    pub side: Side,
    pub entity: String,
    pub state: Standing,
    pub failures: i32,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub since: i64,
    pub probe_at: Option<i64>,
    pub probe: Option<String>,
}

impl Breaker {
    /// One that was never open.
    pub fn closed(partner: &str, side: Side, entity: Entity, now: i64) -> Self {
        Self {
            partner: partner.to_owned(),
            side,
            entity: entity.singular().to_owned(),
            state: Standing::Closed,
            failures: 0,
            code: None,
            reason: None,
            since: now,
            probe_at: None,
            probe: None,
        }
    }

    /// Whether it is the one of this side and entity.
    pub fn guards(&self, side: Side, entity: Entity) -> bool {
        self.side == side && self.entity == entity.singular()
    }
}

/// The breakers of a partner that have ever been open.
pub fn of_partner(db: &mut Db<'_>, partner: &str) -> Result<Vec<Breaker>> {
    let query = breakers::table.filter(breakers::partner.eq(partner)).order((
        breakers::partner,
        breakers::side,
        breakers::entity,
    ));
    Ok(on!(db, |c| query.load(*c))?)
}

/// One breaker, locked until the transaction ends, if it has ever been open.
pub fn lock_one(db: &mut Db<'_>, partner: &str, side: Side, entity: Entity) -> Result<Option<Breaker>> {
    let query = breakers::table.find((partner, side, entity.singular()));
    Ok(match db {
        Db::Postgres(c) => query.for_update().get_result(*c).optional()?,
        Db::Sqlite(c) => query.get_result(*c).optional()?,
    })
}

/// Writes a breaker back, or down for the first time.
pub fn save(db: &mut Db<'_>, breaker: &Breaker) -> Result<()> {
    on!(db, |c| diesel::insert_into(breakers::table)
        .values(breaker)
        .on_conflict((breakers::partner, breakers::side, breakers::entity))
        .do_update()
        .set(breaker)
        .execute(*c))?;
    Ok(())
}

/// Makes `token` the one that probes, until `until`. Returns false when somebody else was faster.
pub fn take_probe(
    db: &mut Db<'_>,
    (partner, side, entity): (&str, Side, Entity),
    token: &str,
    until: i64,
    now: i64,
) -> Result<bool> {
    let open = breakers::table
        .find((partner, side, entity.singular()))
        .filter(breakers::state.ne(Standing::Closed))
        .filter(breakers::probe_at.le(now));
    let updated = on!(db, |c| diesel::update(open)
        .set((
            breakers::state.eq(Standing::HalfOpen),
            breakers::probe.eq(token),
            breakers::probe_at.eq(until)
        ))
        .execute(*c))?;
    Ok(updated > 0)
}

/// Lets the probe that `token` took be taken again.
pub fn give_back(
    db: &mut Db<'_>,
    (partner, side, entity): (&str, Side, Entity),
    token: &str,
    now: i64,
) -> Result<()> {
    let mine = breakers::table.find((partner, side, entity.singular())).filter(breakers::probe.eq(token));
    on!(db, |c| diesel::update(mine)
        .set((
            breakers::state.eq(Standing::Open),
            breakers::probe.eq(None::<String>),
            breakers::probe_at.eq(now)
        ))
        .execute(*c))?;
    Ok(())
}
