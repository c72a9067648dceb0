//! `/v1/deliveries`: every webhook that was accepted, the newest first.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{self, CURSOR, FROM, TO};
use super::parameters::{Given, PARTNER, Parameter, query};
use super::problem::refusals;
use super::records::date;
use super::shape::Shape;
use super::{Api, LIMIT};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::model::{Entity, EventKind, Reference};
use crate::store::delivery_log::{self, Kept, Which};

/// One webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryDocument {
    /// The id that its sender was told.
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: String,
    /// What it was about.
    entity: Entity,
    /// The partner's own name for it.
    #[schema(example = "CRM-4711")]
    reference: String,
    /// What happened.
    #[schema(example = "profile_update")]
    event_type: String,
    /// When, as it was sent.
    #[schema(example = "2026-03-01T14:21:58Z")]
    event_date: String,
    /// When we received it.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00Z")]
    received_at: Option<String>,
    /// `accepted`, or `stale` when later news was known already.
    #[schema(example = "accepted")]
    status: String,
}

/// A page of webhooks.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryList {
    /// The webhooks.
    items: Vec<DeliveryDocument>,
    /// Where to go on; null at the end. With filters a page may be shorter than asked for before the end.
    #[schema(
        example = "WyJkZWxpdmVyaWVzIixbMTc3MjM3NDkyMDAwMDAwMCwiMDE5OWEzYzAtNWY2ZS03YzNiLTlkNTUtNmYxZjBmM2YyYTExIl1d"
    )]
    next_cursor: Option<String>,
}

const EVENT_TYPES: Shape = Shape::Choice(&[
    "profile_create",
    "profile_update",
    "profile_archive",
    "job_create",
    "job_update",
    "job_archive",
]);

query! {
    /// What listing deliveries reads.
    ListDeliveries: &[
        PARTNER,
        Parameter::optional("entity", Shape::Choice(&["profiles", "jobs"]), "Only of these."),
        Parameter::optional("reference", Shape::Reference, "Only of this object; needs `entity`."),
        Parameter::optional("event_type", EVENT_TYPES, "Only of this type."),
        Parameter::optional("status", Shape::Choice(&["accepted", "stale"]), "Only with this status."),
        FROM,
        TO,
        CURSOR.like("WyJkZWxpdmVyaWVzIixbMTc3MjM3NDkyMDAwMDAwMCwiMDE5OWEzYzAtNWY2ZS03YzNiLTlkNTUtNmYxZjBmM2YyYTExIl1d"),
        Parameter::optional("limit", LIMIT, "How many are listed at most."),
    ]
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, Invalid, Unavailable);

/// List deliveries
///
/// Every webhook that was answered with success, the newest first, for as long as `retention_days` says. Duplicates are
/// answered with the id of the first and stand here once.
#[utoipa::path(
    tag = "history",
    params(ListDeliveries),
    responses((status = 200, description = "A page of deliveries", body = DeliveryList), Refusals),
    security(("api_key" = [])),
)]
#[get("/v1/deliveries")]
pub(super) async fn list_deliveries(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse> {
    let (partner, given) = api.partner_asks(&request, ListDeliveries::KNOWN)?;
    let which = which(partner, &given)?;
    let before = cursor::read(LIST, &given)?;
    let limit = usize::try_from(given.whole("limit")).unwrap_or_default();
    let page =
        api.context.store.read(move |db| delivery_log::list(db, &which, before.as_ref(), limit)).await?;
    let next_cursor = page.next.map(|next| cursor::write(LIST, &next)).transpose()?;
    let items = page.items.into_iter().map(document).collect::<Result<_>>()?;
    Ok(HttpResponse::Ok().json(DeliveryList { items, next_cursor }))
}

const LIST: &str = "deliveries";

/// What is asked for.
fn which(partner: &Partner, given: &Given) -> Result<Which> {
    let (from, to) = cursor::span(given)?;
    let entity = given.text("entity").and_then(Entity::parse);
    let object = match (entity, given.text("reference").map(Reference::parse).transpose()?) {
        (Some(entity), Some(reference)) => Some((entity, reference)),
        (_, None) => None,
        (None, Some(_)) => {
            let problem = Error::new(Kind::Invalid, "the query parameters cannot be accepted");
            return Err(problem.field("reference", "needs `entity`"));
        }
    };
    Ok(Which {
        partner: partner.settings.name.clone(),
        entity: entity.filter(|_| object.is_none()),
        object,
        event_type: given.text("event_type").and_then(EventKind::parse),
        status: given.text("status").map(str::to_owned),
        from,
        to,
    })
}

pub(super) fn document(kept: Kept) -> Result<DeliveryDocument> {
    let unknown = || Error::new(Kind::Internal, "a delivery is of neither profiles nor jobs");
    Ok(DeliveryDocument {
        entity: Entity::parse(&kept.entity).ok_or_else(unknown)?,
        received_at: date(Some(kept.received_at)),
        id: kept.id,
        reference: kept.reference,
        event_type: kept.event_type,
        event_date: kept.event_date,
        status: kept.status,
    })
}
