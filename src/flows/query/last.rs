//! The last answer to a question, for when HrFlow gives none: what was erased or archived since is not in it.

use std::sync::Arc;
use std::time::Duration;

use super::Asked;
use super::remember::{Kept, Told, Write};
use super::standing::ensure_scorable;
use crate::error::{Error, Kind, Result};
use crate::flows::{Context, Partner};
use crate::store::records;

/// How long the last answer may stand in for a new one.
pub(super) const LIFETIME: Duration = Duration::from_hours(1);

/// The last answer to this very question, if that is wanted, HrFlow is what failed, and there is one; else `problem`.
pub(super) async fn instead(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    question: &str,
    write: Write,
    problem: Error,
) -> Result<Told> {
    let is_outage = matches!(
        problem.kind(),
        Kind::Down | Kind::Unreachable | Kind::TimedOut | Kind::Upstream | Kind::RateLimited
    );
    if !context.limits.queries.serve_stale || !is_outage {
        return Err(problem);
    }
    let now = context.clock.now().timestamp_micros();
    let last = context.answers.last.get(question).await;
    let Some(last) = last.filter(|last| last.is_younger_than(LIFETIME, now)) else { return Err(problem) };
    // It may have been archived while HrFlow was waited for.
    if let Some(reference) = &asked.scored_for {
        ensure_scorable(context, partner, asked.entity, reference).await?;
    }
    let mut answered = last.answered.clone();
    let (name, entity) = (partner.settings.name.clone(), asked.entity);
    let references: Vec<String> = answered.items.iter().map(|item| item.reference.clone()).collect();
    let live = context.store.read(move |db| {
        let references: Vec<&str> = references.iter().map(String::as_str).collect();
        records::live(db, &name, entity, &references)
    });
    let live = live.await?;
    answered.items.retain(|item| live.contains(&item.reference));
    answered.stale = true;
    let page = write(asked, &answered)?;
    context.metrics.answered(&partner.settings.name, "stale");
    tracing::warn!(
        partner = %partner.settings.name, code = problem.kind().code(),
        "the last answer stands in for one that HrFlow did not give"
    );
    let kept = Kept { asked_at: last.asked_at, settlements: last.settlements, page, answered };
    Ok(Told { kept: Arc::new(kept), remembered: true })
}
