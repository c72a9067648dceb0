//! `/metrics`: what is counted, for Prometheus.

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::Api;
use super::problem::refusals;
use crate::error::Result;
use crate::model::Entity;
use crate::store::{Side, Standing, breakers, records};

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
    let backlogs = context.store.read(move |db| {
        let backlog =
            |name: String| Ok((records::backlog(db, &name)?, breakers::of_partner(db, &name)?, name));
        names.into_iter().map(backlog).collect::<Result<Vec<_>>>()
    });
    let now = context.clock.now().timestamp_micros();
    for (backlog, known, name) in backlogs.await? {
        let oldest = backlog.waiting_since.map_or(0, |since| (now - since).max(0) / 1_000_000);
        context.metrics.backlog(&name, backlog.due, oldest, backlog.set_aside);
        for (side, entity) in Side::ALL.into_iter().flat_map(|side| Entity::ALL.map(|entity| (side, entity)))
        {
            let known = known.iter().find(|breaker| breaker.guards(side, entity));
            let is_open = known.is_some_and(|breaker| breaker.state != Standing::Closed);
            context.metrics.breaker(&name, side.as_str(), entity.singular(), is_open);
        }
    }
    for partner in &context.partners {
        context.metrics.pace("hrflow", &partner.settings.name, partner.hrflow.pace());
        context.metrics.pace("partner", &partner.settings.name, partner.service.pace());
    }
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(context.metrics.text()?))
}
