//! The ledger, which is also the queue: one row per object of a partner.
//!
//! ```text
//! write   rows are locked, changed and written back      due       what is to be done, and when
//! many    what is known of many objects at once          backlog   what it looks like from outside
//! ```

mod backlog;
mod due;
mod many;
mod write;

use diesel::prelude::*;
use serde::Serialize;

use super::backend::{Db, on};
use super::schema::records;
use super::text::text_enum;
use crate::error::Result;
use crate::model::{Entity, Reference};

pub use backlog::{Backlog, backlog, progress_of};
pub use due::{count_due, due, due_in_need, next_due, next_due_in_need, renew};
pub use many::{Glance, glance, hold_live, live, unknown};
pub use write::{delete, lock, lock_one, save, save_all};

text_enum! {
    /// What the partner wants HrFlow to show.
    Wanted {
        /// What the partner has.
        Present => "present",
        /// Nothing, until there is later news.
        Archived => "archived",
        /// Nothing any more, whatever is told: what is left of the record is its tombstone.
        Erased => "erased",
    }
}

text_enum! {
    /// What we believe the target holds under the reference.
    Presence {
        /// Never sent.
        Absent => "absent",
        /// Sent, and the answer was not read: it may be there or not.
        Unclear => "unclear",
        /// It is there.
        Present => "present",
        /// It is there, archived.
        Archived => "archived",
    }
}

text_enum! {
    /// How the last settlement ended.
    Outcome {
        /// HrFlow took it.
        Indexed => "indexed",
        /// HrFlow had it already.
        Unchanged => "unchanged",
        /// HrFlow shows it no longer.
        Archived => "archived",
        /// HrFlow holds nothing of it, and neither do we.
        Erased => "erased",
        /// It waits for a change, or for somebody.
        SetAside => "set_aside",
    }
}

/// What we know of one object. Times are Unix microseconds; the columns are explained in the migration.
#[derive(
    Clone, Debug, PartialEq, Serialize, Queryable, QueryableByName, Insertable, AsChangeset, Identifiable,
)]
#[diesel(table_name = records, primary_key(partner, entity, reference), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub struct Record {
    pub partner: String,
    pub entity: String,
    pub reference: String,
    pub wanted: Wanted,
    pub present_on: Option<i64>,
    pub archived_on: Option<i64>,
    pub archived_stamp: i64,
    pub version: i64,
    pub settled_version: i64,
    pub read_version: i64,
    pub stamp: i64,
    pub due_at: Option<i64>,
    pub waiting_since: Option<i64>,
    pub lease: Option<String>,
    pub attempts: i32,
    pub failures: i32,
    pub missing: i32,
    pub missing_since: Option<i64>,
    pub rereads: i32,
    pub last_event: Option<String>,
    pub updated_at: Option<i64>,
    pub body: Option<String>,
    pub target: Option<String>,
    pub presence: Presence,
    pub hrflow_key: Option<String>,
    pub fingerprint: Option<String>,
    pub indexed_at: Option<i64>,
    pub outcome: Option<Outcome>,
    pub problem: Option<String>,
    pub notes: Option<String>,
    pub pull: Option<String>,
}

impl Record {
    /// A record of an object nothing has been heard of yet.
    pub fn unknown(partner: &str, entity: Entity, reference: &Reference) -> Self {
        Self::empty(partner.to_owned(), entity.singular().to_owned(), reference.as_str().to_owned())
    }

    /// What is left when everything is dropped but the name.
    pub(super) fn emptied(&self) -> Self {
        Self::empty(self.partner.clone(), self.entity.clone(), self.reference.clone())
    }

    fn empty(partner: String, entity: String, reference: String) -> Self {
        Self {
            partner,
            entity,
            reference,
            wanted: Wanted::Present,
            present_on: None,
            archived_on: None,
            archived_stamp: 0,
            version: 0,
            settled_version: 0,
            read_version: 0,
            stamp: 0,
            due_at: None,
            waiting_since: None,
            lease: None,
            attempts: 0,
            failures: 0,
            missing: 0,
            missing_since: None,
            rereads: 0,
            last_event: None,
            updated_at: None,
            body: None,
            target: None,
            presence: Presence::Absent,
            hrflow_key: None,
            fingerprint: None,
            indexed_at: None,
            outcome: None,
            problem: None,
            notes: None,
            pull: None,
        }
    }

    /// Whether a change waits to be brought to HrFlow.
    pub fn is_pending(&self) -> bool {
        self.version > self.settled_version && self.outcome != Some(Outcome::SetAside)
    }

    /// Whether nobody but a scoring call has ever spoken of it, and HrFlow was told nothing.
    pub fn is_only_asked_for(&self) -> bool {
        self.wanted == Wanted::Present
            && self.last_event.is_none()
            && self.pull.is_none()
            && self.settled_version == 0
            && self.presence == Presence::Absent
    }

    /// Whether HrFlow shows it, as far as we know.
    pub fn is_indexed(&self) -> bool {
        self.presence == Presence::Present && self.hrflow_key.is_some()
    }
}

/// The record of one object, if anything was ever heard of it.
pub fn find(db: &mut Db<'_>, partner: &str, entity: Entity, reference: &Reference) -> Result<Option<Record>> {
    let key = (partner, entity.singular(), reference.as_str());
    // Without a limit, which a key needs none of: SQLite plans a statement with a bound limit anew at every use.
    Ok(on!(db, |c| records::table.find(key).get_result(*c).optional())?)
}
