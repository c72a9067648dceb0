//! Before and after a page: the breaker of the partner's service lets it through, and hears what came of it.

use std::time::Duration;

use super::super::breaker::{self, Heard, Object, Pass, pass};
use super::super::{Context, Partner};
use crate::error::{Error, Kind, Result};
use crate::model::Entity;
use crate::store::{self, Breaker, Side, breakers};

/// Whether a page may be asked for.
pub(super) enum Gate {
    /// It may, as the probe or not.
    Open { probe: bool },
    /// Not before this has passed, because of this.
    Closed(Duration, Error),
}

/// Asks whether the service may be called now; a probe is taken under `token`.
pub(super) async fn enter(context: &Context, partner: &Partner, entity: Entity, token: &str) -> Result<Gate> {
    let (name, clock) = (partner.settings.name.clone(), context.clock.clone());
    let known = context.store.read(move |db| {
        let now = store::now(db, &clock)?.timestamp_micros();
        let known = breakers::of_partner(db, &name)?;
        Ok((known.into_iter().find(|breaker| breaker.guards(Side::Service, entity)), now))
    });
    let (known, now) = known.await?;
    let wait = match pass(known.as_ref(), now) {
        Pass::Free => return Ok(Gate::Open { probe: false }),
        Pass::Probe if probe(context, partner, entity, token).await? => {
            return Ok(Gate::Open { probe: true });
        }
        Pass::Probe => context.limits.breaker_rest,
        Pass::Wait(wait) => wait,
    };
    Ok(Gate::Closed(wait, out_of_order(known)))
}

async fn probe(context: &Context, partner: &Partner, entity: Entity, token: &str) -> Result<bool> {
    let (name, token) = (partner.settings.name.clone(), token.to_owned());
    let (clock, length) = (context.clock.clone(), context.limits.lease);
    context
        .store
        .write(move |db| {
            let now = store::now(db, &clock)?;
            let until = (now + length).timestamp_micros();
            breakers::take_probe(db, (&name, Side::Service, entity), &token, until, now.timestamp_micros())
        })
        .await
}

fn out_of_order(breaker: Option<Breaker>) -> Error {
    let reason = breaker.and_then(|breaker| breaker.reason).unwrap_or_default();
    Error::new(Kind::Unavailable, format!("the partner's service is left alone for a while: {reason}"))
}

/// Tells the breaker what came of the page that `token` asked for.
pub(super) async fn report(
    context: &Context,
    partner: &Partner,
    page: Object<'_>,
    heard: Heard,
    token: &str,
    probe: bool,
) -> Result<()> {
    let probes: &[Side] = if probe { &[Side::Service] } else { &[] };
    let reports = partner.breakers.count(page, heard, probes, &context.limits);
    if reports.is_empty() {
        return Ok(());
    }
    let (name, token, entity) = (partner.settings.name.clone(), token.to_owned(), page.entity);
    let (clock, limits) = (context.clock.clone(), context.limits.clone());
    let told = context.store.write(move |db| {
        let now = store::now(db, &clock)?;
        breaker::tell(db, &name, entity, &reports, &token, &limits, now)
    });
    breaker::announce(partner, &told.await?.moved);
    Ok(())
}
