//! Asking for a page: when there is room for it, several times if it must be, and never the same one for ever.

use std::time::Duration;

use chrono::DateTime;
use tokio::time::{sleep, timeout};

use super::super::backoff::backoff;
use super::super::breaker::{Heard, Object};
use super::super::{Context, Partner};
use super::gate::{self, Gate};
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};
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

/// Asks for the page at the pull's place, several times if it must, and only while the service's breaker lets it: each
/// rest of the breaker is waited for, as many as a page has attempts. The outer failure is our database's.
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
        let page = heard.note(Side::Service, partner.service.page(entity, &position, since).await);
        let asked = Object { entity, name: "a page", again: attempt > 0 };
        gate::report(context, partner, asked, heard, token, probe).await?;
        let problem = match page {
            Ok(page) => return Ok(Ok(page)),
            Err(problem) => problem,
        };
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
        let message =
            "the partner's service lists the same page again: does it know the parameters in `paging`?";
        return Err(Error::new(Kind::Refused, message));
    }
    *last_listed = listed;
    Ok(page)
}
