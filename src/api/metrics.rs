//! `/metrics`: what is counted, for Prometheus.

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::Api;
use super::problem::refusals;
use crate::error::Result;
use crate::flows::Context;
use crate::model::Entity;
use crate::store::exports::{self, State};
use crate::store::records::{self, Backlog};
use crate::store::{self, Breaker, Db, Side, Standing, breakers, tickets};

refusals!(Refusals: Unauthorized, Unavailable);

/// Read the metrics
///
/// Prometheus' text format. Needs an operator key; a listener of its own can serve it without.
#[utoipa::path(
    tag = "operation",
    responses(
        (status = 200, description = "The metrics", body = String, content_type = "text/plain",
            example = json!("oem_due_records{partner=\"acme\"} 12\n")),
        Refusals,
    ),
    security(("api_key" = [])),
)]
#[get("/metrics")]
pub(super) async fn read_metrics(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    api.ensure_operator(&request)?;
    show(&api).await
}

/// The same without a key, where only the operator's network can reach.
#[get("/metrics")]
pub(super) async fn read_metrics_openly(api: web::Data<Api>) -> Result<HttpResponse> {
    show(&api).await
}

async fn show(api: &Api) -> Result<HttpResponse> {
    let context = &api.context;
    let names: Vec<String> = context.partners.iter().map(|partner| partner.settings.name.clone()).collect();
    let clock = context.clock.clone();
    let looks = context.store.read(move |db| {
        let now = store::now(db, &clock)?.timestamp_micros();
        names.into_iter().map(|name| look(db, name, now)).collect::<Result<Vec<_>>>()
    });
    for look in looks.await? {
        set(context, &look);
    }
    for partner in &context.partners {
        context.metrics.pace("hrflow", &partner.settings.name, partner.hrflow.pace());
        context.metrics.pace("partner", &partner.settings.name, partner.service.pace());
    }
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(context.metrics.text()?))
}

/// What the database tells of a partner.
struct Look {
    partner: String,
    now: i64,
    backlog: Backlog,
    breakers: Vec<Breaker>,
    exports: exports::Tally,
    tickets: tickets::Tally,
}

fn look(db: &mut Db<'_>, partner: String, now: i64) -> Result<Look> {
    Ok(Look {
        backlog: records::backlog(db, &partner)?,
        breakers: breakers::of_partner(db, &partner)?,
        exports: exports::tally(db, &partner)?,
        tickets: tickets::tally(db, &partner, now)?,
        now,
        partner,
    })
}

fn set(context: &Context, Look { partner, now, backlog, breakers, exports, tickets }: &Look) {
    let metrics = &context.metrics;
    let oldest = backlog.waiting_since.map_or(0, |since| (now - since).max(0) / 1_000_000);
    metrics.backlog(partner, backlog.due, oldest, backlog.set_aside);
    for (side, entity) in Side::ALL.into_iter().flat_map(|side| Entity::ALL.map(|entity| (side, entity))) {
        let known = breakers.iter().find(|breaker| breaker.guards(side, entity));
        let is_open = known.is_some_and(|breaker| breaker.state != Standing::Closed);
        metrics.breaker(partner, side.as_str(), entity.singular(), is_open);
    }
    for state in State::ALL {
        let count = exports.states.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
        metrics.exports(partner, state.as_str(), count);
    }
    metrics.export_lines_waiting(partner, exports.unwritten);
    for (state, count) in [("waiting", tickets.waiting), ("done", tickets.done), ("expired", tickets.expired)]
    {
        metrics.tickets(partner, state, count);
    }
}
