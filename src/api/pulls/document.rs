//! What is told of a pull.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::decisions::{self, AbsenceSummary, DecisionDocument};
use crate::api::freshness::CoverageDocument;
use crate::api::records::date;
use crate::error::{Error, Kind, Result};
use crate::model::Entity;
use crate::store::{self, Mode, State};

/// What a pull reads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::api) enum PullKind {
    /// Everything the partner has.
    Full,
    /// What changed since the last pull.
    Delta,
    /// Nothing: it lists objects that were answered with 404 or 410 after too many others had been archived so.
    Missing,
}

/// How far a pull has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::api) enum PullState {
    /// Nobody has begun.
    Queued,
    /// It is read.
    Running,
    /// Every page is read, and what a complete listing lacked is asked for by its reference.
    Checking,
    /// So many objects are gone that an operator has to approve or reject; until then they are kept.
    WaitingForApproval,
    /// An operator approved: each is asked for once more, and archived if it is still gone.
    Approved,
    /// An operator rejected: everything was kept.
    Rejected,
    /// A later complete pull came before anybody decided: everything was kept.
    Superseded,
    /// Every page is read and durably recorded; indexing may still go on.
    Done,
    /// A page could not be read; the next pull goes on from there.
    Failed,
}

/// One pull.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct PullDocument {
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// Whose objects are pulled.
    #[schema(example = "acme")]
    partner: String,
    /// What is pulled.
    entity: Entity,
    /// How much of it.
    mode: PullKind,
    /// How far it has come.
    state: PullState,
    /// Pages read.
    #[schema(minimum = 0, example = 20)]
    pages: i64,
    /// Objects seen.
    #[schema(minimum = 0, example = 2000)]
    seen: i64,
    /// How many objects the partner says the list has; null when it does not.
    #[schema(minimum = 0, example = 2000)]
    total: Option<i64>,
    /// How much of the partner's objects the pull has listed; null for a delta.
    coverage: Option<CoverageDocument>,
    /// Objects that HrFlow does not show as they are.
    #[schema(minimum = 0, example = 1990)]
    changed: i64,
    /// Objects that HrFlow shows already.
    #[schema(minimum = 0, example = 9)]
    unchanged: i64,
    /// Objects that cannot be used.
    #[schema(minimum = 0, example = 1)]
    failed: i64,
    /// Objects seen per second while it ran; null before it began.
    #[schema(minimum = 0.0, example = 412.5)]
    rate: Option<f64>,
    /// How far a finished pull has read the partner's changes; until then the newest date the partner gave so far.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    cursor: Option<String>,
    /// When it was asked for.
    #[schema(format = "date-time", example = "2026-03-01T14:00:00Z")]
    created_at: Option<String>,
    /// When reading began.
    #[schema(format = "date-time", example = "2026-03-01T14:00:01Z")]
    started_at: Option<String>,
    /// When it ended.
    #[schema(format = "date-time", example = "2026-03-01T14:00:06Z")]
    finished_at: Option<String>,
    /// Whether the listing was proven complete: only then what it lacks may be archived. Null until it is read, and where
    /// it is not a full one.
    #[schema(example = true)]
    complete: Option<bool>,
    /// What ended it, why it is not complete, the first object that cannot be used, or what went otherwise than configured.
    #[schema(example = "`CRM-17`: the object cannot be mapped")]
    problem: Option<String>,
    /// What it lacked; null in a list of pulls, and where it lacked nothing.
    absences: Option<AbsenceSummary>,
    /// What an operator decided; null in a list of pulls, and before.
    decision: Option<DecisionDocument>,
}

impl From<Mode> for PullKind {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Full => Self::Full,
            Mode::Delta => Self::Delta,
            Mode::Missing => Self::Missing,
        }
    }
}

/// A pull with what it lacked and what was decided about that.
pub(in crate::api) async fn whole(api: &Api, pull: store::Pull) -> Result<PullDocument> {
    let id = pull.id.clone();
    let (absences, decision) = api.context.store.read(move |db| decisions::of(db, &id)).await?;
    Ok(PullDocument { absences, decision, ..document(api, pull)? })
}

pub(super) fn document(api: &Api, pull: store::Pull) -> Result<PullDocument> {
    let unknown = || Error::new(Kind::Internal, "a pull is of neither profiles nor jobs");
    Ok(PullDocument {
        entity: Entity::parse(&pull.entity).ok_or_else(unknown)?,
        mode: pull.mode.into(),
        coverage: pull.coverage().map(CoverageDocument::from),
        state: match pull.state {
            State::Queued => PullState::Queued,
            State::Running => PullState::Running,
            State::Checking => PullState::Checking,
            State::WaitingForApproval => PullState::WaitingForApproval,
            State::Approved => PullState::Approved,
            State::Rejected => PullState::Rejected,
            State::Superseded => PullState::Superseded,
            State::Done => PullState::Done,
            State::Failed => PullState::Failed,
        },
        complete: complete(&pull),
        problem: pull.told_problem().map(str::to_owned),
        rate: rate(&pull, api.context.clock.now().timestamp_micros()),
        id: pull.id,
        partner: pull.partner,
        pages: pull.pages,
        seen: pull.seen,
        total: pull.total,
        changed: pull.changed,
        unchanged: pull.unchanged,
        failed: pull.failed,
        cursor: date(pull.newest),
        created_at: date(Some(pull.created_at)),
        started_at: date(pull.started_at),
        finished_at: date(pull.finished_at),
        absences: None,
        decision: None,
    })
}

/// Whether a full listing was proven complete, once that is known.
fn complete(pull: &store::Pull) -> Option<bool> {
    match (pull.mode, pull.state) {
        (Mode::Delta | Mode::Missing, _) | (Mode::Full, State::Queued | State::Running) => None,
        (Mode::Full, state) => Some(state != State::Failed && pull.doubt.is_none()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
fn rate(pull: &store::Pull, now: i64) -> Option<f64> {
    let micros = (pull.finished_at.unwrap_or(now) - pull.started_at?).max(1);
    let per_second = pull.seen as f64 * 1e6 / micros as f64;
    Some((per_second * 10.0).round() / 10.0)
}
