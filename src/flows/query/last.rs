//! The last answer to a question, for when HrFlow gives none: what was erased or archived since is not in it.

use std::sync::Arc;
use std::time::Duration;

use super::Asked;
use super::cursor::Cursor;
use super::remember::{Kept, Told, Write};
use super::standing::ensure_scorable;
use crate::error::{Error, Kind, Result};
use crate::flows::breaker::{Pass, pass};
use crate::flows::{Context, Partner};
use crate::store::{self, Side, breakers, records};

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
    if !is_outage(problem.kind()) {
        return Err(problem);
    }
    let Some(last) = find(context, question).await else { return Err(problem) };
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

/// Why HrFlow need not be asked a question that has a last answer: it is left alone for now, since it does not answer
/// those who write such objects either.
pub(super) async fn known_outage(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    question: &str,
) -> Result<Option<Error>> {
    let asks_hrflow = !asked.include.is_empty() || asked.cursor.as_ref().is_none_or(Cursor::asks_hrflow);
    if !asks_hrflow || find(context, question).await.is_none() {
        return Ok(None);
    }
    let (name, entity, clock) = (partner.settings.name.clone(), asked.entity, context.clock.clone());
    let (known, now) = context
        .store
        .read(move |db| {
            let known = breakers::of_partner(db, &name)?;
            let known = known.into_iter().find(|breaker| breaker.guards(Side::HrFlow, entity));
            Ok((known, store::now(db, &clock)?.timestamp_micros()))
        })
        .await?;
    // When its rest is over, whoever asks finds out, too.
    let Pass::Wait(wait) = pass(known.as_ref(), now) else { return Ok(None) };
    // Writes that came too fast say nothing of queries, which have a share of their own.
    let says_so = |kind: &Kind| is_outage(*kind) && *kind != Kind::RateLimited;
    let kind = known.and_then(|breaker| Kind::parse(breaker.code.as_deref()?)).filter(says_so);
    Ok(kind.map(|kind| Error::new(kind, "HrFlow is out of order, and left alone for now").retry_after(wait)))
}

/// The last answer to a question, if that is wanted.
async fn find(context: &Context, question: &str) -> Option<Arc<Kept>> {
    if !context.limits.queries.serve_stale {
        return None;
    }
    let now = context.clock.now().timestamp_micros();
    context.answers.last.get(question).await.filter(|last| last.is_younger_than(LIFETIME, now))
}

/// Whether it is HrFlow that gives no answer now, and not the question that has none.
fn is_outage(kind: Kind) -> bool {
    matches!(kind, Kind::Down | Kind::Unreachable | Kind::TimedOut | Kind::Upstream | Kind::RateLimited)
}
