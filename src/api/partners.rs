//! `/v1/partners`: how each partner stands, and what holds its records back.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::parameters::{PARTNER, query};
use super::problem::refusals;
use super::records::date;
use crate::error::Result;
use crate::model::Entity;
use crate::store::{Breaker, Side, Standing, breakers, records};

/// How a partner stands.
#[derive(Serialize, ToSchema)]
pub(super) struct PartnerDocument {
    /// Its name.
    #[schema(example = "acme")]
    name: String,
    /// Records that are due, wait to be tried again, or are being worked on.
    #[schema(minimum = 0, example = 12)]
    pending: i64,
    /// Since when the oldest change waits to be brought to HrFlow; null when none does.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    waiting_since: Option<String>,
    /// Records that were set aside with a problem.
    #[schema(minimum = 0, example = 0)]
    set_aside: i64,
    /// Whether its service and HrFlow are called, and if not, why.
    breakers: Vec<BreakerDocument>,
}

/// Whether one side is called for one kind of object. What needs a side that is not waits, at no cost.
#[derive(Serialize, ToSchema)]
pub(super) struct BreakerDocument {
    /// Who is called.
    side: BreakerSide,
    /// For what.
    entity: Entity,
    /// Whether it is called.
    state: BreakerState,
    /// What opened it, for programs; null while it is closed.
    #[schema(example = "upstream_denied")]
    code: Option<String>,
    /// What opened it; null while it is closed.
    #[schema(example = "HrFlow refuses our credential (401)")]
    reason: Option<String>,
    /// Since when it has been open, or closed again; null when it was never open.
    #[schema(format = "date-time", example = "2026-03-01T14:22:01Z")]
    since: Option<String>,
    /// When one call is let through to see whether the side works again; null while it is closed.
    #[schema(format = "date-time", example = "2026-03-01T14:23:01Z")]
    next_probe_at: Option<String>,
    /// How often in a row it was asked in vain since it opened, the call that opened it included.
    #[schema(minimum = 0, example = 3)]
    failures: i32,
}

/// Who is called.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BreakerSide {
    /// The partner's own service.
    Service,
    /// The partner's source or board in HrFlow.
    Hrflow,
}

/// Whether a side is called.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BreakerState {
    /// It is.
    Closed,
    /// It is out of order and left alone until the next probe.
    Open,
    /// One call is under way, which decides.
    HalfOpen,
}

/// The partners.
#[derive(Serialize, ToSchema)]
pub(super) struct PartnerList {
    /// How each stands.
    items: Vec<PartnerDocument>,
}

query! {
    /// What listing partners reads.
    ListPartners: &[PARTNER]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);

/// List partners
///
/// How each partner stands: what waits, what was set aside, and whether its service and HrFlow are called, or why not. An
/// operator key sees all of them, a partner's key its own.
#[utoipa::path(
    tag = "operation",
    params(ListPartners),
    responses((status = 200, description = "How the partners stand", body = PartnerList), Refusals),
    security(("api_key" = [])),
)]
#[get("/v1/partners")]
pub(super) async fn list_partners(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let partners = api.partners_asked(&request, ListPartners::KNOWN)?;
    let names: Vec<String> = partners.iter().map(|partner| partner.settings.name.clone()).collect();
    let known = api.context.store.read(move |db| {
        let stand = |name: String| {
            let (backlog, breakers) = (records::backlog(db, &name)?, breakers::of_partner(db, &name)?);
            Ok(document(name, &backlog, &breakers))
        };
        names.into_iter().map(stand).collect::<Result<_>>()
    });
    Ok(HttpResponse::Ok().json(PartnerList { items: known.await? }))
}

fn document(name: String, backlog: &records::Backlog, known: &[Breaker]) -> PartnerDocument {
    let each = Side::ALL.into_iter().flat_map(|side| Entity::ALL.map(|entity| (side, entity)));
    let breaker =
        |(side, entity)| breaker(side, entity, known.iter().find(|breaker| breaker.guards(side, entity)));
    PartnerDocument {
        name,
        pending: backlog.due,
        waiting_since: date(backlog.waiting_since),
        set_aside: backlog.set_aside,
        breakers: each.map(breaker).collect(),
    }
}

fn breaker(side: Side, entity: Entity, known: Option<&Breaker>) -> BreakerDocument {
    BreakerDocument {
        side: match side {
            Side::Service => BreakerSide::Service,
            Side::HrFlow => BreakerSide::Hrflow,
        },
        entity,
        state: match known.map_or(Standing::Closed, |breaker| breaker.state) {
            Standing::Closed => BreakerState::Closed,
            Standing::Open => BreakerState::Open,
            Standing::HalfOpen => BreakerState::HalfOpen,
        },
        code: known.and_then(|breaker| breaker.code.clone()),
        reason: known.and_then(|breaker| breaker.reason.clone()),
        since: date(known.map(|breaker| breaker.since)),
        next_probe_at: date(known.and_then(|breaker| breaker.probe_at)),
        failures: known.map_or(0, |breaker| breaker.failures),
    }
}
