//! What is told of an export.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::records::date;
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::flows::export::{self, State};
use crate::flows::question::Question;
use crate::model::{Entity, rfc3339};
use crate::store::Export;

/// How far an export has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ExportState {
    /// Nobody has begun.
    Waiting,
    /// It is worked on.
    Running,
    /// Every line is there.
    Done,
    /// It was cancelled; the lines that were written stay.
    Cancelled,
    /// It did not end within `export_days`; the lines that were written stay.
    Failed,
}

/// One export.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ExportDocument {
    /// Its id.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// What the lines list; each is for an object of the other kind.
    ranked: Entity,
    /// How far it has come.
    state: ExportState,
    /// How many matches a line has at most.
    #[schema(minimum = 1, maximum = 1000, example = 10)]
    top: i64,
    /// The least score that counts; null for any.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.5)]
    score_min: Option<f64>,
    /// How many lines there are.
    #[schema(minimum = 0, example = 1200)]
    done: i64,
    /// How many there will be. Where every object was asked for, their number may change until the last is planned.
    #[schema(minimum = 0, example = 52000)]
    total: i64,
    /// How many of the lines tell a problem.
    #[schema(minimum = 0, example = 3)]
    failed: i64,
    /// When it was asked for.
    #[schema(format = "date-time", example = "2026-03-01T14:00:00Z")]
    created_at: Option<String>,
    /// When the work began; null before.
    #[schema(format = "date-time", example = "2026-03-01T14:00:01Z")]
    started_at: Option<String>,
    /// When it ended; null before. It is deleted `export_days` later.
    #[schema(format = "date-time", example = "2026-03-01T15:26:40Z")]
    finished_at: Option<String>,
    /// When it should end, by the quota and by how it went so far; null when it has ended.
    #[schema(format = "date-time", example = "2026-03-01T15:26:40Z")]
    estimated_end: Option<String>,
    /// What ended it, if it failed; while it is worked on, why the last call for a line was in vain, until a line is written.
    #[schema(example = "it did not end in time: HrFlow was not ready for all of it")]
    problem: Option<String>,
}

/// A page of exports.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ExportList {
    /// The exports, the newest first.
    pub(super) items: Vec<ExportDocument>,
    /// Where to go on; null at the end.
    #[schema(example = "WyJleHBvcnRzIixbMCwiYSJdXQ")]
    pub(super) next_cursor: Option<String>,
}

pub(super) fn document(api: &Api, partner: &Partner, export: Export) -> Result<ExportDocument> {
    let unreadable = || Error::new(Kind::Internal, "an export cannot be read");
    let question: Question =
        serde_json::from_str(&export.question).map_err(|cause| unreadable().because(cause))?;
    let estimated_end = export::estimated_end(partner, &export, api.context.clock.now());
    Ok(ExportDocument {
        ranked: Entity::parse(&export.ranked).ok_or_else(unreadable)?,
        state: match export.state {
            State::Waiting => ExportState::Waiting,
            State::Running => ExportState::Running,
            State::Done => ExportState::Done,
            State::Cancelled => ExportState::Cancelled,
            State::Failed => ExportState::Failed,
        },
        id: export.id,
        top: export.top,
        score_min: question.score_min,
        done: export.lines,
        total: export.total.max(export.planned),
        failed: export.failed,
        created_at: date(Some(export.created_at)),
        started_at: date(export.started_at),
        finished_at: date(export.finished_at),
        estimated_end: estimated_end.map(rfc3339),
        problem: export.problem,
    })
}

/// An export in this state, for the OpenAPI document.
pub(super) fn example(state: &str) -> Value {
    let (begun, ended) = (state != "waiting", state == "cancelled");
    json!({
        "id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "ranked": "profiles", "state": state, "top": 10,
        "score_min": 0.5, "done": if begun { 1200 } else { 0 }, "total": 52000, "failed": if begun { 3 } else { 0 },
        "created_at": "2026-03-01T14:00:00Z",
        "started_at": begun.then_some("2026-03-01T14:00:01Z"),
        "finished_at": ended.then_some("2026-03-01T14:02:01Z"),
        "estimated_end": (!ended).then_some("2026-03-01T15:26:40Z"),
        "problem": null,
    })
}
