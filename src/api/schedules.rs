//! The pulls that start by themselves, as `GET /v1/pulls` shows them.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::pulls::PullKind;
use crate::error::Result;
use crate::flows::Partner;
use crate::flows::schedule::{self, Run};
use crate::model::{Entity, rfc3339};
use crate::store::Mode;

/// A pull that starts by itself, again and again.
#[derive(Serialize, ToSchema)]
pub(super) struct ScheduleDocument {
    /// Whose objects are pulled.
    #[schema(example = "acme")]
    partner: String,
    /// What is pulled.
    entity: Entity,
    /// How much of it.
    mode: PullKind,
    /// From one start to the next, an ISO 8601 duration.
    #[schema(format = "duration", example = "PT15M")]
    every: String,
    /// When it starts next, unless a pull of the same objects is still running then; null while a delta waits for the
    /// first full pull.
    #[schema(format = "date-time", example = "2026-03-01T14:30:00Z")]
    next_run_at: Option<String>,
    /// Whether it would start earlier but for the quiet hours.
    #[schema(example = false)]
    held_by_quiet_hours: bool,
}

/// What is scheduled for a partner, or for all.
pub(super) async fn upcoming(api: &Api, partner: Option<&Arc<Partner>>) -> Result<Vec<ScheduleDocument>> {
    let mut schedules = Vec::new();
    for each in &api.context.partners {
        if partner.is_none_or(|partner| Arc::ptr_eq(partner, each)) {
            for next in schedule::upcoming(&api.context, each).await? {
                let name = &each.settings.name;
                schedules.extend(next.runs.iter().map(|run| document(name, next.entity, run)));
            }
        }
    }
    Ok(schedules)
}

fn document(partner: &str, entity: Entity, run: &Run) -> ScheduleDocument {
    ScheduleDocument {
        partner: partner.to_owned(),
        entity,
        mode: run.mode.into(),
        every: match run.mode {
            Mode::Full => format!("P{}D", run.every.as_secs() / (24 * 60 * 60)),
            Mode::Delta | Mode::Missing => format!("PT{}M", run.every.as_secs() / 60),
        },
        next_run_at: run.at.map(rfc3339),
        held_by_quiet_hours: run.held,
    }
}
