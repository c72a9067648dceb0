//! What was asked before something was settled that changed nothing: the ranking stands, and how far HrFlow is behind is read
//! anew.

use std::sync::Arc;

use super::Asked;
use super::remember::{Kept, Write};
use super::standing::ensure_scorable;
use crate::error::Result;
use crate::flows::{Context, Partner};
use crate::store::freshness;

/// The answer as it is told to somebody who came when so much was settled.
pub(super) async fn since(
    context: &Context,
    partner: &Partner,
    asked: &Asked,
    kept: Arc<Kept>,
    came_at: u64,
    write: Write,
) -> Result<Arc<Kept>> {
    let is_behind = kept.answered.freshness.pending > 0 || kept.answered.stale;
    if kept.settlements >= came_at || !is_behind {
        return Ok(kept);
    }
    let mut answered = kept.answered.clone();
    (answered.freshness, answered.stale) = if let Some(reference) = &asked.scored_for {
        let now = ensure_scorable(context, partner, asked.entity, reference).await?;
        (now.freshness, now.is_pending)
    } else {
        let (name, entity, asked_at) = (partner.settings.name.clone(), asked.entity, answered.asked_at);
        let read = context.store.read(move |db| freshness::read(db, &name, entity, asked_at));
        (read.await?, false)
    };
    // HrFlow was asked then: of what came later its answer says nothing.
    answered.freshness.as_of = answered.freshness.as_of.min(answered.asked_at);
    let page = write(asked, &answered)?;
    Ok(Arc::new(Kept { asked_at: kept.asked_at, settlements: came_at, page, answered }))
}
