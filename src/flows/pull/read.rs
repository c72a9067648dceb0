//! Asking for a page: when there is room for it, several times if it must be, and never the same one for ever.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::super::backoff::backoff;
use super::super::breaker::{Heard, Object};
use super::super::{Context, Partner};
use super::gate::{self, Gate};
use super::proof::same_again;
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};
use crate::partner::{Ask, Page, Position};
use crate::store::{By, Pull, Side, pulls, records};

/// The longest wait between two attempts at a page, unlike those at a record: somebody waits for the pull to end.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long reading pauses before it looks again whether enough records were worked off.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a pull waits before it looks again whether quiet hours are over or an operator asks for it.
const QUIET_PAUSE: Duration = Duration::from_secs(1);

/// Waits while quiet hours want it, and while too many records are due: what is read but not indexed would only pile up.
pub(super) async fn hold_back(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    pull: &Pull,
) -> Result<()> {
    keep_quiet(context, partner, entity, pull).await?;
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

/// Waits while a pull that only the schedule wants meets quiet hours.
pub(super) async fn keep_quiet(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    pull: &Pull,
) -> Result<()> {
    let quiet = partner.settings.schedule.of(entity).quiet.as_ref();
    while pull.asked_by == By::Schedule && quiet.is_some_and(|quiet| quiet.hold(context.clock.now())) {
        let id = pull.id.clone();
        let now = context.store.read(move |db| pulls::find(db, &id)).await?;
        if now.is_none_or(|now| now.asked_by == By::Operator) {
            break;
        }
        sleep(QUIET_PAUSE).await;
    }
    Ok(())
}

/// Asks for the page at the pull's place, several times if it must. The outer failure is our database's.
pub(super) async fn read(
    context: &Context,
    partner: &Partner,
    entity: Entity,
    pull: &Pull,
    ask: &Ask,
) -> Result<Result<Page>> {
    let position = match &pull.position {
        Some(text) => serde_json::from_str::<Position>(text).ok(),
        None => partner.service.start(entity),
    };
    let Some(position) = position else {
        return Ok(Err(Error::new(Kind::Internal, "the pull's place cannot be read")));
    };
    insist(context, partner, pull, (entity, "a page"), || partner.service.page(entity, &position, ask)).await
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

/// Refuses a page that lists what the one before it listed: a service that does not know the parameters of its paging
/// gives its first page for ever.
pub(super) fn advanced(page: Page, last_listed: &mut Vec<Option<Reference>>) -> Result<Page> {
    let listed: Vec<Option<Reference>> = page
        .items
        .iter()
        .map(|item| match item {
            Ok(item) => Some(item.reference.clone()),
            Err(broken) => broken.reference.clone(),
        })
        .collect();
    if !listed.is_empty() && listed == *last_listed {
        return Err(same_again());
    }
    *last_listed = listed;
    Ok(page)
}
