//! Pulls: what was asked for, how far it came, and how far each partner's changes have been read.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::upsert::excluded;
use serde::{Deserialize, Serialize};

use super::backend::{Db, on};
use super::schema::{answers, cursors, pulls};
use super::text::text_enum;
use super::written_out::WrittenOut;
use crate::error::Result;
use crate::model::Entity;

text_enum! {
    /// How much is asked for.
    Mode {
        /// Everything the partner has.
        Full => "full",
        /// What changed since the last pull.
        Delta => "delta",
        /// Nothing is read: objects that the service answered 404 or 410 for, and that wait for a person.
        Missing => "missing",
    }
}

text_enum! {
    /// How far a pull has come.
    State {
        /// Nobody has begun.
        Queued => "queued",
        /// A worker is reading.
        Running => "running",
        /// Every page is read, and what was not listed is asked for.
        Checking => "checking",
        /// So many objects are gone that a person has to approve of archiving them.
        WaitingForApproval => "waiting_for_approval",
        /// A person approved: each is asked for once more, and archived if it is still gone.
        Approved => "approved",
        /// A person rejected: nothing was archived.
        Rejected => "rejected",
        /// A later listing was complete before anybody decided.
        Superseded => "superseded",
        /// Every page is read and durably recorded; indexing may still go on.
        Done => "done",
        /// A page could not be read; the next pull goes on from there.
        Failed => "failed",
    }
}

impl State {
    /// The states in which a worker has something to do.
    const WORKED_ON: [Self; 4] = [Self::Queued, Self::Running, Self::Checking, Self::Approved];

    /// The states of a list that was read to its end.
    const READ: [Self; 6] = [
        Self::Checking,
        Self::WaitingForApproval,
        Self::Approved,
        Self::Rejected,
        Self::Superseded,
        Self::Done,
    ];

    /// Whether a worker has something to do.
    pub fn is_worked_on(self) -> bool {
        Self::WORKED_ON.contains(&self)
    }
}

text_enum! {
    /// Who asks for a pull.
    By {
        /// An operator, by the API or the command line.
        Operator => "operator",
        /// The configured schedule, which keeps quiet hours.
        Schedule => "schedule",
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
    pub plan: Option<String>,
    pub covered: i64,
    pub expected: Option<i64>,
    pub asked_by: By,
}

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

impl Pull {
    /// A pull that nobody has begun.
    fn new(partner: &str, entity: Entity, mode: Mode, now: i64) -> Self {
        let id = uuid::Uuid::now_v7().to_string();
        Self {
            listing: Some(id.clone()),
            id,
            partner: partner.to_owned(),
            entity: entity.singular().to_owned(),
            mode,
            state: State::Queued,
            lease: None,
            lease_until: None,
            position: None,
            since: None,
            newest: None,
            began_at: None,
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
            began_stamp: None,
            doubt: None,
            plan: None,
            covered: 0,
            expected: None,
            asked_by: By::Operator,
        }
    }

    /// What ended it, else why its listing is not proven complete, else the first object that could not be used.
    pub fn told_problem(&self) -> Option<&str> {
        let failed = self.problem.as_deref().filter(|_| self.state == State::Failed);
        failed.or(self.doubt.as_deref()).or(self.problem.as_deref())
    }

    /// What its listing goes by: the id of the pull that began it.
    pub fn listing(&self) -> &str {
        self.listing.as_deref().unwrap_or(&self.id)
    }
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

/// The newest pull of this mode.
pub fn last(db: &mut Db<'_>, partner: &str, entity: Entity, mode: Mode) -> Result<Option<Pull>> {
    let all = pulls::table
        .filter(pulls::partner.eq(partner))
        .filter(pulls::entity.eq(entity.singular()))
        .filter(WrittenOut(match mode {
            Mode::Full => "pulls.mode = 'full'",
            Mode::Delta => "pulls.mode = 'delta'",
            Mode::Missing => "pulls.mode = 'missing'",
        }));
    let newest = all.clone().select(max(pulls::created_at));
    let newest: Option<i64> = on!(db, |c| newest.get_result(*c))?;
    let Some(newest) = newest else { return Ok(None) };
    // Every match answer asks for it, and a limit would be planned anew each time.
    let found = all.filter(pulls::created_at.eq(newest)).order(pulls::id);
    Ok(on!(db, |c| found.load(*c))?.pop())
}

/// How many objects the last whole listing had; none before the first.
fn expected(db: &mut Db<'_>, partner: &str, entity: Entity) -> Result<Option<i64>> {
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
