//! Asking for a page: when there is room for it, and several times if it must be.

use std::time::Duration;

use chrono::DateTime;
use tokio::time::{sleep, timeout};

use super::super::backoff::backoff;
use super::super::breaker::{Heard, Object};
use super::super::{Context, Partner};
use super::gate::{self, Gate};
use crate::error::{Error, Kind, Result};
use crate::model::Entity;
use crate::partner::{Page, Position};
use crate::store::{Pull, Side, records};

/// The longest wait between two attempts at a page, unlike those at a record: somebody waits for the pull to end.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long reading pauses before it looks again whether enough records were worked off.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits while too many records are due: what is read but not indexed would only pile up.
pub(super) async fn hold_back(context: &Context, partner: &Partner) -> Result<()> {
    let limit = context.limits.due_records;
    loop {
        let name = partner.settings.name.clone();
        if context.store.read(move |db| records::count_due(db, &name, limit)).await? < limit {
            return Ok(());
        }
        partner.records_due.notify_one();
        sleep(PAUSE).await;
    }
}

/// Asks for the page at the pull's place, several times if it must. The outer failure is our database's.
pub(super) async fn read(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    pull: &Pull,
) -> Result<Result<Page>> {
    let position = match &pull.position {
        Some(text) => serde_json::from_str::<Position>(text).ok(),
        None => partner.service.start(entity),
    };
    let Some(position) = position else {
        return Ok(Err(Error::new(Kind::Internal, "the pull's place cannot be read")));
    };
    let since = pull.since.and_then(DateTime::from_timestamp_micros);
    insist(context, partner, pull, (entity, "a page"), || partner.service.page(entity, &position, since))
        .await
}

/// Calls the partner's service for what has this name, again while it fails for a time, and only while its breaker lets
/// it: each rest of the breaker is waited for, as many as a page has attempts. The outer failure is our database's.
pub(super) async fn insist<T, F>(
    context: &Context,
    partner: &Partner,
    pull: &Pull,
    (entity, name): (Entity, &str),
    call: impl Fn() -> F,
) -> Result<Result<T>>
where
    F: Future<Output = Result<T>>,
{
    let token = pull.lease.as_deref().unwrap_or_default();
    let (mut attempt, mut rests) = (0, 0);
    loop {
        let probe = match gate::enter(context, partner, entity, token).await? {
            Gate::Open { probe } => probe,
            Gate::Closed(_, problem) if rests == context.limits.page_attempts => return Ok(Err(problem)),
            Gate::Closed(wait, problem) if wait > LONGEST_WAIT.max(context.limits.breaker_longest_rest) => {
                return Ok(Err(problem));
            }
            Gate::Closed(wait, _) => {
                rests += 1;
                // Whoever closes the breaker ends the rest.
                let _ = timeout(wait, partner.breakers.recovered.notified()).await;
                continue;
            }
        };
        let mut heard = Heard::default();
        let answer = heard.note(Side::Service, call().await);
        let asked = Object { entity, name, again: attempt > 0 };
        gate::report(context, partner, asked, heard, token, probe).await?;
        let problem = match answer {
            Ok(answer) => return Ok(Ok(answer)),
            Err(problem) => problem,
        };
        if matches!(problem.kind(), Kind::NotFound | Kind::Gone) {
            return Ok(Err(problem));
        }
        attempt += 1;
        tracing::warn!(
            partner = %pull.partner, entity = %pull.entity, pull = %pull.id, attempt,
            code = problem.kind().code(), "{problem}"
        );
        // A service that asks for a long rest gets it: the next pull goes on from this place.
        let too_long = problem.wait().is_some_and(|asked| asked > LONGEST_WAIT);
        if attempt >= context.limits.page_attempts || !problem.kind().is_temporary() || too_long {
            return Ok(Err(problem));
        }
        sleep(backoff(attempt, problem.wait(), rand::random())).await;
    }
}
