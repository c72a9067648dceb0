//! Pulls: what was asked for, how far it came, and how far each partner's changes have been read.
//!
//! ```text
//! start      one is asked for, or goes on where another failed      lease     who works on it
//! coverage   how much of what a partner has is known               waiting   what a person must approve
//! progress   what a partner's service has told so far
//! ```

mod coverage;
mod lease;
mod progress;
mod start;
mod waiting;

use diesel::dsl::max;
use diesel::prelude::*;

use super::backend::{Db, on};
use super::schema::pulls;
use super::text::text_enum;
use super::written_out::WrittenOut;
use crate::error::Result;
use crate::model::Entity;

pub use coverage::{Coverage, coverage, is_imported};
pub use lease::{claim, held, lock, renew};
pub use progress::{advance, answered, answered_at, cursor};
pub use start::{Wish, start};
pub use waiting::{missing, open_missing, supersede};

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
