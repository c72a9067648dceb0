//! `/v1/webhooks`: a partner tells that a profile or a job was created, updated or archived.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::door::Arrival;
use super::problem::refusals;
use super::{Api, body};
use crate::error::{Error, Kind, Result};
use crate::flows::Partner;
use crate::flows::catch::{self, Answer, Notice};
use crate::model::{Entity, EventKind, SAMPLE_DATE, SAMPLE_REFERENCE, rfc3339};
use crate::store::Receipt;

/// What a partner sends. Other fields are tolerated and ignored.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook<'a> {
    /// The partner's own name for the object.
    #[schema(min_length = 1, max_length = 255, example = "CRM-4711")]
    reference: &'a str,
    /// The event, as in the address; may be left out.
    #[schema(required = false, nullable, example = "profile_update")]
    event_type: &'static str,
    /// When it happened, RFC 3339; without an offset it is UTC.
    #[schema(max_length = 64, example = "2026-03-01T14:21:58Z")]
    event_date: &'a str,
}

/// What became of a webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WebhookStatus {
    /// It is on disk and will be worked on.
    Accepted,
    /// The same was said before.
    Duplicate,
    /// Later news is known already.
    Stale,
    /// The object was erased: nothing was kept, and nothing will be done.
    Erased,
    /// It was the sample payload, which reaches nobody.
    Ping,
}

/// The answer to a webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct Acknowledgement {
    /// The id under which it is kept, or that of the first that said the same; none for the sample and for
    /// what was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11")]
    id: Option<String>,
    /// What became of it.
    status: WebhookStatus,
}

impl From<&Answer> for Acknowledgement {
    fn from(answer: &Answer) -> Self {
        let (id, status) = match answer {
            Answer::Kept(Receipt::Accepted(id)) => (Some(id), WebhookStatus::Accepted),
            Answer::Kept(Receipt::Duplicate(id)) => (Some(id), WebhookStatus::Duplicate),
            Answer::Kept(Receipt::Stale(id)) => (Some(id), WebhookStatus::Stale),
            Answer::Kept(Receipt::Erased) => (None, WebhookStatus::Erased),
            Answer::Ping => (None, WebhookStatus::Ping),
        };
        Self { id: id.cloned(), status }
    }
}

/// The answer to a ping: nothing was stored.
#[derive(Serialize, ToSchema)]
pub(super) struct Pong<'a> {
    /// Always `ping`.
    status: WebhookStatus,
    /// For whom it was sent.
    #[schema(example = "acme")]
    partner: &'a str,
    /// The event in the address.
    #[schema(example = "profile_update")]
    event: &'static str,
    /// What it is about.
    entity: Entity,
    /// What was understood of the body; null without one.
    understood: Option<Understood<'a>>,
    /// What our clock shows.
    #[schema(format = "date-time", example = "2026-03-01T14:22:00.5Z")]
    server_time: String,
    /// The static sample payload of this event.
    sample: Webhook<'static>,
}

/// A webhook's body as it was understood.
#[derive(Serialize, ToSchema)]
pub(super) struct Understood<'a> {
    /// The reference.
    #[schema(example = "CRM-4711")]
    reference: &'a str,
    /// The event.
    #[schema(example = "profile_update")]
    event_type: &'static str,
    /// The date, in UTC.
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    event_date: String,
}

/// Whose webhook it is, and what it is about.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Address {
    /// The partner who sends it.
    #[param(example = "acme")]
    partner: String,
    /// `profile_create`, `profile_update`, `profile_archive`, `job_create`, `job_update` or `job_archive`.
    #[param(example = "profile_update", pattern = "^(profile|job)_(create|update|archive)$")]
    event: String,
}

impl Address {
    /// The event, which `partner` must have a service for.
    fn event(&self, partner: &Partner) -> Result<EventKind> {
        let kind = EventKind::parse(&self.event).ok_or_else(|| {
            let known = EventKind::ALL.map(EventKind::as_str).join(", ");
            Error::new(Kind::NotFound, format!("no event is called `{}`; there are {known}", self.event))
        })?;
        catch::ensure_served(partner, kind.entity).map_err(|reason| Error::new(Kind::NotFound, reason))?;
        Ok(kind)
    }
}

/// The identity of a delivery, which a sender may give it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Identity {
    /// The delivery's identity: sent again with the same content it is a proven retry, and the same content under another
    /// identity is another delivery. Read where whoever sent it is proven together with it: not beside an HMAC of the body.
    #[param(rename = "webhook-id", value_type = String, required = false, max_length = 255, example = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W")]
    #[expect(dead_code, reason = "the door reads the header; this describes it")]
    webhook_id: Option<String>,
}

refusals!(Refusals: Malformed, Unauthorized, NotFound, TooLarge, UnsupportedMediaType, Invalid, Unavailable);
refusals!(DescribeRefusals: Malformed, Unauthorized, NotFound, TooLarge);

/// Receive a webhook
///
/// Once this answers with success, the event is on disk: it survives a crash. The object itself is fetched from the
/// partner later. The same reference, event and date again is a duplicate.
#[utoipa::path(
    tag = "webhooks",
    params(Address, Identity),
    request_body(content = Webhook, description = "What happened to which object; at most 64 KiB"),
    responses(
        (status = 202, description = "The event is kept and will be worked on", body = Acknowledgement,
            example = json!({"id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "status": "accepted"})),
        (status = 200, description = "There is nothing to do: a duplicate, stale news, an erased object, or the sample \
            payload",
            body = Acknowledgement,
            example = json!({"id": "0199a3c0-5f6e-7c3b-9d55-6f1f0f3f2a11", "status": "duplicate"})),
        Refusals,
    ),
    security(("api_key" = []), ("standard_webhooks" = []), ("hmac" = []), ("basic" = []), ("bearer" = [])),
)]
#[post("/v1/webhooks/{partner}/{event}")]
pub(super) async fn receive_webhook(
    api: web::Data<Api>,
    address: web::Path<Address>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let Arrival { partner, webhook_id, body } =
        api.admit(&request, &address.partner, payload, body::MAX_BYTES).await?;
    let kind = address.event(partner)?;
    body::ensure_json(&request)?;
    let answer = catch::keep(&api.context, partner, kind, webhook_id.as_deref(), &body).await?;
    let acknowledgement = Acknowledgement::from(&answer);
    let accepted = matches!(acknowledgement.status, WebhookStatus::Accepted);
    let mut response = if accepted { HttpResponse::Accepted() } else { HttpResponse::Ok() };
    Ok(response.json(acknowledgement))
}

/// Describe a webhook
///
/// Checks the key or the signature and the address, and shows the sample payload of the event. Stores nothing.
#[utoipa::path(
    tag = "webhooks",
    params(Address),
    responses(
        (status = 200, description = "The address and the key are right", body = Pong),
        DescribeRefusals,
    ),
    security(("api_key" = []), ("standard_webhooks" = []), ("hmac" = []), ("basic" = []), ("bearer" = [])),
)]
#[get("/v1/webhooks/{partner}/{event}/ping")]
pub(super) async fn describe_webhook(
    api: web::Data<Api>,
    address: web::Path<Address>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let Arrival { partner, .. } = api.admit(&request, &address.partner, payload, body::MAX_BYTES).await?;
    Ok(pong(&api, partner, address.event(partner)?, None))
}

/// Try a webhook
///
/// Checks key or signature, address and payload exactly as the real call would, and tells what was understood. Stores
/// nothing.
#[utoipa::path(
    tag = "webhooks",
    params(Address),
    request_body(content = Webhook, description = "What the real call would send; at most 64 KiB"),
    responses(
        (status = 200, description = "The real call would be accepted", body = Pong),
        Refusals,
    ),
    security(("api_key" = []), ("standard_webhooks" = []), ("hmac" = []), ("basic" = []), ("bearer" = [])),
)]
#[post("/v1/webhooks/{partner}/{event}/ping")]
pub(super) async fn try_webhook(
    api: web::Data<Api>,
    address: web::Path<Address>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let Arrival { partner, body, .. } =
        api.admit(&request, &address.partner, payload, body::MAX_BYTES).await?;
    let kind = address.event(partner)?;
    body::ensure_json(&request)?;
    let notice = catch::understand(kind, &body)?;
    Ok(pong(&api, partner, kind, Some(&notice)))
}

fn pong(api: &Api, partner: &Partner, kind: EventKind, notice: Option<&Notice>) -> HttpResponse {
    HttpResponse::Ok().json(Pong {
        status: WebhookStatus::Ping,
        partner: &partner.settings.name,
        event: kind.as_str(),
        entity: kind.entity,
        understood: notice.map(|notice| Understood {
            reference: notice.reference.as_str(),
            event_type: notice.kind.as_str(),
            event_date: rfc3339(notice.date),
        }),
        server_time: rfc3339(api.context.clock.now()),
        sample: Webhook { reference: SAMPLE_REFERENCE, event_type: kind.as_str(), event_date: SAMPLE_DATE },
    })
}
