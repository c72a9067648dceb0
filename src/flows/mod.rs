//! One road per file, told from top to bottom.
//!
//! ```text
//! pull    partner's list → records, a page at a time          query   a reference in, ranked references out
//! catch   webhook → record, durably before the answer         index   record → HrFlow
//! erase   a person's deletion: out of HrFlow, out of here
//! feedback       what people say of a match → HrFlow, once       receipts   what an answer was made of → a chain
//! dead_letters   set aside → due again                        retention   what is old → nothing
//! schedule       what is due by itself → pulls             fuse        what is gone → archived, or asked for
//! pair    two references in, their score out               why         two references in, what keeps one from the list
//! explain  a pair → HrFlow's words about it, kept while neither changes
//! export         many references in, a line each           ticket      a reference nobody knows → fetched, indexed, ranked
//! ```

pub mod backoff;
pub mod breaker;
pub mod catch;
pub mod dead_letters;
pub mod erase;
pub mod explain;
pub mod export;
pub mod feedback;
pub mod fuse;
mod held;
pub mod index;
pub mod lease;
pub mod pair;
pub mod pull;
pub mod query;
pub mod question;
pub mod receipts;
pub mod retention;
mod road;
pub mod schedule;
pub mod ticket;
mod waiting;
pub mod why;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::config::{self, Limits};
use crate::error::{Error, Kind, Result};
use crate::metrics::Metrics;
use crate::model::{Clock, Entity};
use crate::partner::signature::Door;
use crate::store::Store;
use crate::{hrflow, partner};
use breaker::Breakers;

pub use crate::partner::signature::{Claim, Headers};
pub use waiting::Waiting;

/// What a road may use.
pub struct Context {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Bounds and waits.
    pub limits: Limits,
    /// How long history is kept.
    pub retention: Duration,
    /// How long receipts are kept.
    pub receipts_kept: Duration,
    /// Everyone we work for.
    pub partners: Vec<Arc<Partner>>,
    /// What is counted.
    pub metrics: Metrics,
    /// What scoring and searching remember.
    pub answers: query::Answers,
}

impl Context {
    /// The partner of this name.
    pub fn partner(&self, name: &str) -> Result<&Arc<Partner>> {
        self.partners
            .iter()
            .find(|partner| partner.settings.name == name)
            .ok_or_else(|| Error::new(Kind::NotFound, format!("no partner is called `{name}`")))
    }
}

/// One ATS installation at work: its settings, its services and its place in HrFlow.
pub struct Partner {
    /// What was configured.
    pub settings: config::Partner,
    /// Its web services.
    pub service: partner::Service,
    /// What opens for its webhooks beside a key.
    pub door: Door,
    /// Its workspace.
    pub hrflow: hrflow::Client,
    /// Rung when a record became due.
    pub records_due: Notify,
    /// Rung when a pull was asked for.
    pub pulls_due: Notify,
    /// Rung when an export was asked for.
    pub exports_due: Notify,
    /// Who waits in this process for an object to be settled.
    pub waiting: Waiting,
    /// What we remember of the failures of both sides.
    pub breakers: Breakers,
    /// Who explains its pairs.
    pub explaining: explain::Desk,
}

impl Partner {
    /// What a fingerprint and a key belong to: the API and the source or board in it.
    pub fn target(&self, entity: Entity) -> String {
        self.hrflow.target(self.settings.container_key(entity))
    }
}
